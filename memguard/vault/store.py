"""One vault: transactions that check, before anything else, that the vault is still to be used."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from memguard.errors import VaultBusy, VaultDestroyed, VaultUnreadable
from memguard.vault.connection import Session, mapped_errors
from memguard.vault.files import touch_private
from memguard.vault.keyfile import Entry
from memguard.vault.migrate import migrate, schema_version, version_of
from memguard.vault.pool import Pool
from memguard.vault.sealing import Seals

WRITE_WAIT_SECONDS_MAX = 60
PAUSE_SECONDS_MAX = 0.05


class Vault:
    """One owner's encrypted file, its key, and the connections to it."""

    def __init__(self, entry: Entry, path: Path, pool: Pool) -> None:
        self.id = entry.vault_id
        self.path = path
        self._key = entry.key
        self._pool = pool

    @cached_property
    def seals(self) -> Seals:
        """The keys of what stays sealed in this vault's decrypted pages."""
        return Seals.of(self._key)

    @property
    def page_key(self) -> bytes:
        """The raw key of this vault's pages, for who reads them without SQLite."""
        return self._key

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """One snapshot for a whole call. No read transaction outlives a call: it would block erasing."""
        with self._session() as session:
            session.execute("BEGIN")
            try:
                self._check(session)
                yield session
            finally:
                if session.in_transaction:
                    session.execute("ROLLBACK")

    @contextlib.contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction that commits whole or not at all. Nothing slow belongs inside: embed before."""
        with self._session() as session:
            _begin_immediate(session)
            try:
                self._check(session)
                yield session
                session.execute("COMMIT")
            finally:
                if session.in_transaction:
                    session.execute("ROLLBACK")

    @contextlib.contextmanager
    def upkeep(self) -> Iterator[Session]:
        """A connection in no transaction: for what makes the file anew, in one of its own."""
        with self._session() as session:
            self._check(session)
            yield session

    def truncate_log(self) -> bool:
        """Move the write-ahead log into the vault and empty it; False while a reader elsewhere keeps old pages."""
        with self._session() as session:
            busy = session.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            return not busy

    @contextlib.contextmanager
    def retiring(self, state: str) -> Iterator[Session]:
        """Hold the write lock while the keyring changes, then end this file's life as 'destroyed' or 'replaced'.

        No write is acknowledged in between, and a crash before the keyring has changed leaves the vault as it was.
        """
        with self._session() as session:
            _begin_immediate(session)
            try:
                session.execute("UPDATE vault SET state = ?", (state,))
                yield session
                session.execute("COMMIT")
            finally:
                if session.in_transaction:
                    session.execute("ROLLBACK")

    def copy_to(self, path: Path) -> None:
        """Copy the vault, as it is encrypted and as of one moment, into a new file."""
        touch_private(path)
        with self._session() as session:
            self._check(session)
            copy = Session(path, self._key, new=True)
            try:
                session.backup_to(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, no log beside it
            finally:
                copy.close()

    def close(self) -> None:
        """Close idle connections to this vault."""
        self._pool.close(self.path)

    @contextlib.contextmanager
    def _session(self) -> Iterator[Session]:
        with mapped_errors(), self._pool.session(self.path, self._key) as session:
            if version_of(session) < schema_version():
                _migrate(session)
            yield session

    @staticmethod
    def _check(session: Session) -> None:
        state = session.one("SELECT state FROM vault")
        if state != "active":
            raise VaultDestroyed(f"this vault was {state or 'emptied'}: open it again by its owner")


def create_file(path: Path, key: bytes) -> None:
    """A new vault file with the whole schema, closed and checkpointed."""
    touch_private(path)
    with mapped_errors():
        session = Session(path, key, new=True)
        try:
            _migrate(session)
        finally:
            session.close()


def check_file(path: Path, key: bytes) -> None:
    """Raise unless the file opens with the key, every page is authentic, and the schema is one this program knows."""
    with mapped_errors():
        session = Session(path, key)
        try:
            version_of(session)
            if session.one("PRAGMA quick_check(1)") != "ok" or session.all("PRAGMA cipher_integrity_check"):
                raise VaultUnreadable("the vault file is damaged")
        finally:
            session.close()


def _migrate(session: Session) -> None:
    _begin_immediate(session)
    try:
        migrate(session)
        session.execute("COMMIT")
    finally:
        if session.in_transaction:
            session.execute("ROLLBACK")


def _begin_immediate(session: Session) -> None:
    """Take the write lock. Waiting is ours: SQLite's own back-off is the same in every process, and starves some."""
    deadline = time.monotonic() + WRITE_WAIT_SECONDS_MAX
    pause = 0.001
    session.fail_when_busy()
    try:
        while True:
            try:
                with mapped_errors():
                    session.execute("BEGIN IMMEDIATE")
            except VaultBusy:
                if time.monotonic() > deadline:
                    raise
                time.sleep(random.uniform(0, pause))  # noqa: S311 - jitter, not a secret
                pause = min(pause * 2, PAUSE_SECONDS_MAX)
            else:
                return
    finally:
        session.wait_when_busy()
