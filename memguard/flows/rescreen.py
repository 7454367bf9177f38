"""what nobody has looked at -> mask -> embed -> replace, batch by batch. For memories from before there were detectors.

Each batch commits, so that an interrupted run goes on where it stopped. Old words leave pages and index as in `forget`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from memguard.flows.revise import draft_of
from memguard.flows.screen import mask, note_placeholders, screen
from memguard.privacy.masking import Screened
from memguard.privacy.privacy import Privacy
from memguard.records import Record
from memguard.retrieval.embedder import Embedder, Encoded, encoded
from memguard.retrieval.index import Index
from memguard.vault import embedded, rows
from memguard.vault.connection import Session
from memguard.vault.store import Vault

BATCH = 128


def rescreen(
    vault: Vault,
    index: Index,
    embedder: Embedder,
    privacy: Privacy,
    progress: Callable[[int, int], object] | None = None,
) -> int:
    """Mask every memory that no detector has seen, with its earlier wordings; returns how many there were."""
    with vault.reading() as session:
        waiting = rows.unscreened(session)
    for start in range(0, len(waiting), BATCH):
        numbers = waiting[start : start + BATCH]
        with vault.reading() as session:
            index.known.catch_up(session)
            found = rows.records(session, numbers, privacy.reveal(vault.seals))
        records = list(found.items())
        screened = screen(privacy, index.known, [draft_of(record) for _, record in records])
        embeddings = encoded(embedder, [each.plain for each in screened])
        with vault.writing() as session:
            seq = rows.next_change(session)
            for (number, record), each, embedding in zip(records, screened, embeddings, strict=True):
                # One that was erased or reworded meanwhile is gone, or has been looked at by now.
                if rows.is_unscreened(session, number, record.version):
                    _replace(session, vault, index, embedder, privacy, number, record, each, embedding, seq)
        if progress is not None:
            progress(start + len(numbers), len(waiting))
    vault.truncate_log()
    return len(waiting)


def _replace(
    session: Session,
    vault: Vault,
    index: Index,
    embedder: Embedder,
    privacy: Privacy,
    number: int,
    record: Record,
    found: Screened,
    embedding: Encoded,
    seq: int,
) -> None:
    masked = mask(session, vault, privacy, found, seq, rows.recorded_at(session, number))
    placeholders = list(masked.placeholders)
    for version in rows.versions(session, number, privacy.reveal(vault.seals)):
        wording = replace(found.draft, text=version.text, metadata=version.metadata, id=record.id)
        earlier = mask(session, vault, privacy, screen(privacy, index.known, [wording])[0], seq, 0)
        rows.remask_version(session, number, version.version, earlier.draft, earlier.forms)
        placeholders += earlier.placeholders
    rows.remask(session, number, masked.draft, masked.forms, seq, reworded=False)
    embedded.erase_vectors(session, number)
    model = embedded.model_code(session, embedder.model, embedder.dimension)
    vectors = [vector.tobytes() for vector in embedding.vectors]
    embedded.insert_vectors(session, number, model, vectors, embedding.tokens, seq)
    note_placeholders(session, masked._replace(placeholders=tuple(placeholders)), number)
