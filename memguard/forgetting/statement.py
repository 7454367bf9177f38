"""What a certificate says, before anybody signs it: how much was erased, what was looked at, what was not. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from memguard.outcomes import Check

LINE_LENGTH_MAX = 200
COUNT_MAX = (1 << 63) - 1

Kind = Literal["memories", "run", "environment", "author", "time span", "filter", "request", "vault"]
State = Literal["complete", "pending", "incomplete"]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much was erased, and by what it was chosen. Nothing says whose it was."""

    kind: Kind
    memories: int
    versions: int = 0
    """Earlier wordings."""
    derived: int = 0
    """Memories that were derived from erased ones only."""
    values: int = 0
    """Values behind placeholders."""


@dataclass(frozen=True, slots=True)
class Versions:
    """What made the certificate."""

    memguard: str
    sqlite: str
    schema: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a certificate says. `pending` names what is waited for; all sentences are memguard's own, without names.

    `ValueError` where a text is no printable line or a number is negative.
    """

    erased: Extent
    checks: tuple[Check, ...]
    not_checked: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    versions: Versions
    reference: str = ""

    @property
    def state(self) -> State:
        """Complete needs at least one check, nothing found by any, and every planted control found."""
        if not self.checks or not all(check.passed for check in self.checks):
            return "incomplete"
        return "pending" if self.pending else "complete"

    def __post_init__(self) -> None:
        found = [(kind, amount) for check in self.checks for kind, amount in check.found.items()]
        about = [check.what for check in self.checks] + [kind for kind, _ in found]
        lines = [*about, *self.not_checked, *self.pending, self.versions.memguard, self.versions.sqlite]
        counts = [self.erased.memories, self.erased.versions, self.erased.derived, self.erased.values]
        counts += [n for check in self.checks for n in (check.looked_at, check.planted, check.planted_found)]
        counts += [self.versions.schema, *(amount for _, amount in found)]
        if self.erased.kind not in get_args(Kind) or not all(map(_is_count, counts)):
            raise ValueError("a certificate counts what was erased, by one of the known kinds")
        if not all(map(is_line, lines)) or (self.reference != "" and not is_line(self.reference)):
            raise ValueError("a certificate holds printable lines")


def is_line(text: Any) -> bool:
    """One line that shows as it is: no control characters, nothing invisible."""
    return isinstance(text, str) and 0 < len(text) <= LINE_LENGTH_MAX and text.isprintable()


def _is_count(number: Any) -> bool:
    return type(number) is int and 0 <= number <= COUNT_MAX  # JSON has true and 1.0 beside 1
