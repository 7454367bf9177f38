"""What a request in words takes: memories that hold all of its words, in any form, and names by any part."""

from __future__ import annotations

from typing import Any

import pytest

from memguard import InvalidInput, Memory, NotFound, PlanOutdated
from memguard.forgetting.plan import Plan
from memguard.retrieval.embedder import PackagedEmbedder
from memguard.retrieval.question import holding_all
from tests.checks import one
from tests.commands import Command
from tests.conftest import Places

SAID = {
    "plain": "The Acme project ships on Friday",
    "inflected": "Two projects of Acme were shipped",
    "half": "Acme pays late",
    "other": "The garden project waits for rain",
    "named": "Oskar Brandt hides the key under the ladder",
    "part": "Oskar hides nothing",
}


@pytest.fixture
def said(named: Memory) -> Memory:
    for n, text in SAID.items():
        named.add(text, user_id="ana", metadata={"n": n}, environment="site" if n == "half" else None)
    named.add("The Acme project of ben", user_id="ben")
    return named


def taken(memory: Memory, request: str, **within: Any) -> set[str]:
    plan = memory.plan_forget(user_id="ana", request=request, **within)
    return {str(memory.get(memory_id, user_id="ana").metadata["n"]) for memory_id in plan.memories}


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("everything about the Acme project", {"plain", "inflected"}),
        ("Please forget all you know of ACME!", {"plain", "inflected", "half"}),
        ("acme", {"plain", "inflected", "half"}),
        ("oskar brandt", {"named"}),
        ("what Brandt is hiding", {"named"}),
        ("ladders", {"named"}),
    ],
)
def test_it_takes_what_holds_all_of_its_words(said: Memory, asked: str, names: set[str]) -> None:
    assert taken(said, asked) == names


def test_it_goes_together_with_other_scopes(said: Memory) -> None:
    assert taken(said, "Acme", environment="site") == {"half"}


def test_it_is_planned_carried_out_and_certified(said: Memory) -> None:
    plan = Plan.from_json(said.plan_forget(user_id="ana", request="the Acme project").to_json())
    assert (plan.kind, plan.scope) == ("request", {"request": "the Acme project"})
    certificate = said.forget(plan)
    assert (certificate.state, certificate.erased.kind, certificate.erased.memories) == ("complete", "request", 2)
    assert {record.metadata["n"] for record in said.get_all(user_id="ana")} == {"half", "other", "named", "part"}
    assert len(said.get_all(user_id="ben")) == 1


def test_what_comes_to_hold_its_words_makes_the_plan_stale(said: Memory) -> None:
    plan = said.plan_forget(user_id="ana", request="Acme")
    said.add("Acme called again", user_id="ana", metadata={"n": "late"})
    with pytest.raises(PlanOutdated):
        said.forget(plan)


@pytest.mark.parametrize("asked", ["", " ", 5, "forget everything about it", "please?", '"*" - :'])
def test_one_that_says_nothing_is_refused(said: Memory, asked: Any) -> None:
    with pytest.raises(InvalidInput):
        said.plan_forget(user_id="ana", request=asked)


def test_one_that_nothing_answers_finds_nothing(said: Memory) -> None:
    with pytest.raises(NotFound):
        said.plan_forget(user_id="ana", request="zeppelin")


def test_no_word_of_it_is_an_operator() -> None:
    assert holding_all('acme" OR "a NEAR text:x*') == '("acme") AND ("near") AND ("text") AND ("x")'
    assert holding_all("Person_k7q2mx Person_wtccpg and the key") == '("person_k7q2mx" OR "person_wtccpg") AND ("key")'


def test_the_command_takes_it(home: Places, packaged_model: PackagedEmbedder) -> None:
    with home.open(packaged_model) as memory:
        memory.add("The key lies under the ladder", user_id="ana")
        kept = one(memory.add("The ladder is red", user_id="ana")).id
    command = Command(home)
    assert command.json("forget", "--request", "keys under ladders", "--yes")["signed"]["erased"]["kind"] == "request"
    assert [each["id"] for each in command.json("list")] == [kept]
