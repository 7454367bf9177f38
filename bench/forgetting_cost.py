"""Lines 5 and 6 of `bench.forgetting`: what erasing costs as a vault grows, and whom forgetting an owner disturbs."""

from __future__ import annotations

import random
import secrets
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bench.common import fresh_memory
from bench.corpus import texts
from bench.forgetting_peers import Peer, all_do, peers
from bench.forgetting_vault import Hashed, opened, row
from bench.forgetting_verify import FindsNothing, timed
from memguard import Memory
from memguard.flows.forget import erase_rows
from memguard.flows.plan import planned
from memguard.forgetting.closed_world import look
from memguard.retrieval.scope import Scope
from memguard.vault.files import make_folder
from memguard.vault.home import VAULT_FILE
from memguard.vault.keyfile import Entry
from memguard.vault.store import create_file

SMALL = 1_000
GROWTH_MAX = 4.0
DELETED, FORGOTTEN = 31, 3
LIVE, FORGOTTEN_OWNERS = 10, 5
QUIET_SECONDS = 5.0
DISTURBED_MAX = 2.0
"""A median this many times that of before would be a disturbance."""


def erasing(memories: int) -> list[dict[str, Any]]:
    """Rows of line 5. Vectors are made up; everything from the vault on is real."""
    sizes = (SMALL, memories)
    with fresh_memory(embedder=Hashed(), detector=FindsNothing()) as memory:
        ids = {size: _filled(memory, size) for size in sizes}
        for each in ids.values():
            random.Random(1).shuffle(each)
        deletes = {size: _timed(DELETED, partial(_delete, memory, size, ids[size])) for size in sizes}
        commits = {size: _timed(DELETED, partial(_erase, memory, size, ids[size])) for size in sizes}
        plans = {size: _planning(memory, size, ids[size]) for size in sizes}
        forgets = {size: _timed(FORGOTTEN, partial(_forget, memory, size, ids[size])) for size in sizes}
        vault = memory.home.vault(str(memories))
        look(vault)
        seconds, megabytes = _timed(FORGOTTEN, lambda: look(vault)), vault.path.stat().st_size / 1e6
    return [
        _growth("delete one", deletes, sizes),
        _growth("forget one, its transaction: planned again and erased", commits, sizes),
        row(5, f"plan_forget right after an erasure at {memories}, ms", 1000 * plans[memories], "", True)
        | {"details": {"at small, ms": 1000 * plans[SMALL]}},
        row(5, f"forget one with its certificate at {memories}, s", forgets[memories], "", True)
        | {"details": {"at small, s": forgets[SMALL]}},
        row(5, f"closed-world look at {round(megabytes)} MB, MB/s", megabytes / seconds, "", True),
    ]


def _filled(memory: Memory, size: int) -> list[str]:
    source = texts(SMALL)
    items = [{"text": f"{source[n % SMALL]} {n}", "run_id": f"r-{n // 10}"} for n in range(size)]
    return [stored.id for stored in memory.add_many(items, user_id=str(size))]


def _timed(rounds: int, call: Callable[[], object]) -> float:
    """Median seconds, after a first one that does not count."""
    return median([timed(call) for _ in range(rounds + 1)][1:])


def _delete(memory: Memory, size: int, ids: list[str]) -> None:
    memory.delete(ids.pop(), user_id=str(size))


def _erase(memory: Memory, size: int, ids: list[str]) -> None:
    """The transaction of `flows/forget.py`: what comes behind it is verification."""
    owner, memory_id = str(size), ids.pop()
    chosen = Scope("m.id = ?", (memory_id,))
    vault = memory.home.vault(owner)
    with vault.writing() as session:
        _, going = planned(session, vault, owner, "memories", {"ids": [memory_id]}, chosen)
        erase_rows(session, going)


def _planning(memory: Memory, size: int, ids: list[str]) -> float:
    """Median seconds of a plan right after an erasure, which leaves this process's index with it, as with a search."""
    taken = []
    for _ in range(DELETED):
        memory.delete(ids.pop(), user_id=str(size))
        taken.append(timed(lambda: memory.plan_forget(user_id=str(size), ids=[ids[-1]])))
    return median(taken)


def _forget(memory: Memory, size: int, ids: list[str]) -> None:
    memory.forget(memory.plan_forget(user_id=str(size), ids=[ids.pop()]))


def _growth(what: str, taken: dict[int, float], sizes: Sequence[int]) -> dict[str, Any]:
    ratio = taken[sizes[1]] / taken[sizes[0]]
    figures = {f"at {size}, ms": 1000 * taken[size] for size in sizes}
    return row(5, f"{what}: at {sizes[1]} over {sizes[0]}", ratio, f"<= {GROWTH_MAX:g}", ratio <= GROWTH_MAX) | {
        "details": figures
    }


def among_many(vaults: int) -> list[dict[str, Any]]:
    """Rows of line 6: owners are forgotten while ten processes add to vaults of their own without a pause."""
    with tempfile.TemporaryDirectory(prefix="memguard-bench-") as name, peers(LIVE) as others:
        folder = Path(name)
        with opened(folder) as memory:
            leaving = [f"leaving-{number}" for number in range(2 * FORGOTTEN_OWNERS)]
            for owner in leaving:
                memory.add_many([{"text": text} for text in texts(200)], user_id=owner)
            create(memory, vaults - len(leaving) - LIVE)
            for number, other in enumerate(others):
                other.do("open", folder=str(folder), owner=f"living-{number}")
            all_do(others, "work", seed="first")  # makes its vault
            all_do(others, "stop")
            alone = [timed(partial(memory.forget, user_id=owner)) for owner in leaving[:FORGOTTEN_OWNERS]]
            return _disturbed(memory, others, leaving[FORGOTTEN_OWNERS:], alone, vaults)


def _disturbed(
    memory: Memory, others: list[Peer], leaving: Sequence[str], alone: Sequence[float], vaults: int
) -> list[dict[str, Any]]:
    all_do(others, "work", seed="second")
    began = time.monotonic()
    time.sleep(QUIET_SECONDS)
    spans = []
    for owner in leaving:
        start = time.monotonic()
        memory.forget(user_id=owner)
        spans.append((start, time.monotonic()))
    told = all_do(others, "stop")
    times = [tuple(each) for answer in told for each in answer["times"]]
    errors = sum((Counter(answer["errors"]) for answer in told), Counter[str]())
    before = [took for at, took in times if began <= at and at + took < spans[0][0]]
    during = [took for at, took in times if any(at < end and at + took > start for start, end in spans)]
    ratio = median(during) / median(before)
    details = {"before": _figures(before), "during": _figures(during), "errors": errors}
    return [
        row(6, f"forget an owner among {vaults}, nobody at work, s", median(alone), "", True),
        row(6, f"the same, {LIVE} processes at work, s", median(end - start for start, end in spans), "", True),
        row(6, "median add of the others, during over before", ratio, f"<= {DISTURBED_MAX:g}", ratio <= DISTURBED_MAX)
        | {"details": details},
        row(6, "errors of the others", errors.total(), 0, not errors),
    ]


def _figures(taken: Sequence[float]) -> dict[str, float]:
    return {"adds": len(taken), "p50 ms": 1000 * median(taken), "max ms": 1000 * max(taken)}


def create(memory: Memory, count: int) -> None:
    """Empty vaults of as many owners, with one change of the keyring for all."""
    entries = {f"owner-{number:05}": Entry(str(uuid.uuid4()), secrets.token_bytes(32)) for number in range(count)}
    for entry in entries.values():
        path = memory.home.path / "vaults" / entry.vault_id / VAULT_FILE
        make_folder(path.parent)
        create_file(path, entry.key)
    with memory.home.keyring.changing() as contents:
        memory.home.keyring.save(replace(contents, vaults={**contents.vaults, **entries}))
