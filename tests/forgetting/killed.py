"""A process that forgets and kills itself at a step, named by the attribute that does it: nothing is tidied up.

python -m tests.forgetting.killed HOME KEYS CACHE STEP VERB before|after
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

from memguard import Memory
from tests.conftest import Places
from tests.forgetting.forgetting_parts import open_at


def main() -> None:
    home, keys, cache, step, verb, when = sys.argv[1:]
    with open_at(Places(Path(home), Path(keys), Path(cache))) as memory:
        plan = memory.plan_forget(user_id="ana", run_id="r-2") if verb == "memories" else None
        _kill_at(step, when)
        _forget(memory, plan)
    sys.exit("the step never came")


def _forget(memory: Memory, plan: Any) -> None:
    if plan is None:
        memory.forget(user_id="ana", reference="TICKET-7")
    else:
        memory.forget(plan, reference="TICKET-7")


def _kill_at(step: str, when: str) -> None:
    """Replace `module:name` or `module:Class.name` by one that kills this process before, or after, it has run."""
    module, _, name = step.partition(":")
    owner: Any = importlib.import_module(module)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    real = getattr(owner, last)

    def killing(*arguments: Any, **options: Any) -> Any:
        if when == "after":
            real(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, last, killing)


if __name__ == "__main__":
    main()
