"""torch and transformers are installed, and other libraries take them in wherever they are: three seconds and 300 MB.

spaCy does, and presidio, for nothing that is used here. In a process of memguard's own both are kept out while those
two load. In a host's process they are let in: another of its threads may be importing them at that moment.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any

KEPT_OUT = ("torch", "transformers")
WANTED = threading.RLock()
"""Held by who needs them, and by who keeps them out: the export of a model must not find them missing."""
_own = threading.Event()


def this_process_is_ours() -> None:
    """Said once, at the start of a command or a server."""
    _own.set()


@contextlib.contextmanager
def light() -> Iterator[None]:
    """Imports inside do not see what is kept out, where that is not loaded already."""
    if not _own.is_set():
        yield
        return
    with WANTED:
        absent = [name for name in KEPT_OUT if name not in sys.modules]
        refused: Any = None  # an import finds it, and fails
        sys.modules.update(dict.fromkeys(absent, refused))
        try:
            yield
        finally:
            for name in absent:
                del sys.modules[name]
