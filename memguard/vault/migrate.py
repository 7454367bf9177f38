"""The schema: numbered SQL files, each applied once, in one transaction with its record and checksum.

sqlite-utils keeps the record. A migration's recorded name ends in the checksum of its text, so that a vault made by
an altered file is told apart from ours. A vault is migrated when it is first opened by a newer program.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import memguard
from memguard.errors import VaultError, VaultTooNew
from memguard.vault.connection import Session

if TYPE_CHECKING:
    from sqlite_utils import Database

MIGRATION_SET = "memguard"


@cache
def migration_files() -> tuple[tuple[str, str], ...]:
    """(name, SQL) of every migration, in order."""
    package = Path(memguard.__file__).parent
    # A wheel carries the folder inside the package; a checkout has it beside the package.
    folder = next(f for f in (package / "migrations", package.parent / "migrations") if f.is_dir()) / "sqlite"
    return tuple((path.stem, path.read_text()) for path in sorted(folder.glob("[0-9]*.sql")))


@cache
def schema_version() -> int:
    """The newest schema this program knows."""
    return len(migration_files())


def version_of(session: Session) -> int:
    """The schema of an open vault; a newer one than the program knows is refused."""
    found = int(session.one("PRAGMA user_version"))
    if found > schema_version():
        raise VaultTooNew(f"the vault has schema {found}, this memguard knows {schema_version()}: update memguard")
    return found


def migrate(session: Session) -> None:
    """Bring an open vault to this program's schema. Inside one write transaction of the caller."""
    from sqlite_utils.migrations import Migrations

    if version_of(session) == schema_version():
        return
    migrations = Migrations(MIGRATION_SET)
    for number, (name, sql) in enumerate(migration_files(), start=1):
        recorded = f"{name}:{hashlib.sha256(sql.encode()).hexdigest()[:16]}"
        migrations(name=recorded)(_applied(sql, number))
    known = {m.name for m in migrations._migrations}
    if any(m.name not in known for m in migrations.applied(session.tables)):
        raise VaultError("the vault's schema was made by an altered migration: see `memguard doctor`")
    migrations.apply(session.tables)


def _applied(sql: str, number: int) -> Callable[[Database], None]:
    def migration(db: Database) -> None:
        for statement in statements(sql):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {number}")

    return migration


def statements(sql: str) -> Iterator[str]:
    """Single statements; `executescript` is of no use here, as it commits first."""
    pending = ""
    for line in sql.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip():
        raise VaultError("a migration ends in half a statement")
