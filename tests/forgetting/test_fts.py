"""FTS5's records, read without FTS5, say what FTS5 itself says of them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard import Memory
from memguard.forgetting import fts
from memguard.forgetting.schema import varint
from tests.checks import one
from tests.forgetting.conftest import NOUNS

COLUMNS = ("text", "tags")
Instance = tuple[bytes, int, str, int]
"""A term, a row, a column and a place in it."""


def instances(places: bytes) -> Iterator[tuple[str, int]]:
    """(column, place) of each: distances, plus two; a one is followed by the next column."""
    at, column, place = 0, 0, 0
    while at < len(places):
        value, at = varint(places, at)
        if value == 1:
            column, at = varint(places, at)
            place = 0
        else:
            place += value - 2
            yield COLUMNS[column], place


def read(memory: Memory) -> list[Instance]:
    """All instances, by our own reading."""
    with memory.home.vault("ana").reading() as session:
        records = dict(session.all("SELECT id, block FROM words_data"))
    found: list[Instance] = []
    for leaves in fts.by_segment(records, fts.structure(records[fts.STRUCTURE])).values():
        for batch in fts.postings(leaves):
            found += [(term[1:], row, *instance) for term, row, places in batch for instance in instances(places)]
    return sorted(found)


def told(memory: Memory) -> list[Instance]:
    """All instances, by FTS5's."""
    with memory.home.vault("ana").upkeep() as session:
        session.execute("CREATE VIRTUAL TABLE temp.told USING fts5vocab (main, words, instance)")
        rows = session.all("SELECT term, doc, col, offset FROM told")
        session.execute("DROP TABLE temp.told")
    return sorted((term.encode(), row, column, place) for term, row, column, place in rows)


@pytest.mark.parametrize("seed", range(4))
def test_every_word_stands_where_fts5_says(memory: Memory, seed: int) -> None:
    """Lists of rows and of places that go on over several leaves, in several segments, with words taken out."""
    draw = random.Random(seed)
    texts = [" ".join(draw.choices(NOUNS, k=draw.choice((3, 12, 40)))) + f" zq{n}zq" for n in range(500)]
    ids = [stored.id for stored in memory.add_many([{"text": text} for text in texts], user_id="ana")]
    long = " ".join(draw.choices(NOUNS[:3], k=6000))
    ids += [one(memory.add(long[:15_000], user_id="ana")).id, one(memory.add("a b", user_id="ana")).id]
    for memory_id in draw.sample(ids, 60):
        memory.delete(memory_id, user_id="ana")
    for memory_id in draw.sample([record.id for record in memory.get_all(user_id="ana", limit=999)], 30):
        memory.update(memory_id, " ".join(draw.choices(NOUNS, k=20)), user_id="ana")
    found = read(memory)
    assert len(found) > 4000
    assert found == told(memory)


@pytest.mark.parametrize("command", ["optimize", "rebuild"])
def test_one_segment_reads_the_same(filled: Memory, command: str) -> None:
    before = read(filled)
    with filled.home.vault("ana").upkeep() as session:
        session.execute("INSERT INTO words (words) VALUES (?)", (command,))
    assert read(filled) == before == told(filled)


def leaves_of(memory: Memory) -> list[bytes]:
    with memory.home.vault("ana").upkeep() as session:
        session.execute("INSERT INTO words (words) VALUES ('rebuild')")
        records = dict(session.all("SELECT id, block FROM words_data"))
    (leaves,) = fts.by_segment(records, fts.structure(records[fts.STRUCTURE])).values()
    return leaves


def test_a_leaf_cut_short_is_malformed(filled: Memory) -> None:
    *others, last = leaves_of(filled)
    assert list(fts.postings([*others, last]))
    for cut in (last[:3], last[:200], last[:-1] + b"\xff"):
        with pytest.raises(fts.Malformed):
            list(fts.postings([*others, cut]))


@given(st.data())
def test_nonsense_is_malformed_or_read_and_never_breaks(data: st.DataObject) -> None:
    leaves = data.draw(st.lists(st.binary(max_size=60), max_size=3))
    for reading in (lambda: list(fts.postings(leaves)), lambda: fts.structure(b"".join(leaves))):
        try:
            reading()
        except fts.Malformed:
            continue


def test_a_row_that_is_only_marked_as_deleted_is_malformed() -> None:
    """Without `secure-delete` a deletion is a mark, and the words stay in an older segment."""
    leaf = bytes([0, 7, 0, 10]) + bytes([2]) + b"0a" + bytes([5, 3, 0]) + bytes([4])
    with pytest.raises(fts.Malformed):
        list(fts.postings([leaf]))
    whole = bytes([0, 7, 0, 10]) + bytes([2]) + b"0a" + bytes([5, 2, 2]) + bytes([4])
    assert list(fts.postings([whole])) == [[(b"0a", 5, b"\2")]]


def test_a_segment_of_any_length_ends_with_its_leaves() -> None:
    """Whoever writes the structure could have a reader count for ever."""
    segments = [fts.Segment(1, 1, 1 << 60), fts.Segment(2, 5, 4)]
    leaf, behind = 1 << 37 | 3, 2 << 37 | 4
    assert fts.by_segment({leaf: b"a", behind: b"b"}, segments) == {1: [b"a"], 2: []}
    assert [fts.is_in(number, segments) for number in (leaf, behind)] == [True, False]
