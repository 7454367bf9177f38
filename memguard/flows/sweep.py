"""what has expired, and no legal hold keeps -> erase (one transaction) -> settle -> empty the log. No certificate.

Every query hides a memory from its expiry on; a sweep takes it out of the file. One is due at most once in ten minutes
for a process and a vault: after a write, before a search, and in a server that runs. So what has expired is in the file
for ten minutes at most while some process uses the vault, else until its next use. A use takes `SWEPT_MAX` at most, and
where there were more the next one goes on; a server and `memguard sweep` take all. Nothing is erased early. Backups
from before keep what they hold: brought back, it has expired still.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from memguard.clock import now
from memguard.flows.forget import Settle, erase_rows
from memguard.vault import reach
from memguard.vault.store import Vault

SWEEP_SECONDS = 600
SWEPT_MAX = 64
"""Memories that one transaction erases: others who write wait for it."""


class Sweeps:
    """When each vault is to be swept next by this process. Safe between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def due(self, vault_id: str) -> bool:
        """Whether it is time: then it is for whoever asked, and for nobody else in the next ten minutes."""
        with self._lock:
            moment = self._clock()
            if moment < self._next.get(vault_id, moment):
                return False
            self._next[vault_id] = moment + SWEEP_SECONDS
            return True

    def again(self, vault_id: str) -> None:
        """One transaction did not take all: the next use goes on."""
        with self._lock:
            self._next.pop(vault_id, None)


def sweep(vault: Vault, settle: Settle) -> int:
    """Erase at most `SWEPT_MAX` memories that have expired, the longest expired first; returns how many."""
    with vault.reading() as session:
        if not reach.expired(session, now(), 1):  # as most often: nobody waits for the write lock
            return 0
    with vault.writing() as session:
        going = reach.expired(session, now(), SWEPT_MAX)
        if going:  # another process may have been first
            erase_rows(session, going)
    settle()
    vault.truncate_log()
    return len(going)


def sweep_all(vault: Vault, settle: Settle) -> int:
    """Erase all memories that have expired, in batches; returns how many."""
    count = 0
    while True:
        erased = sweep(vault, settle)
        count += erased
        if erased < SWEPT_MAX:
            return count
