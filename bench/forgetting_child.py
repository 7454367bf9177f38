"""The other processes of `bench.forgetting`: one that works and is asked, and one that forgets and is killed.

    python -m bench.forgetting_child peer
    python -m bench.forgetting_child forget HOME KEYS SCOPE

A peer does what its stdin says, a line of JSON at a time (`["ask", {...}]`), and answers each with a line. While it
works it adds, rewords and searches without a pause in a thread of its own; no text of it holds a mark.
The other one plans, says that it is ready, and forgets as soon as it is told to; it says how long that took.
"""

from __future__ import annotations

import importlib
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.forgetting_scan import answers, marks_in
from bench.forgetting_vault import OWNER, opened
from memguard import MemguardError, Memory

WARM = "What was said?"
LATE_IMPORTS = (
    "memguard.flows.forget_owner", "memguard.forgetting.look", "faiss", "filelock",
    "cryptography.hazmat.primitives.asymmetric.ed25519", "cryptography.hazmat.primitives.ciphers.aead",
)  # fmt: skip
"""What loads at first use, and would eat the time in which the kills fall."""


class Peer:
    """A process that has a vault open."""

    def __init__(self) -> None:
        self._memory: Memory | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._rng = random.Random()
        self._times: list[tuple[float, float]] = []
        self._errors: Counter[str] = Counter()

    def open(self, folder: str, owner: str = OWNER) -> str:
        """Open a vault for good: its index is in memory afterwards."""
        self._memory, self._owner = opened(Path(folder)), owner
        if owner in self._memory.users():
            self._memory.search(WARM, user_id=owner)
        return "open"

    def work(self, seed: str, safe: Sequence[str] = ()) -> str:
        """Begin to work without a pause: with `safe` add, reword, search; without add only."""
        self._rng, self._times, self._errors = random.Random(seed), [], Counter()
        self._stop.clear()
        self._thread = threading.Thread(target=self._work, args=(list(safe),))
        self._thread.start()
        while not self._times and self._thread.is_alive():
            time.sleep(0.001)
        return "at work"

    def stop(self) -> dict[str, Any]:
        """End it: when each operation began and how many seconds it took, and which errors there were."""
        assert self._thread is not None
        self._stop.set()
        self._thread.join()
        return {"times": self._times, "errors": self._errors}

    def ask(self, ids: Sequence[str], words: Sequence[str], gone: Sequence[str]) -> dict[str, Any]:
        """Ask in every way; how often something came back of what is gone, and all marks that came."""
        asked, returned, marks = 0, Counter[str](), set[str]()
        for answer in answers(self._open, ids, words):
            found = marks_in(answer.text.encode())
            asked += 1
            returned[answer.kind] += bool(found.intersection(gone))
            marks |= found
        return {"asked": asked, "returned": +returned, "marks": sorted(marks)}

    def close(self) -> str:
        self._open.close()
        return "closed"

    @property
    def _open(self) -> Memory:
        assert self._memory is not None
        return self._memory

    def _work(self, safe: list[str]) -> None:
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                self._operation(safe)
            except MemguardError as error:
                self._errors[type(error).__name__] += 1
            self._times.append((started, time.monotonic() - started))

    def _operation(self, safe: list[str]) -> None:
        roll = self._rng.random()
        if roll < 0.4 or not safe:
            text = f"Somebody bought lamp {self._rng.randrange(10**9)} in the shop"
            self._open.add(text, user_id=self._owner, run_id="of another process")
        elif roll < 0.6:
            text = f"It was kettle {self._rng.randrange(10**9)} after all"
            self._open.update(self._rng.choice(safe), text, user_id=self._owner)
        else:
            self._open.search(WARM if roll < 0.8 else "lamp in the shop", user_id=self._owner)


def serve() -> None:
    """Do what stdin says until it ends."""
    peer = Peer()
    for line in sys.stdin:
        name, arguments = json.loads(line)
        print(json.dumps(getattr(peer, name)(**arguments)), flush=True)


def forget(folder: str, scope: str) -> None:
    """Forget at a word; whoever started this kills it meanwhile."""
    for name in LATE_IMPORTS:
        importlib.import_module(name)
    within = json.loads(scope)
    with opened(Path(folder)) as memory:
        plan = memory.plan_forget(user_id=OWNER, **within)
        print("ready", flush=True)
        sys.stdin.readline()
        started = time.monotonic()
        memory.forget(plan)
        print(time.monotonic() - started, flush=True)


if __name__ == "__main__":
    serve() if sys.argv[1] == "peer" else forget(*sys.argv[2:])
