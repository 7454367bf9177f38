"""The house's rules for SQL: values are parameters, never text, and there is one door that every statement passes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard import InvalidInput, Memory
from memguard.retrieval.scope import scope
from memguard.vault.connection import Session
from tests.checks import MARKER
from tests.house import Module, functions, imports, modules
from tests.promises import promise

DOOR = "vault.connection"
METHODS = ("execute", "executemany", "all", "one")
SPLICED = {
    ("retrieval.words", "scope.sql"): "compiled by retrieval.scope: names of columns and `?`",
    ("vault.reach", "scope_sql"): "the same, handed down",
    ("vault.rows", "scope_sql"): "the same, handed down",
    ("vault.lookups", "scope_sql"): "the same, handed down",
    ("vault.migrate", "number"): "counted by enumerate; PRAGMA takes no parameters",
    ("vault.migrate", "statement"): "the text of a migration file that ships with memguard",
    ("forgetting.refill", "growing.read"): "a constant of that module, by the name of a table",
    ("forgetting.refill", "growing.write"): "the same",
    ("forgetting.clean", "name"): "of an index, as the schema has it; REINDEX takes no parameters",
    ("vault.connection", "sql"): "the door itself",
    ("vault.connection", "key.hex()"): "PRAGMA takes no parameters; hex leaves nothing to inject",
}
"""What may stand in a statement's text beside constants: (module, expression) and why."""
PAST_THE_DOOR = "SELECT 'by another way'"
"""Has to be noticed: a guard that never fires proves nothing."""


def spliced(expression: ast.expr, names: dict[str, ast.expr]) -> Iterator[str]:
    """The parts of a statement's text that are not constant, as they stand in the source."""
    match expression:
        case ast.Constant():
            pass
        case ast.Name(id=name) if name in names:
            yield from spliced(names[name], {n: e for n, e in names.items() if n != name})
        case ast.JoinedStr(values=parts):
            for part in parts:
                yield from spliced(part.value if isinstance(part, ast.FormattedValue) else part, names)
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, op=ast.Add(), right=other):
            yield from spliced(one, names)
            yield from spliced(other, names)
        case ast.Call(func=ast.Attribute(value=text, attr="format"), args=args, keywords=keywords):
            for part in (text, *args, *(keyword.value for keyword in keywords)):
                yield from spliced(part, names)
        case _:
            yield ast.unparse(expression)


def statements(module: Module) -> Iterator[tuple[ast.Call, set[str]]]:
    """Every call that runs SQL, with what is spliced into its text."""
    constant = _assigned(module.tree.body)
    for _, function in functions(module.tree):
        names = {**constant, **_assigned(ast.walk(function))}
        aliases = {n for n, e in names.items() if isinstance(e, ast.Attribute) and e.attr in METHODS}
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call) and node.args):
            named = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            if named in METHODS or (isinstance(call.func, ast.Name) and call.func.id in aliases):
                yield call, set(spliced(call.args[0], names))


def _assigned(nodes: Any) -> dict[str, ast.expr]:
    return {
        target.id: node.value
        for node in nodes
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }


def test_no_value_is_spliced_into_sql() -> None:
    seen = set()
    for module in modules():
        for call, parts in statements(module):
            for part in parts:
                seen.add((module.name, part))
                assert (module.name, part) in SPLICED, (
                    f"{module.at(call)}: `{part}` stands in the text of a statement: "
                    "write `?` and hand the value over as a parameter"
                )
    assert seen == SPLICED.keys(), "an exception is not needed any more: take it out of SPLICED"


@pytest.mark.parametrize(
    "code",
    [
        "session.execute(f'SELECT {value}')",
        "session.one('SELECT ' + value)",
        "session.all('SELECT %s' % value)",
        "session.all('SELECT {0}'.format(value))",
        "sql = f'SELECT {value}'; session.execute(sql)",
        "run = self._connection.execute; run(f'PRAGMA x = {value}')",
        "session.executemany(value, [])",
        "session.one('SELECT 1' if value else f'SELECT {value}')",
    ],
)
def test_the_rule_sees_a_spliced_value(code: str) -> None:
    """A guard that never fires proves nothing."""
    tree = ast.parse(f"def f(session, value):\n    {code}")
    module = Module("bad", modules()[0].path, code, tree)
    assert [part for _, parts in statements(module) for part in parts if "value" in part]


HOSTILE = st.text(alphabet=f"'\"; -){MARKER}?%", min_size=1, max_size=12)
FILTERS = st.recursive(
    st.dictionaries(
        HOSTILE | st.sampled_from(("run_id", "actor", "n")),
        HOSTILE
        | st.integers()
        | st.fixed_dictionaries(
            {}, optional={"ne": HOSTILE, "in": st.lists(HOSTILE, max_size=3), "icontains": HOSTILE, "gte": HOSTILE}
        ),
        min_size=1,
        max_size=3,
    ),
    lambda inner: st.fixed_dictionaries({}, optional={"OR": st.lists(inner, min_size=1, max_size=2), "NOT": inner}),
    max_leaves=4,
)


@given(FILTERS)
def test_a_scope_holds_nothing_that_a_caller_typed(filters: dict[str, Any]) -> None:
    """`scope.sql` is spliced into statements, so it is the one text that has to be above suspicion."""
    try:
        compiled = scope(filters=filters)
    except InvalidInput:
        return
    left = compiled.sql.replace("'text'", "")  # the one constant in it
    assert set(left) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.,()<>=? 01")
    assert MARKER not in left
    assert left.count("?") == len(compiled.parameters)


def test_one_module_opens_connections() -> None:
    for module in modules():
        if module.name == DOOR:
            continue
        for found in imports(module.tree):
            assert not found.module.startswith("sqlcipher3"), (
                f"{module.at(found.node)}: use memguard.{DOOR}.Session, the one door for SQL"
            )
        for node in ast.walk(module.tree):
            connects = isinstance(node, ast.Attribute) and node.attr in ("connect", "_connection", "executescript")
            assert not connects, f"{module.at(node)}: use memguard.{DOOR}.Session, the one door for SQL"


@promise("P9")
def test_every_statement_passes_the_door_and_carries_no_content(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.add("first", user_id="ana")
    ran: list[str] = []  # what SQLite ran, with the parameters written in
    passed: list[str] = []  # what came through the door

    def watched(method: str) -> None:
        plain = getattr(Session, method)

        def watching(self: Session, sql: str, *rest: Any) -> Any:
            passed.append(sql)
            return plain(self, sql, *rest)

        monkeypatch.setattr(Session, method, watching)

    for method in METHODS:
        watched(method)
    with memory.home.vault("ana").writing() as session:
        session.trace(ran.append)
        session._connection.execute(PAST_THE_DOOR)
    memory.add(f"{MARKER} second", user_id="ana", run_id="r-1", metadata={"team": MARKER}, key=MARKER)
    memory.search(f"where is {MARKER}?", user_id="ana", for_run="r-1", filters={"team": MARKER})
    session.trace(None)

    own = [sql for sql in ran if not sql.startswith("--")]  # what SQLite marks so, FTS5 and triggers ran
    assert any(sql.lstrip().startswith("INSERT INTO memories") for sql in own)
    assert any("words MATCH" in sql for sql in own)
    doors = [sql.partition("?")[0] for sql in passed]
    assert [sql for sql in own if not sql.startswith(tuple(doors))] == [PAST_THE_DOOR]
    assert not [sql for sql in passed if MARKER in sql]
    assert any(MARKER in sql for sql in own), "SQLite no longer writes parameters in: look at the traced text instead"
