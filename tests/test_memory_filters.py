"""What narrows an answer: the same in `search` and `get_all`, exact in both, and never wider than what was named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from memguard import Memory
from tests.checks import one
from tests.conftest import Places

MAY = datetime(2001, 5, 3, 10, tzinfo=UTC)
"""Long ago: what says no time of its own counts by when it was recorded, which must be later whenever this runs."""
ITEMS: dict[str, dict[str, Any]] = {
    "web": {"metadata": {"team": "web", "n": 3, "done": True, "deep": {"er": "x"}}, "actor": "Ana", "run_id": "r-1"},
    "ops": {"metadata": {"team": "ops", "n": 7.5, "tags": ["red", "Blue"]}, "actor": "Ben", "run_id": "r-1"},
    "cafe": {"metadata": {"team": "CAFÉ Crème", "n": -2}, "environment": "project:site", "agent_id": "claude"},
    "word": {"metadata": {"n": "many"}, "source": "web", "origin": "https://example.org", "happened_at": MAY},
    "bare": {"happened_at": MAY + timedelta(days=30)},
}


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    """Shared by this file: nothing here writes."""
    folder = tmp_path_factory.mktemp("filters")
    with Places(folder / "home", folder / "keys", folder).open() as opened:
        opened.add_many([{"text": f"{name} lantern", **fields} for name, fields in ITEMS.items()], user_id="ana")
        opened.add("another owner's lantern", user_id="ben", metadata={"team": "web"}, run_id="r-1", actor="Ana")
        yield opened


def names(memory: Memory, filters: Any = None, **within: Any) -> set[str]:
    """The items a scope lets through; `search` and `get_all` must agree."""
    listed = {r.text.split()[0] for r in memory.get_all(user_id="ana", filters=filters, **within)}
    found = {hit.text.split()[0] for hit in memory.search("lantern", user_id="ana", filters=filters, **within)}
    assert found == listed
    return listed


OPERATORS: list[tuple[Any, str]] = [
    ({"team": "web"}, "web"),
    ({"team": {"eq": "web"}}, "web"),
    ({"team": {"ne": "web"}}, "ops cafe word bare"),
    ({"team": ["web", "ops"]}, "web ops"),
    ({"team": {"in": ["web", "nobody"]}}, "web"),
    ({"team": {"in": []}}, ""),
    ({"team": {"nin": ["web", "ops"]}}, "cafe word bare"),
    ({"team": {"nin": []}}, "web ops cafe word bare"),
    ({"n": 3}, "web"),
    ({"n": {"gt": -2}}, "web ops"),
    ({"n": {"gte": -2}}, "web ops cafe"),
    ({"n": {"lt": 7.5}}, "web cafe"),
    ({"n": {"lte": 7.5}}, "web ops cafe"),
    ({"n": {"gt": -2, "lt": 7}}, "web"),
    ({"n": {"gte": "a"}}, "word"),
    ({"done": True}, "web"),
    ({"done": False}, ""),
    ({"deep.er": "x"}, "web"),
    ({"team": {"contains": "CAF"}}, "cafe"),
    ({"team": {"contains": "caf"}}, ""),
    ({"team": {"icontains": "caf"}}, "cafe"),
    ({"team": {"icontains": "café CRÈME"}}, "cafe"),
    ({"tags": {"contains": "red"}}, "ops"),
    ({"team": {"contains": "%"}}, ""),
    ({"team": "*"}, "web ops cafe"),
    ({"environment": "*"}, "cafe"),
    ({"missing": "*"}, ""),
    ({"missing": "x"}, ""),
    ({}, "web ops cafe word bare"),
    ({"team": "web", "n": 3}, "web"),
    ({"team": "web", "n": 4}, ""),
    ({"AND": [{"n": {"gte": 0}}, {"team": {"ne": "web"}}]}, "ops"),
    ({"OR": [{"team": "web"}, {"n": -2}]}, "web cafe"),
    ({"NOT": [{"team": "*"}]}, "word bare"),
    ({"NOT": {"team": "*"}}, "word bare"),
    ({"NOT": [{"team": "web"}]}, "ops cafe word bare"),
    ({"NOT": [{"n": {"gt": 0}}]}, "cafe word bare"),
    (
        {"OR": [{"AND": [{"team": "web"}, {"done": True}]}, {"NOT": [{"happened_at": {"lte": MAY}}]}]},
        "web ops cafe bare",
    ),
]


@pytest.mark.parametrize(("filters", "expected"), OPERATORS, ids=lambda value: str(value)[:40])
def test_each_operator_lets_through_what_it_says(memory: Memory, filters: Any, expected: str) -> None:
    assert names(memory, filters) == set(expected.split())


COLUMNS: list[tuple[dict[str, Any], str]] = [
    ({"run_id": "r-1"}, "web ops"),
    ({"run_id": ["r-1", "r-2"]}, "web ops"),
    ({"environment": "project:site"}, "cafe"),
    ({"agent_id": "claude"}, "cafe"),
    ({"source": "web"}, "word"),
    ({"origin": "https://example.org"}, "word"),
    ({"author": "https://example.org"}, "word"),
    ({"author": "claude"}, "cafe"),
    ({"actor": "Ana"}, "web"),
    ({"actor": "ANA"}, "web"),
    ({"actor": ["ana", "BEN"]}, "web ops"),
    ({"run_id": "r-1", "actor": "ben"}, "ops"),
    ({"run_id": "R-1"}, ""),
]


@pytest.mark.parametrize(("within", "expected"), COLUMNS, ids=lambda value: str(value)[:40])
def test_what_a_call_names_narrows_it_as_an_argument_and_as_a_filter(
    memory: Memory, within: dict[str, Any], expected: str
) -> None:
    assert names(memory, **within) == set(expected.split())
    assert names(memory, within) == set(expected.split())


@pytest.mark.parametrize("operator", ["contains", "icontains"])
@pytest.mark.parametrize("part", ["Ana", "ana", "ANA"])
def test_an_actors_whole_name_is_found_in_any_case(memory: Memory, operator: str, part: str) -> None:
    # Actors are compared without case, whichever the operator; behind a placeholder a name has no parts.
    assert names(memory, {"actor": {operator: part}}) == {"web"}


def test_a_span_of_time_includes_its_start_and_not_its_end(memory: Memory) -> None:
    assert names(memory, since=MAY, until=MAY + timedelta(days=30)) == {"word"}
    assert names(memory, since=MAY, until=MAY + timedelta(days=31)) == {"word", "bare"}
    assert names(memory, until=MAY) == set()
    assert names(memory, since=MAY + timedelta(days=31)) == {"web", "ops", "cafe"}
    assert names(memory, {"happened_at": {"gt": MAY, "lte": MAY + timedelta(days=30)}}) == {"bare"}


def test_a_time_in_another_zone_is_the_same_moment(memory: Memory) -> None:
    tokyo = MAY.astimezone(timezone(timedelta(hours=9)))
    assert names(memory, {"happened_at": tokyo}) == {"word"}


@pytest.mark.parametrize("owner", ["ben", ["ben"], {"ana", "ben"}])
def test_the_owner_may_come_inside_the_filters(memory: Memory, owner: Any) -> None:
    hits = memory.search("lantern", filters={"user_id": owner, "team": "web"})
    assert {hit.user_id for hit in hits} == ({owner} if isinstance(owner, str) else set(owner))


@pytest.mark.parametrize("name", ["a b", "naïve", "a'b", 'a"b', "a\\b", "$", "[0]", "#-1", "x') OR 1=1", "a\tb", "🪔"])
def test_any_name_can_be_filtered_by(home: Places, name: str) -> None:
    with home.open() as memory:
        memory.add("decoy", user_id="ana", metadata={"ab": 1, "x": [1]})
        wanted = one(memory.add("wanted", user_id="ana", metadata={name: 1}))
        assert [record.id for record in memory.get_all(user_id="ana", filters={name: 1})] == [wanted.id]


@pytest.mark.parametrize("field", ["run_id", "environment", "agent_id", "source", "origin", "actor"])
@pytest.mark.parametrize("asked", ["Cafe\u0301", "Caf\u00e9", "  Caf\u00e9\t"])
def test_a_name_is_found_and_erased_however_it_was_typed(home: Places, field: str, asked: str) -> None:
    # Names are NFC-normalised and stripped as they come in; what asks for them must be too, or a run that its agent
    # names as ever is neither found nor forgotten.
    with home.open() as memory:
        memory.add("here", user_id="ana", **{field: "  Cafe\u0301 "})
        memory.add("elsewhere", user_id="ana")
        within: dict[str, Any] = {field: asked}
        assert [r.text for r in memory.get_all(user_id="ana", **within)] == ["here"]
        assert memory.delete_all(user_id="ana", **within).memories == 1
