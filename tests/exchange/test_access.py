"""`memguard access`: everything that is held about an owner is in one file, and nothing of anybody else."""

from __future__ import annotations

import json
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from memguard import InvalidInput, Memory, UnknownOwner
from memguard.exchange.access import FIELDS
from memguard.exchange.bundle import opened
from memguard.vault.account import HELD, LEFT_OUT
from tests.checks import column, one
from tests.commands import Command
from tests.conftest import Places
from tests.standins import HashEmbedder, NameList

NOT_ABOUT_MEMORIES = {
    "vault": "one row: whether the vault is in use, and how often it was changed",
    "models": "names of embedding models",
    "_sqlite_migrations": "which schema this is",
}
NOT_SHOWN = {
    "number": "the vault's own, never shown: an id stands for it",
    "plain": "the text again, as it is embedded",
    "tags": "further words it is found by, made from the text",
    "actor_key": "the actor again, as it is compared",
    "run_order": "where it stands in its run",
    "happened_offset": "is in happened_at",
    "key_lookup": "a keyed hash",
    "sealed": "what placeholders stand for: it is opened",
    "screened": "which detectors looked",
    "seq": "when it was last changed, as caches count",
    "memory": "a number: it stands below its memory",
}
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


@pytest.fixture
def masking(home: Places) -> Memory:
    """A memory that masks two names, of ana and of ben."""
    return home.open(HashEmbedder(), detector=NameList({"Zelda": "PERSON", "Yorick": "PERSON"}))


def accessed(memory: Memory, folder: Path, owner: str = "ana") -> dict[str, Any]:
    path = folder / "access.json"
    memory.access(user_id=owner, path=path)
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_every_table_is_in_it_or_left_out_for_a_reason(memory: Memory) -> None:
    """A new table fails here until somebody decides what its rows mean to the person they are about."""
    memory.add("begin", user_id="ana")
    tables = set(column(memory, "ana", "SELECT name FROM sqlite_schema WHERE type = 'table'"))
    own = {name for name in tables if not re.match(r"sqlite_|words_|word_counts", name)}
    assert own == HELD.keys() | LEFT_OUT.keys() | NOT_ABOUT_MEMORIES.keys()
    assert not HELD.keys() & LEFT_OUT.keys()


@pytest.mark.parametrize("table", ["memories", "versions"])
def test_every_column_of_a_memory_is_in_it_or_left_out_for_a_reason(memory: Memory, tmp_path: Path, table: str) -> None:
    stored = one(memory.add("begin", user_id="ana"))
    memory.update(stored.id, "go on", user_id="ana")
    (found,) = accessed(memory, tmp_path)["memories"]
    shown = found if table == "memories" else found["versions"][0]
    columns = set(column(memory, "ana", "SELECT name FROM pragma_table_info(?)", table))
    assert columns - NOT_SHOWN.keys() <= shown.keys()


def test_all_that_is_held_is_in_it(masking: Memory, tmp_path: Path) -> None:
    with masking as memory:
        parent = one(memory.add("Zelda paints", user_id="ana", agent_id="bot", run_id="Zelda's", metadata={"n": 1}))
        memory.update(parent.id, "Zelda paints no more", user_id="ana")
        later = one(memory.add("So be it", user_id="ana", derived_from=[parent.id], supersedes=[parent.id]))
        memory.search("paints", user_id="ana", for_run="the run of Zelda")
        old = one(memory.add("it ended", user_id="ana", expires_at=LONG_AGO))
        code = column(memory, "ana", "SELECT code FROM placeholders")[0]
        memory.reveal(f"Person_{code}", user_id="ana")
        hold = memory.hold(user_id="ana", reason="a lawsuit", agent_id="bot")
        memory.export(user_id="ana", path=tmp_path / "export.json", readable=True)
        found = accessed(memory, tmp_path)

    by_id = {each["id"]: each for each in found["memories"]}
    assert list(by_id) == [parent.id, later.id, old.id], "what has expired is held until it is swept"
    assert (
        by_id[parent.id] | {"text": "Zelda paints no more", "metadata": {"n": 1}, "run_id": "Zelda's"}
        == (by_id[parent.id])
    )
    assert [version["text"] for version in by_id[parent.id]["versions"]] == ["Zelda paints"]
    (placeholder,) = found["placeholders"]
    assert (placeholder["value"], placeholder["type"], placeholder["memories"]) == ("Zelda", "PERSON", [parent.id])
    assert len(placeholder["revealed_at"]) == 1
    assert {"memory": later.id, "made_from": parent.id, "kind": "given"} in found["lineage"]
    assert found["supersessions"] == [{"earlier": parent.id, "later": later.id, "reason": "said"}]
    assert {row["run"] for row in found["shown_to_runs"]} == {"the run of Zelda"}
    assert {(e["memory"], e["kind"]) for e in found["events"]} >= {(parent.id, "added"), (parent.id, "updated")}
    assert {row["author"] for row in found["evidence"] if row["memory"] == parent.id} == {"bot"}
    (held,) = found["legal_holds"]
    assert (held["id"], held["reason"], held["whole"], held["memories"]) == (hold, "a lawsuit", False, [parent.id])
    assert [(copy["kind"], copy["path"], copy["now"]) for copy in found["copies"]] == [
        ("export", str(tmp_path / "export.json"), "there")
    ]
    assert found["not_in_here"] == LEFT_OUT


def test_every_member_is_explained(memory: Memory, tmp_path: Path) -> None:
    memory.add("begin", user_id="ana")
    found = accessed(memory, tmp_path)
    assert found.keys() - {"memguard_access", "fields"} <= found["fields"].keys()
    assert set(HELD.values()) <= found.keys()
    assert found["fields"] == FIELDS
    moment = datetime.fromisoformat(found["made_at"])
    assert moment.utcoffset() == timedelta(0)


def test_nothing_of_another_owner_is_in_it(masking: Memory, tmp_path: Path) -> None:
    with masking as memory:
        for owner, name in (("ana", "Zelda"), ("ben", "Yorick")):
            memory.add(f"{name} of {owner}", user_id=owner, run_id=f"run of {owner}", agent_id=f"agent of {owner}")
            memory.search(name, user_id=owner, for_run=f"run of {owner}")
            memory.hold(user_id=owner, reason=f"reason of {owner}")
        text = json.dumps(accessed(memory, tmp_path))
    assert "Zelda" in text
    assert not [word for word in ("Yorick", "ben") if word in text]


def test_the_file_is_for_its_user_alone_and_forgetting_knows_of_it(memory: Memory, tmp_path: Path) -> None:
    stored = one(memory.add("begin", user_id="ana"))
    memory.add("go on", user_id="ana")
    accessed(memory, tmp_path)
    path = tmp_path / "access.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    plan = memory.plan_forget(user_id="ana", ids=[stored.id])
    assert plan.exports == (str(path),)
    assert f"  export that stays until --exports or your hand removes it: {path}" in plan.readable().splitlines()
    memory.forget(plan, exports=True)
    assert not path.exists()


def test_an_owner_without_a_vault_has_no_file(memory: Memory, tmp_path: Path) -> None:
    with pytest.raises(UnknownOwner):
        memory.access(user_id="ana", path=tmp_path / "access.json")
    assert list(tmp_path.glob("access*")) == []


def test_it_is_no_export_to_be_imported(memory: Memory, tmp_path: Path) -> None:
    memory.add("begin", user_id="ana")
    accessed(memory, tmp_path)
    assert opened(tmp_path / "access.json", None)
    with pytest.raises(InvalidInput):
        memory.import_(tmp_path / "access.json", user_id="ben")


def test_the_command_writes_it(home: Places, memory: Memory, tmp_path: Path) -> None:
    memory.add("begin", user_id="ana")
    assert Command(home).json("access", tmp_path / "access.json") == {"memories": 1}
    assert json.loads((tmp_path / "access.json").read_text())["owner"] == "ana"
