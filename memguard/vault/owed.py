"""Erasures that are not finished, and what a person has ordered to be kept: rows, sealed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from memguard.clock import now
from memguard.errors import LegalHold
from memguard.vault.connection import Session
from memguard.vault.sealing import Seals

_FORGET = "forget"
_HOLD = "legal hold "


def note_forget(session: Session, seals: Seals, request: Mapping[str, Any]) -> int:
    """An erasure is in this transaction; its certificate is owed. Returns its number."""
    sealed = seals.sealed(json.dumps(request), _FORGET)
    return int(session.execute("INSERT INTO forgets (request, at) VALUES (?, ?)", (sealed, now())).lastrowid)


def forgets(session: Session, seals: Seals) -> dict[int, dict[str, Any]]:
    """What was asked for of every erasure whose certificate is owed, by number."""
    found = session.execute("SELECT number, request FROM forgets ORDER BY number")
    return {number: json.loads(seals.opened(request, _FORGET)) for number, request in found}


def note_left(session: Session, seals: Seals, number: int, request: Mapping[str, Any]) -> None:
    """What was asked for, with what was found of it since."""
    sealed = seals.sealed(json.dumps(request), _FORGET)
    session.execute("UPDATE forgets SET request = ? WHERE number = ?", (sealed, number))


def drop_forget(session: Session, number: int) -> None:
    """Its certificate was issued."""
    session.execute("DELETE FROM forgets WHERE number = ?", (number,))


def hold(session: Session, seals: Seals, reason: str, memories: Iterable[int] | None) -> str:
    """Keep these memories (None: all, those to come too) from being erased; returns the hold's id."""
    hold_id = str(uuid.uuid4())
    row = (hold_id, seals.sealed(reason, _HOLD + hold_id), memories is None, now())
    number = session.execute("INSERT INTO legal_holds (id, reason, whole, at) VALUES (?, ?, ?, ?)", row).lastrowid
    session.executemany(
        "INSERT INTO legal_hold_memories (hold, memory) VALUES (?, ?)", [(number, memory) for memory in memories or ()]
    )
    return hold_id


def lift(session: Session, hold_id: str) -> bool:
    """End a hold; False where there is none of this id."""
    return bool(session.execute("DELETE FROM legal_holds WHERE id = ?", (hold_id,)).rowcount)


def holds(session: Session, seals: Seals) -> dict[str, str]:
    """The reasons of all holds, by id."""
    found = session.execute("SELECT id, reason FROM legal_holds ORDER BY number")
    return {hold_id: seals.opened(reason, _HOLD + hold_id) for hold_id, reason in found}


def holding(session: Session, memories: Iterable[int]) -> str | None:
    """The id of the first hold that keeps any of these memories."""
    found: str | None = session.one(_HOLDING, (json.dumps(sorted(memories)),))
    return found


def check_no_hold(session: Session, memories: Iterable[int]) -> None:
    """Raise `LegalHold` where any of these memories is to be kept."""
    hold_id = holding(session, memories)
    if hold_id is not None:
        raise LegalHold(hold_id)


_HOLDING = """
SELECT id FROM legal_holds h WHERE whole OR EXISTS (SELECT 1 FROM legal_hold_memories m
  WHERE m.hold = h.number AND m.memory IN (SELECT value FROM json_each(?))) ORDER BY number LIMIT 1
"""
