"""The rows of placeholders: what each stands for, sealed, and found by keyed hash only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from memguard.privacy.placeholders import new_code, written
from memguard.privacy.policy import kind_of
from memguard.privacy.values import form, misspelt, parts
from memguard.vault.connection import Session
from memguard.vault.sealing import Seals


class Meaning(NamedTuple):
    """What a placeholder stands for."""

    type: str
    value: str


class Minting:
    """Gives values their placeholders, in one write transaction: the one that a value has, else a new one.

    The transaction makes it a function of the value, over all threads and processes.
    """

    def __init__(self, session: Session, seals: Seals, seq: int) -> None:
        self._session = session
        self._seals = seals
        self._seq = seq
        self.numbers: list[int] = []
        """Of all placeholders given so far."""

    def __call__(self, value: str, type_: str) -> str:
        lookup = self._seals.lookup(form(value))
        while True:
            found = self._session.execute(_OF_VALUE, (lookup,)).fetchone()
            if found is not None:
                self.numbers.append(found[0])
                return written(self._surest(found[0], found[1], type_), found[2])
            code = new_code()  # drawn again where it is taken
            row = (code, type_, lookup, self._seals.sealed(value, code), self._seq)
            if self._session.execute(_INSERT, row).rowcount == 1 and type_ == "PERSON":
                self._insert_parts(value, code)

    def _surest(self, number: int, before: str, now: str) -> str:
        """The more private of two types of one value, from now on: no grant for the one may show the other."""
        if kind_of(now).level <= kind_of(before).level:
            return before
        self._session.execute("UPDATE placeholders SET type = ?, seq = ? WHERE number = ?", (now, self._seq, number))
        return now

    def _insert_parts(self, name: str, code: str) -> None:
        called, lookup = parts(name), self._seals.lookup
        rows = [(lookup(part), 0, code) for part in called]
        rows += [(lookup(other), 1, code) for part in called or [form(name)] for other in (part, *misspelt(part))]
        self._session.executemany(_INSERT_PART, rows)


def note_use(session: Session, placeholders: Iterable[int], memory: int) -> None:
    """Record which placeholders a memory holds, in place of those it held."""
    session.execute("DELETE FROM placeholder_uses WHERE memory = ?", (memory,))
    session.executemany(
        "INSERT INTO placeholder_uses (placeholder, memory) VALUES (?, ?)",
        [(number, memory) for number in {*placeholders}],
    )


def note_for_models(session: Session, seals: Seals, wordings: Mapping[str, str]) -> None:
    """Record by code what stands in a text that a model is given, as it was written: its answer is restored to that."""
    rows = [(seals.sealed(value, code), code) for code, value in wordings.items()]
    session.executemany("UPDATE placeholders SET for_models = 1, value = ? WHERE code = ?", rows)


def drop_unused(session: Session) -> None:
    """Erase every value that no memory holds any more, no run that was shown one, and no text masked for a model."""
    session.execute(_DROP_UNUSED)


def meanings(session: Session, seals: Seals, codes: Iterable[str]) -> dict[str, Meaning]:
    """What placeholders of these codes stand for; without those that the vault does not know."""
    found = session.execute(_MEANINGS, (json.dumps(list(codes)),))
    return {code: Meaning(type_, seals.opened(value, code)) for code, type_, value in found}


_OF_VALUE = "SELECT number, type, code FROM placeholders WHERE lookup = ?"
_INSERT = """
INSERT INTO placeholders (code, type, lookup, value, seq) VALUES (?, ?, ?, ?, ?) ON CONFLICT (code) DO NOTHING
"""
_INSERT_PART = """
INSERT INTO name_parts (lookup, misspelt, placeholder) SELECT ?, ?, number FROM placeholders WHERE code = ?
ON CONFLICT DO NOTHING
"""
_DROP_UNUSED = """
DELETE FROM placeholders WHERE for_models = 0
  AND number NOT IN (SELECT placeholder FROM placeholder_uses UNION ALL SELECT placeholder FROM recall_uses)
"""
_MEANINGS = "SELECT code, type, value FROM placeholders WHERE code IN (SELECT value FROM json_each(?))"
