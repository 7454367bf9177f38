"""What a tool answers: plain dicts, and the schemas that promise them. Fields without a value are left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from memguard_server.frame import NOTICE
from memguard_server.session import Session

if TYPE_CHECKING:
    from memguard import Hit, Record, Stored

SEARCH_TEXT_MAX = 4_000
LIST_TEXT_MAX = 400
"""Characters of each memory in an answer that holds several; `get_memory` has the whole text."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`is_stored` says that memories' own words are in it, which go to a model in their frame only."""

    data: dict[str, Any]
    is_stored: bool = False


def memory_data(record: Record, session: Session, text_max: int | None = None) -> dict[str, Any]:
    """One memory as data. `cut` is how many characters of its text were left out."""
    text = record.text if text_max is None else record.text[:text_max]
    found = {
        "id": record.id,
        "text": text,
        "cut": len(record.text) - len(text) or None,
        "author": record.author,
        "actor": record.actor,
        "source": record.source,
        "happened_at": _shown(record.happened_at),
        "recorded_at": _shown(record.recorded_at),
        **_where(record.environment, session),
        "current": record.current,
    }
    return {name: value for name, value in found.items() if value is not None}


def hit_data(hit: Hit, session: Session) -> dict[str, Any]:
    about = memory_data(hit.record, session, SEARCH_TEXT_MAX)
    return {**about, "score": round(hit.score, 3), "why": dict(hit.why)}


def whole_data(record: Record, session: Session) -> dict[str, Any]:
    more = {
        "origin": record.origin,
        "metadata": record.metadata or None,
        "superseded_by": list(record.superseded_by) or None,
        "derived_from": list(record.derived_from) or None,
        "version": record.version,
    }
    return memory_data(record, session) | {name: value for name, value in more.items() if value is not None}


def stored_data(stored: Stored, session: Session, *, is_global: bool) -> dict[str, Any]:
    """What a write did: nothing is lost silently, so a key that was seen before and what was replaced are named."""
    scope = _where(None if is_global else session.environment, session)["scope"]
    found = {"id": stored.id, "scope": scope, "duplicate": stored.duplicate, "superseded": list(stored.superseded)}
    return found | ({"not_kept": dict(stored.dropped)} if stored.dropped else {})


def several(memories: list[dict[str, Any]]) -> Answer:
    return Answer({"notice": NOTICE, "memories": memories}, is_stored=True)


def _where(environment: str | None, session: Session) -> dict[str, str]:
    if environment is None:
        return {"scope": "everywhere"}
    if environment == session.environment:
        return {"scope": "project"}
    return {"scope": "other", "project": environment}


def _shown(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def _of(kind: str, names: str) -> dict[str, Any]:
    return {name: {"type": kind} for name in names.split()}


def _object(properties: Mapping[str, Any], required: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": required.split()}


_MEMORY = {
    **_of("string", "id text author actor source happened_at recorded_at scope"),
    **_of("boolean", "current"),
}
_SCORED = {**_MEMORY, **_of("integer", "cut"), **_of("number", "score"), **_of("object", "why")}


def _several(properties: Mapping[str, Any]) -> dict[str, Any]:
    items = _object(properties, "id text author scope current")
    return _object({**_of("string", "notice"), "memories": {"type": "array", "items": items}}, "notice memories")


FOUND_SCHEMA = _several(_SCORED)
LISTED_SCHEMA = _several(_MEMORY)
WHOLE_SCHEMA = _object({**_of("string", "notice"), **_MEMORY}, "notice id text author scope current")
STORED_SCHEMA = _object(
    {
        **_of("string", "id scope"),
        **_of("boolean", "duplicate"),
        "superseded": {"type": "array"},
        **_of("object", "not_kept"),
    },
    "id scope duplicate superseded",
)
UPDATED_SCHEMA = _object(_of("string", "updated"), "updated")
DELETED_SCHEMA = _object({**_of("string", "deleted"), **_of("boolean", "pending")}, "deleted pending")
FORGOTTEN_SCHEMA = _object(
    {**_of("boolean", "erased"), **_of("object", "plan"), **_of("string", "a_person_runs certificate state")},
    "erased plan",
)
STATUS_SCHEMA = _object(
    {**_of("string", "owner agent project note version"), **_of("integer", "in_project everywhere changes_left")},
    "owner agent in_project everywhere",
)
