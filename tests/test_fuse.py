"""From candidates to an order: each step by hand-computed numbers, and what must hold for any of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard.records import Facts
from memguard.retrieval import fuse
from memguard.retrieval.fuse import Candidate, Evidence

scores = st.floats(-5, 5, allow_nan=False)
NOWHERE = [-1, -1, -1, -1]


def candidate(number: int, score: float) -> Candidate:
    return Candidate(number, number, {"meaning": score})


def facts_of(texts: Mapping[int, str], changed: Mapping[int, dict[str, Any]] | None = None) -> dict[int, Facts]:
    """Facts by number: written in the order of their numbers, by nobody and in no run unless changed."""
    plain = {number: Facts(number, text, None, None, number, 0) for number, text in texts.items()}
    return {number: of._replace(**(changed or {}).get(number, {})) for number, of in plain.items()}


def numbers(order: list[Candidate]) -> list[int]:
    return [c.number for c in order]


def evidence(cosines: list[float], beside: list[list[int]] | None = None, **known: list[Any]) -> Evidence:
    """Evidence of that many candidates; what is not said is nothing."""
    n = len(cosines)
    nothing = [0] * n
    return Evidence(
        cosines=np.array(cosines, np.float32),
        bm25=np.array(known.get("bm25", nothing), np.float32),
        of_actor=np.array(known.get("of_actor", nothing), np.bool_),
        letters=np.array(known.get("letters", nothing), np.int64),
        asks=np.array(known.get("asks", nothing), np.int64),
        beside=np.array(beside or [NOWHERE] * n, np.int64),
    )


def first(known: Evidence, part: str) -> list[float]:
    return [float(value) for value in fuse.first_look(known)[part]]


def closely(known: Evidence, part: str, matched: list[list[float]] | None = None) -> list[float]:
    """One part of everybody's score, looked at closely."""
    n = len(known.cosines)
    shares = np.array(matched or [[0, 0, 0]] * n, np.float32)
    return [float(value) for value in fuse.close_look(known, np.arange(n), shares)[part]]


@pytest.mark.parametrize("look", [first, closely])
def test_both_kinds_of_search_count_in_units_of_their_own(look: Any) -> None:
    known = evidence([0.5, 0.25, 0], bm25=[0, 2, 4])
    meaning, words = look(known, "meaning"), look(known, "words")
    assert meaning == pytest.approx([2 * meaning[1], meaning[1], 0])
    assert words == pytest.approx([0, words[1], 2 * words[1]])
    assert meaning[0] > 0 < words[1]


@pytest.mark.parametrize("look", [first, closely])
def test_a_part_depends_on_nobody_else_in_the_running(look: Any) -> None:
    """Standardised scores did, and so what was erased left a trace in every score."""
    alone, among = evidence([0.5], bm25=[3], letters=[40]), evidence([0.5, 0.9, -0.2], bm25=[3, 9, 1], letters=[40] * 3)
    for part in ("meaning", "words", "actor", "shape", "context"):
        assert look(alone, part)[0] == look(among, part)[0]


@pytest.mark.parametrize(("look", "bonus"), [(first, fuse.FIRST["ACTOR"]), (closely, fuse.ACTOR)])
def test_a_named_actor_is_favoured_by_a_fixed_bonus(look: Any, bonus: float) -> None:
    assert look(evidence([0.1, 0.9], of_actor=[True, False]), "actor") == pytest.approx([bonus, 0])


@pytest.mark.parametrize("look", [first, closely])
def test_a_story_tells_more_than_a_greeting_and_an_answer_more_than_a_question(look: Any) -> None:
    greeting, story, question = look(evidence([0, 0, 0], letters=[5, 200, 200], asks=[0, 0, 1]), "shape")
    assert story > greeting
    assert story > question


def test_beyond_a_bound_length_tells_no_more() -> None:
    words = np.array([0, 10, fuse.WORDS_COUNTED_MAX, 10 * fuse.WORDS_COUNTED_MAX])
    values = fuse.length((words * fuse.LETTERS_A_WORD).astype(np.int64)).tolist()
    assert values[0] == 0
    assert values == sorted(values)
    assert values[2] == pytest.approx(values[3], abs=0.01)


LINE = [[-1, 1, -1, 2], [0, 2, -1, 3], [1, 3, 0, -1], [2, -1, 1, -1]]
"""Four in one run, in their order: 1 before, 1 after, 2 before, 2 after."""


@pytest.mark.parametrize("look", [first, closely])
def test_what_stands_directly_beside_in_the_run_gains_by_meaning(look: Any) -> None:
    context = look(evidence([0, 0.65, 0, 0], LINE), "context")
    assert context[0] == context[2] > 0
    assert context[1] == context[3] == 0


def test_the_words_of_what_stands_beside_count_and_of_what_stands_two_away() -> None:
    known = evidence([0, 0, 0, 0], LINE, bm25=[10, 0, 0, 0])
    assert closely(known, "context") == pytest.approx([0, 10 * fuse.WORDS_BESIDE, 10 * fuse.WORDS_NEAR, 0])
    assert first(known, "context") == pytest.approx([0, 10 * fuse.FIRST["WORDS_BESIDE"], 0, 0])


@pytest.mark.parametrize("look", [first, closely])
def test_an_unlike_neighbour_takes_nothing_away(look: Any) -> None:
    assert look(evidence([0.9, -0.9, fuse.COSINE_FLOOR, 0], LINE), "context")[2] == 0


def test_the_parts_of_a_close_look_are_those_of_the_chosen_in_their_order() -> None:
    known = evidence([0.1, 0.2, 0.3], bm25=[1, 2, 3])
    parts = fuse.close_look(known, np.array([2, 0]), np.array([[0.5, 0.6, 0.7], [0, 0, 0]], np.float32))
    assert parts["words"].tolist() == pytest.approx([3 * fuse.WORDS, fuse.WORDS])
    assert parts["match"][1] == 0


@pytest.mark.parametrize(("neighbours", "company"), [(NOWHERE, 0), ([1, -1, 1, -1], 0.5), ([1, 1, 1, 1], 1)])
def test_the_fewer_stand_beside_the_more_a_memory_speaks_for_itself(neighbours: list[int], company: float) -> None:
    known = evidence([0.3, 0], [neighbours, NOWHERE])
    parts = fuse.close_look(known, np.array([0]), np.array([[0.5, 0.6, 0.7]], np.float32))
    alone = 1 - company
    assert parts["meaning"].tolist() == pytest.approx([0.3 * (fuse.MEANING + alone * fuse.MEANING_ALONE)])
    assert parts["match"].tolist() == pytest.approx([0.5 * (fuse.MATCH + alone * fuse.MATCH_ALONE)])
    assert parts["context"].tolist() == pytest.approx([company * (0.6 * fuse.MATCH_NEAR + 0.7 * fuse.MATCH_WIDE)])


def test_a_total_is_the_sum_of_the_parts() -> None:
    parts = {"a": np.array([1, 2], np.float32), "b": np.array([0.5, -4], np.float32)}
    assert fuse.total(parts).tolist() == [1.5, -2]


def test_a_question_is_matched_alone_with_its_neighbours_and_with_theirs() -> None:
    best = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0.5]], np.float32)
    weights = np.array([0.5, 0.3, 0.2], np.float32)
    shares = fuse.matched(best, weights, np.array([0, 3, -1]), np.array([[1, -1, 2, -1], NOWHERE, [0, 1, 2, -1]]))
    assert shares.tolist() == [pytest.approx(row) for row in ([0.5, 0.8, 1], [0.5, 0.5, 0.5], [0, 0.8, 1])]


cosines = st.floats(-1, 1, width=32)


@given(st.data())
def test_a_wider_view_never_matches_less_and_nothing_matches_more_than_all(data: Any) -> None:
    rows, tokens = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 4))
    cells = data.draw(st.lists(cosines, min_size=rows * tokens, max_size=rows * tokens))
    weights = np.array(data.draw(st.lists(st.floats(0.1, 1), min_size=tokens, max_size=tokens)), np.float32)
    beside = data.draw(st.lists(st.integers(-1, rows - 1), min_size=4, max_size=4))
    best = np.array(cells, np.float32).reshape(rows, tokens)
    own = np.array([data.draw(st.integers(-1, rows - 1))])
    alone, near, wide = fuse.matched(best, weights / weights.sum(), own, np.array([beside]))[0]
    assert alone <= near + 1e-6
    assert near <= wide + 1e-6
    assert wide <= 1 + 1e-6


def test_best_comes_first_and_ties_in_the_order_of_writing() -> None:
    order = fuse.ranked([candidate(3, 1.0), candidate(1, 1.0), candidate(2, 5.0)])
    assert numbers(order) == [2, 1, 3]


def test_a_superseded_memory_follows_right_behind_what_replaced_it() -> None:
    order = [candidate(1, 3.0), candidate(2, 2.0), candidate(3, -1.0)]
    result = fuse.current_first(order, {1: [3]})
    assert numbers(result) == [3, 1, 2]
    assert result[0].score == pytest.approx(3.0 + fuse.SUPERSEDED_GAP)
    assert result[0].parts["current"] == pytest.approx(4.0 + fuse.SUPERSEDED_GAP)


def test_a_successor_that_leads_already_keeps_its_score() -> None:
    order = [candidate(2, 9.0), candidate(1, 3.0)]
    assert fuse.current_first(order, {1: [2]})[0].parts == {"meaning": 9.0}


def test_a_successor_that_may_not_be_seen_changes_nothing() -> None:
    order = [candidate(1, 3.0), candidate(2, 2.0)]
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


TEXTS = {1: "My dentist is Dr Alvarez", 2: "The dentist has moved: it is Dr Brandt", 3: "Rain is near"}
FACTS = facts_of(TEXTS)
CLOSE = np.array([[1, 0.9, 0.1], [0.9, 1, 0.1], [0.1, 0.1, 1]], np.float32)


def later(cosines: Any = CLOSE, changed: Mapping[int, dict[str, Any]] | None = None) -> list[int]:
    """The order that `later_first` gives to an earlier statement ahead of a later one on the same topic."""
    order = [candidate(1, 2.0), candidate(2, 1.0), candidate(3, 0.5)]
    return numbers(fuse.later_first(order, facts_of(TEXTS, changed), cosines))


def test_of_two_close_statements_the_later_one_leads() -> None:
    assert later() == [2, 1, 3]


def test_the_later_one_leads_by_a_little_and_says_why() -> None:
    order = fuse.later_first([candidate(1, 2.0), candidate(2, 1.0)], FACTS, CLOSE[:2, :2])
    assert order[0].score - order[1].score == pytest.approx(fuse.SUPERSEDED_GAP)
    assert order[0].parts["later"] == pytest.approx(1 + fuse.SUPERSEDED_GAP)


def test_one_that_leads_already_keeps_its_score() -> None:
    order = fuse.later_first([candidate(2, 3.0), candidate(1, 1.0)], FACTS, CLOSE[:2, :2])
    assert [c.parts for c in order] == [{"meaning": 3.0}, {"meaning": 1.0}]


@pytest.mark.parametrize("facts", [{"actor_key": "ben"}, {"moment": 0}, {"moment": 1}])
def test_another_actor_or_an_earlier_moment_does_not_lead(facts: dict[str, Any]) -> None:
    assert later(changed={2: facts}) == [1, 2, 3]


def test_what_is_superseded_already_gives_way_to_what_replaced_it_only() -> None:
    assert later(changed={1: {"superseded": 1}}) == [1, 2, 3]


def test_statements_on_different_topics_stay_in_their_order() -> None:
    assert later(cosines=np.eye(3, dtype=np.float32)) == [1, 2, 3]


def test_turns_of_one_run_stay_in_their_order() -> None:
    assert later(changed={1: {"run_id": "r"}, 2: {"run_id": "r"}}) == [1, 2, 3]


def test_a_later_statement_too_far_behind_does_not_lead() -> None:
    order = [candidate(1, 2.0 + fuse.LATER_REACH), candidate(2, 1.0)]
    assert numbers(fuse.later_first(order, FACTS, CLOSE[:2, :2])) == [1, 2]


def test_only_the_head_of_the_order_is_looked_at() -> None:
    order = [candidate(1, 2.0), candidate(2, 1.0)]
    assert numbers(fuse.later_first(order, FACTS, CLOSE[:1, :1])) == [1, 2]


def test_an_earlier_statement_gives_way_to_the_closest_later_one_only() -> None:
    texts = {1: TEXTS[1], 2: TEXTS[2], 3: TEXTS[2]}
    likeness = np.array([[1, 0.7, 0.9], [0.7, 1, 0.1], [0.9, 0.1, 1]], np.float32)
    order = fuse.later_first([candidate(1, 2.0), candidate(2, 1.0), candidate(3, 0.5)], facts_of(texts), likeness)
    assert numbers(order) == [3, 1, 2]
    assert "later" not in order[2].parts


@given(st.lists(st.tuples(scores, st.integers(0, 5)), min_size=1, max_size=7), st.integers(1, 7), st.data())
def test_later_first_loses_and_invents_nothing(values: list[tuple[float, int]], head: int, data: Any) -> None:
    order = fuse.ranked([Candidate(n, moment, {"meaning": score}) for n, (score, moment) in enumerate(values)])
    moments = {n: {"moment": moment} for n, (_, moment) in enumerate(values)}
    size = min(head, len(order))
    cells = data.draw(st.lists(cosines, min_size=size * size, max_size=size * size))
    texts = {n: TEXTS[n % 3 + 1] for n in range(len(values))}
    result = fuse.later_first(order, facts_of(texts, moments), np.array(cells, np.float32).reshape(size, size))
    assert sorted(numbers(result)) == list(range(len(values)))


def last(*texts: str, likeness: float = 1.0) -> list[int]:
    """The order that `duplicates_last` gives to texts, all as close to each other."""
    order = [candidate(n, -n) for n in range(len(texts))]
    alike = np.full((len(texts), len(texts)), likeness, np.float32)
    return numbers(fuse.duplicates_last(order, alike, facts_of(dict(enumerate(texts)))))


def test_what_says_the_same_goes_behind_all_others() -> None:
    assert last("Port 80", "port 80!", "Rain", "PORT 80") == [0, 2, 1, 3]


def test_other_words_or_numbers_are_no_duplicate_however_close() -> None:
    assert last("port 8080", "port 8081", "a port 8080") == [0, 1, 2]


def test_the_same_words_to_another_meaning_are_no_duplicate() -> None:
    assert last("the dog bit the man", "the man bit the dog", likeness=0.9) == [0, 1]
