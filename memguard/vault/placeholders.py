"""The rows of placeholders: what each stands for, sealed, and found by keyed hash only."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping
from typing import NamedTuple

from memguard.privacy.placeholders import new_code, written
from memguard.privacy.policy import LITERAL, kind_of
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

    def __init__(self, session: Session, seals: Seals, seq: int, own: Container[str] = ()) -> None:
        """`own` are the forms of the values that detectors find in what is masked."""
        self._session = session
        self._seals = seals
        self._seq = seq
        self._own = own
        self.numbers: list[int] = []
        """Of all placeholders given so far, in order."""
        self.uses: dict[int, bool] = {}
        """Each of them once, and whether a detector finds the value here."""
        self.new: dict[str, str] = {}
        """The forms of values that had none so far, and their types."""

    def __call__(self, value: str, type_: str) -> str:
        compared = form(value)
        lookup = self._seals.lookup(compared)
        while True:
            found = self._session.execute(_OF_VALUE, (lookup,)).fetchone()
            if found is not None:
                self.numbers.append(found[0])
                self.uses[found[0]] = self.uses.get(found[0], False) or compared in self._own or type_ == LITERAL
                return written(self._surest(found[0], found[1], type_), found[2])
            code = new_code()  # drawn again where it is taken
            row = (code, type_, lookup, self._seals.sealed(value, code), self._seq)
            if self._session.execute(_INSERT, row).rowcount == 1:
                self.new[compared] = type_
                if type_ == "PERSON":
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


def held_by(session: Session, memories: Iterable[int]) -> set[int]:
    """The placeholders that memories hold."""
    found = session.execute(_HELD_BY, (json.dumps(list(memories)),))
    return {row[0] for row in found}


def note_uses(session: Session, uses: Mapping[int, bool], memory: int) -> None:
    """Record which placeholders a memory holds, and which of their values are found in it, in place of those before."""
    session.execute("DELETE FROM placeholder_uses WHERE memory = ?", (memory,))
    session.executemany(
        "INSERT INTO placeholder_uses (placeholder, memory, found) VALUES (?, ?, ?)",
        [(number, memory, found) for number, found in uses.items()],
    )


def any_since(session: Session, change: int) -> bool:
    """Whether values became known after this change."""
    return bool(session.one("SELECT EXISTS (SELECT 1 FROM placeholders WHERE seq > ?)", (change,)))


def note_for_models(session: Session, seals: Seals, wordings: Mapping[int, str]) -> None:
    """Record that these stand in a text that a model is given, written so: its answer is restored to that wording."""
    codes = dict(session.all(_CODES, (json.dumps(list(wordings)),)))
    rows = [(seals.sealed(value, codes[number]), number) for number, value in wordings.items()]
    session.executemany("UPDATE placeholders SET for_models = 1, value = ? WHERE number = ?", rows)


def let_go(session: Session, placeholders: Iterable[int]) -> list[int]:
    """Of placeholders that were held: erase those that no memory holds any more, no run that was shown one, and no text
    that was masked for a model.

    Returns the memories that hold one whose value nobody finds any more: those are to be looked at again (P8).
    """
    listed = json.dumps(list(placeholders))
    session.execute(_DROP_UNUSED, (listed,))
    return [row[0] for row in session.execute(_UNFOUNDED, (listed,))]


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
_HELD_BY = """
SELECT placeholder FROM placeholder_uses WHERE memory IN (SELECT value FROM json_each(?1))
UNION SELECT placeholder FROM recall_uses WHERE memory IN (SELECT value FROM json_each(?1))
"""
_DROP_UNUSED = """
DELETE FROM placeholders WHERE number IN (SELECT value FROM json_each(?)) AND for_models = 0
  AND NOT EXISTS (SELECT 1 FROM placeholder_uses u WHERE u.placeholder = number)
  AND NOT EXISTS (SELECT 1 FROM recall_uses r WHERE r.placeholder = number)
"""
_UNFOUNDED = """
SELECT DISTINCT u.memory FROM json_each(?) j JOIN placeholders p ON p.number = j.value AND p.for_models = 0
JOIN placeholder_uses u ON u.placeholder = p.number
WHERE NOT EXISTS (SELECT 1 FROM placeholder_uses f WHERE f.placeholder = p.number AND f.found)
  AND NOT EXISTS (SELECT 1 FROM recall_uses r WHERE r.placeholder = p.number)
"""
_CODES = "SELECT number, code FROM placeholders WHERE number IN (SELECT value FROM json_each(?))"
_MEANINGS = "SELECT code, type, value FROM placeholders WHERE code IN (SELECT value FROM json_each(?))"
