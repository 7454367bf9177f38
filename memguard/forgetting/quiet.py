"""A vault's file that does not change while it is looked at, and writers that go on all the same.

SQLite writes into the file only at a checkpoint, which moves pages out of the log. A reader that began while the log
was empty reads from the file alone, and no checkpoint may touch the file until it has ended; whoever writes meanwhile
appends to the log. (SQLite's wal.c: read lock 0.)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from memguard.errors import VaultBusy
from memguard.forgetting.log import log_bytes
from memguard.vault.connection import Session
from memguard.vault.store import Vault

TRIES_MAX = 20
"""A writer has to come in between two statements each time, to have one more try be needed."""


@contextmanager
def quiet(vault: Vault) -> Iterator[Session]:
    """A snapshot of all that was committed, which is all in the file; the file stays as it is until the end.

    Raises `VaultBusy` where the log cannot be emptied: a reader elsewhere needs it, or writers come too fast.
    """
    for _ in range(TRIES_MAX):
        if not vault.truncate_log():
            break
        with vault.reading() as session:
            if not log_bytes(vault):
                yield session
                return
    raise VaultBusy("the vault's log is in use: look again when nobody writes")
