"""The file stands still while it is looked at, and whoever writes meanwhile is not held up."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from memguard import Memory, VaultDestroyed
from memguard.errors import VaultBusy
from memguard.forgetting.closed_world import look
from memguard.forgetting.findings import Residue
from memguard.forgetting.log import log, log_bytes
from memguard.forgetting.pages import FRAME_HEADER, LOG_HEADER, PAGE, frames, log_of
from memguard.forgetting.quiet import quiet
from tests.conftest import Places
from tests.elsewhere import Elsewhere
from tests.forgetting.conftest import cleaned, found


@pytest.fixture(scope="module")
def process() -> Iterator[Elsewhere]:
    with Elsewhere.started() as started:
        yield started


@pytest.fixture
def elsewhere(process: Elsewhere, filled: Memory, home: Places) -> Elsewhere:
    """Another process that has the home open."""
    process.call("open", folder=str(home.home.parent))
    return process


def write(elsewhere: Elsewhere, count: int = 20) -> None:
    for n in range(count):
        elsewhere.call("add", text=f"Written meanwhile, number {n}", user_id="ana")


def test_the_file_stands_still_while_another_process_writes(filled: Memory, elsewhere: Elsewhere) -> None:
    vault = filled.home.vault("ana")
    with quiet(vault) as session:
        before, count = vault.path.read_bytes(), session.one("SELECT count(*) FROM memories")
        write(elsewhere, 300)  # SQLite would checkpoint by itself after a thousand pages
        assert log_bytes(vault) > 1000 * PAGE
        assert vault.path.read_bytes() == before
        assert session.one("SELECT count(*) FROM memories") == count
    assert len(filled.get_all(user_id="ana", limit=1000)) == count + 300
    assert vault.truncate_log()
    assert vault.path.read_bytes() != before, "the file changes once nobody holds it: it was held before"


def test_a_look_amid_writers_finds_nothing_that_is_not_there(filled: Memory, elsewhere: Elsewhere) -> None:
    vault = filled.home.vault("ana")
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write, elsewhere, 150)
        looks = [look(vault)]
        while not writing.done():
            looks.append(look(vault))
        writing.result()
    kinds = {residue.kind for checks in looks for checked in checks for residue in checked.residues}
    assert kinds <= {"pending", "slack"}
    assert cleaned(filled) == []  # of what SQLite leaves where ids are added, too


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite waits as long as `busy_timeout` for a reader: not here."""

    def truncated_at_once(vault: Any) -> bool:
        with vault._session() as session:
            session.fail_when_busy()
            busy = session.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            session.wait_when_busy()
            return not busy

    monkeypatch.setattr("memguard.vault.store.Vault.truncate_log", truncated_at_once)


@pytest.mark.usefixtures("_impatient")
def test_an_ordinary_reader_does_not_hold_the_file(filled: Memory) -> None:
    """What `quiet` is for: a reader that began behind frames in the log lets a checkpoint write these."""
    vault = filled.home.vault("ana")
    filled.add("Written before", user_id="ana")
    before = vault.path.read_bytes()
    with vault.reading():
        assert not vault.truncate_log()
        assert vault.path.read_bytes() != before


@pytest.mark.usefixtures("_impatient")
def test_a_log_that_a_reader_needs_is_pending(filled: Memory) -> None:
    vault = filled.home.vault("ana")
    with vault.reading():
        filled.add("Written while somebody reads", user_id="ana")
        assert found(filled) == [Residue("pending", "vault.db-wal", log_bytes(vault))]
        with pytest.raises(VaultBusy), quiet(vault):
            pytest.fail("the log is in use")
    assert found(filled) == []


def test_a_writer_that_always_comes_in_between_is_pending(filled: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = iter([1] * 1000)
    monkeypatch.setattr("memguard.forgetting.quiet.log_bytes", lambda vault: next(sizes))
    assert [residue.kind for residue in found(filled)] == ["pending"]
    assert 900 < len(list(sizes)) < 999


def test_a_writer_that_came_in_once_is_waited_for(filled: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = iter((1, 1, 0))
    monkeypatch.setattr("memguard.forgetting.quiet.log_bytes", lambda vault: next(sizes))
    assert found(filled) == []
    assert not list(sizes)


def test_a_destroyed_vault_is_not_looked_at(filled: Memory) -> None:
    vault = filled.home.vault("ana")
    filled.delete_all(user_id="ana")
    with pytest.raises(VaultDestroyed):
        look(vault)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize(
    ("place", "what"),
    [(8, "of an earlier log"), (FRAME_HEADER + 700, "not authentic"), (3, "of another page")],
)
def test_a_frame_that_nobody_wrote_now_is_found(filled: Memory, elsewhere: Elsewhere, place: int, what: str) -> None:
    vault = filled.home.vault("ana")
    with quiet(vault):
        write(elsewhere, 2)
        assert log(vault).residues == ()
        path = log_of(vault.path)
        data = path.read_bytes()
        path.write_bytes(data + flipped(data[LOG_HEADER : LOG_HEADER + FRAME_HEADER + PAGE], place))
        assert log(vault).residues == (Residue("log", "vault.db-wal", 1),)
    assert found(filled) == [], "emptying the log takes it out"


def test_frames_say_their_pages_and_end_as_the_log_does(filled: Memory) -> None:
    vault = filled.home.vault("ana")
    with quiet(vault):
        filled.add("One more", user_id="ana")
        data = log_of(vault.path).read_bytes()
    whole = list(frames(data))
    assert len(whole) == (len(data) - LOG_HEADER) // (FRAME_HEADER + PAGE)
    assert all(frame.current and len(frame.raw) == PAGE for frame in whole)
    assert min(frame.page for frame in whole) >= 1
    assert len(list(frames(data[:-1]))[-1].raw) == PAGE - 1
    assert list(frames(data[:LOG_HEADER])) == list(frames(b"")) == []
    assert np.frombuffer(whole[0].raw, np.uint8).any()
