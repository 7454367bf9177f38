"""The one `Memory` of a server, made when it is first needed: until then nothing heavy is loaded.

Each coding session has a server, and many ask late or never. An idle one takes 70 MB; with the model loaded it would
take 250, and the first call loads that in .6 s.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from memguard_server.logs import log, place_of

if TYPE_CHECKING:
    from memguard import Memory

SWEEP_SECONDS = 600
"""An idle server erases what has expired all the same."""


class Store:
    """Safe between threads. While it is open, what expires in the vaults that were used is erased by a thread."""

    def __init__(self, home: Path | None, grant: str = "owner", sweep_seconds: float = SWEEP_SECONDS) -> None:
        self._home = home
        self._grant = grant
        self._memory: Memory | None = None
        self._lock = threading.Lock()
        self._sweep_seconds = sweep_seconds
        self._closed = threading.Event()

    def memory(self) -> Memory:
        """The memory; a first one that failed is tried again, since a person may have mended what was wrong."""
        from memguard import Memory

        with self._lock:
            if self._memory is None:
                self._memory = Memory(self._home, grant=self._grant)
                threading.Thread(target=self._sweep, args=(self._memory,), name="sweep", daemon=True).start()
            return self._memory

    def close(self) -> None:
        self._closed.set()
        with self._lock:
            if self._memory is not None:
                self._memory.close()

    def _sweep(self, memory: Memory) -> None:
        while not self._closed.wait(self._sweep_seconds):
            try:
                memory.sweep(only_open=True)
            except Exception as error:  # noqa: BLE001 - the interpreter would print its text; the next one tries again
                log.warning("a sweep failed: %s", place_of(error))
