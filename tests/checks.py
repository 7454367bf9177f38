"""Checks that many tests share."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from memguard import MemguardError, Memory, Stored

MARKER = "quokkaword"
"""Stands in whatever a test hands in, so that an error that quotes its input is found out."""

TABLES = ("memories", "versions", "supersessions", "lineage", "recalls", "evidence", "events", "embeddings", "models")


def one(stored: Stored | list[Stored]) -> Stored:
    """The outcome of an `add` of one text."""
    assert isinstance(stored, Stored)
    return stored


def dump(memory: Memory) -> dict[str, Any]:
    """All that a home holds, as its owners see it, and the number of rows in every table behind it."""
    return {
        owner: (memory.get_all(user_id=owner, limit=100_000), table_sizes(memory, owner)) for owner in memory.users()
    }


def table_sizes(memory: Memory, owner: str) -> dict[str, int]:
    with memory.home.vault(owner).reading() as session:
        return {table: int(session.one(f"SELECT count(*) FROM {table}")) for table in TABLES}


def column(memory: Memory, owner: str, sql: str, *parameters: Any) -> list[Any]:
    """The first column of what a statement finds in an owner's vault."""
    with memory.home.vault(owner).reading() as session:
        return [row[0] for row in session.all(sql, parameters)]


@contextlib.contextmanager
def refused(memory: Memory, error: type[MemguardError], says: str = "") -> Iterator[None]:
    """What is done inside raises `error`: in one line, quoting nothing of the input, and with every vault as it was.

    The whole traceback is looked through too: that is what ends up in a log, with the errors that led to this one.
    """
    before = dump(memory)
    with pytest.raises(error) as raised:
        yield
    message = str(raised.value)
    assert message.strip()
    assert "\n" not in message
    assert says in message
    assert MARKER not in "".join(traceback.format_exception(raised.value))
    assert dump(memory) == before
