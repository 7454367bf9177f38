"""What an erasure will take, what it leaves and why, for a person to read before it happens. Pure.

A plan holds for the vault that it was made for as long as it would be the same if it were made again: it carries a
keyed digest of what it names, so that neither an altered plan nor that of another vault is carried out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self, get_args

from memguard.errors import InvalidInput, looks_like_an_id
from memguard.forgetting.statement import Extent, Kind
from memguard.outcomes import counted

LISTED_MAX = 20
"""Ids and paths that the readable form lists of each kind; `--json` has all."""

NOT_REACHED = (
    "copies of the vault that other programs made: file system snapshots, disk images, cloud folders",
    "what agents, models and their providers were shown or wrote down elsewhere",
    "swap, the memory of running processes, and remapped blocks of solid-state disks",
)
"""What memguard cannot look at, whatever is erased."""
NO_PLAN = "this is not a plan, or that of another memguard: plan again"


Paths = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What goes and what stays, by id. `scope` is what was asked for; `digest` makes it a plan of one vault.

    `derived` go too: they were made from nothing but what goes. What was made from it in part, or in a run that had
    been shown it, or reads almost like it, stays, and is named here. `backups` and `exports` are the copies that
    memguard wrote, by path.
    """

    owner: str
    kind: Kind
    scope: Mapping[str, Any]
    memories: tuple[str, ...]
    derived: tuple[str, ...] = ()
    versions: int = 0
    values: int = 0
    current_again: tuple[str, ...] = ()
    partly_derived: tuple[str, ...] = ()
    shown_before: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()
    backups: Paths = ()
    exports: Paths = ()
    everything: bool = False
    hold: str = ""
    """The id of the legal hold that forbids it."""
    state: str = ""
    """A keyed digest of the wordings that go."""
    digest: str = ""

    @property
    def going(self) -> tuple[str, ...]:
        """All that go."""
        return (*self.memories, *self.derived)

    @property
    def extent(self) -> Extent:
        """How much that is."""
        return Extent(self.kind, len(self.memories), self.versions, len(self.derived), self.values)

    def signed(self) -> str:
        """What the digest is of: all but what is only near, and the copies there are."""
        apart = {"alike": (), "backups": (), "exports": (), "digest": ""}
        return json.dumps({**asdict(self), **apart}, sort_keys=True, ensure_ascii=False)

    def to_json(self) -> dict[str, Any]:
        """The plan as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Any) -> Self:
        """A plan from plain JSON; `InvalidInput` where it is none. Whose it is, its digest tells."""
        types = {each.name: str(each.type) for each in fields(cls)}
        is_plan = isinstance(document, Mapping) and document.keys() == types.keys()
        if not is_plan or not all(_FITS[type_](document[name]) for name, type_ in types.items()):
            raise InvalidInput(NO_PLAN)
        held: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in document.items()}
        made = cls(**held)
        try:
            made.signed()
        except (TypeError, ValueError, RecursionError):
            raise InvalidInput(NO_PLAN) from None
        return made

    def checked(self) -> Self:
        """The same plan; `InvalidInput` where a field holds what no plan holds. Whose it is, its digest tells."""
        return self.from_json({each.name: getattr(self, each.name) for each in fields(self)})

    def readable(self) -> str:
        """The plan as a person reads it. It quotes no memory."""
        memories = counted(len(self.memories), "memory", "memories")
        what = memories if self.kind != "vault" else f"the whole vault, with its key: {memories}"
        lines = [f"Forget {what} of {printable(self.owner)} ({self.kind})."]
        lines += _listed("goes", self.memories)
        lines += _listed("goes too, made from nothing else", self.derived)
        wordings, values = counted(self.versions, "earlier wording"), counted(self.values, "value")
        lines.append(f"  goes with them: {wordings}, {values} behind placeholders")
        lines += _listed("becomes current again", self.current_again)
        lines += _listed("stays, though made from it in part", self.partly_derived)
        lines += _listed("stays, though written in a run that had been shown it", self.shown_before)
        lines += _listed("stays, though it reads almost the same", self.alike)
        lines += _listed("backup that " + ("opens no more" if self.kind == "vault" else "is erased in"), self.backups)
        lines += _listed("export that stays until --exports or your hand removes it", self.exports)
        lines += [f"  not reached: {each}" for each in NOT_REACHED]
        if self.everything and self.kind != "vault":
            lines.append("  This takes every memory there is: it has to be asked for with the word everything.")
        if self.hold:
            lines.append(f"  BLOCKED by legal hold {self.hold}: lift it first")
        return "\n".join(lines)


def printable(text: str) -> str:
    """As it is on a terminal: a plan may come from anybody's file."""
    return text if text.isprintable() else ascii(text)


def _are_ids(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(map(looks_like_an_id, value))


_FITS: Mapping[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str),
    "int": lambda value: type(value) is int and value >= 0,
    "bool": lambda value: isinstance(value, bool),
    "Kind": lambda value: isinstance(value, str) and value in get_args(Kind),
    "Mapping[str, Any]": lambda value: isinstance(value, Mapping) and all(isinstance(name, str) for name in value),
    "tuple[str, ...]": _are_ids,
    "Paths": lambda value: isinstance(value, (list, tuple)) and all(isinstance(path, str) for path in value),
}
"""What a field of each type may hold."""


def _listed(what: str, names: tuple[str, ...]) -> list[str]:
    shown = [f"  {what}: {printable(name)}" for name in names[:LISTED_MAX]]
    return shown if len(names) <= LISTED_MAX else [*shown, f"  {what}: and {len(names) - LISTED_MAX} more"]
