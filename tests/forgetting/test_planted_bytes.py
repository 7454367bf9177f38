"""Whatever is written into raw pages beside what is live is found, and said to be what it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bench.pages import decrypted
from memguard import Memory
from memguard.forgetting.findings import Kind
from memguard.forgetting.pages import USABLE
from tests.forgetting.conftest import found
from tests.forgetting.planting import MARK, Raw, freeblocks, u16, u32

Plant = Callable[[Raw], str]
"""Puts `MARK` somewhere; returns the place that is to be named."""


def in_a_free_page(raw: Raw) -> str:
    _, leaf = raw.free_list()
    raw.put(leaf, 700, MARK)
    return "free list"


def behind_a_trunk(raw: Raw) -> str:
    trunk, _ = raw.free_list()
    raw.put(trunk, 900, MARK)
    return "free list"


def in_the_gap_of_a_leaf(raw: Raw, name: str = "memories") -> str:
    leaf = next(n for n in raw.leaves(name) if raw.gap(n)[1] - raw.gap(n)[0] > 2 * len(MARK))
    raw.put(leaf, raw.gap(leaf)[1] - len(MARK), MARK)
    return name


def behind_the_pointers_of_a_leaf(raw: Raw) -> str:
    leaf = raw.leaf("events")
    raw.put(leaf, raw.gap(leaf)[0], MARK)
    return "events"


def in_the_gap_of_an_index(raw: Raw) -> str:
    return in_the_gap_of_a_leaf(raw, "sqlite_autoindex_memories_1")


def in_an_interior_page(raw: Raw) -> str:
    number = raw.interior("memories")
    raw.put(number, 2000, MARK)
    return "memories"


def in_the_first_page(raw: Raw) -> str:
    raw.put(1, raw.gap(1)[1] - len(MARK), MARK)
    return "sqlite_schema"


def in_the_header_of_the_file(raw: Raw) -> str:
    raw.put(1, 75, MARK)
    return "file"


def in_a_freeblock(raw: Raw) -> str:
    """A cell is taken out of a page as SQLite does it, but for what was in it."""
    number = raw.leaf("embeddings")
    pointers, cells = raw.pointers(number), sorted(raw.cells(number))
    freed = next(cell for cell in cells[1:-1])
    size = cells[cells.index(freed) + 1] - freed
    kept = [cell for cell in raw.cells(number) if cell != freed]
    raw.put(number, pointers.start, b"".join(c.to_bytes(2, "big") for c in kept))
    raw.put(number, 3, len(kept).to_bytes(2, "big"))
    raw.put(number, freed, u16(raw.pages[number], 1).to_bytes(2, "big") + size.to_bytes(2, "big") + bytes(size - 4))
    raw.put(number, 1, freed.to_bytes(2, "big"))
    assert (freed, size) in freeblocks(raw.pages[number], 0)
    raw.put(number, freed + 4, MARK)
    return "embeddings"


def behind_an_overflow(raw: Raw) -> str:
    number = next(n for n in overflowing(raw) if not u32(raw.pages[n], 0))
    raw.put(number, USABLE - len(MARK), MARK)
    return "memories"


def overflowing(raw: Raw) -> list[int]:
    """Pages that end in the words of the one long memory."""
    trees = {n for entry in ("memories", "words_data") for n in raw.tree(entry)}
    return [n for n, page in raw.pages.items() if n not in trees and b"leans on the wall" in page]


def in_an_orphan_page(raw: Raw) -> str:
    raw.put(raw.append(), 100, MARK)
    return "file"


PLANTS: dict[Plant, Kind] = {
    in_a_free_page: "free page",
    behind_a_trunk: "free page",
    in_the_gap_of_a_leaf: "slack",
    behind_the_pointers_of_a_leaf: "slack",
    in_the_gap_of_an_index: "slack",
    in_an_interior_page: "slack",
    in_the_first_page: "slack",
    in_the_header_of_the_file: "slack",
    in_a_freeblock: "slack",
    behind_an_overflow: "overflow tail",
    in_an_orphan_page: "orphan page",
}


@pytest.mark.parametrize(("plant", "kind"), PLANTS.items(), ids=[plant.__name__ for plant in PLANTS])
def test_bytes_beside_what_is_live_are_found(filled: Memory, plant: Plant, kind: Kind) -> None:
    assert MARK not in decrypted(filled, "ana")
    with Raw(filled) as raw:
        place = plant(raw)
    assert MARK in decrypted(filled, "ana"), "what is not there cannot be found"
    assert (kind, place) in {(residue.kind, residue.place) for residue in found(filled)}


def test_as_many_bytes_are_counted_as_were_planted(filled: Memory) -> None:
    with Raw(filled) as raw:
        in_the_gap_of_a_leaf(raw, "evidence")
        in_an_interior_page(raw)
    slack = [residue for residue in found(filled) if residue.kind == "slack"]
    assert [residue.amount for residue in slack] == [len(MARK)] * 2
    assert len({residue.page for residue in slack}) == 2


def test_places_of_former_cells_are_no_residue_and_say_nothing(filled: Memory) -> None:
    """SQLite leaves such pointers behind in every vault, and no statement takes them out."""
    with Raw(filled) as raw:
        leaf = raw.leaf("events")
        raw.put(leaf, raw.gap(leaf)[0], (USABLE - 20).to_bytes(2, "big") + (USABLE - 9).to_bytes(2, "big"))
        trunk, _ = raw.free_list()
        raw.put(trunk, 12, (3).to_bytes(4, "big"))
    assert found(filled) == []


def test_a_single_bit_is_enough(filled: Memory) -> None:
    with Raw(filled) as raw:
        leaf = raw.leaf("evidence")
        raw.put(leaf, raw.gap(leaf)[1] - 5, b"\1")
    assert [(residue.kind, residue.amount) for residue in found(filled)] == [("slack", 1)]
