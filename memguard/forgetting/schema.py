"""A vault's schema, read from its raw pages: what there is, and where each tree begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from memguard.forgetting.cells import FILE_HEADER, TABLE_INTERIOR, TABLE_LEAF, local_bytes
from memguard.forgetting.pages import USABLE, PageFile

_SERIAL_BYTES = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)
_PER_OVERFLOW = USABLE - 4


class Entry(NamedTuple):
    """One row of the schema."""

    type: str
    name: str
    table: str
    root: int
    sql: str

    @property
    def is_index(self) -> bool:
        """Whether its tree is one of keys: an index, or a table without row ids."""
        return self.type == "index" or "WITHOUT ROWID" in self.sql.upper()


class Malformed(ValueError):
    """A page or record of the schema is not as SQLite makes it."""


def schema(file: PageFile) -> list[Entry]:
    """Every row of `sqlite_schema`; raises `Malformed`."""
    return [_entry(columns(payload)) for payload in _payloads(file)]


def columns(record: bytes) -> list[int | str | bytes | None]:
    """The values of a record of SQLite's; numbers with a fraction come as bytes. Raises `Malformed`."""
    try:
        end, at = varint(record, 0)
        values: list[int | str | bytes | None] = []
        start = end
        while at < end:
            serial, at = varint(record, at)
            size = _SERIAL_BYTES[serial] if serial < len(_SERIAL_BYTES) else (serial - 12) // 2
            values.append(_value(serial, record[start : start + size]))
            start += size
    except (IndexError, UnicodeDecodeError):
        raise Malformed from None
    return values


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of SQLite's at a place, and where it ends."""
    value = 0
    for place in range(at, at + 8):
        value = value << 7 | data[place] & 127
        if data[place] < 128:
            return value, place + 1
    return value << 8 | data[at + 8], at + 9


def _value(serial: int, data: bytes) -> int | str | bytes | None:
    if serial in (8, 9):
        return serial - 8
    if serial >= 12:
        return data.decode() if serial % 2 else data
    if serial == 0:
        return None
    return data if serial == 7 else int.from_bytes(data, "big", signed=True)


def _entry(values: list[int | str | bytes | None]) -> Entry:
    match values:
        case [str(type_), str(name), str(table), int() | None as root, str() | None as sql]:
            return Entry(type_, name, table, root or 0, sql or "")
    raise Malformed


def _payloads(file: PageFile) -> Iterator[bytes]:
    seen, waiting = {1}, [1]
    while waiting:
        number = waiting.pop()
        page = _page(file, number)
        start = FILE_HEADER if number == 1 else 0
        inner = page[start] == TABLE_INTERIOR
        if not inner and page[start] != TABLE_LEAF:
            raise Malformed
        first, count = start + (12 if inner else 8), _u16(page, start + 3)
        pointers = range(first, min(first + 2 * count, USABLE), 2)
        if not inner:
            yield from (_payload(file, page, _u16(page, at)) for at in pointers)
            continue
        children = {*(_u32(page, _u16(page, at)) for at in pointers), _u32(page, start + 8)}
        if children & seen:
            raise Malformed
        seen |= children
        waiting += children


def _payload(file: PageFile, page: bytes, at: int) -> bytes:
    try:
        size, at = varint(page, at)
        _, at = varint(page, at)
    except IndexError:
        raise Malformed from None
    local = int(local_bytes(TABLE_LEAF, np.array([size]))[0])
    payload = page[at : at + local]
    following = _u32(page, at + local) if size > local else 0
    for _ in range(file.count):
        if len(payload) >= size or not following:
            break
        over = _page(file, following)
        payload += over[4 : 4 + min(size - len(payload), _PER_OVERFLOW)]
        following = _u32(over, 0)
    if len(payload) != size:
        raise Malformed
    return payload


def _page(file: PageFile, number: int) -> bytes:
    if not 1 <= number <= file.count:
        raise Malformed
    page: bytes = file.opened([number]).plain[0].tobytes()
    return page


def _u16(page: bytes, at: int) -> int:
    return int.from_bytes(page[at : at + 2], "big")


def _u32(page: bytes, at: int) -> int:
    return int.from_bytes(page[at : at + 4], "big")
