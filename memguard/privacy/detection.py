"""Several detectors as one: what an earlier one finds, a later one does not touch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from memguard.privacy.spans import Detector, Span


class Layers:
    """Detectors in the order in which they are believed: secrets first, else their digits become phones."""

    def __init__(self, *detectors: Detector) -> None:
        self._detectors = detectors
        self.name = "+".join(detector.name for detector in detectors)

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        """For each text its spans, by start, none overlapping another."""
        found = [detector.find(texts) for detector in self._detectors]
        return [merged(*layers) for layers in zip(*found, strict=True)]


def merged(*layers: Iterable[Span]) -> list[Span]:
    """All spans of the first layer, and of each further one what overlaps none so far; by start."""
    taken: list[Span] = []
    for layer in layers:
        free = [span for span in layer if not any(span.start < t.end and t.start < span.end for t in taken)]
        taken += free
    return sorted(taken)
