"""Overlapping spans to final ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from memguard.privacy.resolve import resolve
from memguard.privacy.spans import Span


def texts(text: str, spans: list[Span]) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in resolve(text, spans)]


def test_the_surest_span_wins() -> None:
    text = "reach 415 now"
    assert texts(text, [Span(6, 9, "AGE", 0.7), Span(6, 9, "PHONE_NUMBER", 0.9)]) == [("PHONE_NUMBER", "415")]


def test_of_two_as_sure_the_longer_one_wins() -> None:
    text = "12 Elm Street"
    assert texts(text, [Span(3, 6, "LOCATION", 0.9), Span(0, 13, "LOCATION", 0.9)]) == [("LOCATION", text)]


def test_what_is_left_of_a_name_beside_an_address_stays_a_name() -> None:
    text = "Ada Okoye ada@okoye.dev"
    found = texts(text, [Span(0, 23, "PERSON", 0.8), Span(10, 23, "EMAIL_ADDRESS", 1.0)])
    assert found == [("PERSON", "Ada Okoye"), ("EMAIL_ADDRESS", "ada@okoye.dev")]


def test_a_number_is_not_divided() -> None:
    assert texts("4111 1111", [Span(0, 9, "PHONE_NUMBER", 0.8), Span(0, 4, "AGE", 0.9)]) == [("AGE", "4111")]


def test_edges_and_possessives_are_cut() -> None:
    assert texts("(Ada's) dog", [Span(0, 7, "PERSON", 0.8)]) == [("PERSON", "Ada")]
    assert texts("Ada\u2019s dog", [Span(0, 5, "PERSON", 0.8)]) == [("PERSON", "Ada")]


def test_a_bracket_may_begin_a_phone_number() -> None:
    assert texts("(415) 555-2671.", [Span(0, 15, "PHONE_NUMBER", 0.9)]) == [("PHONE_NUMBER", "(415) 555-2671")]


def test_nothing_but_signs_is_no_span() -> None:
    assert texts(" .,; ", [Span(0, 5, "PERSON", 0.8)]) == []


SPANS = st.lists(
    st.tuples(
        st.integers(0, 19),
        st.integers(1, 9),
        st.sampled_from(["PERSON", "AGE", "LOCATION"]),
        st.sampled_from([0.7, 0.8, 0.9, 1.0]),
    ),
    max_size=8,
)


@given(SPANS)
def test_no_two_results_overlap_and_order_does_not_matter(drawn: list[tuple[int, int, str, float]]) -> None:
    text = "Ada met Bo, 34, in Rome."
    spans = [Span(start, min(len(text), start + length), kind, score) for start, length, kind, score in drawn]
    found = resolve(text, spans)
    assert all(a.end <= b.start for a, b in zip(found, found[1:], strict=False))
    assert found == resolve(text, spans[::-1])
