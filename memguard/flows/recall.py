"""query -> words + vectors -> fuse -> rank -> hits. Read from top to bottom: each step adds one thing."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from memguard.clock import from_micros, now
from memguard.privacy.privacy import Privacy
from memguard.records import Facts, Hit
from memguard.retrieval import fuse, times, words
from memguard.retrieval import question as questions
from memguard.retrieval.as_stored import as_stored
from memguard.retrieval.candidates import SPARE, Sought, gathered, looked_at, sought
from memguard.retrieval.copies import State
from memguard.retrieval.embedder import Asked
from memguard.retrieval.index import Index
from memguard.retrieval.products import products
from memguard.retrieval.question import Question
from memguard.retrieval.scope import Scope, visible
from memguard.vault import lookups, rows
from memguard.vault.connection import Session
from memguard.vault.embedded import CHUNK_BITS
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
    privacy: Privacy,
    grant: str,
) -> list[Hit]:
    """The memories of one vault that answer a question best.

    Words are looked up on another thread while the model reads the question, and once more only if the vault has
    changed by then: candidates, order and hits are of one snapshot.
    """
    moment = now()
    with vault.reading() as session:
        index.catch_up(session)
        scope = as_stored(session, scope, privacy.label(index.known), privacy.reveal(vault.seals, grant))
        within = visible(moment) & scope
        question = _understood(session, index, text)
    sought_beside = _threads(os.getpid()).submit(_sought_in, vault, index, question, scope, within, moment, limit)
    asked = ask(question.spoken)  # the slow part: no transaction is open meanwhile
    state, found = sought_beside.result()
    with vault.reading() as session:
        if index.catch_up(session) != state:
            found = _sought(session, index, question, scope, within, moment, limit)
        candidates = gathered(index, asked, question, found, moment, limit)
        scored = looked_at(session, index, candidates, asked, question, limit)
        order = _in_time(session, index, scored, question, within, moment)
        leading, facts = _current_first(session, order, within, limit)
        best = _settled(index, leading, facts, question)[:limit]
        records = rows.records(session, [candidate.number for candidate in best], privacy.reveal(vault.seals, grant))
    return [Hit(record=records[c.number], user_id=owner, score=round(c.score, 4), why=_rounded(c.parts)) for c in best]


def _understood(session: Session, index: Index, text: str) -> Question:
    """The question, given whom and what this vault knows."""
    text = index.known.question(text, lambda word: words.holds(session, word))
    parts = questions.name_parts(text)
    called = index.places.actors_called(parts)
    masked = [part for part in parts if questions.is_person(part) and part not in called]
    others = [*masked, *words.addressed(session, questions.unknown_names(text, called))]
    speakers = index.places.speakers_called(others)
    return questions.understood(text, called, index.places.actor_count, others, speakers)


def _sought_in(
    vault: Vault, index: Index, question: Question, scope: Scope, within: Scope, moment: int, limit: int
) -> tuple[State, Sought]:
    """What is found without the model in a snapshot of its own, and the state of that snapshot."""
    with vault.reading() as session:
        return index.catch_up(session), _sought(session, index, question, scope, within, moment, limit)


def _sought(
    session: Session, index: Index, question: Question, scope: Scope, within: Scope, moment: int, limit: int
) -> Sought:
    """What is found without the model. What has expired is left out only where there is any: it could fill the pool."""
    narrow = within if lookups.any_expired(session, moment) else scope
    return sought(session, index, question, narrow, limit)


def _in_time(
    session: Session, index: Index, order: list[fuse.Candidate], question: Question, within: Scope, moment: int
) -> list[fuse.Candidate]:
    """Those in the time that the question speaks of, or on the right side of what it names, are favoured."""
    spans = times.spans(question.text, from_micros(moment))
    if spans:
        for candidate in order:
            if any(span.start <= candidate.moment < span.end for span in spans):
                candidate.parts["in time"] = fuse.IN_TIME
    anchor = None if spans else times.anchor(question.text)
    named = words.match(session, anchor[1], 1, len(index.vectors), within) if anchor else {}
    if anchor and named:
        then = int(index.places.column("moment", np.fromiter(named, np.int64))[0])
        for candidate in order:
            if candidate.moment < then if anchor[0] == "before" else candidate.moment > then:
                candidate.parts["in time"] = fuse.ANCHORED
    return fuse.ranked(order)


def _current_first(
    session: Session, order: list[fuse.Candidate], within: Scope, limit: int
) -> tuple[list[fuse.Candidate], dict[int, Facts]]:
    """Those that lead and this snapshot holds, behind what replaced them; and what is read of each."""
    known, count = {c.number: c for c in order}, max(SETTLED, limit + SPARE)
    facts = lookups.facts(session, [c.number for c in order[:count]], within.sql, within.parameters)
    later_of = lookups.successors(session, [n for n, of in facts.items() if of.superseded])
    missing = {n for later in later_of.values() for n in later} - facts.keys()
    facts |= lookups.facts(session, sorted(missing), within.sql, within.parameters)
    leading = [known.get(n) or fuse.Candidate(n, of.moment) for n, of in facts.items()]
    return fuse.current_first(leading, later_of)[:count], facts


def _settled(
    index: Index, order: list[fuse.Candidate], facts: dict[int, Facts], question: Question
) -> list[fuse.Candidate]:
    """Of two that are about the same the later one first; what says the same twice last."""
    cosines = _similarities(index, order)
    if not question.about_the_past:
        place = {candidate.number: n for n, candidate in enumerate(order)}
        order = fuse.later_first(order, facts, cosines)
        moved = [place[candidate.number] for candidate in order]
        cosines = cosines[np.ix_(moved, moved)]
    return fuse.duplicates_last(order, cosines, facts)


def _similarities(index: Index, order: Sequence[fuse.Candidate]) -> NDArray[np.float32]:
    """Cosines [n, n] between the first chunks of candidates."""
    vectors = index.vectors.vectors(np.array([c.number << CHUNK_BITS for c in order], np.int64))
    return products(vectors, vectors)


@cache
def _threads(process: int) -> ThreadPoolExecutor:
    """Where words are looked up. A process that was forked has threads of its own."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix=f"memguard-{process}")


def _rounded(parts: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in parts.items()}
