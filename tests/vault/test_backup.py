"""Backups: they bring back what was there, open through the present keyring only, and are never trusted."""

from __future__ import annotations

import io
import json
import signal
import stat
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from memguard import Memory
from memguard.errors import HomeError, UnknownOwner, VaultError, VaultUnreadable
from memguard.vault.connection import Session
from memguard.vault.home import Home
from tests.checks import dump, refused
from tests.conftest import Places
from tests.vault.parts import Crash

LATER = "A kettle whistles at seven"
KILLED_AT_THE_END = """
import os, signal, sys
from pathlib import Path
from memguard import Memory
Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
Memory(sys.argv[1], keys=sys.argv[2]).backup(sys.argv[3])
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where backups are written: a folder with nothing else in it."""
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups" / "b.tar"


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        files = [(info.name, archive.extractfile(info)) for info in archive.getmembers()]
        return {name: file.read() for name, file in files if file is not None}


def write_tar(path: Path, contents: Sequence[tuple[str, bytes]]) -> None:
    with tarfile.open(path, "w") as archive:
        for name, data in contents:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def manifest(vaults: Any, version: int = 1) -> bytes:
    return json.dumps({"memguard_backup": version, "vaults": vaults}).encode()


def test_a_backup_brings_back_every_owner_as_they_were(seeded: Memory, path: Path) -> None:
    before = dump(seeded)
    assert seeded.backup(path) == 2
    for owner in seeded.users():
        seeded.add(LATER, user_id=owner)
        seeded.delete(seeded.get_all(user_id=owner)[0].id, user_id=owner)
    restored = seeded.restore_backup(path)
    assert (restored.vaults, restored.unopenable) == (2, ())
    assert dump(seeded) == before
    assert seeded.search("lantern", user_id="ana")[0].text == "The lantern hangs in the boat house"
    assert seeded.search("kettle", user_id="ben")[0].text != LATER


def test_a_backup_holds_the_present_log_too_and_writers_go_on(
    seeded: Memory, second: Memory, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, written = Session.backup_to, []

    def while_somebody_writes(self: Session, other: Session) -> None:
        with seeded.home.vault("ana").writing() as session:
            written.append(session.execute("UPDATE vault SET change_seq = change_seq + 100"))
            plain(self, other)  # as of the moment before

    with monkeypatch.context() as patch:
        patch.setattr(Session, "backup_to", while_somebody_writes)
        second.backup(path)
    assert written
    seeded.add(LATER, user_id="ana")
    seeded.restore_backup(path)
    assert LATER not in [record.text for record in seeded.get_all(user_id="ana")]


def test_one_owner_is_backed_up_and_restored_alone(seeded: Memory, path: Path) -> None:
    assert seeded.backup(path, user_id="ana") == 1
    for owner in seeded.users():
        seeded.add(LATER, user_id=owner)
    assert seeded.restore_backup(path).vaults == 1
    assert [LATER in [r.text for r in seeded.get_all(user_id=o)] for o in ("ana", "ben")] == [False, True]


def test_one_owner_is_taken_out_of_a_backup_of_all(seeded: Memory, path: Path) -> None:
    seeded.backup(path)
    for owner in seeded.users():
        seeded.add(LATER, user_id=owner)
    assert seeded.restore_backup(path, user_id="ben").vaults == 1
    assert [LATER in [r.text for r in seeded.get_all(user_id=o)] for o in ("ana", "ben")] == [True, False]


def test_the_backup_of_an_owner_without_a_vault_is_refused(seeded: Memory, path: Path) -> None:
    with pytest.raises(UnknownOwner):
        seeded.backup(path, user_id="nobody")
    assert not path.exists()


def test_a_backup_shows_no_owner_no_text_no_user_and_no_time(seeded: Memory, path: Path) -> None:
    seeded.add("The wombat sleeps behind the observatory", user_id="Quokkaword")
    assert seeded.backup(path) == 3
    assert not [word for word in (b"Quokkaword", b"wombat", b"boat house") if word in path.read_bytes()]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with tarfile.open(path) as archive:
        assert {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in archive} == {(0, 0, "", "", 0)}
    assert list(path.parent.iterdir()) == [path]


def test_after_one_of_three_owners_was_forgotten_an_old_backup_restores_the_other_two(
    three: Places, memory: Memory, path: Path
) -> None:
    memory.backup(path)
    memory.delete_all(user_id="ben")
    memory.add(LATER, user_id="ana")
    restored = memory.restore_backup(path)
    assert (restored.vaults, len(restored.unopenable)) == (2, 1)
    assert memory.users() == ["ana", "cleo"]
    assert LATER not in [record.text for record in memory.get_all(user_id="ana")]


def test_a_backup_from_before_a_name_was_used_again_does_not_bring_the_first_one_back(
    three: Places, memory: Memory, path: Path
) -> None:
    memory.backup(path)
    memory.delete_all(user_id="ben")
    memory.add(LATER, user_id="ben")
    assert memory.restore_backup(path).vaults == 2
    assert [record.text for record in memory.get_all(user_id="ben")] == [LATER]


def test_who_had_a_vault_open_sees_what_was_restored_at_the_next_call(
    seeded: Memory, second: Memory, path: Path
) -> None:
    seeded.backup(path)
    seeded.add(LATER, user_id="ana")
    assert second.search("kettle seven", user_id="ana", limit=1)[0].text == LATER
    seeded.restore_backup(path)
    assert LATER not in [hit.text for hit in second.search("kettle seven", user_id="ana")]
    assert LATER not in [record.text for record in second.get_all(user_id="ana")]
    second.add("Written after the restore", user_id="ana")
    assert "Written after the restore" in [record.text for record in seeded.get_all(user_id="ana")]


def test_who_holds_the_replaced_file_itself_is_refused(seeded: Memory, second: Memory, path: Path) -> None:
    vault = second.home.vault("ana")
    seeded.backup(path)
    with vault.reading():
        pass
    seeded.restore_backup(path)
    with pytest.raises(VaultError), vault.writing():
        pass


def test_a_restored_vault_stays_under_an_erasure_afterwards(seeded: Memory, path: Path) -> None:
    seeded.backup(path)
    seeded.restore_backup(path)
    seeded.restore_backup(path)
    seeded.delete_all(user_id="ana")
    assert seeded.users() == ["ben"]
    assert seeded.restore_backup(path).unopenable != ()
    assert len(list((seeded.home.path / "vaults").iterdir())) == 1


def test_a_restore_stopped_before_the_keyring_changed_leaves_what_was_there(
    seeded: Memory, second: Memory, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump(seeded)
    seeded.backup(path)

    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(seeded.home.keyring, "save", crash)
        with pytest.raises(Crash):
            seeded.restore_backup(path)
    assert dump(second) == before
    second.add(LATER, user_id="zoe")
    assert second.home.strays() == []


def test_a_restore_stopped_before_the_new_file_has_its_name_is_finished_by_the_next_call(
    seeded: Memory, second: Memory, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump(seeded)
    seeded.backup(path)
    seeded.add(LATER, user_id="ana")

    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(Home, "_finish_creation", crash)
        with pytest.raises(Crash):
            seeded.restore_backup(path, user_id="ana")
    assert dump(second) == before


def test_a_backup_that_failed_leaves_nothing_and_can_be_made_again(three: Places, memory: Memory, path: Path) -> None:
    file = memory.home.vault("ben").path
    memory.close()
    whole = file.read_bytes()
    file.write_bytes(whole[:5000])
    with pytest.raises(VaultUnreadable):
        memory.backup(path)
    assert list(path.parent.iterdir()) == []
    file.write_bytes(whole)
    assert memory.backup(path) == 3


def test_a_backup_that_was_killed_does_not_stop_the_next_one(seeded: Memory, home: Places, path: Path) -> None:
    words = [sys.executable, "-c", KILLED_AT_THE_END, str(home.home), str(home.keys), str(path)]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
    assert list(path.parent.iterdir())  # it had written something
    assert not path.exists()
    assert seeded.backup(path) == 2
    assert seeded.restore_backup(path).vaults == 2


def test_a_backup_takes_the_place_of_an_older_one(seeded: Memory, path: Path) -> None:
    seeded.backup(path)
    seeded.add(LATER, user_id="ana")
    seeded.backup(path)
    seeded.restore_backup(path)
    assert LATER in [record.text for record in seeded.get_all(user_id="ana")]


def test_a_backup_where_none_can_be_written_is_refused(seeded: Memory, tmp_path: Path) -> None:
    with refused(seeded, HomeError):
        seeded.backup(tmp_path / "nowhere" / "b.tar")
    with refused(seeded, HomeError):
        seeded.backup(tmp_path / "home")
