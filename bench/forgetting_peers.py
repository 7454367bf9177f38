"""Other processes, from the side of the benchmark: started once, told what to do, killed at the end."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from bench.common import ROOT

CHILD = (sys.executable, "-m", "bench.forgetting_child")


class Peer:
    """A process of `bench.forgetting_child peer`. Say something to several, then let each answer."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def say(self, verb: str, **arguments: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([verb, arguments]) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"a process of the benchmark died with code {self._process.wait()}")
        return json.loads(line)

    def do(self, verb: str, **arguments: Any) -> Any:
        self.say(verb, **arguments)
        return self.answer()


def all_do(peers: list[Peer], verb: str, **arguments: Any) -> list[Any]:
    """Let all do the same at the same time."""
    for peer in peers:
        peer.say(verb, **arguments)
    return [peer.answer() for peer in peers]


@contextlib.contextmanager
def peers(count: int) -> Iterator[list[Peer]]:
    """So many processes, killed at the end."""
    with contextlib.ExitStack() as stack:
        started = [stack.enter_context(started_child("peer")) for _ in range(count)]
        for process in started:
            stack.callback(process.kill)
        yield [Peer(process) for process in started]


def started_child(*arguments: str) -> subprocess.Popen[str]:
    """A process of `bench.forgetting_child`."""
    return subprocess.Popen(
        [*CHILD, *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )  # fmt: skip
