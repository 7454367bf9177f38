"""What every copy in memory of a vault shares: it is caught up by the change sequence, in a caller's snapshot (P2)."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import NamedTuple

from memguard.vault.connection import Session


class State(NamedTuple):
    """Which vault file a snapshot is of, and how far its changes and erasures had come."""

    file: int
    change: int
    erase: int


def state_of(session: Session) -> State:
    """The state of the vault in a session's snapshot."""
    return State(session.inode, *session.execute("SELECT change_seq, erase_seq FROM vault").fetchone())


class Copy(ABC):
    """A copy that any process may have made stale. Safe between threads."""

    def __init__(self) -> None:
        self._seen = State(0, 0, 0)
        self._lock = threading.RLock()

    def catch_up(self, session: Session) -> State:
        """Take in what any process wrote or erased since; inside the caller's read transaction, whose state it is."""
        state = state_of(session)
        if state == self._seen:
            return state
        with self._lock:
            if state.file != self._seen.file:  # another file was put in the vault's place by hand
                self._reset()
                self._seen = State(state.file, 0, 0)
            elif state.change <= self._seen.change:
                return state  # another thread's newer snapshot was first: hits are read from this one all the same
            self._check(session, self._seen.change)
            if state.erase != self._seen.erase:
                self._drop_erased(session)
            self._add_new(session, self._seen.change)
            self._seen = state
        return state

    def _check(self, session: Session, since: int) -> None:  # noqa: B027 - most have nothing to object to
        """Raise where the vault must not be copied as it is."""

    @abstractmethod
    def _reset(self) -> None: ...

    @abstractmethod
    def _drop_erased(self, session: Session) -> None: ...

    @abstractmethod
    def _add_new(self, session: Session, since: int) -> None: ...
