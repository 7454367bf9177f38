"""Names and metadata are written by programs: only what its form gives away is looked for there, and no bare number."""

from __future__ import annotations

from collections.abc import Sequence

from memguard.privacy.normal import normal
from memguard.privacy.recognisers import patterns
from memguard.privacy.resolve import resolve
from memguard.privacy.spans import Span


class LabelDetector:
    """E-mail addresses, card numbers and the like, without a tagger: an id is not a phone, a project not a person."""

    name = "patterns/1"

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        """For each text its spans, by start, none overlapping another."""
        return [_found(text) for text in texts]


def _found(text: str) -> list[Span]:
    plain = normal(text)
    found = resolve(plain.text, patterns(plain.text))
    return [Span(*plain.original(span.start, span.end), span.type, span.score) for span in found]
