"""Text and questions that cannot be, or only look as if: one clear error and nothing changed, or taken as data (P6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from memguard import InvalidInput, Memory
from memguard.intake import TEXT_LENGTH_MAX
from tests.checks import MARKER, column, one, refused

BAD_TEXTS = {
    "empty": ("", "empty"),
    "white space": (" \t\n\u2003", "empty"),
    "a NUL": (f"{MARKER}\x00 {MARKER}", "NUL"),
    "a lone surrogate": (f"{MARKER} \ud800", "surrogate"),
    "too long": (f"{MARKER} " * 30_000, str(TEXT_LENGTH_MAX)),
    "one word of a million characters": (MARKER * 100_000, str(TEXT_LENGTH_MAX)),
    "a number": (5, "string"),
    "bytes": (MARKER.encode(), ""),
    "a mapping": ({"text": MARKER}, ""),
}
WAYS_IN: dict[str, Callable[[Memory, Any], object]] = {
    "add": lambda m, text: m.add(text, user_id="ana"),
    "add_many": lambda m, text: m.add_many([{"text": "fine"}, {"text": text}], user_id="ana"),
    "add for a new owner": lambda m, text: m.add(text, user_id="new"),
    "a message": lambda m, text: m.add([{"role": "user", "content": text}], user_id="ana"),
    "a message of parts": lambda m, text: m.add([{"content": [{"type": "text", "text": text}]}], user_id="ana"),
    "update": lambda m, text: m.update(m.get_all(user_id="ana")[0].id, text, user_id="ana"),
    "search": lambda m, text: m.search(text, user_id="ana"),
}


@pytest.mark.parametrize("way", WAYS_IN)
@pytest.mark.parametrize("case", BAD_TEXTS)
def test_text_that_cannot_be_a_memory_is_refused_with_the_reason(seeded: Memory, way: str, case: str) -> None:
    text, reason = BAD_TEXTS[case]
    with refused(
        seeded, InvalidInput, "empty" if way == "a message of parts" and not isinstance(text, str) else reason
    ):
        WAYS_IN[way](seeded, text)


@pytest.mark.parametrize("text", [None, 5, {"role": "user", "content": MARKER}, [], [MARKER], [{"role": "user"}]])
def test_add_takes_a_string_or_messages_and_nothing_else(seeded: Memory, text: Any) -> None:
    with refused(seeded, InvalidInput):
        seeded.add(text, user_id="ana")


@pytest.mark.parametrize("role", [MARKER, "", 5, None, ["user"]])
def test_a_message_of_an_unknown_role_is_refused_with_its_position(seeded: Memory, role: Any) -> None:
    with refused(seeded, InvalidInput, "message 2"):
        seeded.add([{"role": "user", "content": "fine"}, {"role": role, "content": MARKER}], user_id="ana")


@pytest.mark.parametrize("items", [5, None, MARKER, [MARKER], [None], {"text": MARKER}, [{}], [{1: 2, "text": "x"}]])
def test_add_many_takes_mappings_and_nothing_else(seeded: Memory, items: Any) -> None:
    with refused(seeded, InvalidInput):
        seeded.add_many(items, user_id="ana")


def test_one_bad_item_stores_none_of_its_batch_and_is_named_by_position(seeded: Memory) -> None:
    with refused(seeded, InvalidInput, "item 3"):
        seeded.add_many([{"text": "a"}, {"text": "b"}, {"text": MARKER + "\0"}], user_id="ana")


def test_text_as_long_as_the_limit_is_stored(memory: Memory) -> None:
    text = ("anchor " + "word " * TEXT_LENGTH_MAX)[:TEXT_LENGTH_MAX]
    stored = one(memory.add(text, user_id="ana"))
    assert memory.get(stored.id, user_id="ana").text == text


def test_a_very_long_word_is_stored_found_by_its_neighbour_and_erased(memory: Memory) -> None:
    # FTS5 cuts a token at 32 kB: the row that goes must name the same cut token as the row that came.
    text = "x" * 200_000 + " lighthouse"
    stored = one(memory.add(text, user_id="ana"))
    assert memory.search("lighthouse", user_id="ana")[0].text == text
    assert memory.get_all(user_id="ana")[0].text == text
    memory.delete(stored.id, user_id="ana")
    assert column(memory, "ana", "SELECT term FROM word_counts") == []


def test_a_question_that_is_one_very_long_word_is_answered(seeded: Memory) -> None:
    assert len(seeded.search("y" * 200_000, user_id="ana")) == 2


@pytest.mark.parametrize(
    "around",
    [
        '"{}', '{}"', '"{}" "', '""{}""', "{}*", "*{}", "NEAR({}", "NEAR({} boat, 2)", "-{}", "{} -boat", "text:{}",
        "tags : {}", "{{text}}: {}", "- {{text tags}} : {}", "^{}", "{} AND", "{} OR NOT", "AND OR NOT {}", "NOT {}",
        "({}", "{})", "{{{}}}", "{} + ", "'{}'", "{};", "{} -- ", "\\{}", "%{}%", "{0}{}", "{scope} {}",
        "\u201c{}\u201d",
    ],
)  # fmt: skip
def test_operators_in_a_question_are_words_or_nothing(seeded: Memory, around: str) -> None:
    question = around.replace("{}", "lantern") if "{0}" in around or "{scope}" in around else around.format("lantern")
    assert seeded.search(question, user_id="ana")[0].text == "The lantern hangs in the boat house"


@pytest.mark.parametrize(
    "question",
    ['"', "'", "*", "***", "-", ":", "^", "()", "{}", "{", "AND OR NOT", "NEAR(", "NEAR", "_", "?", "🪔", "é"],
)
def test_a_question_of_operators_only_returns_normally(seeded: Memory, question: str) -> None:
    assert {hit.user_id for hit in seeded.search(question, user_id="ana")} <= {"ana"}


def test_words_that_name_columns_reach_no_column(memory: Memory) -> None:
    # `tags` holds the actor; a question that says "tags:ana" must not turn into a search of that column.
    memory.add("A note about knitting", user_id="ana", actor="Ana")
    memory.add("The price tags fell off", user_id="ana")
    assert memory.search("tags:zzz", user_id="ana")[0].text == "The price tags fell off"


INJECTIONS = [
    "'; DROP TABLE memories; --",
    '" OR 1=1 --',
    "x') OR (SELECT count(*) FROM memories) --",
    "Robert'); DELETE FROM words; --",
    "%s {0} {scope} {} ? ?1 :name $1 @x",
    "\\'\\\"\\n",
    "null",
    "1",
]
FIELDS = ("text", "agent_id", "run_id", "environment", "source", "origin", "actor", "key")


def _schema(memory: Memory, owner: str) -> list[Any]:
    return column(memory, owner, "SELECT name || sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")


@pytest.mark.parametrize("injection", INJECTIONS)
def test_sql_in_every_field_comes_back_as_data(memory: Memory, injection: str) -> None:
    memory.add("A bystander", user_id=injection)
    schema = _schema(memory, injection)
    fields = {**dict.fromkeys(FIELDS, injection), "metadata": {injection: injection, "list": [injection]}}
    stored = memory.add_many([fields], user_id=injection)[0]

    record = memory.get(stored.id, user_id=injection)
    assert {getattr(record, name) for name in FIELDS if name != "key"} == {injection}
    assert record.metadata == fields["metadata"]
    assert stored.id in {hit.id for hit in memory.search(injection, user_id=injection)}
    assert _schema(memory, injection) == schema
    assert len(memory.get_all(user_id=injection)) == 2
    assert memory.users() == [injection]


@pytest.mark.parametrize("injection", INJECTIONS)
@pytest.mark.parametrize("name", ["agent_id", "run_id", "environment", "source", "origin", "actor", "author"])
def test_sql_in_what_narrows_a_call_matches_only_itself(seeded: Memory, name: str, injection: str) -> None:
    before = seeded.get_all(user_id="ana")
    assert seeded.get_all(user_id="ana", filters={name: injection}) == []
    assert seeded.search("lantern", user_id="ana", filters={name: {"in": [injection]}}) == []
    assert seeded.delete_all(user_id="ana", **{name: injection}).memories == 0
    assert seeded.get_all(user_id="ana") == before


@pytest.mark.parametrize("injection", INJECTIONS)
def test_sql_as_a_filters_name_matches_only_a_member_of_that_name(memory: Memory, injection: str) -> None:
    memory.add("plain", user_id="ana", metadata={"a": 1})
    named = one(memory.add("named", user_id="ana", metadata={injection.replace(".", ""): 1}))
    found = memory.get_all(user_id="ana", filters={injection.replace(".", ""): 1})
    assert [record.id for record in found] == [named.id]
