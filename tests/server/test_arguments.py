"""What a model may hand in: checked as the schema says, and refused without a word of what was handed in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from memguard_server import arguments
from memguard_server.arguments import AddMemory, Arguments, ListMemories, SearchMemories, mistakes, schema_of

CANARY = "xylophone-canary"


def wrong(model: type[Arguments], **given: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(given)
    line = mistakes(caught.value, model)
    assert CANARY not in line
    assert "\n" not in line
    return line


@pytest.mark.parametrize(
    ("model", "given", "said"),
    [
        (AddMemory, {}, "text: Field required"),
        (AddMemory, {"text": 7}, "text: Input should be a valid string"),
        (AddMemory, {"text": "x", "source": CANARY}, "source: Input should be 'user', 'agent', 'tool' or 'web'"),
        (AddMemory, {"text": "x", "happened_at": CANARY}, "happened_at: must be ISO 8601"),
        (AddMemory, {"text": "x", "happened_at": 1_700_000_000}, "happened_at: must be ISO 8601"),
        (AddMemory, {"text": "x", "metadata": CANARY}, "metadata: Input should be a valid dictionary"),
        (AddMemory, {"text": "x", "supersedes": [{CANARY: CANARY}]}, "supersedes: Input should be a valid string"),
        (AddMemory, {"text": "x", "supersedes": ["a"] * 21}, "supersedes: List should have at most 20 items"),
        (AddMemory, {"text": "x", "everywhere": CANARY}, "everywhere: Input should be a valid boolean"),
        (AddMemory, {"text": "x", CANARY: CANARY}, "unknown argument: there are text, everywhere, actor"),
        (AddMemory, {"text": "x", "agent_id": "root"}, "unknown argument"),
        (AddMemory, {"text": "x", "user_id": "ben"}, "unknown argument"),
        (SearchMemories, {"query": CANARY * 1_000}, "query: String should have at most 10000 characters"),
        (SearchMemories, {"query": "x", "limit": CANARY}, "limit: Input should be a valid integer"),
        (SearchMemories, {"query": "x", "limit": 21}, "limit: Input should be less than or equal to 20"),
        (ListMemories, {"offset": -1}, "offset: Input should be greater than or equal to 0"),
        (arguments.GetMemory, {"id": CANARY * 1_000}, "id: String should have at most 200 characters"),
        (arguments.MemoryStatus, {"a": 1}, "unknown argument: there are none"),
    ],
)
def test_a_mistake_is_named_and_its_value_is_not(model: type[Arguments], given: dict[str, Any], said: str) -> None:
    assert wrong(model, **given).startswith(said)


def test_all_mistakes_are_named_at_once() -> None:
    line = wrong(SearchMemories, limit="many", since="soon", nonsense=1, more=2)
    assert [part.split(":")[0] for part in line.split("; ")] == ["query", "limit", "since", "unknown argument"]


def test_an_optional_argument_may_be_null() -> None:
    assert SearchMemories.model_validate({"query": "x", "limit": None, "actor": None}).limit == 5


def test_a_time_without_offset_is_this_machines() -> None:
    given = AddMemory.model_validate({"text": "x", "happened_at": "2026-05-03"}).happened_at
    assert given == datetime(2026, 5, 3).astimezone()  # noqa: DTZ001 - naive, on purpose
    given = AddMemory.model_validate({"text": "x", "happened_at": "2026-05-03T10:00:00+02:00"}).happened_at
    assert given is not None
    assert given.utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize("model", Arguments.__subclasses__(), ids=lambda m: m.__name__)
def test_the_schema_names_what_the_check_takes(model: type[Arguments]) -> None:
    schema = schema_of(model)
    assert list(schema["properties"]) == list(model.model_fields)
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    assert schema.get("required", []) == required
    assert schema["additionalProperties"] is False
    assert all("type" in about for about in schema["properties"].values())
