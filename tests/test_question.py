"""What a question asks for: whom it names, how the model reads it, and whether it asks for a time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard.retrieval.question import (
    TERMS_MAX,
    Question,
    as_spoken,
    greetings,
    tells_a_time,
    terms,
    understood,
    unknown_names,
)
from memguard.retrieval.words import addressed
from tests.conftest import Places

NAMES = ("ana", "oskar", "lind")
HOSTILE = (
    "^$.*+?()[]{}|\\", "(a+)+$", "[", "(?P<x>", "\\1", "a|b", ".*", "\x00", "\u202e", "ana\nana", "'" * 50, "🪔", "İ"
)  # fmt: skip
PIECES = st.sampled_from(
    ("Ana", "ana's", "Oskar Lind", "OSKAR", "Lind’s", "when", "had", "'s", " ", "?", "-", *HOSTILE)
)


def read(text: str, called: dict[str, list[int]] | None = None, others: list[str] | None = None) -> Question:
    """A question in a vault of three actors."""
    return understood(text, called or {}, 3, others or [], [])


@pytest.mark.parametrize(
    ("question", "spoken"),
    [
        ("What did Ana paint?", "What did I paint?"),
        ("what did ANA paint?", "what did I paint?"),
        ("Where is Ana's boat?", "Where is my boat?"),
        ("Where is Ana’s boat?", "Where is my boat?"),
        ("Did Ana sell Oskar her boat?", "Did I sell you her boat?"),
        ("Did Ana see Oskar's boat, or he Ana's?", "Did I see your boat, or he my?"),
        ("What did Oskar Lind keep?", "What did I keep?"),
        ("Oskar  Lind's bees", "my bees"),
        ("Anabel and banana", "Anabel and banana"),  # a part of a word is no name
        ("who keeps bees?", "who keeps bees?"),
        ("", ""),
    ],
)
def test_persons_are_read_as_i_and_you(question: str, spoken: str) -> None:
    assert as_spoken(question, NAMES) == spoken


def test_the_longer_of_two_names_is_read_as_one() -> None:
    assert as_spoken("Annabel and Ann", ["ann", "annabel"]) == "I and you"


def test_without_names_a_question_is_read_as_it_is() -> None:
    assert as_spoken("What did Ana paint?", []) == "What did Ana paint?"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_no_pattern(name: str) -> None:
    assert as_spoken("what did she paint?", [name, "zelda"]) == "what did she paint?"
    assert as_spoken("what did Zelda paint?", [name, "zelda"]) == "what did I paint?"


@pytest.mark.parametrize("name", ["x" * 5000, "ana " * 1250, "İ" * 5000])
def test_names_of_any_length_are_read(name: str) -> None:
    question = f"what did {name.title()} paint?"
    assert read(question, others=unknown_names(question, ())).text == question
    assert as_spoken(f"what did {name.strip()} paint?", [name.strip(), "ana"]) == "what did I paint?"


def test_many_names_in_a_row_are_read_as_one_person() -> None:
    assert as_spoken("ana " * 2000 + "paints", NAMES) == "I paints"
    assert as_spoken("ana " * 2000 + "anabel", NAMES) == "I anabel"


@given(st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join), st.lists(PIECES | st.text(min_size=1)))
def test_whatever_is_typed_is_understood(question: str, names: list[str]) -> None:
    found = read(question, {name.lower(): [0] for name in names}, unknown_names(question, names))
    assert found.text == question
    assert isinstance(found.spoken, str)
    assert len(unknown_names(question, ())) <= TERMS_MAX


@pytest.mark.parametrize(
    ("called", "actors"),
    [
        ({"oskar": [1]}, {1}),
        ({"oskar": [1], "lind": [1, 2]}, {1, 2}),
        ({}, set()),
        ({"oskar": [1], "marta": [0], "lind": [2]}, set()),  # all of them: nobody is favoured
    ],
)
def test_a_question_is_about_the_actors_it_names(called: dict[str, list[int]], actors: set[int]) -> None:
    assert read("what do they keep?", called).actors == actors


def test_a_person_who_is_no_actor_is_read_as_one_and_favours_nobody() -> None:
    found = read("What did Zelda tell Oskar?", {"oskar": [1]}, ["zelda"])
    assert found.spoken == "What did I tell you?"
    assert found.actors == {1}


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What did Zelda tell Oskar?", ["zelda"]),  # Oskar is known
        ("Zelda's and Zelda’s boat", ["zelda"]),
        ("Marta and Zelda and Marta", ["marta", "zelda"]),
        ("When did it rain in May on a Monday?", []),
        ("what did zelda tell?", []),  # no name without its capital letter
        ("ZELDA, SQLite, McCoy and X", []),
        ("Anna-Lena", []),
        ("snake_Case and O'Hara", []),
        ("Where Does The lantern hang?", []),
        ("", []),
    ],
)
def test_a_capitalised_word_may_be_a_name(question: str, names: list[str]) -> None:
    assert unknown_names(question, ["oskar"]) == names


def test_names_are_no_more_than_are_worth_asking_for() -> None:
    question = " ".join("B" + letter * n for letter in "aeiouy" for n in range(1, 20))
    assert len(unknown_names(question, ())) == TERMS_MAX


def test_a_person_is_known_by_a_greeting_in_a_memory(home: Places) -> None:
    with home.open() as memory:
        memory.add("Hey Zelda! Thank you, Marta. Zeppelin flew. He greeted Oskar", user_id="ana")
        with memory.home.vault("ana").reading() as session:
            assert addressed(session, ["zelda", "marta", "oskar", "zeppelin", "nobody"]) == ["zelda", "marta"]
            assert session.all("SELECT rowid FROM words WHERE words MATCH ?", (greetings("zelda"),)) == [(1,)]


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("When did Ana move?", True),
        ("when?", True),
        ("How long did it take?", True),
        ("What year was it?", True),
        ("Which month suits?", True),
        ("What did Ana say when she moved?", False),
        ("Where did Ana move?", False),
        ("", False),
    ],
)
def test_a_question_asks_for_a_time_by_how_it_begins(question: str, asks: bool) -> None:
    assert read(question).asks_when is asks


@pytest.mark.parametrize(
    ("question", "past"),
    [
        ("Where did I live before?", True),
        ("what was my old address", True),
        ("When did we switch?", True),
        ("Which editor did I use previously?", True),
        ("Where do I live?", False),
        ("what is my address now?", False),
        ("is the wash done", False),
    ],
)
def test_a_question_about_the_past_is_told_by_its_words(question: str, past: bool) -> None:
    assert read(question).about_the_past is past


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        ("I moved last week", True),
        ("In MAY, we moved", True),
        ("Built in 1998.", True),
        ("Three weeks ago", True),
        ("Dismayed, we lasted", False),
        ("port 80801, box 12", False),
        ("Nothing of the kind", False),
        ("", False),
    ],
)
def test_a_memory_tells_a_time_by_its_words(text: str, tells: bool) -> None:
    assert tells_a_time(text) is tells


def test_actors_are_found_in_the_words_that_a_question_is_searched_with() -> None:
    """So that no name is looked up that FTS5 could not be asked for."""
    assert terms("What did Oskar's sister O'Hara and Ana-Lena say?") == ["oskar", "sister", "o", "ana", "lena", "say"]
