"""Numbers that SQLite leaves between a page's pointers and its cells, and no statement takes out: VACUUM leaves some.

They say where something was, never what: places of former cells in the page, and in the inner pages of tables, whose
cells are nothing else, numbers of pages and rows. What is not plainly such a number counts as slack. The test is
narrow: each letter of a text would be a place beyond its page, or a page beyond the file.
"""

from __future__ import annotations

from memguard.forgetting.pages import USABLE

_ZEROS_MAX = 4
_CHILD_BYTES = 4
_HEAD_BYTES_MAX = 12
"""A former cell's end: what is left of it where pointers were written over its beginning."""


def bytes_of_pointers(gap: bytes, start: int) -> int:
    """How many bytes at the beginning of a gap, which begins at a place in its page, are pointers to former cells.

    A few zeros may stand between them: arrays of several lengths lay there, one after the other.
    """
    end = zeros = 0
    for at in range(0, len(gap) - 1, 2):
        pointer = int.from_bytes(gap[at : at + 2], "big")
        zeros = 0 if pointer else zeros + 1
        if zeros > _ZEROS_MAX or (pointer and not start <= pointer < USABLE):
            break
        end = at + 2 if pointer else end
    return end


def are_inner_cells(gap: bytes, pages: int) -> bool:
    """Whether all of a gap is what cells of a table's inner page leave, in a file of so many pages.

    Former cells follow each other, with zeros between; the first may lack its beginning, and the last its end.
    """
    left = gap.strip(b"\0")
    begins = {head for head in range(_HEAD_BYTES_MAX + 1) if _is_end_of_cell(left[:head])}
    for at in range(len(left)):
        if at in begins:
            child = left[at : at + _CHILD_BYTES]
            if 0 < int.from_bytes(child.ljust(_CHILD_BYTES, b"\0"), "big") <= pages:
                begins.add(_row_end(left, at + _CHILD_BYTES))
            if not left[at]:
                begins.add(at + 1)
    return max(begins) >= len(left)


def _is_end_of_cell(head: bytes) -> bool:
    """Up to three bytes of a page's number, then all of a row's; or a part of a row's."""
    return not head or any(_row_end(head, at) == len(head) for at in range(min(_CHILD_BYTES, len(head))))


def _row_end(left: bytes, at: int) -> int:
    """Where a row's number ends: at its first byte below 128, or with the ninth."""
    for place in range(at, min(at + 8, len(left))):
        if left[place] < 128:
            return place + 1
    return at + 9
