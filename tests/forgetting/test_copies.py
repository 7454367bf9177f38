"""The register of copies: every backup and export is known, whatever became of it or of its writer."""

from __future__ import annotations

import json
import os
import shutil
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from memguard import HomeError, Memory
from memguard.doctor import examine
from memguard.vault import copies as register
from tests.checks import column, one
from tests.commands import Command
from tests.conftest import Places
from tests.forgetting.copied import LANTERN, NAME, copies, id_of, names, run_killed, states
from tests.vault.age import quickly_sealed
from tests.vault.parts import modes_of


def test_a_backup_is_known_to_every_vault_in_it(seeded: Memory, backup: Path) -> None:
    assert states(seeded, "ana") == states(seeded, "ben") == [("backup", "there")]
    seeded.backup(backup.with_name("ben.tar"), user_id="ben")
    assert (len(states(seeded, "ana")), len(states(seeded, "ben"))) == (1, 2)


@pytest.mark.parametrize("passphrase", [None, "correct horse battery"])
def test_an_export_is_known_to_its_vault_alone(
    seeded: Memory, folder: Path, monkeypatch: pytest.MonkeyPatch, passphrase: str | None
) -> None:
    monkeypatch.setattr("memguard.exchange.bundle.sealed", quickly_sealed)
    seeded.export(user_id="ana", path=folder / "e", passphrase=passphrase, readable=passphrase is None)
    assert (states(seeded, "ana"), states(seeded, "ben")) == ([("export", "there")], [])
    assert copies(seeded)[0].path == folder / "e"


def test_no_path_is_readable_in_the_vault_or_shown(seeded: Memory, backup: Path, export: Path) -> None:
    found = copies(seeded)
    assert NAME in str(found[0].path)
    assert NAME not in repr(found)
    with seeded.home.vault("ana").reading() as session:
        rows = session.all("SELECT * FROM copies")
    assert len(rows) == 2
    assert "Quokka" not in repr(rows)


def test_a_row_does_not_open_in_the_place_of_another(seeded: Memory, backup: Path, export: Path) -> None:
    with seeded.home.vault("ana").writing() as session:
        session.execute("UPDATE copies SET sealed = (SELECT sealed FROM copies WHERE kind = 'export')")
    with pytest.raises(Exception, match="does not open"):
        copies(seeded)


def test_what_became_of_a_file_is_told(seeded: Memory, backup: Path, export: Path) -> None:
    data = {path: path.read_bytes() for path in (backup, export)}
    for path in data:
        path.unlink()
    assert [state for _, state in states(seeded)] == ["gone", "gone"]
    for path, held in data.items():
        path.write_bytes(held)
    assert [state for _, state in states(seeded)] == ["there", "there"]
    export.write_bytes(data[export].replace(b"lantern", b"lanterN"))
    backup.write_bytes(data[export])
    assert [state for _, state in states(seeded)] == ["changed", "changed"]


def test_another_backup_at_the_path_is_not_taken_for_it(seeded: Memory, home: Places, backup: Path) -> None:
    other = backup.with_name("other.tar")
    seeded.backup(other)
    shutil.copyfile(other, backup)
    assert sorted(states(seeded)) == [("backup", "changed"), ("backup", "there")]


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_is_no_plain_file_is_not_taken_for_a_copy(seeded: Memory, backup: Path, kind: str) -> None:
    aside = backup.rename(backup.with_name("aside"))
    made: dict[str, Callable[[], None]] = {
        "link": lambda: backup.symlink_to(aside),
        "folder": backup.mkdir,
        "pipe": lambda: os.mkfifo(backup),
    }
    made[kind]()
    assert states(seeded) == [("backup", "changed")]


def test_a_file_written_again_replaces_its_row_by_whatever_way_it_is_named(
    seeded: Memory, export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(export.parent)
    monkeypatch.chdir(export.parent)
    for path in ("e.json", "./e.json", tmp_path / "link" / "e.json", export.parent / ".." / NAME / "e.json"):
        seeded.add(f"Written before {path}", user_id="ana")
        seeded.export(user_id="ana", path=path, readable=True)
        assert states(seeded) == [("export", "there")]


def test_a_copy_that_was_moved_before_another_took_its_place_is_not_lost(seeded: Memory, backup: Path) -> None:
    moved = backup.rename(backup.with_name("monday.tar"))
    seeded.backup(backup)
    assert states(seeded) == [("backup", "gone"), ("backup", "there")]
    moved.rename(backup)
    assert states(seeded) == [("backup", "gone"), ("backup", "changed")]


def test_a_backup_takes_the_place_of_an_export(seeded: Memory, export: Path) -> None:
    seeded.backup(export)
    assert states(seeded) == [("backup", "there")]


def test_a_copy_is_not_asked_for_memories_that_came_after_it(seeded: Memory, backup: Path) -> None:
    later = one(seeded.add("The wombat sleeps behind the observatory", user_id="ana")).id
    old, new = (
        column(seeded, "ana", "SELECT number FROM memories WHERE id = ?", i)[0] for i in (id_of(seeded, LANTERN), later)
    )
    assert [len(copies(seeded, lowest=number)) for number in (old, new)] == [1, 0]
    seeded.export(user_id="ana", path=backup.with_name("e"), readable=True)
    assert [copy.kind for copy in copies(seeded, lowest=new)] == ["export"]
    seeded.update(id_of(seeded, LANTERN), "The lantern hangs in the shed", user_id="ana")
    assert len(copies(seeded, lowest=old)) == 2  # the wording that the backup holds came before it


def test_what_goes_down_a_pipe_is_given_away(seeded: Memory, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((folder / "pipe").read_bytes()))
    reader.start()
    seeded.export(user_id="ana", path=folder / "pipe", readable=True)
    reader.join()
    assert LANTERN in {memory["text"] for memory in json.loads(read[0])["memories"]}
    assert states(seeded) == [("export", "given away")]
    assert names(folder) == ["pipe"]


def test_a_descriptor_that_leads_to_a_file_is_given_away_too(seeded: Memory, folder: Path) -> None:
    with (folder / "shell's").open("wb") as file:
        for _ in range(2):
            seeded.export(user_id="ana", path=f"/dev/fd/{file.fileno()}", readable=True)
    assert LANTERN in (folder / "shell's").read_text()
    assert states(seeded) == [("export", "given away")]


def test_an_export_to_standard_output_is_alone_there(seeded: Memory, home: Places) -> None:
    ran = Command(home).run("export", "/dev/stdout", "--readable")
    assert (ran.code, ran.err) == (0, "")
    assert LANTERN in {memory["text"] for memory in json.loads(ran.out)["memories"]}
    assert states(seeded) == [("export", "given away")]


def test_a_given_away_export_stays_known_beside_a_file_of_its_path(seeded: Memory, folder: Path) -> None:
    test_what_goes_down_a_pipe_is_given_away(seeded, folder)
    (folder / "pipe").unlink()
    seeded.export(user_id="ana", path=folder / "pipe", readable=True)
    assert states(seeded) == [("export", "given away"), ("export", "there")]


@pytest.mark.parametrize("path", ["/dev/stdout", "/dev/null", "{folder}/pipe"])
def test_a_backup_is_not_written_to_a_pipe(seeded: Memory, folder: Path, path: str) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(HomeError, match="pipe"):
        seeded.backup(path.format(folder=folder))
    assert states(seeded) == []


def test_only_whoever_holds_the_lock_looks(seeded: Memory, home: Places, backup: Path) -> None:
    """A copy that is being written is not taken for one that a crash left."""
    looked: list[list[tuple[str, str]]] = []
    looker = threading.Thread(target=lambda: looked.append(states(home.open())))
    with register.one_at_a_time(seeded.home):
        looker.start()
        looker.join(0.3)
        assert looked == []
    looker.join()
    assert looked == [[("backup", "there")]]


def test_a_lock_that_is_never_given_back_is_an_error_and_no_wait_for_ever(
    seeded: Memory, home: Places, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register, "LOCK_SECONDS_MAX", 0)
    with register.one_at_a_time(seeded.home), pytest.raises(Exception, match="another process is writing a copy"):
        home.open().backup(folder / "b.tar")


def test_doctor_counts_copies_and_finds_a_half_written_one(
    seeded: Memory, home: Places, backup: Path, export: Path
) -> None:
    def says() -> tuple[bool, str]:
        return next((f.ok, f.says) for f in examine(home.open) if f.what == "copies")

    assert says() == (True, "1 backup(s) and 1 export(s) registered, 2 still there")
    export.unlink()
    assert says() == (True, "1 backup(s) and 1 export(s) registered, 1 still there")
    run_killed(
        "os.fsync = killed\nmemory.export(user_id='ana', path=folder + '/half', readable=True)", home, backup.parent
    )
    ok, said = says()
    assert not ok
    assert "1 half-written" in said
    states(seeded)
    assert says()[0]


def test_what_is_written_is_private(seeded: Memory, home: Places, backup: Path, export: Path) -> None:
    assert {stat.S_IMODE(path.stat().st_mode) for path in (backup, export)} == {0o600}
    assert modes_of(home.home, home.keys) == {}
