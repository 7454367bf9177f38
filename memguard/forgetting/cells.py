"""B-tree pages of SQLite's file format, many at once: where their cells lie, where these lead, and what lies between.

See sqlite.org/fileformat2.html, section 1.6. Arrays over pages are [pages], over cells [cells]; an offset counts from
the beginning of a batch of pages [pages, 4096], so that one number says page and place.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from memguard.forgetting.leftovers import are_inner_cells, bytes_of_pointers
from memguard.forgetting.pages import PAGE, USABLE, Bytes, Numbers

INDEX_INTERIOR, TABLE_INTERIOR, INDEX_LEAF, TABLE_LEAF = 2, 5, 10, 13
FILE_HEADER = 100
"""Bytes before the b-tree header of page 1."""
VARINT_BYTES_MAX = 9
LOCAL_MAX = {TABLE_LEAF: USABLE - 35, INDEX_LEAF: (USABLE - 12) * 64 // 255 - 23}
LOCAL_MAX[INDEX_INTERIOR] = LOCAL_MAX[INDEX_LEAF]
_LOCAL_MIN = (USABLE - 12) * 32 // 255 - 23
_CELL_BYTES_MIN = 4
_BEYOND = 2 * (1 << 16)
_PAYLOAD_BYTES_MAX = 1 << 31
Mask = NDArray[np.bool_]


class Chains(NamedTuple):
    """Payloads that go on in overflow pages: the first page of each, and how many bytes are left for it."""

    pages: Numbers
    left: Numbers


class Parsed(NamedTuple):
    """What a batch of b-tree pages holds. `broken` marks pages [pages] that are none, of which nothing else is said."""

    children: Numbers
    chains: Chains
    slack: Numbers
    """Bytes [pages] that are not zero and belong to nothing."""
    broken: Mask


class _Headers(NamedTuple):
    """Headers of pages of one type [pages], and the offset of each page's first byte."""

    type: int
    page: Numbers
    start: Numbers
    cells: Numbers
    content: Numbers
    freeblock: Numbers

    @property
    def end(self) -> Numbers:
        """Where the array of cell pointers ends."""
        return self.start + _header_bytes(self.type) + 2 * self.cells


class _Spans(NamedTuple):
    """Bytes that are accounted for, from and to."""

    start: Numbers
    end: Numbers


def parse(plain: Bytes, numbers: Numbers, *, of_index: bool, page_count: int) -> Parsed:
    """The pages [n, 4096] of one level of a table's or an index's tree, in a file of so many."""
    found = _Batch(plain, numbers, page_count)
    types = found.flat[found.header]
    allowed = (INDEX_INTERIOR, INDEX_LEAF) if of_index else (TABLE_INTERIOR, TABLE_LEAF)
    found.broken |= ~np.isin(types, allowed)
    for kind in allowed:
        found.add(kind, np.flatnonzero(types == kind))
    return found.parsed()


class _Batch:
    """Pages being parsed: what was found so far."""

    def __init__(self, plain: Bytes, numbers: Numbers, page_count: int) -> None:
        self.plain = plain
        self._page_count = page_count
        # A page of nonsense may point behind the last page: what is read there is found to be outside afterwards.
        self.flat = np.concatenate([plain.ravel(), np.zeros(_BEYOND, np.uint8)])
        self.header = np.arange(len(plain)) * PAGE + np.where(numbers == 1, FILE_HEADER, 0)
        self.broken = np.zeros(len(plain), np.bool_)
        self._children: list[Numbers] = []
        self._chains: list[Chains] = []
        self._spans: list[_Spans] = []
        self._pointers_end: dict[int, int] = {}

    def add(self, kind: int, pages: Numbers) -> None:
        """Take in the pages of one type: headers, freeblocks, then cells."""
        found = self._whole(self._headers(kind, pages))
        self._spans.append(_Spans(found.page * PAGE, found.end))
        self._pointers_end |= dict.fromkeys(found.end.tolist(), kind)
        self._add_freeblocks(found)
        if kind in (INDEX_INTERIOR, TABLE_INTERIOR):
            self._children.append(u32(self.flat, found.start + 8))
        self._add_cells(found)

    def parsed(self) -> Parsed:
        spans = _Spans(*(np.concatenate(part) for part in zip(*self._spans, strict=True)))
        children = np.concatenate([*self._children, np.zeros(0, np.int64)])
        chains = Chains(*(np.concatenate(part) for part in zip(*self._chains, strict=True)))
        slack = self._slack(spans)
        return Parsed(children, chains, np.where(self.broken, 0, slack), self.broken)

    def _headers(self, kind: int, pages: Numbers) -> _Headers:
        start, first, flat = self.header[pages], pages * PAGE, self.flat
        block, content = u16(flat, start + 1), first + u16(flat, start + 5)
        return _Headers(kind, pages, start, u16(flat, start + 3), content, np.where(block > 0, first + block, 0))

    def _whole(self, headers: _Headers) -> _Headers:
        """Without those whose pointers would reach into their cells, or their cells beyond the page."""
        broken = (headers.end > headers.content) | (headers.content > _end(headers.page))
        self.broken[headers.page[broken]] = True
        return _Headers(headers.type, *(part[~broken] for part in headers[1:]))

    def _add_freeblocks(self, headers: _Headers) -> None:
        """Each page's chain of freeblocks, all pages in step; the four bytes that link and measure one are its own."""
        at, end, content = headers.freeblock, _end(headers.page), headers.content
        page, here = headers.page, at > 0
        at, end, content, page = at[here], end[here], content[here], page[here]
        while len(at):
            size = u16(self.flat, at + 2)
            following = u16(self.flat, at)
            after = np.where(following, page * PAGE + following, 0)
            # Ascending, as SQLite keeps them: no chain goes round.
            bad = (at < content) | (size < _CELL_BYTES_MIN) | (at + size > end) | ((after > 0) & (after < at + size))
            self.broken[page[bad]] = True
            self._spans.append(_Spans(at[~bad], at[~bad] + 4))
            on = ~bad & (after > 0)
            at, end, content, page = after[on], end[on], content[on], page[on]

    def _add_cells(self, headers: _Headers) -> None:
        page = np.repeat(headers.page, headers.cells)
        nth = np.arange(len(page)) - np.repeat(np.cumsum(headers.cells) - headers.cells, headers.cells)
        pointer = np.repeat(headers.start + _header_bytes(headers.type), headers.cells) + 2 * nth
        cell = page * PAGE + u16(self.flat, pointer)
        inside = (cell >= np.repeat(headers.content, headers.cells)) & (cell < _end(page))
        self.broken[page[~inside]] = True
        page, cell = page[inside], cell[inside]
        end, children, chains = _cells(self.flat, headers.type, cell)
        beyond = end > _end(page)
        self.broken[page[beyond]] = True
        self._spans.append(_Spans(cell[~beyond], end[~beyond]))
        self._children.append(children)
        self._chains.append(chains)

    def _slack(self, spans: _Spans) -> Numbers:
        """By page: bytes between accounted ones that are not zero. Where two spans overlap, the page is broken."""
        pages = np.arange(len(self.plain))
        order = np.argsort(np.concatenate([spans.start, _end(pages)]), kind="stable")
        start = np.concatenate([spans.start, _end(pages)])[order]
        end = np.concatenate([spans.end, (pages + 1) * PAGE])[order]
        self.broken[start[1:][start[1:] < end[:-1]] // PAGE] = True
        gap, stop = end[:-1], start[1:]
        gap, stop = gap[gap < stop], stop[gap < stop]
        found = np.zeros(len(self.plain), np.int64)
        if len(gap):
            dirty = np.bitwise_or.reduceat(self.flat, np.stack([gap, stop], 1).ravel())[::2] > 0
            for at, to in zip(gap[dirty].tolist(), stop[dirty].tolist(), strict=True):
                found[at // PAGE] += self._strange(at, to)
        return found

    def _strange(self, at: int, to: int) -> int:
        """How many bytes of a gap are not zero, and none of the numbers that SQLite leaves behind pointers."""
        gap = self.flat[at:to].tobytes()
        kind = self._pointers_end.get(at)
        if kind is not None:
            gap = gap[bytes_of_pointers(gap, at % PAGE) :]
        if kind == TABLE_INTERIOR and are_inner_cells(gap, self._page_count):
            return 0
        return len(gap) - gap.count(0)


def _cells(flat: Bytes, kind: int, cell: Numbers) -> tuple[Numbers, Numbers, Chains]:
    """Where cells of a type end, the children they name, and the chains they begin."""
    inner = kind in (INDEX_INTERIOR, TABLE_INTERIOR)
    children = u32(flat, cell) if inner else np.zeros(0, np.int64)
    at = cell + 4 if inner else cell
    first, bytes_of_first = varints(flat, at)
    at = at + bytes_of_first
    nowhere = Chains(np.zeros(0, np.int64), np.zeros(0, np.int64))
    if kind == TABLE_INTERIOR:
        return at, children, nowhere
    if kind == TABLE_LEAF:
        at = at + varints(flat, at)[1]
    local = local_bytes(kind, first)
    longer = first > local
    end = at + local + np.where(longer, 4, 0)
    # A cell of nonsense may claim any length: it is made to end outside its page, and its chain is not followed.
    end = np.where((first < 0) | (first > _PAYLOAD_BYTES_MAX), cell + PAGE, end)
    read = longer & (end <= (cell // PAGE + 1) * PAGE)
    return end, children, Chains(u32(flat, (at + local)[read]), (first - local)[read])


def local_bytes(kind: int, payload: Numbers) -> Numbers:
    """How many bytes of payloads lie in the page itself."""
    most = LOCAL_MAX[kind]
    spilt = _LOCAL_MIN + (payload - _LOCAL_MIN) % (USABLE - 4)
    return np.where((payload >= 0) & (payload <= most), payload, np.where(spilt <= most, spilt, _LOCAL_MIN))


def varints(flat: Bytes, at: Numbers) -> tuple[Numbers, Numbers]:
    """SQLite's numbers of up to nine bytes: (value, bytes) of each."""
    value, size = np.zeros(len(at), np.int64), np.ones(len(at), np.int64)
    going = np.ones(len(at), np.bool_)
    for place in range(VARINT_BYTES_MAX):
        byte = flat[at + place].astype(np.int64)
        bits, shift = (byte, 8) if place == VARINT_BYTES_MAX - 1 else (byte & 127, 7)
        value = np.where(going, value << shift | bits, value)
        size = np.where(going, place + 1, size)
        going &= byte > 127
        if not going.any():
            break
    return value, size


def u16(flat: Bytes, at: Numbers) -> Numbers:
    return flat[at].astype(np.int64) << 8 | flat[at + 1]


def u32(flat: Bytes, at: Numbers) -> Numbers:
    return u16(flat, at) << 16 | u16(flat, at + 2)


def _header_bytes(kind: int) -> int:
    return 12 if kind in (INDEX_INTERIOR, TABLE_INTERIOR) else 8


def _end(page: Numbers) -> Numbers:
    """Where the content of pages ends."""
    return page * PAGE + USABLE
