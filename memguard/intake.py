"""What a caller may hand in. Pure: checks and normalises, raises `InvalidInput` before anything is written."""

from __future__ import annotations

import json
import os
import unicodedata
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from memguard.clock import offset_minutes, to_micros
from memguard.errors import InvalidInput
from memguard.records import AuthorKind, Draft, Metadata

TEXT_LENGTH_MAX = 262_144
"""Characters in one memory."""
NAME_LENGTH_MAX = 512
"""Characters in an owner, agent, run, environment, source, origin, actor or key."""
METADATA_BYTES_MAX = 65_536
"""UTF-8 bytes of one memory's metadata as JSON."""
METADATA_DEPTH_MAX = 64
"""Deeper metadata could be read back from a shallow stack only."""

SOURCE_OF_ROLE = {"user": "user", "assistant": "agent", "tool": "tool", "function": "tool", "system": "agent"}
"""The source recorded for a chat message of each role."""

_KIND_OF_SOURCE: dict[str, AuthorKind] = {"tool": "tool", "web": "web"}


def draft(
    text: Any,
    *,
    agent_id: str | None = None,
    run_id: str | None = None,
    environment: str | None = None,
    source: str | None = None,
    origin: str | None = None,
    actor: str | None = None,
    happened_at: datetime | None = None,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    expires_at: datetime | None = None,
    metadata: Metadata | None = None,
    derived_from: Iterable[str] = (),
    supersedes: Iterable[str] = (),
    key: str | None = None,
    id: str | None = None,  # noqa: A002 - the caller's word for it
) -> Draft:
    """A checked `Draft`. The author is the tool or web origin named by `source`, else the agent, else the end user.

    `id` keeps the id of a memory that was exported; everything else gets a random one.
    """
    actor, agent_id = name(actor, "actor"), name(agent_id, "agent_id")
    source, origin = name(source, "source"), name(origin, "origin")
    kind: AuthorKind = _KIND_OF_SOURCE.get(source or "", "agent" if agent_id else "user")
    author = origin if kind in ("tool", "web") else agent_id if kind == "agent" else actor
    return Draft(
        text=body(text),
        author=author or kind,
        author_kind=kind,
        actor=actor,
        agent_id=agent_id,
        run_id=name(run_id, "run_id"),
        environment=name(environment, "environment"),
        source=source,
        origin=origin,
        happened_at=_micros(happened_at, "happened_at"),
        happened_offset=offset_minutes(happened_at) if happened_at else 0,
        valid_from=_micros(valid_from, "valid_from"),
        valid_to=_micros(valid_to, "valid_to"),
        expires_at=_micros(expires_at, "expires_at"),
        metadata=checked_metadata(metadata),
        derived_from=_ids(derived_from, "derived_from"),
        supersedes=_ids(supersedes, "supersedes"),
        key=name(key, "key"),
        id=_uuid(id),
    )


def drafts(items: Iterable[Any]) -> list[Draft]:
    """Checked drafts of mappings with `draft`'s arguments; the error names the position, counted from 1."""
    if not isinstance(items, Iterable):
        raise InvalidInput("add_many takes a list of mappings, each with a text")
    checked = []
    for position, item in enumerate(items, start=1):
        if not isinstance(item, Mapping):
            raise InvalidInput(f"item {position}: must be a mapping with a text")
        try:
            checked.append(draft(**item))
        except InvalidInput as error:
            raise InvalidInput(f"item {position}: {error}") from None
        except TypeError:
            raise InvalidInput(f"item {position}: a field is missing or unknown") from None
    return checked


def from_messages(messages: Sequence[Any], fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One item a chat message (`{"role": ..., "content": ...}`), `fields` added to each."""
    if not messages:
        raise InvalidInput("the list of messages is empty")
    return [{**fields, **_message(m, i, fields)} for i, m in enumerate(messages, start=1)]


def body(text: Any) -> str:
    """The text of a memory, unchanged."""
    if not isinstance(text, str):
        raise InvalidInput("text must be a string")
    if not text.strip():
        raise InvalidInput("text is empty")
    if len(text) > TEXT_LENGTH_MAX:
        raise InvalidInput(f"text has {len(text)} characters, the limit is {TEXT_LENGTH_MAX}: split it")
    return storable(text, "text")


def name(value: Any, field: str) -> str | None:
    """A name or None, NFC-normalised, so that one name typed on two systems is one name."""
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise InvalidInput(f"{field} must be a non-empty string")
    if len(value) > NAME_LENGTH_MAX:
        raise InvalidInput(f"{field} has {len(value)} characters, the limit is {NAME_LENGTH_MAX}")
    return unicodedata.normalize("NFC", storable(value, field)).strip()


def owner(value: Any) -> str:
    """The owner's name, required."""
    checked = name(value, "user_id")
    if checked is None:
        raise InvalidInput("user_id is required: whose memory is it?")
    return checked


def owners(user_id: Any, filters: Mapping[str, Any] | None) -> tuple[list[str], Mapping[str, Any] | None]:
    """The owners a caller names, also where they come inside `filters`, as mem0's users write it."""
    if filters is not None and isinstance(filters, Mapping) and "user_id" in filters:
        if user_id is not None:
            raise InvalidInput("user_id is given twice: as an argument and inside filters")
        user_id, filters = filters["user_id"], {k: v for k, v in filters.items() if k != "user_id"}
    named = list(user_id) if isinstance(user_id, (list, tuple, set, frozenset)) else [user_id]
    if not named:
        raise InvalidInput("user_id is required: whose memory is it?")
    return list(dict.fromkeys(owner(each) for each in named)), filters


def checked_metadata(value: Any) -> Metadata:
    """Metadata as it will be read back: a JSON object of bounded size."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidInput("metadata must be a mapping")
    try:
        text = json.dumps(dict(value), ensure_ascii=False, allow_nan=False)
        restored: dict[str, Any] = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        raise InvalidInput("metadata must be plain JSON: strings, numbers, booleans, lists, objects, null") from None
    _check_members(value, 0)
    size = len(text.encode())
    if size > METADATA_BYTES_MAX:
        raise InvalidInput(f"metadata has {size} bytes as JSON, the limit is {METADATA_BYTES_MAX}")
    return restored


def path(value: Any) -> Path:
    """Where a file is or is to be."""
    if not isinstance(value, (str, os.PathLike)) or "\0" in os.fspath(value):
        raise InvalidInput("path must be a path")
    return Path(value)


def limit(value: Any, most: int = 1000) -> int:
    """How many results: 1 to `most`."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise InvalidInput(f"limit must be a whole number from 1 to {most}")
    return value


def _check_members(value: Any, depth: int) -> None:
    if depth > METADATA_DEPTH_MAX:
        raise InvalidInput(f"metadata is nested deeper than {METADATA_DEPTH_MAX}")
    if isinstance(value, str):
        storable(value, "metadata")
    elif isinstance(value, Mapping):
        for key, member in value.items():
            if not isinstance(key, str):
                raise InvalidInput("metadata must have strings as names")
            storable(key, "metadata")
            _check_members(member, depth + 1)
    elif isinstance(value, (list, tuple)):
        for member in value:
            _check_members(member, depth + 1)


def _ids(value: Any, field: str) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise InvalidInput(f"{field} must be a list of ids")
    ids = tuple(value)
    if not all(isinstance(one, str) for one in ids):
        raise InvalidInput(f"{field} must be a list of ids")
    return ids


def storable(text: str, field: str) -> str:
    """Text that SQLite and UTF-8 can hold, unchanged."""
    if "\x00" in text:
        raise InvalidInput(f"{field} holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"{field} holds a lone surrogate: it is not valid Unicode") from None
    return text


def _micros(moment: Any, field: str) -> int | None:
    if moment is None:
        return None
    if not isinstance(moment, datetime):
        raise InvalidInput(f"{field} must be a datetime")
    try:
        return to_micros(moment)
    except InvalidInput as error:
        raise InvalidInput(f"{field}: {error}") from None


def _uuid(value: Any) -> str | None:
    if value is None:
        return None
    try:
        return str(uuid.UUID(value))
    except (ValueError, AttributeError, TypeError):
        raise InvalidInput("id must be a UUID") from None


def _message(message: Any, position: int, fields: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(message, Mapping) or "content" not in message:
        raise InvalidInput(f"message {position}: must be a mapping with role and content")
    role = message.get("role", "user")
    source = SOURCE_OF_ROLE.get(role) if isinstance(role, str) else None
    if source is None:
        raise InvalidInput(f"message {position}: the role is not one of {', '.join(SOURCE_OF_ROLE)}")
    actor = message.get("name") or fields.get("actor")
    key = f"{fields['key']}#{position}" if fields.get("key") else None
    return {"text": _content(message["content"]), "source": fields.get("source") or source, "actor": actor, "key": key}


def _content(content: Any) -> Any:
    """The text of a message's content, which chat APIs give as a string or as a list of parts."""
    if isinstance(content, Sequence) and not isinstance(content, str):
        return "\n".join(p["text"] for p in content if isinstance(p, Mapping) and isinstance(p.get("text"), str))
    return content
