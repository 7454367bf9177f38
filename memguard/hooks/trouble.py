"""Why the last capture failed: one line without content in the cache folder, until a capture succeeds."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

FILE = "capture-failed.txt"
_LENGTH_MAX = 1_000


def note(cache: Path, line: str) -> None:
    """Write it down, in place of what stood there."""
    with contextlib.suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with os.fdopen(os.open(cache / FILE, flags, 0o600), "w") as file:
            file.write(line[:_LENGTH_MAX])


def noted(cache: Path) -> str | None:
    """What is written there, as one line."""
    try:
        with (cache / FILE).open(errors="replace") as file:
            return " ".join(file.read(_LENGTH_MAX).split()) or None
    except OSError:
        return None


def clear(cache: Path) -> None:
    with contextlib.suppress(OSError):
        (cache / FILE).unlink(missing_ok=True)
