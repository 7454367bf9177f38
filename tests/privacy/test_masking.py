"""A memory with every field of it masked, and back: byte for byte, whatever is in it. Nothing here touches a vault."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard.privacy.masking import NAMES, ROLES, Screened, labels, masked, screened, strings, with_strings
from memguard.privacy.placeholders import DROPPED, PLACEHOLDER, new_code, written
from memguard.privacy.policy import GRANTS, Policy
from memguard.privacy.reveal import Reveal, sealed
from memguard.privacy.spans import Detector, Span
from memguard.records import Draft
from memguard.vault.sealing import Seals
from tests.standins import NameList

DEFAULT, SEALS, ID = Policy(), Seals.of(bytes(32)), "an id"
NAMED = NameList(
    {"Ana": "PERSON", "Leeds": "LOCATION", "lupus": "HEALTH", "hunter2": "PASSWORD", "Acme": "ORGANIZATION"}
)
DRAFT = Draft(text="Ana has lupus", author="user", author_kind="user")


def minting() -> Callable[[str, str], str]:
    """Placeholders as a vault gives them: one for each value."""
    given_: dict[str, str] = {}
    return lambda value, type_: given_.setdefault(value, written(type_, new_code()))


def cut(draft: Draft, detector: Detector = NAMED, policy: Policy = DEFAULT) -> Screened:
    in_text, *in_labels = detector.find([draft.text, *labels(draft)])
    return screened(draft, in_text, in_labels, frozenset(), policy, frozenset())


def fields(draft: Draft) -> dict[str, Any]:
    return {"text": draft.text, "metadata": draft.metadata, **{name: getattr(draft, name) for name in NAMES}}


def stored(draft: Draft, policy: Policy = DEFAULT) -> tuple[dict[str, Any], bytes | None]:
    """The fields of a draft as they are stored, and what is sealed beside them."""
    kept, values = masked(cut(draft, policy=policy), minting(), policy)
    return fields(kept), sealed(SEALS, values, ID)


def shown(draft: Draft, policy: Policy = DEFAULT, grant: str = "owner") -> dict[str, Any]:
    """The fields of a draft as whoever has a grant reads them back."""
    kept, blob = stored(draft, policy)
    return Reveal(SEALS, policy, GRANTS[grant])(ID, blob, json.loads(json.dumps(kept)))


WHOLE = replace(
    DRAFT,
    text="Ana of Acme in Leeds has lupus; Ana again",
    actor="Ben Okri",
    run_id="run of Ana",
    environment="Leeds/prod",
    source="chat",
    origin="https://example.org/Ana",
    metadata={"who": "Ana", "deep": [{"Ana": ["lupus", 3, None, True]}, "Leeds, Ana"], "n": 1.5},
)


def test_every_field_is_masked() -> None:
    kept, _ = stored(WHOLE)
    assert "Ana" not in {name: value for name, value in kept.items() if name != "metadata"}.__repr__()
    assert not {"lupus", "Leeds", "Okri"} & set(json.dumps(kept).replace('"', " ").replace("/", " ").split())
    assert kept["metadata"]["deep"][0]["Ana"][1:] == [3, None, True]  # what a member is called is no data
    assert PLACEHOLDER.fullmatch(kept["actor"])
    assert kept["text"].count("<Person_") == 2
    assert "Acme" in kept["text"]
    assert kept["source"] == "chat"


def test_one_value_has_one_placeholder_in_all_fields() -> None:
    kept, _ = stored(WHOLE)
    persons = {match[0] for match in PLACEHOLDER.finditer(json.dumps(kept)) if match[1] == "Person"}
    assert len(persons) == 2  # Ana and Ben Okri


def test_it_is_restored_in_every_field() -> None:
    assert shown(WHOLE) == fields(WHOLE)


def test_what_is_dropped_does_not_come_back() -> None:
    draft = replace(DRAFT, text="Ana: hunter2, Leeds", metadata={"pw": "hunter2", "who": "Ana"})
    assert shown(draft)["text"] == f"Ana: {DROPPED}, Leeds"
    assert shown(draft)["metadata"] == {"pw": DROPPED, "who": "Ana"}
    assert shown(draft, Policy.of({}, {}, "seal")) == fields(draft)


@pytest.mark.parametrize(
    ("grant", "text"), [("owner", "Ana has lupus"), ("balanced", "Ana has <"), ("strict", "<Person_")]
)
def test_each_grant_shows_its_levels(grant: str, text: str) -> None:
    assert shown(DRAFT, grant=grant)["text"].startswith(text)


def test_values_that_a_grant_leaves_out_do_not_move_the_others() -> None:
    draft = replace(DRAFT, text="lupus Ana lupus Leeds", metadata={"a": "lupus", "b": "Ana"})
    seen = shown(draft, grant="balanced")
    assert PLACEHOLDER.sub("*", seen["text"]) == "* Ana * Leeds"
    assert (PLACEHOLDER.sub("*", seen["metadata"]["a"]), seen["metadata"]["b"]) == ("*", "Ana")


def test_what_is_embedded_names_nobody_and_numbers_nothing() -> None:
    assert cut(DRAFT).plain == "someone has a health matter"
    assert cut(replace(DRAFT, actor="Ben")).plain == "someone has a health matter"
    assert cut(replace(DRAFT, actor="user")).plain == "user: someone has a health matter"
    assert (
        cut(replace(DRAFT, actor="Ben"), policy=Policy.of({"PERSON": "1"}, {})).plain == "Ben: Ana has a health matter"
    )


@pytest.mark.parametrize("actor", [*sorted(ROLES), "User", "ASSISTANT"])
def test_an_actor_that_is_nobody_in_particular_stays(actor: str) -> None:
    assert stored(replace(DRAFT, actor=actor))[0]["actor"] == actor


@pytest.mark.parametrize("actor", ["ben", "Ben Okri", "u-17", "\u05d3\u05e0\u05d4", "ben@example.org"])
def test_any_other_is_masked_whole(actor: str) -> None:
    assert PLACEHOLDER.fullmatch(stored(replace(DRAFT, actor=actor))[0]["actor"])


def test_an_agent_that_acts_itself_stays() -> None:
    assert stored(replace(DRAFT, actor="planner", agent_id="planner"))[0]["actor"] == "planner"


@pytest.mark.parametrize("name", ["actor", "agent_id", "origin"])
def test_an_author_is_masked_as_the_name_it_is(name: str) -> None:
    names: dict[str, Any] = {name: "Ana"}
    draft = replace(DRAFT, author="Ana", **names)
    kept, _ = masked(cut(draft), minting(), DEFAULT)
    assert kept.author == getattr(kept, name) != "Ana"


def test_the_counts_say_what_was_masked_and_what_dropped() -> None:
    kept, dropped = cut(replace(WHOLE, text="Ana hunter2 hunter2")).counted(DEFAULT)
    assert kept == {"PERSON": 6, "LOCATION": 2, "HEALTH": 1}
    assert dropped == {"PASSWORD": 2}


def test_nothing_found_seals_nothing() -> None:
    assert stored(replace(DRAFT, text="a boat")) == (fields(replace(DRAFT, text="a boat")), None)


def test_a_look_alike_in_any_field_is_not_taken_for_a_placeholder() -> None:
    draft = replace(
        DRAFT, text="<Person_bcf234> Ana", run_id="<Place_bcf234>", metadata={"a": ["<Person_bcf234>", "Ana"]}
    )
    kept, _ = stored(draft)
    assert "bcf234" not in json.dumps(kept)
    assert shown(draft) == fields(draft)


def test_a_secret_in_a_look_alike_is_dropped_all_the_same() -> None:
    found = cut(replace(DRAFT, text="it is <pw_hunter2> now"), NameList({"pw_hunter2": "PASSWORD"}))
    assert found.counted(DEFAULT) == ({}, {"PASSWORD": 1})


def test_a_value_that_begins_in_a_look_alike_is_masked_to_its_end() -> None:
    kept, _ = masked(
        cut(replace(DRAFT, text="I am <De_ Groot> Ana"), NameList({"Groot> Ana": "PERSON"})), minting(), DEFAULT
    )
    assert "Ana" not in kept.text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_strings_are_replaced_in_the_order_in_which_they_are_read(value: Any) -> None:
    order = iter(range(1_000))
    assert list(strings(with_strings(value, lambda _: str(next(order))))) == list(
        map(str, range(len([*strings(value)])))
    )
    assert with_strings(value, lambda text: text) == value


class Cuts:
    """A detector that finds whatever it is told, at any place."""

    name = "standin-cuts"

    def __init__(self, data: st.DataObject) -> None:
        self._draw = data.draw

    def find(self, texts: list[str]) -> list[list[Span]]:
        return [self._spans(text) for text in texts]

    def _spans(self, text: str) -> list[Span]:
        ends = sorted(self._draw(st.lists(st.integers(0, len(text)), max_size=6)))
        types = st.sampled_from(["PERSON", "HEALTH", "ORGANIZATION", "NEW_ONE"])
        pairs = zip(ends[::2], ends[1::2], strict=False)
        return [Span(start, end, self._draw(types)) for start, end in pairs if start < end]


texts = st.text(max_size=12) | st.sampled_from(
    ["<Person_bcf234>", "a <X_y> b", "<Secret>", "Person_bcf234 \u202e\u0301"]
)
drafts = st.builds(
    lambda text, names, metadata: replace(DRAFT, text=text, metadata=metadata, **names),
    texts.filter(bool),
    st.dictionaries(st.sampled_from(NAMES), texts.filter(bool)),
    st.dictionaries(st.text(max_size=3), json_values | texts, max_size=3),
)


@given(drafts, st.data())
def test_whatever_is_masked_comes_back_byte_for_byte(draft: Draft, data: st.DataObject) -> None:
    found = cut(draft, Cuts(data))  # type: ignore[arg-type]  # a detector by its shape
    kept, values = masked(found, minting(), DEFAULT)
    blob, as_stored = sealed(SEALS, values, ID), json.loads(json.dumps(fields(kept)))
    assert Reveal(SEALS, DEFAULT, GRANTS["owner"])(ID, blob, as_stored) == fields(draft)
    assert Reveal(SEALS, DEFAULT, GRANTS["strict"])(ID, blob, as_stored) == as_stored
