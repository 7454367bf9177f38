"""query -> words + vectors -> fuse -> rank -> hits. Read from top to bottom: each step adds one thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from memguard.clock import now
from memguard.records import Hit
from memguard.retrieval import fuse, words
from memguard.retrieval.embedder import Embedder
from memguard.retrieval.scope import EVERYTHING, Scope, visible
from memguard.retrieval.vectors import CHUNK_BITS, Neighbours, VectorIndex
from memguard.vault import lookups, rows
from memguard.vault.connection import Session
from memguard.vault.store import Vault

if TYPE_CHECKING:
    from numpy.typing import NDArray

POOL = 200
"""Candidates taken from each of words and vectors."""
NORM_MIN = 1e-9
LEADING = 128
"""Best of the pool by words and meaning: what the later steps look at."""
SPREAD_FROM = 48
"""Best candidates whose neighbours in their run are looked at."""


def embedded(embedder: Embedder, question: str) -> NDArray[np.float32]:
    """The vector [dimension] of a question: of unit length, the mean of its chunks where it is a long one."""
    mean: NDArray[np.float32] = embedder.embed([question])[0].mean(axis=0)
    return mean / max(float(np.linalg.norm(mean)), NORM_MIN)


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
    moment = now()
    within = visible(moment) & scope
    with vault.reading() as session:
        index.catch_up(session)
        if lookups.any_expired(session, moment):
            scope = within  # else what is hidden could fill the pool
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
    chunks = lookups.chunk_ids(session, CHUNK_BITS, scope.sql, scope.parameters)
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
    cosines = _best_chunk(near)
    only_words = [number for number in matches.scores if number not in cosines]
    more = index.similarity(vector, np.array(only_words, np.int64) << CHUNK_BITS) if only_words else ()
    cosines.update(zip(only_words, map(float, more), strict=True))
    numbers = list(cosines)
    meaning = fuse.standardised(np.array(list(cosines.values()), np.float32), near.mean, near.deviation)
    matched = np.array([matches.scores.get(number, 0.0) for number in numbers], np.float32)
    parts = fuse.leading(numbers, meaning, fuse.standardised(matched, matches.mean, matches.deviation), LEADING)
    facts = lookups.facts(session, list(parts), within.sql, within.parameters)
    return fuse.with_actor(facts, parts, question)


def _spread(session: Session, candidates: dict[int, fuse.Candidate], within: Scope) -> None:
    top = [c.facts.number for c in fuse.ranked(candidates.values())[:SPREAD_FROM]]
    pairs = lookups.neighbours(session, top)
    beside = {n for pair in pairs for n in pair} - candidates.keys()
    for facts in lookups.facts(session, sorted(beside), within.sql, within.parameters):
        candidates[facts.number] = fuse.Candidate(facts)
    fuse.spread(candidates, pairs)


def _current_first(
    session: Session, candidates: dict[int, fuse.Candidate], within: Scope, limit: int
) -> list[fuse.Candidate]:
    order = fuse.ranked(candidates.values())[: limit * 2]
    later_of = lookups.successors(session, [c.facts.number for c in order if c.facts.superseded])
    missing = {n for later in later_of.values() for n in later} - {c.facts.number for c in order}
    for facts in lookups.facts(session, sorted(missing), within.sql, within.parameters):
        order.append(candidates.get(facts.number) or fuse.Candidate(facts))
    return fuse.current_first(order, later_of)[: max(limit, fuse.LATER_HEAD)]


def _similarities(index: VectorIndex, order: Sequence[fuse.Candidate]) -> NDArray[np.float32]:
    """Cosines [n, n] between the first chunks of the leading candidates."""
    vectors = index.vectors(np.array([c.facts.number << CHUNK_BITS for c in order[: fuse.LATER_HEAD]], np.int64))
    return vectors @ vectors.T


def _best_chunk(near: Neighbours) -> dict[int, float]:
    """The best cosine of each memory; chunks come best first."""
    best: dict[int, float] = {}
    for number, cosine in zip(near.memories.tolist(), near.cosines.tolist(), strict=True):
        best.setdefault(number, cosine)
    return best


def _rounded(parts: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in parts.items()}
