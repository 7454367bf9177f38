"""Foreign formats to items for `add_many`: what the outside hands in is checked by pydantic before it is trusted.

.age bundle, or JSON that `export(readable=True)` wrote     memguard's own
JSON lines                                                  one memory a line, fields as in `add`, or bare strings
LoCoMo-style conversation (JSON)                            one memory a turn
mem0's `get_all` output (JSON)                              {"results": [{"memory": ...}]}
the MCP reference server's memory.json (JSON lines)         {"type": "entity" | "relation", ...}
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from memguard.errors import BundleError, InvalidInput
from memguard.intake import SOURCE_OF_ROLE

Item = dict[str, Any]
Reader = Callable[[Any], Iterator[Item]]
EXPORT_FORMAT = 1
_SESSION = re.compile(r"session_(0|[1-9][0-9]{0,5})")


class Line(BaseModel):
    """One line of JSONL: the fields of `add`."""

    model_config = ConfigDict(extra="forbid")

    text: str
    agent_id: str | None = None
    run_id: str | None = None
    environment: str | None = None
    source: str | None = None
    origin: str | None = None
    actor: str | None = None
    happened_at: AwareDatetime | None = None
    valid_from: AwareDatetime | None = None
    valid_to: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    metadata: dict[str, Any] | None = None
    key: str | None = None


class Own(Line):
    """One memory of memguard's own export: its id is kept, so that what names it stays true."""

    id: str
    derived_from: list[str] = []
    supersedes: list[str] = []


class Mem0Memory(BaseModel):
    """One entry of mem0's `get_all()["results"]`."""

    id: str
    memory: str
    agent_id: str | None = None
    run_id: str | None = None
    actor_id: str | None = None
    role: str | None = None
    metadata: dict[str, Any] | None = None
    created_at: datetime | None = None


class Turn(BaseModel):
    """One turn of a LoCoMo-style conversation."""

    speaker: str
    dia_id: str
    text: str
    blip_caption: str | None = None
    role: str | None = None


class Entity(BaseModel):
    """An entity line of the MCP reference server's memory.json."""

    name: str
    entityType: str = ""  # noqa: N815 - the format's own name
    observations: list[str] = []


class Relation(BaseModel):
    """A relation line of the MCP reference server's memory.json. `from` is a Python keyword."""

    model_config = ConfigDict(extra="allow")

    to: str
    relationType: str  # noqa: N815 - the format's own name


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a file, at its position: the items it becomes, or the reason why it becomes none."""

    position: int
    items: tuple[Item, ...] = ()
    refused: str | None = None


def read(text: str) -> list[Entry]:
    """Every entry of a file, in order; each item has an idempotency key that is the same at the next reading."""
    whole = _as_json(text)
    if isinstance(whole, dict) and isinstance(whole.get("memguard_export"), int):
        if whole["memguard_export"] > EXPORT_FORMAT:
            raise BundleError("this export was written by a newer memguard")
        return _read_all(_list_of(whole, "memories"), _own)
    if isinstance(whole, dict) and isinstance(whole.get("results"), list):
        return _keyed(_read_all(whole["results"], _mem0))
    records = whole if isinstance(whole, list) else [whole]
    if all(isinstance(record, dict) and "conversation" in record for record in records):
        return _read_all(_turns(records), _turn)
    if isinstance(whole, list):
        return _keyed(_read_all(whole, _line))
    return _keyed(_read_all(_lines(text), _line_or_graph))


def _read_all(values: Iterable[Any], reader: Reader) -> list[Entry]:
    return [_entry(position, value, reader) for position, value in enumerate(values, start=1)]


def _entry(position: int, value: Any, reader: Reader) -> Entry:
    try:
        return Entry(position, tuple(reader(value)))
    except ValidationError as error:
        # Names of our own models only: an unknown name is content too.
        known = {str(e["loc"][0]) for e in error.errors() if e["loc"] and e["type"] != "extra_forbidden"}
        about = ", ".join(sorted(known)) or "unknown fields, or not an object"
        return Entry(position, refused=f"not as the format asks: {about}")
    except InvalidInput as error:
        return Entry(position, refused=str(error))


def _as_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _list_of(document: dict[str, Any], name: str) -> list[Any]:
    found = document.get(name)
    if not isinstance(found, list):
        raise InvalidInput("the file has no list of memories where one should be")
    return found


def _lines(text: str) -> list[Any]:
    # Not `splitlines`: JSON allows the other line separators of Unicode inside a string.
    found = [_as_json(line) for line in text.split("\n") if line.strip()]
    if not found:
        raise InvalidInput("the file holds no memories")
    if all(value is None for value in found):
        known = "JSONL, LoCoMo, mem0, memory.json, a bundle"
        raise InvalidInput(f"the file is none of the formats that import reads: {known}")
    return found


def _line_or_graph(value: Any) -> Iterator[Item]:
    graph = isinstance(value, dict) and value.get("type") in ("entity", "relation")
    return _graph(value) if graph else _line(value)


def _line(value: Any) -> Iterator[Item]:
    line = Line.model_validate({"text": value} if isinstance(value, str) else value)
    yield {name: field for name, field in line if field is not None}


def _own(value: Any) -> Iterator[Item]:
    own = Own.model_validate(value)
    yield {name: field for name, field in own if field is not None}


def _mem0(value: Any) -> Iterator[Item]:
    found = Mem0Memory.model_validate(value)
    item: Item = {"text": found.memory, "key": f"mem0:{found.id}", "metadata": found.metadata or {}}
    item |= {"agent_id": found.agent_id, "run_id": found.run_id, "actor": found.actor_id}
    item["source"] = SOURCE_OF_ROLE.get(found.role or "")
    if found.created_at is not None:
        at = found.created_at
        item["happened_at"] = at if at.tzinfo else at.replace(tzinfo=UTC)
    yield {name: field for name, field in item.items() if field is not None}


def _graph(value: Any) -> Iterator[Item]:
    """Observations become memories about their entity; a relation becomes one sentence."""
    if value["type"] == "relation":
        relation = Relation.model_validate(value)
        source = value.get("from")
        if not isinstance(source, str):
            raise InvalidInput("not as the format asks: from")
        yield {"text": f"{source} {relation.relationType} {relation.to}", "metadata": {"kind": "relation"}}
        return
    entity = Entity.model_validate(value)
    about = {"kind": "observation", "entity": entity.name, "entity_type": entity.entityType}
    for observation in entity.observations or [entity.entityType or "entity"]:
        yield {"text": f"{entity.name}: {observation}", "metadata": about}


def _turns(records: list[dict[str, Any]]) -> Iterator[Any]:
    """(turn, run, time) of every turn of LoCoMo-style conversations, sessions in order; what is no turn as it is."""
    for number, record in enumerate(records, start=1):
        name = str(record.get("sample_id", f"conversation-{number}"))[:100]
        conversation = record["conversation"]
        if not isinstance(conversation, dict):
            yield None
            continue
        sessions = [key for key in conversation if key.startswith("session_") and not key.endswith("_date_time")]
        for session in sorted(sessions, key=lambda key: (len(key), key)):
            at = _session_time(conversation.get(f"{session}_date_time"))
            known = _SESSION.fullmatch(session) and isinstance(conversation[session], list)
            for turn in conversation[session] if known else [None]:
                yield turn, name, session, at


def _turn(value: Any) -> Iterator[Item]:
    if value is None:
        raise InvalidInput("not as the format asks: conversation, or a session of it")
    found, name, session, at = value
    turn = Turn.model_validate(found)
    text = f"{turn.text} [photo: {turn.blip_caption}]" if turn.blip_caption else turn.text
    item: Item = {"text": text, "actor": turn.speaker, "metadata": {"dia_id": turn.dia_id}}
    item |= {"run_id": f"{name}:{session}", "key": f"locomo:{name}:{turn.dia_id}"}
    item |= {"happened_at": at} if at else {}
    source = SOURCE_OF_ROLE.get(turn.role or "")
    item |= {"source": source} if source else {}
    yield item | (
        {"agent_id": turn.speaker} if source == "agent" else {"origin": turn.speaker} if source == "tool" else {}
    )


def _session_time(text: Any) -> datetime | None:
    """The format's dates: "1:56 pm on 8 May, 2023", taken as UTC."""
    try:
        return datetime.strptime(str(text), "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
    except ValueError:
        return None


def _keyed(entries: list[Entry]) -> list[Entry]:
    """Give each item without a key one that is the same when the same file is read again."""
    seen: Counter[str] = Counter()
    for item in (item for entry in entries for item in entry.items):
        if not item.get("key"):
            canonical = json.dumps(item, sort_keys=True, default=str, ensure_ascii=False)
            digest = hashlib.sha256(canonical.encode(errors="surrogatepass")).hexdigest()[:32]
            seen[digest] += 1
            item["key"] = f"import:{digest}:{seen[digest]}"
    return entries
