"""Does a later statement take the place of an earlier one? Both ways, on sentences written for these tests.

The cosines are those of the packaged model for each pair, rounded: the rule sees what it will see in use.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard.records import Statement
from memguard.retrieval.restatement import (
    COSINE_MIN_DISMISSED,
    COSINE_MIN_SLOT,
    TOKENS_MAX,
    may_begin,
    may_end,
    restated,
)


def said(text: str, moment: int = 1, actor: str | None = "ana", environment: str | None = None) -> Statement:
    return Statement(text, actor, environment, moment)


ONE_SLOT = [
    ("My dentist is Dr Alvarez", "My dentist is Dr Brandt", 0.74),
    ("The backup job runs on Tuesdays", "The backup job runs on Fridays", 0.92),
    ("Our office is in Ghent", "Our office is now in Antwerp.", 0.78),
    ("The API key header is called X-Token", "The API key header is called X-Session-Key", 0.88),
    ("The lease runs until 2027", "The lease runs until 2029", 0.97),
    ("The build needs Python 3.9", "The build needs Python 3.12", 0.87),
]
DISMISSED = [
    ("My bicycle is a Gazelle", "I sold the Gazelle", 0.61),
    ("I rent a flat in Turin", "I moved from Turin to Genoa", 0.60),
    ("We store sessions in Redis", "We store sessions in Postgres instead of Redis", 0.85),
    ("Our mascot is a heron", "We got rid of the heron", 0.66),
    ("I play the cello in the town orchestra", "I quit the orchestra", 0.58),
    ("My sister lives in Porto", "My sister has left Porto", 0.85),
    ("Our Turin plan is fixed", "The Turin plan fell through", 0.79),
]


@pytest.mark.parametrize(("earlier", "later", "cosine"), ONE_SLOT)
def test_the_same_statement_with_another_value_takes_its_place(earlier: str, later: str, cosine: float) -> None:
    assert restated(said(earlier), said(later, 2), cosine)


@pytest.mark.parametrize(("earlier", "later", "cosine"), DISMISSED)
def test_a_statement_that_sets_the_old_value_aside_takes_its_place(earlier: str, later: str, cosine: float) -> None:
    assert restated(said(earlier), said(later, 2), cosine)


BESIDE = [
    ("I visited Ghent", "I visited Antwerp", 0.77),
    ("I love pears", "I love quinces", 0.60),
    ("Staging runs on port 8081", "Production runs on port 8443", 0.60),
    ("The red door is locked", "The blue door is locked", 0.71),
    ("The flag alpha is off", "The flag beta is off", 0.80),
    ("The red team meets on Mondays", "The blue team meets on Fridays", 0.70),
    ("I have a cat", "I have a dog", 0.77),
    ("I speak Dutch", "I speak Danish", 0.71),
    ("Ben is allergic to nuts", "Ben is allergic to dust", 0.82),
    ("My son is called Piet", "My daughter is called Mila", 0.60),
    ("Monday's meeting is at ten", "Thursday's meeting is at noon", 0.71),
    ("I take metformin in the morning", "I take aspirin in the evening", 0.65),
    ("My sister lives in Porto", "I left Lisbon", 0.45),
    ("My dentist is Dr Alvarez", "The tide is high at six", 0.02),
]


@pytest.mark.parametrize(("earlier", "later", "cosine"), BESIDE)
def test_two_facts_side_by_side_leave_each_other_alone(earlier: str, later: str, cosine: float) -> None:
    assert not restated(said(earlier), said(later, 2), cosine)


ADDED_UP = [
    ("We support Firefox", "We support Chrome", 0.69),
    ("I use a mouse", "I use a keyboard", 0.78),
    ("I use Vim for notes", "I use Vim for code", 0.80),
    ("My sister is a nurse", "My sister is a mother", 0.63),
    ("The test suite is flaky", "The test suite is slow", 0.77),
]
SOMETHING_ELSE_SET_ASIDE = [
    ("My umbrella is red", "I left my umbrella on the bus", 0.58),
    ("My laptop runs Linux", "I left my laptop at home", 0.41),
    ("The parser is written in Rust", "I stopped the parser to look at a crash", 0.53),
    ("The backup runs nightly", "We removed the backup from the old laptop", 0.42),
    ("The door code is 4711", "I closed the door", 0.36),
]


@pytest.mark.parametrize(("earlier", "later", "cosine"), ADDED_UP)
def test_what_can_be_true_of_one_subject_at_once_adds_up(earlier: str, later: str, cosine: float) -> None:
    # A doubt means no: where both can hold, calling the earlier one outdated is a false statement about the user.
    assert not restated(said(earlier), said(later, 2), cosine)


@pytest.mark.parametrize(("earlier", "later", "cosine"), SOMETHING_ELSE_SET_ASIDE)
def test_setting_a_thing_aside_says_nothing_of_what_else_is_known_of_it(
    earlier: str, later: str, cosine: float
) -> None:
    # The word that is dismissed is what the earlier statement speaks about, not the value that it gives.
    assert not restated(said(earlier), said(later, 2), cosine)


@pytest.mark.parametrize(
    "later",
    [
        "Is my dentist Dr Brandt?",
        "Maybe my dentist is Dr Brandt",
        "My dentist should be Dr Brandt",
        "I wish my dentist was Dr Brandt",
        "Marta says my dentist is Dr Brandt",
        'He wrote "my dentist is Dr Brandt"',
        "My dentist is Dr Alvarez",
        "my dentist is dr alvarez!",
        "Currently my dentist is Dr Alvarez",
        "?!",
        "",
    ],
)
def test_a_question_a_wish_a_report_or_the_same_again_replaces_nothing(later: str) -> None:
    assert not restated(said("My dentist is Dr Alvarez"), said(later, 2), 0.9)


@pytest.mark.parametrize(
    "text", ["I sold the Gazelle", "I moved from Turin to Genoa", "We use Postgres instead of Redis"]
)
def test_a_change_that_is_told_twice_is_no_second_change(text: str) -> None:
    assert not restated(said(text), said(text, 2), 1.0)


def test_a_question_is_never_replaced() -> None:
    assert not restated(said("Is my dentist Dr Alvarez?"), said("My dentist is Dr Brandt", 2), 0.9)


EARLIER, LATER = "My dentist is Dr Alvarez", "My dentist is Dr Brandt"


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [
        (said(EARLIER, 1), said(LATER, 2), True),
        (said(EARLIER, 2), said(LATER, 2), True),
        (said(EARLIER, 3), said(LATER, 2), False),
        (said(EARLIER, 1, actor="ben"), said(LATER, 2, actor="ana"), False),
        (said(EARLIER, 1, actor=None), said(LATER, 2, actor="ana"), False),
        (said(EARLIER, 1, environment="site"), said(LATER, 2), False),
        (said(EARLIER, 1, environment="site"), said(LATER, 2, environment="site"), True),
    ],
)
def test_only_the_same_actor_in_the_same_environment_replaces_and_only_later(
    earlier: Statement, later: Statement, expected: bool
) -> None:
    assert restated(earlier, later, 0.9) is expected


def test_statements_that_are_not_near_each_other_are_left_alone() -> None:
    assert not restated(said(EARLIER), said(LATER, 2), COSINE_MIN_SLOT - 0.01)
    assert restated(said(EARLIER), said(LATER, 2), COSINE_MIN_SLOT)
    gone = (said("Our mascot is a heron"), said("We got rid of the heron", 2))
    assert not restated(*gone, COSINE_MIN_DISMISSED - 0.01)
    assert restated(*gone, COSINE_MIN_DISMISSED)


def test_a_long_statement_says_several_things_and_is_left_alone() -> None:
    tail = " and the waiting room has a fern" * (TOKENS_MAX // 7)
    assert not restated(said(EARLIER + tail), said(LATER + tail, 2), 0.99)


@given(st.text(max_size=60), st.text(max_size=60), st.floats(-1, 1))
def test_any_two_texts_get_an_answer_and_a_text_never_replaces_itself(first: str, second: str, cosine: float) -> None:
    assert restated(said(first), said(second, 2), cosine) in (True, False)
    assert {may_end(first), may_begin(second)} <= {True, False}
    assert not restated(said(first), said(first, 1), cosine)
