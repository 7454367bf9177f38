"""Through every door of `Memory`: what stands in a vault is masked, and its owner reads what was written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.pages import decrypted
from memguard import Conflict, Memory, ModelError
from memguard.privacy.placeholders import LETTERS, PLACEHOLDER
from memguard.privacy.spans import Span
from memguard.records import Statement
from memguard.retrieval.embedder import Encoded, PackagedEmbedder
from memguard.retrieval.restatement import restated
from memguard.vault.store import Vault
from tests.checks import MARKER, column, one, refused
from tests.conftest import Places
from tests.privacy.conftest import NAMES
from tests.privacy.contents import in_the_vault
from tests.standins import Breaks, NameList, TokenEmbedder


class Counts(NameList):
    """The same, and remembers what it was shown."""

    def __init__(self, types: Mapping[str, str]) -> None:
        super().__init__(types)
        self.texts: list[str] = []

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        self.texts += texts
        return super().find(texts)


TEXT = "Zelda met Quentin Barrow of Acme in Wexford about lupus"
FIELDS: dict[str, Any] = {
    "actor": "Oskar",
    "agent_id": "agent of zelda@barrow.example",
    "run_id": "zelda@barrow.example/7",
    "environment": "zelda@barrow.example",
    "source": "tool",
    "origin": "https://wiki/?mail=zelda@barrow.example",
    "metadata": {"who": ["zelda@barrow.example", {"deep": "cc zelda@barrow.example"}], "n": 3, "team": "web"},
}
HIDDEN = ("zelda", "quentin", "barrow", "wexford", "lupus", "oskar")


def test_no_original_stands_in_any_table(naming: Memory) -> None:
    stored = one(naming.add(TEXT, user_id="ana", **FIELDS))
    naming.update(stored.id, f"{TEXT}, and again", user_id="ana")
    naming.add("Oskar left Wexford", user_id="ana", supersedes=[stored.id], derived_from=[stored.id])
    held = in_the_vault(naming)
    assert {"memories", "versions", "evidence", "events", "words_data", "lineage", "placeholders"} <= held.keys()
    assert [(word, table) for table, rows in held.items() for word in HIDDEN if word in rows] == []
    assert all(word in held["memories"] for word in ("acme", "about", "again", "web"))  # what is kept is there


def test_no_original_stands_in_any_decrypted_page(naming: Memory) -> None:
    naming.add(TEXT, user_id="ana", **FIELDS)
    pages = decrypted(naming, "ana").lower()
    assert b"acme" in pages  # the control
    assert [word for word in HIDDEN if word.encode() in pages] == []


def test_words_index_the_placeholders_and_no_name(naming: Memory) -> None:
    naming.add(TEXT, user_id="ana", **FIELDS)
    terms = column(naming, "ana", "SELECT term FROM word_counts")
    assert not {"zelda", "quentin", "barrow", "wexford", "lupu", "lupus", "oskar"} & set(terms)
    codes = {match[2] for match in PLACEHOLDER.finditer(column(naming, "ana", "SELECT text FROM memories")[0])}
    assert codes <= set(terms)


def test_tags_have_the_placeholder_of_who_speaks(naming: Memory) -> None:
    naming.add("a boat", user_id="ana", actor="Oskar", happened_at=datetime(2024, 3, 4, tzinfo=UTC))
    ((tags, actor, key),) = naming_rows(naming, "SELECT tags, actor, actor_key FROM memories")
    assert PLACEHOLDER.fullmatch(actor)
    assert (tags, key) == (f"{actor} Monday 4 March 2024", actor)


def naming_rows(memory: Memory, sql: str) -> list[tuple[Any, ...]]:
    with memory.home.vault("ana").reading() as session:
        return session.all(sql)


def test_what_a_run_was_shown_is_recorded_under_its_masked_name(naming: Memory) -> None:
    shown = one(naming.add("the boat", user_id="ana"))
    naming.search("boat", user_id="ana", for_run="zelda@barrow.example/7")
    naming.add("the shed", user_id="ana", run_id="zelda@barrow.example/7")
    assert naming_rows(naming, "SELECT kind FROM lineage") == [("recalled",)]
    assert "barrow" not in in_the_vault(naming)["recalls"]
    naming.delete(shown.id, user_id="ana")
    assert naming_rows(naming, "SELECT * FROM recall_uses") == []


def test_a_key_is_not_stored_as_it_was_typed(naming: Memory) -> None:
    stored = one(naming.add("the boat", user_id="ana", key="zelda@barrow.example/7"))
    assert b"barrow" not in decrypted(naming, "ana")
    again = one(naming.add("the boat", user_id="ana", key="zelda@barrow.example/7"))
    assert (again.id, again.duplicate) == (stored.id, True)
    with pytest.raises(Conflict):
        naming.add("the shed", user_id="ana", key="zelda@barrow.example/7")
    assert not one(naming.add("the shed", user_id="ana", key="zelda@barrow.example/8")).duplicate


def test_a_key_has_another_hash_in_another_vault_and_than_the_value_it_says(naming: Memory) -> None:
    for owner in ("ana", "ben"):
        naming.add("the boat", user_id=owner, key="Zelda", actor="Zelda")
    hashes = [column(naming, owner, "SELECT key_lookup FROM memories")[0] for owner in ("ana", "ben")]
    hashes += column(naming, "ana", "SELECT lookup FROM placeholders")
    assert len(set(hashes)) == 3


def test_its_owner_reads_what_was_written(naming: Memory, tmp_path: Path) -> None:
    stored = one(naming.add(TEXT, user_id="ana", **FIELDS))
    assert stored.masked == {"PERSON": 3, "LOCATION": 1, "HEALTH": 1, "EMAIL_ADDRESS": 6}
    assert stored.dropped == {}
    assert stored.run_id == FIELDS["run_id"]
    record = naming.get(stored.id, user_id="ana")
    assert naming.get_all(user_id="ana") == [record] == [hit.record for hit in naming.search("Zelda", user_id="ana")]
    assert record.text == TEXT
    assert {name: getattr(record, name) for name in FIELDS} == FIELDS
    assert record.author == FIELDS["origin"]
    naming.export(user_id="ana", path=tmp_path / "out.json", readable=True)
    (line,) = json.loads((tmp_path / "out.json").read_text())["memories"]
    assert (line["text"], line["actor"], line["metadata"]) == (TEXT, "Oskar", FIELDS["metadata"])


def test_a_name_once_masked_is_masked_wherever_it_stands_later(naming: Memory) -> None:
    naming.add("hello", user_id="ana", actor="Mirembe Okello")
    second = one(naming.add("Then MIREMBE OKELLO rang", user_id="ana"))
    assert second.masked == {"PERSON": 1}
    assert "mirembe" not in in_the_vault(naming)["memories"]
    assert naming.get(second.id, user_id="ana").text == "Then MIREMBE OKELLO rang"


BESIDE: dict[str, list[dict[str, Any]]] = {
    "the same text": [{"text": "I know Mirembe of Gulu; then MIREMBE OF GULU rang"}],
    "another text": [{"text": "MIREMBE OF GULU rang"}, {"text": "I know Mirembe of Gulu"}],
    "an actor": [{"text": "Hello Mirembe Okello"}, {"text": "Hello", "actor": "Mirembe Okello"}],
    "metadata": [{"text": "I know Mirembe of Gulu", "metadata": {"who": "Mirembe of Gulu"}}],
}


@pytest.mark.parametrize("case", BESIDE)
def test_a_name_found_once_in_a_batch_is_masked_in_all_of_it(home: Places, case: str) -> None:
    with home.open(TokenEmbedder(), detector=NameList({"Mirembe of Gulu": "PERSON"})) as memory:
        memory.add_many(BESIDE[case], user_id="ana")
        assert "mirembe" not in in_the_vault(memory)["memories"]


LOOK_ALIKES = (
    "he wrote {0}", "{0}{0} Oskar {0}", "<{0}>", "{1} as a model bends it", "[{1}] ({1}) `{0}`", "{0} \u202e{0}\u0301",
    "<Secret> {0}",
)  # fmt: skip


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_a_look_alike_shows_nobody_anothers_value(naming: Memory, text: str) -> None:
    """Somebody who has seen a placeholder writes it into a memory: what comes back is what was written."""
    naming.add("hello", user_id="ana", actor="Zelda")
    placeholder = column(naming, "ana", "SELECT actor FROM memories")[0]
    written = text.format(placeholder, placeholder[1:-1])
    stored = one(naming.add(written, user_id="ana", metadata={"a": [written]}, environment=written))
    hit = next(hit for hit in naming.search("wrote", user_id="ana") if hit.id == stored.id)
    assert (hit.text, hit.metadata, hit.record.environment) == (written, {"a": [written]}, written)
    as_stored = column(naming, "ana", "SELECT text FROM memories WHERE id = ?", stored.id)[0]
    assert placeholder[1:-1].lower() not in as_stored.lower()
    assert "Zelda" not in naming.restore(as_stored, user_id="ana")


def test_the_same_masked_text_again_is_a_duplicate_and_another_a_conflict(naming: Memory) -> None:
    stored = one(naming.add(TEXT, user_id="ana", key="k"))
    again = one(naming.add(TEXT, user_id="ana", key="k"))
    assert (again.id, again.duplicate) == (stored.id, True)
    for other in (TEXT.replace("Zelda", "Oskar"), TEXT.upper(), naming_rows(naming, "SELECT text FROM memories")[0][0]):
        with pytest.raises(Conflict):
            naming.add(other, user_id="ana", key="k")


def test_so_is_the_same_text_with_a_secret(naming: Memory) -> None:
    naming.add("it is hunter2xyz", user_id="ana", key="k")
    assert one(naming.add("it is hunter2xyz", user_id="ana", key="k")).duplicate


@pytest.mark.parametrize(
    "text",
    [
        "My office is in {}", "My sister is called {}", "{} is my sister", "I visited {}", "I have {}",
        "We support {}",
    ],
)  # fmt: skip
def test_no_random_code_decides_what_replaces_what(text: str) -> None:
    written = [text.format(f"<Person_{code}>") for code in ("bcfghj", "bcf234", "kmnpqr", "k2m3n4")]
    pairs = [(earlier, later) for earlier in written for later in written if earlier != later]
    said = [restated(Statement(a, "x", None, 1), Statement(b, "x", None, 2), 0.9) for a, b in pairs]
    assert len(set(said)) == 1


@pytest.mark.parametrize("ending", ["234", "ghj"])
def test_a_later_statement_replaces_an_earlier_one_behind_placeholders(
    home: Places, packaged_model: PackagedEmbedder, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    codes = (f"{a}{b}{c}{ending}" for a in LETTERS for b in LETTERS for c in LETTERS)
    monkeypatch.setattr("memguard.vault.placeholders.new_code", lambda: next(codes))
    with home.open(packaged_model, detector=NameList({**NAMES, "Leeds": "LOCATION"})) as memory:
        first = one(memory.add("My doctor's office is in Wexford", user_id="ana", actor="Zelda"))
        second = one(memory.add("My doctor's office is in Leeds", user_id="ana", actor="zelda"))
        other = one(memory.add("My doctor's office is in Wexford", user_id="ana", actor="Oskar"))
        assert second.superseded == (first.id,)
        assert other.superseded == ()


@pytest.mark.parametrize("way", ["add", "add_many", "update", "a new owner", "a model's text of a new owner"])
def test_a_detector_that_fails_lets_nothing_in(seeded: Memory, home: Places, way: str) -> None:
    before = seeded.get_all(user_id="ana")[0]
    with home.open(detector=Breaks()) as memory, refused(memory, ModelError, "ValueError"):
        if way == "update":
            memory.update(before.id, MARKER, user_id="ana")
        elif way == "add_many":
            memory.add_many([{"text": "fine"}, {"text": MARKER}], user_id="ana")
        elif way == "a model's text of a new owner":
            memory.mask(MARKER, user_id="new")
        else:
            memory.add(MARKER, user_id="ana" if way == "add" else "new")


class NoModel(TokenEmbedder):
    """An embedder whose model is gone."""

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        raise ModelError("the model is not there")


def test_an_embedder_that_fails_leaves_no_vault_of_a_new_owner(home: Places) -> None:
    with home.open(NoModel()) as memory, refused(memory, ModelError):
        memory.add(MARKER, user_id="new")
    assert not home.home.exists()


def test_a_first_batch_is_looked_at_once(home: Places) -> None:
    detector = Counts(NAMES)
    with home.open(TokenEmbedder(), detector=detector) as memory:
        memory.add_many([{"text": "Zelda"}, {"text": "Oskar", "key": "k"}], user_id="ana")
        assert detector.texts == ["Zelda", "Oskar"]
        assert one(memory.add("Oskar", user_id="ana", key="k")).duplicate
        memory.add("Wexford", user_id="ana")
    assert detector.texts == ["Zelda", "Oskar", "Wexford"]


def test_what_somebody_else_stored_meanwhile_is_known_all_the_same(
    naming: Memory, home: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes that are the first to write for an owner: the later one has looked before it knew."""
    vault_or_new = naming.home.vault_or_new

    def late(owner: str) -> Vault:
        with home.open(TokenEmbedder()) as other:
            other.add("hello", user_id=owner, actor="Mirembe Okello")
        return vault_or_new(owner)

    monkeypatch.setattr(naming.home, "vault_or_new", late)
    naming.add("then MIREMBE OKELLO rang", user_id="ana")
    assert "mirembe" not in in_the_vault(naming)["memories"]


def test_a_conversation_is_imported_with_its_speakers_masked(naming: Memory, tmp_path: Path) -> None:
    turns = [
        {"speaker": "Zelda", "dia_id": "D1:1", "text": "Hi Oskar, how is Wexford?"},
        {"speaker": "Oskar", "dia_id": "D1:2", "text": "Zelda! It rains.", "blip_caption": "a photo of Zelda"},
    ]
    record = {
        "sample_id": "s",
        "conversation": {
            "speaker_a": "Zelda", "speaker_b": "Oskar", "session_1_date_time": "1:56 pm on 8 May, 2023",
            "session_1": turns
        },
        "qa": [],
    }  # fmt: skip
    path = tmp_path / "talk.json"
    path.write_text(json.dumps(record))
    assert naming.import_(path, user_id="ana").stored == 2
    assert naming.import_(path, user_id="ana").duplicates == 2
    held = in_the_vault(naming)
    assert [word for word in HIDDEN if any(word in rows for rows in held.values())] == []
    records = naming.get_all(user_id="ana", actor="zelda")
    assert [(r.actor, r.text) for r in records] == [("Zelda", "Hi Oskar, how is Wexford?")]
    assert naming.search("What did Oskar say?", user_id="ana", limit=1)[0].record.actor == "Oskar"
