"""Placeholders: how they look, how a text is cut and put together, and what of a model's text is one."""

from __future__ import annotations

import re
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard.privacy import placeholders as shapes
from memguard.privacy.placeholders import Piece
from memguard.privacy.policy import KINDS, LITERAL, Policy
from memguard.privacy.spans import Span

DEFAULT = Policy()


def joined(text: str, spans: list[Span], policy: Policy = DEFAULT) -> str:
    """A text as it would be stored, its placeholders counted."""
    numbers = count(1)
    return shapes.numbered(shapes.pieces(text, spans, policy), lambda _, type_: f"<{type_}{next(numbers)}>", policy)


def test_a_code_spells_nothing_and_begins_with_a_letter() -> None:
    codes = {shapes.new_code() for _ in range(2_000)}
    assert len(codes) > 1_990
    assert all(re.fullmatch("[bcfghjkmnpqrtvwxz][bcfghjkmnpqrtvwxz2-9]{5}", code) for code in codes)


@pytest.mark.parametrize("type_", [*KINDS, LITERAL, "A_NEW_ONE", "Ω", ""])
def test_what_is_written_is_read_back_for_every_type(type_: str) -> None:
    written = shapes.written(type_, "bcf234")
    assert shapes.PLACEHOLDER.fullmatch(written)
    assert shapes.codes_in(f"to {written}, or not") == ["bcf234"]


def test_what_a_policy_keeps_stays_and_what_it_drops_leaves_no_code() -> None:
    text = "Ana at Acme has the key sk-1"
    spans = [Span(0, 3, "PERSON"), Span(7, 11, "ORGANIZATION"), Span(24, 28, "API_KEY")]
    assert joined(text, spans) == "<PERSON1> at Acme has the key <Secret>"
    assert joined(text, spans, Policy.of({"organization": "2", "PERSON": "1"}, {}, "seal")) == (
        "Ana at <ORGANIZATION1> has the key <API_KEY2>"
    )


def test_vectors_are_made_of_bare_words() -> None:
    cut = shapes.pieces("Ana moved to Leeds", [Span(0, 3, "PERSON"), Span(13, 18, "LOCATION")], DEFAULT)
    assert shapes.for_vectors(cut) == "someone moved to a place"


@pytest.mark.parametrize("text", ["<Person_bcf234>", "<person_x1>", "< Place_bcf234 >", "<Secret_1>", "<Any_thing>"])
def test_what_looks_like_a_placeholder_is_put_behind_one(text: str) -> None:
    assert joined(f"say {text} now", []) == "say <LITERAL1> now"


@pytest.mark.parametrize("text", ["List<str>", "<div class=a_b>", "a < b_c > d e", "Person_bcf234 <b>"])
def test_other_brackets_stay(text: str) -> None:
    assert joined(text, []) == text


@pytest.mark.parametrize("text", ["Person_bcf234", "[person bcf234]", "an_BCF234"])
def test_so_is_what_would_be_taken_for_one_of_this_vault(text: str) -> None:
    cut = shapes.pieces(f"say {text} now", [], DEFAULT, {"bcf234"})
    assert [piece.text for piece in cut if piece.type == LITERAL] == [text]
    assert shapes.pieces(f"say {text} now", [], DEFAULT, {"ccc222"}) == [Piece(f"say {text} now")]


def test_a_look_alike_inside_a_value_goes_with_it() -> None:
    text = "I am <Person_bcf234>"
    assert joined(text, [Span(5, 20, "USERNAME")]) == "I am <USERNAME1>"


pieces_of_text = st.lists(
    st.tuples(st.text(max_size=8), st.sampled_from([None, "PERSON", "HEALTH", "URL"])), max_size=6
)


@given(pieces_of_text)
def test_a_cut_loses_and_invents_no_character(parts: list[tuple[str, str | None]]) -> None:
    text, spans = "", []
    for part, type_ in parts:
        if type_ and part:
            spans.append(Span(len(text), len(text) + len(part), type_))
        text += part
    cut = shapes.pieces(text, spans, DEFAULT)
    assert "".join(piece.text for piece in cut) == text
    assert {piece.type for piece in cut} <= {None, "PERSON", "HEALTH", LITERAL}
    assert shapes.kept(cut, DEFAULT) == [piece for piece in cut if piece.type]


BENT = [
    "<Person_bcf234>", "<person_bcf234>", "<PERSON_BCF234>", "[Person_bcf234]", "(Person_bcf234)", "{Person_bcf234}",
    "Person_bcf234", "<Person bcf234>", "<Person-bcf234>", r"<Person\_bcf234>", r"\<Person_bcf234\>",
    "Person bcf234",
]  # fmt: skip


@pytest.mark.parametrize("text", BENT)
def test_a_placeholder_is_known_however_a_model_bends_it(text: str) -> None:
    values = {"bcf234": "Ana"}
    assert shapes.restored(f"ask {text}, please", values.get) == "ask Ana, please"
    assert shapes.restored(f"{text}'s cat", values.get) == "Ana's cat"


@pytest.mark.parametrize("text", ["<Person_ccc222>", "code 493021", "Person_bcf2345", "the bcf23", "bcf234"])
def test_what_is_no_placeholder_of_this_vault_stays(text: str) -> None:
    assert shapes.restored(text, {"bcf234": "Ana"}.get) == text


def test_a_value_that_looks_like_a_placeholder_is_not_restored_again() -> None:
    values = {"bcf234": "<Person_ccc222>", "ccc222": "Ana"}
    assert shapes.restored("<Literal_bcf234>", values.get) == "<Person_ccc222>"


def test_a_text_of_brackets_is_no_placeholder_however_long() -> None:
    text = "<[({`\\" * 40_000
    assert shapes.codes_in(text) == []
    assert shapes.pieces(text, [], DEFAULT) == [Piece(text)]
