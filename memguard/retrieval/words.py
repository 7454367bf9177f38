"""Words: a question becomes an FTS5 query of its content words.

Whatever a person types is data: every term is quoted, so `"`, `*`, `NEAR`, `-` and `:` mean nothing. Terms that stand
in a large share of a big vault are left out: measured at 100,000, an OR of them costs 183 ms, of content words 5.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from memguard.retrieval.english import STOP_WORDS
from memguard.retrieval.scope import EVERYTHING, Scope
from memguard.vault.connection import Session

TERMS_MAX = 32
FREQUENT_ROWS_MIN = 2_000
"""Only terms in more rows than this can count as frequent: in small vaults every word is cheap."""
FREQUENT_SHARE = 0.05
KEPT_MIN = 2
"""The rarest terms are kept even where all are frequent."""

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_APOSTROPHE = re.compile(r"['’]")


@dataclass(frozen=True, slots=True)
class Matches:
    """What the word index answered: bm25 (positive, higher is better) by memory number, best first.

    `mean` and `deviation` are those of the whole vault, not only of those listed; who does not match counts as 0.
    """

    scores: dict[int, float]
    mean: float = 0.0
    deviation: float = 0.0


def terms(text: str) -> list[str]:
    """The content words of a question, in order, once each; all of its words where only stop words are left."""
    words = (word.lower().replace("’", "'") for word in _WORD.findall(text))
    found = list(dict.fromkeys(words))
    content = [_APOSTROPHE.split(word)[0] for word in found if word not in STOP_WORDS]
    return list(dict.fromkeys(content))[:TERMS_MAX] or found[:TERMS_MAX]


def match(session: Session, question: str, count: int, rows: int, scope: Scope = EVERYTHING) -> Matches:
    """The `count` memories of a scope that match the question's words best, in a vault of `rows` memories."""
    wanted = _without_frequent(session, terms(question), rows)
    if not wanted or not rows:
        return Matches({})
    query = " OR ".join(f'"{term}"' for term in wanted)
    # The join costs a look-up for every match: only a narrower scope pays it.
    source = "words" if scope.everything else f"words JOIN memories m ON m.number = words.rowid AND {scope.sql}"
    found = session.all(_MATCH.format(source=source), (*scope.parameters, query, count))
    total, squares = found[0][2:] if found else (0.0, 0.0)
    mean = total / rows
    return Matches({row[0]: row[1] for row in found}, mean, max(squares / rows - mean**2, 0.0) ** 0.5)


def _without_frequent(session: Session, wanted: list[str], rows: int) -> list[str]:
    if rows <= FREQUENT_ROWS_MIN or len(wanted) <= KEPT_MIN:
        return wanted
    threshold = int(max(FREQUENT_ROWS_MIN, rows * FREQUENT_SHARE))
    rare = {term for term in wanted if session.one(_COUNT, (f'"{term}"', threshold + 1)) <= threshold}
    if len(rare) < KEPT_MIN:
        counted = sorted((session.one(_COUNT, (f'"{term}"', -1)), term) for term in wanted)
        rare |= {term for _, term in counted[:KEPT_MIN]}
    return [term for term in wanted if term in rare]


# {source} is a constant, or holds a clause that memguard.retrieval.scope builds: columns and `?`, never a value.
_MATCH = """
WITH matched AS MATERIALIZED (
  SELECT words.rowid AS number, -bm25(words, 1.0, 0.6) AS score FROM {source} WHERE words MATCH ?
)
SELECT number, score, sum(score) OVER (), sum(score * score) OVER () FROM matched ORDER BY score DESC, number LIMIT ?
"""
_COUNT = "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)"
