"""What every copy in memory of a vault shares: it is caught up by the change sequence, in a caller's snapshot (P2)."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

from memguard.vault.connection import Session


class Copy(ABC):
    """A copy that any process may have made stale. Safe between threads."""

    def __init__(self) -> None:
        self._seen = (0, 0)
        self._file = 0
        self._lock = threading.RLock()

    def catch_up(self, session: Session) -> None:
        """Take in what any process wrote or erased since; inside the caller's read transaction."""
        change, erase = session.execute("SELECT change_seq, erase_seq FROM vault").fetchone()
        if (change, erase) == self._seen and session.inode == self._file:
            return
        with self._lock:
            if session.inode != self._file:  # another file was put in the vault's place by hand
                self._reset()
                self._seen, self._file = (0, 0), session.inode
            elif change <= self._seen[0]:
                return  # another thread's newer snapshot got here first: hits are read from this one all the same
            self._check(session, self._seen[0])
            if erase != self._seen[1]:
                self._drop_erased(session)
            self._add_new(session, self._seen[0])
            self._seen = (change, erase)

    def _check(self, session: Session, since: int) -> None:  # noqa: B027 - most have nothing to object to
        """Raise where the vault must not be copied as it is."""

    @abstractmethod
    def _reset(self) -> None: ...

    @abstractmethod
    def _drop_erased(self, session: Session) -> None: ...

    @abstractmethod
    def _add_new(self, session: Session, since: int) -> None: ...
