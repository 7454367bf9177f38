"""The rows of one vault: every statement that reads or writes a memory."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from memguard.clock import from_micros
from memguard.errors import UnknownMemory, looks_like_an_id
from memguard.records import Draft, Record, Version
from memguard.vault.connection import Session

CHUNK_BITS, MODEL_BITS = 12, 8
"""A chunk is named by its memory and place in it, an embedding by the model too: its tokens are one look-up away."""
ORDER_STEP = 1 << 16
"""Distance between two neighbours' order keys: room between them, and no count to be read from them."""


def next_change(session: Session) -> int:
    """Count up the change sequence: every write transaction takes one."""
    return int(session.one("UPDATE vault SET change_seq = change_seq + 1 RETURNING change_seq"))


def number_of(session: Session, memory_id: str) -> int:
    """The internal number of a memory; `UnknownMemory` where the vault has none of this id."""
    number = (
        session.one("SELECT number FROM memories WHERE id = ?", (memory_id,)) if looks_like_an_id(memory_id) else None
    )
    if number is None:
        raise UnknownMemory(str(memory_id))
    return int(number)


def stored_before(session: Session, draft: Draft) -> tuple[str, bool] | None:
    """(id, whether its text is or was the draft's) of the memory under a draft's idempotency key or id."""
    row = session.execute(_STORED_BEFORE, (draft.text, draft.text, draft.key, draft.id)).fetchone()
    return None if row is None else (row[0], bool(row[1]))


def insert_memory(
    session: Session, draft: Draft, *, tags: str, actor_key: str | None, seq: int, now: int
) -> tuple[int, str]:
    """Write the row (its words follow by trigger); returns its number and id."""
    memory_id = draft.id or str(uuid.uuid4())
    order = None
    if draft.run_id is not None:
        order = session.one(
            "SELECT coalesce(max(run_order), 0) + ? FROM memories WHERE run_id = ?", (ORDER_STEP, draft.run_id)
        )
    cursor = session.execute(
        _INSERT,
        (
            memory_id, draft.text, tags, draft.author, draft.author_kind, draft.actor, actor_key, draft.agent_id,
            draft.run_id, order, draft.environment, draft.source, draft.origin, draft.happened_at,
            draft.happened_offset, now, draft.valid_from, draft.valid_to, draft.expires_at,
            json.dumps(draft.metadata, ensure_ascii=False), draft.key, seq,
        ),
    )  # fmt: skip
    return int(cursor.lastrowid), memory_id


def insert_vectors(
    session: Session, number: int, model: int, vectors: Sequence[bytes], tokens: Sequence[bytes], seq: int
) -> None:
    """Write a memory's vectors and token vectors, one for each chunk, in place of those it had of this model."""
    session.execute("DELETE FROM embeddings WHERE memory = ? AND model = ?", (number, model))
    for chunk, (vector, of_tokens) in enumerate(zip(vectors, tokens, strict=True)):
        embedding = (number << CHUNK_BITS | chunk) << MODEL_BITS | model
        session.execute(_INSERT_VECTOR, (embedding, number, chunk, model, vector, seq))
        if of_tokens:
            session.execute(_INSERT_TOKENS, (embedding, of_tokens))


def model_code(session: Session, name: str, dimension: int) -> int:
    """The code of an embedding model in this vault."""
    session.execute("INSERT INTO models (name, dimension) VALUES (?, ?) ON CONFLICT DO NOTHING", (name, dimension))
    return int(session.one("SELECT code FROM models WHERE name = ?", (name,)))


def lacks_vectors(session: Session, number: int, model: int) -> bool:
    """Whether a memory is still there and has no vectors of this model."""
    return bool(session.one(_LACKS_VECTORS, (number, model)))


def without_vectors(session: Session, model: str) -> list[tuple[int, str | None, str]]:
    """(number, actor, form for vectors) of memories that have no vectors of a model."""
    return [(number, actor, text) for number, actor, text in session.all(_WITHOUT_VECTORS, (model,))]


def drop_other_vectors(session: Session, model: str) -> None:
    """Erase the vectors of every other model."""
    session.execute("DELETE FROM embeddings WHERE model <> (SELECT code FROM models WHERE name = ?)", (model,))
    session.execute("DELETE FROM models WHERE name <> ?", (model,))
    session.execute("UPDATE vault SET change_seq = change_seq + 1, erase_seq = erase_seq + 1")


def insert_event(session: Session, number: int, kind: str, now: int) -> None:
    """Record that something happened to a memory, without its content."""
    session.execute("INSERT INTO events (memory, kind, at) VALUES (?, ?, ?)", (number, kind, now))


def insert_evidence(session: Session, number: int, kind: str, draft: Draft, now: int) -> None:
    """Record who speaks for a memory."""
    session.execute(
        "INSERT INTO evidence (memory, kind, author, source, at) VALUES (?, ?, ?, ?, ?)",
        (number, kind, draft.author, draft.source, now),
    )


def insert_lineage(session: Session, number: int, draft: Draft) -> None:
    """Record the parents the caller gave, and as possible ones what was recalled in this run before."""
    for parent in draft.derived_from:
        session.execute(_LINEAGE_GIVEN, (number, number_of(session, parent)))
    if draft.run_id is not None:
        session.execute(_LINEAGE_RECALLED, (number, draft.run_id, number))


def keep_version(session: Session, number: int, versions_max: int, now: int) -> None:
    """Keep a memory's present wording as a version, and drop the oldest beyond the retention setting."""
    if versions_max:
        session.execute(_KEEP_VERSION, (now, number))
    session.execute(_DROP_VERSIONS, (number, number, versions_max))


def replace_text(session: Session, number: int, text: str, tags: str, metadata: str | None, seq: int) -> None:
    """Give a memory its new wording; its words follow by trigger. Vectors that shrink need the erase count too."""
    session.execute(_REPLACE_TEXT, (text, tags, metadata, seq, number))
    session.execute("UPDATE vault SET erase_seq = erase_seq + 1")


def replace_metadata(session: Session, number: int, metadata: str | None) -> None:
    """Give a memory other metadata; text and vectors stay."""
    session.execute("UPDATE memories SET metadata = ?, version = version + 1 WHERE number = ?", (metadata, number))


def erase_vectors(session: Session, number: int) -> None:
    """Erase a memory's vectors of every model: they speak of its old wording."""
    session.execute("DELETE FROM embeddings WHERE memory = ?", (number,))


def supersede(session: Session, earlier: int, later: int, reason: str) -> None:
    """Record that a later memory replaces an earlier one as current."""
    session.execute(
        "INSERT INTO supersessions (earlier, later, reason) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (earlier, later, reason),
    )


def note_recalled(session: Session, run_id: str, numbers: Iterable[str]) -> None:
    """Remember, by id only, what a run was shown."""
    session.executemany(
        "INSERT INTO recalls (run_id, memory) SELECT ?, number FROM memories WHERE id = ? ON CONFLICT DO NOTHING",
        [(run_id, number) for number in numbers],
    )


def records(session: Session, numbers: Sequence[int]) -> dict[int, Record]:
    """Whole memories by number."""
    listed = json.dumps([int(n) for n in numbers])
    rows = session.all(f"{_RECORD} WHERE m.number IN (SELECT value FROM json_each(?))", (listed,))
    return {row[0]: _record(row) for row in rows}


def listed(session: Session, scope_sql: str, parameters: Sequence[Any], limit: int, offset: int) -> list[Record]:
    """Whole memories of a scope, oldest first."""
    sql = f"{_RECORD} WHERE {scope_sql} ORDER BY m.number LIMIT ? OFFSET ?"
    return [_record(row) for row in session.execute(sql, (*parameters, limit, offset))]


def versions(session: Session, number: int) -> list[Version]:
    """Earlier wordings, oldest first."""
    rows = session.execute(
        "SELECT version, text, metadata, recorded_at, replaced_at FROM versions WHERE memory = ? ORDER BY version",
        (number,),
    )
    return [
        Version(version=v, text=t, metadata=json.loads(m), recorded_at=from_micros(r), replaced_at=from_micros(e))
        for v, t, m, r, e in rows
    ]


def _record(row: Sequence[Any]) -> Record:
    (_, memory_id, text, author, kind, actor, agent, run, environment, source, origin, happened, offset, recorded,
     valid_from, valid_to, expires, metadata, version, later, parents) = row  # fmt: skip
    return Record(
        id=memory_id,
        text=text,
        author=author,
        author_kind=kind,
        actor=actor,
        agent_id=agent,
        run_id=run,
        environment=environment,
        source=source,
        origin=origin,
        happened_at=None if happened is None else from_micros(happened, offset),
        recorded_at=from_micros(recorded),
        valid_from=None if valid_from is None else from_micros(valid_from),
        valid_to=None if valid_to is None else from_micros(valid_to),
        expires_at=None if expires is None else from_micros(expires),
        metadata=json.loads(metadata),
        version=version,
        superseded_by=tuple(json.loads(later)),
        derived_from=tuple(json.loads(parents)),
    )


_INSERT = """
INSERT INTO memories (id, text, tags, author, author_kind, actor, actor_key, agent_id, run_id, run_order, environment,
  source, origin, happened_at, happened_offset, recorded_at, valid_from, valid_to, expires_at, metadata, key, seq)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_WITHOUT_VECTORS = """
SELECT m.number, m.actor, coalesce(m.plain, m.text) FROM memories m WHERE NOT EXISTS
  (SELECT 1 FROM embeddings e WHERE e.memory = m.number AND e.model = (SELECT code FROM models WHERE name = ?))
ORDER BY m.number
"""
_INSERT_VECTOR = "INSERT INTO embeddings (number, memory, chunk, model, vector, seq) VALUES (?, ?, ?, ?, ?, ?)"
_INSERT_TOKENS = "INSERT INTO token_vectors (embedding, vectors) VALUES (?, ?)"
_LACKS_VECTORS = """
SELECT EXISTS (SELECT 1 FROM memories m WHERE m.number = ?
  AND NOT EXISTS (SELECT 1 FROM embeddings e WHERE e.memory = m.number AND e.model = ?))
"""
_STORED_BEFORE = """
SELECT m.id, m.text = ? OR EXISTS (SELECT 1 FROM versions v WHERE v.memory = m.number AND v.text = ?)
FROM memories m WHERE m.key = ? OR m.id = ?
"""
_LINEAGE_GIVEN = "INSERT INTO lineage (child, parent, kind) VALUES (?, ?, 'given') ON CONFLICT DO NOTHING"
_LINEAGE_RECALLED = """
INSERT INTO lineage (child, parent, kind) SELECT ?, memory, 'recalled' FROM recalls WHERE run_id = ? AND memory <> ?
ON CONFLICT DO NOTHING
"""
_KEEP_VERSION = """
INSERT INTO versions (memory, version, text, plain, metadata, recorded_at, replaced_at)
SELECT number, version, text, plain, metadata,
  coalesce((SELECT max(replaced_at) FROM versions WHERE memory = number), recorded_at), ?
FROM memories WHERE number = ?
"""
_DROP_VERSIONS = """
DELETE FROM versions WHERE memory = ? AND version NOT IN
  (SELECT v.version FROM versions v WHERE v.memory = ? ORDER BY v.version DESC LIMIT ?)
"""
_REPLACE_TEXT = """
UPDATE memories SET text = ?, tags = ?, metadata = coalesce(?, metadata), version = version + 1, seq = ?
WHERE number = ?
"""
_RECORD = """
SELECT m.number, m.id, m.text, m.author, m.author_kind, m.actor, m.agent_id, m.run_id, m.environment, m.source,
  m.origin, m.happened_at, m.happened_offset, m.recorded_at, m.valid_from, m.valid_to, m.expires_at, m.metadata,
  m.version,
  (SELECT json_group_array(l.id) FROM supersessions s JOIN memories l ON l.number = s.later WHERE s.earlier = m.number),
  (SELECT json_group_array(p.id) FROM lineage i JOIN memories p ON p.number = i.parent
   WHERE i.child = m.number AND i.kind = 'given')
FROM memories m
"""
