"""The one form of all ways of writing a value, the runs of words it is sought in, and what a typing error shares."""

from __future__ import annotations

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from memguard.privacy.values import DIGITS_MIN, WORDS_MAX, form, grams, misspelt, parts
from memguard.retrieval.english import STOP_WORDS

SAME = [
    ("Ana Lind", "ana lind"), ("Ana Lind", "ANA  LIND"), ("Ana Lind", "Ana\nLind"), ("Ana", "Ana's"),
    ("Ana", "Ana\u2019s"),
    ("Chris", "Chris'"), ("Ana", "(Ana),"), ("Ana Lind", "Ana\u00a0Lind"), ("Ana", "\uff21\uff4e\uff41"),
    ("Jos\u00e9", "Jose\u0301"), ("Stra\u00dfe", "STRASSE"), ("Ana Lind", "Ana's Lind's"), ("O'Brien", "O'Brien's"),
    ("555-123-4567", "(555) 123 4567"), ("4111 1111 1111 1111", "4111-1111-1111-1111"), ("+49 30 123456", "4930123456"),
    ("ana@example.org", "<Ana@Example.org>"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_ways_of_writing_one_value_have_one_form(one: str, other: str) -> None:
    assert form(one) == form(other)


OTHER = [
    ("Ana", "Anna"), ("Ana", "Ana Lind"), ("Ana Lind", "Lind Ana"), ("12 345", "12345"), ("12-45", "1245"),
    ("555-123-4567", "555-123-4568"), ("O'Brien", "O Brien"), ("a.b@c.de", "ab@c.de"), ("A1-23456", "A123456"),
    ("1.234.567", "1234567"), ("Mary-Ann", "Mary Ann"), ("James", "Jame"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_two_values_have_two_forms(one: str, other: str) -> None:
    assert form(one) != form(other)


@pytest.mark.parametrize("value", ["", " ", "...", "\u200b", "\U0001f600", "'s", "\u202eabc", "e\u0301", "\ufdfa"])
def test_every_value_has_a_form(value: str) -> None:
    assert isinstance(form(value), str)


words = st.text(string.ascii_letters + "\u00e9\u00fc\u0416", min_size=1, max_size=9)


@given(st.lists(words, min_size=1, max_size=4), st.sampled_from([" ", "  ", "\t", "\u00a0"]))
def test_neither_case_nor_spacing_changes_a_form(name: list[str], space: str) -> None:
    assume(all(word.upper().casefold() == word.casefold() for word in name))
    assert form(space.join(name).upper()) == form(" ".join(name)) == form(f"({' '.join(name)})")
    assert form(form(" ".join(name))) == form(" ".join(name))


@given(st.text(string.digits, min_size=DIGITS_MIN, max_size=16), st.data())
def test_no_grouping_changes_a_long_number(digits: str, data: st.DataObject) -> None:
    grouped = digits[0] + "".join(data.draw(st.sampled_from(["", " ", "-", "/"])) + digit for digit in digits[1:])
    assert form(grouped) == digits


@given(st.text(max_size=60))
def test_a_gram_is_a_stretch_of_its_text_and_has_its_form(text: str) -> None:
    found = list(grams(text))
    assert [gram.start for gram in found] == sorted(gram.start for gram in found)
    for gram in found:
        assert 0 <= gram.start < gram.end <= len(text)
        assert gram.form == form(text[gram.start : gram.end])
        assert gram.form not in STOP_WORDS


def test_at_each_word_the_longest_run_comes_first() -> None:
    text = "Ana, Ben and (Cleo) met"
    assert [text[g.start : g.end] for g in grams(text)] == [
        "Ana, Ben and (Cleo) met", "Ana, Ben and (Cleo", "Ana, Ben and", "Ana, Ben", "Ana",
        "Ben and (Cleo) met", "Ben and (Cleo", "Ben and", "Ben",
        "and (Cleo) met", "and (Cleo", "Cleo) met", "Cleo", "met",
    ]  # fmt: skip


def test_a_run_has_no_more_words_than_a_value() -> None:
    text = " ".join(f"word{n}" for n in range(20))
    assert max(len(gram.form.split()) for gram in grams(text)) == WORDS_MAX
    assert sum(1 for _ in grams(text)) == 20 * WORDS_MAX - sum(range(WORDS_MAX))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Ana Lind", ["ana", "lind"]), ("Ana", []), ("Dr. Ana van der Lind", ["ana", "van", "der", "lind"]),
        ("Ana Ana", []), ("Bo Li", []), ("Mary-Ann O'Brien", ["mary-ann", "o'brien"]), ("Will And", []), ("", []),
    ],
)  # fmt: skip
def test_the_parts_of_a_name(name: str, found: list[str]) -> None:
    assert parts(name) == found


def near(one: str, other: str) -> bool:
    """Whether two words differ by a typing error, as look-ups tell it."""
    return not {one, *misspelt(one)}.isdisjoint({other, *misspelt(other)})


letters = st.text(string.ascii_lowercase, min_size=6, max_size=12)


@given(letters, st.integers(0, 10), st.sampled_from(string.ascii_lowercase))
def test_one_typing_error_of_any_kind_leaves_two_words_near(word: str, place: int, letter: str) -> None:
    i = place % (len(word) - 1)
    swapped = word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    dropped = word[:i] + word[i + 1 :]
    doubled = word[: i + 1] + word[i:]
    replaced = word[:i] + letter + word[i + 1 :]
    inserted = word[:i] + letter + word[i:]
    assert all(near(word, other) for other in (swapped, dropped, doubled, replaced, inserted))


@given(letters)
def test_two_errors_are_too_many(word: str) -> None:
    assert not near(word, f"{word[:-2]}42")
    assert not near(word, f"{word}42")


@pytest.mark.parametrize("word", ["", "a", "ana", "mark"])
def test_in_a_short_word_every_letter_counts(word: str) -> None:
    assert misspelt(word) == []


def test_a_word_with_a_letter_left_out() -> None:
    assert misspelt("anna!") == ["nna!", "ana!", "ann!", "anna"]
