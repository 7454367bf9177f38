"""Names, metadata, keys and ids that cannot be: refused with the reason, and the vault is as it was (P6, P9)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from memguard import Conflict, InvalidInput, MemguardError, Memory, UnknownMemory, UnknownOwner
from memguard.intake import METADATA_BYTES_MAX, NAME_LENGTH_MAX
from tests.checks import MARKER, one, refused
from tests.conftest import Places

NAMES = ("agent_id", "run_id", "environment", "source", "origin", "actor", "key")
BAD_NAMES: dict[str, tuple[Any, str]] = {
    "a NUL": (f"{MARKER}\x00", "NUL"),
    "a lone surrogate": (f"{MARKER}\udfff", "surrogate"),
    "empty": ("", "non-empty"),
    "white space": (" \n ", "non-empty"),
    "too long": (MARKER * 100, str(NAME_LENGTH_MAX)),
    "a number": (5, "non-empty string"),
    "a list": ([MARKER], "non-empty string"),
    "bytes": (MARKER.encode(), "non-empty string"),
}
NO_UUID = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("field", NAMES)
@pytest.mark.parametrize("case", BAD_NAMES)
def test_a_name_that_cannot_be_is_refused_with_the_reason(seeded: Memory, field: str, case: str) -> None:
    value, reason = BAD_NAMES[case]
    with refused(seeded, InvalidInput, reason):
        seeded.add("fine", user_id="ana", **{field: value})


@pytest.mark.parametrize("field", NAMES)
def test_the_refusal_names_the_field_that_the_caller_gave(seeded: Memory, field: str) -> None:
    with refused(seeded, InvalidInput, field):
        seeded.add("fine", user_id="ana", **{field: f"{MARKER}\x00"})


@pytest.mark.parametrize("case", BAD_NAMES)
def test_the_name_of_the_run_that_asks_is_checked_too(seeded: Memory, case: str) -> None:
    value, reason = BAD_NAMES[case]
    with refused(seeded, InvalidInput, reason):
        seeded.search("lantern", user_id="ana", for_run=value)


@pytest.mark.parametrize("id_", [MARKER, "", 5, f"{NO_UUID}\x00", "\ud800"])
def test_an_id_to_keep_must_be_a_uuid(seeded: Memory, id_: Any) -> None:
    with refused(seeded, InvalidInput, "UUID"):
        seeded.add("fine", user_id="ana", id=id_)


def _nested(depth: int) -> dict[str, Any]:
    inner: dict[str, Any] = {MARKER: 1}
    for _ in range(depth):
        inner = {"in": inner}
    return inner


BAD_METADATA: dict[str, Any] = {
    "a set": {"a": {MARKER}},
    "not a number": {"a": float("nan")},
    "infinity": {"a": [float("-inf")]},
    "a datetime": {"a": datetime(2026, 1, 1)},  # noqa: DTZ001 - any datetime is meant
    "bytes": {"a": MARKER.encode()},
    "an object": {"a": object()},
    "a tuple as a key": {(1, 2): MARKER},
    "keys that are one as JSON": {1: MARKER, "1": "two"},
    "a huge number": {"a": 10**5_000},
    "nested too deep": _nested(100_000),
    "too big": {"a": MARKER * METADATA_BYTES_MAX},
    "too big in bytes": {"a": "ü" * (METADATA_BYTES_MAX // 2 + 1)},
    "a NUL": {"a": f"{MARKER}\x00"},
    "a NUL in a key": {f"{MARKER}\x00": 1},
    "a lone surrogate": {"a": [f"{MARKER}\ud800"]},
    "a lone surrogate in a key": {f"{MARKER}\ud800": 1},
    "a list": [MARKER],
    "a string": MARKER,
    "pairs": [("a", MARKER)],
}


@pytest.mark.parametrize("case", BAD_METADATA)
def test_metadata_that_is_not_json_is_refused(seeded: Memory, case: str) -> None:
    with refused(seeded, InvalidInput, "metadata"):
        seeded.add("fine", user_id="ana", metadata=BAD_METADATA[case])


@pytest.mark.parametrize("case", BAD_METADATA)
def test_an_update_checks_metadata_as_an_add_does(seeded: Memory, case: str) -> None:
    with refused(seeded, InvalidInput, "metadata"):
        seeded.update(seeded.get_all(user_id="ana")[0].id, "new", user_id="ana", metadata=BAD_METADATA[case])


def test_the_refusal_of_big_metadata_says_the_limit(seeded: Memory) -> None:
    with refused(seeded, InvalidInput, str(METADATA_BYTES_MAX)):
        seeded.add("fine", user_id="ana", metadata=BAD_METADATA["too big"])


def test_metadata_that_only_spells_a_nul_is_data(memory: Memory) -> None:
    # Six characters, a backslash first: what a regular expression or a Windows path may well hold.
    stored = one(memory.add("fine", user_id="ana", metadata={"pattern": r"\u0000"}))
    assert memory.get(stored.id, user_id="ana").metadata == {"pattern": r"\u0000"}


def test_metadata_that_was_accepted_can_be_read_from_any_depth_of_the_stack(memory: Memory) -> None:
    # One memory nested nearly as deep as Python's stack would otherwise make the whole vault unreadable to a
    # caller who happens to call from further down, in a server or a framework.
    memory.add("the others", user_id="ana")
    for depth in range(sys.getrecursionlimit(), 0, -20):
        try:
            memory.add("deep", user_id="ana", metadata=_nested(depth))
        except InvalidInput:
            continue
        break

    def called_from(frames: int) -> int:
        return len(memory.get_all(user_id="ana")) if frames == 0 else called_from(frames - 1)

    assert called_from(200) >= 1


UNKNOWN_OWNER: dict[str, Callable[[Memory], object]] = {
    "search": lambda m: m.search("x", user_id=MARKER),
    "search of several": lambda m: m.search("x", user_id=["ana", MARKER]),
    "get": lambda m: m.get(NO_UUID, user_id=MARKER),
    "get_all": lambda m: m.get_all(user_id=MARKER),
    "update": lambda m: m.update(NO_UUID, "x", user_id=MARKER),
    "delete": lambda m: m.delete(NO_UUID, user_id=MARKER),
    "delete_all": lambda m: m.delete_all(user_id=MARKER),
    "delete_all of a run": lambda m: m.delete_all(user_id=MARKER, run_id="r-1"),
    "history": lambda m: m.history(NO_UUID, user_id=MARKER),
}


@pytest.mark.parametrize("verb", UNKNOWN_OWNER)
def test_an_unknown_owner_is_an_error_that_does_not_repeat_the_name(seeded: Memory, verb: str) -> None:
    with refused(seeded, UnknownOwner):
        UNKNOWN_OWNER[verb](seeded)


@pytest.mark.parametrize("verb", UNKNOWN_OWNER)
def test_asking_for_an_unknown_owner_creates_nothing_on_disk(home: Places, memory: Memory, verb: str) -> None:
    with pytest.raises(UnknownOwner):
        UNKNOWN_OWNER[verb](memory)
    assert not home.home.exists()
    assert not home.keys.exists()


BY_ID: dict[str, Callable[[Memory, Any], object]] = {
    "get": lambda m, id_: m.get(id_, user_id="ana"),
    "update": lambda m, id_: m.update(id_, "x", user_id="ana"),
    "update of metadata": lambda m, id_: m.update(id_, metadata={"a": 1}, user_id="ana"),
    "delete": lambda m, id_: m.delete(id_, user_id="ana"),
    "history": lambda m, id_: m.history(id_, user_id="ana"),
    "add derived from": lambda m, id_: m.add("x", user_id="ana", derived_from=[id_]),
    "add superseding": lambda m, id_: m.add("x", user_id="ana", supersedes=[id_]),
}


@pytest.mark.parametrize("verb", BY_ID)
def test_an_id_of_another_owners_vault_is_unknown_here(seeded: Memory, verb: str) -> None:
    bens = seeded.get_all(user_id="ben")[0].id
    with refused(seeded, UnknownMemory, bens):
        BY_ID[verb](seeded, bens)


@pytest.mark.parametrize("verb", BY_ID)
@pytest.mark.parametrize("id_", [MARKER, "", None, 5, ["x"], f"{MARKER}\x00", f"{MARKER}\ud800", MARKER * 10_000])
def test_what_is_no_id_is_unknown_and_not_repeated(seeded: Memory, verb: str, id_: Any) -> None:
    with refused(seeded, MemguardError):
        BY_ID[verb](seeded, id_)


@pytest.mark.parametrize("field", ["derived_from", "supersedes"])
@pytest.mark.parametrize("value", [5, NO_UUID])
def test_parents_that_are_no_list_are_refused_by_the_name_of_the_field(seeded: Memory, field: str, value: Any) -> None:
    # To Python a string is a list of its characters: `supersedes=old.id` must not look for a memory called "0".
    with refused(seeded, MemguardError, field):
        seeded.add("fine", user_id="ana", **{field: value})


def test_a_refused_first_memory_leaves_no_owner_behind(seeded: Memory) -> None:
    with refused(seeded, UnknownMemory):
        seeded.add("x", user_id="new", supersedes=[NO_UUID])


def test_a_refused_last_item_of_a_long_list_leaves_nothing_stored(seeded: Memory) -> None:
    # Longer than one batch: "all are checked before the first is stored".
    items: list[dict[str, Any]] = [{"text": f"note {n}"} for n in range(256)]
    with refused(seeded, UnknownMemory):
        seeded.add_many([*items, {"text": "last", "supersedes": [NO_UUID]}], user_id="ana")


@pytest.mark.parametrize(
    "items", [[{"text": MARKER, "key": "kettle"}], [{"text": "fine"}, {"text": MARKER, "key": "kettle"}]]
)
def test_a_key_used_before_for_another_text_is_a_conflict(seeded: Memory, items: list[dict[str, Any]]) -> None:
    with refused(seeded, Conflict):
        seeded.add_many(items, user_id="ana")


def test_one_key_for_two_texts_of_one_call_is_a_conflict(seeded: Memory) -> None:
    with refused(seeded, Conflict):
        seeded.add_many([{"text": "one", "key": MARKER}, {"text": "two", "key": MARKER}], user_id="ana")


@pytest.mark.parametrize("name", ["colour", "", f"{MARKER}, and more words", f"{MARKER}\nsecond line"])
@pytest.mark.parametrize("verb", ["add", "search", "get_all", "delete_all"])
def test_an_unknown_argument_is_refused_in_one_line_that_repeats_no_prose(seeded: Memory, verb: str, name: str) -> None:
    text = ("x",) if verb in ("add", "search") else ()
    with refused(seeded, InvalidInput):
        getattr(seeded, verb)(*text, user_id="ana", **{name: "r"})


def test_an_update_of_nothing_is_refused(seeded: Memory) -> None:
    with refused(seeded, InvalidInput, "nothing to update"):
        seeded.update(seeded.get_all(user_id="ana")[0].id, user_id="ana")
