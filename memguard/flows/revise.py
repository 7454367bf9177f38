"""new text -> mask -> embed -> keep the old wording -> replace, in one transaction."""

from __future__ import annotations

from dataclasses import replace

from memguard import intake
from memguard.clock import now, offset_minutes, to_micros
from memguard.flows.screen import Masked, mask, screen
from memguard.flows.spread import Spread
from memguard.outcomes import Stored
from memguard.privacy.privacy import Privacy
from memguard.records import Draft, Metadata, Record
from memguard.retrieval.embedder import Embedder, Encoded, encoded
from memguard.retrieval.index import Index
from memguard.vault import embedded, owed, rows
from memguard.vault.connection import Session
from memguard.vault.store import Vault


def revise(
    vault: Vault,
    index: Index,
    embedder: Embedder,
    privacy: Privacy,
    memory_id: str,
    text: str | None,
    metadata: Metadata | None,
    *,
    versions_max: int,
) -> Stored:
    """Give a memory new text, new metadata or both; its earlier wordings are kept, at most `versions_max` or,
    under a legal hold, all."""
    with vault.reading() as session:
        since = index.known.catch_up(session).change
        number = rows.number_of(session, memory_id, now())
        before = rows.records(session, [number], privacy.reveal(vault.seals))[number]
    draft = draft_of(before)
    draft = replace(
        draft,
        text=draft.text if text is None else intake.body(text),
        metadata=draft.metadata if metadata is None else intake.checked_metadata(metadata),
    )
    found = screen(privacy, index.known, [draft])[0]
    # All of it is masked anew: what is sealed answers to the placeholders that stand in the row.
    embedding = encoded(embedder, [found.plain])[0]
    with vault.writing() as session:
        number = rows.number_of(session, memory_id)
        unchanged = rows.version_of(session, number) == before.version
        if unchanged:
            spread = Spread(session, index.known, since)
            moment, seq = now(), rows.next_change(session)
            masked = mask(session, vault, privacy, found, seq, to_micros(before.recorded_at))
            is_held = owed.holding(session, [number]) is not None  # by a person: then no wording is dropped
            rows.keep_version(session, number, None if is_held else versions_max, moment)
            rewrite(session, embedder, number, masked, embedding, seq, reworded=True)
            rows.insert_event(session, number, "updated", moment)
            spread.note(number, masked)
            spread.mark()
    if not unchanged:  # by somebody else meanwhile: what they wrote is not to be undone
        return revise(vault, index, embedder, privacy, memory_id, text, metadata, versions_max=versions_max)
    kept, dropped = found.counted(privacy.policy)
    return Stored(memory_id, run_id=before.run_id, masked=dict(kept), dropped=dict(dropped))


def rewrite(
    session: Session, embedder: Embedder, number: int, masked: Masked, embedding: Encoded, seq: int, *, reworded: bool
) -> None:
    """Put a memory, masked anew and embedded, in place of what it was."""
    rows.remask(session, number, masked.draft, masked.forms, seq, reworded=reworded)
    embedded.erase_vectors(session, number)
    model = embedded.model_code(session, embedder.model, embedder.dimension)
    vectors = [vector.tobytes() for vector in embedding.vectors]
    embedded.insert_vectors(session, number, model, vectors, embedding.tokens, seq)


def draft_of(record: Record) -> Draft:
    """A memory as if it came in again."""
    happened = record.happened_at
    return Draft(
        text=record.text,
        author=record.author,
        author_kind=record.author_kind,
        actor=record.actor,
        agent_id=record.agent_id,
        run_id=record.run_id,
        environment=record.environment,
        source=record.source,
        origin=record.origin,
        metadata=record.metadata,
        id=record.id,
        happened_at=None if happened is None else to_micros(happened),
        happened_offset=0 if happened is None else offset_minutes(happened),
    )
