"""Whatever is in a vault's live rows and belongs to nothing is found, and said to be what it is."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from bench.pages import decrypted
from memguard import Memory
from memguard.forgetting.findings import Kind
from memguard.forgetting.fts import STRUCTURE
from memguard.vault.connection import Session
from memguard.vault.sealing import Seals
from tests.forgetting.conftest import found
from tests.forgetting.planting import MARK

NOBODY = 9_999_999
WORD = MARK.decode().rstrip("!")
LIVE = "(SELECT number FROM memories LIMIT 1)"

ROWS: dict[str, tuple[str, tuple[object, ...], Kind, str]] = {
    "a vector": (
        "INSERT INTO embeddings (number, memory, chunk, model, vector, seq) VALUES (? << 20 | 1, ?, 0, 1, ?, 1)",
        (NOBODY, NOBODY, MARK), "orphan row", "embeddings",
    ),
    "a vector of no model": (
        "INSERT INTO embeddings (number, memory, chunk, model, vector, seq)"
        f" VALUES ({LIVE} << 20 | 7, {LIVE}, 0, 7, ?, 1)",
        (MARK,), "orphan row", "embeddings",
    ),
    "a vector under another's number": (
        f"INSERT INTO embeddings (number, memory, chunk, model, vector, seq) VALUES (77, {LIVE}, 9, 1, ?, 1)",
        (MARK,), "number", "embeddings",
    ),
    "token vectors": ("INSERT INTO token_vectors VALUES (?, ?)", (NOBODY, MARK), "orphan row", "token_vectors"),
    "evidence": (
        "INSERT INTO evidence (memory, kind, author, at) VALUES (?, 'stated', ?, 1)",
        (NOBODY, WORD), "orphan row", "evidence",
    ),
    "an event": ("INSERT INTO events (memory, kind, at) VALUES (?, ?, 1)", (NOBODY, WORD), "orphan row", "events"),
    "a version": (
        "INSERT INTO versions VALUES (?, 1, ?, NULL, '{}', 1, 2, NULL)", (NOBODY, WORD), "orphan row", "versions"
    ),
    "a recall": ("INSERT INTO recalls VALUES (?, ?)", (WORD, NOBODY), "orphan row", "recalls"),
    "a child": (f"INSERT INTO lineage VALUES (?, {LIVE}, 'given')", (NOBODY,), "orphan row", "lineage"),
    "a parent": (f"INSERT INTO lineage VALUES ({LIVE}, ?, 'given')", (NOBODY,), "orphan row", "lineage"),
    "what replaced": (
        f"INSERT INTO supersessions VALUES ({LIVE}, ?, 'said')", (NOBODY,), "orphan row", "supersessions"
    ),
    "a use by no memory": (
        "INSERT INTO placeholder_uses (placeholder, memory) SELECT number, ? FROM placeholders", (NOBODY,),
        "orphan row", "placeholder_uses",
    ),
    "a use of no placeholder": (
        f"INSERT INTO placeholder_uses (placeholder, memory) VALUES (?, {LIVE})", (NOBODY,),
        "orphan row", "placeholder_uses",
    ),
    "a name of no run": (
        "INSERT INTO recall_uses SELECT number, ? FROM placeholders", (NOBODY,), "orphan row", "recall_uses"
    ),
    "a reveal of no placeholder": (
        "INSERT INTO reveals (placeholder, at) VALUES (?, 1)", (NOBODY,), "orphan row", "reveals"
    ),
    "a part of no name": ("INSERT INTO name_parts VALUES (?, 0, ?)", (MARK, NOBODY), "orphan row", "name_parts"),
    "a placeholder without a value": (
        "INSERT INTO placeholders (code, type, lookup, value, for_models, seq) VALUES ('bbbbbb', 'PERSON', ?, ?, 1, 1)",
        (MARK, MARK), "sealed value", "placeholders",
    ),
    "a word of no row": (
        "INSERT INTO words (rowid, text, tags) VALUES (?, ?, '')", (NOBODY, WORD), "term", "words_data"
    ),
    "a row that has no such word": (
        "INSERT INTO words (rowid, text, tags) VALUES (?, 'lantern', '')", (NOBODY,), "posting", "words_data"
    ),
    "a count of words": ("INSERT INTO words_docsize VALUES (?, ?)", (NOBODY, MARK), "posting", "words_docsize"),
    "a separator": (
        "UPDATE words_idx SET term = ? WHERE length(term) > 0", (b"0" + WORD.encode(),), "separator", "words_idx"
    ),
    "a longer separator": (
        "UPDATE words_idx SET term = ? WHERE length(term) > 0", (b"0lanternlight" + MARK,), "separator", "words_idx"
    ),
    "a leaf of no segment": ("INSERT INTO words_data VALUES (? << 37 | 1, ?)", (99, MARK), "segment", "words_data"),
    "a leaf behind a segment": (
        "INSERT INTO words_data SELECT (max(id) >> 37 << 37) + 900, ? FROM words_data", (MARK,), "segment", "words_data"
    ),
    "an index page of no segment": ("INSERT INTO words_idx VALUES (99, ?, 2)", (b"0lan",), "segment", "words_idx"),
    "deletions that are only marked": (
        "UPDATE words_config SET v = 0 WHERE k = 'secure-delete'", (), "schema", "words_config"
    ),
    "a table": (f"CREATE TABLE {WORD} (a)", (), "schema", WORD),
    "an index": (f"CREATE INDEX {WORD} ON memories (actor)", (), "schema", WORD),
    "a trigger": (
        f"CREATE TRIGGER {WORD} AFTER DELETE ON memories BEGIN SELECT 1; END", (), "schema", WORD
    ),
    "a column": (f"ALTER TABLE memories ADD COLUMN {WORD} TEXT", (), "schema", "memories"),
    "statistics": ("ANALYZE", (), "schema", "sqlite_stat1"),
    "a missing index": ("DROP INDEX events_by_memory", (), "schema", "events_by_memory"),
}  # fmt: skip


def run(memory: Memory, sql: str, *parameters: object) -> None:
    """A statement that no foreign key holds back."""
    with memory.home.vault("ana").upkeep() as session:
        session.execute("PRAGMA foreign_keys = OFF")
        session.execute(sql, parameters)
        session.execute("PRAGMA foreign_keys = ON")


@pytest.mark.parametrize("what", ROWS)
def test_what_belongs_to_nothing_is_found(filled: Memory, what: str) -> None:
    sql, parameters, kind, place = ROWS[what]
    run(filled, sql, *parameters)
    assert (kind, place) in {(residue.kind, residue.place) for residue in found(filled)}
    for planted in parameters:
        if isinstance(planted, str | bytes):
            filled.home.vault("ana").truncate_log()
            raw = planted.encode() if isinstance(planted, str) else planted
            assert raw in decrypted(filled, "ana"), "what is not there cannot be found"


def test_a_placeholder_that_nothing_holds_is_found(filled: Memory) -> None:
    vault = filled.home.vault("ana")
    value = vault.seals.sealed(WORD, "bbbbbb")
    sql = "INSERT INTO placeholders (code, type, lookup, value, seq) VALUES ('bbbbbb', 'PERSON', ?, ?, 1)"
    run(filled, sql, vault.seals.lookup(WORD), value)
    assert [(r.kind, r.place, r.amount) for r in found(filled)] == [("unused value", "placeholders", 1)]


def test_a_placeholder_that_only_a_run_holds_is_none(filled: Memory) -> None:
    assert filled.search("anything", user_id="ana", for_run="run of zelda@barrow.example")
    filled.reveal(filled.mask("zelda@barrow.example", user_id="ana").text, user_id="ana")
    run(filled, "UPDATE placeholders SET for_models = 0")
    with filled.home.vault("ana").reading() as session:
        assert session.one("SELECT count(*) FROM recall_uses") > 0
    assert found(filled) == []


def resealed(change: Callable[[dict[str, list[object]]], object]) -> Callable[[Session, Seals], None]:
    """Changes what is sealed of one memory, and seals it as it was sealed."""

    def plant(session: Session, seals: Seals) -> None:
        number, memory_id, blob = session.all("SELECT number, id, sealed FROM memories WHERE sealed IS NOT NULL")[0]
        values = json.loads(seals.opened(blob, memory_id))
        change(values)
        sealed = seals.sealed(json.dumps(values), memory_id)
        session.execute("UPDATE memories SET sealed = ? WHERE number = ?", (sealed, number))

    return plant


def of_another(session: Session, seals: Seals) -> None:
    first, second = session.all("SELECT number, sealed FROM memories WHERE sealed IS NOT NULL LIMIT 2")
    session.execute("UPDATE memories SET sealed = ? WHERE number = ?", (first[1], second[0]))


def gone(session: Session, seals: Seals) -> None:
    session.execute("UPDATE memories SET sealed = NULL WHERE number = (SELECT min(number) FROM memories)")


def in_a_version(session: Session, seals: Seals) -> None:
    memory_id = session.one("SELECT m.id FROM versions v JOIN memories m ON m.number = v.memory")
    blob = seals.sealed(json.dumps({"text": [["PERSON", WORD]] * 5}), memory_id)
    session.execute("UPDATE versions SET sealed = ?", (blob,))


SEALED = {
    "one too many": resealed(lambda values: values["text"].append(["PERSON", WORD])),
    "one too few": resealed(lambda values: values["text"].pop()),
    "of a field that has none": resealed(lambda values: values.update(metadata=[["PERSON", WORD]])),
    "of another memory": of_another,
    "none at all": gone,
    "of a version": in_a_version,
}


@pytest.mark.parametrize("what", SEALED)
def test_sealed_values_are_those_of_the_placeholders(filled: Memory, what: str) -> None:
    vault = filled.home.vault("ana")
    with vault.writing() as session:
        SEALED[what](session, vault.seals)
    assert {residue.kind for residue in found(filled)} == {"sealed value"}


def test_a_structure_of_nonsense_ends_in_a_residue(filled: Memory) -> None:
    run(filled, "UPDATE words_data SET block = ? WHERE id = ?", b"\xff" * 30, STRUCTURE)
    assert "segment" in {residue.kind for residue in found(filled)} or "unreadable" in {r.kind for r in found(filled)}
