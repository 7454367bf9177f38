"""The rows of reveals: that somebody asked what a placeholder stands for, and when. They go with the placeholder."""

from __future__ import annotations

from memguard.clock import from_micros
from memguard.outcomes import Revealed
from memguard.privacy.placeholders import written
from memguard.vault.connection import Session


def note_reveal(session: Session, code: str, now: int) -> None:
    """Record that a placeholder's value is handed out, without the value."""
    session.execute(_NOTE, (now, code))


def reveals(session: Session) -> list[Revealed]:
    """Every reveal of placeholders that are still there, oldest first."""
    return [Revealed(written(type_, code), from_micros(at)) for type_, code, at in session.all(_REVEALS)]


_NOTE = "INSERT INTO reveals (placeholder, at) SELECT number, ? FROM placeholders WHERE code = ?"
_REVEALS = """
SELECT p.type, p.code, r.at FROM reveals r JOIN placeholders p ON p.number = r.placeholder ORDER BY r.number
"""
