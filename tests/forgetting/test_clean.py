"""What SQLite and FTS5 leave behind in spite of `secure_delete`, shown to be there, found, and taken out."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.pages import decrypted
from memguard import Memory
from memguard.forgetting.clean import Remedy, clean, remedy
from memguard.forgetting.findings import Residue
from memguard.forgetting.refill import GROWING
from tests.checks import column
from tests.conftest import CACHE, Places
from tests.forgetting.conftest import found
from tests.forgetting.planting import MARK, Raw
from tests.forgetting.test_planted_bytes import in_the_gap_of_a_leaf

COUNT = 700
ERASED = [n for n in range(300) if n % 3]


def kinds(memory: Memory) -> set[tuple[str, str]]:
    return {(residue.kind, residue.place) for residue in found(memory)}


def in_words(memory: Memory, command: str) -> None:
    """One of FTS5's own commands."""
    with memory.home.vault("ana").upkeep() as session:
        session.execute("INSERT INTO words (words) VALUES (?)", (command,))


@pytest.fixture
def separated(memory: Memory) -> tuple[Memory, bytes]:
    """A word that separated two leaves of the index, and whose one memory was erased."""
    stored = memory.add_many([{"text": f"lantern zq{n:05d}zq"} for n in range(COUNT)], user_id="ana")
    in_words(memory, "rebuild")  # into one segment, of several leaves
    separators = column(memory, "ana", "SELECT term FROM words_idx WHERE length(term) > 0")
    erased = next(term for term in separators if term.startswith(b"0zq"))[1:]
    assert len(erased) == len("zq00000")
    memory.delete(stored[int(erased[2:])].id, user_id="ana")
    return memory, erased


def test_an_erased_word_stays_as_a_separator_and_is_found(separated: tuple[Memory, bytes]) -> None:
    memory, erased = separated
    assert erased.decode() not in "".join(column(memory, "ana", "SELECT term FROM word_counts"))
    assert erased in decrypted(memory, "ana")
    assert ("separator", "words_idx") in kinds(memory)


def test_optimizing_takes_a_separator_out_only_where_there_are_two_segments(separated: tuple[Memory, bytes]) -> None:
    memory, erased = separated
    in_words(memory, "optimize")
    assert ("separator", "words_idx") in kinds(memory)
    memory.add("The second segment", user_id="ana")
    in_words(memory, "optimize")
    assert ("separator", "words_idx") not in kinds(memory)


def test_cleaning_takes_a_separator_out(separated: tuple[Memory, bytes]) -> None:
    memory, erased = separated
    assert "rebuild" in clean(memory.home.vault("ana"), found(memory))
    assert found(memory) == []
    assert erased not in decrypted(memory, "ana")


def of(n: int, times: int) -> str:
    """A text of one word that no other text has: any piece of it tells whose it is."""
    return " ".join([f"zq{n:05d}zq"] * times)


@pytest.fixture(scope="module")
def stale_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Memories of one word each, reworded at other lengths, so that SQLite balances pages; two of three are erased."""
    folder, draw = tmp_path_factory.mktemp("stale"), random.Random(3)
    with Places(folder / "home", folder / "keys", CACHE).open() as memory:
        items = [{"text": of(n, draw.choice((10, 20, 60))), "run_id": f"r-{n % 40}"} for n in range(300)]
        ids = [stored.id for stored in memory.add_many(items, user_id="ana")]
        for n in range(300):
            if draw.random() < 0.6:
                memory.update(ids[n], of(n, draw.choice((5, 100, 200))), user_id="ana")
        for n in ERASED:
            memory.delete(ids[n], user_id="ana")
    return folder


@pytest.fixture
def stale(home: Places, stale_folder: Path) -> Iterator[Memory]:
    shutil.copytree(stale_folder, home.home.parent, dirs_exist_ok=True)
    with home.open() as memory:
        yield memory


def left_in_pages(memory: Memory) -> list[int]:
    """The erased memories whose word stands in a page still."""
    pages = decrypted(memory, "ana")
    return [n for n in ERASED if of(n, 1).encode() in pages]


def test_an_erased_text_stays_in_a_page_and_is_found(stale: Memory) -> None:
    assert left_in_pages(stale), "SQLite left nothing this time: what is cleaned below proves nothing"
    assert column(stale, "ana", "SELECT count(*) FROM memories") == [300 - len(ERASED)]
    assert ("slack", "memories") in kinds(stale)


def test_cleaning_takes_an_erased_text_out_page_by_page(stale: Memory) -> None:
    records = stale.get_all(user_id="ana", limit=999)
    histories = [stale.history(record.id, user_id="ana") for record in records]
    in_tables = [residue for residue in found(stale) if residue.place in ("memories", "versions")]
    assert clean(stale.home.vault("ana"), in_tables) == {"refill"}
    assert not {"memories", "versions"} & {residue.place for residue in found(stale)}
    assert left_in_pages(stale) == []
    assert stale.get_all(user_id="ana", limit=999) == records
    assert [stale.history(record.id, user_id="ana") for record in records] == histories


def test_making_the_whole_file_anew_takes_out_all(stale: Memory) -> None:
    assert "vacuum" in clean(stale.home.vault("ana"), found(stale), whole_file=True)
    assert found(stale) == []
    assert left_in_pages(stale) == []


@pytest.mark.parametrize("name", GROWING)
def test_a_page_of_every_table_that_grows_is_cleaned(filled: Memory, name: str) -> None:
    with Raw(filled) as raw:
        in_the_gap_of_a_leaf(raw, name)
    before = found(filled)
    assert [(residue.kind, residue.place) for residue in before] == [("slack", name)]
    records = filled.get_all(user_id="ana", limit=999)
    assert clean(filled.home.vault("ana"), before) == {"refill"}
    assert found(filled) == []
    assert MARK not in decrypted(filled, "ana")
    assert filled.get_all(user_id="ana", limit=999) == records


def test_somebody_who_writes_meanwhile_leaves_it_for_the_next_time(
    stale: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = found(stale)
    monkeypatch.setattr("memguard.forgetting.clean.log_bytes", lambda vault: 4096)
    clean(stale.home.vault("ana"), [residue for residue in before if residue.place == "memories"])
    assert ("slack", "memories") in kinds(stale)


def test_what_lies_in_an_index_needs_that_index_only(memory: Memory) -> None:
    draw = random.Random(5)
    items = [{"text": "lantern", "run_id": f"run-{draw.randrange(10**15):015d}"} for _ in range(700)]
    for item in items:
        memory.add_many([item], user_id="ana")
    in_index = [residue for residue in found(memory) if residue.place == "memories_by_run"]
    assert in_index, "runs are put between others: pages are balanced"
    assert clean(memory.home.vault("ana"), in_index) == {"reindex"}
    assert "memories_by_run" not in {residue.place for residue in found(memory)}


@pytest.mark.parametrize(
    ("residue", "needs"),
    [
        (Residue("slack", "events_by_memory"), "reindex"),
        (Residue("slack", "memories", page=7), "refill"),
        (Residue("slack", "words_data"), "rebuild"),
        (Residue("slack", "recalls"), "vacuum"),
        (Residue("free page", "free list"), "vacuum"),
        (Residue("overflow tail", "memories"), "vacuum"),
        (Residue("separator", "words_idx"), "rebuild"),
        (Residue("term", "words_data"), "rebuild"),
        (Residue("orphan row", "events"), None),
        (Residue("unauthentic", "memories"), None),
    ],
)
def test_each_residue_has_its_remedy(residue: Residue, needs: Remedy | None) -> None:
    assert remedy(residue, ["events_by_memory"]) == needs
