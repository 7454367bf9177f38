"""The nouns: what a caller hands in (`Draft`), what the vault holds (`Record`), what a search returns (`Hit`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

AuthorKind = Literal["user", "agent", "tool", "web"]
Metadata = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One memory on its way in, checked by `memguard.intake`. Times are microseconds since 1970 UTC.

    The *author* wrote it (an agent, a tool, an end user, a web origin); the *actor* is who speaks or acts in it;
    the *environment* is the project or kind of task; `origin` is where the author had it from (a URL, a tool's name).
    """

    text: str
    author: str
    author_kind: AuthorKind
    actor: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    environment: str | None = None
    source: str | None = None
    origin: str | None = None
    happened_at: int | None = None
    happened_offset: int = 0
    valid_from: int | None = None
    valid_to: int | None = None
    expires_at: int | None = None
    metadata: Metadata = field(default_factory=dict)
    derived_from: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()
    key: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One memory as the vault holds it."""

    id: str
    text: str
    author: str
    author_kind: AuthorKind
    actor: str | None
    agent_id: str | None
    run_id: str | None
    environment: str | None
    source: str | None
    origin: str | None
    happened_at: datetime | None
    recorded_at: datetime
    valid_from: datetime | None
    valid_to: datetime | None
    expires_at: datetime | None
    metadata: dict[str, Any]
    version: int
    superseded_by: tuple[str, ...]
    derived_from: tuple[str, ...]

    @property
    def current(self) -> bool:
        """False once a later statement replaced this one."""
        return not self.superseded_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One answer of a search: a labelled piece of data, never an instruction (promise P5).

    `score` orders one answer; twice as much is not twice as good. `why` holds the parts it was added up from, as
    `memguard.retrieval.fuse` names them.
    """

    record: Record
    user_id: str
    score: float
    why: dict[str, float]

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def text(self) -> str:
        return self.record.text

    @property
    def metadata(self) -> dict[str, Any]:
        return self.record.metadata

    @property
    def source(self) -> str | None:
        return self.record.source


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One earlier wording of a memory that `update` replaced."""

    version: int
    text: str
    metadata: dict[str, Any]
    recorded_at: datetime
    replaced_at: datetime | None


class Facts(NamedTuple):
    """What the last steps of ranking read of a memory, and no more. `number` is the vault's own, never shown."""

    number: int
    text: str
    actor_key: str | None
    run_id: str | None
    moment: int
    superseded: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What the restatement rule looks at: who said what, where, and when (microseconds since 1970 UTC)."""

    text: str
    actor: str | None
    environment: str | None
    moment: int
