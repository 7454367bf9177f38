"""Values that a vault knows: found in texts as they stand there, in questions by parts and typing errors too."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from memguard import Memory
from memguard.privacy.known import Known
from memguard.privacy.spans import Span
from memguard.vault import placeholders, rows
from memguard.vault.placeholders import Minting

PEOPLE = ("Ana Lind", "Oskar Marlowe", "Beatrix Lind", "Rose", "Ana Lindqvist")
VALUES = {**dict.fromkeys(PEOPLE, "PERSON"), "Leeds": "LOCATION", "555-123-4567": "PHONE_NUMBER", "lupus": "HEALTH"}
Knowing = tuple[Known, dict[str, str]]


@pytest.fixture
def knowing(memory: Memory) -> Knowing:
    return knows(memory, VALUES)


def knows(memory: Memory, values: dict[str, str]) -> Knowing:
    """What is known of a vault with these values, and the value behind each code."""
    vault = memory.home.vault_or_new("ana")
    known, codes = Known(vault.seals), {}
    with vault.writing() as session:
        minting = Minting(session, vault.seals, rows.next_change(session))
        for value, type_ in values.items():
            codes[minting(value, type_)[1:-1].partition("_")[2]] = value
        placeholders.note_for_models(
            session, vault.seals, dict(zip(minting.numbers, values, strict=True))
        )  # known though no memory holds them
    with vault.reading() as session:
        known.catch_up(session)
    return known, codes


def says(codes: dict[str, str], text: str) -> str:
    """A text with values in braces for placeholders, with brackets or without."""
    return re.sub(r"<?[A-Z][A-Za-z]+_([b-z][b-z2-9]{5})>?", lambda match: f"{{{codes[match[1]]}}}", text)


def no_word(word: str) -> bool:
    return False


def asked(knowing: Knowing, text: str, is_word: Callable[[str], bool] = no_word) -> str:
    return says(knowing[1], knowing[0].question(text, is_word))


def found(knowing: Knowing, text: str) -> list[str]:
    return [text[span.start : span.end] for span in knowing[0].spans(text)]


def test_a_value_is_found_wherever_it_stands(knowing: Knowing) -> None:
    text = "Ana Lind, of Leeds: call 555 123 4567 (Ana Lind)."
    assert knowing[0].spans(text) == [
        Span(0, 8, "PERSON"), Span(13, 18, "LOCATION"), Span(25, 37, "PHONE_NUMBER"), Span(39, 47, "PERSON")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("ANA LIND saw ana lind", ["ANA LIND", "ana lind"]), ("Ana  Lind\u2019s boat", ["Ana  Lind"]),
        ("Ana\nLind", ["Ana\nLind"]), ("\uff21na Lind", ["\uff21na Lind"]), ("leeds and LEEDS", ["leeds", "LEEDS"]),
        ("a rose is a Rose", ["Rose"]), ("I have Lupus", ["Lupus"]), ("5551234567", ["5551234567"]),
        ("Ana and Lind", []), ("Ana", []), ("AnaLind", []), ("Leedsy", []), ("", []), ("?!", []),
    ],
)  # fmt: skip
def test_a_text_is_looked_through_for_whole_values(knowing: Knowing, text: str, values: list[str]) -> None:
    assert found(knowing, text) == values


def test_of_a_value_and_one_that_it_begins_the_longer_is_found(memory: Memory) -> None:
    knowing = knows(memory, {"Ana": "PERSON", "Ana Lind": "PERSON", "Ana Lind Street": "LOCATION"})
    assert found(knowing, "Ana, Ana Lind and Ana Lind Street") == ["Ana", "Ana Lind", "Ana Lind Street"]
    assert asked(knowing, "Is it Ana Lind?") == "Is it {Ana Lind} {Ana}?"


def test_a_place_that_is_called_after_a_person_is_not_that_person(memory: Memory) -> None:
    assert asked(knows(memory, {"Ana": "PERSON", "Ana Street": "LOCATION"}), "Ana Street?") == "{Ana Street}?"


@pytest.mark.parametrize(
    "text", ["Ana Lind/Beatrix Lind", "Ana Lind\u2014she", "Leeds/York", "(Leeds)now", "Leeds...no"]
)
def test_a_value_is_found_beside_any_punctuation(knowing: Knowing, text: str) -> None:
    assert found(knowing, text)


def test_nothing_is_found_where_nothing_is_known(memory: Memory) -> None:
    knowing = knows(memory, {})
    assert (knowing[0].spans("Ana Lind"), knowing[0].label("Ana", []), asked(knowing, "Ana?")) == ([], "Ana", "Ana?")


def test_values_of_another_vault_are_not_known(memory: Memory, knowing: Knowing) -> None:
    vault = memory.home.vault_or_new("ben")
    others = Known(vault.seals)
    with vault.reading() as session:
        others.catch_up(session)
    assert others.spans("Ana Lind") == []
    assert others.codes.isdisjoint(knowing[0].codes)


def test_no_value_is_held_in_memory(knowing: Knowing) -> None:
    held = repr([vars(knowing[0])[name] for name in ("_values", "_calls", "_near", "_codes")]).casefold()
    assert not any(part.casefold() in held for value in VALUES for part in value.split())


LABELS = [
    ("Ana Lind", "{Ana Lind}"), ("ANA LIND", "{Ana Lind}"),
    ("trip of Ana Lind to Leeds", "trip of {Ana Lind} to {Leeds}"),
    ("Leeds", "{Leeds}"), ("web", "web"), ("", ""), ("Ana", "Ana"), ("a rose", "a rose"), ("rose", "{Rose}"),
]  # fmt: skip


@pytest.mark.parametrize(("label", "stored"), LABELS)
def test_a_name_or_a_value_is_looked_up_as_it_is_stored(knowing: Knowing, label: str, stored: str) -> None:
    assert says(knowing[1], knowing[0].label(label, [])) == stored


BOTH = "{Ana Lind} {Ana Lindqvist}"
LINDS = "{Ana Lind} {Beatrix Lind}"
QUESTIONS = {
    "a whole name": ("Where does Oskar Marlowe live?", "Where does {Oskar Marlowe} live?"),
    "a first name": ("Where does Oskar live?", "Where does {Oskar Marlowe} live?"),
    "a surname": ("What did Marlowe say?", "What did {Oskar Marlowe} say?"),
    "a possessive": ("Is it Oskar's boat?", "Is it {Oskar Marlowe} boat?"),
    "a possessive of the other kind": ("Is it Oskar\u2019s boat?", "Is it {Oskar Marlowe} boat?"),
    "capitals": ("WHERE IS OSKAR?", "WHERE IS {Oskar Marlowe}?"),
    "a question in lower case": ("where does oskar live?", "where does {Oskar Marlowe} live?"),
    "a name of one word": ("What did Rose say?", "What did {Rose} say?"),
    "a first name of two": ("Did Ana call?", f"Did {BOTH} call?"),
    "a surname of two": ("Did Lind call?", f"Did {LINDS} call?"),
    "a place": ("Who lives in leeds?", "Who lives in {Leeds}?"),
    "a phone number written otherwise": ("Whose is (555) 123 4567?", "Whose is ({555-123-4567}?"),
    "letters swapped": ("Where does Osakr live?", "Where does {Oskar Marlowe} live?"),
    "a letter dropped": ("What did Marlwe say?", "What did {Oskar Marlowe} say?"),
    "a letter doubled": ("What did Marrlowe say?", "What did {Oskar Marlowe} say?"),
    "another letter": ("What did Narlowe say?", "What did {Oskar Marlowe} say?"),
    "a typing error in a possessive": ("Is it Marlow's boat?", "Is it {Oskar Marlowe} boat?"),
    "a word in lower case among others": ("Who gave Oskar a rose?", "Who gave {Oskar Marlowe} a rose?"),
    "stop words": ("Who is it, and will she?", "Who is it, and will she?"),
    "two letters wrong": ("What did Maarlove say?", "What did Maarlove say?"),
    "one letter of a short name wrong": ("Did Ina call?", "Did Ina call?"),
    "nobody": ("Where is the boat?", "Where is the boat?"),
    "several": ("Did Oskar and Rose meet in Leeds?", "Did {Oskar Marlowe} and {Rose} meet in {Leeds}?"),
}  # fmt: skip


@pytest.mark.parametrize("case", QUESTIONS)
def test_a_question_is_masked_by_what_it_names(knowing: Knowing, case: str) -> None:
    question, masked = QUESTIONS[case]
    assert asked(knowing, question) == masked


def test_a_whole_name_comes_before_those_it_may_mean_too(knowing: Knowing) -> None:
    assert asked(knowing, "Did Ana Lind call?").startswith("Did {Ana Lind}")


def test_a_word_of_the_vault_is_no_typing_error(knowing: Knowing) -> None:
    assert asked(knowing, "Which Marlows?", lambda word: word == "marlows") == "Which Marlows?"
    assert asked(knowing, "Which Marlowe?", lambda word: True) == "Which {Oskar Marlowe}?"


def test_one_name_in_two_cases_has_one_placeholder(memory: Memory) -> None:
    knowing = knows(memory, {"ANA LIND": "PERSON", "Ana Lind": "PERSON"})
    assert len(knowing[1]) == 1
    assert asked(knowing, "Ana Lind?") == "{Ana Lind}?"


def test_question_has_no_brackets_and_a_label_has(knowing: Knowing) -> None:
    assert re.fullmatch(r"Place_\w{6}\?", knowing[0].question("Leeds?", no_word))
    assert re.fullmatch(r"<Place_\w{6}>", knowing[0].label("Leeds", []))


def test_what_is_new_is_known_and_what_is_erased_is_not(memory: Memory) -> None:
    knowing = knows(memory, {"Ana Lind": "PERSON"})
    vault = memory.home.vault("ana")
    knows(memory, {"Leeds": "LOCATION"})
    with vault.reading() as session:
        knowing[0].catch_up(session)
    assert found(knowing, "Ana Lind in Leeds") == ["Ana Lind", "Leeds"]
    with vault.writing() as session:
        session.execute("DELETE FROM placeholders WHERE type = 'PERSON'")
        session.execute("UPDATE vault SET change_seq = change_seq + 1, erase_seq = erase_seq + 1")
    with vault.reading() as session:
        knowing[0].catch_up(session)
    assert found(knowing, "Ana Lind in Leeds") == ["Leeds"]
    assert asked((knowing[0], {}), "Ana, Lind?") == "Ana, Lind?"
    assert len(knowing[0].codes) == 1


def test_a_long_text_is_looked_through_once(knowing: Knowing) -> None:
    """As many look-ups as there are runs of words, however long the words are."""
    text = "Ana Lind " + "a_" * 50_000 + " " + "\u200b" * 50_000 + " Leeds"
    assert [span.type for span in knowing[0].spans(text)] == ["PERSON", "LOCATION"]
