"""Masked vaults embedded anew, backed up, exported: what moves is masked, and its owner reads what was written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.pages import decrypted
from memguard import Memory
from memguard.privacy.detector import PresidioDetector
from memguard.privacy.placeholders import PLACEHOLDER, codes_in
from tests.checks import column
from tests.conftest import Places
from tests.privacy.conftest import NAMES
from tests.privacy.contents import values
from tests.privacy.test_remember_masked import FIELDS, HIDDEN, TEXT
from tests.standins import HashEmbedder, NameList

SAID: list[dict[str, Any]] = [
    {"text": "My sister Margaret Whitfield moved to Leeds, call her on +44 20 7946 0958", "actor": "Bogdan"},
    {"text": "MARGARET WHITFIELD was diagnosed with lupus, and the wifi password is hunter2xyz9!", "key": "k-1"},
    {"text": "Her IBAN is DE89 3704 0044 0532 0130 00", "metadata": {"mail": "Margaret.Whitfield@example.org"}},
    {"text": "The kettle whistles at seven", "run_id": "run of bogdan@example.org"},
]
PERSONAL = ("margaret", "whitfield", "leeds", "7946", "bogdan", "lupus", "3704", "hunter2")


class Seen(HashEmbedder):
    """An embedder that remembers what it was shown."""

    def __init__(self, model: str) -> None:
        super().__init__(model)
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        self.texts += texts
        return super().embed(texts)


@pytest.fixture(scope="module")
def detector() -> PresidioDetector:
    return PresidioDetector()


@pytest.fixture
def said(home: Places, detector: PresidioDetector) -> Iterator[Memory]:
    """What people say, in a vault whose detector is the packaged one."""
    with home.open(detector=detector) as memory:
        memory.add_many(SAID, user_id="ana")
        yield memory


def written(memory: Memory, owner: str = "ana") -> list[dict[str, Any]]:
    """What an owner reads of each memory, but for when it was recorded here."""
    fields = ("id", "text", "actor", "author", "agent_id", "run_id", "environment", "source", "origin", "metadata")
    return [{name: getattr(record, name) for name in fields} for record in memory.get_all(user_id=owner)]


def stored_codes(memory: Memory, owner: str = "ana") -> set[str]:
    sql = "SELECT text || coalesce(actor, '') || coalesce(run_id, '') || metadata FROM memories"
    return {match[2] for text in column(memory, owner, sql) for match in PLACEHOLDER.finditer(text)}


def raw_in(data: bytes) -> list[str]:
    return [word for word in PERSONAL if word.encode() in data.lower()]


def test_the_vault_that_is_moved_is_masked_and_read_as_it_was_said(said: Memory) -> None:
    """What the tests below begin with, and that they could fail."""
    assert [record["text"] for record in written(said)] == [
        item["text"].replace("hunter2xyz9!", "<Secret>") for item in SAID
    ]
    assert raw_in(decrypted(said, "ana")) == []
    assert b"kettle" in decrypted(said, "ana")
    assert len(stored_codes(said)) >= 7


def test_another_model_is_shown_no_name_and_no_code(home: Places) -> None:
    with home.open(HashEmbedder("before"), detector=NameList(NAMES)) as memory:
        memory.add(TEXT, user_id="ana", **FIELDS)
        memory.add("Oskar rows to Wexford", user_id="ana", actor="Zelda")
        before, codes = written(memory), stored_codes(memory)
    after = Seen("after")
    with home.open(after, detector=NameList(NAMES)) as memory:
        assert memory.reembed(user_id="ana") == 2
        assert after.texts == [
            "someone met someone of Acme in a place about a health matter", "someone rows to a place",
        ]  # fmt: skip
        assert (written(memory), stored_codes(memory)) == (before, codes)
        assert memory.search("where does Zelda row?", user_id="ana", limit=1)[0].text == "Oskar rows to Wexford"
        pages = decrypted(memory, "ana").lower()
        assert [word for word in HIDDEN if word.encode() in pages] == []


def test_a_backup_brings_back_texts_placeholders_and_what_they_stand_for(said: Memory, tmp_path: Path) -> None:
    before, codes, kept = written(said), stored_codes(said), values(said)
    masked = said.mask("ask Margaret Whitfield", user_id="ana").text
    said.backup(tmp_path / "b.tar")
    said.delete_all(user_id="ana", actor="Bogdan")
    said.update(before[2]["id"], "nothing", user_id="ana", metadata={})
    assert values(said) < kept

    said.restore_backup(tmp_path / "b.tar")
    assert (written(said), stored_codes(said), values(said)) == (before, codes, kept)
    assert raw_in(decrypted(said, "ana")) == []
    assert said.restore(masked, user_id="ana") == "ask Margaret Whitfield"
    assert said.mask("ask Margaret Whitfield", user_id="ana").text == masked
    assert said.search("whitfield, a sister who moved", user_id="ana", limit=1)[0].text == SAID[0]["text"]


def test_an_export_is_read_into_another_home_under_other_placeholders(
    said: Memory, detector: PresidioDetector, tmp_path: Path
) -> None:
    path = tmp_path / "out.json"
    assert said.export(user_id="ana", path=path, readable=True) == len(SAID)
    assert raw_in(path.read_bytes()) == [word for word in PERSONAL if word != "hunter2"]  # whoever exports may read
    there = tmp_path / "there"
    with Places(there / "home", there / "keys", tmp_path).open(detector=detector) as other:
        assert other.import_(path, user_id="ben").stored == len(SAID)
        assert written(other, "ben") == written(said)
        assert raw_in(decrypted(other, "ben")) == []
        assert len(stored_codes(other, "ben")) == len(stored_codes(said))
        assert stored_codes(other, "ben").isdisjoint(stored_codes(said))
        again = other.import_(path, user_id="ben")
        assert (again.stored, again.duplicates) == (0, len(SAID))
        theirs = said.mask("Margaret Whitfield", user_id="ana").text
        assert other.restore(theirs, user_id="ben") == theirs
        assert codes_in(other.mask("Margaret Whitfield", user_id="ben").text) != codes_in(theirs)


def test_an_owner_of_the_same_home_gets_other_placeholders_too(said: Memory, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    said.export(user_id="ana", path=path, readable=True)
    said.import_(path, user_id="ben")
    assert written(said, "ben") == written(said, "ana")
    assert stored_codes(said, "ben").isdisjoint(stored_codes(said, "ana"))
    assert raw_in(decrypted(said, "ben")) == []
