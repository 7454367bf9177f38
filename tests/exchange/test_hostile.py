"""Files made to break an import: one clear error or a named refusal, and a vault that stays of use."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard import Memory
from memguard.errors import BundleError, InvalidInput, MemguardError
from memguard.exchange.readers import read
from tests.checks import MARKER
from tests.exchange.conftest import Write, lines

GOOD = "A kettle whistles at seven"
DEEP = 100_000


def usable(memory: Memory) -> bool:
    """Whether the vault can still be listed and searched, also by a program that has less of its stack left."""
    frames = sys.getrecursionlimit()
    sys.setrecursionlimit(frames - 100)
    try:
        found = memory.get_all(user_id="ana")
        return GOOD in [record.text for record in found] and bool(memory.search("kettle", user_id="ana"))
    finally:
        sys.setrecursionlimit(frames)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe\x00binary",
        '"a kettle"'.encode("utf-16"),
        "\u00e9".encode("latin-1") * 10,
        b'"good"\n"\xc3\x28"\n',
    ],
    ids=["binary", "UTF-16", "Latin-1", "one bad byte"],
)
def test_what_is_no_utf8_is_refused_whole(memory: Memory, write: Write, data: bytes) -> None:
    with pytest.raises(BundleError, match="UTF-8"):
        memory.import_(write(data), user_id="ana")
    assert memory.users() == []


@pytest.mark.parametrize(
    "text",
    ["[" * DEEP, "[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP, '{"conversation":' * DEEP],
    ids=["unclosed lists", "lists", "objects", "conversations"],
)
def test_json_nested_without_end_is_refused(memory: Memory, write: Write, text: str) -> None:
    with pytest.raises(InvalidInput):
        memory.import_(write(text), user_id="ana")


@pytest.mark.parametrize("depth", [100, 500, 850, 900, 930, 960, 990, 5000])
def test_metadata_nested_deeply_is_refused_or_can_be_read_back_from_anywhere(
    memory: Memory, write: Write, depth: int
) -> None:
    """How deep Python reads JSON depends on the calls around it: what one program stored, another could not list."""
    nested = json.dumps({"text": MARKER, "metadata": {"a": 0}}).replace("0", "[" * depth + "]" * depth)
    done = memory.import_(write(f'"{GOOD}"\n{nested}\n'), user_id="ana")
    assert done.stored + len(done.rejected) == 2
    assert usable(memory)


NUMBERS = ["1e999", "-1e999", "NaN", "9" * 4000, "9" * 5000, "-0.0", "1e-400", "123456789012345678901234567890"]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:8])
@pytest.mark.parametrize("place", ['{"text": "x", "metadata": {"n": %s}}', '{"text": "x", "happened_at": %s}', "%s"])
def test_huge_numbers_are_refused_or_kept(memory: Memory, write: Write, place: str, number: str) -> None:
    done = memory.import_(write(f'"{GOOD}"\n{place % number}\n'), user_id="ana")
    assert done.stored + len(done.rejected) == 2
    assert usable(memory)


@pytest.mark.parametrize("field", ["happened_at", "valid_from", "valid_to", "expires_at"])
@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", 253402300799, -62135596800])
def test_a_time_at_the_edge_of_the_calendar_never_makes_a_vault_unreadable(
    memory: Memory, write: Write, field: str, time: Any
) -> None:
    """In UTC it lies outside of the years that Python knows: one such line must not end every listing."""
    done = memory.import_(write(lines([GOOD, {"text": MARKER, field: time}])), user_id="ana")
    assert done.stored + len(done.rejected) == 2
    assert usable(memory)
    assert len(memory.get_all(user_id="ana", limit=10)) <= done.stored


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", 1e300, -1e300, "9999-12-31T23:59:59-14:00"])
def test_a_time_that_mem0_never_wrote_is_refused_or_kept(memory: Memory, write: Write, time: Any) -> None:
    entries = [{"id": "1", "memory": GOOD}, {"id": "2", "memory": MARKER, "created_at": time}]
    done = memory.import_(write({"results": entries}), user_id="ana")
    assert done.stored + len(done.rejected) == 2
    assert usable(memory)


@pytest.mark.parametrize(
    "document",
    [
        {"memguard_export": 1},
        {"memguard_export": 1, "memories": {"a": 1}},
        {"memguard_export": True, "memories": 5},
        {"conversation": "words"},
        {"conversation": [1]},
        [{"conversation": None}],
        {"conversation": {}, "sample_id": {"a": 1}},
        {"results": {"memory": "x"}},
        {},
        [[]],
    ],
    ids=str,
)
def test_a_document_of_wrong_types_is_refused_or_holds_nothing(memory: Memory, write: Write, document: Any) -> None:
    try:
        done = memory.import_(write(document), user_id="ana")
    except MemguardError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either of two answers will do
    else:
        assert done.stored == 0
    assert memory.users() == []


def test_a_very_long_line_is_refused_by_its_position(memory: Memory, write: Write) -> None:
    done = memory.import_(write(lines([GOOD, "x" * 1_000_000])), user_id="ana")
    assert [refused.position for refused in done.rejected] == [2]
    assert usable(memory)


def test_a_thousand_wrong_fields_make_a_short_reason(memory: Memory, write: Write) -> None:
    line = {"text": "x"} | {f"field {number}": number for number in range(1000)}
    (refused,) = memory.import_(write(lines([GOOD, line])), user_id="ana").rejected
    assert len(refused.reason) < 300


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
SHAPES: dict[str, Callable[[Any], Any]] = {
    "lines": lambda v: v,
    "export": lambda v: {"memguard_export": 1, "memories": v},
    "conversation": lambda v: {"conversation": {"session_1": v, "session_2": [v]}},
    "conversations": lambda v: [{"conversation": v}, {"conversation": {"session_1": [v]}, "sample_id": v}],
    "mem0": lambda v: {"results": [v, {"id": "1", "memory": v, "metadata": v, "created_at": v, "role": v}]},
    "graph": lambda v: {"type": "entity", "name": v, "entityType": v, "observations": v},
    "relation": lambda v: {"type": "relation", "from": v, "to": v, "relationType": v},
    "line": lambda v: {"text": "x", "metadata": v, "actor": v, "happened_at": v, "key": v},
}


@pytest.mark.parametrize("shape", SHAPES)
@given(value=JSON)
def test_a_reader_answers_with_items_with_refusals_or_with_our_error(shape: str, value: Any) -> None:
    try:
        entries = read(json.dumps(SHAPES[shape](value)))
    except MemguardError:
        return
    assert all(entry.items or entry.refused for entry in entries)


@given(text=st.text())
def test_any_text_is_answered_with_items_with_refusals_or_with_our_error(text: str) -> None:
    try:
        assert all(entry.items or entry.refused for entry in read(text))
    except MemguardError as error:
        assert len(str(error)) < 300  # noqa: PT017 - either of two answers will do
