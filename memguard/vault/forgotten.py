"""Which memories were forgotten: keyed hashes of their ids, so that no older copy brings them back.

What this costs, and tells, stands where the table is made (migration 0006).
"""

from __future__ import annotations

from collections.abc import Iterable

from memguard.vault.connection import Session
from memguard.vault.sealing import Seals


def note_forgotten(session: Session, seals: Seals, ids: Iterable[str]) -> None:
    """Record that memories are erased for good. In the transaction that erases them."""
    carry_forgotten(session, (_lookup(seals, memory_id) for memory_id in ids))


def forgotten_among(session: Session, seals: Seals, ids: Iterable[str]) -> set[str]:
    """Those of these ids that were forgotten."""
    known = set(forgotten_lookups(session))
    return {memory_id for memory_id in ids if _lookup(seals, memory_id) in known} if known else set()


def forgotten_here(session: Session, seals: Seals) -> list[str]:
    """The ids of memories that were forgotten and are in the vault all the same: an older copy brought them back."""
    return sorted(forgotten_among(session, seals, [row[0] for row in session.all("SELECT id FROM memories")]))


def note_wanted(session: Session, seals: Seals, ids: Iterable[str]) -> None:
    """Record that a person wants memories back that were forgotten."""
    session.executemany("DELETE FROM forgotten WHERE lookup = ?", [(_lookup(seals, memory_id),) for memory_id in ids])


def forgotten_lookups(session: Session) -> list[bytes]:
    """The hashes as they are, to be carried into the file that takes the vault's place."""
    return [row[0] for row in session.all("SELECT lookup FROM forgotten")]


def carry_forgotten(session: Session, lookups: Iterable[bytes]) -> None:
    """Take over hashes that were made under the same vault's key."""
    session.executemany(
        "INSERT INTO forgotten (lookup) VALUES (?) ON CONFLICT DO NOTHING", [(found,) for found in lookups]
    )


def _lookup(seals: Seals, memory_id: str) -> bytes:
    return seals.lookup(f"memory {memory_id}")
