"""Stand-ins for parts that a test is not about. The product has none of them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DIMENSION = 64
_WORD = re.compile(r"\w+")


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
