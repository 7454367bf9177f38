"""What FTS5's records hold, read without FTS5: its structure, and every word, row and place in its segments.

See the beginning of SQLite's ext/fts5/fts5_index.c. A segment is a run of leaf pages: a header of four bytes, lists of
rows with their places, terms between them, and a footer that says where terms begin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from memguard.forgetting.schema import varint

AVERAGES, STRUCTURE = 1, 10
"""Ids of the two records that are no leaf."""
_PAGE_BITS, _HEIGHT_BITS, _LIST_BITS = 31, 5, 1
_HEADER = 4


class Segment(NamedTuple):
    """Which leaves, numbered from first to last, are a segment's."""

    id: int
    first: int
    last: int


Posting = tuple[bytes, int, bytes]
"""A term, a row that it stands in, and where: columns and positions, as FTS5 packs them."""


class Malformed(ValueError):
    """A record is not as FTS5 makes it."""


def structure(record: bytes) -> list[Segment]:
    """The segments that an index is made of; raises `Malformed`."""
    try:
        levels, at = varint(record, 4)  # after the cookie
        _, at = varint(record, at)
        _, at = varint(record, at)
        found = []
        for _ in range(levels):
            _, at = varint(record, at)
            count, at = varint(record, at)
            for _ in range(count):
                segment, at = varint(record, at)
                first, at = varint(record, at)
                last, at = varint(record, at)
                found.append(Segment(segment, first, last))
    except IndexError:
        raise Malformed from None
    if at != len(record):
        raise Malformed
    return found


def totals(record: bytes) -> list[int]:
    """How many rows there are, and how many words in each column; nothing at all where there are none."""
    found, at = [0], 0
    try:
        while at < len(record):
            value, at = varint(record, at)
            found.append(value)
    except IndexError:
        raise Malformed from None
    return found[1:] if any(found) else []


def leaf_of(record_id: int) -> tuple[int, int, bool]:
    """(segment, page, whether it is a leaf) of a record's id; the others list row numbers, and no words."""
    page = record_id & (1 << _PAGE_BITS) - 1
    rest = record_id >> _PAGE_BITS
    return rest >> _HEIGHT_BITS + _LIST_BITS, page, not rest & (1 << _HEIGHT_BITS + _LIST_BITS) - 1


def postings(leaves: Sequence[bytes]) -> Iterator[list[Posting]]:
    """Every posting of one segment, leaf by leaf; raises `Malformed` where a byte belongs to none."""
    reader = _Reader()
    try:
        for leaf in leaves:
            yield reader.read(leaf)
    except IndexError:
        raise Malformed from None
    if reader.missing:
        raise Malformed


class _Reader:
    """Reads leaf by leaf: a list of rows, and the places in a row, may go on in the next one."""

    def __init__(self) -> None:
        self.missing = 0
        """Bytes of places that the next leaf has to bring."""
        self._term = b""
        self._row = 0
        self._places = b""

    def read(self, leaf: bytes) -> list[Posting]:
        """What ends in this leaf."""
        first_row, end = int.from_bytes(leaf[:2], "big"), int.from_bytes(leaf[2:_HEADER], "big")
        if not _HEADER <= end <= len(leaf):
            raise Malformed
        starts = _term_starts(leaf, end)
        found: list[Posting] = []
        first = starts[0] if starts else end
        self._rows(leaf, self._rest(leaf, first, found), first, first_row, found)
        before = b""
        for start, stop in pairwise([*starts, end]):
            if self.missing or not start < stop:
                raise Malformed
            self._term, at = _term(leaf, start, before)
            before, self._row = self._term, 0
            self._rows(leaf, at, stop, first_row, found)
        return found

    def _rest(self, leaf: bytes, end: int, found: list[Posting]) -> int:
        """Take in the places that the last leaf had no room for; returns where they end."""
        at = min(_HEADER + self.missing, end)
        if self.missing:
            self._places += leaf[_HEADER:at]
            self.missing -= at - _HEADER
            if not self.missing:
                found.append((self._term, self._row, self._places))
        return at

    def _rows(self, leaf: bytes, at: int, end: int, first_row: int, found: list[Posting]) -> None:
        """What lies between two terms. The first row of a leaf is whole, others are the distance to the one before.

        Runs a million times where there are 30,000 memories: short numbers are read in place.
        """
        term, row = self._term, self._row
        while at < end:
            whole = at == first_row
            step, low = leaf[at], leaf[at + 1]
            if step < 128:
                at += 1
            elif low < 128:
                step, at = (step & 127) << 7 | low, at + 2
            else:
                step, at = varint(leaf, at)
            row = step if whole else row + step
            size = leaf[at]
            size, at = (size, at + 1) if size < 128 else varint(leaf, at)
            stop = at + (size >> 1)
            if size & 1 or not term:  # a row that was deleted from an older segment: a mark, and what it hides
                raise Malformed
            if stop > end:
                self._places, self.missing = leaf[at:end], stop - end
                at = end
            else:
                found.append((term, row, leaf[at:stop]))
                at = stop
        if at != end:
            raise Malformed
        self._row = row


def _term(leaf: bytes, at: int, before: bytes) -> tuple[bytes, int]:
    """The term that begins at a place, and where it ends; all but the first of a leaf share letters with the last."""
    shared = 0
    if before:
        shared, at = varint(leaf, at)
    size, at = varint(leaf, at)
    return before[:shared] + leaf[at : at + size], at + size


def _term_starts(leaf: bytes, at: int) -> list[int]:
    starts: list[int] = []
    while at < len(leaf):
        step, at = varint(leaf, at)
        starts.append(step + (starts[-1] if starts else 0))
    return starts


def by_segment(records: Mapping[int, bytes], segments: Sequence[Segment]) -> dict[int, list[bytes]]:
    """The leaves of each segment, in order."""
    found: dict[int, list[bytes]] = {segment.id: [] for segment in segments}
    for number in sorted(records):  # by segment, then by page
        segment, _, is_leaf = leaf_of(number)
        if is_leaf and is_in(number, segments):
            found[segment].append(records[number])
    return found


def is_in(record_id: int, segments: Sequence[Segment]) -> bool:
    """Whether a record is of one of these segments."""
    segment, page, _ = leaf_of(record_id)
    return any(each.id == segment and each.first <= page <= each.last for each in segments)
