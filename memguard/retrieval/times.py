"""Time expressions of a question ("in May", "last week", "3 days ago", "on 5 June 2023") as spans of time. Pure.

A memory is told soon after what it tells of: a span is met up to `TOLD_AFTER` days later as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from memguard.clock import to_micros
from memguard.retrieval.english import MONTHS, SEASONS

TOLD_AFTER = timedelta(days=10)
YEARS_BACK = 10
"""A month or season without a year is looked for in each of these."""
_MONTH = "|".join(f"{month}|{month[:3]}" for month in MONTHS)
_UNITS = {"day": 1, "week": 7, "weekend": 7, "month": 30, "year": 365}
_DAY_FIRST = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH})\b(?:,? (\d{{4}}))?", re.IGNORECASE | re.ASCII
)
_MONTH_FIRST = re.compile(rf"\b({_MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (\d{{4}}))?", re.IGNORECASE | re.ASCII)
_MONTH_ALONE = re.compile(
    rf"\b(?:in|during|since|of|last|this) ({_MONTH})\b(?:,? (\d{{4}}))?", re.IGNORECASE | re.ASCII
)
_SEASON = re.compile(r"\b(spring|summer|autumn|fall|winter)\b(?:(?: of)? (\d{4}))?", re.IGNORECASE | re.ASCII)
_YEAR = re.compile(r"\b(?:in|during|since) (\d{4})\b(?!-\d)", re.IGNORECASE | re.ASCII)
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_AGO = re.compile(
    r"\b(\d{1,6}|an?|one|two|three|four|five|six|couple of) (day|week|month|year)s? ago\b", re.IGNORECASE | re.ASCII
)
_LAST = re.compile(r"\b(last|past|this) (day|week|weekend|month|year)\b", re.IGNORECASE | re.ASCII)
_ANCHOR = re.compile(r"\b(before|until|after|since) (\w[^,;?]{3,80})", re.IGNORECASE)
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "couple of": 2}


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` up to `end`, in microseconds since 1970 UTC."""

    start: int
    end: int


def spans(question: str, now: datetime) -> list[Span]:
    """The spans of time that a question speaks of, as seen at `now`; none where it speaks of none."""
    return [Span(to_micros(start), to_micros(end + TOLD_AFTER)) for start, end in _spans(question, now)]


def anchor(question: str) -> tuple[str, str] | None:
    """("before" | "after", what) of a question such as "where did I live before the move?"; None for any other."""
    match = _ANCHOR.search(question)
    if match is None:
        return None
    return ("before" if match[1].lower() in ("before", "until") else "after"), match[2]


def _spans(question: str, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    dates = [(m[3], m[2], m[1]) for m in _DAY_FIRST.finditer(question)]
    dates += [(m[3], m[1], m[2]) for m in _MONTH_FIRST.finditer(question)]
    for year, month, day in dates:
        for of in _years(year, now):
            yield from _checked(of, _month(month), int(day), days=1)
    for iso in _ISO.finditer(question):
        yield from _checked(int(iso[1]), int(iso[2]), int(iso[3]), days=1)
    if not dates:
        for match in _MONTH_ALONE.finditer(question):
            for of in _years(match[2], now):
                yield from _checked(of, _month(match[1]), 1, days=31)
    for match in _SEASON.finditer(question):
        first, last = SEASONS[match[1].lower()]
        for of in _years(match[2], now):
            yield from _checked(of, first, 1, days=31 * ((last - first) % 12 + 1))
    for match in _YEAR.finditer(question):
        yield from _checked(int(match[1]), 1, 1, days=366)
    yield from _relative(question.lower(), now)


def _relative(question: str, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    if "yesterday" in question:
        yield now - timedelta(days=2), now
    if "today" in question or "this morning" in question:
        yield now - timedelta(days=1), now
    for match in _AGO.finditer(question):
        count = int(match[1]) if match[1].isdigit() else _COUNTS[match[1]]
        unit = _UNITS[match[2]]
        if count * unit <= 365 * 100:
            then = now - timedelta(days=count * unit)
            yield then - timedelta(days=unit / 2), then + timedelta(days=unit / 2)
    for match in _LAST.finditer(question):
        yield now - timedelta(days=_UNITS[match[2]] * (2 if match[1] == "last" else 1)), now


def _years(year: str | None, now: datetime) -> list[int]:
    return [int(year)] if year else list(range(now.year - YEARS_BACK, now.year + 1))


def _month(name: str) -> int:
    return next(i for i, month in enumerate(MONTHS, start=1) if month.startswith(name.lower()[:3]))


def _checked(year: int, month: int, day: int, days: int) -> Iterator[tuple[datetime, datetime]]:
    if not 1900 <= year < 2200:
        return
    try:
        start = datetime(year, month, day, tzinfo=UTC)
    except ValueError:  # 31 June
        return
    yield start, start + timedelta(days=days)
