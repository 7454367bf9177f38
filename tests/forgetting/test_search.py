"""The search for what was erased: it sees what is there, and takes for a trace only what nobody else has."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from memguard import Memory
from memguard.forgetting import search
from memguard.forgetting.search import BYTES_MIN, LETTERS, Traces
from memguard.outcomes import Check
from tests.checks import one
from tests.conftest import Places
from tests.forgetting.forgetting_parts import NAMES
from tests.standins import NameList, TokenEmbedder


class Dense(TokenEmbedder):
    """Any text is like no other: a vector of zeros but one stands in every page that has a number in it."""

    def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        drawn = [np.random.default_rng(zlib.crc32(text.encode())).standard_normal(self.dimension) for text in texts]
        return [(each / np.linalg.norm(each)).astype(np.float32).reshape(1, -1) for each in drawn]


TEXT = "The brass key of the bakery hangs behind the second oven, wrapped in a blue cloth"


@pytest.fixture
def named(home: Places) -> Iterator[Memory]:
    with home.open(Dense(), detector=NameList(NAMES)) as memory:
        memory.add("begin", user_id="ana")
        yield memory


def traces_of(memory: Memory, *ids: str) -> Traces:
    vault = memory.home.vault("ana")
    marks = ", ".join("?" * len(ids))
    with vault.reading() as session:
        numbers = [row[0] for row in session.all(f"SELECT number FROM memories WHERE id IN ({marks})", ids)]
        return search.traces(session, numbers, memory._privacy.reveal(vault.seals))


def searched(memory: Memory, looked_for: Traces, before: frozenset[bytes]) -> Check:
    vault = memory.home.vault("ana")
    after = search.found_in(vault, looked_for.all)
    with vault.reading() as session:
        return search.check(session, looked_for, before, after)


def forgotten(memory: Memory, text: str) -> Check:
    """The check of one memory that was written, looked for and erased."""
    memory_id = one(memory.add(text, user_id="ana")).id
    looked_for = traces_of(memory, memory_id)
    before = search.found_in(memory.home.vault("ana"), looked_for.all)
    memory.delete(memory_id, user_id="ana")
    return searched(memory, looked_for, before)


def test_what_is_still_there_is_found(named: Memory) -> None:
    memory_id = one(named.add(TEXT, user_id="ana")).id
    looked_for = traces_of(named, memory_id)
    before = search.found_in(named.home.vault("ana"), looked_for.all)
    assert before == looked_for.all
    assert len(before) == 5  # three stretches, the id, the vector
    left = searched(named, looked_for, before)
    assert left.found == {"trace": 1}, "its id: all else is that of a memory which is still there"


def test_a_search_that_would_see_nothing_proves_nothing(named: Memory) -> None:
    check = searched(named, Traces(((b"was in no page ever",),), frozenset()), frozenset())
    assert (check.planted, check.planted_found, check.passed) == (1, 0, False)


def test_a_trace_in_the_log_or_in_a_free_page_is_found(named: Memory) -> None:
    memory_id = one(named.add(TEXT, user_id="ana")).id
    looked_for = traces_of(named, memory_id)
    vault = named.home.vault("ana")
    before = search.found_in(vault, looked_for.all)
    with vault.reading() as reader:
        reader.one("SELECT count(*) FROM memories")
        with vault.writing() as session:  # no checkpoint yet: the file still has the page as it was
            session.execute("DELETE FROM memories WHERE id = ?", (memory_id,))
        check = searched(named, looked_for, before)
    assert check.found == {"trace": 5}
    assert not check.passed


SHARED: dict[str, Callable[[Memory], object]] = {
    "the same text, so the same vector": lambda m: m.add(TEXT, user_id="ana"),
    "in its middle": lambda m: m.add(f"They say: {TEXT}. So it is", user_id="ana"),
    "in metadata": lambda m: m.add("see there", user_id="ana", metadata={"note": TEXT}),
    "as the name of a run": lambda m: m.add("see there", user_id="ana", run_id=TEXT),
    "as an environment": lambda m: m.add("see there", user_id="ana", environment=TEXT),
    "as an earlier wording": lambda m: m.update(one(m.add(TEXT, user_id="ana")).id, "reworded", user_id="ana"),
    "as the name of a run that asked": lambda m: m.search("begin", user_id="ana", for_run=TEXT),
}


@pytest.mark.parametrize("where", SHARED)
def test_a_text_that_something_that_stays_shares_is_no_trace(named: Memory, where: str) -> None:
    SHARED[where](named)
    check = forgotten(named, TEXT)
    assert (check.found, check.planted, check.planted_found) == ({}, 1, 1)


@pytest.mark.parametrize("text", ["a", "no", "ok!", "é", "42", "the", "鍵"])
def test_a_text_that_stands_somewhere_by_chance_is_no_trace(named: Memory, text: str) -> None:
    assert len(text.encode()) < BYTES_MIN
    assert forgotten(named, text).passed


def test_one_long_word_of_the_index_is_no_trace_where_another_has_it(named: Memory) -> None:
    named.add("INTERNATIONALISIERUNG of everything", user_id="ana")
    assert forgotten(named, "internationalisierung").passed


@pytest.mark.parametrize(
    "text", ["鍵はパン屋の二つ目のかまどの後ろに青い布に包んで掛けてある。" * 3, "🗝️🥖" * 40, "ä" * 41]
)
def test_a_text_of_many_bytes_a_letter_is_cut_between_letters(named: Memory, text: str) -> None:
    memory_id = one(named.add(text, user_id="ana")).id
    stretches = [
        trace for trace in traces_of(named, memory_id).of_memories[0] if trace.decode(errors="replace") in text
    ]
    assert stretches
    assert all(len(trace.decode()) == LETTERS for trace in stretches)
    assert forgotten(named, text).passed


def test_a_sealed_value_is_looked_for_and_was_never_to_be_seen(named: Memory) -> None:
    memory_id = one(named.add("Zelda and Oskar Brandt met at noon", user_id="ana")).id
    looked_for = traces_of(named, memory_id)
    assert b"Zelda and Oskar Bran" in looked_for.hidden
    assert not search.found_in(named.home.vault("ana"), looked_for.hidden)
    check = searched(named, Traces((), frozenset({b"the second"})), frozenset())
    assert check.passed


def test_earlier_wordings_are_looked_for(named: Memory) -> None:
    memory_id = one(named.add(TEXT, user_id="ana")).id
    named.update(memory_id, "It is not there any more", user_id="ana")
    looked_for = traces_of(named, memory_id)
    assert TEXT[:LETTERS].encode() in looked_for.all


def test_of_many_memories_some_are_looked_for(memory: Memory) -> None:
    stored = memory.add_many([{"text": f"note number {n} of many"} for n in range(200)], user_id="ana")
    looked_for = traces_of(memory, *(each.id for each in stored))
    assert search.MEMORIES_MAX // 2 < len(looked_for.of_memories) <= search.MEMORIES_MAX
