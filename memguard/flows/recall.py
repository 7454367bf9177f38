"""query -> words + vectors -> fuse -> rank -> hits. Read from top to bottom: each step adds one thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from memguard.clock import now
from memguard.records import Hit
from memguard.retrieval import fuse, words
from memguard.retrieval.scope import EVERYTHING, Scope, visible
from memguard.retrieval.vectors import CHUNK_BITS, Neighbours, VectorIndex
from memguard.vault import rows
from memguard.vault.connection import Session
from memguard.vault.store import Vault

if TYPE_CHECKING:
    from numpy.typing import NDArray

POOL = 200
"""Candidates taken from each of words and vectors."""
SPREAD_FROM = 64
"""Best candidates whose neighbours in their run are looked at."""


def recall(
    vault: Vault,
    index: VectorIndex,
    vector: NDArray[np.float32],
    question: str,
    *,
    owner: str,
    limit: int,
    scope: Scope,
) -> list[Hit]:
    """The memories of one vault that answer a question best, read in one snapshot."""
    within = visible(now()) & scope
    with vault.reading() as session:
        index.catch_up(session)
        near = index.nearest(vector, POOL, _allowed(session, scope))
        matches = words.match(session, question, POOL, len(index), scope)
        candidates = _candidates(session, index, vector, near, matches, question, within)
        _spread(session, candidates, within)
        best = _current_first(session, candidates, within, limit)
        found = rows.records(session, [c.facts.number for c in best])
        texts = {number: record.text for number, record in found.items()}
        best = fuse.later_first(best, texts, _similarities(index, best), question)[:limit]
    return [
        Hit(record=found[c.facts.number], user_id=owner, score=round(c.score, 4), why=_rounded(c.parts)) for c in best
    ]


def _allowed(session: Session, scope: Scope) -> NDArray[np.int64] | None:
    """The chunk ids of a narrow scope, so that the vector search looks at nothing else."""
    if scope is EVERYTHING or scope.everything:
        return None
    chunks = rows.chunk_ids(session, CHUNK_BITS, scope.sql, scope.parameters)
    return np.fromiter(chunks, dtype=np.int64)


def _candidates(
    session: Session,
    index: VectorIndex,
    vector: NDArray[np.float32],
    near: Neighbours,
    matches: words.Matches,
    question: str,
    within: Scope,
) -> dict[int, fuse.Candidate]:
    meaning = _best_chunk(near.memories, near.cosines)
    only_words = np.array([n for n in matches.scores if n not in meaning], dtype=np.int64)
    meaning |= _best_chunk(only_words, index.similarity(vector, only_words << CHUNK_BITS))
    numbers = list(meaning)
    values = fuse.standardised(np.array([meaning[n] for n in numbers], np.float32), near.mean, near.deviation)
    facts = rows.facts(session, numbers, within.sql, within.parameters)
    return fuse.scored(facts, dict(zip(numbers, values.tolist(), strict=True)), matches, question)


def _spread(session: Session, candidates: dict[int, fuse.Candidate], within: Scope) -> None:
    top = [c.facts.number for c in fuse.ranked(candidates.values())[:SPREAD_FROM]]
    pairs = rows.neighbours(session, top)
    beside = {n for pair in pairs for n in pair} - candidates.keys()
    for facts in rows.facts(session, sorted(beside), within.sql, within.parameters):
        candidates[facts.number] = fuse.Candidate(facts)
    fuse.spread(candidates, pairs)


def _current_first(
    session: Session, candidates: dict[int, fuse.Candidate], within: Scope, limit: int
) -> list[fuse.Candidate]:
    order = fuse.ranked(candidates.values())[: limit * 2]
    later_of = rows.successors(session, [c.facts.number for c in order if c.facts.superseded])
    missing = {n for later in later_of.values() for n in later} - {c.facts.number for c in order}
    for facts in rows.facts(session, sorted(missing), within.sql, within.parameters):
        order.append(candidates.get(facts.number) or fuse.Candidate(facts))
    return fuse.current_first(order, later_of)[: max(limit, fuse.LATER_HEAD)]


def _similarities(index: VectorIndex, order: Sequence[fuse.Candidate]) -> NDArray[np.float32]:
    """Cosines [n, n] between the first chunks of the leading candidates."""
    vectors = index.vectors(np.array([c.facts.number << CHUNK_BITS for c in order[: fuse.LATER_HEAD]], np.int64))
    return vectors @ vectors.T


def _best_chunk(memories: NDArray[np.int64], cosines: NDArray[np.float32]) -> dict[int, float]:
    best: dict[int, float] = {}
    for number, cosine in zip(memories.tolist(), cosines.tolist(), strict=True):
        if cosine > best.get(number, -2.0):
            best[number] = cosine
    return best


def _rounded(parts: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in parts.items()}
