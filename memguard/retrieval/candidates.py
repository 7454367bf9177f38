"""Who is in the running for a question: gathered from words, vectors and runs, then looked at closely.

Hundreds are gathered and scored from what is in memory; the best forty are matched with the question word by word.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from memguard.retrieval import fuse, words
from memguard.retrieval import question as questions
from memguard.retrieval.embedder import Asked
from memguard.retrieval.index import Index
from memguard.retrieval.products import products_with
from memguard.retrieval.question import Question
from memguard.retrieval.scope import Scope
from memguard.retrieval.tokens import AskedTokens, best_matches
from memguard.vault import lookups
from memguard.vault.connection import Session
from memguard.vault.embedded import CHUNK_BITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

POOL = 100
"""Candidates taken from each of words and vectors: with 200, LoCoMo dev's recall@10 is the same to a tenth."""
LEADING = 64
"""Best of the pool whose neighbours in their run join."""
CLOSE = 40
"""Best of all that are matched word by word."""
SPARE = 8
"""Looked at beyond the hits that are asked for, where these are many."""
REACH = 2
"""Neighbours looked at, to each side."""
NAME_RARITY = 7.6
"""A name counts as the rarest token does: masked, it has no vector by which it could be matched."""


class Sought(NamedTuple):
    """What is found without the model: the chunks of a narrow scope (None for all), bm25 by memory number, and for each
    masked name in the question the numbers of the memories that hold it."""

    chunks: Numbers | None
    bm25: dict[int, float]
    holders: list[Numbers]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who is in the running: numbers, sorted; the best chunk of each; and what is known of them."""

    numbers: Numbers
    chunks: Numbers
    evidence: fuse.Evidence
    holders: list[Numbers]
    """For each masked name in the question, the memories that hold it."""


def sought(session: Session, index: Index, question: Question, scope: Scope, limit: int) -> Sought:
    """What a scope holds, and what in it has the question's words."""
    rows = len(index.vectors)
    holders = (words.holders(session, mention, rows) for mention in question.named)
    return Sought(
        chunks=_chunks_of(session, scope),
        bm25=words.match(session, question.text, max(POOL, limit), rows, scope),
        holders=[np.array(found, np.int64) for found in holders if found],
    )


def gathered(index: Index, asked: Asked, question: Question, found: Sought, moment: int, limit: int) -> Candidates:
    """The best by meaning and by words, and what stands beside the best of them."""
    near = index.vectors.nearest(asked.vector, max(POOL, limit), found.chunks)
    chunk_of = dict(zip((near.ids >> CHUNK_BITS)[::-1].tolist(), near.ids[::-1].tolist(), strict=True))
    pool = np.union1d(near.ids >> CHUNK_BITS, np.fromiter(found.bm25, np.int64, len(found.bm25)))
    pool = pool[index.places.shown(pool, moment)]
    first = _known(index, pool, chunk_of, found, asked, question)
    leading = pool[_best_of(fuse.first_look(first.evidence), max(LEADING, limit))]
    beside = np.setdiff1d(index.places.around(leading, REACH), leading)
    beside = beside[index.places.shown(beside, moment)]
    if found.chunks is not None:
        beside = beside[np.isin(beside, found.chunks >> CHUNK_BITS)]
    if not len(beside):
        return first
    return _known(index, np.union1d(leading, beside), chunk_of, found, asked, question)


def _chunks_of(session: Session, scope: Scope) -> Numbers | None:
    """The chunk ids of a narrow scope, so that the vector search looks at nothing else."""
    if scope.everything:
        return None
    chunks = lookups.chunk_ids(session, scope.sql, scope.parameters)
    return np.fromiter(chunks, dtype=np.int64)


def _known(
    index: Index, numbers: Numbers, chunk_of: dict[int, int], found: Sought, asked: Asked, question: Question
) -> Candidates:
    places, listed = index.places, numbers.tolist()
    chunks = np.array([chunk_of.get(n, n << CHUNK_BITS) for n in listed], np.int64)
    actor, speaker = places.column("actor", numbers), places.column("speaker", numbers)
    evidence = fuse.Evidence(
        cosines=products_with(index.vectors.vectors(chunks), asked.vector),
        bm25=np.array([found.bm25.get(n, 0.0) for n in listed], np.float32),
        of_actor=_any_of(actor, question.actors) | _any_of(speaker, question.speakers),
        letters=places.column("letters", numbers),
        asks=places.column("asks", numbers),
        beside=_places_in(numbers, places.around(numbers, REACH)),
    )
    return Candidates(numbers, chunks, evidence, found.holders)


def _any_of(codes: Numbers, wanted: frozenset[int]) -> NDArray[np.bool_]:
    return np.isin(codes, list(wanted)) if wanted else np.zeros(len(codes), np.bool_)


def _places_in(numbers: Numbers, wanted: Numbers) -> Numbers:
    """Where each wanted number stands among sorted `numbers`; -1 where it does not."""
    if not len(numbers):
        return np.full(wanted.shape, -1)
    at = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1)
    return np.where(numbers[at] == wanted, at, -1)


def looked_at(
    session: Session, index: Index, candidates: Candidates, asked: Asked, question: Question, limit: int
) -> list[fuse.Candidate]:
    """Those that are looked at closely, best first, with the parts of their scores."""
    first = fuse.first_look(candidates.evidence)
    close = _best_of(first, max(CLOSE, limit + SPARE))
    if asked.tokens is None:
        parts = {name: values[close] for name, values in first.items()}
    else:
        parts = fuse.close_look(candidates.evidence, close, _matched(session, index, candidates, close, asked.tokens))
    numbers = candidates.numbers[close]
    moments, columns = index.places.column("moment", numbers).tolist(), [values.tolist() for values in parts.values()]
    scored = {
        number: fuse.Candidate(number, moment, dict(zip(parts, values, strict=True)))
        for number, moment, *values in zip(numbers.tolist(), moments, *columns, strict=True)
    }
    if question.asks_when:
        for number, text in lookups.texts(session, list(scored)).items():
            if questions.tells_a_time(text):
                scored[number].parts["tells time"] = fuse.TELLS_TIME
    return fuse.ranked(scored.values())


def _best_of(parts: dict[str, NDArray[np.float32]], count: int) -> Numbers:
    return np.argsort(-fuse.total(parts), kind="stable")[:count]


def _matched(
    session: Session, index: Index, candidates: Candidates, close: Numbers, asked: AskedTokens
) -> NDArray[np.float32]:
    """How much of the question those at `close` match, word by word and masked name by name [len(close), 3]."""
    beside = candidates.evidence.beside[close]
    wanted = np.union1d(close, beside[beside >= 0])
    chunks = candidates.chunks[wanted].tolist()
    best = best_matches(asked, index.tokens.of(session, chunks))
    rows_of = {chunk: row for row, chunk in enumerate(best)}
    matrix = np.array(list(best.values()), np.float32).reshape(len(best), len(asked.rarity))
    at = np.full(len(candidates.numbers) + 1, -1)  # the last for "nothing", which is place -1
    at[wanted] = [rows_of.get(chunk, -1) for chunk in chunks]
    if not len(matrix):
        return np.zeros((len(close), 3), np.float32)
    best_of = np.hstack([matrix, _holding(candidates, best)])
    rarity = np.concatenate([asked.rarity, np.full(len(candidates.holders), NAME_RARITY, np.float32)])
    rarity /= max(rarity.sum(), np.float32(1e-9))
    return fuse.matched(best_of, rarity, at[close], at[beside])


def _holding(candidates: Candidates, chunks: Iterable[int]) -> NDArray[np.float32]:
    """Which of the question's masked names the memories of these chunks hold [chunks, names]: 1 or 0."""
    numbers = np.fromiter(chunks, np.int64) >> CHUNK_BITS
    held = [np.isin(numbers, holders) for holders in candidates.holders]
    return np.array(held, np.float32).reshape(len(held), len(numbers)).T
