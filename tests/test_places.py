"""Where each memory stands, as it is held in memory: what the vault says, whatever was written or erased."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memguard import Memory, UnknownMemory
from memguard.clock import to_micros
from memguard.retrieval.places import NEVER, NONE, Places
from tests.checks import column, one
from tests.conftest import Places as Folders
from tests.copies import actors_of, is_a_copy, neighbours_of, places_of, speakers_of
from tests.promises import promise

NOW = datetime.now(UTC)


def seen(memory: Memory, owner: str = "ana") -> Places:
    """The places after the next call; checked against the vault."""
    index = memory._index(memory.home.vault(owner))
    with memory.home.vault(owner).reading() as session:
        index.catch_up(session)
        assert is_a_copy(index, session)
    return index.places


def shown(places: Places, *numbers: int, at: datetime = NOW) -> list[bool]:
    return [bool(is_shown) for is_shown in places.shown(np.array(numbers, np.int64), to_micros(at))]


def hold(memory: Memory, number: int) -> None:
    """Hold a memory for review, as a screen will."""
    with memory.home.vault("ana").writing() as session:
        session.execute("UPDATE vault SET change_seq = change_seq + 1")
        sql = "UPDATE memories SET status = 'held', seq = (SELECT change_seq FROM vault) WHERE number = ?"
        session.execute(sql, (number,))


@pytest.fixture
def memory(home: Folders) -> Iterator[Memory]:
    """Names stand as they are: how those behind placeholders are called, test_known.py says."""
    with home.open(levels={"PERSON": "1"}) as opened:
        yield opened


@pytest.fixture
def line(memory: Memory) -> tuple[Memory, list[str]]:
    """Five in one run, numbered from 1, with another run and no run between them."""
    items = [{"text": f"turn {n}", "run_id": "r"} for n in range(5)]
    items += [{"text": "elsewhere", "run_id": "s"}, {"text": "alone"}, {"text": "elsewhere again", "run_id": "s"}]
    return memory, [stored.id for stored in memory.add_many(items, user_id="ana")]


def test_neighbours_are_the_nearest_in_the_same_run(line: tuple[Memory, list[str]]) -> None:
    beside = neighbours_of(seen(line[0]))
    assert beside[1] == [NONE, 2, NONE, 3]
    assert beside[3] == [2, 4, 1, 5]
    assert beside[6] == [NONE, 8, NONE, NONE]
    assert beside[7] == [NONE] * 4


def test_neighbours_are_those_that_survive_the_erasure_of_the_one_between(line: tuple[Memory, list[str]]) -> None:
    memory, ids = line
    seen(memory)
    memory.delete(ids[2], user_id="ana")
    beside = neighbours_of(seen(memory))
    assert 3 not in beside
    assert beside[2] == [1, 4, NONE, 5]
    memory.delete_all(user_id="ana", run_id="s")
    assert neighbours_of(seen(memory)).keys() == {1, 2, 4, 5, 7}


def test_nobody_stands_beside_nobody(line: tuple[Memory, list[str]]) -> None:
    places = seen(line[0])
    assert places.around(np.empty(0, np.int64), 2).shape == (0, 4)
    assert shown(places) == []


def test_what_no_memory_has_as_its_number_is_not_shown(line: tuple[Memory, list[str]]) -> None:
    memory, ids = line
    memory.delete(ids[2], user_id="ana")
    assert shown(seen(memory), 0, 1, 3, -1, 99, 10**6) == [False, True, False, False, False, False]


def test_a_memory_is_shown_until_it_expires(memory: Memory) -> None:
    ends = [NOW - timedelta(1), NOW + timedelta(1), datetime(1960, 1, 1, tzinfo=UTC)]
    memory.add("without end", user_id="ana")
    memory.add_many([{"text": "with an end", "expires_at": end} for end in ends], user_id="ana")
    places = seen(memory)
    assert shown(places, 1, 2, 3, 4) == [True, False, True, False]
    assert shown(places, 1, 2, 3, 4, at=NOW + timedelta(1)) == [True, False, False, False]
    assert places.column("shown_until", np.array([1])).tolist() == [NEVER]


def test_what_is_held_is_not_shown_and_no_neighbour(line: tuple[Memory, list[str]]) -> None:
    memory, _ = line
    seen(memory)
    hold(memory, 3)
    places = seen(memory)
    assert shown(places, 2, 3, 4) == [True, False, True]
    assert neighbours_of(places)[2] == [1, 4, NONE, 5]
    assert neighbours_of(places)[3] == [NONE] * 4


def test_what_was_held_and_is_erased_leaves_nothing(memory: Memory) -> None:
    memory.add("Hello", user_id="ana", actor="Oskar Lind")
    held = one(memory.add("Hello", user_id="ana", actor="Zelda Quill", run_id="r"))
    spoken = one(memory.add("Yorick: alas", user_id="ana"))
    hold(memory, 2)
    hold(memory, 3)
    assert seen(memory).actor_count == 2
    for gone in (held, spoken):
        memory.delete(gone.id, user_id="ana")
    places = seen(memory)
    assert (places.actor_count, places.actors_called(["zelda"])) == (1, {})


def test_one_that_expired_long_ago_and_is_erased_leaves_nothing(memory: Memory) -> None:
    memory.add("Hello", user_id="ana", actor="Oskar Lind")
    for end in (datetime(1960, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)):
        gone = one(memory.add("Hello", user_id="ana", actor="Zelda Quill", run_id="r", expires_at=end))
        seen(memory)
        memory.delete(gone.id, user_id="ana")
        assert seen(memory).actor_count == 1


def test_actors_are_called_by_any_part_of_their_name(memory: Memory) -> None:
    for actor in ("Oskar Lind", "Marta Lind", "Li Wu", "OSKAR LIND"):
        memory.add("Hello", user_id="ana", actor=actor)
    places = seen(memory)
    called = places.actors_called(["oskar", "lind", "marta", "li", "wu", "hello", ""])
    assert called.keys() == {"oskar", "lind", "marta"}, "two letters are a word as often as a name"
    assert [len(called[part]) for part in ("oskar", "lind", "marta")] == [1, 2, 1]
    assert places.actor_count == 3
    assert places.column("actor", np.array([1, 4])).tolist() == called["oskar"] * 2


@promise("P2")
def test_the_name_of_an_erased_actor_is_forgotten_and_the_others_keep_theirs(memory: Memory) -> None:
    zelda = one(memory.add("Hello", user_id="ana", actor="Zelda Lind"))
    memory.add_many([{"text": "Hello", "actor": actor} for actor in ("Oskar Lind", "Marta")], user_id="ana")
    assert actors_of(seen(memory))["lind"] == ["oskar lind", "zelda lind"]
    memory.delete(zelda.id, user_id="ana")
    places = seen(memory)
    assert actors_of(places) == {"oskar": ["oskar lind"], "lind": ["oskar lind"], "marta": ["marta"]}
    assert places.column("actor", np.array([2])).tolist() == places.actors_called(["oskar"])["oskar"]


def test_the_name_stays_for_as_long_as_one_memory_has_it(memory: Memory) -> None:
    first = one(memory.add("Hello", user_id="ana", actor="Zelda"))
    memory.add("Hello again", user_id="ana", actor="ZELDA")
    memory.delete(first.id, user_id="ana")
    assert actors_of(seen(memory)) == {"zelda": ["zelda"]}


def test_a_text_may_say_itself_who_speaks(memory: Memory) -> None:
    memory.add("Zelda: hello", user_id="ana")
    told = one(memory.add("Oskar (from the shed): hello", user_id="ana"))
    memory.add("Marta: hello", user_id="ana", actor="Ana")
    memory.add_many(
        [{"text": text} for text in ("no: colon", "two\nlines: x", "10:30", ": x", "x" * 90 + ": y")], user_id="ana"
    )
    assert speakers_of(seen(memory)) == {"zelda", "oskar", "no"}
    memory.update(told.id, "Nobody speaks", user_id="ana")
    places = seen(memory)
    assert len(places.speakers_called(["zelda", "oskar", "marta"])) == 1


def test_new_text_has_another_shape(memory: Memory) -> None:
    stored = one(memory.add("Where is it?  ", user_id="ana"))
    assert places_of(seen(memory))[1][-2:] == (len("Where is it?  "), 1)
    memory.update(stored.id, "There", user_id="ana")
    assert places_of(seen(memory))[1][-2:] == (5, 0)


def test_a_number_that_is_used_again_stands_where_the_new_memory_does(memory: Memory) -> None:
    memory.add("stays", user_id="ana", run_id="r")
    gone = one(memory.add("goes?", user_id="ana", run_id="r", actor="Zelda"))
    seen(memory)
    memory.delete(gone.id, user_id="ana")
    memory.add("comes", user_id="ana", run_id="s", actor="Oskar")
    assert column(memory, "ana", "SELECT max(number) FROM memories") == [2]
    places = seen(memory)
    assert places_of(places)[2][:3] == ("s", places_of(places)[2][1], "oskar")
    assert neighbours_of(places)[1] == [NONE] * 4


def test_it_grows_with_the_vault(memory: Memory) -> None:
    for size in (1, 2, 5, 40, 300):
        memory.add_many(
            [{"text": f"turn {n}", "run_id": "r", "actor": f"A{n % 7}nn"} for n in range(size)], user_id="ana"
        )
        assert places_of(seen(memory)).keys() == set(range(1, len(places_of(seen(memory))) + 1))
    assert len(places_of(seen(memory))) == 348


@promise("P2")
def test_what_another_process_writes_and_erases_is_followed(home: Folders) -> None:
    with home.open(levels={"PERSON": "1"}) as here, home.open() as there:
        first = one(here.add("one", user_id="ana", run_id="r", actor="Zelda"))
        seen(there)
        here.add_many(
            [{"text": "two?", "run_id": "r", "actor": "Oskar"}, {"text": "three", "run_id": "r"}], user_id="ana"
        )
        assert neighbours_of(seen(there))[2] == [1, 3, NONE, NONE]
        here.delete(first.id, user_id="ana")
        assert actors_of(seen(there)) == {"oskar": ["oskar"]}
        here.delete_all(user_id="ana")
        here.add("a new beginning", user_id="ana")
        assert places_of(seen(there)).keys() == {1}


NAMES = st.sampled_from((None, "Zelda Lind", "Oskar Lind", "Marta", "Li"))
WISH = st.fixed_dictionaries(
    {"text": st.sampled_from(("short", "is it longer?", "Yorick: alas", "Zelda: no"))},
    optional={
        "run_id": st.sampled_from(("r", "s")),
        "actor": NAMES,
        "expires_at": st.sampled_from((NOW, NOW + timedelta(9))),
    },
)
STEP = st.tuples(st.just("add"), st.lists(WISH, min_size=1, max_size=4)) | st.tuples(
    st.sampled_from(("delete", "delete", "update", "hold")), st.integers(0, 9)
)


@promise("P2")
@settings(max_examples=40)
@given(st.lists(STEP, min_size=1, max_size=10))
def test_after_any_steps_the_copy_is_one(steps: list[tuple[str, Any]]) -> None:
    with (
        tempfile.TemporaryDirectory() as name,
        Folders(Path(name) / "h", Path(name) / "k", Path(name)).open() as memory,
    ):
        ids = [one(memory.add("begin", user_id="ana")).id]
        for verb, what in steps:
            if verb == "add":
                ids += [stored.id for stored in memory.add_many(what, user_id="ana")]
            elif ids and verb == "delete":
                with contextlib.suppress(UnknownMemory):  # a sweep was first
                    memory.delete(ids.pop(what % len(ids)), user_id="ana")
            elif ids and verb == "update":
                with contextlib.suppress(UnknownMemory):  # or it has expired
                    memory.update(ids[what % len(ids)], "Marta: is it new?", user_id="ana")
            elif ids:
                for number in column(memory, "ana", "SELECT number FROM memories WHERE id = ?", ids[what % len(ids)]):
                    hold(memory, number)
            seen(memory)
