"""What was forgotten stays away: no backup brings it back, and no export unless it is wanted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.pages import decrypted
from memguard import Memory, Rejected
from memguard.errors import StorageFull, UnknownMemory
from memguard.vault import backup as backups
from memguard.vault import store
from memguard.vault.forgotten import forgotten_among, forgotten_here, note_wanted
from memguard.vault.sealing import LOOKUP_BYTES
from tests.checks import column, dump, one, refused
from tests.commands import Command
from tests.conftest import Places
from tests.forgetting.copied import KETTLE, LANTERN, copies, forget, id_of, states, texts
from tests.vault.parts import Crash

BEN = "Ben keeps his ladder in the shed"


@pytest.fixture
def path(seeded: Memory, tmp_path: Path) -> Path:
    """A backup from before anything was forgotten."""
    (tmp_path / "elsewhere").mkdir()
    seeded.backup(tmp_path / "elsewhere" / "b.tar")
    return tmp_path / "elsewhere" / "b.tar"


@pytest.fixture
def lantern(seeded: Memory, path: Path) -> str:
    """The id of a memory that was forgotten since."""
    memory_id = id_of(seeded, LANTERN)
    forget(seeded.home.vault("ana"), memory_id)
    return memory_id


def hashes(memory: Memory, owner: str = "ana") -> list[bytes]:
    return column(memory, owner, "SELECT lookup FROM forgotten")


def test_a_restored_backup_comes_without_what_was_forgotten_since(seeded: Memory, path: Path, lantern: str) -> None:
    restored = seeded.restore_backup(path)
    assert (restored.vaults, restored.forgotten, restored.unsure) == (2, 1, 0)
    assert (texts(seeded, "ana"), texts(seeded, "ben")) == ({KETTLE}, {BEN})
    with pytest.raises(UnknownMemory):
        seeded.get(lantern, user_id="ana")
    assert [hit.text for hit in seeded.search("lantern boat house", user_id="ana")] == [KETTLE]
    assert column(seeded, "ana", "SELECT count(*) FROM word_counts WHERE term = 'lantern'") == [0]
    assert column(seeded, "ana", "SELECT count(DISTINCT memory) FROM embeddings") == [1]


def test_nothing_of_it_is_in_a_decrypted_page_of_the_restored_vault(seeded: Memory, path: Path, lantern: str) -> None:
    seeded.restore_backup(path)
    pages = decrypted(seeded, "ana")
    assert b"kettle" in pages
    assert b"lantern" not in pages
    assert lantern.encode() not in pages


def test_it_does_not_come_back_at_the_second_restore_either(seeded: Memory, path: Path, lantern: str) -> None:
    assert [seeded.restore_backup(path).forgotten for _ in range(3)] == [1, 1, 1]
    assert texts(seeded) == {KETTLE}
    assert not [file for file in seeded.home.pool._idle.values() if not file.exists()]  # nothing keeps old files open


def test_what_was_only_deleted_from_a_vault_that_forgot_nothing_comes_back(seeded: Memory, path: Path) -> None:
    """The control: without a hash there is nothing to go by."""
    seeded.home.vault("ana")
    with seeded.home.vault("ana").writing() as session:
        session.execute("DELETE FROM memories WHERE text LIKE '%lantern%'")
    restored = seeded.restore_backup(path)
    assert restored.forgotten == 0
    assert texts(seeded) == {KETTLE, LANTERN}


def test_one_owners_forgetting_is_not_anothers(seeded: Memory, path: Path, tmp_path: Path) -> None:
    """The same id in two vaults has two hashes: neither tells of the other."""
    seeded.export(user_id="ana", path=tmp_path / "e", readable=True)
    seeded.import_(tmp_path / "e", user_id="ben")
    lantern = id_of(seeded, LANTERN)
    for owner in ("ana", "ben"):
        forget(seeded.home.vault(owner), lantern)
    (ana,), (ben,) = hashes(seeded, "ana"), hashes(seeded, "ben")
    assert ana != ben
    assert len(ana) == len(ben) == LOOKUP_BYTES
    assert lantern.encode() not in ana + ben


def test_what_is_forgotten_while_a_restore_runs_does_not_come_back(
    seeded: Memory, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to the moment in which nobody can write to the old vault any more."""
    memory_id, plain = id_of(seeded, LANTERN), store.check_file

    def meanwhile(file: Path, key: bytes) -> None:
        plain(file, key)
        forget(seeded.home.vault("ana"), memory_id)

    monkeypatch.setattr("memguard.vault.home.check_file", meanwhile)
    assert seeded.restore_backup(path, user_id="ana").forgotten == 1
    assert texts(seeded) == {KETTLE}


def test_a_restore_that_cannot_erase_leaves_every_vault_as_it_was(
    seeded: Memory, path: Path, lantern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageFull("no room")

    with monkeypatch.context() as patch:
        patch.setattr("memguard.memory.erase_ids", full)
        with refused(seeded, StorageFull):
            seeded.restore_backup(path)
    assert seeded.home.strays() == []
    one(seeded.add("The wombat sleeps behind the observatory", user_id="ana"))
    assert seeded.restore_backup(path).vaults == 2


def test_a_restore_that_stops_after_erasing_leaves_the_old_vault(
    seeded: Memory, path: Path, lantern: str, home: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise Crash

    before = dump(seeded)
    with monkeypatch.context() as patch:
        patch.setattr(seeded.home.keyring, "save", crash)
        with pytest.raises(Crash):
            seeded.restore_backup(path)
    with home.open() as second:
        assert dump(second) == before
        assert len(hashes(second)) == 1


def test_in_place_of_a_lost_vault_nobody_knows_what_was_forgotten_and_it_is_said(
    seeded: Memory, path: Path, lantern: str, home: Places
) -> None:
    file = seeded.home.vault("ana").path
    seeded.close()
    file.unlink()
    with home.open() as second:
        restored = second.restore_backup(path)
        assert (restored.vaults, restored.forgotten, restored.unsure) == (2, 0, 1)
        assert texts(second) == {KETTLE, LANTERN}


def test_the_register_of_copies_is_not_set_back_by_a_restore(seeded: Memory, path: Path) -> None:
    seeded.export(user_id="ana", path=path.with_name("later"), readable=True)
    path.rename(path.with_name("monday.tar"))
    seeded.backup(path)
    assert len(states(seeded)) == 3
    seeded.restore_backup(path.with_name("monday.tar"))
    assert states(seeded) == [("backup", "gone"), ("export", "there"), ("backup", "there")]
    with seeded.home.vault("ana").reading() as session:
        assert session.one("SELECT max(number) FROM memories") < 1000
    assert len(copies(seeded, lowest=1000)) == 3  # numbers are given again: each may hold anything


def test_a_vault_that_is_lost_knows_the_backup_it_came_from(seeded: Memory, path: Path, home: Places) -> None:
    """The row was in the copy already, 'being written': what lies there says that it was."""
    file = seeded.home.vault("ana").path
    seeded.close()
    file.unlink()
    with home.open() as second:
        second.restore_backup(path)
        assert states(second) == [("backup", "there")]


def test_an_import_refuses_what_was_forgotten_by_its_position(seeded: Memory, path: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    seeded.export(user_id="ana", path=bundle, readable=True)
    lantern = id_of(seeded, LANTERN)
    forget(seeded.home.vault("ana"), lantern)
    done = seeded.import_(bundle, user_id="ana")
    assert (done.stored, done.duplicates, done.rejected) == (0, 1, (Rejected(1, "forgotten"),))
    assert texts(seeded) == {KETTLE}
    assert seeded.import_(bundle, user_id="cleo").rejected == ()  # who never forgot it


def test_ties_to_what_was_forgotten_do_not_keep_a_memory_out(seeded: Memory, tmp_path: Path) -> None:
    lantern, kettle = id_of(seeded, LANTERN), id_of(seeded, KETTLE)
    child = one(
        seeded.add("Both are in the house", user_id="ana", derived_from=[lantern, kettle], supersedes=[lantern])
    )
    seeded.export(user_id="ana", path=tmp_path / "bundle", readable=True)
    forget(seeded.home.vault("ana"), lantern)
    with seeded.home.vault("ana").writing() as session:
        session.execute("DELETE FROM memories WHERE id = ?", (child.id,))
    done = seeded.import_(tmp_path / "bundle", user_id="ana")
    assert (done.stored, [r.reason for r in done.rejected]) == (1, ["forgotten"])
    assert seeded.get(child.id, user_id="ana").derived_from == (kettle,)


def test_who_insists_gets_it_back_and_keeps_it(seeded: Memory, path: Path, tmp_path: Path) -> None:
    seeded.export(user_id="ana", path=tmp_path / "bundle", readable=True)
    lantern = id_of(seeded, LANTERN)
    forget(seeded.home.vault("ana"), lantern)
    assert seeded.import_(tmp_path / "bundle", user_id="ana", forgotten=True).stored == 1
    assert hashes(seeded) == []
    assert texts(seeded) == {KETTLE, LANTERN}
    assert seeded.restore_backup(path).forgotten == 0
    assert texts(seeded) == {KETTLE, LANTERN}


def test_who_insists_gets_no_tie_to_what_stays_forgotten(seeded: Memory, tmp_path: Path) -> None:
    lantern, kettle = id_of(seeded, LANTERN), id_of(seeded, KETTLE)
    seeded.add("Both are in the house", user_id="ana", derived_from=[lantern, kettle])
    seeded.export(user_id="ana", path=tmp_path / "bundle", readable=True)
    document = json.loads((tmp_path / "bundle").read_bytes())
    document["memories"] = document["memories"][1:]  # all but the lantern
    (tmp_path / "bundle").write_text(json.dumps(document))
    forget(seeded.home.vault("ana"), *(record.id for record in seeded.get_all(user_id="ana")))
    done = seeded.import_(tmp_path / "bundle", user_id="ana", forgotten=True)
    assert (done.stored, done.rejected) == (2, ())
    assert seeded.get_all(user_id="ana")[1].derived_from == (kettle,)
    assert len(hashes(seeded)) == 1


def test_a_copy_from_before_is_asked_for_what_came_back_under_another_number(seeded: Memory, tmp_path: Path) -> None:
    seeded.export(user_id="ana", path=tmp_path / "bundle", readable=True)
    lantern = id_of(seeded, LANTERN)
    forget(seeded.home.vault("ana"), lantern)
    for n in range(3):
        seeded.add(f"Another memory, number {n}", user_id="ana")
    seeded.import_(tmp_path / "bundle", user_id="ana", forgotten=True)
    (number,) = column(seeded, "ana", "SELECT number FROM memories WHERE id = ?", lantern)
    assert number == max(column(seeded, "ana", "SELECT number FROM memories"))
    assert len(copies(seeded, lowest=number)) == 1


def test_the_command_line_says_what_was_forgotten(seeded: Memory, home: Places, path: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    seeded.export(user_id="ana", path=bundle, readable=True)
    forget(seeded.home.vault("ana"), id_of(seeded, LANTERN))
    command = Command(home)
    ran = command.run("restore", path, "--all")
    assert ran.code == 0
    assert "erased 1 memories in them that had been forgotten since" in ran.out
    ran = command.run("import", bundle)
    assert ran.code == 3
    assert "refused item 1: forgotten" in ran.out
    assert texts(seeded) == {KETTLE}


def test_hashes_are_asked_by_id_and_taken_back_by_id(seeded: Memory, lantern: str) -> None:
    vault, kettle = seeded.home.vault("ana"), id_of(seeded, KETTLE)
    with vault.reading() as session:
        assert forgotten_among(session, vault.seals, [lantern, kettle]) == {lantern}
        assert forgotten_here(session, vault.seals) == []
    with vault.writing() as session:
        note_wanted(session, vault.seals, [kettle, lantern])
        assert forgotten_among(session, vault.seals, [lantern, kettle]) == set()


def test_the_eraser_of_a_restore_is_the_callers(seeded: Memory, path: Path, lantern: str) -> None:
    erased: list[tuple[str, list[str]]] = []
    backups.read_backup(seeded.home, path, None, lambda vault, ids: erased.append((vault.id, list(ids))))
    assert [ids for _, ids in erased] == [[lantern]]
    assert [vault_id for vault_id, _ in erased] == [seeded.home.vault("ana").id]
