"""Cuts a value out of what a rule matched, without the quotes and the sentence around it. Pure."""

from __future__ import annotations

import re

from memguard.privacy.spans import Span

_LEAD = "\"'“‘`«*("
_TRAIL = "\\.,;:?)]}>\"'”’`»*"
_CLAUSE_END = re.compile(
    r"[\"'”’`»*)]{0,3}(?:\s{0,3}$|\s{0,2}[.,;!?)\n](?:\s|$)|\s(?:now|and|but|so|for|if|ok|okay|btw|lol|pls|please"
    r"|thanks|thx|today|yesterday|since|until|from|on|in case|by the way|jetzt|ahora|y|und|et)\b)",
    re.IGNORECASE,
)
_SYLLABLES = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
"""What goes on behind a value where a script puts no space between words."""
UNIT = re.compile(
    r"\s?[-–+]?\s?(?:or more |to \d+ |plus )?(?:char|digit|letter|symbol|byte|bit|day|hour|minute|second|week|month"
    r"|year|time|word|attempt|user|percent|%|line|file|test|long\b|of\b|failed|ms\b|kb\b|mb\b|items?\b|people|tokens"
    r"|k?m\b)",
    re.IGNORECASE,
)
"""What makes a number in front of it a count: "12 characters", "4821 ms"."""


def ends_clause(text: str, end: int) -> bool:
    """Whether a clause stops here, as it does behind a password that is an ordinary word."""
    return _CLAUSE_END.match(text, end) is not None


def last_group(match: re.Match[str]) -> int:
    """The group that holds the value: of a rule's alternatives, the one that matched."""
    return match.lastindex or 0


def span(match: re.Match[str], group: int, type_: str, score: float = 1.0) -> Span:
    return Span(match.start(group), match.end(group), type_, score)


def trimmed(match: re.Match[str], group: int, type_: str) -> Span:
    """Without the quotes and the sentence's own punctuation around a value; a bracket that the value opened stays."""
    start, end = match.span(group)
    text = match.string
    if text[start : start + 1].isascii() and (spoken := _SYLLABLES.search(text, start, end)):
        end = spoken.start()
    while start < end and text[start] in _LEAD:
        start += 1
    while start < end and text[end - 1] in _TRAIL:
        opening = {")": "(", "]": "[", "}": "{", ">": "<"}.get(text[end - 1])
        if opening and opening in text[start:end]:
            break
        end -= 1
    return Span(start, end, type_)
