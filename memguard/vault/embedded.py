"""The rows of vectors: what was embedded of each memory, by chunk and model."""

from __future__ import annotations

from collections.abc import Sequence

from memguard.vault.connection import Session

CHUNK_BITS, MODEL_BITS = 12, 8
"""A chunk is named by its memory and place in it, an embedding by the model too: its tokens are one look-up away."""


def insert_vectors(
    session: Session, number: int, model: int, vectors: Sequence[bytes], tokens: Sequence[bytes], seq: int
) -> None:
    """Write a memory's vectors and token vectors, one for each chunk, in place of those it had of this model."""
    session.execute("DELETE FROM embeddings WHERE memory = ? AND model = ?", (number, model))
    for chunk, (vector, of_tokens) in enumerate(zip(vectors, tokens, strict=True)):
        embedding = (number << CHUNK_BITS | chunk) << MODEL_BITS | model
        session.execute(_INSERT_VECTOR, (embedding, number, chunk, model, vector, seq))
        if of_tokens:
            session.execute(_INSERT_TOKENS, (embedding, of_tokens))


def model_code(session: Session, name: str, dimension: int) -> int:
    """The code of an embedding model in this vault."""
    session.execute("INSERT INTO models (name, dimension) VALUES (?, ?) ON CONFLICT DO NOTHING", (name, dimension))
    return int(session.one("SELECT code FROM models WHERE name = ?", (name,)))


def lacks_vectors(session: Session, number: int, model: int) -> bool:
    """Whether a memory is still there and has no vectors of this model."""
    return bool(session.one(_LACKS_VECTORS, (number, model)))


def without_vectors(session: Session, model: str) -> list[tuple[int, str]]:
    """(number, form for vectors) of memories that have no vectors of a model."""
    return [(number, text) for number, text in session.all(_WITHOUT_VECTORS, (model,))]


def drop_other_vectors(session: Session, model: str) -> None:
    """Erase the vectors of every other model."""
    session.execute("DELETE FROM embeddings WHERE model <> (SELECT code FROM models WHERE name = ?)", (model,))
    session.execute("DELETE FROM models WHERE name <> ?", (model,))
    session.execute("UPDATE vault SET change_seq = change_seq + 1, erase_seq = erase_seq + 1")


def erase_vectors(session: Session, number: int) -> None:
    """Erase a memory's vectors of every model: they speak of its old wording."""
    session.execute("DELETE FROM embeddings WHERE memory = ?", (number,))


_WITHOUT_VECTORS = """
SELECT m.number, coalesce(m.plain, m.text) FROM memories m WHERE NOT EXISTS
  (SELECT 1 FROM embeddings e WHERE e.memory = m.number AND e.model = (SELECT code FROM models WHERE name = ?))
ORDER BY m.number
"""
_INSERT_VECTOR = "INSERT INTO embeddings (number, memory, chunk, model, vector, seq) VALUES (?, ?, ?, ?, ?, ?)"
_INSERT_TOKENS = "INSERT INTO token_vectors (embedding, vectors) VALUES (?, ?)"
_LACKS_VECTORS = """
SELECT EXISTS (SELECT 1 FROM memories m WHERE m.number = ?
  AND NOT EXISTS (SELECT 1 FROM embeddings e WHERE e.memory = m.number AND e.model = ?))
"""
