"""text + provenance -> mask -> embed -> find what it restates -> commit (one transaction). The index follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from memguard.clock import now
from memguard.errors import Conflict, InvalidInput, UnknownMemory
from memguard.flows.screen import Masked, mask, screen
from memguard.flows.spread import Spread
from memguard.outcomes import Stored
from memguard.privacy.known import Known
from memguard.privacy.masking import Screened
from memguard.privacy.policy import Policy
from memguard.privacy.privacy import Privacy
from memguard.privacy.reveal import Reveal
from memguard.records import Draft, Statement
from memguard.retrieval.embedder import Embedder, Encoded, encoded
from memguard.retrieval.index import Index
from memguard.retrieval.restatement import restated
from memguard.retrieval.scope import actor_key
from memguard.retrieval.vectors import CHUNKS_MAX, VectorIndex
from memguard.vault import embedded, lookups, rows
from memguard.vault.connection import Session
from memguard.vault.sealing import Seals
from memguard.vault.store import Vault

if TYPE_CHECKING:
    from numpy.typing import NDArray

RIVALS = 8
"""Earlier memories nearest to a new one that it might restate."""
RIVAL_COSINE_MIN = 0.25
OTHER_TEXT = "this key or id was used before for another text: use a new one, or update the memory"


@dataclass(slots=True)
class Prepared:
    """A draft as it is embedded, and the numbers of earlier memories near it, with cosines."""

    screened: Screened
    encoded: Encoded
    rivals: list[tuple[int, float]]


class Looked(NamedTuple):
    """Drafts with what is personal in them, and as they are embedded."""

    screened: Sequence[Screened]
    encoded: Sequence[Encoded]


def look_ahead(privacy: Privacy, embedder: Embedder, drafts: Sequence[Draft]) -> Looked:
    """What is slow and may fail, of a first memory: before there is a vault, and so without values that one knows."""
    return _looked_at(privacy, Known(Seals.of(b"")), embedder, drafts)


def remember(
    vault: Vault,
    index: Index,
    embedder: Embedder,
    privacy: Privacy,
    drafts: Sequence[Draft],
    ahead: Looked | None = None,
) -> list[Stored]:
    """Store drafts, all or none, in order. Everything slow happens before the transaction."""
    fresh, since = _not_yet_stored(vault, index, privacy, drafts)
    if ahead is None or index.known.codes or len(fresh) < len(drafts):  # somebody else has made the vault meanwhile
        ahead = _looked_at(privacy, index.known, embedder, fresh)
    prepared = _with_rivals(vault, index.vectors, ahead.screened, ahead.encoded)
    with vault.writing() as session:
        spread = Spread(session, index.known, since)
        outcomes = _commit(session, vault, privacy, drafts, prepared, embedder, spread)
        spread.mark()
    return outcomes


def _looked_at(privacy: Privacy, known: Known, embedder: Embedder, drafts: Sequence[Draft]) -> Looked:
    screened = screen(privacy, known, drafts)
    return Looked(screened, encoded(embedder, [found.plain for found in screened]))


def check_references(vault: Vault | None, privacy: Privacy, drafts: Sequence[Draft]) -> None:
    """Raise where a parent is unknown, or a key or id stands for another text; `vault` is None for a new owner.

    Looked at again in the transaction: only an erasure in between can change the answer.
    """
    if not any(d.derived_from or d.supersedes or d.key or d.id for d in drafts):
        return
    _check_batch(drafts)
    parents = {parent for d in drafts for parent in (*d.derived_from, *d.supersedes)} - {d.id for d in drafts}
    if vault is None:
        for parent in parents:
            raise UnknownMemory(parent)
        return
    with vault.reading() as session:
        for parent in parents:
            rows.number_of(session, parent)
        for draft in drafts:
            _stored_before(session, draft, privacy.reveal(vault.seals))


def _check_batch(drafts: Sequence[Draft]) -> None:
    texts: dict[str, str] = {}
    for draft in drafts:
        for name in (draft.key, draft.id):
            if name and texts.setdefault(name, draft.text) != draft.text:
                raise Conflict(OTHER_TEXT)


def _not_yet_stored(vault: Vault, index: Index, privacy: Privacy, drafts: Sequence[Draft]) -> tuple[list[Draft], int]:
    """Drafts whose idempotency key or id is new: what is stored already is not embedded again.

    And the change sequence up to which the vault's values are known.
    """
    with vault.reading() as session:
        since = index.known.catch_up(session).change
        reveal = privacy.reveal(vault.seals)
        return [draft for draft in drafts if not _stored_before(session, draft, reveal)], since


def _with_rivals(
    vault: Vault, index: VectorIndex, screened: Sequence[Screened], embeddings: Sequence[Encoded]
) -> list[Prepared]:
    """Each draft with the earlier memories it might restate; those of the same batch have negative numbers."""
    if not screened:
        return []
    with vault.reading() as session:
        index.catch_up(session)
    firsts = np.array([e.vectors[0] for e in embeddings])
    within_batch = firsts @ firsts.T
    prepared = []
    stored = index.closest(firsts, RIVALS)
    for place, (found, embedding, near) in enumerate(zip(screened, embeddings, stored, strict=True)):
        in_batch = [(-1 - i, float(within_batch[place, i])) for i in _nearest_before(within_batch, place)]
        rivals = [(number, cosine) for number, cosine in (*near, *in_batch) if cosine >= RIVAL_COSINE_MIN]
        prepared.append(Prepared(found, embedding, rivals))
    return prepared


def _nearest_before(similarities: NDArray[np.float32], place: int) -> list[int]:
    earlier = similarities[place, :place]
    return [int(i) for i in np.argsort(-earlier)[:RIVALS]]


def _commit(
    session: Session,
    vault: Vault,
    privacy: Privacy,
    drafts: Sequence[Draft],
    prepared: Sequence[Prepared],
    embedder: Embedder,
    spread: Spread,
) -> list[Stored]:
    seq, moment = rows.next_change(session), now()
    model = embedded.model_code(session, embedder.model, embedder.dimension)
    waiting = {id(p.screened.draft): p for p in prepared}
    reveal = privacy.reveal(vault.seals)
    numbers: list[int] = []  # of what was prepared, by its place: 0 where another process stored it first
    outcomes = []
    for draft in drafts:
        item, before = waiting.get(id(draft)), _stored_before(session, draft, reveal)
        if before is not None:
            stored, number = before, 0
        elif item is not None:
            found = mask(session, vault, privacy, item.screened, seq, moment)
            stored, number = _insert(session, item, found, numbers, model, seq, moment)
            spread.note(number, found)
            stored = _told(stored, item.screened, privacy.policy)
        else:
            raise Conflict("a memory with this key was erased just now: try again")
        if item is not None:
            numbers.append(number)
        outcomes.append(stored)
    return outcomes


def _stored_before(session: Session, draft: Draft, reveal: Reveal) -> Stored | None:
    found = rows.stored_before(session, draft, reveal) if draft.key or draft.id else None
    if found is None:
        return None
    memory_id, same = found
    if not same:
        raise Conflict(OTHER_TEXT)
    return Stored(memory_id, duplicate=True, run_id=draft.run_id)


def _insert(
    session: Session, item: Prepared, found: Masked, numbers: Sequence[int], model: int, seq: int, moment: int
) -> tuple[Stored, int]:
    draft = found.draft
    if len(item.encoded.tokens) > CHUNKS_MAX:
        raise InvalidInput("text has too many chunks: split it")
    number = rows.insert_memory(session, found.id, draft, found.forms, seq=seq, now=moment)
    embedded.insert_vectors(
        session, number, model, [v.tobytes() for v in item.encoded.vectors], item.encoded.tokens, seq
    )
    rows.insert_lineage(session, number, draft)
    rows.insert_evidence(session, number, "stated", draft, moment)
    rows.insert_event(session, number, "added", moment)
    superseded = _supersede(session, item, found, number, numbers, moment)
    return Stored(found.id, superseded=superseded, run_id=item.screened.draft.run_id), number


def _told(stored: Stored, found: Screened, policy: Policy) -> Stored:
    """With what was masked, and what was not kept: nothing is lost silently (P6)."""
    kept, dropped = found.counted(policy)
    return replace(stored, masked=dict(kept), dropped=dict(dropped))


def _supersede(
    session: Session, item: Prepared, found: Masked, number: int, numbers: Sequence[int], moment: int
) -> tuple[str, ...]:
    """Mark what the caller says is replaced, and what the new memory plainly restates with another value."""
    replaced = {rows.number_of(session, memory_id): "said" for memory_id in found.draft.supersedes}
    rivals = {(numbers[-1 - n] if n < 0 else n): cosine for n, cosine in item.rivals}
    later = _statement(found.draft, moment)
    for other, statement in lookups.statements(session, [n for n in rivals if n and n != number]).items():
        if other not in replaced and restated(statement, later, rivals[other]):
            replaced[other] = "restated"
    for other, reason in replaced.items():
        rows.supersede(session, other, number, reason)
        rows.insert_event(session, other, "superseded", moment)
    return lookups.ids(session, sorted(replaced))


def _statement(draft: Draft, moment: int) -> Statement:
    key = actor_key(draft.actor) if draft.actor else None
    return Statement(draft.text, key, draft.environment, draft.happened_at or moment)
