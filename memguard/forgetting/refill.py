"""Copies of cells in one page of a table, written over: the page is filled to its last byte and emptied again.

A column of the rows on it grows until no byte of the page is free, and is put back, in one transaction: what lay
between pointers and cells is overwritten, and `secure_delete` zeroes it as the rows shrink. The page is as full as
before, and no row says anything else. A page costs a few statements; the whole file made anew, a second in 70 MB.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from memguard.forgetting.cells import INDEX_LEAF, LOCAL_MAX, TABLE_LEAF, local_bytes
from memguard.forgetting.findings import Residue
from memguard.forgetting.pages import USABLE, PageFile
from memguard.forgetting.schema import columns, varint
from memguard.vault.connection import Session


class Growing(NamedTuple):
    """How the rows of a table grow: by a column that neither an index nor a trigger knows, of the row of a key."""

    read: str
    write: str


GROWING = {
    "memories": Growing(
        "SELECT screened FROM memories WHERE number = ?",
        "UPDATE memories SET screened = ? WHERE number = ?",
    ),
    "versions": Growing(
        "SELECT plain FROM versions WHERE memory = ? AND version = ?",
        "UPDATE versions SET plain = ? WHERE memory = ? AND version = ?",
    ),
    "embeddings": Growing(
        "SELECT vector FROM embeddings WHERE number = ?",
        "UPDATE embeddings SET vector = ? WHERE number = ?",
    ),
    "token_vectors": Growing(
        "SELECT vectors FROM token_vectors WHERE embedding = ?",
        "UPDATE token_vectors SET vectors = ? WHERE embedding = ?",
    ),
    "evidence": Growing(
        "SELECT source FROM evidence WHERE number = ?",
        "UPDATE evidence SET source = ? WHERE number = ?",
    ),
    "events": Growing(
        "SELECT kind FROM events WHERE number = ?",
        "UPDATE events SET kind = ? WHERE number = ?",
    ),
}


_HEADER = 8
"""Bytes before a leaf's pointers."""


class _Cell(NamedTuple):
    """A row's key, none where part of it is in overflow pages, and the bytes of its record and of its cell."""

    key: tuple[Any, ...]
    payload: int
    size: int


def refill(session: Session, file: PageFile, residues: Iterable[Residue]) -> None:
    """Write over the slack of leaves of tables that can grow. Inside a write transaction; look again afterwards."""
    for residue in residues:
        if residue.place in GROWING and residue.page is not None:
            page: bytes = file.opened([residue.page]).plain[0].tobytes()
            if page[0] in (TABLE_LEAF, INDEX_LEAF):
                _refill(session, GROWING[residue.place], page)


def _refill(session: Session, growing: Growing, page: bytes) -> None:
    most, cells = LOCAL_MAX[page[0]], list(_cells(page))
    free = USABLE - _HEADER - sum(cell.size + 2 for cell in cells)
    grown = []
    for cell in (cell for cell in cells if cell.key):
        value = session.one(growing.read, cell.key)
        more = _more(value, cell, free, most)
        if more > 0:
            session.execute(growing.write, (_longer(value, more), *cell.key))
            grown.append((value, *cell.key))
            free -= _growth(value, cell, more)
    for row in grown:
        session.execute(growing.write, row)


def _cells(page: bytes) -> Iterator[_Cell]:
    kind = page[0]
    for at in range(_HEADER, _HEADER + 2 * int.from_bytes(page[3:5], "big"), 2):
        start = int.from_bytes(page[at : at + 2], "big")
        payload, body = varint(page, start)
        row, body = varint(page, body) if kind == TABLE_LEAF else (None, body)
        if payload > LOCAL_MAX[kind]:
            local = int(local_bytes(kind, np.array([payload]))[0])
            yield _Cell((), payload, body - start + local + 4)
        else:
            key = columns(page[body : body + payload])[:2] if row is None else (row,)
            yield _Cell(tuple(key), payload, body - start + payload)


def _more(value: Any, cell: _Cell, free: int, most: int) -> int:
    """By how much a value may grow so that its row takes up what is free, and no overflow page."""
    more = min(free, most - cell.payload)
    while more > 0 and (_growth(value, cell, more) > free or cell.payload + _in_record(value, more) > most):
        more -= 1
    return more


def _growth(value: Any, cell: _Cell, more: int) -> int:
    grown = _in_record(value, more)
    return grown + _varint_bytes(cell.payload + grown) - _varint_bytes(cell.payload)


def _in_record(value: Any, more: int) -> int:
    """By how much a record grows: the value itself, and the number that says how long it is."""
    before = len(value.encode() if isinstance(value, str) else value or b"")
    of_length = _varint_bytes(13 + 2 * before) if value is not None else 1
    return more + _varint_bytes(13 + 2 * (before + more)) - of_length


def _longer(value: Any, more: int) -> Any:
    return (value or b"") + bytes(more) if isinstance(value, bytes) else (value or "") + " " * more


def _varint_bytes(number: int) -> int:
    return max(1, -(-number.bit_length() // 7))
