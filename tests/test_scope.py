"""The filter compiler: constant SQL over known columns, every value a parameter, whatever a caller writes.

Most of it is pure; three properties let SQLCipher run what was compiled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from memguard import InvalidInput
from memguard.retrieval.scope import COLUMNS, EVERYTHING, Scope, scope, visible
from memguard.vault.connection import Session, mapped_errors
from tests.conftest import Places

MAY = datetime(2026, 5, 3, tzinfo=UTC)

KNOWN_SQL = re.compile(
    r"""(?: \ | \( | \) | , | \? | <> | >= | <= | = | > | < | [01]\b
      | m\.(?:agent_id|run_id|environment|source|origin|actor_key|author|happened_at|recorded_at|metadata|text)\b
      | m\.(?:sealed|number)\b
      | (?:m\.status\ =\ 'active') | m\.expires_at\b
      | (?:json_extract|json_type|json_each|coalesce|nullif|instr|lower|typeof|casefold|value)\b
      | (?:EXISTS|SELECT|FROM|WHERE)\b
      | (?:AND|OR|NOT|IN|IS|NULL|TRUE|FALSE)\b | '(?:text|integer|real|true|false|null|array|object)'
    )*""",
    re.VERBOSE,
)
"""All that a clause may be made of. What is not in here is a value in the text, or a decision to be looked at."""

values = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["*", "' OR 1=1 --", '"; DROP TABLE memories', "m.run_id", "?", ")", "{scope}", "%s"]),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.booleans(),
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive
)
ODD_NAMES = ["x') OR 1=1 --", "a.b", "a..b", ".", "a\\", 'a"b', '"', "a\x00b", "$[0]", "{scope}", "?"]
names = st.one_of(st.sampled_from(sorted(COLUMNS)), st.sampled_from(ODD_NAMES), st.text(min_size=1, max_size=12))
single = st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte", "contains", "icontains"])
operators = st.one_of(
    st.dictionaries(single, values, min_size=1, max_size=2),
    st.dictionaries(st.sampled_from(["in", "nin"]), st.lists(values, max_size=4), min_size=1),
)
conditions = st.one_of(values, st.lists(values, max_size=3), operators)
filters = st.recursive(
    st.dictionaries(names, conditions, min_size=1, max_size=3),
    lambda inner: st.dictionaries(
        st.sampled_from(["AND", "OR", "NOT"]), st.lists(inner, min_size=1, max_size=3), min_size=1, max_size=2
    ),
    max_leaves=8,
)


def compiled(tree: Any) -> Scope:
    """The scope of a filter that is accepted; what is refused says so in our words and shows nothing here."""
    try:
        return scope(filters=tree)
    except InvalidInput:
        assume(False)
        raise


@given(filters)
def test_no_value_and_no_name_of_a_caller_ever_stands_in_the_sql(tree: Any) -> None:
    assert KNOWN_SQL.fullmatch(compiled(tree).sql)


@given(filters)
def test_there_is_one_parameter_for_each_question_mark(tree: Any) -> None:
    result = compiled(tree)
    assert result.sql.count("?") == len(result.parameters)


@given(filters)
def test_a_filter_of_any_shape_is_compiled_or_refused_as_invalid_input(tree: Any) -> None:
    # Whatever else it raises would be a foreign error in a caller's hands.
    try:
        scope(filters=tree)
    except InvalidInput as error:
        message = str(error)
        assert message  # noqa: PT017 - either outcome is right, so `raises` would be wrong


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A real vault with rows of every shape."""
    folder = tmp_path_factory.mktemp("scope")
    with Places(folder / "home", folder / "keys", folder).open() as memory:
        memory.add("full", user_id="ana", run_id="r", actor="Ana", happened_at=MAY, metadata={"a": {"b": [1]}, "n": 1})
        memory.add("bare", user_id="ana")
        with memory.home.vault("ana").reading() as session:
            yield session


@given(filters)
def test_every_filter_that_is_accepted_runs(vault: Session, tree: Any) -> None:
    result = compiled(tree)
    with mapped_errors():
        assert 0 <= vault.one(f"SELECT count(*) FROM memories m WHERE {result.sql}", result.parameters) <= 2


@given(filters)
def test_not_lets_through_exactly_what_its_filter_does_not(vault: Session, tree: Any) -> None:
    # SQL's third truth value must not make a memory fall out of both.
    inside, outside = compiled(tree), compiled({"NOT": [tree]})
    count = "SELECT count(*) FROM memories m WHERE"
    both = [vault.one(f"{count} {one.sql}", one.parameters) for one in (inside, outside)]
    assert sum(both) == 2


@given(st.lists(filters, min_size=1, max_size=3))
def test_and_is_what_all_let_through_and_or_what_any_does(vault: Session, parts: list[Any]) -> None:
    def numbers(tree: Any) -> set[int]:
        result = compiled(tree)
        return {row[0] for row in vault.all(f"SELECT m.number FROM memories m WHERE {result.sql}", result.parameters)}

    each = [numbers(part) for part in parts]
    assert numbers({"AND": parts}) == set.intersection(*each)
    assert numbers({"OR": parts}) == set.union(*each)


def test_no_filter_is_everything() -> None:
    assert scope() == scope(filters={}) == scope(filters=None, run_id=None, since=None) == EVERYTHING
    assert EVERYTHING.everything
    assert not scope(run_id="r").everything


def test_everything_adds_nothing_to_another_scope() -> None:
    run = scope(run_id="r")
    assert EVERYTHING & run == run & EVERYTHING == run
    assert EVERYTHING & EVERYTHING == EVERYTHING


def test_scopes_join_in_the_order_of_their_parameters() -> None:
    joined = visible(7) & scope(run_id="r", filters={"a": {"ne": 1}})
    assert joined.parameters[:2] == (7, "r")
    assert joined.sql.count("?") == len(joined.parameters)


def test_a_time_becomes_microseconds_and_its_span_is_half_open() -> None:
    assert scope(since=MAY, until=MAY).parameters == (int(MAY.timestamp() * 1e6),) * 2
    assert scope(since=MAY).sql.replace(">=", "<") == scope(until=MAY).sql


def test_actors_are_compared_without_case() -> None:
    assert scope(actor="ÅSA Straße").parameters == scope(actor="åsa strasse").parameters
    assert scope(filters={"actor": ["ANA"]}).parameters == ("ana", "ana")  # as it was typed, and as it may be stored


@pytest.mark.parametrize("depth", [0, 1, 8])
def test_filters_nest_as_deep_as_the_limit(depth: int) -> None:
    tree: dict[str, Any] = {"a": 1}
    for _ in range(depth):
        tree = {"NOT": [tree]}
    assert scope(filters=tree).sql.count("NOT") == depth


def test_a_filter_nested_deeper_than_the_limit_is_refused() -> None:
    tree: dict[str, Any] = {"a": 1}
    for word in ("AND", "OR", "NOT") * 3:
        tree = {word: [tree]}
    with pytest.raises(InvalidInput, match="8 deep"):
        scope(filters=tree)
