"""A home: a vault is made whole or not at all, and what is destroyed stays gone for everybody."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from memguard import Memory
from memguard.errors import MemguardError, NotFound, UnknownOwner, VaultDestroyed, VaultError
from memguard.vault.home import Home
from memguard.vault.keyring import Keyring
from memguard.vault.store import create_file
from tests.checks import MARKER
from tests.conftest import Places
from tests.vault.parts import Crash, files_of, opened

TEXT = "The lantern hangs in the boat house"


def folders(home: Places) -> list[str]:
    """Names under `vaults`."""
    return sorted(path.name for path in (home.home / "vaults").iterdir())


def crash_before_the_keyring_knows(patch: pytest.MonkeyPatch) -> None:
    def save(self: Keyring, contents: Any) -> None:
        raise Crash

    patch.setattr(Keyring, "save", save)


def crash_before_the_file_is_complete(patch: pytest.MonkeyPatch) -> None:
    def create_half(path: Path, key: bytes) -> None:
        create_file(path, key)
        path.write_bytes(path.read_bytes()[:5000])
        raise Crash

    patch.setattr("memguard.vault.home.create_file", create_half)


def crash_before_the_folder_has_its_name(patch: pytest.MonkeyPatch) -> None:
    def finish(self: Home, vault_id: str) -> None:
        raise Crash

    patch.setattr(Home, "_finish_creation", finish)


@pytest.mark.parametrize("crash", [crash_before_the_file_is_complete, crash_before_the_keyring_knows])
def test_a_vault_whose_making_was_stopped_is_absent_and_its_pieces_go_with_the_next(
    three: Places, monkeypatch: pytest.MonkeyPatch, crash: Any
) -> None:
    with monkeypatch.context() as patch, three.open() as memory:
        crash(patch)
        with pytest.raises(Crash):
            memory.add(TEXT, user_id="zoe")
    assert [name for name in folders(three) if name.endswith(".new")]
    with three.open() as memory:
        assert memory.users() == ["ana", "ben", "cleo"]
        with pytest.raises(UnknownOwner):
            memory.get_all(user_id="zoe")
        memory.add(TEXT, user_id="dan")
        assert memory.home.strays() == []
        memory.add(TEXT, user_id="zoe")
        assert len(memory.get_all(user_id="zoe")) == 1


def test_a_vault_that_the_keyring_knows_is_finished_by_whoever_opens_it(
    three: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, three.open() as memory:
        crash_before_the_folder_has_its_name(patch)
        with pytest.raises(Crash):
            memory.add(TEXT, user_id="zoe")
    assert [name for name in folders(three) if name.endswith(".new")]
    with three.open() as memory:
        assert memory.get_all(user_id="zoe") == []
        memory.add(TEXT, user_id="zoe")
        assert len(memory.get_all(user_id="zoe")) == 1
    assert not [name for name in folders(three) if name.endswith(".new")]


def test_another_owners_first_memory_does_not_take_a_vault_that_waits_for_its_name(
    three: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, three.open() as memory:
        crash_before_the_folder_has_its_name(patch)
        with pytest.raises(Crash):
            memory.add(TEXT, user_id="zoe")
    with three.open() as memory:
        memory.add(TEXT, user_id="dan")
        memory.delete_all(user_id="ben")
        assert memory.get_all(user_id="zoe") == []


def test_two_objects_that_meet_a_new_owner_make_one_vault(memory: Memory, second: Memory) -> None:
    memory.add(TEXT, user_id="ana")
    second.add("A kettle whistles at seven", user_id="ana")
    assert [record.text for record in memory.get_all(user_id="ana")] == [TEXT, "A kettle whistles at seven"]
    assert second.users() == ["ana"]


def test_a_destroyed_vault_is_gone_for_everybody_at_their_next_call(
    three: Places, memory: Memory, second: Memory
) -> None:
    vault = second.home.vault("ana")
    assert len(second.search("lantern", user_id="ana")) == 1
    assert memory.delete_all(user_id="ana").memories == 1
    with pytest.raises(UnknownOwner):
        second.search("lantern", user_id="ana")
    for transaction in (vault.reading, vault.writing):  # who had the vault itself in hand
        with pytest.raises(VaultDestroyed), transaction():
            pass
    assert second.users() == ["ben", "cleo"]
    assert len(second.get_all(user_id="ben")) == 1


def test_a_connection_that_was_open_reads_and_writes_nothing_of_a_destroyed_vault(
    three: Places, memory: Memory, second: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file may still be there for a moment, on a slow disk or after a crash: its state says that it is over."""
    vault = second.home.vault("ana")
    monkeypatch.setattr(Home, "_remove_folders", lambda self, names: None)
    memory.delete_all(user_id="ana")
    assert vault.path.exists()
    for transaction in (vault.reading, vault.writing):
        with pytest.raises(VaultDestroyed, match="destroyed"), transaction():
            pass


def test_files_of_a_destroyed_vault_that_a_crash_left_go_with_the_next_change(
    three: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(self: Home, contents: Any) -> None:
        raise Crash

    with monkeypatch.context() as patch, three.open() as memory:
        patch.setattr(Home, "_remove_leaving", crash)
        with pytest.raises(Crash):
            memory.delete_all(user_id="ana")
    assert len(folders(three)) == 3
    with three.open() as memory:
        assert memory.users() == ["ben", "cleo"]
        memory.add(TEXT, user_id="zoe")
    assert len(folders(three)) == 3


def test_a_destruction_stopped_before_the_keyring_changed_destroys_nothing(
    three: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(self: Keyring, contents: Any, to: str | None = None) -> None:
        raise Crash

    with monkeypatch.context() as patch, three.open() as memory:
        patch.setattr(Keyring, "rotate", crash)
        with pytest.raises(Crash):
            memory.delete_all(user_id="ana")
    with three.open() as memory:
        assert len(memory.get_all(user_id="ana")) == 1


def test_an_old_copy_of_a_destroyed_vault_does_not_open(three: Places, memory: Memory, tmp_path: Path) -> None:
    vault = memory.home.vault("ana")
    memory.close()
    shutil.copytree(vault.path.parent, tmp_path / "copy")
    memory.delete_all(user_id="ana")
    shutil.copytree(tmp_path / "copy", vault.path.parent)
    with three.open() as again:
        with pytest.raises(UnknownOwner):
            again.get_all(user_id="ana")
        again.add(TEXT, user_id="ana")  # a new vault with a new key
        assert [record.text for record in again.get_all(user_id="ana")] == [TEXT]
        assert again.home.strays() == [vault.id]


def test_a_name_can_be_used_again_after_its_vault_was_destroyed(three: Places, memory: Memory) -> None:
    before = memory.home.contents().vaults["ana"]
    memory.delete_all(user_id="ana")
    memory.add(TEXT, user_id="ana")
    after = memory.home.contents().vaults["ana"]
    assert (before.vault_id == after.vault_id, before.key == after.key) == (False, False)
    assert [record.text for record in memory.get_all(user_id="ana")] == [TEXT]


@pytest.mark.parametrize("lost", ["vault.db", "."])
def test_a_file_deleted_behind_our_back_gives_one_clear_error(three: Places, memory: Memory, lost: str) -> None:
    vault = memory.home.vault("ana")
    assert memory.get_all(user_id="ana")
    memory.close()
    shutil.rmtree(vault.path.parent) if lost == "." else vault.path.unlink()
    for again in (memory, three.open()):
        with pytest.raises(VaultDestroyed, match="not there"):
            again.get_all(user_id="ana")
        with pytest.raises(VaultDestroyed, match="not there"):
            again.add(TEXT, user_id="ana")
        assert len(again.get_all(user_id="ben")) == 1
        again.close()


def lose(path: Path) -> None:
    path.unlink()


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize("harm", [lose, damage])
def test_an_owner_whose_file_is_lost_or_damaged_can_still_be_forgotten(three: Places, harm: Any) -> None:
    """Forgetting an owner is destroying a key: it must not need the file."""
    with three.open() as memory:
        path = memory.home.vault("ana").path
        memory.close()
        old_keyring = files_of(three.keys)
        harm(path)
        memory.delete_all(user_id="ana")
        assert memory.users() == ["ben", "cleo"]
    assert not path.parent.exists()
    assert files_of(three.keys).keys() != old_keyring.keys()  # the master was rotated


def test_errors_name_no_owner(three: Places) -> None:
    for call in ("vault", "destroy"):
        with pytest.raises(MemguardError) as raised:
            getattr(opened(three), call)(MARKER)
        assert isinstance(raised.value, (NotFound, VaultError))
        assert MARKER not in str(raised.value)
