"""What the server writes to stderr: its own lines, and of all else where it happened, never what was said (P9)."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from types import TracebackType

log = logging.getLogger("memguard.server")


class _Discreet(logging.Formatter):
    """Other libraries' messages may quote what they were given, and so may any exception: their places are kept."""

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name.startswith("memguard")
        said = record.getMessage() if ours else f"{record.name}, line {record.lineno}"
        error = record.exc_info[1] if record.exc_info else None
        return f"memguard: {said}" + (f": {place_of(error)}" if error else "")


def to_stderr() -> None:
    """Set the whole process's logging up."""
    logging.raiseExceptions = False  # a message that cannot be written would be printed as it is
    handler = logging.StreamHandler()
    handler.setFormatter(_Discreet())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("mcp").setLevel(logging.ERROR)  # it warns of each refusal, in the caller's words


def place_of(error: BaseException) -> str:
    """The type of an error and the lines that it came through, the innermost last."""
    places = " > ".join(_places(error.__traceback__)) or "no traceback"
    return f"{type(error).__name__} at {places}"


def _places(found: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(found, limit=-8)
    return [f"{'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno}" for frame in frames]
