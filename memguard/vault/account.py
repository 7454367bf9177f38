"""All that a vault holds besides what its memories say, row by row: with ids in place of numbers, and what was sealed
opened. For the person it is about; every table is in here or in `LEFT_OUT`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from memguard.clock import from_micros
from memguard.privacy.placeholders import written
from memguard.vault import owed
from memguard.vault.connection import Session
from memguard.vault.sealing import Seals

Row = dict[str, Any]

HELD = {
    "memories": "memories",
    "versions": "memories",
    "supersessions": "supersessions",
    "lineage": "lineage",
    "recalls": "shown_to_runs",
    "evidence": "evidence",
    "events": "events",
    "placeholders": "placeholders",
    "placeholder_uses": "placeholders",
    "reveals": "placeholders",
    "legal_holds": "legal_holds",
    "legal_hold_memories": "legal_holds",
    "forgets": "erasures_owed",
    "copies": "copies",
}
"""The tables that an account shows, and the member of the document that each is in."""
LEFT_OUT = {
    "embeddings": "vectors computed from the texts, which are in here: they say nothing more",
    "token_vectors": "the same, word by word",
    "words": "the index of words of the texts, which are in here",
    "name_parts": "keyed hashes of parts of the names that placeholders stand for, which are in here",
    "recall_uses": "which placeholders stand in names of runs: the names are in here as they were given",
    "forgotten": "keyed hashes of random ids: what they were of is erased, and nothing leads back to it",
}
"""What is not shown of what is about memories, and why."""


def of_memories(session: Session) -> dict[str, Row]:
    """What the vault keeps of each memory that its record does not say, by id."""
    found = session.execute("SELECT id, status, key FROM memories")
    return {memory_id: {"status": status, "key": key} for memory_id, status, key in found}


def sections(session: Session, seals: Seals) -> dict[str, list[Row]]:
    """The rows of all tables that hold no wording, by member of the document."""
    return {
        "events": _rows(session.all(_EVENTS), "memory kind at"),
        "evidence": _rows(session.all(_EVIDENCE), "memory kind author source at"),
        "lineage": _rows(session.all(_LINEAGE), "memory made_from kind"),
        "supersessions": _rows(session.all(_SUPERSESSIONS), "earlier later reason"),
        "shown_to_runs": _rows(session.all(_RECALLS), "run memory"),
        "placeholders": _placeholders(session, seals),
        "legal_holds": _holds(session, seals),
        "erasures_owed": [{"request": request} for request in owed.forgets(session, seals).values()],
    }


def _placeholders(session: Session, seals: Seals) -> list[Row]:
    uses, reveals = _by_first(session.all(_USES)), _by_first(session.all(_REVEALS))
    return [
        {
            "placeholder": written(type_, code),
            "type": type_,
            "value": seals.opened(value, code),
            "for_models": bool(for_models),
            "memories": uses.get(number, []),
            "revealed_at": [from_micros(at) for at in reveals.get(number, [])],
        }
        for number, code, type_, value, for_models in session.all(_PLACEHOLDERS)
    ]


def _holds(session: Session, seals: Seals) -> list[Row]:
    reasons, memories = owed.holds(session, seals), _by_first(session.all(_HELD))
    return [
        {"id": hold, "reason": reasons[hold], "whole": bool(whole), "memories": memories.get(hold, []),
         "at": from_micros(at)}
        for hold, whole, at in session.all(_HOLDS)
    ]  # fmt: skip


def _rows(found: Iterable[Any], names: str) -> list[Row]:
    """Rows by name; a column `at` becomes a time."""
    rows = [dict(zip(names.split(), row, strict=True)) for row in found]
    return [row | {"at": from_micros(row["at"])} if "at" in row else row for row in rows]


def _by_first(found: Iterable[Any]) -> Mapping[Any, list[Any]]:
    grouped: dict[Any, list[Any]] = {}
    for first, second in found:
        grouped.setdefault(first, []).append(second)
    return grouped


_EVENTS = "SELECT m.id, e.kind, e.at FROM events e JOIN memories m ON m.number = e.memory ORDER BY e.number"
_EVIDENCE = """
SELECT m.id, e.kind, e.author, e.source, e.at FROM evidence e JOIN memories m ON m.number = e.memory ORDER BY e.number
"""
_LINEAGE = """
SELECT c.id, p.id, l.kind FROM lineage l JOIN memories c ON c.number = l.child JOIN memories p ON p.number = l.parent
"""
_SUPERSESSIONS = """
SELECT e.id, l.id, s.reason FROM supersessions s
JOIN memories e ON e.number = s.earlier JOIN memories l ON l.number = s.later
"""
_RECALLS = "SELECT r.run_id, m.id FROM recalls r JOIN memories m ON m.number = r.memory"
_PLACEHOLDERS = "SELECT number, code, type, value, for_models FROM placeholders ORDER BY number"
_USES = "SELECT u.placeholder, m.id FROM placeholder_uses u JOIN memories m ON m.number = u.memory ORDER BY m.number"
_REVEALS = "SELECT placeholder, at FROM reveals ORDER BY number"
_HOLDS = "SELECT id, whole, at FROM legal_holds ORDER BY number"
_HELD = """
SELECT h.id, m.id FROM legal_hold_memories o JOIN legal_holds h ON h.number = o.hold
JOIN memories m ON m.number = o.memory ORDER BY m.number
"""
