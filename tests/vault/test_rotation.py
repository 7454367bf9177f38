"""Rotating the master: what it ends, that a crash at any step leaves one readable keyring, and who learns of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from memguard.errors import KeyringOutdated
from memguard.vault.files import write_whole
from memguard.vault.keyring import Keyring
from memguard.vault.masters import FileMaster, OsMaster
from tests.conftest import Places
from tests.vault.parts import Crash, keyring_folder, keyring_of, masters_in, opened, replace_tree

CHANGE = """
import sys
from memguard.settings import Settings
from memguard.vault.home import Home
held = Home(Settings.load(home=sys.argv[1], keys=sys.argv[2])).keyring
with held.changing() as contents:
    held.rotate(contents)
"""


def rotate(held: Keyring, to: str | None = None) -> None:
    with held.changing() as contents:
        held.rotate(contents, to)


def texts(home: Places) -> list[str]:
    """What every owner has, read by a process that starts now."""
    with home.open() as memory:
        return [record.text for owner in memory.users() for record in memory.get_all(user_id=owner)]


def test_rotation_keeps_every_vault_readable_and_ends_the_old_master(three: Places) -> None:
    before = texts(three)
    rotate(keyring_of(three))
    assert masters_in(keyring_folder(three)) == {"master-2"}
    assert texts(three) == before
    assert len(before) == 3


def test_an_old_keyring_opens_nothing_after_a_rotation_even_with_the_old_marker(three: Places, tmp_path: Path) -> None:
    shutil.copytree(three.home, tmp_path / "home copy")
    old = (keyring_folder(three) / "keyring").read_bytes()
    rotate(keyring_of(three))
    (keyring_folder(three) / "keyring").write_bytes(old)
    with pytest.raises(KeyringOutdated):
        keyring_of(three)
    replace_tree(three.home, tmp_path / "home copy")
    with pytest.raises(KeyringOutdated):
        keyring_of(three)


def test_a_removed_master_is_overwritten_before_it_is_unlinked(three: Places, tmp_path: Path) -> None:
    link = tmp_path / "another name of the same bytes"
    link.hardlink_to(keyring_folder(three) / "master-1")
    rotate(keyring_of(three))
    assert link.read_bytes() == bytes(32)


def crash_when_the_next_master_is_written(patch: pytest.MonkeyPatch) -> None:
    real = FileMaster.write

    def write(self: FileMaster, generation: int, key: bytes) -> None:
        real(self, generation, key)
        raise Crash

    patch.setattr(FileMaster, "write", write)


def crash_when_the_keyring_is_renamed(patch: pytest.MonkeyPatch) -> None:
    def write_and_crash(path: Path, data: bytes) -> None:
        write_whole(path, data)
        if path.name == "keyring":
            raise Crash

    patch.setattr("memguard.vault.keyring.write_whole", write_and_crash)


def crash_before_the_old_master_is_removed(patch: pytest.MonkeyPatch) -> None:
    def remove(self: FileMaster, generation: int) -> None:
        if generation == 1:  # removing 2, which is not there yet, is part of every change
            raise Crash

    patch.setattr(FileMaster, "remove", remove)


@pytest.mark.parametrize(
    ("crash", "generation"),
    [
        (crash_when_the_next_master_is_written, 1),
        (crash_when_the_keyring_is_renamed, 2),
        (crash_before_the_old_master_is_removed, 2),
    ],
)
def test_a_rotation_stopped_at_any_step_leaves_one_readable_keyring_and_its_leftovers_go_with_the_next_change(
    three: Places, monkeypatch: pytest.MonkeyPatch, crash: Any, generation: int
) -> None:
    before = texts(three)
    with monkeypatch.context() as patch:
        crash(patch)
        with pytest.raises(Crash):
            rotate(keyring_of(three))
    assert masters_in(keyring_folder(three)) == {"master-1", "master-2"}  # the crash came where it was meant to
    assert keyring_of(three).contents().generation == generation
    assert texts(three) == before
    with three.open() as memory:
        memory.add("A kettle whistles at seven", user_id="zoe")
    assert masters_in(keyring_folder(three)) == {f"master-{generation}"}
    assert texts(three) == [*before, "A kettle whistles at seven"]


@pytest.mark.parametrize("crash", [crash_when_the_next_master_is_written, crash_when_the_keyring_is_renamed])
def test_a_stopped_rotation_can_be_made_again(three: Places, monkeypatch: pytest.MonkeyPatch, crash: Any) -> None:
    before = texts(three)
    with monkeypatch.context() as patch:
        crash(patch)
        with pytest.raises(Crash):
            rotate(keyring_of(three))
    rotate(keyring_of(three))
    generation = keyring_of(three).contents().generation
    assert masters_in(keyring_folder(three)) == {f"master-{generation}"}
    assert texts(three) == before


def test_a_write_that_was_stopped_leaves_no_piece_of_a_key_behind(
    three: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(self: Path, target: Path) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        with pytest.raises(Crash):
            rotate(keyring_of(three))
    assert {path.name for path in keyring_folder(three).iterdir()} == {"keyring", "master-1", "lock"}


def test_a_move_to_the_system_that_was_stopped_can_be_made_again(
    three: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: dict[int, bytes] = {}
    crashes = [Crash]

    def write(self: OsMaster, generation: int, key: bytes) -> None:
        kept[generation] = key
        if crashes:
            raise crashes.pop()

    monkeypatch.setattr(OsMaster, "write", write)
    monkeypatch.setattr(OsMaster, "read", lambda self, generation: kept.get(generation))
    monkeypatch.setattr(OsMaster, "remove", lambda self, generation: kept.pop(generation, None))
    before = texts(three)
    with pytest.raises(Crash):
        rotate(keyring_of(three), "os")
    assert texts(three) == before
    rotate(keyring_of(three), "os")
    assert texts(three) == before
    assert (set(kept), masters_in(keyring_folder(three))) == ({2}, set())


def test_who_had_the_keyring_open_sees_the_rotation_of_another_process(three: Places) -> None:
    with three.open() as memory:
        before = memory.get_all(user_id="ana")
        held = memory.home.keyring
        assert held.contents().generation == 1
        subprocess.run([sys.executable, "-c", CHANGE, three.home, three.keys], check=True)
        assert held.contents().generation == 2
        assert memory.get_all(user_id="ana") == before
        memory.add("A kettle whistles at seven", user_id="zoe")  # sealed under the new master
    assert keyring_of(three).contents().generation == 2
    assert len(texts(three)) == 4


@pytest.mark.parametrize("rotations", [1, 3])
def test_a_rotation_between_reading_the_keyring_and_its_master_is_no_error(
    three: Places, monkeypatch: pytest.MonkeyPatch, rotations: int
) -> None:
    """Readers take no lock: one may hold a keyring whose master was destroyed a moment ago."""
    real = FileMaster.read
    due = [rotations]

    def read(self: FileMaster, generation: int) -> bytes | None:
        for _ in range(due.pop() if due else 0):
            rotate(keyring_of(three))
        return real(self, generation)

    held = opened(three)
    monkeypatch.setattr(FileMaster, "read", read)
    assert held.owners() == ["ana", "ben", "cleo"]
    assert held.contents().generation == 1 + rotations
