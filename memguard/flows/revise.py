"""new text -> embed -> keep the old wording -> replace, in one transaction."""

from __future__ import annotations

import json
from dataclasses import replace

from memguard import intake
from memguard.clock import now, offset_minutes, to_micros
from memguard.outcomes import Stored
from memguard.records import Draft, Metadata, Record
from memguard.retrieval import renderings
from memguard.retrieval.embedder import Embedder, encoded
from memguard.vault import rows
from memguard.vault.store import Vault


def revise(
    vault: Vault, embedder: Embedder, memory_id: str, text: str | None, metadata: Metadata | None, *, versions_max: int
) -> Stored:
    """Give a memory new text, new metadata or both; its earlier wordings are kept, at most `versions_max`."""
    with vault.reading() as session:
        before = rows.records(session, [rows.number_of(session, memory_id)]).popitem()[1]
    draft = _draft_of(before)
    draft = replace(draft, text=before.text if text is None else intake.body(text))
    embedding = None if text is None else encoded(embedder, [renderings.for_vectors(draft)])[0]
    moment = now()
    with vault.writing() as session:
        number = rows.number_of(session, memory_id)
        seq = rows.next_change(session)
        rows.keep_version(session, number, versions_max, moment)
        changed = None if metadata is None else json.dumps(intake.checked_metadata(metadata), ensure_ascii=False)
        tags = renderings.tags(draft, to_micros(before.recorded_at))
        if embedding is None:
            rows.replace_metadata(session, number, changed)
        else:
            rows.replace_text(session, number, draft.text, tags, changed, seq)
            rows.erase_vectors(session, number)
            model = rows.model_code(session, embedder.model, embedder.dimension)
            vectors = [vector.tobytes() for vector in embedding.vectors]
            rows.insert_vectors(session, number, model, vectors, embedding.tokens, seq)
        rows.insert_event(session, number, "updated", moment)
    return Stored(memory_id, run_id=before.run_id)


def _draft_of(record: Record) -> Draft:
    happened = record.happened_at
    return Draft(
        text=record.text,
        author=record.author,
        author_kind=record.author_kind,
        actor=record.actor,
        happened_at=None if happened is None else to_micros(happened),
        happened_offset=0 if happened is None else offset_minutes(happened),
    )
