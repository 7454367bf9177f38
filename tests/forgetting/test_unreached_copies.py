"""Backups and exports that cannot be reached: each says why, and stays as it was."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memguard import Memory
from memguard.forgetting.copies import Attempt, erase_in_backup
from tests.checks import column
from tests.conftest import Places
from tests.forgetting.copied import (
    LANTERN,
    copies,
    erase_from,
    names,
    states,
)
from tests.forgetting.harms import cut, damaged, marked_read_only, other_file, taken_out, twice, unlinked
from tests.vault.test_mounts import needs_mounts, told

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
