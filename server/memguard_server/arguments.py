"""What a model may hand in, tool by tool. One place for the check and for the schema that the model reads."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator

QUERY_LENGTH_MAX = 10_000
SEARCH_MAX = 20
LIST_MAX = 50
SUPERSEDES_MAX = 20
FORGET_MAX = 20


def _moment(value: Any) -> datetime:
    """Models write dates and times without an offset: those are this machine's."""
    try:
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.astimezone()
    except (TypeError, ValueError, OverflowError, OSError):
        raise ValueError("must be ISO 8601, for instance 2026-05-03 or 2026-05-03T10:00:00+02:00") from None


Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string"})]
Id = Annotated[str, Field(max_length=200)]


class Arguments(BaseModel):
    """Names that are not listed are refused; an optional one may be null, as some clients fill them in."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        return {name: value for name, value in given.items() if value is not None} if isinstance(given, dict) else given


class AddMemory(Arguments):
    text: str = Field(description="One fact, understandable on its own, with its reason")
    everywhere: bool = Field(False, description="True if it holds beyond this project")
    actor: str | None = Field(None, description="Who said or did it")
    source: Literal["user", "agent", "tool", "web"] | None = Field(None, description="Whose words these are")
    origin: str | None = Field(None, description="Tool, file or URL")
    happened_at: Moment | None = Field(None, description="ISO 8601, if not now")
    supersedes: list[Id] = Field([], max_length=SUPERSEDES_MAX, description="Ids of memories this replaces")
    metadata: dict[str, Any] | None = None
    key: str | None = Field(None, description="Stored once per key")


class SearchMemories(Arguments):
    query: str = Field(max_length=QUERY_LENGTH_MAX, description="A question, or what you are about to do")
    limit: int = Field(5, ge=1, le=SEARCH_MAX)
    all_projects: bool = False
    actor: str | None = None
    since: Moment | None = Field(None, description="Happened at or after, ISO 8601")
    until: Moment | None = Field(None, description="Happened before")


class GetMemory(Arguments):
    id: Id


class ListMemories(Arguments):
    limit: int = Field(20, ge=1, le=LIST_MAX)
    offset: int = Field(0, ge=0, le=2**53)
    all_projects: bool = False


class UpdateMemory(Arguments):
    id: Id
    text: str | None = None
    metadata: dict[str, Any] | None = Field(None, description="Replaces the old")


class DeleteMemory(Arguments):
    id: Id


class Forget(Arguments):
    ids: list[Id] = Field([], max_length=FORGET_MAX)
    run: str | None = None
    project: bool = Field(False, description="All of this project")
    author: str | None = None
    since: Moment | None = Field(None, description="Happened at or after")
    until: Moment | None = Field(None, description="Happened before")


class MemoryStatus(Arguments):
    pass


def schema_of(arguments: type[Arguments]) -> dict[str, Any]:
    """The JSON schema a model reads: pydantic's without titles, nulls, and limits that nobody will meet."""
    whole = arguments.model_json_schema()
    properties = {name: _compact(about) for name, about in whole.get("properties", {}).items()}
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if "required" in whole:
        schema["required"] = whole["required"]
    return {**schema, "additionalProperties": False}


def _compact(about: dict[str, Any]) -> dict[str, Any]:
    choices = [choice for choice in about.get("anyOf", []) if choice != {"type": "null"}]
    merged = {**about, **choices[0]} if choices else dict(about)
    dropped = {"anyOf", "title", "maxLength", "maxItems", "additionalProperties"}
    kept = {name: value for name, value in merged.items() if name not in dropped and value not in (None, [], False)}
    if "items" in kept:
        kept["items"] = _compact(kept["items"])
    if "maximum" in kept and kept["maximum"] > SEARCH_MAX * 1_000:
        del kept["maximum"]
    return kept


def mistakes(error: ValidationError, arguments: type[Arguments]) -> str:
    """What is wrong with which argument, never its value. An unknown name may be content: it is not repeated."""
    found = []
    for wrong in error.errors(include_url=False, include_context=False, include_input=False):
        name = wrong["loc"][0] if wrong["loc"] else ""
        if name not in arguments.model_fields:
            found.append(f"unknown argument: there are {', '.join(arguments.model_fields) or 'none'}")
        else:
            found.append(f"{name}: {wrong['msg'].removeprefix('Value error, ')}")
    return "; ".join(dict.fromkeys(found))
