"""Deleting: the row and everything made from it go in one transaction, and nothing else does (P7, P8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from memguard import Memory, UnknownMemory, UnknownOwner
from tests.checks import TABLES, column, one, table_sizes
from tests.conftest import Places

OF_A_MEMORY = ("versions", "evidence", "events", "embeddings", "recalls")


def rows_of(memory: Memory, number: int) -> dict[str, int]:
    """How many rows of each table belong to one memory."""
    counts = {t: column(memory, "ana", f"SELECT count(*) FROM {t} WHERE memory = ?", number)[0] for t in OF_A_MEMORY}
    for table, ends in (("lineage", "child, parent"), ("supersessions", "earlier, later")):
        counts[table] = column(memory, "ana", f"SELECT count(*) FROM {table} WHERE ? IN ({ends})", number)[0]
    return counts


def number_of(memory: Memory, memory_id: str) -> int:
    return int(column(memory, "ana", "SELECT number FROM memories WHERE id = ?", memory_id)[0])


def terms(memory: Memory) -> set[str]:
    return set(column(memory, "ana", "SELECT term FROM word_counts"))


@pytest.fixture
def woven(memory: Memory) -> tuple[Memory, str]:
    """A memory with a trace in every table: a version, a parent, a child, a successor, a recall."""
    parent = one(memory.add("Quinces ripen late", user_id="ana", happened_at=datetime(2001, 1, 1, tzinfo=UTC)))
    wanted = one(
        memory.add("Xylophones stand here", user_id="ana", derived_from=[parent.id], actor="Zelda", run_id="r")
    )
    memory.update(wanted.id, "Xylophones stood there", user_id="ana")
    memory.search("xylophones", user_id="ana", for_run="r-2")
    memory.add("Their sticks are lost", user_id="ana", run_id="r-2", supersedes=[wanted.id])
    return memory, wanted.id


def test_a_deleted_memory_takes_all_that_was_made_from_it(woven: tuple[Memory, str]) -> None:
    memory, wanted = woven
    number = number_of(memory, wanted)
    assert all(rows_of(memory, number).values()), "the fixture leaves a trace everywhere, else this proves nothing"
    codes = set(column(memory, "ana", "SELECT code FROM placeholders"))
    assert {"xylophon", "stood", *codes} <= terms(memory)

    erased = memory.delete(wanted, user_id="ana")
    assert (erased.memories, erased.pending) == (1, False)
    assert not any(rows_of(memory, number).values())
    assert not {"xylophon", "stood", "stand", *codes} & terms(memory)
    assert column(memory, "ana", "SELECT code FROM placeholders") == []
    assert wanted not in {hit.id for hit in memory.search("xylophones stood", user_id="ana")}
    for verb in (memory.get, memory.history):
        with pytest.raises(UnknownMemory):
            verb(wanted, user_id="ana")


def test_a_deleted_memory_takes_nothing_else(woven: tuple[Memory, str]) -> None:
    memory, wanted = woven
    others = [r for r in memory.get_all(user_id="ana") if r.id != wanted]
    memory.delete(wanted, user_id="ana")
    assert memory.get_all(user_id="ana") == others
    with memory.home.vault("ana").reading() as session:
        assert session.one("PRAGMA foreign_key_check") is None
        assert session.one("PRAGMA quick_check") == "ok"


def test_the_log_is_empty_after_a_deletion(woven: tuple[Memory, str]) -> None:
    memory, wanted = woven
    memory.delete(wanted, user_id="ana")
    log = memory.home.vault("ana").path.with_name("vault.db-wal")
    assert not log.exists() or log.stat().st_size == 0


def test_an_open_reader_makes_the_result_pending(woven: tuple[Memory, str], monkeypatch: pytest.MonkeyPatch) -> None:
    memory, wanted = woven
    # SQLite waits as long as `busy_timeout` for the reader: not here.
    monkeypatch.setattr("memguard.vault.store.Vault.truncate_log", _truncate_at_once)
    vault = memory.home.vault("ana")
    with vault.reading():
        assert memory.delete(wanted, user_id="ana").pending is True
    assert vault.truncate_log() is True


def _truncate_at_once(vault: Any) -> bool:
    with vault._session() as session:
        session.execute("PRAGMA busy_timeout = 0")
        busy = session.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        session.execute("PRAGMA busy_timeout = 5000")
        return not busy


def test_what_replaced_a_memory_being_deleted_makes_the_earlier_one_current_again(memory: Memory) -> None:
    old = one(memory.add("The door code is 4711", user_id="ana"))
    new = one(memory.add("Use the side door from now on", user_id="ana", supersedes=[old.id]))
    assert not memory.get(old.id, user_id="ana").current
    memory.delete(new.id, user_id="ana")
    assert memory.get(old.id, user_id="ana").current


def test_a_number_that_is_used_again_brings_no_old_vector_back(memory: Memory) -> None:
    # SQLite hands the last row's number out again: the index in memory must not keep the old vector under it.
    first = one(memory.add("harbour crane", user_id="ana"))
    memory.search("harbour", user_id="ana")
    memory.delete(first.id, user_id="ana")
    second = one(memory.add("violin string", user_id="ana"))
    memory.add("an anchor chain", user_id="ana")
    found = {hit.id: hit for hit in memory.search("harbour crane", user_id="ana")}
    assert found[second.id].why["meaning"] <= max(hit.why["meaning"] for hit in found.values())
    assert memory.search("violin string", user_id="ana")[0].id == second.id


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        ({"run_id": "r-1"}, "b c d"),
        ({"environment": "site"}, "a c d"),
        ({"agent_id": "claude"}, "a b d"),
        ({"actor": "ANA"}, "a b c"),
        ({"run_id": ["r-1", "r-2"]}, "c d"),
        ({"run_id": "r-2", "environment": "site"}, "a c d"),
        ({"run_id": "r-1", "environment": "site"}, "a b c d"),
        ({"until": datetime(2020, 1, 1, tzinfo=UTC)}, "a b c"),
        ({"since": datetime(2020, 1, 1, tzinfo=UTC)}, "d"),
    ],
)
def test_delete_all_erases_exactly_its_scope(memory: Memory, scope: dict[str, Any], left: str) -> None:
    memory.add("a", user_id="ana", run_id="r-1")
    memory.add("b", user_id="ana", run_id="r-2", environment="site")
    memory.add("c", user_id="ana", agent_id="claude")
    memory.add("d", user_id="ana", actor="Ana", happened_at=datetime(2019, 1, 1, tzinfo=UTC))
    memory.add("bens", user_id="ben", run_id="r-1", environment="site", agent_id="claude", actor="Ana")

    erased = memory.delete_all(user_id="ana", **scope)
    assert " ".join(r.text for r in memory.get_all(user_id="ana")) == left
    assert erased.memories == 4 - len(left.split())
    assert [r.text for r in memory.get_all(user_id="ben")] == ["bens"]


def test_delete_all_of_an_owner_ends_the_vault_and_only_that_one(home: Places, memory: Memory) -> None:
    memory.add("one", user_id="ana")
    memory.add("two", user_id="ana", expires_at=datetime.now(UTC) - timedelta(1))  # not swept yet
    memory.add("bens", user_id="ben")
    file = memory.home.vault("ana").path
    assert memory.delete_all(user_id="ana").memories == 2

    assert memory.users() == ["ben"]
    assert not file.parent.exists()
    assert len(list((home.home / "vaults").iterdir())) == 1
    with pytest.raises(UnknownOwner):
        memory.search("one", user_id="ana")
    assert [r.text for r in memory.get_all(user_id="ben")] == ["bens"]


def test_an_owner_can_begin_anew_after_being_erased(memory: Memory) -> None:
    memory.add("before", user_id="ana", key="k")
    memory.search("before", user_id="ana")
    memory.delete_all(user_id="ana")
    assert one(memory.add("after", user_id="ana", key="k")).duplicate is False
    assert [hit.text for hit in memory.search("before", user_id="ana")] == ["after"]


def test_a_vault_emptied_memory_by_memory_holds_no_row_and_no_word(woven: tuple[Memory, str]) -> None:
    memory, _ = woven
    for record in memory.get_all(user_id="ana"):
        memory.delete(record.id, user_id="ana")
    assert {t: n for t, n in table_sizes(memory, "ana").items() if n and t in TABLES and t != "models"} == {}
    assert terms(memory) == set()
    assert memory.search("xylophones", user_id="ana") == []
