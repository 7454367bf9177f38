"""Words, ids and vectors of what is erased, looked for in every page of a vault while they are still known.

The closed-world search needs none of them and is the proof; this one finds what somebody would look for. What it finds
before the erasure is its control: a search that sees nothing proves nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

import numpy as np

from memguard.forgetting.pages import PAGE, PageFile, frames, log_of
from memguard.outcomes import Check
from memguard.privacy.reveal import Reveal
from memguard.vault import rows
from memguard.vault.connection import Session
from memguard.vault.store import Vault

MEMORIES_MAX = 64
"""Memories of one erasure that are looked for: each of their traces is a pass over all pages."""
LETTERS = 20
BYTES_MIN = 12
"""Less stands in some page by chance, or as a word of the index that others have as well."""
VECTOR_BYTES = 2048
PAGES = 1024
"""Pages that are held decrypted at once."""
WHAT = "words, values, ids and vectors of what was erased, in every page and the log"


@dataclass(frozen=True, slots=True)
class Traces:
    """What is looked for, by memory; `hidden` are values that stand sealed and must not be found before either."""

    of_memories: tuple[tuple[bytes, ...], ...]
    hidden: frozenset[bytes]

    @property
    def all(self) -> frozenset[bytes]:
        return frozenset(trace for traces in self.of_memories for trace in traces) | self.hidden


def traces(session: Session, numbers: Sequence[int], reveal: Reveal) -> Traces:
    """What to look for of these memories: stretches of all their wordings, ids, the beginnings of their vectors; and
    the values behind their placeholders."""
    step = max(1, -(-len(numbers) // MEMORIES_MAX))
    sample = sorted(numbers)[::step]
    stored = session.all(_STORED, (json.dumps(sample),))
    vectors = session.all(_VECTORS, (VECTOR_BYTES, json.dumps(sample)))
    earlier = session.all(_EARLIER, (json.dumps(sample),))
    shown = rows.records(session, sample, reveal)
    of_memories, hidden = [], set()
    for number, memory_id, text in stored:
        wordings = [text, *(wording for memory, wording in earlier if memory == number)]
        said = [part for wording in wordings for part in _stretches(wording)]
        of_vectors = [vector for memory, vector in vectors if memory == number]
        of_memories.append((*said, memory_id.encode(), *of_vectors))
        hidden |= {*_stretches(shown[number].text)}
    return Traces(tuple(of_memories), frozenset(hidden - {trace for each in of_memories for trace in each}))


def found_in(vault: Vault, wanted: Iterable[bytes]) -> frozenset[bytes]:
    """Which of these stand in any page of the vault's file or log, decrypted."""
    left, found = set(wanted), set()
    for data in _decrypted(vault):
        here = {trace for trace in left if trace in data}
        found |= here
        left -= here
    return frozenset(found)


def check(session: Session, looked_for: Traces, before: frozenset[bytes], after: frozenset[bytes]) -> Check:
    """What the search says: traces that are still there and that no surviving memory has of its own."""
    left = after - _surviving(session, after)
    seen = [any(trace in before for trace in each) for each in looked_for.of_memories]
    found = {"trace": len(left)} if left else {}
    return Check(WHAT, len(looked_for.all), found, planted=len(seen), planted_found=sum(seen))


def _stretches(text: str) -> list[bytes]:
    """The beginning, the middle and the end of a text; short ones whole, very short ones not at all."""
    middle = max(0, (len(text) - LETTERS) // 2)
    parts = [part.encode() for part in (text[:LETTERS], text[middle:][:LETTERS], text[-LETTERS:])]
    return [part for part in dict.fromkeys(parts) if len(part) >= BYTES_MIN]


def _decrypted(vault: Vault) -> Iterable[bytes]:
    file = PageFile(vault.path, vault.page_key)
    for start in range(1, file.count + 1, PAGES):
        yield file.opened(range(start, min(start + PAGES, file.count + 1))).plain.tobytes()
    log = log_of(vault.path)
    whole = [frame for frame in frames(log.read_bytes() if log.exists() else b"") if len(frame.raw) == PAGE]
    raw = np.frombuffer(b"".join(frame.raw for frame in whole), np.uint8).reshape(-1, PAGE)
    yield file.codec.opened([frame.page for frame in whole], raw).plain.tobytes()


def _surviving(session: Session, found: Set[bytes]) -> set[bytes]:
    """Which of these what stays has as well: two memories may say the same, or have the same vector."""
    # In small letters, as the word index has them. A vector is no text, and is none with signs replaced either.
    texts = {trace: trace.decode(errors="replace").casefold() for trace in found}
    kept: set[bytes] = set()
    for (said,) in session.execute(_KEPT) if texts else ():
        folded = said.casefold()
        kept |= {trace for trace, text in texts.items() if text in folded}
    if found - kept:
        kept |= found & {vector for (vector,) in session.execute(_KEPT_VECTORS, (VECTOR_BYTES,))}
    return kept


_STORED = "SELECT number, id, text FROM memories WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number"
_EARLIER = "SELECT memory, text FROM versions WHERE memory IN (SELECT value FROM json_each(?))"
_VECTORS = "SELECT memory, substr(vector, 1, ?) FROM embeddings WHERE memory IN (SELECT value FROM json_each(?))"
_KEPT_VECTORS = "SELECT substr(vector, 1, ?) FROM embeddings"
_KEPT = """
SELECT concat_ws(char(10), text, plain, tags, metadata, author, actor, agent_id, run_id, environment, source, origin)
  FROM memories
UNION ALL SELECT concat_ws(char(10), text, plain, metadata) FROM versions
UNION ALL SELECT run_id FROM recalls
UNION ALL SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL
"""
