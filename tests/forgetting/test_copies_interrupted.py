"""Copies whose writing failed or was killed: none lies about that nobody knows of."""

from __future__ import annotations

from pathlib import Path

import pytest

from memguard import HomeError, Memory
from tests.checks import column
from tests.conftest import Places
from tests.forgetting.copied import names, run_killed, states
from tests.vault.parts import Crash


def test_a_copy_that_could_not_be_written_leaves_the_register_as_it_was(seeded: Memory, export: Path) -> None:
    before = column(seeded, "ana", "SELECT made_at FROM copies")
    too_long = export.with_name("x" * 255)  # found out only when it is written
    for path in (export.parent / "nowhere" / "e", export.parent, too_long):
        with pytest.raises(HomeError):
            seeded.export(user_id="ana", path=path, readable=True)
        with pytest.raises(HomeError):
            seeded.backup(path)
    assert column(seeded, "ana", "SELECT made_at FROM copies") == before
    assert states(seeded) == [("export", "there")]


def test_a_backup_that_failed_over_an_older_one_leaves_the_older_known(
    seeded: Memory, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr("memguard.vault.archive.write", crash)
        with pytest.raises(Crash):
            seeded.backup(backup)
    assert states(seeded) == [("backup", "there")]
    with monkeypatch.context() as patch:  # the new file lies there already
        patch.setattr("memguard.vault.backup.sync_folder", crash)
        with pytest.raises(Crash):
            seeded.backup(backup)
    assert states(seeded) == [("backup", "there")]


WRITES = {
    "backup": "memory.backup(f'{folder}/{name}')",
    "export": "memory.export(user_id='ana', path=f'{folder}/{name}', readable=True)",
}
POINTS = {
    "before the file": "Path.replace = killed",
    "after the file": "Path.replace = then_killed(Path.replace)",
    "in the file": "os.fsync = killed",
}


def test_a_failed_copy_in_the_place_of_a_moved_one_leaves_one_row(
    seeded: Memory, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup.rename(backup.with_name("monday.tar"))
    with monkeypatch.context() as patch:
        patch.setattr("memguard.vault.backup._write", None)
        with pytest.raises(TypeError):
            seeded.backup(backup)
    assert states(seeded) == [("backup", "gone")]


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("kind", WRITES)
def test_a_killed_writer_leaves_no_file_that_nobody_knows_of(
    seeded: Memory, home: Places, folder: Path, kind: str, point: str, is_first: bool
) -> None:
    path = folder / "a [name]"
    if not is_first:
        seeded.backup(path)
    run_killed(f"name = 'a [name]'\n{POINTS[point]}\n{WRITES[kind]}", home, folder)
    left = names(folder)
    assert left != ([] if is_first else ["a [name]"]) or point == "after the file"
    is_new = point == "after the file"
    expected = [(kind, "there")] if is_new else [(kind, "gone")] if is_first else [("backup", "there")]
    assert states(seeded) == expected
    assert names(folder) == (["a [name]"] if is_new or not is_first else [])
    seeded.export(user_id="ana", path=path, readable=True)
    assert ("export", "there") in states(seeded)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("kind", WRITES)
def test_whoever_writes_again_clears_up_after_a_killed_writer(
    seeded: Memory, home: Places, folder: Path, kind: str, point: str
) -> None:
    run_killed(f"name = 'c'\n{POINTS[point]}\n{WRITES[kind]}", home, folder)
    seeded.export(user_id="ana", path=folder / "c", readable=True)
    assert names(folder) == ["c"]
    found = states(seeded)
    assert found.count(("export", "there")) == 1
    assert len(found) == (1 if point == "after the file" else 2)  # a file that never came is listed as gone
