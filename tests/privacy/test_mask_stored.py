"""Memories from before there were detectors: masked in place, once, with their earlier wordings."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from bench.pages import decrypted
from memguard import Memory
from tests.checks import column, one
from tests.conftest import Places
from tests.privacy.contents import values
from tests.standins import HashEmbedder, NameList
from tests.vault.test_migrate import FIXTURES, TEXT, place


@pytest.fixture
def old(home: Places) -> Iterator[Memory]:
    """A vault of the first schema, in the hands of a detector that knows the wombat."""
    place(home, lambda path: shutil.copyfile(FIXTURES / "schema1.db", path))
    with home.open(HashEmbedder(), detector=NameList({"wombat": "LOCATION"})) as memory:
        yield memory


def test_what_was_stored_in_clear_is_masked_and_comes_back_as_it_was(old: Memory) -> None:
    before = old.get_all(user_id="ana")
    assert old.mask_stored(user_id="ana") == 1
    (text,), (actor,) = (column(old, "ana", f"SELECT {name} FROM memories") for name in ("text", "actor"))
    assert "wombat" not in text
    assert actor.startswith("<Person_")
    assert "wombat" not in column(old, "ana", "SELECT term FROM word_counts")
    assert column(old, "ana", "SELECT author FROM evidence") == [actor]
    assert old.get_all(user_id="ana") == before
    assert old.search("the wombat", user_id="ana", actor="ana")[0].text == TEXT


def test_it_is_done_once(old: Memory) -> None:
    assert [old.mask_stored(user_id="ana") for _ in range(2)] == [1, 0]
    old.add("The wombat is back", user_id="ana")
    assert old.mask_stored(user_id="ana") == 0


def test_keys_and_names_of_runs_are_masked_too_and_mean_what_they_meant(old: Memory) -> None:
    mail = "zelda@barrow.example"
    first = old.get_all(user_id="ana")[0]
    with old.home.vault("ana").writing() as session:  # as they were stored before
        session.execute("UPDATE memories SET key = ?", (mail,))
        session.execute("INSERT INTO recalls SELECT ?, number FROM memories", (mail,))
    assert one(old.add(TEXT, user_id="ana", key=mail)).id == first.id
    old.mask_stored(user_id="ana")
    assert b"barrow" not in decrypted(old, "ana")
    assert one(old.add(TEXT, user_id="ana", key=mail)).id == first.id
    child = one(old.add("A kettle whistles", user_id="ana", run_id=mail))
    parents = "SELECT p.id FROM lineage JOIN memories p ON p.number = parent JOIN memories c ON c.number = child"
    assert column(old, "ana", f"{parents} WHERE c.id = ?", child.id) == [first.id]
    old.mask_stored(user_id="ana")
    old.delete(child.id, user_id="ana")
    assert values(old) == {"Ana", "wombat", mail}


def test_earlier_wordings_are_masked_too(old: Memory) -> None:
    first = old.get_all(user_id="ana")[0].id
    vault = old.home.vault("ana")
    with vault.writing() as session:  # as an update left it, before there were detectors
        session.execute("INSERT INTO versions SELECT number, 1, text, NULL, metadata, 1, 2, NULL FROM memories")
        session.execute("UPDATE memories SET version = 2")
    assert old.mask_stored(user_id="ana") == 1
    assert "wombat" not in column(old, "ana", "SELECT text FROM versions")[0]
    assert [version.text for version in old.history(first, user_id="ana")] == [TEXT]


@pytest.mark.parametrize(
    ("earlier", "makes_known", "value"),
    [
        ({"text": "begin", "metadata": {"who": "Zelda Barrow", "n": 1}}, "Zelda Barrow keeps bees", "Zelda Barrow"),
        ({"text": "begin", "run_id": "Zelda Barrow"}, "Zelda Barrow keeps bees", "Zelda Barrow"),
        ({"text": "the code was 415 555 0182"}, "Call +1, then 415-555-0182", "415 555 0182"),
    ],
)
def test_what_became_known_since_is_masked_in_names_metadata_and_other_groupings(
    home: Places, earlier: dict[str, Any], makes_known: str, value: str
) -> None:
    detector = NameList({"Zelda Barrow": "PERSON", "415-555-0182": "PHONE_NUMBER"})
    with home.open(HashEmbedder(), detector=detector) as memory:
        first = memory.add_many([earlier], user_id="ana")[0].id
        memory.add(makes_known, user_id="ana")
        before = memory.get(first, user_id="ana")
        assert value.encode() in decrypted(memory, "ana")
        assert memory.mask_stored(user_id="ana") == 1
        assert value.encode() not in decrypted(memory, "ana")
        assert memory.get(first, user_id="ana") == before
        assert memory.mask_stored(user_id="ana") == 0
