"""query -> words + vectors -> fuse -> rank -> hits. Read from top to bottom: each step adds one thing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from memguard.clock import from_micros, now
from memguard.records import Hit
from memguard.retrieval import fuse, times, words
from memguard.retrieval import question as questions
from memguard.retrieval.candidates import SPARE, gathered, looked_at
from memguard.retrieval.embedder import Asked
from memguard.retrieval.index import Index
from memguard.retrieval.question import Question
from memguard.retrieval.scope import Scope, visible
from memguard.retrieval.vectors import CHUNK_BITS
from memguard.vault import lookups, rows
from memguard.vault.connection import Session
from memguard.vault.store import Vault

if TYPE_CHECKING:
    from numpy.typing import NDArray

SETTLED = 24
"""Best of all that are read: among them what is current comes first, and duplicates last."""


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
    """The memories of one vault that answer a question best.

    Candidates, order and hits are of one snapshot; whom the question names is looked up in one just before.
    """
    with vault.reading() as session:
        question = _understood(session, index, text)
    asked = ask(question.spoken)  # the slow part: no transaction is open meanwhile
    moment = now()
    within = visible(moment) & scope
    with vault.reading() as session:
        index.catch_up(session)
        if lookups.any_expired(session, moment):
            scope = within  # else what is hidden could fill the pool
        candidates = gathered(session, index, asked, question, scope, moment, limit)
        scored = looked_at(session, index, candidates, asked, question, within, limit)
        order = _in_time(session, index, scored, question, within, moment)
        best = _current_first(session, order, within, limit)
        found = rows.records(session, [c.facts.number for c in best])
        best = _settled(index, best, {n: record.text for n, record in found.items()}, question)[:limit]
    return [
        Hit(record=found[c.facts.number], user_id=owner, score=round(c.score, 4), why=_rounded(c.parts)) for c in best
    ]


def _understood(session: Session, index: Index, text: str) -> Question:
    """The question, given whom this vault knows."""
    index.catch_up(session)
    called = index.places.actors_called(questions.name_parts(text))
    others = words.addressed(session, questions.unknown_names(text, called))
    speakers = index.places.speakers_called(others)
    return questions.understood(text, called, index.places.actor_count, others, speakers)


def _in_time(
    session: Session, index: Index, order: list[fuse.Candidate], question: Question, within: Scope, moment: int
) -> list[fuse.Candidate]:
    """Those in the time that the question speaks of, or on the right side of what it names, are favoured."""
    spans = times.spans(question.text, from_micros(moment))
    if spans:
        for candidate in order:
            if any(span.start <= candidate.facts.moment < span.end for span in spans):
                candidate.parts["in time"] = fuse.IN_TIME
    anchor = None if spans else times.anchor(question.text)
    named = words.match(session, anchor[1], 1, len(index.vectors), within) if anchor else {}
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


def _rounded(parts: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in parts.items()}
