"""Owners, filters, limits and times that cannot be: refused by every verb, and no scope widens by accident (P3, P6)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from memguard import InvalidInput, MemguardError, Memory
from tests.checks import MARKER, refused

NAIVE = datetime(2026, 5, 3, 10, 0)  # noqa: DTZ001 - the point of it
EARLIEST = datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))
LATEST = datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))
NO_UUID = "00000000-0000-4000-8000-000000000000"

VERBS: dict[str, Callable[[Memory, Any], object]] = {
    "add": lambda m, owner: m.add("x", user_id=owner),
    "add_many": lambda m, owner: m.add_many([{"text": "x"}], user_id=owner),
    "update": lambda m, owner: m.update(NO_UUID, "x", user_id=owner),
    "search": lambda m, owner: m.search("x", user_id=owner),
    "get": lambda m, owner: m.get(NO_UUID, user_id=owner),
    "get_all": lambda m, owner: m.get_all(user_id=owner),
    "history": lambda m, owner: m.history(NO_UUID, user_id=owner),
    "delete": lambda m, owner: m.delete(NO_UUID, user_id=owner),
    "delete_all": lambda m, owner: m.delete_all(user_id=owner),
}
BAD_OWNERS: list[Any] = [
    None, "", " \t", 5, 5.0, True, [[MARKER]], [], [None], {}, b"ana", object(),
    f"{MARKER}\x00", f"{MARKER}\ud800", MARKER * 100,
]  # fmt: skip


@pytest.mark.parametrize("owner", BAD_OWNERS, ids=lambda owner: type(owner).__name__ + str(owner)[:8].strip("\0"))
@pytest.mark.parametrize("verb", VERBS)
def test_an_owner_that_cannot_be_is_refused_by_every_verb(seeded: Memory, verb: str, owner: Any) -> None:
    with refused(seeded, InvalidInput):
        VERBS[verb](seeded, owner)


def test_a_list_of_one_vault_takes_one_owner(seeded: Memory) -> None:
    with refused(seeded, InvalidInput):
        seeded.get_all(user_id=["ana", "ben"])  # type: ignore[arg-type]  # the wrong type is the point


def test_an_owner_given_twice_is_refused(seeded: Memory) -> None:
    with refused(seeded, MemguardError, "twice"):
        seeded.search("x", user_id="ana", filters={"user_id": "ben"})


@pytest.mark.parametrize("limit", [0, -1, True, False, 1.0, "5", None, 100_001, 2**63, [MARKER]])
@pytest.mark.parametrize("verb", ["search", "get_all"])
def test_a_limit_is_a_whole_number_within_bounds(seeded: Memory, verb: str, limit: Any) -> None:
    query = ("lantern",) if verb == "search" else ()
    with refused(seeded, InvalidInput, "limit"):
        getattr(seeded, verb)(*query, user_id="ana", limit=limit)


@pytest.mark.parametrize("offset", [-1, True, 1.5, "1", None, 2**63])
def test_an_offset_is_a_whole_number_within_bounds(seeded: Memory, offset: Any) -> None:
    with refused(seeded, InvalidInput, "offset"):
        seeded.get_all(user_id="ana", offset=offset)


def _nested(depth: int) -> dict[str, Any]:
    return {"AND": [_nested(depth - 1)]} if depth else {"a": MARKER}


BAD_FILTERS: dict[str, Any] = {
    "a string": MARKER,
    "an empty string": "",
    "pairs": [("a", MARKER)],
    "an empty list": [],
    "zero": 0,
    "an unknown operator": {"a": {"like": MARKER}},
    "an operator that is no string": {"a": {5: MARKER}},
    "no operator": {"a": {}},
    "contains of a number": {"a": {"contains": 5}},
    "icontains of a list": {"a": {"icontains": [MARKER]}},
    "in of a string": {"a": {"in": MARKER}},
    "in of a set": {"a": {"in": {MARKER}}},
    "in of a list of lists": {"a": {"in": [[MARKER]]}},
    "in of too many": {"a": {"in": [MARKER] * 1_001}},
    "nothing": {"a": None},
    "a set": {"a": {MARKER}},
    "bytes": {"a": MARKER.encode()},
    "an object": {"a": object()},
    "not a number": {"a": float("nan")},
    "infinity": {"a": {"lt": float("inf")}},
    "a number too big": {"a": 2**63},
    "a number as a name": {5: MARKER},
    "an empty name": {"": MARKER},
    "a long name": {MARKER * 30: 1},
    "a NUL in a name": {f"{MARKER}\x00": 1},
    "a lone surrogate in a name": {f"{MARKER}\ud800": 1},
    "a lone surrogate in a value": {"a": f"{MARKER}\ud800"},
    "a lone surrogate in a list": {"run_id": ["r-1", f"{MARKER}\ud800"]},
    "a lone surrogate in contains": {"a": {"contains": f"{MARKER}\ud800"}},
    "AND of nothing": {"AND": []},
    "OR of a string": {"OR": MARKER},
    "NOT of a number": {"NOT": 5},
    "OR of strings": {"OR": [MARKER]},
    "nested too deep": _nested(9),
    "a naive time": {"happened_at": {"gte": NAIVE}},
    "a naive time in a list": {"recorded_at": [NAIVE]},
    "a naive time for metadata": {"a": NAIVE},
    "a string for a time": {"happened_at": {"gte": f"2026-05-03 {MARKER}"}},
    "contains for a time": {"recorded_at": {"contains": "2026"}},
}


@pytest.mark.parametrize("case", BAD_FILTERS)
@pytest.mark.parametrize("verb", ["search", "get_all"])
def test_a_filter_that_cannot_be_is_refused(seeded: Memory, verb: str, case: str) -> None:
    query = ("lantern",) if verb == "search" else ()
    with refused(seeded, InvalidInput):
        getattr(seeded, verb)(*query, user_id="ana", filters=BAD_FILTERS[case])


WIDE: dict[str, Any] = {
    "a thousand in an OR": {"OR": [{"a": n} for n in range(1_000)]},
    "many names": {f"n{n}": n for n in range(1_200)},
    "many values": {"OR": [{"a": list(range(1_000))}] * 260},
}


@pytest.mark.parametrize("case", WIDE)
def test_a_very_wide_filter_is_answered_or_refused_in_our_words(seeded: Memory, case: str) -> None:
    # SQLite takes expressions at most 1,000 deep (an OR of n parts is n deep), and 250,000 parameters.
    with contextlib.suppress(InvalidInput):
        assert seeded.get_all(user_id="ana", filters=WIDE[case]) == []


def test_a_filter_as_deep_as_the_limit_is_answered(seeded: Memory) -> None:
    assert seeded.get_all(user_id="ana", filters=_nested(8)) == []


@pytest.mark.parametrize("moment", [NAIVE, date(2026, 5, 3), "2026-05-03T10:00:00+00:00", 5, f"{MARKER}"])
@pytest.mark.parametrize("field", ["happened_at", "valid_from", "valid_to", "expires_at"])
def test_a_time_without_a_zone_is_refused_by_the_name_of_its_field(seeded: Memory, field: str, moment: Any) -> None:
    with refused(seeded, InvalidInput, field):
        seeded.add("fine", user_id="ana", **{field: moment})


@pytest.mark.parametrize("moment", [NAIVE, date(2026, 5, 3), "2026-05-03T10:00:00+00:00", 5, f"{MARKER}"])
@pytest.mark.parametrize("bound", ["since", "until"])
@pytest.mark.parametrize("verb", ["search", "get_all", "delete_all"])
def test_a_time_span_without_a_zone_is_refused(seeded: Memory, verb: str, bound: str, moment: Any) -> None:
    query = ("lantern",) if verb == "search" else ()
    with refused(seeded, InvalidInput):
        getattr(seeded, verb)(*query, user_id="ana", **{bound: moment})


@pytest.mark.parametrize("moment", [EARLIEST, LATEST], ids=["earliest", "latest"])
@pytest.mark.parametrize("field", ["happened_at", "valid_from", "valid_to", "expires_at"])
def test_a_time_that_could_not_be_read_back_is_refused(seeded: Memory, field: str, moment: datetime) -> None:
    # `datetime.max` in New York, a common way to say "never expires", is the year 10000 in UTC: once stored, no list
    # of this vault could be shown again.
    with refused(seeded, InvalidInput, field):
        seeded.add("fine", user_id="ana", **{field: moment})


@pytest.mark.parametrize(
    "offset", [timedelta(hours=23, minutes=59, seconds=50), -timedelta(hours=23, minutes=59, seconds=50)]
)
def test_an_offset_of_almost_a_day_is_stored_or_refused_in_our_words(memory: Memory, offset: timedelta) -> None:
    moment = datetime(2026, 5, 3, tzinfo=timezone(offset))
    try:
        memory.add("fine", user_id="ana", happened_at=moment)
    except InvalidInput:
        return
    assert memory.get_all(user_id="ana")[0].happened_at == moment


def test_deleting_without_an_owner_is_refused(seeded: Memory) -> None:
    with refused(seeded, InvalidInput, "user_id"):
        seeded.delete_all()


@pytest.mark.parametrize("name", ["run_id", "environment", "agent_id", "source", "origin", "actor", "author"])
@pytest.mark.parametrize("value", [None, {}], ids=["None", "no operator"])
def test_a_scope_that_turns_out_empty_never_widens_to_the_whole_vault(seeded: Memory, name: str, value: Any) -> None:
    # A program that lost its run's name must not destroy the owner's vault and its key with it.
    with refused(seeded, InvalidInput):
        seeded.delete_all(user_id="ana", **{name: value})


@pytest.mark.parametrize("bound", ["since", "until"])
def test_a_time_span_that_turns_out_empty_never_widens_to_the_whole_vault(seeded: Memory, bound: str) -> None:
    with refused(seeded, InvalidInput):
        seeded.delete_all(user_id="ana", **{bound: None})


def test_times_as_far_as_they_can_be_shown_are_stored(memory: Memory) -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    memory.add("fine", user_id="ana", happened_at=first, valid_from=first, valid_to=last, expires_at=last)
    record = memory.get_all(user_id="ana")[0]
    assert (record.happened_at, record.valid_to) == (first, last)
