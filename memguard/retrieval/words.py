"""Words: a question becomes an FTS5 query of its content words.

Whatever a person types is data: every term is quoted, so `"`, `*`, `NEAR`, `-` and `:` mean nothing. Terms that stand
in a large share of a big vault are left out: measured at 100,000, an OR of them costs 183 ms, of content words 5.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from memguard.errors import InvalidInput
from memguard.retrieval.question import greetings, holding_all, terms
from memguard.retrieval.scope import EVERYTHING, Scope
from memguard.vault.connection import Session

_QUOTABLE = re.compile(r"\w+")

FREQUENT_ROWS_MIN = 2_000
"""Only terms in more rows than this can count as frequent: in small vaults every word is cheap."""
FREQUENT_SHARE = 0.05
NAMED_MIN, NAMED_MAX = 20, 500
"""Bounds of how many memories hold a name that tells them apart: a frequent one is of whoever is spoken to."""
KEPT_MIN = 2
"""The rarest terms are kept even where all are frequent."""


def match(session: Session, question: str, count: int, rows: int, scope: Scope = EVERYTHING) -> dict[int, float]:
    """bm25 (positive, higher is better) of the `count` memories of a scope that match a question's words best.

    `rows` is how many memories the vault holds.
    """
    wanted = _without_frequent(session, terms(question), rows)
    if not wanted or not rows:
        return {}
    query = " OR ".join(f'"{term}"' for term in wanted)
    # The join costs a look-up for every match: only a narrower scope pays it.
    source = "words" if scope.everything else f"words JOIN memories m ON m.number = words.rowid AND {scope.sql}"
    return dict(session.all(_MATCH.format(source=source), (*scope.parameters, query, count)))


def holders(session: Session, names: Sequence[str], rows: int) -> list[int]:
    """The memories that hold any of these masked names; none where that says little, since so many of `rows` do."""
    query, most = " OR ".join(f'"{name}"' for name in names), int(min(max(NAMED_MIN, rows * FREQUENT_SHARE), NAMED_MAX))
    found = [row[0] for row in session.execute(_HOLDERS, (query, most + 1))]
    return found if len(found) <= most else []


def holding(session: Session, value: str) -> dict[int, str]:
    """The texts of the memories in which the words of a value stand side by side, by number."""
    return dict(session.all(_HOLDING, ('"' + value.replace('"', " ") + '"',)))


def asked_for(request: str) -> Scope:
    """The memories that hold every word of a masked request but those of asking; `InvalidInput` where it has none."""
    query = holding_all(request)
    if not query:
        raise InvalidInput("a request needs a word that says what it is about")
    return Scope("m.number IN (SELECT rowid FROM words WHERE words MATCH ?)", (query,))


def addressed(session: Session, names: list[str]) -> list[str]:
    """Those of these names by which some memory speaks to a person ("hey Ana")."""
    return [name for name in names if session.one(_ANY, (greetings(name),))]


def holds(session: Session, word: str) -> bool:
    """Whether some memory has this word."""
    return bool(session.one(_ANY, (f'"{word}"',))) if _QUOTABLE.fullmatch(word) else True


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
SELECT words.rowid AS number, -bm25(words, 1.0, 0.6) AS score FROM {source} WHERE words MATCH ?
ORDER BY score DESC, number LIMIT ?
"""
_COUNT = "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)"
_HOLDERS = "SELECT rowid FROM words WHERE words MATCH ? LIMIT ?"
_HOLDING = "SELECT m.number, m.text FROM words JOIN memories m ON m.number = words.rowid WHERE words MATCH ?"
_ANY = "SELECT EXISTS (SELECT 1 FROM words WHERE words MATCH ?)"
