"""Time expressions of a question, as seen at one moment: Wednesday 20 May 2026, noon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memguard.clock import from_micros
from memguard.retrieval.english import MONTHS, SEASONS
from memguard.retrieval.times import TOLD_AFTER, YEARS_BACK, anchor, spans

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)


def told(question: str, now: datetime = NOW) -> list[tuple[str, str]]:
    """The spans as days, without the time after that a memory of them may be told in."""
    return [
        (f"{from_micros(span.start):%Y-%m-%d}", f"{from_micros(span.end) - TOLD_AFTER:%Y-%m-%d}")
        for span in spans(question, now)
    ]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What happened on 5 June 2023?", [("2023-06-05", "2023-06-06")]),
        ("on the 5th of June, 2023", [("2023-06-05", "2023-06-06")]),
        ("on 5 JUN 2023", [("2023-06-05", "2023-06-06")]),
        ("on June 5th, 2023", [("2023-06-05", "2023-06-06")]),
        ("on Jun. 5 2023", [("2023-06-05", "2023-06-06")]),
        ("on 2023-06-05", [("2023-06-05", "2023-06-06")]),
        ("on 29 February 2024", [("2024-02-29", "2024-03-01")]),
        ("in June 2023", [("2023-06-01", "2023-07-02")]),
        ("during sep 2023", [("2023-09-01", "2023-10-02")]),
        ("in 2023", [("2023-01-01", "2024-01-02")]),
        ("since 1999", [("1999-01-01", "2000-01-02")]),
        ("in the summer of 2023", [("2023-06-01", "2023-09-02")]),
        ("Spring 2024", [("2024-03-01", "2024-06-02")]),
        ("in winter 2023", [("2023-12-01", "2024-03-03")]),
        ("in fall 2023", [("2023-09-01", "2023-12-03")]),
        ("what did I do yesterday?", [("2026-05-18", "2026-05-20")]),
        ("what came in today?", [("2026-05-19", "2026-05-20")]),
        ("this morning", [("2026-05-19", "2026-05-20")]),
        ("3 days ago", [("2026-05-17", "2026-05-18")]),
        ("a week ago", [("2026-05-10", "2026-05-17")]),
        ("two weeks ago", [("2026-05-03", "2026-05-10")]),
        ("a couple of months ago", [("2026-03-06", "2026-04-05")]),
        ("Five Years Ago", [("2020-11-20", "2021-11-20")]),
        ("last week", [("2026-05-06", "2026-05-20")]),
        ("this weekend", [("2026-05-13", "2026-05-20")]),
        ("the past month", [("2026-04-20", "2026-05-20")]),
        ("last year", [("2024-05-20", "2026-05-20")]),
    ],
)
def test_an_expression_is_a_span(question: str, expected: list[tuple[str, str]]) -> None:
    assert told(question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "where do I live?", "May I come in?", "we march on", "the second plan", "port 2023", "v 2023-6-5", "in 20233",
        "springs and falls", "last one", "ago", "days ago", "", "12 monkeys", "1 mayor",
    ],
)  # fmt: skip
def test_what_names_no_time_is_none(question: str) -> None:
    assert told(question) == []


@pytest.mark.parametrize("question", ["in May", "last may", "on 5 May", "on May 5", "in spring"])
def test_without_a_year_it_is_looked_for_in_each_of_the_last_ones(question: str) -> None:
    years = [int(start[:4]) for start, _ in told(question)]
    assert years == list(range(NOW.year - YEARS_BACK, NOW.year + 1))


def test_a_date_is_not_its_whole_month_as_well() -> None:
    assert told("of May 5, 2023, in 2023-05-05") == [("2023-05-05", "2023-05-06")] * 2


def test_several_expressions_are_several_spans() -> None:
    assert told("on 5 June 2023 or 3 days ago") == [("2023-06-05", "2023-06-06"), ("2026-05-17", "2026-05-18")]


@pytest.mark.parametrize("month", MONTHS)
def test_every_month_is_known_by_its_name_and_three_letters(month: str) -> None:
    number = MONTHS.index(month) + 1
    for name in (month, month[:3], month.title(), month.upper()):
        assert [start for start, _ in told(f"in {name} 2023")] == [f"2023-{number:02}-01"]


@pytest.mark.parametrize("season", SEASONS)
def test_every_season_is_known(season: str) -> None:
    assert [start[:7] for start, _ in told(f"in {season} 2023")] == [f"2023-{SEASONS[season][0]:02}"]


@pytest.mark.parametrize(
    "question",
    [
        "on 31 June 2023", "on 29 February 2023", "on 0 May 2023", "on May 99 2023", "on 2023-13-01", "on 2023-00-10",
        "on 2023-02-30", "in 0000", "in 1899", "in 2200", "in 9999", "on 5 May 0001", "in summer 9999",
    ],
)  # fmt: skip
def test_an_impossible_date_is_none(question: str) -> None:
    assert told(question) == []


@pytest.mark.parametrize(
    "question",
    ["999999999 years ago", "36501 days ago", "9" * 4000 + " days ago", "101 years ago", "1201218 months ago"],
)
def test_longer_ago_than_anybody_remembers_is_none(question: str) -> None:
    assert told(question) == []


def test_a_number_of_any_length_is_a_question() -> None:
    """Python refuses to read numbers of more than 4,300 digits."""
    assert told("9" * 5000 + " days ago") == []


@pytest.mark.parametrize(
    "text", ["ſix days ago", "on 5 ſeptember", "in ſpring 2023", "wınter", "İn auguſt", "laſt week"]
)
def test_letters_that_only_look_like_english_name_no_time(text: str) -> None:
    """To a pattern that ignores case, the long s is an s and the dotless i an i."""
    assert told(text) == []


def test_hundred_years_are_the_most() -> None:
    assert told("100 years ago") == [("1925-12-14", "1926-12-14")]


@pytest.mark.parametrize("now", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2190, 12, 31, 23, 59, tzinfo=UTC)])
def test_any_clock_will_do(now: datetime) -> None:
    for question in ("100 years ago", "last year", "in May", "in winter", "yesterday"):
        assert spans(question, now)


PIECES = st.sampled_from(
    [
        *MONTHS, *SEASONS, "may", "ſep", "aprıl", "last", "this", "week", "weeK", "days", "ago", "an", "ſix",
        "5", "31", "0", "2023", "٢٠٢٣", "²", "9" * 4301, "-", "-02", "th", "of", "in", "since", ",", "İ", "\0",
    ]
)  # fmt: skip


@example("last ſep")
@example("9" * 5000 + " days ago")
@given(st.lists(PIECES, max_size=9).map(" ".join) | st.lists(PIECES, max_size=9).map("".join) | st.text())
def test_no_question_breaks_it(question: str) -> None:
    for span in spans(question, NOW):
        assert span.start < span.end
    assert anchor(question) is None or anchor(question) != ("", "")


@pytest.mark.parametrize("text", ["1 " * 5000, "before " * 2000, "1 may " * 2000, "may 1 " * 2000, "a" * 50_000])
def test_long_questions_are_read(text: str) -> None:
    assert isinstance(spans(text, NOW), list)
    assert anchor(text) is None or isinstance(anchor(text), tuple)


def test_a_span_is_met_by_what_is_told_soon_after() -> None:
    (span,) = spans("on 5 June 2023", NOW)
    assert from_micros(span.end) == datetime(2023, 6, 6, tzinfo=UTC) + TOLD_AFTER
    assert timedelta(0) < TOLD_AFTER


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Where did I live before the move?", ("before", "the move")),
        ("Until the wedding, where did we live?", ("before", "the wedding")),
        ("what changed AFTER we sold the boat, Ana?", ("after", "we sold the boat")),
        ("since the flood", ("after", "the flood")),
        ("Where did I live before?", None),
        ("before it", None),  # too little to be found by
        ("beforehand we met", None),
        ("", None),
    ],
)
def test_an_anchor_is_what_stands_after_before_or_after(question: str, expected: tuple[str, str] | None) -> None:
    assert anchor(question) == expected


def test_an_anchor_is_no_longer_than_is_worth_asking_for() -> None:
    found = anchor("before " + "x" * 1000)
    assert found is not None
    assert len(found[1]) <= 81
