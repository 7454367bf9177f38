"""query -> words + vectors -> fuse -> rank -> hits. Read from top to bottom: each step adds one thing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from memguard.clock import from_micros, now
from memguard.records import Hit
from memguard.retrieval import fuse, times, words
from memguard.retrieval import question as questions
from memguard.retrieval.embedder import Asked
from memguard.retrieval.index import Index
from memguard.retrieval.question import Question
from memguard.retrieval.scope import EVERYTHING, Scope, visible
from memguard.retrieval.tokens import AskedTokens, best_matches
from memguard.retrieval.vectors import CHUNK_BITS
from memguard.vault import lookups, rows
from memguard.vault.connection import Session
from memguard.vault.store import Vault

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

POOL = 200
"""Candidates taken from each of words and vectors."""
LEADING = 64
"""Best of the pool whose neighbours in their run join."""
CLOSE = 40
"""Best of all that are matched word by word."""
SETTLED = 24
"""Best of all that are read: among them what is current comes first, and duplicates last."""
SPARE = 8
"""Looked at beyond the hits that are asked for, where these are many."""
REACH = 2
"""Neighbours looked at, to each side."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who is in the running: numbers, sorted; the best chunk of each; and what is known of them."""

    numbers: Numbers
    chunks: Numbers
    evidence: fuse.Evidence


def recall(
    vault: Vault,
    index: Index,
    ask: Callable[[str], Asked],
    text: str,
    *,
    owner: str,
    limit: int,
    scope: Scope,
) -> list[Hit]:
    """The memories of one vault that answer a question best, read in one snapshot."""
    with vault.reading() as session:
        question = _understood(session, index, text)
    asked = ask(question.spoken)  # the slow part: no transaction is open meanwhile
    moment = now()
    within = visible(moment) & scope
    with vault.reading() as session:
        index.catch_up(session)
        if lookups.any_expired(session, moment):
            scope = within  # else what is hidden could fill the pool
        candidates = _candidates(session, index, asked, question, scope, moment, limit)
        scored = _scored(session, index, candidates, asked, question, within, limit)
        order = _in_time(session, index, scored, question, moment)
        best = _current_first(session, order, within, limit)
        found = rows.records(session, [c.facts.number for c in best])
        best = _settled(index, best, {n: record.text for n, record in found.items()}, question)[:limit]
    return [
        Hit(record=found[c.facts.number], user_id=owner, score=round(c.score, 4), why=_rounded(c.parts)) for c in best
    ]


def _understood(session: Session, index: Index, text: str) -> Question:
    """The question, given whom this vault knows."""
    index.catch_up(session)
    called = index.places.actors_called(questions.terms(text))
    others = words.addressed(session, questions.unknown_names(text, called))
    return questions.understood(text, called, others, index.places.actor_count)


def _candidates(
    session: Session, index: Index, asked: Asked, question: Question, scope: Scope, moment: int, limit: int
) -> Candidates:
    """The best by meaning and by words, and what stands beside the best of them."""
    allowed = _allowed(session, scope)
    near = index.vectors.nearest(asked.vector, POOL, allowed)
    bm25 = words.match(session, question.text, POOL, len(index.vectors), scope)
    chunk_of = dict(zip((near.ids >> CHUNK_BITS)[::-1].tolist(), near.ids[::-1].tolist(), strict=True))
    pool = np.union1d(near.ids >> CHUNK_BITS, np.fromiter(bm25, np.int64, len(bm25)))
    pool = pool[index.places.shown(pool, moment)]
    first = _known(index, pool, chunk_of, bm25, asked, question)
    leading = pool[_best_of(fuse.first_look(first.evidence), max(LEADING, limit))]
    beside = np.setdiff1d(index.places.around(leading, REACH), leading)
    beside = beside[index.places.shown(beside, moment)]
    if allowed is not None:
        beside = beside[np.isin(beside, allowed >> CHUNK_BITS)]
    return _known(index, np.union1d(leading, beside), chunk_of, bm25, asked, question)


def _allowed(session: Session, scope: Scope) -> Numbers | None:
    """The chunk ids of a narrow scope, so that the vector search looks at nothing else."""
    if scope is EVERYTHING or scope.everything:
        return None
    chunks = lookups.chunk_ids(session, CHUNK_BITS, scope.sql, scope.parameters)
    return np.fromiter(chunks, dtype=np.int64)


def _known(
    index: Index, numbers: Numbers, chunk_of: dict[int, int], bm25: dict[int, float], asked: Asked, question: Question
) -> Candidates:
    places, listed = index.places, numbers.tolist()
    chunks = np.array([chunk_of.get(n, n << CHUNK_BITS) for n in listed], np.int64)
    actors = np.fromiter(question.actors, np.int64, len(question.actors))
    evidence = fuse.Evidence(
        cosines=index.vectors.vectors(chunks) @ asked.vector,
        bm25=np.array([bm25.get(n, 0.0) for n in listed], np.float32),
        of_actor=np.isin(places.column("actor", numbers), actors),
        letters=places.column("letters", numbers),
        asks=places.column("asks", numbers),
        beside=_places_in(numbers, places.around(numbers, REACH)),
    )
    return Candidates(numbers, chunks, evidence)


def _places_in(numbers: Numbers, wanted: Numbers) -> Numbers:
    """Where each wanted number stands among sorted `numbers`; -1 where it does not."""
    if not len(numbers):
        return np.full(wanted.shape, -1)
    at = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1)
    return np.where(numbers[at] == wanted, at, -1)


def _scored(
    session: Session, index: Index, candidates: Candidates, asked: Asked, question: Question, within: Scope, limit: int
) -> list[fuse.Candidate]:
    """Those that are looked at closely, best first, with the parts of their scores."""
    first = fuse.first_look(candidates.evidence)
    close = _best_of(first, max(CLOSE, limit + SPARE))
    if asked.tokens is None:
        parts = {name: values[close] for name, values in first.items()}
    else:
        parts = fuse.close_look(candidates.evidence, close, _matched(session, index, candidates, close, asked.tokens))
    numbers = candidates.numbers[close].tolist()
    place_of = {number: place for place, number in enumerate(numbers)}
    facts = lookups.facts(session, numbers, within.sql, within.parameters)
    scored = {f.number: fuse.Candidate(f, _at(parts, place_of[f.number])) for f in facts}
    if question.asks_when:
        for number, text in lookups.texts(session, numbers).items():
            if number in scored and questions.tells_a_time(text):
                scored[number].parts["tells time"] = fuse.TELLS_TIME
    return fuse.ranked(scored.values())


def _best_of(parts: dict[str, NDArray[np.float32]], count: int) -> Numbers:
    return np.argsort(-fuse.total(parts), kind="stable")[:count]


def _matched(
    session: Session, index: Index, candidates: Candidates, close: Numbers, asked: AskedTokens
) -> NDArray[np.float32]:
    """How much of the question those at `close` match, word by word [len(close), 3]."""
    beside = candidates.evidence.beside[close]
    wanted = np.union1d(close, beside[beside >= 0])
    chunks = candidates.chunks[wanted].tolist()
    best = best_matches(asked, index.tokens.of(session, chunks))
    rows_of = {chunk: row for row, chunk in enumerate(best)}
    matrix = np.array(list(best.values()), np.float32).reshape(len(best), len(asked.weights))
    at = np.full(len(candidates.numbers) + 1, -1)  # the last for "nothing", which is place -1
    at[wanted] = [rows_of.get(chunk, -1) for chunk in chunks]
    if not len(matrix):
        return np.zeros((len(close), 3), np.float32)
    return fuse.matched(matrix, asked.weights, at[close], at[beside])


def _in_time(
    session: Session, index: Index, order: list[fuse.Candidate], question: Question, moment: int
) -> list[fuse.Candidate]:
    """Those in the time that the question speaks of, or on the right side of what it names, are favoured."""
    spans = times.spans(question.text, from_micros(moment))
    if spans:
        for candidate in order:
            if any(span.start <= candidate.facts.moment < span.end for span in spans):
                candidate.parts["in time"] = fuse.IN_TIME
    anchor = None if spans else times.anchor(question.text)
    named = words.match(session, anchor[1], 1, len(index.vectors)) if anchor else {}
    if anchor and named:
        then = int(index.places.column("moment", np.fromiter(named, np.int64))[0])
        for candidate in order:
            if candidate.facts.moment < then if anchor[0] == "before" else candidate.facts.moment > then:
                candidate.parts["in time"] = fuse.ANCHORED
    return fuse.ranked(order)


def _current_first(session: Session, order: list[fuse.Candidate], within: Scope, limit: int) -> list[fuse.Candidate]:
    candidates = {c.facts.number: c for c in order}
    order = order[: max(SETTLED, limit + SPARE)]
    later_of = lookups.successors(session, [c.facts.number for c in order if c.facts.superseded])
    missing = {n for later in later_of.values() for n in later} - {c.facts.number for c in order}
    for facts in lookups.facts(session, sorted(missing), within.sql, within.parameters):
        order.append(candidates.get(facts.number) or fuse.Candidate(facts))
    return fuse.current_first(order, later_of)[: max(SETTLED, limit + SPARE)]


def _settled(
    index: Index, order: list[fuse.Candidate], texts: dict[int, str], question: Question
) -> list[fuse.Candidate]:
    """Of two that are about the same the later one first; what says the same twice last."""
    if not question.about_the_past:
        order = fuse.later_first(order, texts, _similarities(index, order[: fuse.LATER_HEAD]))
    return fuse.duplicates_last(order, _similarities(index, order), texts)


def _similarities(index: Index, order: Sequence[fuse.Candidate]) -> NDArray[np.float32]:
    """Cosines [n, n] between the first chunks of candidates."""
    vectors = index.vectors.vectors(np.array([c.facts.number << CHUNK_BITS for c in order], np.int64))
    return vectors @ vectors.T


def _at(parts: dict[str, NDArray[np.float32]], place: int) -> dict[str, float]:
    return {name: float(values[place]) for name, values in parts.items()}


def _rounded(parts: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in parts.items()}
