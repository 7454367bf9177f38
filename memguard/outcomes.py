"""What a verb answers. Nothing is lost silently (promise P6): every reason is in here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """A memory is in the vault: row, words, vectors, lineage, evidence and event committed together.

    `superseded` names earlier memories that this one replaces as current; they stay readable.
    `duplicate` is true when the idempotency key had been seen before: `id` is then the earlier memory.
    `masked` counts, by type, the values that stand behind placeholders; `dropped` those that were not kept at all.
    """

    id: str
    superseded: tuple[str, ...] = ()
    duplicate: bool = False
    run_id: str | None = None
    masked: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """What stands in a text: characters `start` to `end`, the type, its level from 1 to 4, and what is done with it."""

    start: int
    end: int
    type: str
    level: int
    action: str


@dataclass(frozen=True, slots=True)
class Masked:
    """A text with placeholders in it: how many values of each type stand behind them, and how many are not kept."""

    text: str
    masked: Mapping[str, int]
    dropped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Revealed:
    """That somebody asked what a placeholder stands for, and when; what it stands for is not recorded."""

    placeholder: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Rejected:
    """One item of an import that was not stored. `position` counts from 1 in the source."""

    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """The account of an import: `stored + duplicates + len(rejected)` is the number of items read."""

    stored: int
    duplicates: int
    superseded: int
    rejected: tuple[Rejected, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Erased:
    """What `delete` removed.

    `pending` is true while a reader in another process keeps old pages in the log, and after a whole vault went while
    its operator keeps the master in the environment: then old copies of the keyring open until the operator rotates.
    """

    memories: int
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Restored:
    """How many vaults a backup brought back, and those in it, by position, that no key of this keyring opens."""

    vaults: int
    unopenable: tuple[str, ...] = ()
