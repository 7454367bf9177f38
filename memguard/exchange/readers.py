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
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from memguard.errors import InvalidInput
from memguard.intake import SOURCE_OF_ROLE
from memguard.outcomes import Rejected

Item = dict[str, Any]
_SESSION = re.compile(r"session_(\d+)$")


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


def read(text: str) -> list[Item | Rejected]:
    """Every item of a file, in order, with a stable idempotency key; what cannot be read is rejected with a reason."""
    whole = _as_json(text)
    if isinstance(whole, dict) and isinstance(whole.get("memguard_export"), int):
        return _checked(whole.get("memories"), _own)
    if isinstance(whole, dict) and isinstance(whole.get("results"), list):
        return _keyed(_checked(whole["results"], _mem0))
    if isinstance(whole, dict) and "conversation" in whole:
        return list(_conversation(whole))
    if isinstance(whole, list) and all(isinstance(r, dict) and "conversation" in r for r in whole):
        return [item for record in whole for item in _conversation(record)]
    if isinstance(whole, list):
        return _keyed(_checked(whole, _line))
    return _keyed(_lines(text))


def _as_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _lines(text: str) -> list[Item | Rejected]:
    found: list[Any] = []
    for line in text.splitlines():
        if line.strip():
            found.append(_as_json(line))
    if not found:
        raise InvalidInput("the file holds no memories")
    if all(value is None for value in found):
        raise InvalidInput(
            "the file is none of the formats that import reads: JSONL, LoCoMo, mem0, memory.json, a bundle"
        )
    items: list[Item | Rejected] = []
    for position, value in enumerate(found, start=1):
        reader = _graph if isinstance(value, dict) and value.get("type") in ("entity", "relation") else _line
        items += _read_one(position, value, reader)
    return items


def _checked(values: Any, reader: Any) -> list[Item | Rejected]:
    if not isinstance(values, list):
        raise InvalidInput("the file has no list of memories where one should be")
    return [item for position, value in enumerate(values, start=1) for item in _read_one(position, value, reader)]


def _read_one(position: int, value: Any, reader: Any) -> Iterable[Item | Rejected]:
    try:
        return list(reader(value))
    except ValidationError as error:
        fields = sorted({".".join(map(str, e["loc"])) or "item" for e in error.errors()})
        return [Rejected(position, f"not as the format asks: {', '.join(fields)[:200]}")]
    except InvalidInput as error:
        return [Rejected(position, str(error))]


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


def _conversation(record: dict[str, Any]) -> Iterator[Item | Rejected]:
    sample = str(record.get("sample_id", "conversation"))[:100]
    conversation = record["conversation"]
    if not isinstance(conversation, dict):
        raise InvalidInput("not as the format asks: conversation")
    position = 0
    numbers = sorted(int(found[1]) for name in conversation if (found := _SESSION.match(name)))
    for number in numbers:
        session = f"session_{number}"
        at = _session_time(conversation.get(f"{session}_date_time"))
        for turn in conversation[session] if isinstance(conversation[session], list) else ():
            position += 1
            for item in _read_one(position, turn, _turn):
                if isinstance(item, dict):
                    item |= {"run_id": f"{sample}:{session}", "key": f"locomo:{sample}:{item['metadata']['dia_id']}"}
                    item |= {"happened_at": at} if at else {}
                yield item


def _turn(value: Any) -> Iterator[Item]:
    turn = Turn.model_validate(value)
    text = f"{turn.text} [photo: {turn.blip_caption}]" if turn.blip_caption else turn.text
    item: Item = {"text": text, "actor": turn.speaker, "metadata": {"dia_id": turn.dia_id}}
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


def _keyed(items: list[Item | Rejected]) -> list[Item | Rejected]:
    """Give each item without a key one that is the same when the same file is read again."""
    seen: Counter[str] = Counter()
    for item in items:
        if isinstance(item, dict) and not item.get("key"):
            canonical = json.dumps(item, sort_keys=True, default=str, ensure_ascii=False)
            digest = hashlib.sha256(canonical.encode(errors="surrogatepass")).hexdigest()[:32]
            seen[digest] += 1
            item["key"] = f"import:{digest}:{seen[digest]}"
    return items
