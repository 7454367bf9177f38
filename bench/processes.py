"""Ten processes on one vault: does everyone see every acknowledged write at its next call, and is nobody starved?

    python -m bench.processes [--processes 10] [--seconds 60]

Real processes (`bench.processes_child`) with the packaged model add a unique memory, then search, again and again. In a
third of the searches a process looks for one of the newest memories that another one has acknowledged, by its unique
words: its id must be among the hits. At the end every process gets every acknowledged memory. "busiest / idlest" is the
ratio of operations between the processes that did most and least. RSS counts shared pages in every process, PSS once in
all. A first row with one process alone, for a sixth of the time, shows what sharing costs.

Not measured: latency on a free machine (more processes than cores wait for each other: see `cpus` in the JSON), erasing
meanwhile (tests and `bench.crash` do that), network file systems.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from bench.common import ROOT, parser, report
from bench.processes_child import OWNER
from memguard import Memory

Child = subprocess.Popen[str]


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--processes", type=int, default=10)
    options.add_argument("--seconds", type=float, default=60)
    given = options.parse_args()
    alone, _ = measured(1, given.seconds / 6)
    together, bad = measured(given.processes, given.seconds)
    for line in bad:
        print(f"BAD {line}")
    report("processes", [alone, together], seconds=given.seconds, bad=bad)
    sys.exit(any(row[name] for row in (alone, together) for name in ("errors", "missed", "not found at the end")))


def measured(processes: int, seconds: float) -> tuple[dict[str, Any], list[str]]:
    """The figures of so many processes at work on a fresh vault, and a line for everything that was wrong."""
    with tempfile.TemporaryDirectory(prefix="memguard-processes-") as folder, contextlib.ExitStack() as stack:
        base = Path(folder)
        with Memory(base / "home", keys=base / "keys") as memory:
            memory.add("the first one", user_id=OWNER)
        (base / "acknowledged").touch()
        children = [stack.enter_context(_child(base, number, seconds)) for number in range(processes)]
        stack.callback(_end, children)
        _answers(children)
        worked = _next(children)
        verified = _next(children)
        memory_used = _memory_used(children)
    return _row(worked, verified, seconds) | memory_used, _wrong(worked, verified)


def _child(base: Path, number: int, seconds: float) -> Child:
    arguments = [str(base / name) for name in ("home", "keys", "acknowledged")]
    return subprocess.Popen(
        [sys.executable, "-m", "bench.processes_child", *arguments, str(number), str(seconds)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def _next(children: Sequence[Child]) -> list[dict[str, Any]]:
    """Let every process begin its next stage, and wait until all have ended it."""
    for child in children:
        assert child.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write("go\n")
            child.stdin.flush()
    return _answers(children)


def _answers(children: Sequence[Child]) -> list[dict[str, Any]]:
    """What every process says at the end of a stage; one that died says so."""
    answers = []
    for child in children:
        assert child.stdout is not None
        line = child.stdout.readline()
        answers.append(json.loads(line) if line else {"died": child.wait()})
    return answers


def _end(children: Sequence[Child]) -> None:
    for child in children:
        child.kill()


def _row(worked: list[dict[str, Any]], verified: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    reads = [ms for answer in worked for ms in answer.get("reads", ())]
    writes = [ms for answer in worked for ms in answer.get("writes", ())]
    operations = [len(answer.get("reads", ())) + len(answer.get("writes", ())) for answer in worked]
    return {
        "processes": len(worked),
        "writes": len(writes),
        "operations/s": round(sum(operations) / seconds, 1),
        "errors": len(_errors(worked, verified)),
        "read p50 ms": _quantile(reads, 0.5),
        "read p95 ms": _quantile(reads, 0.95),
        "write p50 ms": _quantile(writes, 0.5),
        "write p95 ms": _quantile(writes, 0.95),
        "write max ms": _quantile(writes, 1),
        "fewest": min(operations),
        "most": max(operations),
        "busiest / idlest": round(max(operations) / max(min(operations), 1), 2),
        "cross-checks": sum(answer.get("checks", 0) for answer in worked),
        "missed": sum(len(answer.get("missed", ())) for answer in worked),
        "not found at the end": sum(len(writes) - answer.get("found", 0) for answer in verified),
    }


def _quantile(times: list[float], share: float) -> float:
    return round(float(np.quantile(times, share)), 1) if times else 0.0


def _memory_used(children: Sequence[Child]) -> dict[str, Any]:
    """What the processes hold, in MB, while all of them are still alive."""
    infos = [psutil.Process(child.pid).memory_full_info() for child in children if child.poll() is None]
    shares = [info.pss for info in infos if hasattr(info, "pss")]  # Linux only
    return {
        "RSS median MB": round(statistics.median(info.rss for info in infos) / 2**20) if infos else 0,
        "RSS max MB": round(max((info.rss for info in infos), default=0) / 2**20),
        "PSS total MB": round(sum(shares) / 2**20) if shares else "not told here",
    }


def _errors(worked: list[dict[str, Any]], verified: list[dict[str, Any]]) -> list[str]:
    died = [f"a process died with code {answer['died']}" for answer in [*worked, *verified] if "died" in answer]
    told = sum((Counter(answer.get("errors", {})) for answer in verified), Counter[str]())
    return died + list(told.elements())


def _wrong(worked: list[dict[str, Any]], verified: list[dict[str, Any]]) -> list[str]:
    missed = [f"{memory_id} was not found at the next call" for a in worked for memory_id in a.get("missed", ())]
    return [f"{count} x {line}" for line, count in Counter([*_errors(worked, verified), *missed]).items()]


if __name__ == "__main__":
    main()
