"""From candidates to an order: each step by hand-computed numbers, and what must hold for any of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard.records import Facts
from memguard.retrieval import fuse
from memguard.retrieval.fuse import Candidate

scores = st.floats(-5, 5, allow_nan=False)


def candidate(number: int, score: float, **facts: Any) -> Candidate:
    given_facts = {"actor_key": None, "run_id": None, "run_order": None, "moment": number, "superseded": 0, **facts}
    return Candidate(Facts(number=number, **given_facts), {"meaning": score})


def numbers(order: list[Candidate]) -> list[int]:
    return [c.facts.number for c in order]


def test_values_become_deviations_from_the_mean() -> None:
    values = np.array([1.0, 3.0, 5.0], np.float32)
    assert fuse.standardised(values, 3.0, 2.0).tolist() == [-1.0, 0.0, 1.0]
    assert fuse.standardised(values, 3.0, 2.0).dtype == np.float32


@pytest.mark.parametrize("deviation", [0.0, 1e-12])
def test_where_everything_is_alike_nothing_stands_out(deviation: float) -> None:
    assert fuse.standardised(np.array([7.0, 7.0], np.float32), 7.0, deviation).tolist() == [0.0, 0.0]


def test_the_leading_ones_are_chosen_by_the_weighted_sum_and_keep_their_parts() -> None:
    meaning, words = np.array([2.0, 0.0, 1.0], np.float32), np.array([0.0, 9.0, 1.0], np.float32)
    parts = fuse.leading([11, 22, 33], meaning, words, 2)
    assert set(parts) == {22, 11}
    assert parts[11] == pytest.approx({"meaning": 2 * fuse.MEANING_WEIGHT, "words": 0.0})
    assert parts[22] == pytest.approx({"meaning": 0.0, "words": 9 * fuse.WORDS_WEIGHT})


def test_both_kinds_of_search_count() -> None:
    assert fuse.MEANING_WEIGHT > 0
    assert fuse.WORDS_WEIGHT > 0
    assert pytest.approx(1) == fuse.MEANING_WEIGHT + fuse.WORDS_WEIGHT


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("What does Oskar keep?", {"oskar lind"}),
        ("what does OSKAR LIND keep?", {"oskar lind"}),
        ("Oskar's bees", {"oskar lind"}),
        ("Marta and Oskar", {"oskar lind", "marta"}),
        ("who keeps bees?", set()),
        ("Li?", set()),  # two letters are a word as often as a name
        ("oska", set()),
        ("Marta, Oskar and Liam", set()),  # all of them: nobody is favoured
    ],
)
def test_a_question_names_actors_by_any_part_of_their_name(question: str, named: set[str]) -> None:
    assert fuse.actors_named(question, ["oskar lind", "marta", "li liam"]) == named


def test_a_named_actor_is_favoured_by_a_fixed_bonus() -> None:
    found = [candidate(1, 0, actor_key="oskar").facts, candidate(2, 0, actor_key="marta").facts, candidate(3, 0).facts]
    parts = {n: {"meaning": 0.5, "words": 0.0} for n in (1, 2, 3)}
    ranked = fuse.with_actor(found, parts, "what does Oskar keep?")
    assert {n: c.score for n, c in ranked.items()} == pytest.approx({1: 0.5 + fuse.ACTOR_BONUS, 2: 0.5, 3: 0.5})


def test_a_score_spreads_to_the_neighbours_on_both_sides() -> None:
    run = {n: candidate(n, score) for n, score in ((1, 0.0), (2, 2.0), (3, 1.0), (4, -3.0))}
    fuse.spread(run, [(1, 2), (2, 3), (3, 4)])
    share = fuse.SPREAD
    assert {n: c.score for n, c in run.items()} == pytest.approx(
        {1: 2 * share, 2: 2 + share, 3: 1 + 2 * share, 4: -3 + share}
    )


def test_a_low_score_takes_nothing_from_its_neighbours() -> None:
    run = {1: candidate(1, 1.0), 2: candidate(2, -4.0)}
    fuse.spread(run, [(1, 2), (2, 99)])
    assert run[1].score == 1.0


def test_best_comes_first_and_ties_in_the_order_of_writing() -> None:
    order = fuse.ranked([candidate(3, 1.0), candidate(1, 1.0), candidate(2, 5.0)])
    assert numbers(order) == [2, 1, 3]


def test_a_superseded_memory_follows_right_behind_what_replaced_it() -> None:
    order = [candidate(1, 3.0, superseded=1), candidate(2, 2.0), candidate(3, -1.0)]
    result = fuse.current_first(order, {1: [3]})
    assert numbers(result) == [3, 1, 2]
    assert result[0].score == pytest.approx(3.0 + fuse.SUPERSEDED_GAP)


def test_a_successor_that_leads_already_keeps_its_score() -> None:
    order = [candidate(2, 9.0), candidate(1, 3.0, superseded=1)]
    assert fuse.current_first(order, {1: [2]})[0].parts == {"meaning": 9.0}


def test_a_successor_that_may_not_be_seen_changes_nothing() -> None:
    order = [candidate(1, 3.0, superseded=1), candidate(2, 2.0)]
    assert numbers(fuse.current_first(order, {1: [99]})) == [1, 2]


@given(st.lists(scores, min_size=1, max_size=8), st.data())
def test_current_first_loses_and_invents_nothing_and_every_successor_leads(values: list[float], data: Any) -> None:
    order = fuse.ranked([candidate(n, value) for n, value in enumerate(values)])
    # As in a vault: what replaces others is the end of its chain, and is not replaced itself.
    ends = data.draw(st.sets(st.sampled_from(range(len(values))), max_size=2))
    replaced = [n for n in range(len(values)) if n not in ends]
    later_of = {n: sorted(ends) for n in replaced if ends and data.draw(st.booleans())}
    result = numbers(fuse.current_first(order, later_of))
    assert sorted(result) == list(range(len(values)))
    assert all(result.index(end) < result.index(n) for n, ends_of in later_of.items() for end in ends_of)


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
    assert fuse.asks_about_the_past(question) is past


TEXTS = {1: "My dentist is Dr Alvarez", 2: "The dentist has moved: it is Dr Brandt", 3: "Rain is near"}
CLOSE = np.array([[1, 0.9, 0.1], [0.9, 1, 0.1], [0.1, 0.1, 1]], np.float32)


def later(question: str = "who is my dentist?", cosines: Any = CLOSE, **facts: Any) -> list[int]:
    """The order that `later_first` gives to an earlier statement ahead of a later one on the same topic."""
    order = [candidate(1, 2.0), candidate(2, 1.0, **facts), candidate(3, 0.5)]
    return numbers(fuse.later_first(order, TEXTS, cosines, question))


def test_of_two_close_statements_the_later_one_leads() -> None:
    assert later() == [2, 1, 3]


def test_a_question_about_the_past_leaves_the_order_as_it_was() -> None:
    assert later("who was my dentist before?") == [1, 2, 3]


@pytest.mark.parametrize("facts", [{"actor_key": "ben"}, {"moment": 0}, {"moment": 1}])
def test_another_actor_or_an_earlier_moment_does_not_lead(facts: dict[str, Any]) -> None:
    assert later(**facts) == [1, 2, 3]


def test_statements_on_different_topics_stay_in_their_order() -> None:
    assert later(cosines=np.eye(3, dtype=np.float32)) == [1, 2, 3]


def test_turns_of_one_run_stay_in_their_order() -> None:
    order = [candidate(1, 2.0, run_id="r"), candidate(2, 1.0, run_id="r")]
    assert numbers(fuse.later_first(order, TEXTS, CLOSE[:2, :2], "who is my dentist?")) == [1, 2]


def test_a_later_statement_too_far_behind_does_not_lead() -> None:
    order = [candidate(1, 2.0 + fuse.LATER_REACH), candidate(2, 1.0)]
    assert numbers(fuse.later_first(order, TEXTS, CLOSE[:2, :2], "who is my dentist?")) == [1, 2]


def test_only_the_head_of_the_order_is_looked_at() -> None:
    order = [candidate(1, 2.0), candidate(2, 1.0)]
    assert numbers(fuse.later_first(order, TEXTS, CLOSE[:1, :1], "who is my dentist?")) == [1, 2]


@given(st.lists(st.tuples(scores, st.integers(0, 5)), min_size=1, max_size=7), st.integers(1, 7), st.data())
def test_later_first_loses_and_invents_nothing(values: list[tuple[float, int]], head: int, data: Any) -> None:
    order = fuse.ranked([candidate(n, score, moment=moment) for n, (score, moment) in enumerate(values)])
    size = min(head, len(order))
    cells = data.draw(st.lists(st.floats(-1, 1, width=32), min_size=size * size, max_size=size * size))
    texts = {n: TEXTS[n % 3 + 1] for n in range(len(values))}
    result = fuse.later_first(order, texts, np.array(cells, np.float32).reshape(size, size), "who is it?")
    assert sorted(numbers(result)) == list(range(len(values)))
