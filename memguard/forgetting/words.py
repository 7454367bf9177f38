"""Whether the word index holds the words of the surviving rows, each where it stands, and no byte of another.

An index of the survivors is made anew, in memory, and both are read record by record (`fts.py`): FTS5 itself is asked
nothing about the vault's. With `secure-delete` an erased word leaves the leaves; as the separator between two leaves it
stays, so separators are looked at one by one.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from memguard.forgetting import fts
from memguard.forgetting.findings import Checked, Residue
from memguard.forgetting.pages import Numbers
from memguard.vault.connection import Session

_NO_LEAF = {fts.AVERAGES, fts.STRUCTURE}


class _Index(NamedTuple):
    """An index as its records have it. Postings are compared by hash, keyed anew in each process: 64 bits each."""

    records: dict[int, bytes]
    segments: list[fts.Segment]
    totals: list[int]
    terms: set[bytes]
    postings: Numbers


def words(session: Session) -> Checked:
    """Compare the word index with one of the surviving rows. Inside a read transaction, whose end drops the other."""
    session.execute(_CREATE)
    session.execute(_FILL)
    session.execute("SAVEPOINT survivors")  # has FTS5 write out what it keeps back until a transaction ends
    session.execute("RELEASE survivors")
    expected = _read(session.all("SELECT id, block FROM temp.survivors_data"))
    try:
        found = _read(session.all("SELECT id, block FROM words_data"))
    except fts.Malformed:
        return Checked("words", 0, (Residue("segment", "words_data"),))
    separators = session.all("SELECT segid, term, pgno FROM words_idx")
    residues = [
        *_unknown(found),
        *_differing(found, expected),
        *_separators(separators, found, expected.terms),
        *_counts(session, found, expected),
    ]
    return Checked("words", len(found.postings), tuple(residues))


def _read(rows: Iterable[tuple[int, bytes]]) -> _Index:
    records = dict(rows)
    if not records.keys() >= _NO_LEAF or not all(isinstance(block, bytes) for block in records.values()):
        raise fts.Malformed
    segments = fts.structure(records[fts.STRUCTURE])
    terms: set[bytes] = set()
    hashes = array("q")
    for leaves in fts.by_segment(records, segments).values():
        for batch in fts.postings(leaves):
            terms.update(map(itemgetter(0), batch))
            hashes.extend(map(hash, batch))
    totals = fts.totals(records[fts.AVERAGES])
    return _Index(records, segments, totals, terms, np.sort(np.frombuffer(hashes, np.int64)))


def _unknown(found: _Index) -> list[Residue]:
    """Records of no segment."""
    strange = [n for n in found.records.keys() - _NO_LEAF if not fts.is_in(n, found.segments)]
    return [Residue("segment", "words_data", len(strange))] if strange else []


def _differing(found: _Index, expected: _Index) -> list[Residue]:
    residues = []
    if strange := found.terms - expected.terms:
        residues.append(Residue("term", "words_data", len(strange)))
    if not np.array_equal(found.postings, expected.postings):
        differing = np.setxor1d(found.postings, expected.postings)
        residues.append(Residue("posting", "words_data", max(len(differing), 1)))
    return residues


def _separators(rows: list[tuple[int, bytes, int]], found: _Index, terms: set[bytes]) -> list[Residue]:
    """What stands between two leaves is the beginning of a word of theirs, or was one."""
    last = {segment.id: segment.last for segment in found.segments}
    ordered = sorted(terms)
    # The page's number is doubled, to say in its last bit whether it has a list of rows.
    lost = sum(page >> 1 > last.get(segment, 0) for segment, _, page in rows)
    foreign = sum(not _begins_one(_as_bytes(term), ordered) for _, term, _ in rows)
    residues = [Residue("segment", "words_idx", lost)] if lost else []
    return [*residues, Residue("separator", "words_idx", foreign)] if foreign else residues


def _begins_one(start: bytes, ordered: list[bytes]) -> bool:
    place = bisect_left(ordered, start)
    return not start or (place < len(ordered) and ordered[place].startswith(start))


def _as_bytes(term: bytes | str) -> bytes:
    return term.encode() if isinstance(term, str) else term


def _counts(session: Session, found: _Index, expected: _Index) -> list[Residue]:
    """How many words each row has, and all rows together."""
    residues = []
    if strange := session.one(_SIZES):
        residues.append(Residue("posting", "words_docsize", strange))
    if found.totals != expected.totals:
        residues.append(Residue("posting", "words_data"))
    if session.one("SELECT v FROM words_config WHERE k = 'secure-delete'") != 1:
        residues.append(Residue("schema", "words_config"))
    return residues


_CREATE = """
CREATE VIRTUAL TABLE temp.survivors USING fts5 (
  text, tags, content = '', tokenize = 'porter unicode61 remove_diacritics 2'
)
"""
_FILL = "INSERT INTO temp.survivors (rowid, text, tags) SELECT number, text, tags FROM main.memories"
_SIZES = """
SELECT count(*) FROM (SELECT id, sz FROM words_docsize EXCEPT SELECT id, sz FROM temp.survivors_docsize
  UNION ALL SELECT * FROM (SELECT id, sz FROM temp.survivors_docsize EXCEPT SELECT id, sz FROM words_docsize))
"""
