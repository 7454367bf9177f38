"""Erasing inside a backup, and removing an export: whole or not at all, nobody else's part touched, nothing left."""

from __future__ import annotations

import io
import json
import os
import resource
import stat
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.pages import decrypted
from memguard import Memory
from memguard.errors import HomeError, VaultBusy
from memguard.flows.forget import erase_ids
from memguard.forgetting.copies import Attempt, Copy, erase_in_backup, remove_export
from memguard.vault import archive as archives
from memguard.vault.store import Vault
from tests.checks import column, dump
from tests.conftest import Places
from tests.forgetting.copied import KETTLE, LANTERN, copies, id_of, members, names, run_killed, states, texts
from tests.vault.parts import Crash, flipped
from tests.vault.test_mounts import needs_mounts, told


@pytest.fixture
def path(seeded: Memory, tmp_path: Path) -> Path:
    """A backup of two owners, in a folder with nothing else in it."""
    (tmp_path / "copies" / "inner").mkdir(parents=True)
    seeded.backup(tmp_path / "copies" / "inner" / "b.tar")
    return tmp_path / "copies" / "inner" / "b.tar"


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


def erase_from(memory: Memory, text: str, copy: Copy | None = None, owner: str = "ana") -> Attempt:
    """Erase one memory in a backup, by default in the only copy there is."""
    memory_id = id_of(memory, text, owner)
    copy = copy or copies(memory, owner)[0]
    entry = memory.home.contents().vaults[owner]
    return erase_in_backup(memory.home, entry, copy, lambda vault: erase_ids(vault, [memory_id]))


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


def unlinked(path: Path) -> None:
    path.unlink()


def marked_read_only(path: Path) -> None:
    path.chmod(0o400)


def other_file(path: Path) -> None:
    path.write_bytes(b"another file")


def damaged(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(flipped(data, data.index(members(path)["0.db"]) + 20_000))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def taken_out(path: Path) -> None:
    held = members(path)
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("backup.json")
        info.size = len(held["backup.json"])
        archive.addfile(info, io.BytesIO(held["backup.json"]))


def twice(path: Path) -> None:
    with tarfile.open(path, "a") as archive:
        archive.addfile(archive.getmember("0.db"), io.BytesIO(members(path)["0.db"]))


HARMS: dict[Callable[[Path], None], str] = {
    unlinked: "not there any more",
    other_file: "not there any more",
    marked_read_only: "read-only",
    damaged: "damaged",
    cut: "not there any more",
    taken_out: "damaged",
    twice: "damaged",
}


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_a_backup_that_cannot_be_reached_says_why_and_stays(
    seeded: Memory, path: Path, harm: Callable[[Path], None]
) -> None:
    copy = copies(seeded)[0]
    harm(path)
    before = path.read_bytes() if path.exists() else None
    attempt = erase_from(seeded, LANTERN, copy)
    assert not attempt.reached
    assert HARMS[harm] in attempt.reason
    assert (path.read_bytes() if path.exists() else None) == before
    assert names(path.parent) == (["b.tar"] if before else [])


def test_a_backup_without_the_vault_is_left_alone(seeded: Memory, path: Path) -> None:
    seeded.add("The wombat sleeps", user_id="cleo")
    before, entry = path.read_bytes(), seeded.home.contents().vaults["cleo"]
    assert not erase_in_backup(seeded.home, entry, copies(seeded)[0], lambda _: None).reached
    assert path.read_bytes() == before


READ_ONLY = """
from memguard.forgetting import copies as step
folder = home.home.parent / "copies"
with home.open() as memory:
    vault, entry = memory.home.vault("ana"), memory.home.contents().vaults["ana"]
    mount("--bind", folder, folder)
    mount("-o", "remount,ro,bind", folder)
    attempts = [
        step.erase_in_backup(memory.home, entry, copy, lambda _: None)
        if copy.kind == "backup" else step.remove_export(memory.home, vault, copy)
        for copy in step.copies_of(memory.home, vault)
    ]
print(json.dumps([[attempt.reached, attempt.reason] for attempt in attempts]))
"""


@needs_mounts
def test_a_file_system_that_cannot_be_written_to_is_told(seeded: Memory, home: Places, path: Path) -> None:
    seeded.export(user_id="ana", path=path.with_name("e.json"), readable=True)
    reason = "it, or the folder it lies in, cannot be written to"
    assert told(READ_ONLY, home) == [[False, reason], [False, reason]]
    assert set(column(seeded, "ana", "SELECT state FROM copies")) == {"whole"}
    assert states(seeded) == [("backup", "there"), ("export", "there")]


@pytest.fixture
def little_room() -> Iterator[Callable[[int], None]]:
    """No file can become longer than so many bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_no_room_is_told_and_nothing_is_left(
    seeded: Memory, path: Path, little_room: Callable[[int], None], share: float
) -> None:
    """At .3 the vault cannot be taken out, at .9 the new archive cannot be put together."""
    data, copy, size = path.read_bytes(), copies(seeded)[0], path.stat().st_size
    little_room(int(size * share))
    attempt = erase_from(seeded, LANTERN, copy)
    little_room(size * 2)
    assert attempt == Attempt(False, "there is no room left beside it")
    assert path.read_bytes() == data
    assert names(path.parent) == ["b.tar"]


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


@pytest.fixture
def export(seeded: Memory, tmp_path: Path) -> Path:
    (tmp_path / "exports").mkdir()
    seeded.export(user_id="ana", path=tmp_path / "exports" / "e.json", readable=True)
    return tmp_path / "exports" / "e.json"


def removed(memory: Memory, copy: Copy | None = None) -> Attempt:
    return remove_export(memory.home, memory.home.vault("ana"), copy or copies(memory)[0])


def test_an_export_that_is_removed_is_overwritten_and_gone_and_forgotten_of(seeded: Memory, export: Path) -> None:
    another_name = export.with_name("another name")
    another_name.hardlink_to(export)
    assert removed(seeded) == Attempt(reached=True)
    assert not export.exists()
    assert set(another_name.read_bytes()) == {0}
    assert states(seeded) == []


@pytest.mark.parametrize("harm", [unlinked, other_file, marked_read_only])
def test_an_export_that_is_not_as_it_was_written_is_not_touched(
    seeded: Memory, export: Path, harm: Callable[[Path], None]
) -> None:
    copy = copies(seeded)[0]
    harm(export)
    before = export.read_bytes() if export.exists() else None
    assert not removed(seeded, copy).reached
    assert (export.read_bytes() if export.exists() else None) == before
    assert len(states(seeded)) == 1


@pytest.mark.parametrize(
    "point", ["step.destroy = killed", "os.fsync = killed", "step.destroy = then_killed(step.destroy)"]
)
def test_an_export_whose_removal_was_killed_is_destroyed_by_the_next_run(
    seeded: Memory, home: Places, export: Path, point: str
) -> None:
    run_killed(
        f"vault = memory.home.vault('ana')\ncopy = step.copies_of(memory.home, vault)[0]\n{point}\n"
        "step.remove_export(memory.home, vault, copy)",
        home,
        export.parent,
    )
    assert states(seeded) == [("export", "gone")]
    assert names(export.parent) == []


def test_a_leftover_that_cannot_be_removed_is_not_passed_over(
    seeded: Memory, home: Places, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_killed(
        "os.fsync = killed\nmemory.export(user_id='ana', path=folder + '/e.json', readable=True)", home, export.parent
    )

    def cannot(*_: object) -> None:
        raise HomeError("cannot")

    with monkeypatch.context() as patch:
        patch.setattr("memguard.vault.copies.remove_parts", cannot)
        assert states(seeded) == [("export", "changed")]
    assert states(seeded) == [("export", "there")]
    assert names(export.parent) == ["e.json"]
