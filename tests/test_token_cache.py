"""Token vectors in memory: no more than fit, and none that the vault does not hold (P2)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from memguard import Memory
from memguard.retrieval.index import TokenCache
from memguard.vault import lookups
from memguard.vault.connection import Session
from memguard.vault.embedded import CHUNK_BITS
from tests.checks import one
from tests.conftest import Places
from tests.copies import is_a_copy
from tests.promises import promise
from tests.standins import TokenEmbedder

TEXTS = [f"lantern {word}" for word in ("boat", "house", "kettle", "ladder", "shed")]
CHUNKS = [number << CHUNK_BITS for number in range(1, len(TEXTS) + 1)]


def tokens_of(text: str) -> bytes:
    return TokenEmbedder().encode([text])[0].tokens[0]


SIZE = len(tokens_of(TEXTS[0]))


@pytest.fixture
def memory(home: Places) -> Iterator[Memory]:
    with home.open(TokenEmbedder()) as opened:
        opened.add_many([{"text": text} for text in TEXTS], user_id="ana")
        yield opened


@pytest.fixture
def session(memory: Memory) -> Iterator[Session]:
    with memory.home.vault("ana").reading() as reading:
        yield reading


def cache(**settings: int) -> TokenCache:
    return TokenCache(TokenEmbedder.model, **settings)


def sound(held: TokenCache) -> bool:
    """Whether what is counted is what is held, and no more than fits."""
    return held._bytes == sum(map(len, held._held.values())) <= held._bytes_max


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every chunk that is read from the vault from now on."""
    read: list[int] = []
    plain = lookups.token_vectors

    def counting(session: Session, model: str, chunks: list[int]) -> dict[int, bytes]:
        read.extend(chunks)
        return plain(session, model, chunks)

    monkeypatch.setattr(lookups, "token_vectors", counting)
    return read


def test_tokens_come_in_the_order_asked_for_and_from_the_vault_once(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, read = cache(), counted(monkeypatch)
    held.catch_up(session)
    wanted = [CHUNKS[3], CHUNKS[0], CHUNKS[2]]
    for _ in range(2):
        assert list(held.of(session, wanted).items()) == [(c, tokens_of(TEXTS[CHUNKS.index(c)])) for c in wanted]
    assert read == wanted
    assert list(held.of(session, CHUNKS)) == CHUNKS
    assert sorted(read) == CHUNKS


def test_a_chunk_without_tokens_is_left_out_and_not_asked_for_again(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, read = cache(), counted(monkeypatch)
    held.catch_up(session)
    nowhere = 99 << CHUNK_BITS
    for _ in range(2):
        assert list(held.of(session, [nowhere, CHUNKS[0], CHUNKS[0] + 1])) == [CHUNKS[0]]
    assert read == [nowhere, CHUNKS[0], CHUNKS[0] + 1]
    assert held.of(session, []) == {}


def test_another_models_tokens_are_not_taken(session: Session) -> None:
    assert TokenCache("another").of(session, CHUNKS) == {}


def test_the_longest_unused_go_first(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    held, read = cache(bytes_max=2 * SIZE), counted(monkeypatch)
    held.catch_up(session)
    for chunk in (CHUNKS[0], CHUNKS[1], CHUNKS[0], CHUNKS[2]):
        assert len(held.of(session, [chunk])) == 1
        assert sound(held)
    assert list(held._held) == [CHUNKS[0], CHUNKS[2]]
    assert read == CHUNKS[:3]


@pytest.mark.parametrize("room", [0, 1, SIZE - 1, SIZE, 3 * SIZE + 1])
def test_an_answer_is_whole_however_little_fits(session: Session, room: int) -> None:
    held = cache(bytes_max=room)
    held.catch_up(session)
    for _ in range(3):
        assert list(held.of(session, CHUNKS)) == CHUNKS
        assert sound(held)


def test_an_erasure_drops_all_that_was_held(memory: Memory) -> None:
    assert memory.search("lantern", user_id="ana")
    vault = memory.home.vault("ana")
    index = memory._index(vault)
    assert set(index.tokens._held) == set(CHUNKS)
    memory.delete(memory.get_all(user_id="ana")[0].id, user_id="ana")
    with vault.reading() as session:
        index.catch_up(session)
        assert dict(index.tokens._held) == {}
        assert list(index.tokens.of(session, CHUNKS)) == CHUNKS[1:]
        assert is_a_copy(index, session)


def test_an_addition_drops_nothing(memory: Memory) -> None:
    memory.search("lantern", user_id="ana")
    memory.add("lantern oleander", user_id="ana")
    vault = memory.home.vault("ana")
    with vault.reading() as session:
        memory._index(vault).catch_up(session)
    assert set(memory._index(vault).tokens._held) == set(CHUNKS)


@promise("P2")
@pytest.mark.parametrize("change", ["update", "delete and add"])
def test_what_another_process_rewords_is_matched_by_its_new_words_only(
    home: Places, memory: Memory, change: str
) -> None:
    def matched(query: str) -> dict[str, float]:
        return {hit.text: round(hit.why["match"], 1) for hit in memory.search(query, user_id="ana")}

    assert matched("shed")[TEXTS[-1]] > 3
    with home.open(TokenEmbedder()) as other:
        last = other.get_all(user_id="ana")[-1].id
        if change == "update":
            other.update(last, "violin hall", user_id="ana")
        else:
            other.delete(last, user_id="ana")
            other.add("violin hall", user_id="ana")
    assert matched("shed")["violin hall"] < 2
    assert matched("violin")["violin hall"] > 3


@promise("P2")
def test_tokens_read_in_a_snapshot_from_before_a_change_are_not_kept(memory: Memory) -> None:
    """A thread that began before another one reworded a memory answers from what it sees, and leaves nothing behind."""
    vault = memory.home.vault("ana")
    index = memory._index(vault)
    with vault.reading() as before:
        index.catch_up(before)
        last = memory.get_all(user_id="ana")[-1].id
        with ThreadPoolExecutor(1) as pool:
            pool.submit(memory.update, last, "violin hall", user_id="ana").result()
            pool.submit(memory.search, "kettle", user_id="ana", filters={"run_id": "none"}).result()
        assert index.tokens.of(before, CHUNKS)[CHUNKS[-1]] == tokens_of(TEXTS[-1])
    with vault.reading() as after:
        index.catch_up(after)
        assert index.tokens.of(after, CHUNKS)[CHUNKS[-1]] == tokens_of("violin hall")
        assert is_a_copy(index, after)


@promise("P2")
def test_a_memory_that_a_snapshot_does_not_show_yet_is_not_taken_to_have_no_tokens(memory: Memory) -> None:
    vault = memory.home.vault("ana")
    index = memory._index(vault)
    new = (len(TEXTS) + 1) << CHUNK_BITS
    with vault.reading() as before:
        index.catch_up(before)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(memory.add, "violin hall", user_id="ana").result()
            pool.submit(memory.search, "kettle", user_id="ana", filters={"run_id": "none"}).result()
        assert index.tokens.of(before, [new]) == {}
    with vault.reading() as after:
        index.catch_up(after)
        assert index.tokens.of(after, [new]) == {new: tokens_of("violin hall")}


def in_step(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    """Whoever reads tokens from the vault waits for the others to have read theirs."""
    together, plain = threading.Barrier(threads), lookups.token_vectors

    def waiting(*arguments: Any) -> dict[int, bytes]:
        found = plain(*arguments)
        together.wait(60)
        return found

    monkeypatch.setattr(lookups, "token_vectors", waiting)


def test_what_several_threads_read_at_once_is_counted_once(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    vault, held = memory.home.vault("ana"), cache(bytes_max=2 * SIZE)
    in_step(monkeypatch, 4)

    def ask(_: int) -> list[int]:
        with vault.reading() as session:
            held.catch_up(session)
            return list(held.of(session, CHUNKS[:1]))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [CHUNKS[:1]] * 4
    assert sound(held)
    assert list(held._held) == CHUNKS[:1], "it fits"


def test_what_another_thread_pushes_out_is_answered_all_the_same(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = cache(bytes_max=2 * SIZE)
    held.catch_up(session)
    held.of(session, CHUNKS[:1])
    plain = lookups.token_vectors

    def pushed(*arguments: Any) -> dict[int, bytes]:
        monkeypatch.undo()
        held.of(session, CHUNKS[2:4])  # as another thread would meanwhile
        return plain(*arguments)

    monkeypatch.setattr(lookups, "token_vectors", pushed)
    assert list(held.of(session, CHUNKS[:2])) == CHUNKS[:2]


def test_threads_that_ask_and_erase_find_what_there_is(memory: Memory) -> None:
    def work(worker: int) -> None:
        stored = one(memory.add(f"lantern of worker {worker}", user_id="ana"))
        assert any(hit.id == stored.id for hit in memory.search(f"worker {worker}", user_id="ana", limit=50))
        memory.delete(stored.id, user_id="ana")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(12)))
    assert {hit.text for hit in memory.search("lantern", user_id="ana", limit=50)} == set(TEXTS)
    vault = memory.home.vault("ana")
    with vault.reading() as session:
        memory._index(vault).catch_up(session)
        assert is_a_copy(memory._index(vault), session)
