"""Pattern recognisers: what can be told by its shape, or by the words before it. Pure.

A shape alone counts only where it is rare in text that is not personal, or where a checksum proves it. Everything else
is anchored: the words before the value say what it is, and only the value is taken. Developers write digests, versions,
ports and numbers of every length all day, and none of those may turn into a phone number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from memguard.privacy.checks import is_test_card
from memguard.privacy.developers import stands_among_code
from memguard.privacy.rules import Rule
from memguard.privacy.sayings import SAYINGS
from memguard.privacy.shapes import SHAPES
from memguard.privacy.spans import Span

RULES = (*SHAPES, *SAYINGS)


def patterns(text: str) -> Iterator[Span]:
    """Every span that a rule finds; they may overlap."""
    lowered = text.lower()
    for rule in RULES:
        if any(need in lowered for need in rule.needs):
            for match in rule.pattern.finditer(text):
                if rule.accepts(match["v"]) and not _is_example(rule, match):
                    yield Span(*match.span("v"), rule.type, rule.score)


def _is_example(rule: Rule, match: re.Match[str]) -> bool:
    return rule.type == "CREDIT_CARD" and is_test_card(match["v"]) and stands_among_code(match.string, match.start("v"))
