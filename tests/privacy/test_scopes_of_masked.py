"""Scopes and filters say the original; the vault holds placeholders. Whoever typed a name finds what has it."""

from __future__ import annotations

from typing import Any

import pytest

from memguard import InvalidInput, Memory
from tests.checks import one
from tests.conftest import Places
from tests.standins import NameList, TokenEmbedder

MAIL = "zelda@barrow.example"


@pytest.fixture
def filled(naming: Memory) -> Memory:
    naming.add("first", user_id="ana", actor="Quentin Barrow", run_id=f"{MAIL}/1", environment=MAIL, metadata={"n": 1})
    naming.add("second", user_id="ana", agent_id=f"bot of {MAIL}", metadata={"n": 2, "mail": MAIL, "cc": f"to {MAIL}"})
    naming.add("third", user_id="ana", source="web", origin=f"https://x/{MAIL}", metadata={"n": 3, "team": "web"})
    return naming


def numbers(memory: Memory, **narrowed: Any) -> list[int]:
    """Which memories a scope has, by listing and by search: both must say the same."""
    listed = [record.metadata["n"] for record in memory.get_all(user_id="ana", **narrowed)]
    searched = {hit.metadata["n"] for hit in memory.search("first second third", user_id="ana", **narrowed)}
    assert searched == set(listed)
    return listed


SCOPES: dict[str, tuple[dict[str, Any], list[int]]] = {
    "an actor": ({"actor": "Quentin Barrow"}, [1]),
    "an actor in another case": ({"actor": "quentin BARROW"}, [1]),
    "a run": ({"run_id": f"{MAIL}/1"}, [1]),
    "an environment": ({"environment": MAIL}, [1]),
    "an agent": ({"agent_id": f"bot of {MAIL}"}, [2]),
    "an origin": ({"origin": f"https://x/{MAIL}"}, [3]),
    "an author": ({"author": "Quentin Barrow"}, [1]),
    "another": ({"actor": "Oskar"}, []),
    "metadata": ({"filters": {"mail": MAIL}}, [2]),
    "metadata among others": ({"filters": {"mail": {"in": ["x", MAIL]}}}, [2]),
    "metadata without": ({"filters": {"mail": {"ne": MAIL}}}, [1, 3]),
    "metadata that contain it": ({"filters": {"cc": {"contains": MAIL}}}, [2]),
    "not": ({"filters": {"NOT": {"actor": "Quentin Barrow"}}}, [2, 3]),
    "or": ({"filters": {"OR": [{"actor": "QUENTIN BARROW"}, {"team": "web"}]}}, [1, 3]),
    "what is not masked": ({"filters": {"team": "web", "n": {"gte": 2}}}, [3]),
    "any": ({"filters": {"actor": "*"}}, [1]),
}


@pytest.mark.parametrize("case", SCOPES)
def test_a_scope_is_what_its_caller_typed(filled: Memory, case: str) -> None:
    narrowed, expected = SCOPES[case]
    assert numbers(filled, **narrowed) == expected


PARTS: dict[str, tuple[dict[str, Any], list[int]]] = {
    "part of a name": ({"actor": {"icontains": "quentin"}}, [1]),
    "part of a name as it is compared": ({"actor": {"contains": "Barrow"}}, [1]),
    "part of an author's": ({"author": {"contains": "Barrow"}}, [1]),
    "part of an address": ({"mail": {"contains": "@barrow"}}, [2]),
    "one value in any case": ({"mail": {"icontains": MAIL.upper()}}, [2]),
    "another case": ({"mail": {"contains": "@BARROW"}}, []),
    "a value and what stands before it": ({"cc": {"contains": "to zelda@"}}, [2]),
    "a part of a run's name": ({"run_id": {"contains": "example/1"}}, [1]),
    "a part of an agent's": ({"agent_id": {"contains": "bot of z"}}, [2]),
    "a member of an object": ({"who.mail": {"icontains": "OSKAR@"}}, [4]),
    "a list": ({"all": {"contains": '"oskar@'}}, [4]),
    "not": ({"NOT": {"mail": {"contains": "@barrow"}}}, [1, 3, 4]),
    "or": ({"OR": [{"mail": {"contains": "@barrow"}}, {"team": {"icontains": "WE"}}]}, [2, 3]),
    "how a placeholder begins": ({"mail": {"contains": "<Email"}}, []),
    "that, in any case": ({"actor": {"icontains": "person"}}, []),
    "a sign in what is not masked": ({"sign": {"contains": "<"}}, [4]),
}


@pytest.mark.parametrize("case", PARTS)
def test_a_part_of_a_masked_value_is_found_too(filled: Memory, case: str) -> None:
    other = {"n": 4, "who": {"mail": "oskar@barrow.example"}, "all": ["x", "oskar@barrow.example"], "sign": "a < b"}
    filled.add("third", user_id="ana", metadata=other)
    filters, expected = PARTS[case]
    assert numbers(filled, filters=filters) == expected


@pytest.mark.parametrize(
    ("grant", "mail", "health", "shown"), [("owner", [2], [4], []), ("balanced", [2], [], [4]), ("strict", [], [], [4])]
)
def test_a_part_is_looked_for_in_what_its_reader_sees(
    filled: Memory, home: Places, grant: str, mail: list[int], health: list[int], shown: list[int]
) -> None:
    """Else whoever may not read a diagnosis could guess it letter by letter."""
    filled.add("she has lupus", user_id="ana", metadata={"n": 0})
    filled.add("fourth", user_id="ana", metadata={"n": 4, "why": "lupus"})
    with home.open(TokenEmbedder(), detector=NameList({}), grant=grant) as reader:
        assert numbers(reader, filters={"mail": {"contains": "@barrow"}}) == mail
        assert numbers(reader, filters={"why": {"contains": "lup"}}) == health
        assert numbers(reader, filters={"why": {"contains": "<"}}) == shown
        assert numbers(reader, filters={"cc": {"contains": MAIL}}) == [2]


def test_there_is_a_limit_to_what_one_part_opens(filled: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memguard.retrieval.as_stored.OPENED_MAX", 1)
    assert numbers(filled, filters={"mail": {"contains": "@barrow"}}) == [2]
    filled.add("fourth", user_id="ana", metadata={"mail": "oskar@barrow.example"})
    for verb in (filled.get_all, lambda **narrowed: filled.search("first", **narrowed)):
        with pytest.raises(InvalidInput, match="more than 1 memories"):
            verb(user_id="ana", filters={"mail": {"contains": "@barrow"}})


def test_a_run_is_deleted_by_the_name_it_was_given(filled: Memory) -> None:
    assert filled.delete_all(user_id="ana", run_id=f"{MAIL}/1").memories == 1
    assert numbers(filled) == [2, 3]


LATER: dict[str, dict[str, Any]] = {
    "a run": {"run_id": "Mirembe"}, "an agent": {"agent_id": "Mirembe"}, "an environment": {"environment": "Mirembe"},
    "metadata": {"filters": {"team": "Mirembe"}},
}  # fmt: skip


@pytest.mark.parametrize("case", LATER)
def test_what_was_written_before_a_name_was_known_is_still_in_its_scope(naming: Memory, case: str) -> None:
    fields = {
        "run_id": "Mirembe",
        "agent_id": "Mirembe",
        "environment": "Mirembe",
        "metadata": {"n": 1, "team": "Mirembe"},
    }
    naming.add("first", user_id="ana", **fields)
    naming.add("second", user_id="ana", actor="Mirembe", metadata={"n": 2})
    assert numbers(naming, **LATER[case]) == [1]


def test_so_is_it_deleted(naming: Memory) -> None:
    naming.add("first", user_id="ana", run_id="Mirembe")
    naming.add("second", user_id="ana", actor="Mirembe")
    assert naming.delete_all(user_id="ana", run_id="Mirembe").memories == 1


@pytest.mark.parametrize("field", ["run_id", "agent_id", "environment"])
def test_a_name_in_lower_case_is_the_same_to_whoever_stores_and_asks(naming: Memory, field: str) -> None:
    naming.add("first", user_id="ana", actor="Mirembe", metadata={"n": 1})
    naming.add("second", user_id="ana", metadata={"n": 2}, **{field: "mirembe"})
    assert numbers(naming, **{field: "mirembe"}) == [2]


def test_a_run_knows_what_it_was_shown_by_the_name_it_was_given(naming: Memory) -> None:
    shown = one(naming.add("first", user_id="ana"))
    naming.search("first", user_id="ana", for_run=MAIL)
    naming.add("second", user_id="ana", run_id=MAIL)
    with naming.home.vault("ana").reading() as session:
        assert session.all("SELECT m.id FROM lineage JOIN memories m ON m.number = parent") == [(shown.id,)]
