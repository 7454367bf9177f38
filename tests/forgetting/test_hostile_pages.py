"""A file that was damaged or made up: each ends in a residue, never in an endless loop or in an error of Python's."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from memguard import Memory
from memguard.forgetting.closed_world import look, pages
from memguard.forgetting.findings import Residue
from memguard.forgetting.pages import PAGE, USABLE
from tests.forgetting.conftest import found
from tests.forgetting.planting import Raw, u16, u32
from tests.forgetting.test_planted_bytes import overflowing

Change = Callable[[Raw], None]


def two(number: int) -> bytes:
    return number.to_bytes(2, "big")


def four(number: int) -> bytes:
    return number.to_bytes(4, "big")


def a_tree_that_leads_to_its_root(raw: Raw) -> None:
    root = raw.interior("memories")
    raw.put(root, raw.cells(root)[0], four(root))


def a_tree_that_leads_into_another(raw: Raw) -> None:
    root = raw.interior("memories")
    raw.put(root, raw.cells(root)[0], four(raw.leaf("token_vectors")))


def a_tree_that_leads_out_of_the_file(raw: Raw) -> None:
    raw.put(raw.interior("memories"), 8, four(0xFFFFFFFF))


def a_free_list_that_goes_round(raw: Raw) -> None:
    trunk, _ = raw.free_list()
    raw.put(trunk, 0, four(trunk))


def a_free_list_that_names_a_live_page(raw: Raw) -> None:
    trunk, _ = raw.free_list()
    raw.put(trunk, 8, four(raw.leaf("memories")))


def a_trunk_of_too_many(raw: Raw) -> None:
    trunk, _ = raw.free_list()
    raw.put(trunk, 4, four(0xFFFFFFFF))


def a_count_of_free_pages(raw: Raw) -> None:
    raw.put(1, 36, four(u32(raw.pages[1], 36) + 1))


def a_count_of_pages(raw: Raw) -> None:
    raw.put(1, 28, four(len(raw.pages) - 1))


def a_cell_beyond_its_page(raw: Raw) -> None:
    leaf = raw.leaf("memories")
    raw.put(leaf, raw.pointers(leaf).start, two(USABLE - 1))


def a_cell_beyond_all_pages(raw: Raw) -> None:
    leaf = max(raw.tree("token_vectors"))
    raw.put(leaf, raw.pointers(leaf).start, two(0xFFFF))


def a_cell_twice(raw: Raw) -> None:
    leaf = raw.leaf("evidence")
    raw.put(leaf, raw.pointers(leaf).start, two(raw.cells(leaf)[1]))


def a_cell_in_its_header(raw: Raw) -> None:
    leaf = raw.leaf("evidence")
    raw.put(leaf, raw.pointers(leaf).start, two(2))


def more_cells_than_a_page_holds(raw: Raw) -> None:
    raw.put(raw.leaf("evidence"), 3, two(0xFFFF))


def a_payload_without_end(raw: Raw) -> None:
    leaf = raw.leaf("evidence")
    raw.put(leaf, raw.cells(leaf)[0], b"\xff" * 9)


def a_page_of_no_kind(raw: Raw) -> None:
    raw.put(raw.leaf("evidence"), 0, b"\7")


def a_page_of_an_index_in_a_table(raw: Raw) -> None:
    raw.put(raw.leaf("evidence"), 0, b"\n")


def a_freeblock_that_leads_to_itself(raw: Raw) -> None:
    leaf = raw.leaf("evidence")
    at = raw.cells(leaf)[0]
    raw.put(leaf, 1, two(at))
    raw.put(leaf, at, two(at) + two(8))


def a_freeblock_beyond_its_page(raw: Raw) -> None:
    leaf = max(raw.tree("token_vectors"))
    raw.put(leaf, 1, two(0xFFFE))


def an_overflow_that_goes_round(raw: Raw) -> None:
    number = next(n for n in overflowing(raw) if u32(raw.pages[n], 0))
    raw.put(number, 0, four(number))


def an_overflow_cut_short(raw: Raw) -> None:
    raw.put(next(n for n in overflowing(raw) if u32(raw.pages[n], 0)), 0, four(0))


def an_overflow_that_goes_on(raw: Raw) -> None:
    last = next(n for n in overflowing(raw) if not u32(raw.pages[n], 0))
    raw.put(last, 0, four(raw.append()))


def a_schema_that_goes_round(raw: Raw) -> None:
    raw.put(1, 100 + 8, four(1))


def a_root_that_is_none(raw: Raw) -> None:
    root = raw.entry("events").root
    raw.pages[root] = bytearray(PAGE)


CHANGES = [value for name, value in list(globals().items()) if name.startswith(("a_", "an_", "more_"))]


@pytest.mark.parametrize("change", CHANGES, ids=[change.__name__ for change in CHANGES])
def test_what_sqlite_never_makes_is_a_residue_of_structure(filled: Memory, change: Change) -> None:
    with Raw(filled) as raw:
        change(raw)
    # SQLite may refuse the vault as a whole: the pages have to say it by themselves.
    residues = [r for checked in pages(filled.home.vault("ana")) for r in checked.residues]
    assert "structure" in {residue.kind for residue in residues}
    assert set(residues) <= set(found(filled))


def test_an_altered_page_is_not_authentic(filled: Memory) -> None:
    number = altered(filled, lambda data, start: data.__setitem__(start + 1234, data[start + 1234] ^ 1))
    assert Residue("unauthentic", "token_vectors", PAGE, number) in found(filled)


def test_a_page_in_another_s_place_is_not_authentic(filled: Memory) -> None:
    number = altered(filled, lambda data, start: data.__setitem__(slice(start, start + PAGE), data[PAGE : 2 * PAGE]))
    assert Residue("unauthentic", "token_vectors", PAGE, number) in found(filled)


def altered(memory: Memory, change: Callable[[bytearray, int], None]) -> int:
    """Change the bytes of one page as they are on disk; returns its number."""
    with Raw(memory) as raw:
        number = raw.leaf("token_vectors")
    path = memory.home.vault("ana").path
    data = bytearray(path.read_bytes())
    change(data, (number - 1) * PAGE)
    path.write_bytes(data)
    return number


@pytest.mark.parametrize("left", [1, PAGE - 1, PAGE, PAGE + 1, -PAGE, -1, -PAGE - 7])
def test_a_truncated_file_ends_in_a_residue(filled: Memory, left: int) -> None:
    with Raw(filled) as raw:
        assert raw.pages
    path = filled.home.vault("ana").path
    path.write_bytes(path.read_bytes()[:left])
    assert "structure" in {residue.kind for residue in found(filled)}


@pytest.mark.parametrize("data", [b"", b"not a vault", bytes(3 * PAGE), b"\xff" * 3 * PAGE])
def test_no_vault_at_all_ends_in_a_residue(filled: Memory, data: bytes) -> None:
    filled.close()
    filled.home.vault("ana").path.write_bytes(data)
    assert {"structure", "unreadable"} & {residue.kind for residue in found(filled)}


@pytest.mark.parametrize("seed", range(40))
def test_pages_of_nonsense_never_break_the_look(filled: Memory, seed: int) -> None:
    """Bytes are changed at random where numbers lie: headers, pointers, the beginnings of cells."""
    draw = random.Random(seed)
    with Raw(filled) as raw:
        for number in draw.sample(sorted(raw.pages), 6):
            places = [draw.randrange(12), draw.randrange(200), raw.start(number) + draw.randrange(12)]
            places += [u16(raw.pages[number], draw.choice(range(8, 60, 2))) % USABLE]
            for at in places:
                raw.put(number, at, draw.randbytes(draw.choice((1, 2, 4))))
    assert any(checked.residues for checked in look(filled.home.vault("ana")))
