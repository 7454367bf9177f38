"""What has expired is hidden at once and erased by a sweep: nothing early, nothing that is to be kept, no shadow."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memguard import Memory, UnknownMemory, UnknownOwner
from memguard.errors import VaultBusy, VaultUnreadable
from memguard.flows import sweep as sweeping
from memguard.flows.sweep import SWEEP_SECONDS, SWEPT_MAX, Sweeps
from tests.checks import column, dump, one
from tests.commands import Command
from tests.conftest import Places
from tests.forgetting.conftest import cleaned
from tests.standins import TokenEmbedder
from tests.test_no_shadow import ACTORS, TEXTS, alike, item

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
LATER = datetime.now(UTC) + timedelta(days=1)


def expired(memory: Memory, count: int, owner: str = "ana", **fields: Any) -> list[str]:
    """Ids of memories that have expired and are in the file still: this process has swept the vault just before."""
    memory.add("begin", user_id=owner)
    items = [{"text": f"old {n}", "expires_at": LONG_AGO, **fields} for n in range(count)]
    return [stored.id for stored in memory.add_many(items, user_id=owner)]


def held(memory: Memory, owner: str = "ana") -> list[str]:
    """The texts in the file, expired or not."""
    return column(memory, owner, "SELECT text FROM memories ORDER BY number")


@pytest.fixture
def clock(memory: Memory) -> Callable[[float], None]:
    """Lets time pass for what the memory counts sweeps by."""
    moment = [0.0]
    memory._sweeps = Sweeps(lambda: moment[0])

    def passes(seconds: float) -> None:
        moment[0] += seconds

    return passes


def test_one_sweep_in_ten_minutes_of_each_vault() -> None:
    moment = [0.0]
    sweeps = Sweeps(lambda: moment[0])
    assert [sweeps.due("a"), sweeps.due("a"), sweeps.due("b")] == [True, False, True]
    moment[0] = SWEEP_SECONDS - 1
    assert not sweeps.due("a")
    moment[0] = SWEEP_SECONDS
    assert [sweeps.due("a"), sweeps.due("a")] == [True, False]
    sweeps.again("a")
    assert [sweeps.due("a"), sweeps.due("a")] == [True, False]


def test_of_many_threads_one_sweeps() -> None:
    sweeps = Sweeps()
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: sweeps.due("a"), range(200))) == 1


@pytest.mark.parametrize("use", ["add", "update", "search"])
def test_a_use_erases_what_has_expired_once_it_is_time(
    memory: Memory, clock: Callable[[float], None], use: str
) -> None:
    stays = one(memory.add("begin", user_id="ana")).id
    expired(memory, 3)
    uses: dict[str, Callable[[], object]] = {
        "add": lambda: memory.add("more", user_id="ana"),
        "update": lambda: memory.update(stays, "changed", user_id="ana"),
        "search": lambda: memory.search("old", user_id="ana"),
    }
    uses[use]()
    assert sum(text.startswith("old") for text in held(memory)) == 3, "it is not yet time"
    clock(SWEEP_SECONDS)
    uses[use]()
    assert not any(text.startswith("old") for text in held(memory))
    assert cleaned(memory) == []


def test_a_process_that_begins_sweeps_at_its_first_use(home: Places, memory: Memory) -> None:
    expired(memory, 2)
    with home.open() as another:
        assert another.search("old", user_id="ana") == another.search("old", user_id="ana")
        assert held(another) == ["begin"]


def test_a_use_takes_one_batch_and_the_next_one_goes_on(memory: Memory, clock: Callable[[float], None]) -> None:
    expired(memory, 2 * SWEPT_MAX + 1)
    clock(SWEEP_SECONDS)
    left = []
    for _ in range(4):
        memory.search("old", user_id="ana")
        left.append(len(held(memory)) - 1)
    assert left == [SWEPT_MAX + 1, 1, 0, 0]


def test_all_at_once_where_a_person_asks(memory: Memory) -> None:
    expired(memory, 2 * SWEPT_MAX)
    assert (memory.sweep(user_id="ana"), memory.sweep(user_id="ana")) == (2 * SWEPT_MAX, 0)
    assert held(memory) == ["begin"]


def test_the_longest_expired_go_first(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.add("begin", user_id="ana")
    for year in (2003, 2001, 2002):
        memory.add(f"of {year}", user_id="ana", expires_at=datetime(year, 1, 1, tzinfo=UTC))
    monkeypatch.setattr(sweeping, "SWEPT_MAX", 2)
    assert sweeping.sweep(memory.home.vault("ana"), lambda: None) == 2
    assert held(memory) == ["begin", "of 2003"]


def test_nothing_goes_early(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = one(memory.add("lantern", user_id="ana", expires_at=LATER))
    assert memory.sweep() == 0
    micros = int(LATER.timestamp()) * 1_000_000 + LATER.microsecond
    for module in ("memguard.flows.sweep", "memguard.memory"):
        monkeypatch.setattr(f"{module}.now", lambda: micros - 1)
    assert memory.sweep() == 0
    assert memory.get(stored.id, user_id="ana").text == "lantern"
    for module in ("memguard.flows.sweep", "memguard.memory"):
        monkeypatch.setattr(f"{module}.now", lambda: micros)
    with pytest.raises(UnknownMemory):
        memory.get(stored.id, user_id="ana")
    assert memory.sweep() == 1


def test_what_has_expired_is_unknown_before_any_sweep(memory: Memory, tmp_path: Path) -> None:
    (gone,) = expired(memory, 1)
    assert len(held(memory)) == 2
    for verb in (memory.get, memory.history):
        with pytest.raises(UnknownMemory, match=gone):
            verb(gone, user_id="ana")
    with pytest.raises(UnknownMemory, match=gone):
        memory.update(gone, "no more", user_id="ana")
    assert [record.text for record in memory.get_all(user_id="ana")] == ["begin"]
    assert memory.export(user_id="ana", path=tmp_path / "export.json", readable=True) == 1
    assert memory.delete(gone, user_id="ana").memories == 1, "whoever knows its id may erase it before a sweep does"


def test_a_legal_hold_keeps_what_has_expired_until_it_is_lifted(memory: Memory) -> None:
    expired(memory, 1)
    expired(memory, 2, run_id="case")
    hold = memory.hold(user_id="ana", reason="a lawsuit", run_id="case")
    assert memory.sweep() == 1
    assert held(memory) == ["begin", "begin", "old 0", "old 1"]
    whole = memory.hold(user_id="ana", reason="all of it")
    memory.lift(hold, user_id="ana")
    assert memory.sweep() == 0
    memory.lift(whole, user_id="ana")
    assert memory.sweep() == 2


def test_what_only_it_had_replaced_is_current_again(memory: Memory) -> None:
    old = one(memory.add("Parcels go to Elm Road", user_id="ana"))
    memory.add("Deliveries: the harbour", user_id="ana", supersedes=[old.id], expires_at=LONG_AGO)
    memory.sweep()
    assert memory.get(old.id, user_id="ana").current


def test_what_an_older_backup_brings_back_has_expired_still(memory: Memory, tmp_path: Path) -> None:
    expired(memory, 1)
    memory.backup(tmp_path / "backup")
    memory.sweep()
    memory.restore_backup(tmp_path / "backup")
    assert [record.text for record in memory.get_all(user_id="ana")] == ["begin"]
    assert (memory.sweep(), held(memory)) == (1, ["begin"])


def test_a_sweep_that_fails_fails_no_write_and_no_search(
    memory: Memory, clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    expired(memory, 1)

    def busy(*_: Any) -> int:
        raise VaultBusy("another process kept the write lock too long")

    monkeypatch.setattr("memguard.parts.sweep", busy)
    clock(SWEEP_SECONDS)
    assert [hit.text for hit in memory.search("begin old", user_id="ana")] == ["begin"]
    clock(SWEEP_SECONDS)
    memory.add("more", user_id="ana")
    assert len(held(memory)) == 3


def test_of_all_owners_or_of_one(memory: Memory) -> None:
    for owner in ("ana", "ben", "cleo"):
        expired(memory, 1, owner)
    assert memory.sweep(user_id="ben") == 1
    assert memory.sweep() == 2
    with pytest.raises(UnknownOwner):
        memory.sweep(user_id="nobody")


def test_only_vaults_that_were_used(home: Places, memory: Memory) -> None:
    for owner in ("ana", "ben"):
        expired(memory, 1, owner)
    with home.open() as another:
        another.get_all(user_id="ben")
        assert another.sweep(only_open=True) == 1
    assert (len(held(memory, "ana")), len(held(memory, "ben"))) == (2, 1)


def test_a_damaged_vault_keeps_nothing_of_the_others(memory: Memory) -> None:
    for owner in ("ana", "ben"):
        expired(memory, 1, owner)
    memory.close()
    memory.home.vault("ana").path.write_bytes(b"no vault" * 1024)
    with pytest.raises(VaultUnreadable):
        memory.sweep()
    assert held(memory, "ben") == ["begin"]


def test_two_processes_sweep_one_vault(home: Places, memory: Memory) -> None:
    """Each memory is erased by one of them, and whoever has the vault open goes on as if it had never been there."""
    expired(memory, 3 * SWEPT_MAX)
    memory.search("old", user_id="ana")
    command = Command(home)
    with ThreadPoolExecutor(2) as pool:
        erased = [done["erased"] for done in pool.map(lambda _: command.json("sweep"), range(2))]
    assert sum(erased) == 3 * SWEPT_MAX
    assert held(memory) == ["begin"]
    assert [hit.text for hit in memory.search("old begin", user_id="ana")] == ["begin"]


def test_the_command_sweeps_all_owners_or_the_one_that_is_named(home: Places, memory: Memory) -> None:
    for owner in ("ana", "ben", "cleo"):
        expired(memory, 1, owner)
    command = Command(home)  # its setting names ana
    assert command.run("sweep", "--user", "ben").out == "erased 1 expired memory\n"
    assert command.json("sweep") == {"erased": 2}
    assert dump(memory)["cleo"][1]["memories"] == 1


STEP = st.tuples(st.booleans(), TEXTS, st.fixed_dictionaries({"actor": ACTORS, "run_id": st.just("r")}), st.booleans())
"""Whether it has no end, what it says, and whether a sweep comes right after it."""


@settings(max_examples=40)
@given(st.lists(STEP, min_size=1, max_size=9))
def test_a_swept_vault_answers_as_one_that_never_held_it(steps: list[tuple[bool, str, dict[str, Any], bool]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Places(folder / "h", folder / "k", folder).open(TokenEmbedder()) as memory:
            for owner in ("ana", "ben"):
                memory.add(**item(0, "begin"), user_id=owner)
            for n, (lasts, text, fields, now) in enumerate(steps, start=1):
                memory.add(**item(n, text, **fields), user_id="ana", expires_at=LATER if lasts else LONG_AGO)
                if lasts:
                    memory.add(**item(n, text, **fields), user_id="ben", expires_at=LATER)
                memory.search(text, user_id="ana", for_run="r")  # copies in memory know it, and so does the run
                if now:
                    memory.sweep(user_id="ana")
            memory.sweep(user_id="ana")
            alike(memory, TokenEmbedder())
