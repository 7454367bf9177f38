"""Every file under a home is named by its store, whole, and its owner's alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from memguard import Memory
from memguard.forgetting.files import files
from memguard.forgetting.findings import Kind
from memguard.vault.files import write_whole
from tests.vault.parts import Crash

Plant = Callable[[Path, Path], Path]
"""Puts something into a home, given it and one vault's folder; returns where."""


def found(memory: Memory) -> set[tuple[str, str]]:
    return {(residue.kind, residue.place) for residue in files(memory.home).residues}


def written(path: Path) -> Path:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch(0o600)
    path.write_bytes(b"left here")
    return path


def linked(path: Path) -> Path:
    path.symlink_to(path.parent)
    return path


def opened(path: Path) -> Path:
    path.chmod(0o640)
    return path


def copied(folder: Path) -> Path:
    return Path(shutil.copytree(folder, folder.with_name("00000000-0000-4000-8000-000000000000")))


PLANTS: dict[str, tuple[Plant, Kind]] = {
    "a file beside the marker": (lambda home, vault: written(home / "notes.txt"), "stray file"),
    "a file beside the vaults": (lambda home, vault: written(home / "vaults" / "vault.db"), "stray file"),
    "a file beside a vault": (lambda home, vault: written(vault / "vault.db-journal"), "stray file"),
    "a copy of a vault": (lambda home, vault: written(vault / "vault.db.bak"), "stray file"),
    "a file in a folder of its own": (lambda home, vault: written(home / "exports" / "a.json"), "stray file"),
    "a folder of an unknown vault": (lambda home, vault: copied(vault), "stray file"),
    "a link": (lambda home, vault: linked(home / "elsewhere"), "stray file"),
    "a part of the marker": (lambda home, vault: written(home / ".home.json.0123456789abcdef.part"), "part file"),
    "a part in a vault": (lambda home, vault: written(vault / ".vault.db.0123456789abcdef.part"), "part file"),
    "a vault that others read": (lambda home, vault: opened(vault / "vault.db"), "open file"),
    "a folder that others enter": (lambda home, vault: opened(vault), "open file"),
}


@pytest.mark.parametrize("what", PLANTS)
def test_what_the_store_does_not_name_is_found(seeded: Memory, what: str) -> None:
    assert found(seeded) == set()
    plant, kind = PLANTS[what]
    home = seeded.home.path
    path = plant(home, seeded.home.vault("ana").path.parent)
    assert (kind, path.relative_to(home).as_posix()) in found(seeded)


def test_a_write_that_was_killed_leaves_a_part(seeded: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object, **__: object) -> None:
        raise Crash

    monkeypatch.setattr(Path, "replace", killed)
    monkeypatch.setattr(Path, "unlink", killed)
    with pytest.raises(Crash):
        write_whole(seeded.home.path / "home.json", b"{}")
    monkeypatch.undo()
    assert [kind for kind, _ in found(seeded)] == ["part file"]


def test_nothing_is_found_while_a_vault_is_open_and_after_an_owner_is_gone(seeded: Memory) -> None:
    seeded.add("one more", user_id="ana")
    assert files(seeded.home).looked_at > 6
    seeded.delete_all(user_id="ben")
    assert found(seeded) == set()
