"""Vectors in memory: a FAISS index that is a copy of the vault's, in step by the change sequence.

Flat under an id map: exact, removes cleanly, 1 to 2 ms at 10,000. An id packs memory number and chunk, so that a hit
needs no table to be read back. Nothing of an index is ever on disk: vectors can be inverted to text.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from memguard.errors import ModelError
from memguard.vault.connection import Session

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHUNK_BITS = 12
CHUNKS_MAX = 1 << CHUNK_BITS
BATCH = 20_000
LOOK_UP_MAX = 64
"""Ids looked up one by one; for more, one pass over all of the index is cheaper."""
SAMPLE = 1024
"""Vectors looked at to know how similar any two texts of this vault are to a query."""


class VectorIndex:
    """The index of one vault and one model. Safe between threads."""

    def __init__(self, model: str, dimension: int) -> None:
        import faiss as untyped

        faiss: Any = untyped  # SWIG: its stub knows neither `sel` nor `get_xb`
        faiss.omp_set_num_threads(1)
        self._faiss = faiss
        self._index = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
        self._model = model
        self._seen = (0, 0)
        self._file = 0
        self._lock = threading.Lock()
        self._sample: NDArray[np.float32] | None = None

    def catch_up(self, session: Session) -> None:
        """Take in what any process wrote or erased since; inside the caller's read transaction."""
        change, erase = session.execute("SELECT change_seq, erase_seq FROM vault").fetchone()
        if (change, erase) == self._seen and session.inode == self._file:
            return
        with self._lock:
            if session.inode != self._file:  # another file was put in the vault's place by hand
                self._index.reset()
                self._seen, self._file = (0, 0), session.inode
            elif change <= self._seen[0]:
                return  # another thread's newer snapshot got here first: hits are read from this one all the same
            self._refuse_half_embedded(session)
            if erase != self._seen[1] and self._index.ntotal:
                self._drop_erased(session)
            self._add_new(session, self._seen[0])
            self._seen = (change, erase)
            self._sample = None

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
            mean, deviation = self._spread(query)
        found = ids[0] >= 0
        return Neighbours(ids[0][found], scores[0][found], mean, deviation)

    def closest(self, query: NDArray[np.float32], count: int) -> list[tuple[int, float]]:
        """(memory number, cosine) of the chunks most similar to a vector of unit length, best first."""
        with self._lock:
            count = min(count, self._index.ntotal)
            if not count:
                return []
            scores, ids = self._index.search(query.reshape(1, -1), count)
        return list(zip((ids[0] >> CHUNK_BITS).tolist(), scores[0].tolist(), strict=True))

    def similarity(self, query: NDArray[np.float32], ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Cosines of the query with the chunks of these ids."""
        similarities: NDArray[np.float32] = self.vectors(ids) @ query
        return similarities

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
        return int(self._index.ntotal * self._index.d * 4)

    def _refuse_half_embedded(self, session: Session) -> None:
        """Memories that only have another model's vectors would silently not be found."""
        if session.one(_OTHER_MODEL, (self._model, self._seen[0])):
            missing = session.one(_WITHOUT, (self._model,))
            if missing:
                raise ModelError(f"{missing} memories have no vectors of the model in use: run `memguard reembed`")

    def _drop_erased(self, session: Session) -> None:
        live = np.fromiter((row[0] for row in session.execute(_LIVE, (CHUNK_BITS, self._model))), dtype=np.int64)
        held = self._faiss.vector_to_array(self._index.id_map)
        self._remove(held[~np.isin(held, live)])

    def _add_new(self, session: Session, since: int) -> None:
        rows = session.execute(_NEWER, (CHUNK_BITS, self._model, since))
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

    def _spread(self, query: NDArray[np.float32]) -> tuple[float, float]:
        """Mean and deviation of the query's similarity to a fixed sample: what makes scores comparable."""
        if self._sample is None:
            step = max(1, -(-self._index.ntotal // SAMPLE))
            flat = self._faiss.downcast_index(self._index.index)
            stored = self._faiss.rev_swig_ptr(flat.get_xb(), flat.ntotal * flat.d).reshape(flat.ntotal, flat.d)
            self._sample = stored[::step].copy()
        similarities = self._sample @ query
        return float(similarities.mean()), float(similarities.std())


class Neighbours:
    """Chunk ids and cosines, best first, with the spread of the query's cosines over the whole vault."""

    __slots__ = ("cosines", "deviation", "ids", "mean")

    def __init__(self, ids: Any, cosines: Any, mean: float, deviation: float) -> None:
        self.ids: NDArray[np.int64] = ids
        self.cosines: NDArray[np.float32] = cosines
        self.mean = mean
        self.deviation = deviation

    @classmethod
    def none(cls) -> Neighbours:
        return cls(np.empty(0, np.int64), np.empty(0, np.float32), 0.0, 0.0)

    @property
    def memories(self) -> NDArray[np.int64]:
        """The memory number of each chunk."""
        return self.ids >> CHUNK_BITS


class IndexCache:
    """The indexes of the vaults in use, least recently used out when together they exceed a bound."""

    def __init__(self, bytes_max: int = 512 << 20, count_max: int = 256) -> None:
        self._bytes_max = bytes_max
        self._count_max = count_max
        self._indexes: OrderedDict[str, VectorIndex] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, vault_id: str, make: Callable[[], VectorIndex]) -> VectorIndex:
        """The vault's index, made where it is not held."""
        with self._lock:
            if vault_id not in self._indexes:
                self._indexes[vault_id] = make()
            self._indexes.move_to_end(vault_id)
            while len(self._indexes) > 1 and self._too_big():
                self._indexes.popitem(last=False)
            return self._indexes[vault_id]

    def drop(self, vault_id: str) -> None:
        with self._lock:
            self._indexes.pop(vault_id, None)

    def _too_big(self) -> bool:
        return len(self._indexes) > self._count_max or sum(i.bytes for i in self._indexes.values()) > self._bytes_max


_OTHER_MODEL = """
SELECT EXISTS (SELECT 1 FROM models m JOIN embeddings e ON e.model = m.code WHERE m.name <> ? AND e.seq > ?)
"""
_WITHOUT = """
SELECT count(*) FROM memories m WHERE NOT EXISTS
  (SELECT 1 FROM embeddings e JOIN models o ON o.code = e.model WHERE e.memory = m.number AND o.name = ?)
"""
_LIVE = """
SELECT e.memory << ? | e.chunk FROM embeddings e JOIN models m ON m.code = e.model WHERE m.name = ?
"""
_NEWER = """
SELECT e.memory << ? | e.chunk, e.vector FROM embeddings e JOIN models m ON m.code = e.model
WHERE m.name = ? AND e.seq > ? ORDER BY e.seq, e.number
"""
