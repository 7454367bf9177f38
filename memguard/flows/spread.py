"""what a write makes known -> the memories that hold it as it was typed -> they are to be looked at again.

So what stands masked in a vault depends on what it holds, not on the order in which that was written: a name that is
found in one memory is masked in all others, and no more once that memory has gone (P8).
"""

from __future__ import annotations

from memguard.flows.screen import Masked
from memguard.privacy.known import Known
from memguard.privacy.values import occurs
from memguard.retrieval import words
from memguard.vault import placeholders, rows
from memguard.vault.connection import Session


class Spread:
    """Collects what one write transaction makes known, and marks what is to be looked at again."""

    def __init__(self, session: Session, known: Known, since: int) -> None:
        """`since` is the change sequence up to which values were known when the drafts were screened."""
        self._session = session
        self._late = known if placeholders.any_since(session, since) else None
        if self._late is not None:
            known.catch_up(session)  # before this transaction writes: it may still be rolled back
        self._new: dict[str, str] = {}
        self._held: set[int] = set()
        self._again: set[int] = set()

    def note(self, number: int, found: Masked) -> None:
        """A memory is stored, or stored anew."""
        self._new |= found.new
        self._held |= found.uses.keys() | placeholders.held_by(self._session, [number])
        placeholders.note_uses(self._session, found.uses, number)
        if self._late is not None and self._late.spans(found.draft.text):
            self._again.add(number)  # of somebody who wrote while this was screened

    def note_earlier(self, found: Masked) -> None:
        """An earlier wording is masked anew. It makes nothing known: its own list of values restores it, and what only
        it holds goes again, or a memory that has it would be looked at for ever."""
        self._held |= found.uses.keys()

    def mark(self) -> None:
        """Once all is written: mark the memories that hold what is known only now, or is known no more."""
        for value, type_ in self._new.items():
            found = words.holding(self._session, value)
            self._again |= {number for number, text in found.items() if occurs(text, value, type_)}
        rows.look_again(self._session, {*self._again, *placeholders.let_go(self._session, self._held)})
