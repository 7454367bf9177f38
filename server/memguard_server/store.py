"""The one `Memory` of a server, made when it is first needed: until then nothing heavy is loaded."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from memguard import MemguardError
from memguard_server.logs import log, place_of

if TYPE_CHECKING:
    from memguard import Memory


class Store:
    """Safe between threads."""

    def __init__(self, home: Path | None) -> None:
        self._home = home
        self._memory: Memory | None = None
        self._lock = threading.Lock()
        self._is_warming = False

    def memory(self) -> Memory:
        """The memory; a first one that failed is tried again, since a person may have mended what was wrong."""
        from memguard import Memory

        with self._lock:
            if self._memory is None:
                self._memory = Memory(self._home)
            return self._memory

    def warm(self) -> None:
        """Begin to load what the first call will need, without waiting."""
        if not self._is_warming:
            self._is_warming = True
            threading.Thread(target=self._warm, daemon=True, name="warm").start()

    def close(self) -> None:
        with self._lock:
            if self._memory is not None:
                self._memory.close()

    def _warm(self) -> None:
        try:
            self.memory().warm()
        except MemguardError as error:
            log.warning("%s", error)  # the first call will say so too
        except Exception as error:  # noqa: BLE001 - a thread's own handler would print its text
            log.error("loading failed: %s", place_of(error))
