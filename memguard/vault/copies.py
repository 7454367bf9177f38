"""The register of copies: every backup and export that memguard wrote of a vault, and what lies at its path now.

The order of each copy, so that a crash at any point leaves no file that nobody knows of:

    row 'being written', with the marks of the file before and of the new one  ->  file (renamed)  ->  row 'whole'

One lock of the home is held from the first step to the last, and the system takes it back from a killed process.
So whoever holds it knows that a row which is 'being written' was left by a crash, and looks which mark the file bears.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from memguard.clock import now
from memguard.errors import KeyringError, MemguardError
from memguard.vault.connection import Session
from memguard.vault.files import mapped_os_errors, remove_parts, remove_workplace
from memguard.vault.home import Home
from memguard.vault.marks import bears, kind_of
from memguard.vault.sealing import Seals
from memguard.vault.store import Vault

LOCK_SECONDS_MAX = 60
WRITING, WHOLE, LOST, GIVEN_AWAY = "being written", "whole", "lost", "given away"
StateNow = Literal["there", "changed", "gone", "given away"]


@dataclass(frozen=True, slots=True)
class Row:
    """One copy as it is registered. `made_at` is in microseconds since 1970 UTC.

    `last_memory` is the highest number of a memory that can be in it, None where any can. A row is 'lost' whose file
    was not at its path any more when another was written there: it may have been moved.
    """

    kind: str
    state: str
    made_at: int
    last_memory: int | None
    path: Path = field(repr=False)
    marks: tuple[str, ...] = field(repr=False)

    @property
    def place(self) -> str:
        """What the row is looked up by: the path, and more where another row has the path for its own."""
        more = {GIVEN_AWAY: (GIVEN_AWAY,), LOST: self.marks}.get(self.state, ())
        return " ".join(("copy", str(self.path), *more))


@contextlib.contextmanager
def one_at_a_time(home: Home) -> Iterator[None]:
    """Hold the lock under which copies are written and looked at. Not inside `Keyring.changing`."""
    from filelock import FileLock, Timeout

    if home.id is None:  # nothing to copy, and nobody to keep out
        yield
        return
    lock = FileLock(home.existing_keyring().folder / "copies.lock", timeout=LOCK_SECONDS_MAX, mode=0o600)
    with mapped_os_errors("the lock of copies"):
        try:
            lock.acquire()
        except Timeout:  # an OSError, and none of the file's
            raise KeyringError("another process is writing a copy: try again") from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def registered(vaults: Sequence[Vault], path: Path, mark: str) -> Iterator[None]:
    """Register in each vault the copy that is written inside. Where that fails, the rows are what they were."""
    before: list[tuple[Vault, Row | None]] = []
    try:
        for vault in vaults:
            before.append((vault, _announce(vault, path, mark)))
        yield
    except BaseException:
        for vault, row in before if not bears(path, mark) else ():
            with contextlib.suppress(MemguardError):  # the next look settles it
                _put_back(vault, path, row)
        raise
    for vault in vaults:
        settle(vault, path, mark)


def note_given_away(vault: Vault, path: Path, kind: str) -> None:
    """Register what is about to be written to a pipe: where it goes from there, nobody here knows."""
    with vault.writing() as session:
        _put(session, vault.seals, Row(kind, GIVEN_AWAY, now(), None, path, ()))


def settle(vault: Vault, path: Path, mark: str | None = None) -> None:
    """End the writing of a copy in the register, by the mark that its file bears; all are kept where it bears none.

    Without the `mark` of who ends its own writing, a killed run is cleared up after: what it left half-written goes.
    """
    row = _at(vault, path)
    if row is None or row.state != WRITING:
        return
    if mark is None:
        remove_parts(path.parent, path.name)
        remove_workplace(path)
        mark = next((known for known in reversed(row.marks) if bears(path, known)), None)
    settled = replace(row, state=WHOLE)
    if mark is not None:
        settled = replace(settled, kind=kind_of(mark), marks=(mark,))
    with vault.writing() as session:
        if mark == row.marks[-1]:  # all that is in it had been stored by now; of an older file nobody knows any more
            settled = replace(settled, last_memory=session.one("SELECT coalesce(max(number), 0) FROM memories"))
        _put(session, vault.seals, settled)


def reopen(vault: Vault, row: Row) -> None:
    """Say of a copy that its file is about to go: after a crash, the next look settles it."""
    with vault.writing() as session:
        _put(session, vault.seals, replace(row, state=WRITING, last_memory=None))


def drop(vault: Vault, row: Row) -> None:
    """Take a copy out of the register: memguard itself destroyed it."""
    with vault.writing() as session:
        _drop(session, vault.seals, row.place)


def listed(session: Session, seals: Seals, lowest: int = 0) -> list[Row]:
    """The copies that can hold a memory of this number or of a higher one, the oldest first."""
    return [_row(seals, *columns) for columns in session.execute(_LISTED, (lowest,))]


def may_hold_any(session: Session) -> None:
    """From now on any copy may hold any memory: a memory can have another number than it had when the copy was made."""
    session.execute("UPDATE copies SET last_memory = NULL")


def sealed_rows(session: Session) -> list[tuple[Any, ...]]:
    """The register as it stands, to be carried into the file that takes the vault's place."""
    return session.all("SELECT lookup, kind, state, made_at, last_memory, sealed FROM copies")


def carry(session: Session, found: Sequence[tuple[Any, ...]]) -> None:
    """Take over the register of the same vault's newer file, whose memories had other numbers."""
    session.executemany(_PUT, found)
    may_hold_any(session)


def state_of(row: Row) -> StateNow:
    """What has become of a copy. `changed`: another file lies there, or one that is half-written or cannot be read."""
    if row.state == GIVEN_AWAY:
        return "given away"
    try:
        row.path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return "changed" if row.state == WRITING else "gone"
    except OSError:
        return "changed"
    if row.state == LOST:
        return "gone"
    return "there" if row.state == WHOLE and any(bears(row.path, mark) for mark in row.marks) else "changed"


def _announce(vault: Vault, path: Path, mark: str) -> Row | None:
    """Register what is about to be written; returns the row that was there."""
    settle(vault, path)
    before = _at(vault, path)
    is_moved = before is not None and state_of(before) != "there"
    with vault.writing() as session:
        if before is not None and is_moved:
            _put(session, vault.seals, replace(before, state=LOST))
        marks = (*(before.marks if before else ()), mark)
        _put(session, vault.seals, Row(kind_of(mark), WRITING, now(), None, path, marks))
    return before


def _put_back(vault: Vault, path: Path, row: Row | None) -> None:
    with vault.writing() as session:
        if row is None:
            _drop(session, vault.seals, f"copy {path}")
            return
        _put(session, vault.seals, row)
        _drop(session, vault.seals, replace(row, state=LOST).place)


def _at(vault: Vault, path: Path) -> Row | None:
    with vault.reading() as session:
        found = session.all(_AT, (vault.seals.lookup(f"copy {path}"),))
    return _row(vault.seals, *found[0]) if found else None


def _put(session: Session, seals: Seals, row: Row) -> None:
    lookup = seals.lookup(row.place)
    hidden = seals.sealed(json.dumps({"path": str(row.path), "marks": row.marks}), _sealed_for(lookup))
    session.execute(_PUT, (lookup, row.kind, row.state, row.made_at, row.last_memory, hidden))


def _drop(session: Session, seals: Seals, place: str) -> None:
    session.execute("DELETE FROM copies WHERE lookup = ?", (seals.lookup(place),))


def _row(seals: Seals, lookup: bytes, kind: str, state: str, made_at: int, last: int | None, hidden: bytes) -> Row:
    known = json.loads(seals.opened(hidden, _sealed_for(lookup)))
    return Row(kind, state, made_at, last, Path(known["path"]), tuple(known["marks"]))


def _sealed_for(lookup: bytes) -> str:
    return f"copy {lookup.hex()}"


_PUT = """
INSERT INTO copies (lookup, kind, state, made_at, last_memory, sealed) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (lookup) DO UPDATE SET kind = excluded.kind, state = excluded.state, made_at = excluded.made_at,
  last_memory = excluded.last_memory, sealed = excluded.sealed
"""
_AT = "SELECT lookup, kind, state, made_at, last_memory, sealed FROM copies WHERE lookup = ?"
_LISTED = """
SELECT lookup, kind, state, made_at, last_memory, sealed FROM copies
WHERE last_memory IS NULL OR last_memory >= ? ORDER BY made_at
"""
