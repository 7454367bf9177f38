"""What is held in memory of a vault, against what the vault says by SQL of its own."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from memguard.retrieval.index import Index, TokenCache
from memguard.retrieval.places import COLUMNS, NEVER, Places
from memguard.retrieval.vectors import VectorIndex
from memguard.vault.connection import Session
from memguard.vault.embedded import CHUNK_BITS


def is_a_copy(index: Index, session: Session) -> bool:
    """Whether all copies hold what the vault holds, and nothing else."""
    return (
        _vectors(index.vectors, session)
        and places_of(index.places) == _places(session)
        and neighbours_of(index.places) == _neighbours(session)
        and actors_of(index.places) == _actors(session)
        and speakers_of(index.places) == {speaker for _, _, _, speaker, *_ in _places(session).values() if speaker}
        and _tokens(index.tokens, session)
    )


def _speaker(actor: str | None, text: str) -> str | None:
    """The first word of a text that says itself who speaks: "Ana: hello"."""
    text = re.sub(r"^<(\w+)>", r"\1", text)  # a masked name
    head = text[:80].partition(":")[0]
    found = re.match(r"\w+", head)
    says = actor is None and found is not None and text[len(head) : len(head) + 2] == ": " and "\n" not in head
    return found[0].lower() if found is not None and says and len(head) - found.end() <= 60 else None


def places_of(places: Places) -> dict[int, tuple[Any, ...]]:
    """What the places say of each memory, with the names behind the codes."""
    numbers = np.flatnonzero(places.column("letters", np.arange(places._size)))
    columns = {name: places.column(name, numbers).tolist() for name in COLUMNS}
    for name, codes in (("run", places._runs), ("actor", places._actors), ("speaker", places._speakers)):
        names = {code: key for key, code in codes.items()}
        columns[name] = [names.get(code) for code in columns[name]]
    return dict(zip(numbers.tolist(), zip(*columns.values(), strict=True), strict=True))


def neighbours_of(places: Places) -> dict[int, list[int]]:
    """The neighbours of each memory, two to each side."""
    numbers = np.array(sorted(places_of(places)), np.int64)
    return dict(zip(numbers.tolist(), places.around(numbers, 2).tolist(), strict=True))


def actors_of(places: Places) -> dict[str, list[str]]:
    """By each part of a name, the actors of whose names it is one."""
    names = {code: key for key, code in places._actors.items()}
    return {part: sorted(names[code] for code in codes) for part, codes in places._by_part.items()}


def speakers_of(places: Places) -> set[str]:
    """The first words of texts that say themselves who speaks."""
    return set(places._speakers)


def _vectors(index: VectorIndex, session: Session) -> bool:
    stored = session.all("SELECT memory << ? | chunk, vector FROM embeddings", (CHUNK_BITS,))
    ids = np.array([number for number, _ in stored], np.int64)
    halved = np.frombuffer(b"".join(vector for _, vector in stored), np.float32).astype(np.float16)
    return len(index) == len(ids) and np.array_equal(index.vectors(ids).ravel(), halved.astype(np.float32))


def _tokens(held: TokenCache, session: Session) -> bool:
    stored = dict(session.all(_TOKENS, (CHUNK_BITS,)))
    counted = sum(len(blob) for blob in held._held.values()) == held._bytes
    return counted and all(stored.get(chunk, b"") == blob for chunk, blob in held._held.items())


def _places(session: Session) -> dict[int, tuple[Any, ...]]:
    return {
        number: (run, order, actor, _speaker(actor, text), *rest)
        for number, run, order, actor, text, *rest in session.all(_PLACES, (NEVER,))
    }


def _neighbours(session: Session) -> dict[int, list[int]]:
    nobody = {number: [-1] * 4 for (number,) in session.all("SELECT number FROM memories")}
    return nobody | {number: list(beside) for number, *beside in session.all(_NEIGHBOURS)}


def _actors(session: Session) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for (key,) in session.all("SELECT DISTINCT actor_key FROM memories WHERE actor_key IS NOT NULL ORDER BY 1"):
        for part in sorted({word.strip("<>").lower() for word in key.split()}):
            if len(part) > 2:
                found.setdefault(part, []).append(key)
    return found


_PLACES = """
SELECT number, run_id, ifnull(run_order, 0), actor_key, text, ifnull(happened_at, recorded_at),
  iif(status = 'held', 0, ifnull(expires_at, ?)), length(text), rtrim(text) LIKE '%?'
FROM memories
"""
_NEIGHBOURS = """
SELECT number, lag(number, 1, -1) OVER line, lead(number, 1, -1) OVER line, lag(number, 2, -1) OVER line,
  lead(number, 2, -1) OVER line
FROM memories WHERE run_id IS NOT NULL AND status = 'active'
WINDOW line AS (PARTITION BY run_id ORDER BY run_order)
"""
_TOKENS = """
SELECT e.memory << ? | e.chunk, t.vectors FROM token_vectors t JOIN embeddings e ON e.number = t.embedding
"""
