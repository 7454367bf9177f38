"""What a verb answers. Nothing is lost silently (promise P6): every reason is in here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 memory", "2 memories"; `many` where it is not formed by an s."""
    return f"{number} {one if number == 1 else many or one + 's'}"


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
    """How many vaults a backup brought back, and those in it, by position, that no key of this keyring opens.

    `forgotten` counts memories in it that were forgotten since, and are erased in what was brought back. `unsure`
    counts vaults that were lost or damaged before: nobody knows what was forgotten in them since the backup.
    """

    vaults: int
    unopenable: tuple[str, ...] = ()
    forgotten: int = 0
    unsure: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at after an erasure.

    `what` and the kinds in `found` are words of memguard's own; `looked_at` counts what `what` names. Of `planted`
    pieces, put where the check had to see them, it saw `planted_found`: a check that sees nothing proves nothing.
    """

    what: str
    looked_at: int
    found: Mapping[str, int] = field(default_factory=dict)
    planted: int = 0
    planted_found: int = 0

    @property
    def passed(self) -> bool:
        """Nothing was found, and all that was planted was."""
        return not any(self.found.values()) and self.planted_found == self.planted


@dataclass(frozen=True, slots=True)
class Chain:
    """The audit log, read whole. Positions count from 1.

    `broken_at` is the first entry that is altered, out of its place or missing, `why` says which; `entry` is where the
    certificate in question stands. `torn`: a crash left half a line at the end, which counts for nothing.
    `end_known`: the keyring knew which entry is the last, so that what is cut off shows.
    """

    entries: int
    broken_at: int | None = None
    why: str = ""
    entry: int | None = None
    torn: bool = False
    end_known: bool = False


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """A certificate whose signature fits: what else is known of it here and now.

    `verdict` is sound (the log holds it and nothing was found), refused (the log does not, or something was found), or
    signed (the signature is sound, and the rest could not be looked at here). `key` says who vouches for the key: the
    home's own keyring, or whoever gave it. `chain` and `checks` are None where nothing was looked at.
    """

    certificate: str
    state: str
    verdict: Literal["sound", "refused", "signed"]
    key: Literal["home", "given"]
    home_known: bool
    chain: Chain | None = None
    checks: tuple[Check, ...] | None = None
