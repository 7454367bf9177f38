"""How far an erasure reaches in a vault: what is derived from what goes, what it had replaced, what it alone holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from memguard.vault.connection import Session

Numbers = frozenset[int]


def chosen(session: Session, scope_sql: str, parameters: Sequence[Any]) -> Numbers:
    """The numbers of the memories of a scope."""
    return _numbers(session.execute(f"SELECT m.number FROM memories m WHERE {scope_sql}", parameters))


def of_ids(session: Session, memory_ids: Iterable[str]) -> Numbers:
    """The numbers of those of these memories that are there."""
    return _numbers(session.execute(_OF_IDS, (json.dumps(list(memory_ids)),)))


def expired(session: Session, now: int, most: int) -> Numbers:
    """Memories that have expired by `now`, the longest expired first, without those that a legal hold keeps."""
    return _numbers(session.execute(_EXPIRED, (now, most)))


def derived_only(session: Session, going: Numbers) -> Numbers:
    """What was made from nothing but what goes, and from what was made of that: it says what they said."""
    found: Numbers = frozenset()
    while True:
        more = _numbers(session.execute(_DERIVED_ONLY, (_listed(going | found),) * 3))
        if not more:
            return found
        found |= more


def derived_partly(session: Session, going: Numbers) -> Numbers:
    """What was made from something that goes and from something that stays."""
    return _numbers(session.execute(_DERIVED, (_listed(going),) * 2))


def recalled_before(session: Session, going: Numbers) -> Numbers:
    """What was written in a run to which something that goes had been shown: it may repeat it."""
    return _numbers(session.execute(_RECALLED, (_listed(going),) * 2))


def current_again(session: Session, going: Numbers) -> Numbers:
    """What only memories that go had replaced."""
    return _numbers(session.execute(_CURRENT_AGAIN, (_listed(going),) * 3))


def ids(session: Session, numbers: Iterable[int]) -> tuple[str, ...]:
    """The ids of memories, in the order in which they were written."""
    found = session.execute(
        "SELECT id FROM memories WHERE number IN (SELECT value FROM json_each(?))", (_listed(numbers),)
    )
    return tuple(row[0] for row in found)


def wordings(session: Session, numbers: Iterable[int]) -> list[tuple[str, int, int]]:
    """What a plan was made for: ids and versions of memories, and when they were recorded, since an import may bring
    an id back."""
    sql = "SELECT id, version, recorded_at FROM memories WHERE number IN (SELECT value FROM json_each(?)) ORDER BY id"
    return [(memory_id, version, at) for memory_id, version, at in session.execute(sql, (_listed(numbers),))]


def earlier_wordings(session: Session, numbers: Iterable[int]) -> int:
    """How many earlier wordings memories have."""
    return int(
        session.one(
            "SELECT count(*) FROM versions WHERE memory IN (SELECT value FROM json_each(?))", (_listed(numbers),)
        )
    )


def values_alone(session: Session, going: Numbers) -> int:
    """How many values stand behind placeholders of memories that go, or of runs that were shown only these."""
    return int(session.one(_VALUES_ALONE, (_listed(going),)))


def stays(session: Session, going: Numbers) -> bool:
    """Whether any memory stays."""
    sql = "SELECT EXISTS (SELECT 1 FROM memories WHERE number NOT IN (SELECT value FROM json_each(?)))"
    return bool(session.one(sql, (_listed(going),)))


def _numbers(found: Iterable[tuple[int]]) -> Numbers:
    return frozenset(number for (number,) in found)


def _listed(numbers: Iterable[int]) -> str:
    return json.dumps(sorted(numbers))


_EXPIRED = """
SELECT m.number FROM memories m WHERE m.expires_at <= ? AND NOT EXISTS (SELECT 1 FROM legal_holds h WHERE h.whole)
  AND NOT EXISTS (SELECT 1 FROM legal_hold_memories h WHERE h.memory = m.number) ORDER BY m.expires_at, m.number LIMIT ?
"""
_OF_IDS = "SELECT number FROM memories WHERE id IN (SELECT value FROM json_each(?))"
_GOING = "SELECT value FROM json_each(?)"
_DERIVED_ONLY = f"""
SELECT DISTINCT l.child FROM lineage l WHERE l.kind = 'given' AND l.parent IN ({_GOING}) AND l.child NOT IN ({_GOING})
  AND NOT EXISTS (SELECT 1 FROM lineage o WHERE o.child = l.child AND o.kind = 'given' AND o.parent NOT IN ({_GOING}))
"""
_DERIVED = f"""
SELECT DISTINCT child FROM lineage WHERE kind = 'given' AND parent IN ({_GOING}) AND child NOT IN ({_GOING})
"""
_RECALLED = f"""
SELECT DISTINCT child FROM lineage WHERE kind = 'recalled' AND parent IN ({_GOING}) AND child NOT IN ({_GOING})
"""
_CURRENT_AGAIN = f"""
SELECT DISTINCT s.earlier FROM supersessions s WHERE s.later IN ({_GOING}) AND s.earlier NOT IN ({_GOING})
  AND NOT EXISTS (SELECT 1 FROM supersessions o WHERE o.earlier = s.earlier AND o.later NOT IN ({_GOING}))
"""
_VALUES_ALONE = """
WITH going AS (SELECT value AS number FROM json_each(?)), held AS (
  SELECT placeholder FROM placeholder_uses WHERE memory IN (SELECT number FROM going)
  UNION SELECT placeholder FROM recall_uses WHERE memory IN (SELECT number FROM going))
SELECT count(*) FROM held h JOIN placeholders p ON p.number = h.placeholder AND p.for_models = 0
WHERE NOT EXISTS (SELECT 1 FROM placeholder_uses o WHERE o.placeholder = p.number
    AND o.memory NOT IN (SELECT number FROM going))
  AND NOT EXISTS (SELECT 1 FROM recall_uses o WHERE o.placeholder = p.number
    AND o.memory NOT IN (SELECT number FROM going))
"""
