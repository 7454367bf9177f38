"""SQLCipher connections: opened one way, every statement through one door, every foreign error mapped to ours."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memguard.errors import HomeError, StorageFull, VaultBusy, VaultDestroyed, VaultError, VaultUnreadable

if TYPE_CHECKING:
    from sqlite_utils import Database

BUSY_MS_MAX = 5_000
"""How long a read waits for a recovery or a checkpoint of another process."""
PAGE_BYTES = 4096
"""What SQLCipher 4 makes of a new file: no vault is shorter."""

_BUSY, _LOCKED, _READONLY, _IOERR, _CORRUPT, _FULL, _CANTOPEN, _NOTADB = 5, 6, 8, 10, 11, 13, 14, 26


def inode_of(path: Path) -> int:
    """Which file lies at a path now; `VaultDestroyed` where there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        raise VaultDestroyed("the vault's file is not there") from None
    except OSError:
        raise HomeError("the vault's folder cannot be read: check its owner and mode") from None


class Session:
    """One open connection to one vault file. Used by one thread at a time."""

    def __init__(self, path: Path, key: bytes, *, new: bool = False) -> None:
        from sqlcipher3 import dbapi2

        self.inode = inode_of(path)
        if not new and path.stat().st_size < PAGE_BYTES:  # SQLite would quietly make a new vault of it
            raise VaultUnreadable("the vault file is empty: bring it back from a backup, see `memguard doctor`")
        with mapped_errors():
            self._connection = dbapi2.connect(
                f"{path.absolute().as_uri()}?mode=rw",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
                timeout=0,
            )
            try:
                self._prepare(key)
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self, key: bytes) -> None:
        run = self._connection.execute
        # SQLite's own lower() knows ASCII only.
        self._connection.create_function("casefold", 1, _casefold, deterministic=True)
        run("PRAGMA cipher_log_level = NONE")  # SQLCipher would print to stderr on a wrong key
        # The one text that holds a key: PRAGMA takes no parameters. `hex` leaves nothing to inject.
        run(f"PRAGMA key = \"x'{key.hex()}'\"")
        self.wait_when_busy()
        run("PRAGMA temp_store = MEMORY")  # sorting and VACUUM leave no file elsewhere, however SQLite was built
        run("PRAGMA secure_delete = ON")
        run("PRAGMA foreign_keys = ON")
        run("PRAGMA trusted_schema = OFF")
        run("PRAGMA synchronous = FULL")  # an acknowledged write survives a power cut, not only kill -9
        run("PRAGMA journal_mode = WAL")

    def execute(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> Any:
        """Run one statement. Values are parameters, never part of the text."""
        return self._connection.execute(sql, parameters)

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each row."""
        self._connection.executemany(sql, rows)

    def all(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
        """Every row."""
        rows: list[tuple[Any, ...]] = self._connection.execute(sql, parameters).fetchall()
        return rows

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first column of the first row, None where there is no row."""
        row = self._connection.execute(sql, parameters).fetchone()
        return None if row is None else row[0]

    @cached_property
    def tables(self) -> Database:
        """The same connection through sqlite-utils. Loaded late: its import is a third of a command's start."""
        from sqlite_utils import Database

        # No plugins: nothing that happens to be installed gets to see an open vault.
        return Database(self._connection, execute_plugins=False, recursive_triggers=False)

    @property
    def in_transaction(self) -> bool:
        return bool(self._connection.in_transaction)

    def wait_when_busy(self) -> None:
        """Let SQLite wait for another process's lock, at most `BUSY_MS_MAX`."""
        self.execute(f"PRAGMA busy_timeout = {BUSY_MS_MAX}")

    def fail_when_busy(self) -> None:
        """Have SQLite answer at once: the caller does the waiting."""
        self.execute("PRAGMA busy_timeout = 0")

    def backup_to(self, other: Session) -> None:
        """Copy the whole database as of one moment, page by page; writers go on."""
        self._connection.backup(other._connection)

    def trace(self, callback: Any) -> None:
        """Call `callback(sql)` for every statement; None ends it. SQLite writes parameters in: it is content."""
        self._connection.set_trace_callback(callback)

    def close(self) -> None:
        self._connection.close()


def sqlite_version() -> str:
    """Of the SQLite inside SQLCipher."""
    from sqlcipher3 import dbapi2

    version: str = dbapi2.sqlite_version
    return version


def _casefold(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


@contextlib.contextmanager
def mapped_errors() -> Iterator[None]:
    """SQLCipher's errors as memguard's. Their texts may quote SQL, so none of them is passed on."""
    from sqlcipher3 import dbapi2

    try:
        yield
    except dbapi2.Error as error:
        raise _translated(error) from None


def _translated(error: Any) -> VaultError | HomeError:
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if isinstance(code, int) else None
    if primary in (_BUSY, _LOCKED):
        return VaultBusy("another process keeps the vault locked: try again")
    if primary == _FULL:
        return StorageFull("no room left on the disk: the write was rolled back")
    if primary in (_NOTADB, _CORRUPT):
        return VaultUnreadable("the file is not a vault, is damaged, or needs another key: see `memguard doctor`")
    if primary == _READONLY:
        return HomeError("the home is read-only")
    if primary == _CANTOPEN:
        return HomeError("the vault's file cannot be opened: is the home read-only?")
    if primary == _IOERR:
        return VaultError("the disk gave an error: the write was rolled back")
    return VaultError(
        f"the vault refused the statement ({getattr(error, 'sqlite_errorname', None) or type(error).__name__})"
    )
