"""Lines 1 and 2 of `bench.forgetting`: what is left at *complete*, and what other processes still answer."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.forgetting_peers import Peer, all_do, peers
from bench.forgetting_scan import controls, residues, seen, vectors_left, vectors_of
from bench.forgetting_vault import ANSWERS, OWNER, Planted, Trace, opened, row, template
from memguard import Certificate, Memory, PlanOutdated

WRITERS, READERS = 2, 3
WORDS_ASKED = 10
NAMED = 20
PLANS_MAX = 20
SHARE_AT_ONCE = 0.9
Chosen = Callable[[Planted, random.Random], tuple[dict[str, Any], list[str]]]


def _memories(planted: Planted, draw: random.Random) -> tuple[dict[str, Any], list[str]]:
    ids = draw.sample(list(planted.words), NAMED)
    return {"ids": ids}, ids


def _run(planted: Planted, draw: random.Random) -> tuple[dict[str, Any], list[str]]:
    run = draw.choice(list(planted.runs))
    return {"run_id": run}, planted.runs[run]


def _environment(planted: Planted, draw: random.Random) -> tuple[dict[str, Any], list[str]]:
    name = draw.choice(list(planted.environments))
    return {"environment": name}, planted.environments[name]


def _vault(planted: Planted, _: random.Random) -> tuple[dict[str, Any], list[str]]:
    return {}, list(planted.words)


SCOPES: Mapping[str, Chosen] = {"memories": _memories, "run": _run, "environment": _environment, "vault": _vault}


@dataclass
class Tally:
    """What all rounds of a scope came to."""

    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


def left_at_complete(rounds: int) -> list[dict[str, Any]]:
    """Rows of line 1: for each scope so many vaults, erased from while two other processes write."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="memguard-bench-") as place, peers(WRITERS) as writers:
        planted = template(Path(place) / "template")
        for scope in SCOPES:
            tally = Tally()
            for number in range(rounds):
                folder = Path(place) / f"{scope}-{number}"
                shutil.copytree(Path(place) / "template", folder)
                _round(folder, scope, planted, writers, random.Random(f"{scope}/{number}"), tally)
                shutil.rmtree(folder)
            rows += _rows_of(scope, rounds, tally)
    return rows


def _round(folder: Path, scope: str, planted: Planted, writers: list[Peer], draw: random.Random, tally: Tally) -> None:
    within, chosen = SCOPES[scope](planted, draw)
    going = planted.going(chosen)
    gone, ids = planted.gone(going), sorted(going)
    words = [planted.words[memory_id] for memory_id in ids[:WORDS_ASKED]]
    with opened(folder) as memory:
        before, vectors = seen(memory, folder, ids, words), vectors_of(memory, going)
        files = memory.home.vault(OWNER).path.parent
        all_do(writers, "open", folder=str(folder))
        all_do(writers, "work", seed=f"{draw.random()}", safe=sorted(planted.words.keys() - going))
        certificate = _forgotten(memory, within, going, tally)
        worked = all_do(writers, "stop")
        tally.counts["at once"] += certificate.state == "complete"
        if certificate.state != "complete":
            tally.notes += [f"{scope}, not at once: {why}" for why in _why(certificate)]
            certificate = [*memory.resume(), certificate][0]
        tally.counts["complete"] += certificate.state == "complete"
        after = seen(memory, folder, ids, words)
        elsewhere = all_do(writers, "ask", ids=ids, words=words, gone=[trace.mark for trace in gone])
        after[ANSWERS] |= {mark for answer in elsewhere for mark in answer["marks"]}
        left = residues(gone, after, vectors_left(memory, vectors))
        if scope == "vault" and files.exists():
            left.append("the vault's folder")
        tally.counts["found before"] += controls(gone, before)[0]
        tally.counts["controls"] += controls(gone, before)[1]
        survivors = {trace.mark for trace in planted.traces if len(trace.of) == 1 and trace.mark in trace.of} - going
        tally.counts["lost"] += len(survivors - after[ANSWERS])
        all_do(writers, "close")
    tally.counts["operations"] += sum(len(each["times"]) for each in worked)
    tally.counts.update({f"error {name}": n for each in worked for name, n in each["errors"].items()})
    tally.counts["residues"] += len(left)
    tally.notes += [f"{scope}: {each}" for each in left]


def _forgotten(memory: Memory, within: dict[str, Any], going: frozenset[str], tally: Tally) -> Certificate:
    """Plan and forget, planning again where a writer changed what goes along."""
    for _ in range(PLANS_MAX):
        plan = memory.plan_forget(user_id=OWNER, **within)
        if within and frozenset(plan.going) != going:
            tally.notes.append(f"the plan takes {len(plan.going)} memories, not {len(going)}")
        try:
            return memory.forget(plan) if within else memory.forget(user_id=OWNER)
        except PlanOutdated:
            tally.counts["planned again"] += 1
    raise PlanOutdated


def _why(certificate: Certificate) -> list[str]:
    found = [f"{check.what}: {dict(check.found)}" for check in certificate.checks if not check.passed]
    return [*certificate.pending, *found]


def _rows_of(scope: str, rounds: int, tally: Tally) -> list[dict[str, Any]]:
    counts = tally.counts
    details = {"details": {**counts, "notes": Counter(tally.notes)}}
    at_once, wanted = counts["at once"], int(rounds * SHARE_AT_ONCE)
    before, controls_of_all = counts["found before"], counts["controls"]
    return [
        row(1, f"{scope}: residues at complete", counts["residues"], 0, counts["residues"] == 0) | details,
        row(1, f"{scope}: complete at once, of {rounds}", at_once, f">= {wanted}", at_once >= wanted),
        row(1, f"{scope}: complete after resume", counts["complete"], rounds, counts["complete"] == rounds),
        row(1, f"{scope}: controls seen before", before, controls_of_all, before == controls_of_all),
        row(1, f"{scope}: survivors lost", counts["lost"], 0, counts["lost"] == 0),
    ]


def answered_afterwards(rounds: int) -> list[dict[str, Any]]:
    """Rows of line 2: three processes have the vault open; one run after another is forgotten, and all are asked."""
    counts, ways = Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="memguard-bench-") as place, peers(READERS) as readers:
        folder = Path(place) / "at"
        planted = template(folder)
        with opened(folder) as memory:
            all_do(readers, "open", folder=str(folder))
            for run, chosen in list(planted.runs.items())[:rounds]:
                going = planted.going(chosen)
                gone = planted.gone(going)
                counts["before"] += _asked(readers, planted, going, gone, Counter())[1]
                counts["without history"] += READERS * len(going - planted.reworded)
                memory.forget(memory.plan_forget(user_id=OWNER, run_id=run))
                asked, returned = _asked(readers, planted, going, gone, ways)
                counts += Counter({"asked": asked, "after": returned})
    before, wanted = counts["before"], counts["asked"] - counts["without history"]
    return [
        row(2, f"erased memories returned, of {counts['asked']} asked", counts["after"], 0, not counts["after"])
        | {"details": {"ways": ways}},
        row(2, "the same asked before: control", before, wanted, before == wanted),
    ]


def _asked(
    readers: list[Peer], planted: Planted, going: frozenset[str], gone: list[Trace], ways: Counter[str]
) -> tuple[int, int]:
    """How much was asked of all readers, and how many answers held something of what goes."""
    words = [planted.words[memory_id] for memory_id in going]
    told = all_do(readers, "ask", ids=sorted(going), words=words, gone=[trace.mark for trace in gone])
    for each in told:
        ways.update(each["returned"])
    return sum(each["asked"] for each in told), sum(sum(each["returned"].values()) for each in told)
