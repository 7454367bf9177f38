"""One of the processes of `bench.processes`: adds, searches, and looks for what others have acknowledged.

    python -m bench.processes_child HOME KEYS ACKNOWLEDGED NUMBER SECONDS

It waits on stdin for a line before each stage (work, verify, end) and answers each with a line of JSON on stdout.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from memguard import MemguardError, Memory

OWNER = "team:bench"
PEOPLE = "Ana Bruno Carla Deniz Emeka Farah Goran Hana Ivo Jun".split()
PLACES = "Lisbon Porto Ghent Lima Oslo Quito Riga Turin Utrecht Vilnius".split()
THINGS = "lamp kettle bicycle drill notebook telescope violin blanket compass teapot".split()
QUESTIONS = ("Who bought a {thing}?", "What happened in {place}?", "Where did {person} go?")
CROSS_CHECK_SHARE = 0.3


class Acknowledged:
    """A file that all processes append to, a line (id and unique words) once an `add` has returned."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
        self._read_to = 0
        self.all: list[list[Any]] = []

    def append(self, number: int, memory_id: str, words: str) -> None:
        os.write(self._descriptor, json.dumps([number, memory_id, words]).encode() + b"\n")

    def catch_up(self) -> list[list[Any]]:
        """Everything acknowledged so far; what is new comes last."""
        data = os.pread(self._descriptor, 1 << 26, self._read_to)
        whole = data[: data.rfind(b"\n") + 1]
        self._read_to += len(whole)
        self.all += [json.loads(line) for line in whole.splitlines()]
        return self.all


class Worker:
    """One process's operations and what they took."""

    def __init__(self, memory: Memory, acknowledged: Acknowledged, number: int) -> None:
        self._memory = memory
        self._acknowledged = acknowledged
        self._number = number
        self._rng = random.Random(number)
        self.reads: list[float] = []
        self.writes: list[float] = []
        self.checks = 0
        self.missed: list[str] = []
        self.errors: Counter[str] = Counter()

    def work(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                self._add()
                self._search()
            except MemguardError as error:
                self.errors[f"{type(error).__name__}: {error}"] += 1

    def verify(self) -> int:
        """How many of all acknowledged memories this process gets, with the text they were given."""
        return sum(self._there(memory_id, words) for _, memory_id, words in self._acknowledged.catch_up())

    def _add(self) -> None:
        words = f"zq{self._number}n{len(self.writes)} xj{self._rng.randrange(10**9)}"
        person, place, thing = (self._rng.choice(names) for names in (PEOPLE, PLACES, THINGS))
        text = f"{person} went to {place} and bought a {thing} in the shop {words}"
        stored = self._timed(self.writes, lambda: self._memory.add(text, user_id=OWNER))
        self._acknowledged.append(self._number, stored.id, words)

    def _search(self) -> None:
        others = []
        if self._rng.random() < CROSS_CHECK_SHARE:  # the newest first: they are the ones that a stale index lacks
            others = [ack for ack in self._acknowledged.catch_up()[-50:] if ack[0] != self._number][-3:]
        wanted = self._rng.choice(others) if others else None
        question = wanted[2] if wanted else self._rng.choice(QUESTIONS).format(
            person=self._rng.choice(PEOPLE), place=self._rng.choice(PLACES), thing=self._rng.choice(THINGS)
        )  # fmt: skip
        hits = self._timed(self.reads, lambda: self._memory.search(question, user_id=OWNER))
        if wanted:
            self.checks += 1
            self.missed += [wanted[1]] * (wanted[1] not in {hit.id for hit in hits})

    def _there(self, memory_id: str, words: str) -> bool:
        try:
            return self._memory.get(memory_id, user_id=OWNER).text.endswith(words)
        except MemguardError as error:
            self.errors[f"{type(error).__name__}: {error}"] += 1
            return False

    @staticmethod
    def _timed(times: list[float], act: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        outcome = act()
        times.append(1000 * (time.perf_counter() - start))
        return outcome


def main() -> None:
    home, keys, acknowledged, number, seconds = sys.argv[1:]
    with Memory(home, keys=keys) as memory:
        memory.search("warm up", user_id=OWNER)
        worker = Worker(memory, Acknowledged(Path(acknowledged)), int(number))
        _stage({"ready": True})
        worker.work(float(seconds))
        _stage({name: getattr(worker, name) for name in ("reads", "writes", "checks", "missed")})
        found = worker.verify()
        _stage({"found": found, "errors": worker.errors})


def _stage(outcome: dict[str, Any]) -> None:
    print(json.dumps(outcome), flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
