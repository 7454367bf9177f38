"""The verbs of a `Memory` with one plain-JSON face, in this process and in another one on the same home.

`python -m tests.elsewhere` is the other process: a request a line on standard input, a reply a line on standard output.
"""

from __future__ import annotations

import dataclasses
import json
import os
import select
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, Self

from memguard import MemguardError, Memory
from memguard.vault.store import check_file
from tests.copies import is_a_copy
from tests.standins import TokenEmbedder

ROOT = Path(__file__).resolve().parent.parent
VERSIONS_KEPT = 1
REPLY_SECONDS_MAX = 120
"""Longer than any lock of memguard's: who waits longer than this waits for ever."""


class Refused(Exception):
    """A verb raised one of memguard's own errors, of this name."""


class Process(Protocol):
    """One process that has a home open."""

    def call(self, verb: str, **arguments: Any) -> Any:
        """The answer of a verb, as JSON has it; raises `Refused`."""


class Here:
    """This process."""

    def __init__(self) -> None:
        self._memory: Memory | None = None

    def call(self, verb: str, **arguments: Any) -> Any:
        if verb == "open":
            self.close()
            folder = Path(arguments["folder"])
            self._memory = Memory(
                folder / "home", keys=folder / "keys", embedder=TokenEmbedder(), history_versions=VERSIONS_KEPT
            )
            return None
        assert self._memory is not None
        try:
            return json.loads(json.dumps(_answer(self._memory, verb, arguments), default=_plain))
        except MemguardError as error:
            raise Refused(type(error).__name__) from error

    def close(self) -> None:
        if self._memory is not None:
            self._memory.close()


class Elsewhere:
    """Another process, for as long as the `with` lasts."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Self]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("MEMGUARD_")}
        own["MEMGUARD_DETECTOR"] = "patterns"
        command = [sys.executable, "-W", "error", "-m", "tests.elsewhere"]
        with subprocess.Popen(
            command, cwd=ROOT, env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                yield cls(process)
                assert process.stdin is not None
                process.stdin.close()
                assert process.wait(REPLY_SECONDS_MAX) == 0
            finally:
                process.kill()

    def call(self, verb: str, **arguments: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([verb, arguments]) + "\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], REPLY_SECONDS_MAX)
        assert ready, f"the other process hangs in {verb}"
        kind, answer = json.loads(self._process.stdout.readline())
        if kind == "refused":
            raise Refused(answer)
        assert kind == "answer", answer
        return answer


def sound(folder: Path) -> list[str]:
    """The owners of a home, after a look at every file of it by somebody who has no caches."""
    with Memory(folder / "home", keys=folder / "keys") as memory:
        for owner, entry in memory.home.contents().vaults.items():
            vault = memory.home.vault(owner)
            check_file(vault.path, entry.key)
            with vault.writing() as session:
                session.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
                assert session.all("PRAGMA foreign_key_check") == []
                vectors = session.all(
                    "SELECT m.number, e.memory FROM memories m FULL JOIN embeddings e ON e.memory = m.number"
                )
                assert all(memory == of for memory, of in vectors)
        assert memory.home.strays() == []
        return memory.users()


def _answer(memory: Memory, verb: str, arguments: dict[str, Any]) -> Any:
    """One verb of `Memory`, or one of those that only a test needs."""
    if verb == "everything":
        return {owner: memory.get_all(user_id=owner, limit=1000) for owner in memory.users()}
    if verb == "rotate":
        keyring = memory.home.keyring
        with keyring.changing() as contents:
            keyring.rotate(contents)
        return keyring.contents().generation
    if verb == "indexes_that_are_no_copies":
        return [owner for owner in memory.users() if not _index_is_a_copy(memory, owner)]
    for item in arguments.get("items", ()):
        if "expires_at" in item:
            item["expires_at"] = datetime.fromisoformat(item["expires_at"])
    return getattr(memory, verb)(**arguments)


def _index_is_a_copy(memory: Memory, owner: str) -> bool:
    """Whether what the last search left in memory holds what the vault holds, and nothing else."""
    vault = memory.home.vault(owner)
    with vault.reading() as session:
        return is_a_copy(memory._index(vault), session)


def _plain(value: Any) -> Any:
    # A class is one too, and none is handed in.
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value.isoformat()  # type: ignore[arg-type]  # no class is given


def _serve() -> None:
    here = Here()
    for line in sys.stdin:
        verb, arguments = json.loads(line)
        try:
            reply = ["answer", here.call(verb, **arguments)]
        except Refused as refusal:
            reply = ["refused", str(refusal)]
        except Exception:  # noqa: BLE001 - whatever it is, it belongs to the test that asked
            reply = ["broke", traceback.format_exc()]
        print(json.dumps(reply), flush=True)
    here.close()


if __name__ == "__main__":
    _serve()
