"""Export and import of memguard's own files: what comes back is what was there, under the same ids."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from memguard import Memory
from memguard.errors import BundleError, HomeError, InvalidInput, MemguardError, UnknownOwner
from memguard.records import Record
from tests.checks import dump, one
from tests.conftest import Places
from tests.vault.age import quickly_sealed
from tests.vault.parts import modes_of

PASSPHRASE = "correct horse battery"
MOMENT = datetime(2026, 5, 3, 10, tzinfo=timezone(timedelta(hours=2)))


@pytest.fixture
def quick_seal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bundles are real ones, made with a small work factor: age takes seconds over a passphrase, on purpose."""
    monkeypatch.setattr("memguard.exchange.bundle.sealed", quickly_sealed)


@pytest.fixture
def rich(memory: Memory) -> Memory:
    """Ana's vault with every kind of tie between memories."""
    lantern = one(memory.add("The lantern hangs in the boat house", user_id="ana", happened_at=MOMENT, run_id="r-1"))
    kettle = one(
        memory.add(
            "A kettle whistles at seven",
            user_id="ana",
            agent_id="claude",
            environment="site",
            source="tool",
            origin="timer",
            actor="Ana",
            valid_from=MOMENT,
            expires_at=datetime(2100, 1, 1, tzinfo=UTC),
            metadata={"team": "web", "deep": [1, {"x": None}]},
        )
    )
    both = one(memory.add("Lantern and kettle", user_id="ana", derived_from=[lantern.id, kettle.id]))
    memory.add("The lantern hangs in the shed", user_id="ana", supersedes=[lantern.id], happened_at=MOMENT)
    memory.add("My favourite colour is blue", user_id="ana", actor="Ana", happened_at=MOMENT)
    memory.add("My favourite colour is green", user_id="ana", actor="Ana", happened_at=MOMENT)
    memory.update(both.id, "Lantern, and kettle", user_id="ana")
    return memory


def kept(memory: Memory, owner: str) -> list[dict[str, Any]]:
    """What an export carries of each record: all but when and how often this vault wrote it."""
    own = {"recorded_at", "version", "happened_at"}
    names = [field.name for field in fields(Record) if field.name not in own]
    return [
        {name: getattr(record, name) for name in names} | {"when": record.happened_at or record.recorded_at}
        for record in memory.get_all(user_id=owner)
    ]


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_ids_supersession_and_lineage_survive_into_another_owner(
    rich: Memory, tmp_path: Path, quick_seal: None, passphrase: str | None
) -> None:
    before = dump(rich)["ana"]
    path = tmp_path / "bundle"
    assert rich.export(user_id="ana", path=path, passphrase=passphrase, readable=passphrase is None) == 6
    done = rich.import_(path, user_id="ben", passphrase=passphrase)
    assert (done.stored, done.rejected) == (6, ())
    assert kept(rich, "ben") == kept(rich, "ana")
    assert dump(rich)["ana"] == before
    lantern, _, both, shed, blue, green = rich.get_all(user_id="ben")
    assert (lantern.superseded_by, blue.superseded_by) == ((shed.id,), (green.id,))
    assert lantern.id in both.derived_from


def test_a_bundle_opens_in_another_home(rich: Memory, home: Places, tmp_path: Path, quick_seal: None) -> None:
    rich.export(user_id="ana", path=tmp_path / "bundle", passphrase=PASSPHRASE)
    elsewhere = home._replace(home=tmp_path / "other" / "home", keys=tmp_path / "other" / "keys")
    with elsewhere.open() as other:
        assert other.import_(tmp_path / "bundle", user_id="ana", passphrase=PASSPHRASE).stored == 6
        assert kept(other, "ana") == kept(rich, "ana")
        assert other.search("kettle seven", user_id="ana", limit=1)[0].text == "A kettle whistles at seven"
        other.export(user_id="ana", path=tmp_path / "again", readable=True)
    rich.export(user_id="ana", path=tmp_path / "first", readable=True)
    assert json.loads((tmp_path / "again").read_bytes()) == json.loads((tmp_path / "first").read_bytes())


def test_a_bundle_read_back_where_it_came_from_stores_nothing(rich: Memory, tmp_path: Path) -> None:
    rich.export(user_id="ana", path=tmp_path / "bundle", readable=True)
    before = dump(rich)
    done = rich.import_(tmp_path / "bundle", user_id="ana")
    assert (done.stored, done.duplicates, done.rejected) == (0, 6, ())
    assert dump(rich) == before


def test_a_memory_erased_after_the_export_comes_back_with_its_ties(rich: Memory, tmp_path: Path) -> None:
    lantern = rich.get_all(user_id="ana")[0]
    rich.export(user_id="ana", path=tmp_path / "bundle", readable=True)
    rich.delete(lantern.id, user_id="ana")
    assert rich.import_(tmp_path / "bundle", user_id="ana").stored == 1
    again = rich.get(lantern.id, user_id="ana")
    assert again.text == lantern.text
    assert again.happened_at == lantern.happened_at


def test_an_export_after_an_erasure_names_nothing_that_was_erased(rich: Memory, tmp_path: Path) -> None:
    lantern = rich.get_all(user_id="ana")[0]
    rich.delete(lantern.id, user_id="ana")
    rich.export(user_id="ana", path=tmp_path / "bundle", readable=True)
    assert lantern.id not in (tmp_path / "bundle").read_text()
    assert "boat house" not in (tmp_path / "bundle").read_text()
    assert rich.import_(tmp_path / "bundle", user_id="ben").rejected == ()


@pytest.mark.parametrize("existing", [False, True])
def test_what_is_written_is_for_its_user_alone(rich: Memory, tmp_path: Path, quick_seal: None, existing: bool) -> None:
    paths = [tmp_path / "sealed", tmp_path / "readable"]
    for path in paths if existing else ():
        path.write_text("left by somebody")
        path.chmod(0o644)
    before = os.umask(0)  # it must not be the umask that hides them
    try:
        rich.export(user_id="ana", path=paths[0], passphrase=PASSPHRASE)
        rich.export(user_id="ana", path=paths[1], readable=True)
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o600, 0o600]


def test_a_sealed_bundle_shows_nothing(rich: Memory, tmp_path: Path, quick_seal: None) -> None:
    rich.export(user_id="ana", path=tmp_path / "bundle", passphrase=PASSPHRASE)
    data = (tmp_path / "bundle").read_bytes()
    assert not [word for word in (b"lantern", b"kettle", b"memories", b"claude") if word in data]


def test_an_export_is_sealed_unless_a_person_asks_for_a_readable_one(rich: Memory, tmp_path: Path) -> None:
    both_or_none: list[dict[str, Any]] = [{}, {"passphrase": PASSPHRASE, "readable": True}]
    for options in both_or_none:
        with pytest.raises(InvalidInput, match="choose one"):
            rich.export(user_id="ana", path=tmp_path / "bundle", **options)
    with pytest.raises(InvalidInput, match="at least"):
        rich.export(user_id="ana", path=tmp_path / "bundle", passphrase="short")
    assert not (tmp_path / "bundle").exists()


def test_an_export_that_cannot_be_written_leaves_the_older_one(rich: Memory, tmp_path: Path) -> None:
    with pytest.raises(HomeError):
        rich.export(user_id="ana", path=tmp_path / "nowhere" / "bundle", readable=True)
    (tmp_path / "folder").mkdir()
    with pytest.raises(MemguardError):
        rich.export(user_id="ana", path=tmp_path / "folder", readable=True)
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".part")]
    assert modes_of(tmp_path / "home") == {}


def test_the_export_of_an_owner_without_a_vault_is_refused(rich: Memory, tmp_path: Path) -> None:
    with pytest.raises(UnknownOwner):
        rich.export(user_id="nobody", path=tmp_path / "bundle", readable=True)
    assert not (tmp_path / "bundle").exists()


def test_a_sealed_bundle_needs_its_passphrase(rich: Memory, tmp_path: Path, quick_seal: None) -> None:
    path = tmp_path / "bundle"
    rich.export(user_id="ana", path=path, passphrase=PASSPHRASE)
    with pytest.raises(BundleError, match="give its passphrase"):
        rich.import_(path, user_id="ben")
    with pytest.raises(BundleError, match="wrong"):
        rich.import_(path, user_id="ben", passphrase=PASSPHRASE + "!")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BundleError):
        rich.import_(path, user_id="ben", passphrase=PASSPHRASE)
    assert rich.users() == ["ana"]
