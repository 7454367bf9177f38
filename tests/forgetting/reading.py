"""A process that has a vault open and does what it is told, a line of JSON for each line: what tests ask another to do.

python -m tests.forgetting.reading HOME KEYS CACHE
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from memguard import MemguardError, Memory
from tests.conftest import Places
from tests.forgetting.forgetting_parts import open_at


def main() -> None:
    home, keys, cache = map(Path, sys.argv[1:])
    with open_at(Places(home, keys, cache)) as memory, contextlib.ExitStack() as held:
        for line in sys.stdin:
            verb, *words = json.loads(line)
            print(json.dumps(_answer(memory, held, verb, words)), flush=True)


def _answer(memory: Memory, held: contextlib.ExitStack, verb: str, words: list[str]) -> Any:
    try:
        if verb == "hold a snapshot":
            session = held.enter_context(memory.home.vault("ana").reading())
            return session.one("SELECT count(*) FROM memories")
        if verb == "let go":
            held.close()
            return None
        if verb == "add":
            memory.add(words[0], user_id="ana")
            return None
        if verb == "get":
            return memory.get(words[0], user_id="ana").text
        return [hit.id for hit in memory.search(words[0], user_id="ana", limit=50)]
    except MemguardError as error:
        return type(error).__name__


if __name__ == "__main__":
    main()
