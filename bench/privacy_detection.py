"""How much of what is personal does the detector find, and what does it take for personal that is not?

    python -m bench.privacy_detection [--data ../shared/data]

strict      same offsets and same type        relaxed     same type, any overlap
characters  the union of characters, whatever the type
flagged     texts without anything personal in which a type that is masked by default was found

Rules were tuned on the templates of half "tuned" only; half "held out" was measured, not read. A template is in one
half, by the hash of its id. Secrets win every overlap, where `memguard.privacy.secrets` is there.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from bench.common import need, parser, report
from memguard.privacy.detector import PresidioDetector
from memguard.privacy.spans import Detector, Span

Spans = list[list[Span]]
PARTS = {"conversational": "memguard-synth/conv", "presidio-research": "presidio-research/"}
UNMASKED = frozenset(("ORGANIZATION", "NRP", "DATE_TIME", "URL"))
BATCH = 256
HALVES = ("tuned", "held out")


def main() -> None:
    options = parser(__doc__).parse_args()
    lines = need(options.data / "pii" / "dev.jsonl").read_text().splitlines()
    rows = [row for row in map(json.loads, lines) if any(row["source"].startswith(p) for p in PARTS.values())]
    detector = PresidioDetector()
    loading = time.perf_counter()
    detector.find(["load"])
    loaded = time.perf_counter()
    found = combined([detector, *secrets()], [row["text"] for row in rows])
    table = [
        scored(
            f"{part}, {half}", [(row, spans) for row, spans in zip(rows, found, strict=True) if of(row, prefix, half)]
        )
        for part, prefix in PARTS.items()
        for half in HALVES
    ]
    report(
        "privacy-detection", [*table, *speed(detector, rows)], load_seconds=round(loaded - loading, 2), data="pii dev"
    )


def secrets() -> list[Detector]:
    """The detector of secrets, where it is there."""
    if importlib.util.find_spec("memguard.privacy.secrets") is None:
        return []
    made: Detector = importlib.import_module("memguard.privacy.secrets").SecretDetector()
    return [made]


def combined(detectors: Sequence[Detector], texts: list[str]) -> Spans:
    """Spans of all detectors; those of a later one win every overlap."""
    merged: Spans = [[] for _ in texts]
    for detector in detectors:
        for start in range(0, len(texts), BATCH):
            for i, spans in enumerate(detector.find(texts[start : start + BATCH]), start=start):
                merged[i] = sorted([*(s for s in merged[i] if not any(overlap(s, o) for o in spans)), *spans])
    return merged


def of(row: dict[str, Any], prefix: str, half: str) -> bool:
    return (
        row["source"].startswith(prefix) and HALVES[hashlib.sha256(row["template"].encode()).digest()[-1] % 2] == half
    )


def scored(what: str, pairs: list[tuple[dict[str, Any], list[Span]]]) -> dict[str, Any]:
    """One row of the table: precision, recall and F1 over all spans of these texts."""
    gold = [[Span(s["start"], s["end"], s["type"]) for s in row["spans"]] for row, _ in pairs]
    found = [spans for _, spans in pairs]
    clean = [masked(spans) for row, spans in pairs if row["source"].endswith("conv-neg")]
    return {
        "what": what,
        "texts": len(pairs),
        **figures("strict", *matched(gold, found, lambda a, b: a[:3] == b[:3])),
        **figures("relaxed", *matched(gold, found, lambda a, b: a.type == b.type and overlap(a, b))),
        **figures("characters", *characters(gold, found)),
        "flagged": f"{sum(clean)}/{len(clean)}" if clean else "",
    }


def matched(gold: Spans, found: Spans, same: Callable[[Span, Span], bool]) -> tuple[float, float]:
    """Precision and recall over spans."""
    right = sum(any(same(a, b) for a in of) for spans, of in zip(found, gold, strict=True) for b in spans)
    met = sum(any(same(a, b) for b in by) for spans, by in zip(gold, found, strict=True) for a in spans)
    return right / max(1, sum(map(len, found))), met / max(1, sum(map(len, gold)))


def characters(gold: Spans, found: Spans) -> tuple[float, float]:
    """Precision and recall over characters."""
    pairs = [(covered(a), covered(b)) for a, b in zip(gold, found, strict=True)]
    both = sum(len(a & b) for a, b in pairs)
    return both / max(1, sum(len(b) for _, b in pairs)), both / max(1, sum(len(a) for a, _ in pairs))


def figures(name: str, precision: float, recall: float) -> dict[str, Any]:
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return {f"{name} P": round(precision, 3), f"{name} R": round(recall, 3), f"{name} F1": round(f1, 3)}


def speed(detector: PresidioDetector, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Milliseconds a text, warm: one by one and in batches."""
    texts = [row["text"] for row in rows[: 2 * BATCH]]
    result = []
    for what, size in (("one by one", 1), (f"batches of {BATCH}", BATCH)):
        began = time.perf_counter()
        for start in range(0, len(texts), size):
            detector.find(texts[start : start + size])
        result.append(
            {"what": f"ms a text, {what}", "texts": round(1000 * (time.perf_counter() - began) / len(texts), 2)}
        )
    return result


def overlap(a: Span, b: Span) -> bool:
    return a.start < b.end and b.start < a.end


def covered(spans: list[Span]) -> set[int]:
    return {i for span in spans for i in range(span.start, span.end)}


def masked(spans: list[Span]) -> bool:
    return any(span.type not in UNMASKED for span in spans)


if __name__ == "__main__":
    main()
