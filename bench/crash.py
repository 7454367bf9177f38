"""kill -9 at random moments: does every home open, is every acknowledged write there, is anything there by halves?

    python -m bench.crash [--kills 200] [--seed N]

A child process works without a pause (`bench.crash_child`) and acknowledges on a pipe; it is killed after a random
time, counted from its first operation, and every fourth time at its next word after that, right behind an
acknowledgement. Four kinds of work: writes; rotations of the master while another process writes (the rotating one is
killed, the writing one a moment later); a migration that copies every row; creation and destruction of owners, from an
empty home on. A home is killed several times, then replaced. After every kill a fresh `Memory` opens the home, makes a
new owner (the next change, which clears up), and `bench.crash_checks` looks at all of it. "inside" counts kills between
the start of an operation and its acknowledgement; "files left over" counts part files, and key folders of homes that
were never finished: nothing in them opens anything by itself, and they do not fail the run.

Not measured: a power cut (the page cache survives a kill), a failing disk, the embedding model (vectors come from a
stand-in that follows from the text, so that they can be checked and take no time).
"""

from __future__ import annotations

import contextlib
import os
import random
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.common import ROOT, parser, report
from bench.crash_checks import Found, Ledger, State, check, half_migrated, left_over, state_of
from bench.crash_child import OWNER, StandIn, know_one_migration_more
from memguard import MemguardError, Memory

BAD = ("not opened", "lost", "half written", "orphaned vaults", "wrong masters", "failed alone")
SHOWN = ("inside", "opened", "acknowledged")
LEFT = "files left over"
JUST_AFTER_SHARE = 0.25
LANES = 4
Planned = tuple[str, float, bool]
"""A worker, after how many seconds it is killed, and whether to wait for what it says next."""


@dataclass(frozen=True)
class Kind:
    """Who works, how many seconds at most in each of a home's lives, and how many memories it has at the start."""

    workers: tuple[str, ...]
    windows: tuple[float, ...]
    rows: int = 20


KINDS = {
    "writes": Kind(("writes",), (0.3,) * 8),
    "rotation": Kind(("rotation", "writes"), (0.2,) * 8),
    "migration": Kind(("migration",), (0.35,), rows=2_000),
    "owners": Kind(("owners",), (0.1, 0.4, 0.4), rows=0),  # the first window is that of the home's own creation
}


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    given = options.parse_args()
    started = time.monotonic()
    rows, at, notes = killed(given.kills, given.seed)
    print("under way when the kill came: " + ", ".join(f"{op} {count}" for op, count in at.most_common()))
    for note in notes:
        print(f"BAD {note}")
    report("crash", rows, seed=given.seed, seconds=round(time.monotonic() - started), under_way=at, bad=notes)
    sys.exit(any(row[name] for row in rows for name in BAD))


def killed(kills: int, seed: int) -> tuple[list[dict[str, Any]], Counter[str], list[str]]:
    """A row for each kind of work, what the kills interrupted, and a line for everything that was wrong."""
    rows, at, notes = [], Counter[str](), list[str]()
    for place, (name, kind) in enumerate(KINDS.items()):
        share = kills // len(KINDS) + (place < kills % len(KINDS))
        found, wrong = _killed(kind, share, f"{seed}/{name}")
        rows.append({"kind": name, "kills": share, **{column: found[column] for column in (*SHOWN, *BAD, LEFT)}})
        at += Counter({op.removeprefix("at "): count for op, count in found.items() if op.startswith("at ")})
        notes += wrong
    return rows, at, notes


def _killed(kind: Kind, kills: int, seed: str) -> tuple[Found, list[str]]:
    total, notes = Counter[str](), list[str]()
    lives = len(kind.windows)
    with _template(kind) as (template, owners), ThreadPoolExecutor(LANES) as lanes:
        homes = [
            lanes.submit(_one_home, kind, min(lives, kills - first), template, owners, f"{seed}/{first}")
            for first in range(0, kills, lives)
        ]
        for home in homes:
            found, wrong = home.result()
            total += found
            notes += wrong
    return total, notes


@contextlib.contextmanager
def _template(kind: Kind) -> Iterator[tuple[Path, dict[str, State]]]:
    """A home to start from, and what is in it: nothing for owners, a big vault of the first schema for a migration."""
    with tempfile.TemporaryDirectory(prefix="memguard-crash-") as folder:
        path = Path(folder)
        with _memory(path) as memory:
            if kind.rows:
                memory.add_many([{"text": f"from the start zqs{n}"} for n in range(kind.rows)], user_id=OWNER)
            owners = {owner: state_of(memory, owner) for owner in memory.users()}
        with know_one_migration_more() if "migration" in kind.workers else contextlib.nullcontext():
            yield path, owners


def _memory(folder: Path) -> Memory:
    return Memory(folder / "home", keys=folder / "keys", embedder=StandIn())


def _one_home(
    kind: Kind, kills: int, template: Path, owners: Mapping[str, State], seed: str
) -> tuple[Found, list[str]]:
    """One home, killed again and again."""
    rng, total, notes = random.Random(seed), Counter[str](), list[str]()
    ledger = Ledger({owner: dict(state) for owner, state in owners.items()}, generation=len(owners))
    with tempfile.TemporaryDirectory(prefix="memguard-crash-") as place:
        folder = Path(place) / "at"
        shutil.copytree(template, folder)
        for life, window in enumerate(kind.windows[:kills]):
            plan = [(worker, rng.uniform(0, window), rng.random() < JUST_AFTER_SHARE) for worker in kind.workers]
            found, wrong = _kill(plan, folder, ledger, (seed, str(life)))
            looked, halves = _look(folder, ledger)
            total += found + looked
            notes += [f"home {seed}, kill {life}: {line}" for line in [*wrong, *halves]]
            if looked["not opened"]:
                break
        total += Counter({"acknowledged": ledger.acknowledged, LEFT: left_over(folder)})
    return total, notes


def _kill(plan: Sequence[Planned], folder: Path, ledger: Ledger, names: tuple[str, str]) -> tuple[Found, list[str]]:
    """Start the workers, kill one after the other, each at its time, and take in what they acknowledged."""
    found, notes = Counter[str](), list[str]()
    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(_child(worker, folder, names)) for worker, *_ in plan]
        outputs = [child.stdout for child in children if child.stdout]
        for output in outputs:
            output.readline()  # ready: the time counts from here
        said = [b"" for _ in plan]
        for place, (_, seconds, just_after) in enumerate(plan):
            time.sleep(seconds)
            said[place] = _up_to_next_line(outputs[place].fileno()) if just_after else b""
            found["failed alone"] += children[place].poll() is not None
            children[place].kill()
        for child, output, before in zip(children, outputs, said, strict=True):
            ledger.read((before + output.read()).splitlines())
            notes += (child.stderr.read().decode().splitlines() if child.stderr else [])[-1:]
    found += Counter(f"at {at['op']}" for at in ledger.pending)
    found["inside"] += bool(ledger.pending)
    return found, notes


def _up_to_next_line(pipe: int) -> bytes:
    """Everything said so far, and the next thing said: it returns the moment a process has acknowledged."""
    said = b""
    while select.select([pipe], [], [], 0)[0] and (more := os.read(pipe, 1 << 16)):
        said += more
    return said + os.read(pipe, 1 << 16)


def _child(worker: str, folder: Path, names: tuple[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-X", "frozen_modules=on", "-m", "bench.crash_child", worker]
    return subprocess.Popen(
        [*command, str(folder / "home"), str(folder / "keys"), *names],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        bufsize=0, pipesize=1 << 20,
    )  # fmt: skip


def _look(folder: Path, ledger: Ledger) -> tuple[Found, list[str]]:
    """What a fresh `Memory` finds after a kill."""
    try:
        with _memory(folder) as memory:
            halves = [line for owner in memory.users() for line in half_migrated(memory.home, owner)]
            found, notes = check(memory, ledger, folder)
    except (MemguardError, OSError) as error:
        return Counter({"not opened": 1}), [f"not opened: {type(error).__name__}: {error}"]
    found["half written"] += len(halves)
    return found + Counter({"opened": 1}), [*halves, *notes]


if __name__ == "__main__":
    main()
