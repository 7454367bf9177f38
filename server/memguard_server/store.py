"""The one `Memory` of a server, made when it is first needed: until then nothing heavy is loaded.

Each coding session has a server, and many ask late or never. An idle one takes 70 MB; with the model loaded it would
take 250, and the first call loads that in .6 s.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memguard import Memory


class Store:
    """Safe between threads."""

    def __init__(self, home: Path | None, grant: str = "owner") -> None:
        self._home = home
        self._grant = grant
        self._memory: Memory | None = None
        self._lock = threading.Lock()

    def memory(self) -> Memory:
        """The memory; a first one that failed is tried again, since a person may have mended what was wrong."""
        from memguard import Memory

        with self._lock:
            if self._memory is None:
                self._memory = Memory(self._home, grant=self._grant)
            return self._memory

    def close(self) -> None:
        with self._lock:
            if self._memory is not None:
                self._memory.close()
