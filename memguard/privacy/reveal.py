"""What is sealed of a memory, and who sees how much of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memguard.privacy.masking import Value, with_strings
from memguard.privacy.placeholders import DROPPED, with_values
from memguard.privacy.policy import Grant, Policy
from memguard.vault.sealing import Seals


def sealed(seals: Seals, values: Mapping[str, Sequence[Value]], memory_id: str) -> bytes | None:
    """The values of a memory's placeholders, by field, sealed for this memory; None where there are none."""
    return seals.sealed(json.dumps(values), memory_id) if values else None


@dataclass(frozen=True, slots=True)
class Reveal:
    """Puts values back in place of placeholders, as far as a grant goes."""

    seals: Seals
    policy: Policy
    levels: Grant

    def __call__(self, memory_id: str, blob: bytes | None, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fields of a memory as its reader may see them."""
        if blob is None or not self.levels:
            return dict(fields)
        values: dict[str, list[Value]] = json.loads(self.seals.opened(blob, memory_id))
        return {name: self._field(value, values.get(name)) for name, value in fields.items()}

    def reads(self, memory_id: str, blob: bytes | None, stored: str, given: str) -> bool:
        """Whether a stored text is this one as it was given; what was not kept of it may have been anything."""
        shown = self(memory_id, blob, {"text": stored})["text"]
        kept = [re.escape(part) for part in shown.split(DROPPED)]
        return bool(re.fullmatch(".+?".join(kept), given, re.DOTALL))

    def _field(self, value: Any, values: list[Value] | None) -> Any:
        if not values:
            return value
        remaining: Iterator[str | None] = iter(
            [text if self.policy.level(type_) in self.levels else None for type_, text in values]
        )
        return with_strings(value, lambda text: with_values(text, remaining))
