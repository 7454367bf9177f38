"""What a detector finds in a text, and the contract of every detector. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Span(NamedTuple):
    """A stretch of a text that is personal or secret: character offsets, end exclusive, its type and how sure it is."""

    start: int
    end: int
    type: str
    score: float = 1.0


class Detector(Protocol):
    """Finds what is personal in texts. A caller may hand `Memory` its own."""

    name: str
    """Names the detector and its version; memories that another one screened are told by it."""

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        """For each text its spans, by start, none overlapping another."""
