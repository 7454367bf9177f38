"""Open connections, bounded: one for each thread at work, and a few idle ones kept warm, least recently used out."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from memguard.vault.connection import Session, inode_of

IDLE_MAX = 64
"""Idle connections kept. Each costs three file handles and its page cache."""


class Pool:
    """Hands a connection to one thread at a time."""

    def __init__(self, idle_max: int = IDLE_MAX) -> None:
        self._idle_max = idle_max
        self._idle: OrderedDict[Session, Path] = OrderedDict()
        self._lock = threading.Lock()
        self._process = os.getpid()

    @contextlib.contextmanager
    def session(self, path: Path, key: bytes) -> Iterator[Session]:
        """A connection to the vault file that lies at `path` now."""
        session = self._taken(path) or Session(path, key)
        try:
            yield session
        except BaseException:
            session.close()  # its state is not known: a fresh one is 5 ms
            raise
        self._put_back(session, path)

    def close(self, path: Path | None = None) -> None:
        """Close what is idle: all of it, or what belongs to one vault file."""
        with self._lock:
            leaving = [session for session, at in self._idle.items() if path in (None, at)]
            for session in leaving:
                del self._idle[session]
        for session in leaving:
            session.close()

    def _taken(self, path: Path) -> Session | None:
        inode = inode_of(path)
        with self._lock:
            if self._process != os.getpid():  # a fork: SQLite connections must not cross it, not even to be closed
                self._process, self._idle = os.getpid(), OrderedDict()
            for session in reversed(self._idle):
                if self._idle[session] == path:
                    del self._idle[session]
                    break
            else:
                return None
        if session.inode == inode:
            return session
        session.close()  # the file was replaced by a restore
        return None

    def _put_back(self, session: Session, path: Path) -> None:
        with self._lock:
            self._idle[session] = path
            evicted = self._idle.popitem(last=False)[0] if len(self._idle) > self._idle_max else None
        if evicted is not None:
            evicted.close()
