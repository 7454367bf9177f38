"""How does a search grow with the vault? p50 at 1,000, 10,000 and 100,000 memories, and for frequent words.

    python -m bench.growth [--memories 1000 10000 100000] [--rounds 120]

A memory is two sentences of the project's own conversations, masked as always. To fill a vault in minutes each sentence
is read once by the detector and the model: a memory's spans are those of its two sentences, its vectors put together
from theirs (mean of the vectors, the token vectors one after the other). Questions go through the real model, and
everything from the vault on is real. `frequent` questions consist of the words that most memories hold.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate, chain
from statistics import median
from typing import Any, TypeVar

import numpy as np

from bench.common import ROOT, fresh_memory, parser, report
from bench.corpus import questions, sentences
from memguard import Memory
from memguard.privacy.detector import PresidioDetector
from memguard.privacy.spans import Span
from memguard.retrieval.embedder import Encoded, PackagedEmbedder
from memguard.retrieval.question import terms
from memguard.settings import Settings

FREQUENT_WORDS = 40
BETWEEN = " / "
Read = TypeVar("Read")


class FromSentences(PackagedEmbedder):
    """The packaged model for questions; for memories, what it makes of their sentences as they are masked."""

    def __init__(self, *settings: Any) -> None:
        super().__init__(*settings)
        self._known: dict[str, Encoded] = {}

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        halves = [text.split(BETWEEN) for text in texts]
        self._known |= learnt(self._known, halves, super().encode)
        return [self._joined(*half) for half in halves]

    def _joined(self, first: str, second: str) -> Encoded:
        a, b = self._known[first], self._known[second]
        mean = a.vectors[:1] + b.vectors[:1]
        return Encoded(mean / np.linalg.norm(mean), [a.tokens[0] + b.tokens[0]])


class BySentence:
    """The packaged detector, which reads each sentence once."""

    name = "by sentence"

    def __init__(self) -> None:
        self._reader = PresidioDetector()
        self._known: dict[str, list[Span]] = {}

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        halves = [text.split(BETWEEN) for text in texts]
        self._known |= learnt(self._known, halves, self._reader.find)
        return [[span for start, part in _placed(half) for span in self._shifted(start, part)] for half in halves]

    def _shifted(self, start: int, part: str) -> list[Span]:
        return [span._replace(start=span.start + start, end=span.end + start) for span in self._known[part]]


def _placed(parts: Sequence[str]) -> list[tuple[int, str]]:
    """The parts of a text with where each begins."""
    starts = accumulate((len(part) + len(BETWEEN) for part in parts[:-1]), initial=0)
    return list(zip(starts, parts, strict=True))


def learnt(
    known: Mapping[str, Read], halves: Iterable[Sequence[str]], read: Callable[[list[str]], list[Read]]
) -> dict[str, Read]:
    """What is read in those sentences that are not known yet."""
    new = [part for part in dict.fromkeys(chain.from_iterable(halves)) if part not in known]
    return dict(zip(new, read(new), strict=True)) if new else {}


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--memories", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    arguments.add_argument("--rounds", type=int, default=120)
    options = arguments.parse_args()
    parts = source()
    corpus = pairs(parts, max(options.memories))
    settings = Settings.load()
    embedder = FromSentences(settings.cache, settings.threads)
    with fresh_memory(embedder=embedder, detector=BySentence()) as memory:
        for size in options.memories:
            memory.add_many([{"text": text} for text in corpus[:size]], user_id=str(size))
        plain, frequent = questions(), frequent_questions(corpus)
        rows = [
            {"what": what, **timed(memory, options.memories, asked, options.rounds)}
            for what, asked in (("questions", plain), ("frequent words", frequent))
        ]
    report("growth", rows)


def source() -> list[str]:
    """Sentences of the story and the dialogues, all different."""
    found = list(sentences())
    for path in sorted((ROOT / "bench" / "data" / "dialogues").glob("*.json")):
        conversation = json.loads(path.read_text())[0]["conversation"]
        turns = [turn["text"] for group in conversation.values() if isinstance(group, list) for turn in group]
        found += [s.strip() for text in turns for s in re.split(r"(?<=[.!?])\s+", text) if len(s.split()) >= 4]
    return [part for part in dict.fromkeys(found) if BETWEEN not in part]


def pairs(parts: Sequence[str], count: int) -> list[str]:
    pick = random.Random(1)
    drawn: dict[str, None] = {}
    while len(drawn) < count:
        drawn[BETWEEN.join(pick.sample(parts, 2))] = None
    return list(drawn)


def frequent_questions(corpus: Sequence[str]) -> list[str]:
    """Questions of four words each, drawn from those that most of a sample of the memories hold."""
    held = Counter(word for text in corpus[:5_000] for word in terms(text))
    words = [word for word, _ in held.most_common(FREQUENT_WORDS)]
    pick = random.Random(2)
    return [" ".join(pick.sample(words, 4)) for _ in range(60)]


def timed(memory: Memory, sizes: Sequence[int], asked: Sequence[str], rounds: int) -> dict[str, Any]:
    """Medians in milliseconds, the sizes asked in turn, after a first round that brings the copies up."""
    taken: dict[int, list[float]] = {size: [] for size in sizes}
    for place in range(-len(asked[:10]), rounds):
        for size in sizes:
            started = time.perf_counter()
            memory.search(asked[place % len(asked)], user_id=str(size))
            if place >= 0:
                taken[size].append(1000 * (time.perf_counter() - started))
    row: dict[str, Any] = {f"p50 at {size}": f"{median(times):.1f} ms" for size, times in taken.items()}
    row["p99 at the largest"] = f"{np.quantile(taken[sizes[-1]], 0.99):.1f} ms"
    return row | {"growth": median(taken[sizes[-1]]) / median(taken[sizes[0]])}


if __name__ == "__main__":
    main()
