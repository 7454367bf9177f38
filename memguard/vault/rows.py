"""The rows of one vault: every statement that reads or writes a memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from memguard.clock import from_micros
from memguard.errors import UnknownMemory, looks_like_an_id
from memguard.privacy.reveal import Reveal
from memguard.records import Draft, Record, Version
from memguard.vault.connection import Session
from memguard.vault.sealing import Seals

ORDER_STEP = 1 << 16
"""Distance between two neighbours' order keys: room between them, and no count to be read from them."""


AUTHORS = ("actor", "agent_id", "origin")
"""The names that an author's may be."""


class Forms(NamedTuple):
    """What is stored of a memory besides its draft: the form for vectors where it differs, further words, the compared
    form of its actor, the hash of its idempotency key, its sealed values, and the detectors that looked."""

    plain: str | None
    tags: str
    actor_key: str | None
    key: bytes | None
    sealed: bytes | None
    screened: str


def next_change(session: Session) -> int:
    """Count up the change sequence: every write transaction takes one."""
    return int(session.one("UPDATE vault SET change_seq = change_seq + 1 RETURNING change_seq"))


def number_of(session: Session, memory_id: str, shown_at: int | None = None) -> int:
    """The internal number of a memory; `UnknownMemory` where the vault has none of this id.

    For who may not see what has expired, `shown_at` is the moment: from its expiry on it is unknown, erased or not.
    """
    number = session.one(_NUMBER, (memory_id, shown_at)) if looks_like_an_id(memory_id) else None
    if number is None:
        raise UnknownMemory(str(memory_id))
    return int(number)


def stored_before(session: Session, draft: Draft, reveal: Reveal) -> tuple[str, bool] | None:
    """(id, whether its text is or was the draft's) of the memory under a draft's idempotency key or id."""
    # A key that was stored as it was typed, before keys were hashed, is recognised too.
    wordings = session.all(_WORDINGS, (draft.key, key_lookup(reveal.seals, draft.key), draft.id))
    same = any(reveal.reads(memory_id, sealed, text, draft.text) for memory_id, text, sealed in wordings)
    return (wordings[0][0], same) if wordings else None


def key_lookup(seals: Seals, key: str | None) -> bytes | None:
    """The keyed hash of an idempotency key, which is all that is kept of it."""
    return None if key is None else seals.lookup(f"key\0{key}")


def seal_keys(session: Session, seals: Seals) -> None:
    """Put hashes in place of the idempotency keys that were stored as they were typed."""
    typed = session.all("SELECT key, number FROM memories WHERE key IS NOT NULL")
    hashes = [(key_lookup(seals, key), number) for key, number in typed]
    session.executemany("UPDATE memories SET key = NULL, key_lookup = ? WHERE number = ?", hashes)


def insert_memory(session: Session, memory_id: str, draft: Draft, forms: Forms, *, seq: int, now: int) -> int:
    """Write the row (its words follow by trigger); returns its number."""
    order = None
    if draft.run_id is not None:
        order = session.one(
            "SELECT coalesce(max(run_order), 0) + ? FROM memories WHERE run_id = ?", (ORDER_STEP, draft.run_id)
        )
    cursor = session.execute(
        _INSERT,
        (
            memory_id, draft.text, forms.plain, forms.tags, draft.author, draft.author_kind, draft.actor,
            forms.actor_key, draft.agent_id,
            draft.run_id, order, draft.environment, draft.source, draft.origin, draft.happened_at,
            draft.happened_offset, now, draft.valid_from, draft.valid_to, draft.expires_at,
            json.dumps(draft.metadata, ensure_ascii=False), forms.key, forms.sealed, forms.screened,
            seq,
        ),
    )  # fmt: skip
    return int(cursor.lastrowid)


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


def keep_version(session: Session, number: int, versions_max: int | None, now: int) -> None:
    """Keep a memory's present wording as a version, and drop the oldest beyond `versions_max`; None keeps all."""
    if versions_max != 0:
        session.execute(_KEEP_VERSION, (now, number))
    if versions_max is not None:
        session.execute(_DROP_VERSIONS, (number, number, versions_max))


def unscreened(session: Session) -> list[int]:
    """The numbers of memories that no detector has looked at, or that are to be looked at again."""
    found = session.execute("SELECT number FROM memories WHERE screened IS NULL OR screened = '' ORDER BY number")
    return [row[0] for row in found]


def to_look_at(session: Session, most: int) -> list[int]:
    """The numbers of memories that are to be looked at again."""
    found = session.execute("SELECT number FROM memories WHERE screened = '' ORDER BY number LIMIT ?", (most,))
    return [row[0] for row in found]


def look_again(session: Session, numbers: Iterable[int]) -> None:
    """Mark memories as to be looked at again."""
    sql = "UPDATE memories SET screened = '' WHERE number = ? AND screened IS NOT NULL"
    session.executemany(sql, [(number,) for number in numbers])


def version_of(session: Session, number: int) -> int:
    """Which wording of a memory is the present one, counted from 1."""
    return int(session.one("SELECT version FROM memories WHERE number = ?", (number,)))


def is_unscreened(session: Session, number: int, version: int) -> bool:
    """Whether a memory is still there, of this version, and is still to be looked at."""
    sql = "SELECT version FROM memories WHERE number = ? AND (screened IS NULL OR screened = '')"
    found = session.one(sql, (number,))
    return bool(found == version)


def recorded_at(session: Session, number: int) -> int:
    """When a memory was recorded: microseconds since 1970 UTC."""
    return int(session.one("SELECT recorded_at FROM memories WHERE number = ?", (number,)))


def remask(session: Session, number: int, draft: Draft, forms: Forms, seq: int, *, reworded: bool) -> None:
    """Put a masked memory in place of what it was; its words follow by trigger. Vectors are erased apart."""
    before = session.one("SELECT author FROM memories WHERE number = ?", (number,))
    metadata = json.dumps(draft.metadata, ensure_ascii=False)
    names = (draft.author, draft.actor, forms.actor_key, draft.agent_id, draft.run_id, draft.environment)
    more = (draft.source, draft.origin, metadata, forms.sealed, forms.screened, seq, reworded, number)
    session.execute(_REMASK, (draft.text, forms.plain, forms.tags, *names, *more))
    session.execute("UPDATE evidence SET author = ? WHERE memory = ? AND author = ?", (draft.author, number, before))
    session.execute("UPDATE vault SET erase_seq = erase_seq + 1")


def remask_version(session: Session, number: int, version: int, draft: Draft, forms: Forms) -> None:
    """Put a masked wording in place of what it was."""
    row = (draft.text, json.dumps(draft.metadata, ensure_ascii=False), forms.sealed, number, version)
    session.execute(_REMASK_VERSION, row)


def supersede(session: Session, earlier: int, later: int, reason: str) -> None:
    """Record that a later memory replaces an earlier one as current."""
    session.execute(
        "INSERT INTO supersessions (earlier, later, reason) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (earlier, later, reason),
    )


def runs_shown(session: Session) -> list[str]:
    """The names, as they are stored, of all runs that were shown memories."""
    return [row[0] for row in session.execute("SELECT DISTINCT run_id FROM recalls")]


def note_recalled(
    session: Session, run_id: str, masked: str, memories: Sequence[str], placeholders: Iterable[int]
) -> None:
    """Remember, by id only, what a run was shown, under its masked name, and which placeholders that name holds."""
    if masked != run_id:  # what was recorded before the name was known to be one
        session.execute("UPDATE OR REPLACE recalls SET run_id = ? WHERE run_id = ?", (masked, run_id))
    session.executemany(_RECALLED, [(masked, memory) for memory in memories])
    session.executemany(_RECALL_USES, [(number, masked) for number in {*placeholders}])


def records(session: Session, numbers: Sequence[int], reveal: Reveal) -> dict[int, Record]:
    """Whole memories by number, as far as `reveal` shows them."""
    listed = json.dumps([int(n) for n in numbers])
    rows = session.all(f"{_RECORD} WHERE m.number IN (SELECT value FROM json_each(?))", (listed,))
    return {row[0]: _record(row, reveal) for row in rows}


def listed(
    session: Session, scope_sql: str, parameters: Sequence[Any], limit: int, offset: int, reveal: Reveal
) -> list[Record]:
    """Whole memories of a scope, oldest first, as far as `reveal` shows them."""
    sql = f"{_RECORD} WHERE {scope_sql} ORDER BY m.number LIMIT ? OFFSET ?"
    return [_record(row, reveal) for row in session.execute(sql, (*parameters, limit, offset))]


def versions(session: Session, number: int, reveal: Reveal) -> list[Version]:
    """Earlier wordings, oldest first."""
    return [
        Version(
            version=version,
            recorded_at=from_micros(recorded),
            replaced_at=from_micros(replaced),
            **reveal(memory_id, sealed, {"text": text, "metadata": json.loads(metadata)}),
        )
        for memory_id, sealed, version, text, metadata, recorded, replaced in session.execute(_VERSIONS, (number,))
    ]


def _record(row: Sequence[Any], reveal: Reveal) -> Record:
    (_, memory_id, text, author, kind, actor, agent, run, environment, source, origin, happened, offset, recorded,
     valid_from, valid_to, expires, metadata, version, sealed, later, parents) = row  # fmt: skip
    names = {"actor": actor, "agent_id": agent, "run_id": run, "environment": environment, "origin": origin}
    shown = reveal(memory_id, sealed, {"text": text, "source": source, "metadata": json.loads(metadata), **names})
    written_by = next((shown[name] for name in AUTHORS if names[name] == author), author)
    return Record(
        id=memory_id,
        author=written_by,
        author_kind=kind,
        **shown,
        happened_at=None if happened is None else from_micros(happened, offset),
        recorded_at=from_micros(recorded),
        valid_from=None if valid_from is None else from_micros(valid_from),
        valid_to=None if valid_to is None else from_micros(valid_to),
        expires_at=None if expires is None else from_micros(expires),
        version=version,
        superseded_by=tuple(json.loads(later)),
        derived_from=tuple(json.loads(parents)),
    )


_NUMBER = "SELECT number FROM memories WHERE id = ?1 AND (?2 IS NULL OR expires_at IS NULL OR expires_at > ?2)"
_INSERT = """
INSERT INTO memories (id, text, plain, tags, author, author_kind, actor, actor_key, agent_id, run_id, run_order,
  environment, source, origin, happened_at, happened_offset, recorded_at, valid_from, valid_to, expires_at, metadata,
  key_lookup, sealed, screened, seq)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_WORDINGS = """
WITH found AS (SELECT number, id, text, sealed FROM memories WHERE key = ? OR key_lookup = ? OR id = ?)
SELECT id, text, sealed FROM found
UNION ALL SELECT f.id, v.text, v.sealed FROM versions v JOIN found f ON f.number = v.memory
"""
_LINEAGE_GIVEN = "INSERT INTO lineage (child, parent, kind) VALUES (?, ?, 'given') ON CONFLICT DO NOTHING"
_LINEAGE_RECALLED = """
INSERT INTO lineage (child, parent, kind) SELECT ?, memory, 'recalled' FROM recalls WHERE run_id = ? AND memory <> ?
ON CONFLICT DO NOTHING
"""
_RECALLED = """
INSERT INTO recalls (run_id, memory) SELECT ?, number FROM memories WHERE id = ? ON CONFLICT DO NOTHING
"""
_RECALL_USES = """
INSERT INTO recall_uses (placeholder, memory) SELECT ?, memory FROM recalls WHERE run_id = ? ON CONFLICT DO NOTHING
"""
_REMASK = """
UPDATE memories SET text = ?, plain = ?, tags = ?, author = ?, actor = ?, actor_key = ?, agent_id = ?, run_id = ?,
  environment = ?, source = ?, origin = ?, metadata = ?, sealed = ?, screened = ?, seq = ?,
  version = version + ? WHERE number = ?
"""
_REMASK_VERSION = """
UPDATE versions SET text = ?, plain = NULL, metadata = ?, sealed = ? WHERE memory = ? AND version = ?
"""
_VERSIONS = """
SELECT m.id, v.sealed, v.version, v.text, v.metadata, v.recorded_at, v.replaced_at
FROM versions v JOIN memories m ON m.number = v.memory WHERE v.memory = ? ORDER BY v.version
"""
_KEEP_VERSION = """
INSERT INTO versions (memory, version, text, plain, metadata, sealed, recorded_at, replaced_at)
SELECT number, version, text, plain, metadata, sealed,
  coalesce((SELECT max(replaced_at) FROM versions WHERE memory = number), recorded_at), ?
FROM memories WHERE number = ?
"""
_DROP_VERSIONS = """
DELETE FROM versions WHERE memory = ? AND version NOT IN
  (SELECT v.version FROM versions v WHERE v.memory = ? ORDER BY v.version DESC LIMIT ?)
"""
_RECORD = """
SELECT m.number, m.id, m.text, m.author, m.author_kind, m.actor, m.agent_id, m.run_id, m.environment, m.source,
  m.origin, m.happened_at, m.happened_offset, m.recorded_at, m.valid_from, m.valid_to, m.expires_at, m.metadata,
  m.version, m.sealed,
  (SELECT json_group_array(l.id) FROM supersessions s JOIN memories l ON l.number = s.later WHERE s.earlier = m.number),
  (SELECT json_group_array(p.id) FROM lineage i JOIN memories p ON p.number = i.parent
   WHERE i.child = m.number AND i.kind = 'given')
FROM memories m
"""
