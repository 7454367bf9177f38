"""From candidates to an order. Pure functions over arrays.

Evidence is added up, each kind in a unit of its own that does not depend on the size of the vault: cosine, bm25, share
of the question that was matched. A turn is mostly told by those around it; what stands alone, or has few neighbours in
its run, is told by itself. Measured on LoCoMo dev (evidence recall@10): reciprocal rank fusion of words and
MiniLM 59, a tuned linear sum of standardised scores 80, this one 85, with single weights for every kind of text.

The weights were fitted by multinomial logistic regression over the turns of LoCoMo dev, the project's own dialogues,
the demo's story and the developer set together, on bare text; refitted on what masking leaves they stay what they are.
`python -m bench.retrieval` measures it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from memguard.records import Facts
from memguard.retrieval.restatement import may_begin, may_end

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

MEANING, WORDS, ACTOR, LENGTH, ASKS = 3.4, 0.084, 2.6, 0.15, -1.05
"""What a cosine, a point of bm25, the right actor, a doubling of the length, and being a question are worth."""
MATCH, MATCH_NEAR, MATCH_WIDE = 3.5, 2.5, 10.1
"""Share of the question's words matched in the memory; in it and one to each side; in it and two."""
MEANING_ALONE, MATCH_ALONE = 6.8, 11.2
"""What a memory's own cosine and match are worth besides, where no neighbours in a run could speak for it."""
MEANING_BESIDE, WORDS_BESIDE, WORDS_NEAR = 1.0, 0.09, 0.09
"""What stands directly beside in the run, and for words what stands two away: often the question to its answer."""
TELLS_TIME, IN_TIME, ANCHORED = 1.8, 1.0, 0.5
"""Telling a time where one is asked; lying in the span asked about; before or after what the question names."""
FIRST = {
    "MEANING": 9.8, "WORDS": 0.26, "ACTOR": 2.7, "LENGTH": 0.8, "ASKS": -1.1,
    "MEANING_BESIDE": 2.6, "WORDS_BESIDE": 0.18,
}  # fmt: skip
"""The same without the match word by word: what chooses those that are looked at closely."""
COSINE_FLOOR = 0.15
"""A neighbour less similar than this says nothing."""
WORDS_COUNTED_MAX = 60
LETTERS_A_WORD = 5.6
SUPERSEDED_GAP = 0.01
"""By how much what is current leads what it replaced."""
SAME_TOPIC_COSINE = 0.45
"""Two statements at least this close can be about the same (`python -m bench.changes`)."""
LATER_REACH = 10.0
"""How far behind a later statement may be and still lead."""
LATER_HEAD = 8
"""Leading hits among which the later of two close statements is put first."""
DUPLICATE_COSINE = 0.97
"""Two memories this close say the same."""


_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class Candidate:
    """One memory in the running: its number, when it happened, and the parts its score is added up from."""

    number: int
    moment: int
    parts: dict[str, float] = field(default_factory=dict)

    @property
    def score(self) -> float:
        return sum(self.parts.values())


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of n candidates before they are looked at closely; `beside` are [n, 4] places among them, or -1."""

    cosines: Floats
    bm25: Floats
    of_actor: NDArray[np.bool_]
    letters: NDArray[np.int64]
    asks: NDArray[np.int64]
    beside: NDArray[np.int64]


def first_look(e: Evidence) -> dict[str, Floats]:
    """The parts [n] of a score without the match word by word."""
    near = _beside(np.maximum(e.cosines - COSINE_FLOOR, 0), e.beside[:, :2])
    return {
        "meaning": FIRST["MEANING"] * e.cosines,
        "words": FIRST["WORDS"] * e.bm25,
        "context": FIRST["MEANING_BESIDE"] * near + FIRST["WORDS_BESIDE"] * _beside(e.bm25, e.beside[:, :2]),
        "actor": FIRST["ACTOR"] * e.of_actor,
        "shape": FIRST["LENGTH"] * length(e.letters) + FIRST["ASKS"] * e.asks,
    }


def close_look(e: Evidence, close: NDArray[np.int64], matched: Floats) -> dict[str, Floats]:
    """The parts [k] of the score of those at `close`, given how much of the question they match [k, 3]."""
    near = _beside(np.maximum(e.cosines - COSINE_FLOOR, 0), e.beside[close, :2])
    words_near, words_wide = _beside(e.bm25, e.beside[close, :2]), _beside(e.bm25, e.beside[close, 2:])
    company = (e.beside[close] >= 0).mean(axis=1, dtype=np.float32)
    context = company * (MATCH_NEAR * matched[:, 1] + MATCH_WIDE * matched[:, 2])
    return {
        "meaning": (MEANING + MEANING_ALONE * (1 - company)) * e.cosines[close],
        "words": WORDS * e.bm25[close],
        "match": (MATCH + MATCH_ALONE * (1 - company)) * matched[:, 0],
        "context": context + MEANING_BESIDE * near + WORDS_BESIDE * words_near + WORDS_NEAR * words_wide,
        "actor": ACTOR * e.of_actor[close],
        "shape": LENGTH * length(e.letters[close]) + ASKS * e.asks[close],
    }


def total(parts: Mapping[str, Floats]) -> Floats:
    """The scores that parts add up to."""
    scores: Floats = np.sum(list(parts.values()), axis=0, dtype=np.float32)
    return scores


def matched(best: Floats, weights: Floats, own: NDArray[np.int64], beside: NDArray[np.int64]) -> Floats:
    """Shares [k, 3] of a question that memories match: alone, with one to each side in the run, with two.

    `best` [m, tokens] are the best cosines of each of the question's tokens, `weights` [tokens] their weights; `own`
    [k] and `beside` [k, 4] are places in it, or -1 where there is nothing.
    """
    alone = _best_of(best, own[:, None])
    near = np.maximum(alone, _best_of(best, beside[:, :2]))
    wide = np.maximum(near, _best_of(best, beside[:, 2:]))
    return np.stack([alone @ weights, near @ weights, wide @ weights], axis=1)


def length(letters: NDArray[np.int64]) -> Floats:
    """The logarithm of the number of words, up to a bound: a greeting tells less than a story."""
    return np.log1p(np.minimum(letters / LETTERS_A_WORD, WORDS_COUNTED_MAX)).astype(np.float32)


def _beside(values: Floats, places: NDArray[np.int64]) -> Floats:
    summed: Floats = np.where(places >= 0, values[places], 0).sum(axis=1)
    return summed


def _best_of(best: Floats, places: NDArray[np.int64]) -> Floats:
    """The best [k, tokens] of several places [k, p]; what is nowhere matches nothing."""
    highest: Floats = np.where((places >= 0)[:, :, None], best[places], 0).max(axis=1)
    return highest


def ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Best first; ties in the order in which they were written."""
    return sorted(candidates, key=lambda c: (-c.score, c.number))


def later_first(order: list[Candidate], facts: Mapping[int, Facts], cosines: Floats) -> list[Candidate]:
    """Of two close statements about the same, the later one leads: for questions about the present.

    Each earlier statement gives way to one later one at most, the closest. `cosines` [n, n] are those between the
    first n of the order. Nothing leaves the list, nothing enters it.
    """
    head, rest = order[: min(len(cosines), LATER_HEAD)], order[min(len(cosines), LATER_HEAD) :]
    similar = cosines[: len(head), : len(head)].tolist()
    ends, begins = cache(lambda n: may_end(facts[n].text)), cache(lambda n: may_begin(facts[n].text))
    for j in sorted(range(len(head)), key=lambda n: head[n].moment):
        earlier = head[j]
        close = [i for i, cosine in enumerate(similar[j]) if cosine >= SAME_TOPIC_COSINE and i != j]
        later = [i for i in close if _follows(facts[head[i].number], facts[earlier.number])]
        candidates = [i for i in later if ends(earlier.number) and begins(head[i].number)]
        best = max(candidates, key=similar[j].__getitem__, default=None)
        if best is None:
            continue
        behind = earlier.score - head[best].score
        if 0 <= behind <= LATER_REACH:
            head[best].parts["later"] = head[best].parts.get("later", 0.0) + behind + SUPERSEDED_GAP
    return [*ranked(head), *rest]


def _follows(later: Facts, earlier: Facts) -> bool:
    another_run = later.run_id is None or later.run_id != earlier.run_id
    same = another_run and later.moment > earlier.moment and later.actor_key == earlier.actor_key
    return same and not earlier.superseded


def current_first(order: list[Candidate], later_of: Mapping[int, Sequence[int]]) -> list[Candidate]:
    """A superseded memory hands its place to what replaced it and follows right behind."""
    by_number = {c.number: c for c in order}
    for candidate in order:
        for later in later_of.get(candidate.number, ()):
            successor = by_number.get(later)
            if successor is not None and successor.score < candidate.score + SUPERSEDED_GAP:
                successor.parts["current"] = (
                    successor.parts.get("current", 0.0) + candidate.score + SUPERSEDED_GAP - successor.score
                )
    return ranked(order)


def duplicates_last(order: list[Candidate], cosines: Floats, facts: Mapping[int, Facts]) -> list[Candidate]:
    """What says the same as a better hit goes behind all others. `cosines` [n, n] are those of the order."""
    kept: list[int] = []
    again: list[int] = []
    similar = (cosines >= DUPLICATE_COSINE).tolist()
    for i, candidate in enumerate(order):
        same = any(similar[i][k] and _reads_like(facts[candidate.number], facts[order[k].number]) for k in kept)
        (again if same else kept).append(i)
    lowest = min((order[i].score for i in kept), default=0.0)
    for i in again:  # a score says where a hit stands
        order[i].parts["said again"] = min(lowest - SUPERSEDED_GAP - order[i].score, 0.0)
    return [order[i] for i in kept] + ranked(order[i] for i in again)


def _reads_like(a: Facts, b: Facts) -> bool:
    """Whether two texts have the same words and numbers: "port 8080" and "port 8081" are as close as any two texts."""
    one, other = (set(_WORD.findall(of.text.casefold())) for of in (a, b))
    return one == other
