"""One vault: transactions that hold or leave nothing, one writer at a time, and errors that are ours."""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlcipher3 import dbapi2

from memguard import Memory
from memguard.errors import MemguardError, StorageFull, VaultBusy, VaultError, VaultTooNew, VaultUnreadable
from memguard.vault import store
from memguard.vault.connection import Session
from memguard.vault.store import Vault
from tests.checks import MARKER, refused
from tests.vault.parts import new_vault, vault_on

COUNT_UP = "UPDATE vault SET change_seq = change_seq + 1"


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    made = new_vault(tmp_path / "v")
    yield made
    made.close()


@pytest.fixture
def elsewhere(vault: Vault) -> Iterator[Vault]:
    """The same vault, as another process has it open."""
    other = vault_on(vault.path)
    with other.reading():
        pass
    yield other
    other.close()


def changes(vault: Vault) -> int:
    with vault.reading() as session:
        return int(session.one("SELECT change_seq FROM vault"))


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("secure_delete", 1),
        ("temp_store", 2),
        ("foreign_keys", 1),
        ("journal_mode", "wal"),
        ("synchronous", 2),  # FULL
        ("trusted_schema", 0),
        ("recursive_triggers", 0),
    ],
)
def test_every_connection_has_its_pragmas_in_force(vault: Vault, pragma: str, value: object) -> None:
    with vault.reading() as session:
        assert session.one(f"PRAGMA {pragma}") == value
    with vault.writing() as session:
        assert session.one(f"PRAGMA {pragma}") == value


def test_the_word_index_deletes_securely(vault: Vault) -> None:
    with vault.reading() as session:
        assert session.one("SELECT v FROM words_config WHERE k = 'secure-delete'") == 1


def test_what_fails_inside_a_write_leaves_nothing(vault: Vault) -> None:
    def fail_late() -> None:
        with vault.writing() as session:
            session.execute(COUNT_UP)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_late()
    assert changes(vault) == 0
    with vault.writing() as session:
        session.execute(COUNT_UP)
    assert changes(vault) == 1


def test_a_statement_that_fails_inside_a_write_undoes_the_ones_before_it(vault: Vault) -> None:
    def fail_late() -> None:
        with vault.writing() as session:
            session.execute(COUNT_UP)
            session.execute("INSERT INTO versions (memory) VALUES (7)")

    with pytest.raises(VaultError):
        fail_late()
    assert changes(vault) == 0


def test_a_failure_inside_add_leaves_every_table_as_it_was(seeded: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise VaultError("the test says so")

    monkeypatch.setattr("memguard.vault.rows.insert_event", fail)  # the last of an add's inserts
    with refused(seeded, VaultError):
        seeded.add(f"The {MARKER} is here", user_id="ana")


def test_a_write_inside_a_write_is_refused_and_the_outer_one_goes_on(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "WRITE_WAIT_SECONDS_MAX", 0)
    with vault.writing() as session:
        session.execute(COUNT_UP)
        with pytest.raises(VaultBusy), vault.writing():
            pass
        session.execute(COUNT_UP)
    assert changes(vault) == 2


def test_a_reader_sees_one_moment_and_is_not_held_up_by_a_writer(vault: Vault, elsewhere: Vault) -> None:
    with elsewhere.reading() as reader:
        assert reader.one("SELECT change_seq FROM vault") == 0
        with vault.writing() as writer:
            writer.execute(COUNT_UP)
            assert changes(elsewhere) == 0
        assert reader.one("SELECT change_seq FROM vault") == 0
    assert changes(elsewhere) == 1


def test_a_reader_cannot_write(vault: Vault) -> None:
    with vault.reading() as session:
        session.execute(COUNT_UP)  # rolled back: a read has nothing to commit
    assert changes(vault) == 0


def test_a_busy_vault_is_waited_for_and_then_written(
    vault: Vault, elsewhere: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.ExitStack() as held:
        held.enter_context(elsewhere.writing()).execute(COUNT_UP)
        # The other writer ends while this one pauses: the pause is where waiting can be seen without a clock.
        clock = SimpleNamespace(monotonic=time.monotonic, sleep=lambda seconds: held.close())
        monkeypatch.setattr(store, "time", clock)
        with vault.writing() as session:
            session.execute(COUNT_UP)
    assert changes(vault) == 2


def test_a_vault_that_stays_busy_is_given_up_with_one_clear_error(
    vault: Vault, elsewhere: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "WRITE_WAIT_SECONDS_MAX", 0.01)
    with elsewhere.writing():
        with pytest.raises(VaultBusy, match="try again"), vault.writing():
            pass
        assert changes(vault) == 0  # reading goes on
    with vault.writing() as session:
        session.execute(COUNT_UP)
    assert changes(vault) == 1


def test_a_newer_schema_is_refused_also_by_who_had_the_vault_open(vault: Vault, elsewhere: Vault) -> None:
    with elsewhere.writing() as session:
        session.execute("PRAGMA user_version = 99")
    for known in (vault, elsewhere, vault_on(vault.path)):
        for transaction in (known.reading, known.writing):
            with pytest.raises(VaultTooNew, match="99.*update memguard"), transaction():
                pass


def test_a_disk_without_room_rolls_the_write_back(seeded: Memory) -> None:
    vault = seeded.home.vault("ana")
    with vault.reading() as session:  # this connection is the next one's, too
        session.execute(f"PRAGMA max_page_count = {session.one('PRAGMA page_count')}")
    with refused(seeded, StorageFull, "rolled back"):
        seeded.add(f"{MARKER} " * 5000, user_id="ana")
    seeded.add("There is room again", user_id="ana")


def test_another_key_opens_nothing(vault: Vault) -> None:
    vault.close()
    before = vault.path.read_bytes()
    with pytest.raises(VaultUnreadable), vault_on(vault.path, key=bytes(31) + b"\x01").reading():
        pass
    assert vault.path.read_bytes() == before


@pytest.mark.parametrize(
    "statement",
    [
        f"SELECT {MARKER} FROM nowhere",
        f"this is no SQL: {MARKER}",
        f"INSERT INTO vault (id) VALUES ('{MARKER}')",
        f"INSERT INTO memories (id, text) VALUES ('{MARKER}', NULL)",
        f"UPDATE vault SET state = '{MARKER}'",
        f"SELECT json_extract('{MARKER}', '$')",
        f"SELECT rowid FROM words WHERE words MATCH '\"{MARKER}'",
    ],
)
def test_no_foreign_error_and_no_sql_come_through(vault: Vault, statement: str) -> None:
    with pytest.raises(VaultError) as raised, vault.writing() as session:
        session.execute(statement)
    assert not isinstance(raised.value, dbapi2.Error)
    assert MARKER not in "".join(traceback.format_exception(raised.value))
    assert "\n" not in str(raised.value)
    assert changes(vault) == 0


def test_a_wrong_number_of_values_quotes_none_of_them(vault: Vault) -> None:
    with pytest.raises(MemguardError) as raised, vault.writing() as session:
        session.execute("INSERT INTO models (name, dimension) VALUES (?, ?)", (MARKER,))
    assert MARKER not in str(raised.value)


def test_opening_a_file_that_is_not_there_makes_none(vault: Vault) -> None:
    with pytest.raises(VaultError):
        Session(vault.path.with_name("nothing.db"), bytes(32))
    assert not vault.path.with_name("nothing.db").exists()
