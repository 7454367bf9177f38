"""What the tests of planning and forgetting share: a vault whose memories hang together, and what is left of one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from memguard import Memory
from memguard.forgetting.pages import PageFile
from memguard.forgetting.plan import Plan
from memguard.vault.store import Vault
from tests.checks import one
from tests.conftest import Places
from tests.house import ROOT
from tests.standins import NameList, TokenEmbedder

NAMES = {"Zelda": "PERSON", "Oskar Brandt": "PERSON", "Acme": "ORGANIZATION"}


def open_at(places: Places) -> Memory:
    """A `Memory` that masks the names of the list."""
    return places.open(TokenEmbedder(), detector=NameList(NAMES))


class Woven(NamedTuple):
    """The ids of a vault in which one memory, `secret`, touches all others in some way."""

    kept: str
    replaced: str
    secret: str
    child: str
    grandchild: str
    half: str
    shown: str
    alike: str


def weave(memory: Memory, owner: str = "ana") -> Woven:
    """Fill a vault around a memory of Zelda's, who is named nowhere else."""

    def add(text: str, **fields: Any) -> str:
        return one(memory.add(text, user_id=owner, **fields)).id

    kept = add("The ladder leans in the shed of Acme", environment="site")
    replaced = add("The vault of the bakery opens at nine", run_id="r-1")
    secret = add(
        "Zelda opens the bakery vault with a brass key", run_id="r-2", supersedes=[replaced], agent_id="claude"
    )
    child = add("Whoever has the brass key gets in", derived_from=[secret])
    grandchild = add("A brass key is worth stealing", derived_from=[child, secret])
    half = add("A ladder and a brass key suffice", derived_from=[child, kept])
    memory.search("who opens the bakery vault?", user_id=owner, for_run="r-3", limit=1)
    shown = add("Noted who to ask", run_id="r-3")
    alike = add("opens the bakery vault with a brass key")
    memory.update(secret, "Zelda opens the bakery vault with a golden key", user_id=owner)
    return Woven(kept, replaced, secret, child, grandchild, half, shown, alike)


def round_trip(plan: Plan) -> Plan:
    """A plan that was written to a file and read again."""
    return Plan.from_json(json.loads(json.dumps(plan.to_json())))


def bytes_of(vault: Vault) -> bytes:
    """All of a vault's pages, decrypted, with what was in its log."""
    assert vault.truncate_log()
    file = PageFile(vault.path, vault.page_key)
    return file.opened(range(1, file.count + 1)).plain.tobytes()


def in_another_process(places: Places, step: str, verb: str, *, when: str) -> subprocess.CompletedProcess[str]:
    """Forget in a process that kills itself before or after a step; see `tests.forgetting.killed`."""
    words = [str(places.home), str(places.keys), str(places.cache), step, verb, when]
    return subprocess.run(
        [sys.executable, "-m", "tests.forgetting.killed", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def files_under(folder: Path) -> set[str]:
    """The names of all files under a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
