"""Token vectors: what a question is matched with word by word, after the model has read the words in context.

Late interaction (Khattab and Zaharia, ColBERT, 2020) over the packaged MiniLM's own token states: for each token of the
question the most similar token of a memory counts, rare tokens more than frequent ones. Measured on LoCoMo dev as the
only signal: 71 evidence recall@10, where the pooled vector reaches 64 and BM25 63.

`token_space.npz` is made from the project's own texts (`python -m bench.token_space`): the centre and the 96 leading
axes of the token states (71.3 recall@10 alone, all 384 dimensions 72.2), how rare each token is, and which tokens are
words of content. Only those are stored, one byte a dimension: some 1.5 KB for a memory of 36 tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from memguard.retrieval.products import products

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOKEN_DIMENSION = 96
STORED_MAX = 128
"""Token vectors kept of one chunk: the rarest."""
SCALE = 255
"""A unit vector of 96 dimensions seldom has an element beyond 127 / 255."""
SPACE = Path(__file__).with_name("token_space.npz")


@dataclass(frozen=True, slots=True)
class TokenSpace:
    """The axes [384, 96] around a centre [384]; by token id how rare it is, and whether it is a word of content."""

    centre: NDArray[np.float32]
    axes: NDArray[np.float32]
    rarity: NDArray[np.float32]
    content: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class AskedTokens:
    """A question's token vectors [tokens, 96], of unit length, and how rare each token is [tokens]."""

    vectors: NDArray[np.float32]
    rarity: NDArray[np.float32]


@cache
def token_space() -> TokenSpace:
    """The packaged token space."""
    with np.load(SPACE) as file:
        wide = {name: file[name].astype(np.float32) for name in ("centre", "axes", "rarity")}
        return TokenSpace(**wide, content=file["content"].astype(np.bool_))


def stored(ids: Sequence[int], states: NDArray[np.float32]) -> NDArray[np.int8]:
    """What is kept of a chunk's tokens: int8 [at most 128, 96] of its words of content, of all where it has none."""
    space, numbers = token_space(), np.asarray(ids, np.int64)
    kept = np.flatnonzero(space.content[numbers])
    if not len(kept):
        kept = np.arange(len(numbers))
    if len(kept) > STORED_MAX:
        rarest = np.argsort(-space.rarity[numbers[kept]], kind="stable")[:STORED_MAX]
        kept = np.sort(kept[rarest])
    return np.clip(np.rint(states[kept] * SCALE), -127, 127).astype(np.int8)


def asked(ids: Sequence[int], states: NDArray[np.float32]) -> AskedTokens:
    """A question's tokens, and how rare they are."""
    return AskedTokens(states, token_space().rarity[np.asarray(ids, np.int64)])


def best_matches(question: AskedTokens, blobs: Mapping[int, bytes]) -> dict[int, NDArray[np.float32]]:
    """For each memory, the best cosine [tokens of the question] that any of its tokens has with each of them."""
    known = {number: blob for number, blob in blobs.items() if blob}
    if not known:
        return {}
    flat = np.frombuffer(b"".join(known.values()), np.int8).reshape(-1, TOKEN_DIMENSION).astype(np.float32)
    flat /= np.sqrt(np.vecdot(flat, flat))[:, None] + 1e-9
    lengths = np.fromiter((len(blob) // TOKEN_DIMENSION for blob in known.values()), np.int64, len(known))
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    best = np.maximum.reduceat(products(flat, question.vectors), starts, axis=0)
    return dict(zip(known, best, strict=True))
