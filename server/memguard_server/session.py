"""Who asks, and where: what a connection may be, which the model on it cannot choose."""

from __future__ import annotations

import threading
import time
import unicodedata
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from memguard import MemguardError

CHANGES_MAX = 30
CHANGES_SECONDS = 3_600
AGENT_LENGTH_MAX = 64
NOWHERE: dict[str, Any] = {"NOT": {"environment": "*"}}
"""The filter of what belongs to no project: it holds everywhere."""
UNNAMED = "mcp-client"
"""The agent of a client that does not say what it is."""


class Refused(MemguardError):
    """An agent asked for what only a person may do."""


class Budget:
    """At most so many changes of stored memories in a sliding hour: a runaway agent stops before much is gone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._spent: deque[float] = deque()
        self._lock = threading.Lock()

    def spend(self) -> None:
        """Count one change; `Refused` where the hour's are used up."""
        with self._lock:
            self._check()
            self._spent.append(self._clock())

    def check(self) -> None:
        """`Refused` where the hour's are used up."""
        with self._lock:
            self._check()

    def left(self) -> int:
        with self._lock:
            return self._left()

    def _check(self) -> None:
        if self._left() == 0:
            raise Refused(
                f"{CHANGES_MAX} memories were changed or deleted within an hour, which is the limit: "
                "ask the user to go on with the command line, or wait"
            )

    def _left(self) -> int:
        while self._spent and self._clock() - self._spent[0] >= CHANGES_SECONDS:
            self._spent.popleft()
        return CHANGES_MAX - len(self._spent)


@dataclass(frozen=True, slots=True)
class Session:
    """One connection. `environment` is its project, None where there is none."""

    owner: str
    agent_id: str
    environment: str | None
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    changes: Budget = field(default_factory=Budget)

    @property
    def here(self) -> dict[str, Any]:
        """The filter of what this project sees: its own memories, and those that hold everywhere."""
        return NOWHERE if self.environment is None else {"OR": [{"environment": self.environment}, NOWHERE]}

    def sees(self, environment: str | None) -> bool:
        return environment is None or environment == self.environment

    def check_here(self, environment: str | None) -> None:
        """What is written touches this project and what holds everywhere: a misled agent harms nothing elsewhere."""
        if not self.sees(environment):
            raise Refused("this memory belongs to another project: change it from there, or ask the user")


def agent_name(named: object) -> str:
    """A client's name for itself as memguard keeps names: one line of visible characters, none too many."""
    text = "".join(c if c.isprintable() else " " for c in named) if isinstance(named, str) else ""
    return " ".join(unicodedata.normalize("NFC", text).split())[:AGENT_LENGTH_MAX].strip() or UNNAMED
