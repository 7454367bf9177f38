"""Which memories a call may see: filters as a caller writes them, compiled to a SQL clause and its parameters. Pure.

The filter language is the one users of mem0 know: `{"team": "web", "age": {"gte": 3}, "OR": [{...}, {...}]}` with
eq ne in nin gt gte lt lte contains icontains, `"*"` for "has any value", and AND, OR, NOT. What is masked is
compared as its reader sees it: a part of a name is found by whoever may read the name.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from memguard import intake
from memguard.clock import to_micros
from memguard.errors import InvalidInput
from memguard.privacy.placeholders import PLACEHOLDER

DEPTH_MAX = 8
LIST_MAX = 1_000
CONDITIONS_MAX = 250
"""Conditions in one filter: SQLite bounds the depth of an expression."""
PARAMETERS_MAX = 20_000

COLUMNS = {
    "agent_id": "m.agent_id",
    "run_id": "m.run_id",
    "environment": "m.environment",
    "source": "m.source",
    "origin": "m.origin",
    "actor": "m.actor_key",
    "author": "m.author",
    "happened_at": "coalesce(m.happened_at, m.recorded_at)",
    "recorded_at": "m.recorded_at",
}
"""Filter names that are columns; every other name is looked up in a memory's metadata."""

TIMES = ("happened_at", "recorded_at")
_COMPARISONS = {"eq": "=", "ne": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class AsStored(str):
    """What a caller typed, where a vault may hold a placeholder for it.

    It is compared as it was typed too: a name that became known since stands unmasked in what was written before.
    """

    __slots__ = ()


class Part(str):
    """A JSON list of the memories whose masked field holds this text: empty until a vault has opened what it sealed."""

    __slots__ = ("folded", "masked", "name", "text")
    name: str
    text: str
    folded: bool
    masked: Scope

    def __new__(cls, name: str, text: str, folded: bool, masked: Scope) -> Part:
        made = super().__new__(cls, "[]")
        made.name, made.text, made.folded, made.masked = name, text, folded, masked
        return made


@dataclass(frozen=True, slots=True)
class Scope:
    """A WHERE clause over `memories m`: column names and `?` only; whatever the caller typed is a parameter."""

    sql: str = "1"
    parameters: tuple[Any, ...] = ()

    @property
    def everything(self) -> bool:
        return self.sql == "1"

    def __and__(self, other: Scope) -> Scope:
        if self.everything:
            return other
        return (
            self if other.everything else Scope(f"({self.sql}) AND ({other.sql})", self.parameters + other.parameters)
        )

    def bound(self, label: Callable[[str], str], holding: Callable[[Part], str]) -> Scope:
        """The same over what a vault has stored in place of what a caller typed.

        `label` gives the stored form of a name or value, `holding` a JSON list of the memories that hold a part.
        """

        def of(parameter: Any) -> Any:
            if isinstance(parameter, AsStored):
                return label(parameter)
            return holding(parameter) if isinstance(parameter, Part) else parameter

        return Scope(self.sql, tuple(map(of, self.parameters)))


EVERYTHING = Scope()


def visible(now: int) -> Scope:
    """Memories an agent may see: not held for review, not expired."""
    return Scope("m.status = 'active'") & unexpired(now)


def unexpired(now: int) -> Scope:
    """Memories whose end has not come."""
    return Scope("(m.expires_at IS NULL OR m.expires_at > ?)", (now,))


def scope(
    *,
    filters: Mapping[str, Any] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    **columns: Any,
) -> Scope:
    """The scope of a call: equality on named columns, a time span of when it happened, and a filter expression."""
    result = EVERYTHING
    for name, value in columns.items():
        if value is not None:
            result = result & _condition(name, value)
    if since is not None:
        result = result & _condition("happened_at", {"gte": since})
    if until is not None:
        result = result & _condition("happened_at", {"lt": until})
    result = result & _expression(filters, 0) if filters is not None else result
    if result.sql.count(" AND ") + result.sql.count(" OR ") > CONDITIONS_MAX or len(result.parameters) > PARAMETERS_MAX:
        raise InvalidInput("too many conditions in one filter")
    return result


WITHIN = frozenset("agent_id run_id environment source origin actor author since until".split())


def call_scope(filters: Mapping[str, Any] | None, within: Mapping[str, Any]) -> Scope:
    """The scope of one call of the API: its named arguments and its filters."""
    unknown = within.keys() - WITHIN
    if unknown:
        shown = sorted(name if name.isidentifier() else "(no name)" for name in unknown)
        raise InvalidInput(f"unknown argument {', '.join(shown)}; known: {', '.join(sorted(WITHIN))}")
    for moment in (within.get("since"), within.get("until")):
        if moment is not None and not isinstance(moment, datetime):
            raise InvalidInput("since and until must be aware datetimes")
    return scope(filters=filters, **within) if filters is not None or within else EVERYTHING


def _expression(filters: Any, depth: int) -> Scope:
    if not isinstance(filters, Mapping) or depth > DEPTH_MAX:
        raise InvalidInput(f"filters must be a mapping, nested at most {DEPTH_MAX} deep")
    result = EVERYTHING
    for name, value in filters.items():
        if name in ("AND", "OR", "NOT"):
            result = result & _joined(name, value, depth)
        elif isinstance(name, str) and name and len(name) <= 256:
            intake.storable(name, "a filter's name")
            result = result & _condition(name, value)
        else:
            raise InvalidInput("filter names must be non-empty strings")
    return result


def _joined(word: str, value: Any, depth: int) -> Scope:
    parts = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    if not parts or len(parts) > LIST_MAX:
        raise InvalidInput(f"{word} takes 1 to {LIST_MAX} filters")
    compiled = [_expression(part, depth + 1) for part in parts]
    joined = (" OR " if word == "OR" else " AND ").join(f"({part.sql})" for part in compiled)
    parameters = tuple(p for part in compiled for p in part.parameters)
    return Scope(f"(({joined}) IS NOT TRUE)" if word == "NOT" else f"({joined})", parameters)


def _condition(name: str, value: Any) -> Scope:
    if isinstance(value, Mapping) and not value:
        raise InvalidInput("a filter needs an operator")
    operators = value if isinstance(value, Mapping) else {"in" if isinstance(value, (list, tuple)) else "eq": value}
    result = EVERYTHING
    for operator, operand in operators.items():
        result = result & _compared(name, operator, operand)
    return result


def _compared(name: str, operator: Any, operand: Any) -> Scope:
    if name in TIMES and operator in ("contains", "icontains"):
        raise InvalidInput("a time is compared with a datetime")
    parameters: tuple[Any, ...] = ()
    if name in COLUMNS:
        left = COLUMNS[name]
    else:
        left, parameters = "json_extract(m.metadata, ?)", (_path(name),)
    if operand == "*" and operator == "eq":
        return Scope(f"{left} IS NOT NULL", parameters)
    if operator in ("eq", "ne") and isinstance(operand, str):
        return _listed(name, left, parameters, [operand], negated=operator == "ne")
    if operator in _COMPARISONS:
        # A memory without the value is different from any value: SQL's NULL would say "unknown".
        missing = f" OR {left} IS NULL" if operator == "ne" else ""
        again = parameters if missing else ()
        value = _operand(name, operand)
        if operator not in ("eq", "ne") and name not in COLUMNS:
            kind = "= 'text'" if isinstance(value, str) else "<> 'text'"
            return Scope(
                f"(typeof({left}) {kind} AND {left} {_COMPARISONS[operator]} ?)", (*parameters, *parameters, value)
            )
        return Scope(f"({left} {_COMPARISONS[operator]} ?{missing})", (*parameters, value, *again))
    if operator in ("in", "nin"):
        return _listed(name, left, parameters, operand, negated=operator == "nin")
    if operator in ("contains", "icontains") and isinstance(operand, str):
        return _part(name, left, parameters, _operand(name, operand), folded=operator == "icontains")
    known = ", ".join([*_COMPARISONS, "in", "nin", "contains", "icontains"])
    raise InvalidInput(f"unknown filter operator, or a value of the wrong kind for it; the operators are {known}")


def _part(name: str, left: str, parameters: tuple[Any, ...], value: str, *, folded: bool) -> Scope:
    """A field that holds a text: as it is stored where nothing in it is masked, else as its reader sees it.

    A whole value is found by its placeholder too, by whoever knows it.
    """
    folded = folded or name == "actor"  # which is compared in one form
    asked = value.casefold() if folded else value
    masked = Scope(f"(m.sealed IS NOT NULL AND instr({left}, ?) > 0)", (*parameters, "<"))
    plain = f"(instr({f'casefold({left})' if folded else left}, ?) > 0 AND NOT {masked.sql})"
    sql = f"({plain} OR instr({left}, nullif(?, ?)) > 0 OR m.number IN (SELECT value FROM json_each(?)))"
    found = (AsStored(value), value, Part(name, asked, folded, masked))
    return Scope(sql, (*parameters, asked, *masked.parameters, *parameters, *found))


def _listed(name: str, left: str, parameters: tuple[Any, ...], operand: Any, *, negated: bool) -> Scope:
    if not isinstance(operand, (list, tuple)) or len(operand) > LIST_MAX:
        raise InvalidInput(f"in and nin take a list of at most {LIST_MAX} values")
    typed = [_operand(name, item) for item in operand]
    values = (*typed, *(AsStored(value) for value in typed if isinstance(value, str)))
    marks = ", ".join("?" * len(values))
    if negated:
        return Scope(f"({left} IS NULL OR {left} NOT IN ({marks}))", (*parameters, *parameters, *values))
    return Scope(f"{left} IN ({marks})", (*parameters, *values))


def _operand(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return to_micros(value)
    if name in TIMES:
        raise InvalidInput("a time is compared with an aware datetime")
    if isinstance(value, str):
        intake.storable(value, "a filter's value")
    if name in COLUMNS and isinstance(value, str):
        value = unicodedata.normalize("NFC", value).strip()
    if name == "actor" and isinstance(value, str):
        return actor_key(value)
    if isinstance(value, bool) or (isinstance(value, (str, int, float)) and _in_range(value)):
        return value
    raise InvalidInput("a filter's value must be a string, a number, a boolean or an aware datetime")


def _in_range(value: str | float) -> bool:
    return isinstance(value, str) or -(2**63) <= value < 2**63


def actor_key(actor: str) -> str:
    """The form of an actor's name that is compared; a placeholder is one form already."""
    return actor if PLACEHOLDER.fullmatch(actor) else actor.casefold()


def _path(name: str) -> str:
    """A JSON path to one member; dots reach into objects."""
    return "$" + "".join("." + json.dumps(part, ensure_ascii=False) for part in name.split("."))
