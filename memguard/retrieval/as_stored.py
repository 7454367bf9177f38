"""A caller's scope over what a vault holds: placeholders in place of what the caller typed.

Equality is asked of placeholders. A part of a value is in no placeholder: `contains` is asked of what the caller sees.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from memguard.errors import InvalidInput
from memguard.privacy.reveal import Reveal
from memguard.records import Record
from memguard.retrieval.scope import COLUMNS, Part, Scope
from memguard.vault import lookups, rows
from memguard.vault.connection import Session

OPENED_MAX = 50_000
"""Memories that one `contains` opens: some three seconds."""
BATCH = 1_000


def as_stored(session: Session, chosen: Scope, label: Callable[[str], str], reveal: Reveal) -> Scope:
    """The scope that is asked of the vault; `reveal` bounds whose values `contains` looks at."""
    return chosen.bound(label, lambda part: json.dumps(list(_holding(session, part, reveal))))


def _holding(session: Session, part: Part, reveal: Reveal) -> Iterator[int]:
    """The numbers of memories whose field is masked, and holds this part as its reader sees it."""
    masked = lookups.numbers(session, part.masked.sql, part.masked.parameters, OPENED_MAX + 1)
    if len(masked) > OPENED_MAX:
        raise InvalidInput(f"contains: more than {OPENED_MAX} memories have masked values there, ask for a whole value")
    for start in range(0, len(masked), BATCH):
        for number, record in rows.records(session, masked[start : start + BATCH], reveal).items():
            seen = _seen(record, part.name)
            if part.text in (seen.casefold() if part.folded else seen):
                yield number


def _seen(record: Record, name: str) -> str:
    """A field as it is compared: JSON where metadata hold more than a string."""
    if name in COLUMNS:
        return str(getattr(record, name))
    value: Any = record.metadata
    for member in name.split("."):
        value = value[member]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
