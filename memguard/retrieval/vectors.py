"""Vectors in memory: a FAISS index that is a copy of the vault's, in step by the change sequence.

Flat under an id map: it looks at every vector and removes cleanly. Numbers are halved to 16 bits: a cosine moves by at
most 1e-4, while a search takes .7 ms at 10,000 instead of .9, 3.8 instead of 8.1 at 100,000, and half of the memory.
An id packs memory number and chunk, so that a hit needs no table to be read back. Nothing of an index is ever on disk:
vectors can be inverted to text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from memguard.errors import ModelError
from memguard.retrieval.copies import Copy
from memguard.vault.connection import Session
from memguard.vault.embedded import CHUNK_BITS, MODEL_BITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHUNKS_MAX = 1 << CHUNK_BITS
BATCH = 20_000
LOOK_UP_MAX = 64
"""Ids looked up one by one; for more, one pass over all of the index is cheaper."""


class VectorIndex(Copy):
    """The index of one vault and one model. Safe between threads."""

    def __init__(self, model: str, dimension: int) -> None:
        super().__init__()
        import faiss as untyped

        faiss: Any = untyped  # SWIG: its stub does not know `sel`
        faiss.omp_set_num_threads(1)
        self._faiss = faiss
        halved = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        self._index = faiss.IndexIDMap2(halved)
        self.model = model

    def nearest(self, query: NDArray[np.float32], count: int, allowed: NDArray[np.int64] | None = None) -> Neighbours:
        """The chunks most similar to a query of unit length, at most `count`, best first.

        `allowed` restricts the search to these chunk ids (exactly, not by filtering afterwards).
        """
        with self._lock:
            count = min(count, self._index.ntotal)
            if not count:
                return Neighbours.none()
            options = None
            if allowed is not None:
                options = self._faiss.SearchParameters(sel=self._faiss.IDSelectorBatch(allowed))
            scores, ids = self._index.search(query.reshape(1, -1), count, params=options)
        found = ids[0] >= 0
        return Neighbours(ids[0][found], scores[0][found])

    def closest(self, vectors: NDArray[np.float32], count: int) -> list[list[tuple[int, float]]]:
        """For each of n vectors [n, dimension] of unit length, (memory number, cosine) of the chunks nearest to it.

        Best first. All at once: at 100,000 a batch of 256 takes a tenth of 256 single searches.
        """
        with self._lock:
            count = min(count, self._index.ntotal)
            if not count:
                return [[] for _ in vectors]
            scores, ids = self._index.search(vectors, count)
        numbers = (ids >> CHUNK_BITS).tolist()
        return [list(zip(row, cosines, strict=True)) for row, cosines in zip(numbers, scores.tolist(), strict=True)]

    def vectors(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors [len(ids), dimension] of these ids; zeros where an id is not in the index."""
        with self._lock:
            try:
                found: NDArray[np.float32] = self._index.reconstruct_batch(ids)
            except RuntimeError:  # FAISS's word for an unknown id: a memory without vectors of this model
                known = np.isin(ids, self._faiss.vector_to_array(self._index.id_map))
                found = np.zeros((len(ids), self._index.d), np.float32)
                found[known] = self._index.reconstruct_batch(ids[known])
        return found

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def bytes(self) -> int:
        """Memory the vectors take."""
        return int(self._index.ntotal * self._index.sa_code_size())

    def _check(self, session: Session, since: int) -> None:
        """Memories that only have another model's vectors would silently not be found."""
        if session.one(_OTHER_MODEL, (self.model, since)):
            missing = session.one(_WITHOUT, (self.model,))
            if missing:
                raise ModelError(f"{missing} memories have no vectors of the model in use: run `memguard reembed`")

    def _reset(self) -> None:
        self._index.reset()

    def _drop_erased(self, session: Session) -> None:
        live = np.fromiter((row[0] for row in session.execute(_LIVE, (MODEL_BITS, self.model))), dtype=np.int64)
        held = self._faiss.vector_to_array(self._index.id_map)
        self._remove(held[~np.isin(held, live)])

    def _add_new(self, session: Session, since: int) -> None:
        rows = session.execute(_NEWER, (CHUNK_BITS, self.model, since))
        while batch := rows.fetchmany(BATCH):
            ids = np.fromiter((row[0] for row in batch), dtype=np.int64, count=len(batch))
            vectors = np.frombuffer(b"".join(row[1] for row in batch), dtype=np.float32)
            if since:
                # New wordings, and numbers that are used again. Looked up first: a removal moves the whole index.
                self._remove(ids[self._held(ids)])
            self._index.add_with_ids(vectors.reshape(len(batch), -1), ids)

    def _held(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these ids the index holds."""
        if len(ids) > LOOK_UP_MAX:
            return np.isin(ids, self._faiss.vector_to_array(self._index.id_map))
        return np.array([self._holds(int(chunk)) for chunk in ids], dtype=bool)

    def _holds(self, chunk: int) -> bool:
        try:
            self._index.reconstruct(chunk)
        except RuntimeError:  # FAISS's word for an unknown id
            return False
        return True

    def _remove(self, ids: NDArray[np.int64]) -> None:
        if len(ids):
            self._index.remove_ids(self._faiss.IDSelectorBatch(np.ascontiguousarray(ids)))


class Neighbours(NamedTuple):
    """Chunk ids and their cosines, best first."""

    ids: NDArray[np.int64]
    cosines: NDArray[np.float32]

    @classmethod
    def none(cls) -> Neighbours:
        return cls(np.empty(0, np.int64), np.empty(0, np.float32))


_OTHER_MODEL = """
SELECT EXISTS (SELECT 1 FROM models m JOIN embeddings e ON e.model = m.code WHERE m.name <> ? AND e.seq > ?)
"""
_WITHOUT = """
SELECT count(*) FROM memories m WHERE NOT EXISTS
  (SELECT 1 FROM embeddings e JOIN models o ON o.code = e.model WHERE e.memory = m.number AND o.name = ?)
"""
# Out of the embedding's number, which an index holds: the row would have its vector's pages read and decrypted with it.
_LIVE = """
SELECT e.number >> ? FROM embeddings e JOIN models m ON m.code = e.model WHERE m.name = ?
"""
_NEWER = """
SELECT e.memory << ? | e.chunk, e.vector FROM embeddings e JOIN models m ON m.code = e.model
WHERE m.name = ? AND e.seq > ? ORDER BY e.seq, e.number
"""
