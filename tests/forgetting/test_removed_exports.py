"""Removing an export: overwritten and gone, or not touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from memguard import Memory
from memguard.errors import HomeError
from memguard.forgetting.copies import Attempt, Copy, remove_export
from tests.conftest import Places
from tests.forgetting.copied import (
    copies,
    names,
    run_killed,
    states,
)
from tests.forgetting.harms import marked_read_only, other_file, unlinked


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
