"""Several `Memory` objects on one home, as several agents have: each sees every write and every erasure at its next
call (P2), and what one erases while another reads is no error of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from memguard import Hit, Memory, UnknownMemory, UnknownOwner
from memguard.flows.recall import recall
from memguard.retrieval.embedder import Asked
from memguard.vault.connection import Session
from tests.checks import column, one
from tests.conftest import Places
from tests.standins import HashEmbedder, TokenEmbedder


@pytest.fixture
def pair(home: Places) -> Iterator[tuple[Memory, Memory]]:
    """Two on one home, both with the vault open and its index loaded."""
    with home.open() as first, home.open() as second:
        first.add("The lantern hangs in the boat house", user_id="ana")
        assert len(first.search("lantern", user_id="ana")) == len(second.search("lantern", user_id="ana")) == 1
        yield first, second


def texts(memory: Memory, query: str = "lantern") -> set[str]:
    return {hit.text for hit in memory.search(query, user_id="ana")}


def test_a_write_of_one_is_found_by_the_other_at_its_next_call(pair: tuple[Memory, Memory]) -> None:
    first, second = pair
    stored = one(first.add("A second lantern", user_id="ana"))
    assert "A second lantern" in texts(second)
    assert second.get(stored.id, user_id="ana").text == "A second lantern"


def test_an_update_of_one_is_what_the_other_reads(pair: tuple[Memory, Memory]) -> None:
    first, second = pair
    target = first.get_all(user_id="ana")[0].id
    second.update(target, "The violin hangs in the hall", user_id="ana")
    hit = first.search("violin hall", user_id="ana")[0]
    assert (hit.id, hit.text) == (target, "The violin hangs in the hall")
    assert [v.text for v in first.history(target, user_id="ana")] == ["The lantern hangs in the boat house"]


def test_an_erasure_of_one_is_seen_by_the_other_at_its_next_call(pair: tuple[Memory, Memory]) -> None:
    first, second = pair
    target = first.get_all(user_id="ana")[0].id
    first.add("A kettle whistles", user_id="ana")
    assert len(texts(second)) == 2
    assert first.delete(target, user_id="ana").pending is False  # no call of the other keeps a snapshot
    assert texts(second) == {"A kettle whistles"}
    assert [r.text for r in second.get_all(user_id="ana")] == ["A kettle whistles"]
    with pytest.raises(UnknownMemory):
        second.get(target, user_id="ana")


def test_a_number_used_again_by_one_is_another_memory_for_the_other(pair: tuple[Memory, Memory]) -> None:
    # The other slept through both the erasure and the new row with the same number: it has to drop the old vector.
    first, second = pair
    first.delete(first.get_all(user_id="ana")[0].id, user_id="ana")
    first.add("A kettle whistles", user_id="ana")
    hit = second.search("lantern boat house", user_id="ana")[0]
    assert hit.text == "A kettle whistles"
    assert hit.why["meaning"] == pytest.approx(0)


ERASED: dict[str, Callable[[Memory], object]] = {
    "search": lambda m: m.search("lantern", user_id="ana"),
    "get_all": lambda m: m.get_all(user_id="ana"),
    "delete_all": lambda m: m.delete_all(user_id="ana", run_id="r"),
}


@pytest.mark.parametrize("verb", ERASED)
def test_an_owner_erased_by_one_is_unknown_to_the_other_at_its_next_call(
    pair: tuple[Memory, Memory], verb: str
) -> None:
    first, second = pair
    first.add("bens", user_id="ben")
    first.delete_all(user_id="ana")
    assert second.users() == ["ben"]
    with pytest.raises(UnknownOwner):
        ERASED[verb](second)
    assert [r.text for r in second.get_all(user_id="ben")] == ["bens"]


def test_an_owner_who_began_anew_with_one_is_the_new_one_for_the_other(pair: tuple[Memory, Memory]) -> None:
    first, second = pair
    first.delete_all(user_id="ana")
    first.add("A new beginning", user_id="ana")
    assert texts(second) == {"A new beginning"}
    second.add("and a second line", user_id="ana")
    assert len(first.get_all(user_id="ana")) == 2


def test_a_key_used_by_one_is_known_to_the_other(pair: tuple[Memory, Memory]) -> None:
    first, second = pair
    stored = one(first.add("once", user_id="ana", key="k"))
    assert one(second.add("once", user_id="ana", key="k")).id == stored.id


def test_threads_of_one_memory_write_and_read_without_losing_anything(memory: Memory) -> None:
    def work(worker: int) -> list[str]:
        ids = [one(memory.add(f"note {worker} {n}", user_id="ana", run_id=f"r-{worker}")).id for n in range(8)]
        memory.search(f"note {worker}", user_id="ana", for_run=f"r-{worker}")
        memory.delete(ids.pop(), user_id="ana")
        return ids

    memory.add("first", user_id="ana")
    with ThreadPoolExecutor(4) as pool:
        ids = [memory_id for kept in pool.map(work, range(4)) for memory_id in kept]
    assert {r.id for r in memory.get_all(user_id="ana")} >= set(ids)
    assert len(memory.get_all(user_id="ana")) == len(ids) + 1
    assert len(memory.search("note", user_id="ana", limit=100)) == len(ids) + 1


def test_a_memory_erased_while_a_run_is_shown_it_does_not_break_the_answer(
    pair: tuple[Memory, Memory], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = pair

    def recalled_then_erased(*arguments: Any, **options: Any) -> list[Hit]:
        hits = recall(*arguments, **options)
        for hit in hits:
            second.delete(hit.id, user_id="ana")
        return hits

    monkeypatch.setattr("memguard.memory.recall", recalled_then_erased)
    first.search("lantern", user_id="ana", for_run="r-1")
    assert first.get_all(user_id="ana") == []


STEPS = ("vectors.nearest", "places.shown", "places.around", "places.column", "vectors.vectors", "tokens.of")
"""What a search asks of the copies in memory, in order."""


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_candidate_erased_by_another_thread_during_a_search_does_not_break_it(
    home: Places, monkeypatch: pytest.MonkeyPatch, step: str, place: int
) -> None:
    """Another thread of the same process erases one and catches up, between two steps of a search."""
    with home.open(TokenEmbedder()) as memory:
        items = [{"text": f"the lantern {n}", "run_id": "r", "actor": f"Actor {n}"} for n in range(3)]
        stored = memory.add_many(items, user_id="ana")
        vault = memory.home.vault("ana")
        index = memory._index(vault)
        of = getattr(index, step.split(".")[0])
        plain = getattr(of, step.split(".")[1])

        def then_erased(*arguments: Any) -> Any:
            monkeypatch.undo()
            found = plain(*arguments)
            with ThreadPoolExecutor(1) as pool:
                pool.submit(memory.delete, stored[place].id, user_id="ana").result()
                pool.submit(memory.search, "kettle", user_id="ana").result()
            return found

        monkeypatch.setattr(of, step.split(".")[1], then_erased)
        hits = memory.search("where is the lantern?", user_id="ana")
        assert {hit.text for hit in hits} >= {f"the lantern {n}" for n in range(3) if n != place}


def test_an_actor_erased_while_a_question_is_embedded_favours_nobody_else(
    home: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a question names is looked up before it is embedded, and who is favoured afterwards."""
    with home.open(TokenEmbedder()) as memory:
        zelda = one(memory.add("Good morning", user_id="ana", actor="Zelda"))
        memory.add_many(
            [{"text": "I keep bees", "actor": actor} for actor in ("Oskar", "Marta", "Ines")], user_id="ana"
        )
        plain = TokenEmbedder.ask

        def erased_first(embedder: TokenEmbedder, question: str) -> Asked:
            monkeypatch.undo()
            memory.delete(zelda.id, user_id="ana")
            return plain(embedder, question)

        monkeypatch.setattr(TokenEmbedder, "ask", erased_first)
        hits = memory.search("what does Oskar keep?", user_id="ana")
    assert [hit.record.actor for hit in hits if hit.why["actor"]] == ["Oskar"]


def test_an_update_with_another_model_leaves_no_vector_of_the_old_wording(home: Places) -> None:
    # Vectors can be inverted: what was reworded must not stay readable in those of the model before.
    with home.open(HashEmbedder("before")) as memory:
        stored = one(memory.add("The piano stands in the attic", user_id="ana"))
    with home.open(HashEmbedder("after")) as memory:
        memory.update(stored.id, "The violin hangs in the hall", user_id="ana")
        vectors = column(memory, "ana", "SELECT vector FROM embeddings")
    assert vectors == [HashEmbedder().embed(["The violin hangs in the hall"])[0].tobytes()]


class Meanwhile(HashEmbedder):
    """Something happens while this model embeds."""

    def __init__(self, model: str, happens: Callable[[], object]) -> None:
        super().__init__(model)
        self._happens = happens

    def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        happens, self._happens = self._happens, lambda: None
        happens()
        return super().embed(texts)


def test_what_is_added_with_the_old_model_while_a_vault_is_embedded_anew_keeps_or_gets_its_vectors(
    home: Places,
) -> None:
    with home.open(HashEmbedder("before")) as old:
        old.add("The lantern hangs in the boat house", user_id="ana")
        late = Meanwhile("after", lambda: old.add("A kettle whistles", user_id="ana"))
        with home.open(late) as new:
            new.reembed(user_id="ana")
            left_out = "SELECT count(*) FROM memories WHERE number NOT IN (SELECT memory FROM embeddings)"
            assert column(new, "ana", left_out) == [0]


def test_new_metadata_from_one_does_not_undo_the_new_text_of_the_other(
    pair: tuple[Memory, Memory], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = pair
    target = first.get_all(user_id="ana")[0].id
    vault = first.home.vault("ana")
    begin = vault.writing

    def reworded_just_before() -> AbstractContextManager[Session]:
        monkeypatch.setattr(vault, "writing", begin)
        second.update(target, "The lantern fell", user_id="ana")
        return begin()

    monkeypatch.setattr(vault, "writing", reworded_just_before)
    first.update(target, user_id="ana", metadata={"checked": True})
    record = second.get(target, user_id="ana")
    assert (record.text, record.metadata) == ("The lantern fell", {"checked": True})
    vectors = column(second, "ana", "SELECT vector FROM embeddings")
    assert vectors == [HashEmbedder().embed(["The lantern fell"])[0].tobytes()]


def test_a_key_is_the_same_memory_after_its_text_was_updated(memory: Memory) -> None:
    """A repeated import must not stumble over what its owner has corrected since."""
    first = memory.add("The lantern hangs in the boat house", user_id="ana", key="k")
    assert not isinstance(first, list)
    memory.update(first.id, "The lantern hangs in the shed", user_id="ana")
    for text in ("The lantern hangs in the boat house", "The lantern hangs in the shed"):
        again = memory.add(text, user_id="ana", key="k")
        assert not isinstance(again, list)
        assert (again.id, again.duplicate) == (first.id, True)
