"""What can be used at once is not stored: no byte of it in any file or decrypted page, and the reply says so (PL4)."""

from __future__ import annotations

from typing import Any

import pytest

from bench.pages import decrypted
from memguard import Memory
from memguard.privacy.placeholders import DROPPED
from tests.checks import column, one
from tests.conftest import Places
from tests.privacy.conftest import NAMES
from tests.standins import NameList, TokenEmbedder

SECRET = "hunter2xyz"  # noqa: S105 - a test's
KEY = "AKIA" + "Q7ZP2MXW4LRT6VKB"
PLACES: dict[str, dict[str, Any]] = {
    "the text": {"text": f"the password is {SECRET}"},
    "metadata": {"text": "a boat", "metadata": {"a": [{"b": f"key {KEY}"}]}},
    "a run": {"text": "a boat", "run_id": f"run {KEY}"},
    "an environment": {"text": "a boat", "environment": KEY},
    "an agent": {"text": "a boat", "agent_id": KEY},
    "an origin": {"text": "a boat", "source": "web", "origin": f"https://x/?key={KEY}"},
    "a source": {"text": "a boat", "source": KEY},
}
BYTES = (SECRET.encode(), KEY.encode(), SECRET.upper().encode())


def remains(memory: Memory) -> list[str]:
    """Where any secret is left: in a file as it lies there, or in a page that the keys open."""
    base = memory.home.path.parent
    files = [
        path for folder in (memory.home.path, memory.settings.keys) for path in folder.rglob("*") if path.is_file()
    ]
    assert files
    found = [str(path.relative_to(base)) for path in files if any(s in path.read_bytes() for s in BYTES)]
    return found + [owner for owner in memory.users() if any(s in decrypted(memory, owner) for s in BYTES)]


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_is_in_no_file_and_no_page(naming: Memory, place: str) -> None:
    stored = one(naming.add_many([PLACES[place]], user_id="ana")[0])
    assert sum(stored.dropped.values()) == 1
    assert remains(naming) == []
    record = naming.get(stored.id, user_id="ana")
    assert SECRET not in repr(record)
    assert KEY not in repr(record)
    assert DROPPED in repr(record)
    naming.close()
    assert remains(naming) == []


def test_the_search_for_remains_finds_what_is_there(home: Places) -> None:
    with home.open(TokenEmbedder(), detector=NameList(NAMES), levels={"PASSWORD": "1"}) as memory:
        memory.add(f"the password is {SECRET}", user_id="ana")
        assert remains(memory) == ["ana"]


def test_nor_is_it_left_by_an_update_or_what_was_refused(naming: Memory) -> None:
    stored = one(naming.add("a boat", user_id="ana"))
    changed = naming.update(stored.id, f"now {SECRET}", user_id="ana", metadata={"k": KEY})
    assert changed.dropped == {"PASSWORD": 1, "API_KEY": 1}
    naming.search(f"is {SECRET} the {KEY}?", user_id="ana", for_run="r")
    naming.mask(f"{SECRET} and {KEY}", user_id="ana")
    assert remains(naming) == []
    assert naming.history(stored.id, user_id="ana")[0].text == "a boat"


def test_the_reply_says_of_each_type_how_many_were_dropped(naming: Memory) -> None:
    stored = one(naming.add(f"{SECRET}, {SECRET} and {KEY} of Zelda", user_id="ana"))
    assert dict(stored.dropped) == {"PASSWORD": 2, "API_KEY": 1}
    assert dict(stored.masked) == {"PERSON": 1}
    assert naming.get(stored.id, user_id="ana").text == f"{DROPPED}, {DROPPED} and {DROPPED} of Zelda"
    assert column(naming, "ana", "SELECT count(*) FROM placeholders") == [1]


def test_who_insists_has_it_sealed(home: Places) -> None:
    with home.open(TokenEmbedder(), detector=NameList(NAMES), secrets="seal") as memory:
        stored = one(memory.add(f"the password is {SECRET}", user_id="ana", metadata={"k": KEY}))
        assert (dict(stored.masked), dict(stored.dropped)) == ({"PASSWORD": 1, "API_KEY": 1}, {})
        record = memory.get(stored.id, user_id="ana")
        assert (record.text, record.metadata) == (f"the password is {SECRET}", {"k": KEY})
        assert column(memory, "ana", "SELECT text LIKE 'the password is <Password_%>' FROM memories") == [1]
        assert remains(memory) == []
    for grant in ("balanced", "strict"):
        with home.open(TokenEmbedder(), detector=NameList(NAMES), grant=grant) as memory:
            assert SECRET not in repr(memory.get(stored.id, user_id="ana"))


def test_an_actor_that_is_a_secret_is_dropped(naming: Memory) -> None:
    stored = one(naming.add("a boat", user_id="ana", actor=KEY))
    assert dict(stored.dropped) == {"API_KEY": 1}
