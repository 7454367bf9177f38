"""Token vectors: what is kept of a memory's words, what a question weighs, and how the two are matched."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from memguard import Memory
from memguard.retrieval.embedder import PackagedEmbedder
from memguard.retrieval.engine import DIMENSION, WINDOW_TOKENS
from memguard.retrieval.tokens import (
    SCALE,
    STORED_MAX,
    TOKEN_DIMENSION,
    AskedTokens,
    asked,
    best_matches,
    stored,
    token_space,
)
from tests.checks import column, one

VOCABULARY = len(token_space().content)
CONTENT = np.flatnonzero(token_space().content).tolist()
STOPS = np.flatnonzero(~token_space().content).tolist()
ids = st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=200)


def states(count: int, seed: int = 0) -> NDArray[np.float32]:
    """That many vectors of unit length."""
    drawn = np.random.default_rng(seed).standard_normal((count, TOKEN_DIMENSION))
    unit: NDArray[np.float32] = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    return unit


def blob(count: int, seed: int = 0) -> bytes:
    """The stored form of that many words of content."""
    return stored(CONTENT[:count], states(count, seed)).tobytes()


def test_the_packaged_space_fits_the_packaged_model() -> None:
    space = token_space()
    assert space.centre.shape == (DIMENSION,)
    assert space.axes.shape == (DIMENSION, TOKEN_DIMENSION)
    assert space.rarity.shape == space.content.shape == (30_522,)
    assert np.allclose(space.axes.T @ space.axes, np.eye(TOKEN_DIMENSION), atol=0.01), "axes at right angles"
    assert np.all(space.rarity > 0), "else a question could have no weights"
    assert 0 < len(STOPS) < len(CONTENT)


def test_the_space_is_read_once() -> None:
    assert token_space() is token_space()


@given(ids, st.integers(0, 9))
def test_what_is_kept_of_any_chunk_has_its_shape_and_bounds(chunk: list[int], seed: int) -> None:
    kept = stored(chunk, states(len(chunk), seed))
    content = int(token_space().content[chunk].sum())
    assert kept.dtype == np.int8
    assert kept.shape == (min(content or len(chunk), STORED_MAX), TOKEN_DIMENSION)
    assert np.abs(kept.astype(int)).max() <= 127


def test_only_words_of_content_are_kept_in_their_order() -> None:
    chunk = [STOPS[0], CONTENT[0], STOPS[1], CONTENT[1]]
    vectors = states(4)
    assert np.array_equal(stored(chunk, vectors), stored(CONTENT[:2], vectors[[1, 3]]))


def test_where_nothing_is_content_all_is_kept() -> None:
    assert stored(STOPS[:3], states(3)).shape == (3, TOKEN_DIMENSION)


def test_of_a_long_chunk_the_rarest_words_are_kept_in_their_order() -> None:
    by_rarity = sorted(CONTENT, key=lambda token: -token_space().rarity[token])
    rare, frequent = by_rarity[:STORED_MAX], by_rarity[-50:]
    chunk, vectors = [*frequent, *rare], states(50 + STORED_MAX)
    assert np.array_equal(stored(chunk, vectors), stored(rare, vectors[50:]))


def test_a_chunk_without_tokens_keeps_nothing() -> None:
    assert stored([], states(0)).tobytes() == b""


def test_one_byte_a_dimension_keeps_the_direction() -> None:
    vectors = states(STORED_MAX)
    kept = stored(CONTENT[:STORED_MAX], vectors).astype(np.float32) / SCALE
    cosines = (kept * vectors).sum(axis=1) / np.linalg.norm(kept, axis=1)
    assert cosines.min() > 0.999


def test_an_element_too_large_for_a_byte_is_its_greatest() -> None:
    axis = np.eye(TOKEN_DIMENSION, dtype=np.float32)[:2] * np.array([[1], [-1]], np.float32)
    kept = stored(CONTENT[:2], axis)
    assert (kept.max(), kept.min()) == (127, -127)


@given(ids)
def test_every_token_of_a_question_has_a_vector_and_a_weight(chunk: list[int]) -> None:
    question = asked(chunk, states(len(chunk)))
    assert np.all(question.rarity >= 0)
    assert question.vectors.shape == (len(chunk), TOKEN_DIMENSION)


def test_a_rare_word_weighs_more_than_a_frequent_one() -> None:
    of_all = token_space().rarity
    rare, frequent = int(of_all.argmax()), int(of_all.argmin())
    rarity = asked([frequent, rare], states(2)).rarity
    assert rarity[1] > rarity[0]


@given(st.lists(st.integers(0, 6), max_size=6), st.integers(1, 5), st.integers(0, 5))
def test_matches_are_those_of_a_plain_double_loop(counts: list[int], tokens: int, seed: int) -> None:
    question = AskedTokens(states(tokens, seed), np.full(tokens, 1 / tokens, np.float32))
    blobs = {10 * n: blob(count, seed + n) for n, count in enumerate(counts)}
    found = best_matches(question, blobs)
    assert list(found) == [number for number, words in blobs.items() if words], "in their order, without the empty ones"
    for number, best in found.items():
        words = np.frombuffer(blobs[number], np.int8).reshape(-1, TOKEN_DIMENSION).astype(np.float64)
        for token, vector in enumerate(question.vectors):
            cosines = [float(word @ vector / np.linalg.norm(word)) for word in words]
            assert best[token] == pytest.approx(max(cosines), abs=1e-5)


def test_nothing_matches_nothing() -> None:
    question = AskedTokens(states(2), np.array([0.5, 0.5], np.float32))
    assert best_matches(question, {}) == best_matches(question, {1: b"", 2: b""}) == {}


def test_a_vector_of_zeros_matches_nothing_and_breaks_nothing() -> None:
    question = AskedTokens(states(1), np.ones(1, np.float32))
    assert best_matches(question, {1: bytes(TOKEN_DIMENSION)})[1].tolist() == [0]


TEXTS = ("The lantern hangs in the boat house", "of the and", "\N{ROCKET}", "word " * 600, "x" * 3000, "naïve 東京")


def test_the_packaged_model_gives_tokens_for_every_chunk(packaged_model: PackagedEmbedder) -> None:
    for text, found in zip(TEXTS, packaged_model.encode(TEXTS), strict=True):
        assert len(found.tokens) == len(found.vectors) >= 1
        assert np.array_equal(found.vectors, packaged_model.embed([text])[0]) or np.allclose(
            found.vectors, packaged_model.embed([text])[0], atol=1e-5
        )
        for kept in found.tokens:
            assert len(kept) % TOKEN_DIMENSION == 0
            assert len(kept) <= STORED_MAX * TOKEN_DIMENSION
    assert len(packaged_model.encode(["lantern boat house"])[0].tokens[0]) == 3 * TOKEN_DIMENSION


def test_a_question_is_asked_with_unit_vectors(packaged_model: PackagedEmbedder) -> None:
    for text in (*TEXTS, "?"):
        question = packaged_model.ask(text)
        assert float(question.vector @ question.vector) == pytest.approx(1, abs=1e-4)
        assert question.tokens is not None
        assert np.allclose(np.linalg.norm(question.tokens.vectors, axis=1), 1, atol=1e-4)
        assert len(question.tokens.vectors) == len(question.tokens.rarity) <= WINDOW_TOKENS


def test_a_question_matches_its_own_words_best(packaged_model: PackagedEmbedder) -> None:
    question = packaged_model.ask("lantern boat house").tokens
    assert question is not None
    same, other = (found.tokens[0] for found in packaged_model.encode(["lantern boat house", "quarterly revenue grew"]))
    best = best_matches(question, {1: same, 2: other})
    assert best[1] @ question.rarity / question.rarity.sum() > 0.99
    assert best[2] @ question.rarity / question.rarity.sum() < 0.8


def test_a_vault_keeps_one_row_of_tokens_a_chunk_and_erases_them_with_it(real_memory: Memory) -> None:
    stay = one(real_memory.add("The lantern hangs in the boat house", user_id="ana"))
    goes = one(real_memory.add("It rained. " * 400, user_id="ana"))
    counts = "SELECT (SELECT count(*) FROM embeddings) = (SELECT count(*) FROM token_vectors)"
    assert column(real_memory, "ana", counts) == [1]
    before = column(real_memory, "ana", "SELECT vectors FROM token_vectors ORDER BY embedding LIMIT 1")
    real_memory.delete(goes.id, user_id="ana")
    assert column(real_memory, "ana", "SELECT vectors FROM token_vectors") == before
    real_memory.update(stay.id, "The violin hangs in the hall", user_id="ana")
    after = column(real_memory, "ana", "SELECT vectors FROM token_vectors")
    assert len(after) == 1
    assert after != before
