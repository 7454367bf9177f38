"""What a caller may hand in: who wrote it, names in one form, metadata as it will be read back. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard import InvalidInput, intake
from memguard.intake import METADATA_BYTES_MAX, NAME_LENGTH_MAX, TEXT_LENGTH_MAX

MAY = datetime(2026, 5, 3, tzinfo=UTC)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("fields", "author", "kind"),
    [
        ({}, "user", "user"),
        ({"actor": "Ana"}, "Ana", "user"),
        ({"agent_id": "claude"}, "claude", "agent"),
        ({"agent_id": "claude", "actor": "Ana"}, "claude", "agent"),
        ({"source": "user", "actor": "Ana"}, "Ana", "user"),
        ({"source": "tool", "origin": "grep", "agent_id": "claude"}, "grep", "tool"),
        ({"source": "tool", "agent_id": "claude"}, "tool", "tool"),
        ({"source": "web", "origin": "https://example.org", "actor": "Ana"}, "https://example.org", "web"),
        ({"source": "web"}, "web", "web"),
        ({"source": "agent"}, "user", "user"),
        ({"source": "something else", "agent_id": "claude"}, "claude", "agent"),
    ],
)
def test_the_author_is_the_tool_or_web_origin_else_the_agent_else_the_end_user(
    fields: dict[str, str], author: str, kind: str
) -> None:
    draft = intake.draft("text", **fields)  # type: ignore[arg-type]  # fields of any type
    assert (draft.author, draft.author_kind) == (author, kind)


def test_a_draft_holds_what_was_given() -> None:
    uuid = "6F1C9E56-6B2B-4C0A-9B1D-0F0E0D0C0B0A"
    draft = intake.draft(
        " text ",
        happened_at=MAY,
        expires_at=MAY,
        metadata={"a": (1, 2)},
        derived_from=["x"],
        supersedes=iter("y"),
        id=uuid,
    )
    assert draft.text == " text "
    assert (draft.happened_at, draft.happened_offset, draft.expires_at) == (1_777_766_400_000_000, 0, draft.happened_at)
    assert draft.metadata == {"a": [1, 2]}, "as it will be read back"
    assert (draft.derived_from, draft.supersedes, draft.id) == (("x",), ("y",), uuid.lower())


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, None),
        ("r-1", "r-1"),
        ("  r-1\n", "r-1"),
        ("Jose\u0301", "Jos\u00e9"),
        ("two  words", "two  words"),
        ("a" * NAME_LENGTH_MAX, "a" * NAME_LENGTH_MAX),
        ("東京 🪔", "東京 🪔"),
        ("UPPER", "UPPER"),
    ],
)
def test_a_name_is_normalised_and_otherwise_left_alone(given: str | None, kept: str | None) -> None:
    assert intake.name(given, "run_id") == kept


@given(st.text())
def test_a_name_that_was_taken_is_taken_again_unchanged(text: str) -> None:
    try:
        kept = intake.name(text, "run_id")
    except InvalidInput:
        return
    assert intake.name(kept, "run_id") == kept


@given(st.text())
def test_text_is_taken_unchanged_or_refused(text: str) -> None:
    try:
        assert intake.body(text) == text
    except InvalidInput:
        assert not text.strip() or "\0" in text  # noqa: PT017 - the two reasons there are


@pytest.mark.parametrize("length", [1, TEXT_LENGTH_MAX])
def test_text_up_to_the_limit_is_taken(length: int) -> None:
    assert intake.body("a" * length) == "a" * length


@pytest.mark.parametrize(("length", "limit"), [(TEXT_LENGTH_MAX + 1, TEXT_LENGTH_MAX)])
def test_text_over_the_limit_is_refused_with_both_numbers(length: int, limit: int) -> None:
    with pytest.raises(InvalidInput, match=f"{length}.*{limit}"):
        intake.body("a" * length)


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4))
def test_metadata_that_is_json_comes_back_equal_or_holds_a_nul(value: dict[str, Any]) -> None:
    try:
        assert intake.checked_metadata(value) == value
    except InvalidInput:
        assert "\\x00" in repr(value)  # noqa: PT017 - the one reason there is


def test_metadata_is_copied_so_that_a_later_change_changes_nothing() -> None:
    inner = [1]
    checked = intake.checked_metadata({"a": inner})
    inner.append(2)
    assert checked == {"a": [1]}


def test_metadata_is_limited_in_bytes_not_in_characters() -> None:
    room = METADATA_BYTES_MAX - len('{"a": ""}')
    assert intake.checked_metadata({"a": "x" * room})
    for value in ("x" * (room + 1), "ü" * (room // 2 + 1)):
        with pytest.raises(InvalidInput, match=str(METADATA_BYTES_MAX)):
            intake.checked_metadata({"a": value})


@pytest.mark.parametrize("role", ["user", "assistant", "tool", "function", "system"])
def test_each_role_of_a_chat_has_its_source(role: str) -> None:
    item = intake.from_messages([{"role": role, "content": "hi"}], {"run_id": "r"})[0]
    assert item == {
        "run_id": "r", "text": "hi", "source": intake.SOURCE_OF_ROLE[role], "actor": None, "key": None,
    }  # fmt: skip


def test_what_a_message_says_itself_goes_before_what_was_given_for_all() -> None:
    messages = [{"role": "user", "name": "Ben", "content": "a"}, {"role": "user", "content": "b"}]
    items = intake.from_messages(messages, {"actor": "Ana", "source": "web", "key": "k"})
    assert [(i["actor"], i["source"], i["key"]) for i in items] == [("Ben", "web", "k#1"), ("Ana", "web", "k#2")]


def test_the_parts_of_a_message_are_joined() -> None:
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    assert intake.from_messages([{"content": parts}], {})[0]["text"] == "one\ntwo"


@pytest.mark.parametrize("value", [1, 5, 1000])
def test_a_limit_within_bounds_is_taken(value: int) -> None:
    assert intake.limit(value) == value


@pytest.mark.parametrize("value", [0, -1, 1001, True, 1.0, "1", None])
def test_a_limit_out_of_bounds_is_refused_with_the_bounds(value: Any) -> None:
    with pytest.raises(InvalidInput, match="1 to 1000"):
        intake.limit(value)


def test_the_position_of_a_refused_item_counts_from_one() -> None:
    with pytest.raises(InvalidInput, match=r"^item 2: text is empty$"):
        intake.drafts([{"text": "a"}, {"text": ""}])
