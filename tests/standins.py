"""Stand-ins for parts that a test is not about. The product has none of them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from memguard.privacy.spans import Span
from memguard.retrieval.embedder import Asked, Encoded, PackagedEmbedder
from memguard.retrieval.tokens import SCALE, TOKEN_DIMENSION, AskedTokens

DIMENSION = 64
_WORD = re.compile(r"\w+")


class FindsNothing:
    """A detector for tests that are not about personal data. Secrets are still looked for, and actors still masked."""

    name = "standin-nothing"

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        return [[] for _ in texts]


class NameList:
    """A detector that knows its names and no others, wherever they stand as words; the longest first."""

    name = "standin-names"

    def __init__(self, types: Mapping[str, str]) -> None:
        self._types = types
        listed = "|".join(map(re.escape, sorted(types, key=len, reverse=True)))
        self._names = re.compile(rf"(?<!\w)(?:{listed})(?!\w)")

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        return [[Span(*m.span(), self._types[m[0]]) for m in self._names.finditer(text)] for text in texts]


class Breaks:
    """A detector that fails, and quotes what it was shown as it does."""

    name = "standin-breaks"

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        raise ValueError(" ".join(texts))


class HashEmbedder:
    """A hashed bag of words: texts that share words are near each other, the same text is the same vector always.

    Fast enough for hundreds of tests, and nothing to load. Where meaning matters, use the `real_memory` fixture.
    """

    def __init__(self, model: str = "standin-hash") -> None:
        self.model = model
        self.dimension = DIMENSION
        self.texts_embedded = 0

    def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        self.texts_embedded += len(texts)
        return [self._vector(text) for text in texts]

    def warm(self) -> None:
        """Nothing to load."""

    @staticmethod
    def _vector(text: str) -> NDArray[np.float32]:
        counts = np.zeros(DIMENSION, dtype=np.float32)
        for word in _WORD.findall(text.lower()):
            counts[zlib.crc32(word.encode()) % DIMENSION] += 1  # crc32, since `hash` differs between processes
        if not counts.any():
            counts[0] = 1  # a text of punctuation only still needs a direction
        return (counts / np.linalg.norm(counts)).astype(np.float32).reshape(1, DIMENSION)


class TokenEmbedder(PackagedEmbedder):
    """The same with a vector for each word as well: a word is itself, and like no other."""

    model = "standin-tokens"
    dimension = DIMENSION

    def __init__(self) -> None:
        super().__init__(Path("nothing is ever exported"))

    def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        return HashEmbedder().embed(texts)

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        stored = [np.clip(np.rint(_word_vectors(text) * SCALE), -127, 127).astype(np.int8) for text in texts]
        return [Encoded(v, [words.tobytes()]) for v, words in zip(self.embed(texts), stored, strict=True)]

    def ask(self, question: str) -> Asked:
        words = _word_vectors(question)
        weights = np.full(len(words), 1 / max(len(words), 1), np.float32)
        return Asked(self.embed([question])[0][0], AskedTokens(words, weights) if len(words) else None)

    def warm(self) -> None:
        """Nothing to load."""


def _word_vectors(text: str) -> NDArray[np.float32]:
    words = [_word_vector(word) for word in _WORD.findall(text.lower())]
    return np.array(words, np.float32).reshape(-1, TOKEN_DIMENSION)


@cache
def _word_vector(word: str) -> NDArray[np.float32]:
    vector = np.random.default_rng(zlib.crc32(word.encode())).standard_normal(TOKEN_DIMENSION)
    return (vector / np.linalg.norm(vector)).astype(np.float32)
