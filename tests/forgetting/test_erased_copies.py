"""Erasing inside a backup: whole or not at all, nobody else's part touched, nothing left."""

from __future__ import annotations

import io
import json
import os
import stat
import tarfile
from pathlib import Path
from typing import Any

import pytest

from bench.pages import decrypted
from memguard import Memory
from memguard.errors import VaultBusy
from memguard.flows.forget import erase_ids
from memguard.forgetting.copies import Attempt, erase_in_backup
from memguard.vault import archive as archives
from memguard.vault.store import Vault
from tests.checks import dump
from tests.conftest import Places
from tests.forgetting.copied import (
    KETTLE,
    LANTERN,
    copies,
    erase_from,
    id_of,
    members,
    names,
    run_killed,
    states,
    texts,
)
from tests.forgetting.harms import damaged
from tests.vault.parts import Crash


@pytest.fixture
def foreign(path: Path) -> Path:
    """The same with a vault that no key here opens, and whatever else somebody put into it."""
    held = members(path)
    document = json.loads(held["backup.json"])
    document["vaults"] = {"0.db": document["vaults"]["0.db"], "x.db": "0" * 32, "1.db": document["vaults"]["1.db"]}
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in ({"backup.json": json.dumps(document).encode(), "0.db": held["0.db"]} | {
            "x.db": os.urandom(12_345), "a very long name " * 12: b"aside", "1.db": held["1.db"],
        }).items():  # fmt: skip
            info = tarfile.TarInfo(name)
            info.size, info.uname, info.mode = len(data), "somebody", 0o600
            archive.addfile(info, io.BytesIO(data))
    return path


def restored(memory: Memory, path: Path, owner: str = "ana") -> set[str]:
    """What an owner has when the backup is brought back into a copy of this home."""
    memory.restore_backup(path)
    return texts(memory, owner)


def test_what_is_erased_in_a_backup_does_not_come_back_from_it(seeded: Memory, path: Path) -> None:
    before = dump(seeded)
    assert erase_from(seeded, LANTERN) == Attempt(reached=True)
    assert dump(seeded) == before  # the vault itself is the caller's affair
    assert restored(seeded, path) == {KETTLE}
    assert seeded.search("lantern", user_id="ana", limit=1)[0].text == KETTLE
    assert dump(seeded)["ben"] == before["ben"]


def test_without_an_erasure_it_would_have_come_back(seeded: Memory, path: Path) -> None:
    assert restored(seeded, path) == {KETTLE, LANTERN}


def test_no_decrypted_page_of_the_backup_holds_it_any_more(seeded: Memory, path: Path) -> None:
    seeded.restore_backup(path)
    assert b"lantern" in decrypted(seeded, "ana")
    erase_from(seeded, LANTERN)
    seeded.restore_backup(path)
    pages = decrypted(seeded, "ana")
    assert b"kettle" in pages
    assert b"lantern" not in pages


def test_the_rest_of_a_backup_stays_byte_for_byte(seeded: Memory, foreign: Path) -> None:
    before, data = members(foreign), foreign.read_bytes()
    assert erase_from(seeded, LANTERN).reached
    after = members(foreign)
    assert {name for name in before if before[name] != after[name]} == {"0.db"}
    assert list(after) == list(before)
    assert foreign.read_bytes()[: data.index(before["0.db"]) - 512] == data[: data.index(before["0.db"]) - 512]
    with tarfile.open(foreign) as archive:
        assert archive.getmember("0.db").mode == 0o600
    start, end = data.index(before["x.db"]) - 512, len(data) - data.index(before["x.db"]) + 512
    assert foreign.read_bytes()[-end:] == data[start:]  # headers too, and what stands behind the last


def test_the_backup_is_private_known_to_all_and_alone_in_its_folder(seeded: Memory, path: Path) -> None:
    path.chmod(0o644)
    assert erase_from(seeded, LANTERN).reached
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert states(seeded, "ana") == states(seeded, "ben") == [("backup", "there")]
    assert names(path.parent) == ["b.tar"]
    assert erase_from(seeded, "Ben keeps his ladder in the shed", owner="ben").reached
    assert members(path).keys() == {"backup.json", "0.db", "1.db"}


def test_what_the_eraser_leaves_open_or_in_the_log_is_in_the_backup_all_the_same(seeded: Memory, path: Path) -> None:
    held: list[object] = []

    def erase(vault: Vault) -> None:
        reader = vault.reading()
        held.append((reader, reader.__enter__()))  # keeps the log from being emptied
        erase_ids(vault, [lantern])

    lantern = id_of(seeded, LANTERN)
    entry = seeded.home.contents().vaults["ana"]
    assert erase_in_backup(seeded.home, entry, copies(seeded)[0], erase).reached
    assert restored(seeded, path) == {KETTLE}


def test_an_erasure_that_fails_leaves_the_backup_as_it_was(seeded: Memory, path: Path) -> None:
    data, entry = path.read_bytes(), seeded.home.contents().vaults["ana"]

    def fail(vault: Vault) -> None:
        erase_ids(vault, [id_of(seeded, LANTERN)])
        raise VaultBusy("busy")

    def crash(_: Vault) -> None:
        raise Crash

    assert erase_in_backup(seeded.home, entry, copies(seeded)[0], fail) == Attempt(
        False, "it is damaged, or does not open"
    )
    with pytest.raises(Crash):
        erase_in_backup(seeded.home, entry, copies(seeded)[0], crash)
    assert path.read_bytes() == data
    assert names(path.parent) == ["b.tar"]


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 5000])
def test_an_archive_is_one_whatever_the_size_of_what_is_put_into_it(path: Path, size: int) -> None:
    before, new = members(path), path.with_name("new")
    path.with_name("vault").write_bytes(b"x" * size)
    with path.open("rb") as file, tarfile.open(fileobj=file) as archive:
        archives.write_with(new, file, archive.getmember("0.db"), path.with_name("vault"))
    assert members(new) == {**before, "0.db": b"x" * size}


def test_a_new_archive_that_is_not_as_it_should_be_replaces_nothing(
    seeded: Memory, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, plain = path.read_bytes(), archives.write_with

    def damaging(new: Path, *words: Any) -> None:
        plain(new, *words)
        damaged(new)

    monkeypatch.setattr(archives, "write_with", damaging)
    assert not erase_from(seeded, LANTERN).reached
    assert path.read_bytes() == data


ERASE = """
vault = memory.home.vault("ana")
entry, copy = memory.home.contents().vaults["ana"], step.copies_of(memory.home, vault)[0]
lantern = [record.id for record in memory.get_all(user_id="ana") if "lantern" in record.text]
def erase(vault):
    erase_ids(vault, lantern)
{point}
step.erase_in_backup(memory.home, entry, copy, erase)
"""
POINTS = {
    "the vault is out": ("step.check_file = killed", False),
    "before erasing": ("erase = killed", False),
    "after erasing": ("erase = then_killed(erase)", False),
    "the archive is half": ("archive._copy = then_killed(archive._copy)", False),
    "before the rename": ("Path.replace = killed", False),
    "after the rename": ("Path.replace = then_killed(Path.replace)", True),
    "before the folder goes": ("files.destroy = killed", True),
    "the folder is half gone": ("files.destroy = then_killed(files.destroy)", True),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_run_leaves_the_old_or_the_new_backup_and_the_next_one_clears_up(
    seeded: Memory, home: Places, path: Path, point: str
) -> None:
    before = path.read_bytes()
    script, is_new = POINTS[point]
    run_killed(ERASE.format(point=script), home, path.parent)
    assert names(path.parent) == [".b.tar.part", "b.tar"]  # it was killed where it had something to leave
    assert (path.read_bytes() != before) == is_new
    assert states(seeded) == [("backup", "there")]
    assert names(path.parent) == ["b.tar"]
    assert erase_from(seeded, LANTERN).reached
    assert restored(seeded, path) == {KETTLE}
    assert texts(seeded, "ben") == {"Ben keeps his ladder in the shed"}


def test_nothing_in_the_folder_of_a_run_is_readable_without_the_key(seeded: Memory, home: Places, path: Path) -> None:
    run_killed(ERASE.format(point="Path.replace = killed"), home, path.parent)
    left = [file for file in (path.parent / ".b.tar.part").iterdir() if file.is_file()]
    assert len(left) >= 3
    assert not [file for file in left if b"lantern" in file.read_bytes() or b"SQLite format" in file.read_bytes()]
    assert {stat.S_IMODE(file.stat().st_mode) for file in left} == {0o600}
    assert stat.S_IMODE((path.parent / ".b.tar.part").stat().st_mode) == 0o700


def test_a_link_in_place_of_the_folder_of_a_run_leads_nowhere(seeded: Memory, path: Path, tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim" / "file").write_text("somebody's")
    (path.parent / ".b.tar.part").symlink_to(tmp_path / "victim")
    assert erase_from(seeded, LANTERN).reached
    assert (tmp_path / "victim" / "file").read_text() == "somebody's"
