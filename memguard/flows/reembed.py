"""another model -> embed what it has no vectors of, batch by batch -> drop the old vectors.

Each batch commits, so that an interrupted run goes on where it stopped. Until all is done, search and add under the
new model are refused: a vault that is half embedded would silently not find its other half.
"""

from __future__ import annotations

from collections.abc import Callable

from memguard.retrieval.embedder import Embedder, encoded
from memguard.vault import embedded, rows
from memguard.vault.store import Vault

BATCH = 128


def reembed(vault: Vault, embedder: Embedder, progress: Callable[[int, int], object] | None = None) -> int:
    """Give every memory vectors of the model in use and drop all others; returns how many were embedded."""
    with vault.reading() as session:
        waiting = embedded.without_vectors(session, embedder.model)
    for start in range(0, len(waiting), BATCH):
        batch = waiting[start : start + BATCH]
        embeddings = encoded(embedder, [text for _, text in batch])
        with vault.writing() as session:
            seq = rows.next_change(session)
            model = embedded.model_code(session, embedder.model, embedder.dimension)
            for (number, _), (vectors, tokens) in zip(batch, embeddings, strict=True):
                # A memory that was erased or reworded meanwhile has no row, or vectors of its own by now.
                if embedded.lacks_vectors(session, number, model):
                    embedded.insert_vectors(session, number, model, [v.tobytes() for v in vectors], tokens, seq)
        if progress is not None:
            progress(start + len(batch), len(waiting))
    with vault.writing() as session:
        if not embedded.without_vectors(session, embedder.model):
            embedded.drop_other_vectors(session, embedder.model)
            return len(waiting)
    return len(waiting) + reembed(vault, embedder, progress)  # added under the old model meanwhile
