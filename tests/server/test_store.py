"""The one memory of a server: what expires while nobody asks is erased all the same, by a thread that ends with it."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from memguard import Memory
from memguard_server.store import Store
from tests.checks import column
from tests.conftest import Places

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
SECONDS_MAX = 60


@pytest.fixture
def swept(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Is released after each sweep."""
    done = threading.Semaphore(0)
    real = Memory.sweep

    def sweep(self: Memory, **given: Any) -> int:
        count = real(self, **given)
        done.release()
        return count

    monkeypatch.setattr(Memory, "sweep", sweep)
    return done


def store_at(home: Places, monkeypatch: pytest.MonkeyPatch, sweep_seconds: float) -> Store:
    monkeypatch.setenv("MEMGUARD_KEYS", str(home.keys))
    return Store(home.home, sweep_seconds=sweep_seconds)


def sweepers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "sweep"]


def test_an_idle_server_erases_what_has_expired_in_vaults_that_it_has_open(
    home: Places, memory: Memory, swept: threading.Semaphore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for owner in ("ana", "ben"):
        memory.add("begin", user_id=owner)
        memory.add("old", user_id=owner, expires_at=LONG_AGO)
    store = store_at(home, monkeypatch, sweep_seconds=0.01)
    try:
        assert store.memory().get_all(user_id="ana")[0].text == "begin"
        for _ in range(2):  # one of them began after the vault was opened
            assert swept.acquire(timeout=SECONDS_MAX)
        held = {owner: column(memory, owner, "SELECT text FROM memories") for owner in ("ana", "ben")}
        assert held == {"ana": ["begin"], "ben": ["begin", "old"]}
    finally:
        store.close()


def test_the_thread_begins_with_the_memory_and_ends_with_it(home: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_at(home, monkeypatch, sweep_seconds=SECONDS_MAX)
    assert sweepers() == []
    assert store.memory() is store.memory()
    (sweeper,) = sweepers()
    assert sweeper.daemon
    store.close()
    sweeper.join(SECONDS_MAX)
    assert sweepers() == []


def test_a_sweep_that_fails_is_logged_without_a_word_of_content_and_tried_again(
    home: Places, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried = threading.Semaphore(0)

    def sweep(self: Memory, **_: Any) -> int:
        tried.release()
        raise KeyError("xylophone-canary")

    monkeypatch.setattr(Memory, "sweep", sweep)
    store = store_at(home, monkeypatch, sweep_seconds=0.01)
    with caplog.at_level(logging.WARNING):
        store.memory()
        for _ in range(3):
            assert tried.acquire(timeout=SECONDS_MAX)
        store.close()
    assert "a sweep failed: KeyError at " in caplog.text
    assert "canary" not in caplog.text
