"""What a rule of the pattern recognisers is. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

CHECKED, ANCHORED, SHAPED = 1.0, 0.95, 0.9
"""How sure a span is: proven by a checksum, told by the words before it, told by its shape."""


class Rule(NamedTuple):
    """`pattern` takes the value as its group `v`. It is only tried where the text has one of `needs` in lower case."""

    type: str
    pattern: re.Pattern[str]
    needs: tuple[str, ...]
    score: float = ANCHORED
    accepts: Callable[[str], bool] = bool


def rule(type_: str, pattern: str, needs: str, score: float = ANCHORED, accepts: Callable[[str], bool] = bool) -> Rule:
    """A rule of one type; `needs` are words or signs, with spaces between. Case makes no difference."""
    return Rule(type_, re.compile(pattern, re.IGNORECASE), tuple(needs.split()), score, accepts)
