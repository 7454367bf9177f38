"""What ranking and the restatement rule look up of memories: by number, and no more than they need."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from memguard.records import Facts, Statement
from memguard.vault.connection import Session
from memguard.vault.embedded import CHUNK_BITS, MODEL_BITS


def facts(session: Session, numbers: Sequence[int], scope_sql: str, parameters: Sequence[Any]) -> dict[int, Facts]:
    """The facts of those of `numbers` that lie in a scope, by number."""
    found = session.execute(_FACTS.format(scope=scope_sql), (json.dumps(numbers), *parameters)) if numbers else ()
    return {row[0]: Facts(*row) for row in found}


def any_expired(session: Session, now: int) -> bool:
    """Whether the vault holds memories that are no longer shown."""
    return bool(session.one("SELECT EXISTS (SELECT 1 FROM memories WHERE expires_at <= ?)", (now,)))


def chunk_ids(session: Session, scope_sql: str, parameters: Sequence[Any]) -> Iterator[int]:
    """The vector ids (memory number and chunk) of every memory in a scope."""
    rows = session.execute(_CHUNK_IDS.format(scope=scope_sql), (CHUNK_BITS, *parameters))
    return (row[0] for row in rows)


def token_vectors(session: Session, model: str, chunks: Sequence[int]) -> dict[int, bytes]:
    """The token vectors of those of these chunks (memory number and chunk) that have any, by chunk."""
    return dict(session.all(_VECTORS_OF_WORDS, (json.dumps(chunks), MODEL_BITS, model)))


def texts(session: Session, numbers: Sequence[int]) -> dict[int, str]:
    """The texts of memories, by number."""
    return dict(session.all(_TEXTS, (json.dumps(numbers),)))


def successors(session: Session, numbers: Sequence[int]) -> dict[int, list[int]]:
    """The memories that replaced each of `numbers` and are not replaced themselves."""
    later: dict[int, list[int]] = {}
    for number, successor in session.all(_SUCCESSORS, (json.dumps(numbers),)) if numbers else ():
        later.setdefault(number, []).append(successor)
    return later


def statements(session: Session, numbers: Sequence[int]) -> dict[int, Statement]:
    """What the restatement rule looks at, by number."""
    found = session.all(_STATEMENTS, (json.dumps(numbers),)) if numbers else []
    return {number: Statement(*rest) for number, *rest in found}


def newest(session: Session, scope_sql: str, parameters: Sequence[Any], limit: int) -> list[int]:
    """The numbers of the memories of a scope that were stored last and that nothing replaced, newest first."""
    found = session.execute(_NEWEST.format(scope=scope_sql), (*parameters, limit))
    return [row[0] for row in found]


def numbers(session: Session, scope_sql: str, parameters: Sequence[Any], limit: int) -> list[int]:
    """The numbers of the memories of a scope, in their order."""
    return [row[0] for row in session.execute(_NUMBERS.format(scope=scope_sql), (*parameters, limit))]


def stored(session: Session, last: int, count: int) -> list[tuple[int, str]]:
    """Text, names and metadata as they are stored, of the next screened memories behind a number, in their order."""
    return session.all(_STORED, (last, count))


def ids(session: Session, numbers: Sequence[int]) -> tuple[str, ...]:
    """The ids of memories, in the order of their numbers."""
    found = session.all(_IDS, (json.dumps(numbers),)) if numbers else []
    return tuple(row[0] for row in found)


_STORED = """
SELECT number, concat_ws(char(10), text, metadata, author, actor, agent_id, run_id, environment, source, origin)
FROM memories WHERE number > ? AND screened IS NOT NULL ORDER BY number LIMIT ?
"""
_FACTS = """
SELECT m.number, m.text, m.actor_key, m.run_id, coalesce(m.happened_at, m.recorded_at),
  EXISTS (SELECT 1 FROM supersessions s WHERE s.earlier = m.number)
FROM memories m WHERE m.number IN (SELECT value FROM json_each(?)) AND {scope}
"""
_CHUNK_IDS = """
SELECT e.memory << ? | e.chunk FROM embeddings e JOIN memories m ON m.number = e.memory WHERE {scope}
"""
# CROSS JOIN keeps this order: without statistics (ANALYZE would copy text) the planner reads all token vectors first.
_VECTORS_OF_WORDS = """
SELECT j.value, t.vectors FROM json_each(?) j
CROSS JOIN token_vectors t ON t.embedding = (j.value << ?) | (SELECT code FROM models WHERE name = ?)
"""
_TEXTS = "SELECT m.number, m.text FROM memories m WHERE m.number IN (SELECT value FROM json_each(?))"
_SUCCESSORS = """
WITH RECURSIVE chain (origin, number) AS (
  SELECT value, value FROM json_each(?)
  UNION SELECT c.origin, s.later FROM chain c JOIN supersessions s ON s.earlier = c.number
)
SELECT origin, number FROM chain
WHERE number <> origin AND NOT EXISTS (SELECT 1 FROM supersessions s WHERE s.earlier = chain.number)
"""
_STATEMENTS = """
SELECT m.number, m.text, m.actor_key, m.environment, coalesce(m.happened_at, m.recorded_at)
FROM memories m WHERE m.number IN (SELECT value FROM json_each(?)) AND m.status = 'active'
"""
_IDS = "SELECT m.id FROM memories m WHERE m.number IN (SELECT value FROM json_each(?)) ORDER BY m.number"
_NUMBERS = "SELECT m.number FROM memories m WHERE {scope} ORDER BY m.number LIMIT ?"
_NEWEST = """
SELECT m.number FROM memories m WHERE {scope}
  AND NOT EXISTS (SELECT 1 FROM supersessions s WHERE s.earlier = m.number)
ORDER BY m.number DESC LIMIT ?
"""
