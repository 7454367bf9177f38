"""Line 4 of `bench.forgetting`: kill -9 in the middle of forgetting; whoever resumes ends where no crash would have."""

from __future__ import annotations

import json
import random
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.forgetting_peers import started_child
from bench.forgetting_scan import residues, seen
from bench.forgetting_vault import OWNER, Planted, opened, row, template
from memguard import Memory, Record
from memguard.forgetting.audit import examine
from memguard.forgetting.look import look_at_home
from memguard.vault import owed

MEASURED = 5
"""Unhurried runs of each kind, for the time in which the kills fall."""
VAULT_EVERY = 4
"""One kill in so many falls into the forgetting of a whole vault, the others into that of a run."""
State = dict[str, Record]


def killed(kills: int, seed: int) -> list[dict[str, Any]]:
    """Rows of line 4."""
    counts, notes = Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="memguard-bench-") as name:
        place, draw = Path(name), random.Random(seed)
        planted = template(place / "template")
        with opened(place / "template") as memory:
            before = state_of(memory)
        run = next(iter(planted.runs))
        median = {scope: _median(place, within) for scope, within in _scopes(run).items()}
        for number in range(kills):
            scope = "run" if number % VAULT_EVERY else "vault"
            folder = place / f"killed-{number}"
            shutil.copytree(place / "template", folder)
            outcome, wrong = _kill(folder, _scopes(run)[scope], draw.uniform(0, median[scope]), planted, before)
            counts[outcome] += 1
            notes.update(wrong)
            counts["wrong"] += bool(wrong)
            shutil.rmtree(folder)
    details = {**counts, "notes": notes, "seed": seed, "median seconds": median}
    finished = counts["finished by resume"]
    return [
        row(4, f"kills after which the end state is another, of {kills}", counts["wrong"], 0, not counts["wrong"])
        | {"details": details},
        row(4, "kills that nothing was erased by", counts["nothing erased"], "", True),
        row(4, "kills that resume finished behind", finished, "> 0", finished > 0),
        row(4, "kills that came too late", counts["finished before"], "", True),
    ]


def state_of(memory: Memory) -> State:
    """Everything in the vault; nothing where there is none any more."""
    if OWNER not in memory.users():
        return {}
    return {record.id: record for record in memory.get_all(user_id=OWNER, limit=100_000)}


def _scopes(run: str) -> dict[str, dict[str, str]]:
    return {"run": {"run_id": run}, "vault": {}}


def _median(place: Path, within: Mapping[str, str]) -> float:
    seconds = []
    for number in range(MEASURED):
        folder = place / f"measured-{number}"
        shutil.copytree(place / "template", folder)
        with started_child("forget", str(folder), json.dumps(within)) as child:
            assert child.stdout is not None
            child.stdout.readline()
            said, _ = child.communicate("go\n")
            seconds.append(float(said))
        shutil.rmtree(folder)
    return statistics.median(seconds)


def _kill(
    folder: Path, within: Mapping[str, str], after: float, planted: Planted, before: State
) -> tuple[str, list[str]]:
    """Kill once, resume here, and say how far it had come and what is wrong now."""
    with started_child("forget", str(folder), json.dumps(within)) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        child.stdin.write("go\n")
        child.stdin.flush()
        time.sleep(after)
        child.kill()
    with opened(folder) as memory:
        resumed = memory.resume()
        return _outcome(memory, folder, within, planted, before, [each.state for each in resumed])


def _outcome(
    memory: Memory, folder: Path, within: Mapping[str, str], planted: Planted, before: State, resumed: list[str]
) -> tuple[str, list[str]]:
    chosen = planted.runs[within["run_id"]] if within else list(planted.words)
    going = planted.going(chosen)
    now, entries = state_of(memory), examine(memory.home)
    wrong = [f"not clean: {check.what} {dict(check.found)}" for check in look_at_home(memory.home) if not check.passed]
    wrong += ["an erasure is still owed"] * _owing(memory)
    wrong += ["the audit log is broken"] * (entries.broken_at is not None)
    wrong += [f"resume says {state}" for state in resumed if state != "complete"]
    if now.keys() >= going:
        wrong += ["survivors are not as they were"] * (now != before)
        wrong += ["nothing was erased, and there is a certificate"] * bool(resumed or entries.entries)
        return "nothing erased", wrong
    ids = sorted(going)
    left = residues(planted.gone(going), seen(memory, folder, ids, [planted.words[i] for i in ids[:3]]), 0)
    wrong += [f"left: {each}" for each in left]
    wrong += ["survivors are not as they were"] * (now != _without(before, going))
    wrong += ["no certificate was issued"] * (not entries.entries)
    return "finished by resume" if resumed else "finished before", wrong


def _without(before: State, going: frozenset[str]) -> State:
    """A vault as it is where these memories never were."""
    return {memory_id: record for memory_id, record in before.items() if memory_id not in going}


def _owing(memory: Memory) -> bool:
    if memory.home.contents().owed:
        return True
    for owner in memory.users():
        vault = memory.home.vault(owner)
        with vault.reading() as session:
            if owed.forgets(session, vault.seals):
                return True
    return False
