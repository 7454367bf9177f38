"""Overlapping spans to final ones: each character belongs to at most one. Pure."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from itertools import islice
from operator import itemgetter

from memguard.privacy.spans import Span

_EDGE = " \t\r\n,;:.!?\"'()[]{}<>|*_`~-"
_KEPT_AT_EDGE = {"PHONE_NUMBER": "(", "PERSON": "."}
"""A phone number begins with a bracket, and an initial ends with a full stop."""
_DIVISIBLE = frozenset(("PERSON", "LOCATION", "ORGANIZATION"))
"""What is left of such a span beside a surer one is still one: a tagger takes the e-mail address beside a name in."""
_LEFTOVER_MIN = 3


def resolve(text: str, spans: Iterable[Span]) -> list[Span]:
    """The surest span wins, then the longest, then the first; what a winner leaves of a name or a place remains."""
    taken: list[Span] = []
    for span in sorted(spans, key=lambda s: (-s.score, s.start - s.end, s.start, s.type)):
        for left in _outside(span, taken):
            trimmed = _trimmed(text, left)
            whole = (left.start, left.end) == (span.start, span.end)
            if trimmed is not None and (whole or trimmed.end - trimmed.start >= _LEFTOVER_MIN):
                insort(taken, trimmed)
    return taken


def _outside(span: Span, taken: list[Span]) -> Iterator[Span]:
    """The parts of a span that no taken one covers; none if a span of its type may not be divided."""
    across = list(_across(span, taken))
    if not across:
        yield span
    elif span.type in _DIVISIBLE:
        start = span.start
        for other in across:
            if start < other.start:
                yield span._replace(start=start, end=other.start)
            start = max(start, other.end)
        if start < span.end:
            yield span._replace(start=start)


def _across(span: Span, taken: list[Span]) -> Iterator[Span]:
    """Those of the taken spans, which are in order and apart, that a span overlaps."""
    first = bisect_left(taken, span.start, key=itemgetter(0))
    for other in islice(taken, max(0, first - 1), None):
        if other.start >= span.end:
            return
        if span.start < other.end:
            yield other


def _trimmed(text: str, span: Span) -> Span | None:
    """Without the spaces and signs at its edges, and without a possessive ending."""
    kept = _KEPT_AT_EDGE.get(span.type, "")
    start, end = span.start, span.end
    while start < end and text[start] in _EDGE and text[start] not in kept:
        start += 1
    while end > start and text[end - 1] in _EDGE:
        end -= 1
    if span.type in _DIVISIBLE and text[max(start, end - 2) : end].lower() in ("'s", "\u2019s"):
        end -= 2
    if kept == "." and text[end : end + 1] == "." and _is_initial(text, end) and end < span.end:
        end += 1
    return span._replace(start=start, end=end) if start < end else None


def _is_initial(text: str, end: int) -> bool:
    return text[end - 1].isupper() and not text[max(0, end - 2) : end - 1].isalnum()
