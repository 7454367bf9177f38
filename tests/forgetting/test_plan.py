"""A plan says what goes, what stays and why, changes nothing, and holds only for the vault as it was."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from memguard import InvalidInput, Memory, PlanOutdated
from memguard.forgetting.plan import LISTED_MAX, NOT_REACHED, Plan
from tests.checks import column, dump, one
from tests.forgetting.forgetting_parts import Woven, round_trip, weave

NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)


def test_a_plan_names_what_goes_and_what_stays_and_why(named: Memory, woven: Woven) -> None:
    before = dump(named)
    plan = named.plan_forget(user_id="ana", ids=[woven.secret])

    assert (plan.kind, plan.memories, plan.derived) == ("memories", (woven.secret,), (woven.child, woven.grandchild))
    assert (plan.versions, plan.values) == (1, 1)
    assert plan.current_again == (woven.replaced,)
    assert plan.partly_derived == (woven.half,)
    assert plan.shown_before == (woven.shown,)
    assert woven.alike in plan.alike
    assert not {woven.secret, woven.child, woven.grandchild} & {*plan.alike}
    assert not plan.everything
    assert dump(named) == before


def test_the_readable_form_says_it_all_and_quotes_nothing(named: Memory, woven: Woven) -> None:
    text = named.plan_forget(user_id="ana", ids=[woven.secret]).readable()
    for line in (
        "Forget 1 memory of ana (memories).",
        f"  goes: {woven.secret}",
        f"  goes too, made from nothing else: {woven.child}",
        "  goes with them: 1 earlier wording, 1 value behind placeholders",
        f"  becomes current again: {woven.replaced}",
        f"  stays, though made from it in part: {woven.half}",
        f"  stays, though written in a run that had been shown it: {woven.shown}",
        f"  stays, though it reads almost the same: {woven.alike}",
        *(f"  not reached: {each}" for each in NOT_REACHED),
    ):
        assert line in text.splitlines()
    for word in ("Zelda", "brass", "bakery", "Person_", "r-2", "claude"):
        assert word not in text


def test_a_long_plan_is_counted_beyond_what_is_listed(memory: Memory) -> None:
    memory.add_many([{"text": f"note {n}", "run_id": "r"} for n in range(LISTED_MAX + 5)], user_id="ana")
    memory.add("another", user_id="ana")
    plan = memory.plan_forget(user_id="ana", run_id="r")
    assert plan.readable().count("  goes: ") == LISTED_MAX + 1
    assert "  goes: and 5 more" in plan.readable().splitlines()
    assert len(plan.to_json()["memories"]) == LISTED_MAX + 5


SCOPES: dict[str, tuple[dict[str, Any], str]] = {
    "run": ({"run_id": "r-1"}, "a"),
    "runs": ({"run_id": ["r-1", "r-2"]}, "a b"),
    "environment": ({"environment": "site"}, "b"),
    "author": ({"author": "claude"}, "c"),
    "agent": ({"agent_id": "claude"}, "c"),
    "time span": ({"since": NOON - timedelta(1), "until": NOON + timedelta(1)}, "d"),
    "filter": ({"filters": {"team": {"in": ["web"]}, "OR": [{"n": 1}, {"n": 3}]}}, "e"),
    "actor": ({"actor": "OSKAR BRANDT"}, "d"),
    "masked": ({"author": "Oskar Brandt"}, "d"),
}
KINDS = {"runs": "run", "agent": "author", "actor": "filter", "masked": "author"}


@pytest.mark.parametrize("scope", SCOPES)
def test_a_plan_by_each_scope_takes_exactly_that(named: Memory, scope: str) -> None:
    given, texts = SCOPES[scope]
    named.add("a", user_id="ana", run_id="r-1")
    named.add("b", user_id="ana", run_id="r-2", environment="site")
    named.add("c", user_id="ana", agent_id="claude")
    named.add("d", user_id="ana", actor="Oskar Brandt", happened_at=NOON)
    named.add("e", user_id="ana", metadata={"team": "web", "n": 3})
    named.add("b", user_id="ben", run_id="r-1", environment="site")
    kept = {record.text for record in named.get_all(user_id="ana")} - {*texts.split()}
    plan = round_trip(named.plan_forget(user_id="ana", **given))
    assert plan.kind == KINDS.get(scope, scope)

    certificate = named.forget(plan)
    assert certificate.state == "complete"
    assert (certificate.erased.kind, certificate.erased.memories) == (plan.kind, len(texts.split()))
    assert {record.text for record in named.get_all(user_id="ana")} == kept
    assert [record.text for record in named.get_all(user_id="ben")] == ["b"]


def test_a_plan_for_an_owner_is_of_the_whole_vault(named: Memory, woven: Woven) -> None:
    plan = named.plan_forget(user_id="ana")
    assert (plan.kind, len(plan.memories), plan.derived) == ("vault", len(woven), ())
    assert "the whole vault, with its key" in plan.readable()


def test_values_are_those_that_nobody_who_stays_has(named: Memory) -> None:
    first = one(named.add("Zelda met Oskar Brandt", user_id="ana")).id
    second = one(named.add("Oskar Brandt left", user_id="ana")).id
    named.search("who left?", user_id="ana", limit=1, for_run="the run of Acme")
    named.search("Zelda", user_id="ana", limit=2, for_run="the run of Zelda")
    named.mask("Is Acme here?", user_id="ana")
    for memory_id in (first, second):
        before = len(column(named, "ana", "SELECT number FROM placeholders"))
        plan = named.plan_forget(user_id="ana", ids=[memory_id])
        assert named.forget(plan, everything=True).erased.values == plan.values
        assert before - len(column(named, "ana", "SELECT number FROM placeholders")) == plan.values


CHANGES: dict[str, Callable[[Memory, Woven], object]] = {
    "reworded": lambda m, w: m.update(w.secret, "Something else", user_id="ana"),
    "another derived": lambda m, w: m.add("more", user_id="ana", derived_from=[w.child]),
    "another that stays in part": lambda m, w: m.add("more", user_id="ana", derived_from=[w.child, w.kept]),
    "a derived one reworded": lambda m, w: m.update(w.child, "Something else", user_id="ana"),
    "replaced by another too": lambda m, w: m.add("It is shut", user_id="ana", supersedes=[w.replaced]),
    "one more of the run": lambda m, w: m.add("later", user_id="ana", run_id="r-2"),
    "its name is another's too": lambda m, w: m.add("Zelda again", user_id="ana"),
    "shown to a run that wrote": lambda m, w: (
        m.search("golden key", user_id="ana", for_run="r-9", limit=8),
        m.add("written after", user_id="ana", run_id="r-9"),
    ),
    "erased": lambda m, w: m.delete(w.secret, user_id="ana"),
    "erased and brought back": lambda m, w: _brought_back(m, w),
}


def _brought_back(memory: Memory, woven: Woven) -> None:
    for memory_id in (woven.secret, woven.child, woven.grandchild):
        memory.delete(memory_id, user_id="ana")
    memory.add("Another text under its id", id=woven.secret, run_id="r-2", user_id="ana")


@pytest.mark.parametrize("change", CHANGES)
def test_a_plan_is_refused_once_the_vault_moved_on(named: Memory, woven: Woven, change: str) -> None:
    plan = named.plan_forget(user_id="ana", run_id="r-2")
    CHANGES[change](named, woven)
    before = dump(named)
    with pytest.raises(PlanOutdated):
        named.forget(plan)
    assert dump(named) == before


def test_an_id_that_was_brought_back_is_not_what_was_planned_for(memory: Memory) -> None:
    first = one(memory.add("the first", user_id="ana")).id
    memory.add("another", user_id="ana")
    plan = memory.plan_forget(user_id="ana", ids=[first])
    assert memory.forget(plan).state == "complete"
    with pytest.raises(PlanOutdated):
        memory.forget(plan)
    memory.add("the first", user_id="ana", id=first)
    with pytest.raises(PlanOutdated):
        memory.forget(plan)


def test_what_does_not_concern_it_leaves_a_plan_valid(named: Memory, woven: Woven) -> None:
    plan = named.plan_forget(user_id="ana", ids=[woven.secret])
    named.add("Nothing to do with it", user_id="ana")
    named.update(woven.kept, "The ladder stands", user_id="ana")
    named.add("bens", user_id="ben")
    assert named.forget(plan).state == "complete"


OTHER: dict[str, Any] = {
    "owner": "ben", "kind": "vault", "scope": {"run_id": "r-1"}, "memories": (), "derived": (), "versions": 9,
    "values": 9, "current_again": (), "partly_derived": (), "shown_before": (),
    "everything": True, "hold": "0" * 36, "state": "00", "digest": "00",
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER)
def test_an_altered_plan_is_refused(named: Memory, woven: Woven, name: str) -> None:
    named.add("bens", user_id="ben")
    plan = named.plan_forget(user_id="ana", ids=[woven.secret])
    before = dump(named)
    with pytest.raises(InvalidInput, match="altered, or is of another vault"):
        named.forget(dataclasses.replace(plan, **{name: OTHER[name]}), everything=True)
    assert dump(named) == before


def test_every_field_but_what_is_only_near_is_signed() -> None:
    assert {each.name for each in dataclasses.fields(Plan)} == {*OTHER, "alike", "backups", "exports"}


def test_a_plan_of_another_vault_is_refused(named: Memory, woven: Woven) -> None:
    plan = named.plan_forget(user_id="ana")
    named.forget(plan)
    weave(named)  # the same owner, with the same texts
    with pytest.raises(InvalidInput, match="altered, or is of another vault"):
        named.forget(plan)
    assert len(named.get_all(user_id="ana")) == len(woven)


def test_a_plan_is_the_same_behind_a_file(named: Memory, woven: Woven) -> None:
    plan = named.plan_forget(
        user_id="ana", filters={"happened_at": "*", "OR": [{"n": 1.5}, {"é": "ü"}, {"author": "*"}]}
    )
    assert round_trip(plan) == dataclasses.replace(plan, scope=json.loads(json.dumps(plan.scope)))
    assert named.forget(round_trip(plan), everything=True).state == "complete"
    assert named.get_all(user_id="ana") == []
    assert woven.secret in plan.memories


BAD: dict[str, tuple[str, Any]] = {
    "no text": ("owner", 5), "a list of no ids": ("memories", ["Zelda\x1b[2J"]), "not a list": ("derived", "abc"),
    "nested": ("alike", [["x"]]), "a kind": ("kind", "everything"), "a negative count": ("versions", -1),
    "a count that is a boolean": ("values", True), "a boolean that is a count": ("everything", 1),
    "a scope that is a list": ("scope", ["ids"]), "null": ("hold", None), "a digest": ("digest", {}),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_plan_is_refused_before_anything_is_done_with_it(named: Memory, woven: Woven, what: str) -> None:
    name, value = BAD[what]
    document = named.plan_forget(user_id="ana", ids=[woven.secret]).to_json()
    with pytest.raises(InvalidInput, match="this is not a plan"):
        Plan.from_json({**document, name: value})
    with pytest.raises(InvalidInput, match="this is not a plan"):
        named.forget(dataclasses.replace(Plan.from_json(document), **{name: value}))


def test_a_scope_of_hostile_depth_is_no_plan(named: Memory, woven: Woven) -> None:
    deep: Any = {}
    for _ in range(20_000):
        deep = {"x": deep}
    document = named.plan_forget(user_id="ana", ids=[woven.secret]).to_json()
    for scope in (deep, {"x": {1, 2}}):
        with pytest.raises(InvalidInput, match="this is not a plan"):
            Plan.from_json({**document, "scope": scope})


@pytest.mark.parametrize("scope", [{"ids": 5}, {"since": 5}, {"filters": "x"}, {"\ud800": "x"}, {"nothing": 1}])
def test_a_hostile_scope_is_not_looked_at_before_the_digest(named: Memory, woven: Woven, scope: Any) -> None:
    document = named.plan_forget(user_id="ana", ids=[woven.secret]).to_json()
    with pytest.raises(InvalidInput, match="altered, or is of another vault"):
        named.forget(Plan.from_json({**document, "scope": scope}))


def test_an_owner_in_a_file_cannot_steer_a_terminal(named: Memory, woven: Woven) -> None:
    document = named.plan_forget(user_id="ana", ids=[woven.secret]).to_json()
    assert "\x1b" not in Plan.from_json({**document, "owner": "\x1b[2J"}).readable()


@pytest.mark.parametrize("other", [None, [], "plan", {}, {"owner": "ana"}])
def test_no_document_is_a_plan_that_lacks_a_name(other: Any) -> None:
    with pytest.raises(InvalidInput, match="this is not a plan"):
        Plan.from_json(other)
