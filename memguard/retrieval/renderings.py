"""The forms of a memory that indexes are made of. Pure."""

from __future__ import annotations

from memguard.clock import from_micros
from memguard.records import Draft


def speaking(actor: str | None, text: str) -> str:
    """Who speaks, then the text."""
    return f"{actor}: {text}" if actor else text


def tags(draft: Draft, recorded_at: int) -> str:
    """Further words a memory is found by: who, and the date it speaks of (worth 7 points on temporal questions)."""
    moment = from_micros(draft.happened_at or recorded_at, draft.happened_offset)
    return f"{draft.actor or ''} {moment:%A} {moment.day} {moment:%B %Y}".strip()
