"""What SQLite leaves of former cells is told from content: by numbers that only places, pages and rows have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard.forgetting.leftovers import are_inner_cells, bytes_of_pointers
from memguard.forgetting.pages import USABLE
from tests.forgetting.test_cells import written

PAGES = 20_000
CELLS = st.lists(st.tuples(st.integers(1, PAGES), st.integers(1, 2**50)), min_size=1, max_size=12)


def stored(cells: list[tuple[int, int]]) -> bytes:
    """Cells of a table's inner page: a page and a row each."""
    return b"".join(page.to_bytes(4, "big") + written(row) for page, row in cells)


@given(CELLS, st.integers(0, 12), st.integers(0, 12), st.integers(0, 40))
def test_former_cells_are_known_cut_at_either_end(
    cells: list[tuple[int, int]], before: int, after: int, zeros: int
) -> None:
    data = stored([(1, 1), *cells, (1, 1)])
    left = data[min(before, 5) : len(data) - min(after, 5)]
    assert are_inner_cells(bytes(zeros) + left + bytes(zeros), PAGES)
    assert are_inner_cells(stored(cells) + bytes(zeros) + stored(cells), PAGES)


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P", "Zs")), min_size=8, max_size=60), CELLS)
def test_a_text_is_no_former_cell(text: str, cells: list[tuple[int, int]]) -> None:
    data = text.encode()
    for gap in (data, stored(cells) + data, data + stored(cells), bytes(30) + data + bytes(30)):
        assert not are_inner_cells(gap, PAGES)


@pytest.mark.parametrize("text", ["Zelda lives here", "ana@example.org", "4711 4711", "Łódź, Überlingen"])
def test_neither_is_a_text_of_any_kind_a_pointer(text: str) -> None:
    assert bytes_of_pointers(text.encode(), 100) == 0
    assert not are_inner_cells(text.encode(), PAGES)


@given(st.lists(st.integers(100, USABLE - 1), max_size=20), st.sampled_from((b"", b"\0\0", b"\0\x10", b"text")))
def test_pointers_are_counted_up_to_what_is_none(places: list[int], rest: bytes) -> None:
    data = b"".join(place.to_bytes(2, "big") for place in places)
    assert bytes_of_pointers(data + rest, 100) == len(data)
    assert bytes_of_pointers(b"\x0f\0" + bytes(8) + data + rest, 100) == (len(data) + 10 if data else 2)


def test_behind_more_zeros_nothing_is_a_pointer() -> None:
    assert bytes_of_pointers(b"\x0f\0" + bytes(10) + b"\x0f\0", 100) == 2
