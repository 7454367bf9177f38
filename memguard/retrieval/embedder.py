"""Text to vectors. `Embedder` is the narrow contract; a caller may hand `Memory` its own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from memguard.errors import ModelError
from memguard.retrieval import model as packaged_model
from memguard.retrieval.engine import DIMENSION, OVERLAP_TOKENS, WINDOW_TOKENS, OnnxEngine
from memguard.retrieval.tokens import AskedTokens, stored
from memguard.retrieval.tokens import asked as asked_tokens

NORM_MIN = 1e-9

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """A model that turns text into vectors of unit length."""

    model: str
    """Names the model and its version; vectors of two names are never compared."""
    dimension: int

    def embed(self, texts: Sequence[str]) -> list[Vectors]:
        """For each text a matrix [chunks, dimension]; text beyond the model's window becomes further chunks."""

    def warm(self) -> None:
        """Begin to load, without waiting."""


class Encoded(NamedTuple):
    """A text's vectors [chunks, dimension], and the stored form of each chunk's tokens: b"" where there is none."""

    vectors: Vectors
    tokens: list[bytes]


class Asked(NamedTuple):
    """A question's vector [dimension], of unit length, and its tokens where the model gives them."""

    vector: Vectors
    tokens: AskedTokens | None


def encoded(embedder: Embedder, texts: Sequence[str]) -> list[Encoded]:
    """What is stored of texts: vectors from any embedder, tokens from one that has `encode`."""
    if isinstance(embedder, PackagedEmbedder):
        return embedder.encode(texts)
    return [Encoded(vectors, [b""] * len(vectors)) for vectors in embedder.embed(texts)]


def asked(embedder: Embedder, question: str) -> Asked:
    """What is searched for of a question: the mean of its chunks where it is a long one."""
    if isinstance(embedder, PackagedEmbedder):
        return embedder.ask(question)
    return Asked(_mean(embedder.embed([question])[0]), None)


class PackagedEmbedder:
    """The packaged all-MiniLM-L6-v2 through ONNX Runtime. Loaded at first use, in a thread if `warm` was called."""

    model = packaged_model.NAME
    dimension = DIMENSION

    def __init__(self, cache: Path, threads: int = 1) -> None:
        self._cache = cache
        self._threads = threads
        self._lock = threading.Lock()
        self._engine: Future[OnnxEngine] | None = None

    def embed(self, texts: Sequence[str]) -> list[Vectors]:
        return [vectors for vectors, _, _ in self._encode(texts)]

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """What is stored of each text."""
        return [
            Encoded(vectors, [stored(ids[1:-1], s).tobytes() for ids, s in zip(chunks, states, strict=True)])
            for vectors, chunks, states in self._encode(texts)
        ]

    def ask(self, question: str) -> Asked:
        """What is searched for of a question; of a long one, the tokens of its first chunk."""
        vectors, chunks, states = self._encode([question])[0]
        return Asked(_mean(vectors), asked_tokens(chunks[0][1:-1], states[0]) if len(states[0]) else None)

    def _encode(self, texts: Sequence[str]) -> list[tuple[Vectors, list[list[int]], list[Vectors]]]:
        engine = self._loaded()
        chunks = [engine.tokens(text) for text in texts]
        vectors, states = engine.encode([chunk for group in chunks for chunk in group])
        ends = _running_sums(len(group) for group in chunks)
        return [
            (vectors[end - len(group) : end], group, states[end - len(group) : end])
            for end, group in zip(ends, chunks, strict=True)
        ]

    def warm(self) -> None:
        self._future()

    def _loaded(self) -> OnnxEngine:
        future = self._future()
        error = future.exception()
        if error is not None:
            with self._lock:
                self._engine = None  # what a person has mended is found at the next call
            raise error
        return future.result()

    def _future(self) -> Future[OnnxEngine]:
        with self._lock:
            if self._engine is None:
                self._engine = Future()
                threading.Thread(target=self._load, args=(self._engine,), daemon=True).start()
            return self._engine

    def _load(self, future: Future[OnnxEngine]) -> None:
        try:
            export = packaged_model.exported(self._cache)
            with ThreadPoolExecutor(1) as beside:  # hashing 90 MB takes as long as a third of the loading
                checked = beside.submit(export.verify)
                try:
                    engine = OnnxEngine(export.path, export.tokenizer, self._threads)
                finally:
                    checked.result()  # what is wrong with the file comes before what the file made go wrong
            future.set_result(engine)
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits for the model
            future.set_exception(error)


class FolderEmbedder:
    """Any sentence-transformers model in a local folder, by setting `model`."""

    def __init__(self, folder: Path) -> None:
        if not (folder / "modules.json").is_file():
            raise ModelError("setting model names no sentence-transformers folder (modules.json is missing)")
        self._reference = packaged_model.reference(folder)
        self.model = f"{folder.name}:{_weights_digest(folder)}"
        self.dimension = int(self._reference.get_embedding_dimension())

    def embed(self, texts: Sequence[str]) -> list[Vectors]:
        chunks = [self._passages(text) for text in texts]
        flat = [chunk for group in chunks for chunk in group]
        vectors = self._reference.encode(flat, normalize_embeddings=True, show_progress_bar=False)
        ends = _running_sums(len(group) for group in chunks)
        return [vectors[end - len(group) : end] for end, group in zip(ends, chunks, strict=True)]

    def warm(self) -> None:
        """Loaded when it was made."""

    def _passages(self, text: str) -> list[str]:
        window = int(self._reference.max_seq_length or WINDOW_TOKENS)
        encoded = self._reference.tokenizer(
            text,
            truncation=True,
            max_length=window,
            stride=min(OVERLAP_TOKENS, window // 4),
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        spans = [[o for o in offsets if o[1] > o[0]] for offsets in encoded["offset_mapping"]]
        return [text[span[0][0] : span[-1][1]] for span in spans if span] or [text]


def _mean(vectors: Vectors) -> Vectors:
    mean: Vectors = vectors.mean(axis=0)
    return mean / max(float((mean @ mean) ** 0.5), NORM_MIN)


def _weights_digest(folder: Path) -> str:
    import hashlib

    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.safetensors")):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _running_sums(numbers: Any) -> list[int]:
    from itertools import accumulate

    return list(accumulate(numbers))
