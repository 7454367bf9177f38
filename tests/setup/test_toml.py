"""TOML, edited in place: only our table changes, and taking it out undoes putting it in."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard.errors import InvalidInput
from memguard.setup.edits import applied
from memguard.setup.toml import parse, put_table, put_value, take_table
from tests.checks import MARKER

PATH = ("mcp_servers", "memguard")
ENTRY = {"command": '/opt/a "b"\\c', "args": ["serve"], "env": {"MEMGUARD_USER": "ana"}}
FIRST = (
    'model = "x" # ["a"]',
    'notify = [\n  "a", # ]\n  "b]",\n]',
    'long = """\n[mcp_servers.memguard]\n  "quoted" \\"""\n"""',
    "raw = '''\n# no comment [x]\n''''",
    "a.b = { c = 1, d = [1, 2] }",
    '"quoted key" = 1979-05-27T07:32:00Z',
    "n = nan",
    "# a comment",
    "",
)
TABLES = (
    "[mcp_servers.github]\ncommand = 'npx'\n\n[mcp_servers.github.env]\nTOKEN = 'secret'",
    '[projects."/home/a]b"] # why\ntrust_level = "trusted"',
    "[[rules]]\nx = 1\n\n[[rules]]\nx = 2",
    '[mcp_servers."other server"]\nargs = [\n  "a",\n]\n# about the next',
    "  [ indented . table ]\n  x = 1",
)


@st.composite
def files(draw: st.DrawFn, *tables: str) -> str:
    """A file with these tables, each once, among others, with any line ends."""
    first = draw(st.lists(st.sampled_from(FIRST), unique=True, max_size=4))
    blocks = draw(st.permutations([*draw(st.lists(st.sampled_from(TABLES), unique=True, max_size=4)), *tables]))
    gap = draw(st.sampled_from(["\n", "\n\n", "\n\n\n", "\n# between\n"]))
    text = gap.join([*first, *blocks]) + draw(st.sampled_from(["", "\n", "\n\n", "\n# end", "  "]))
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return draw(st.sampled_from(["", "\ufeff"])) + text


def servers(text: str) -> Any:
    return tomllib.loads(text.removeprefix("\ufeff")).get("mcp_servers", {})


@given(files())
def test_taking_a_table_out_undoes_putting_it_in(text: str) -> None:
    edits = put_table(parse(text), PATH, ENTRY)
    assert all(edit.start == edit.end for edit in edits)
    new = applied(text, edits)
    assert servers(new) == {**servers(text), "memguard": ENTRY}
    assert applied(new, take_table(parse(new), PATH)) == text


@given(
    files('[mcp_servers.memguard]\ncommand = "old"\nargs = [\n  "serve",\n] # x\n\n[mcp_servers.memguard.env]\nA = "b"')
)
def test_a_table_among_others_is_taken_out_or_replaced_alone(text: str) -> None:
    others = {name: server for name, server in servers(text).items() if name != "memguard"}
    gone = applied(text, take_table(parse(text), PATH))
    assert servers(gone) == others
    assert re.findall(r"#.*", gone) == [
        comment for comment in re.findall(r"#.*", text) if not comment.startswith("# x")
    ]
    replaced = applied(text, put_table(parse(text), PATH, ENTRY))
    assert servers(replaced) == {**others, "memguard": ENTRY}


@given(files(), st.sampled_from(["ana", 'a"b\\c', "Zoë\u0007", "\x7f"]))
def test_a_value_is_set_in_the_outermost_table(text: str, owner: str) -> None:
    once = applied(text, put_value(parse(text), "user", owner))
    assert parse(once).data["user"] == owner
    assert applied(once, put_value(parse(once), "user", owner)) == once
    again = parse(applied(once, put_value(parse(once), "user", "ben")))
    assert again.data["user"] == "ben"


@pytest.mark.parametrize(
    "text",
    [
        '[mcp_servers]\nmemguard = { command = "x" }\n',
        '[mcp_servers]\nmemguard.command = "x"\nmemguard.args = []\nother.command = "y"\n',
        'mcp_servers.memguard.command = "x"\n',
        '["mcp_servers" . \'memguard\']\ncommand = "x"\n',
        '[mcp_servers.memguard.env]\nA = "b"\n',
    ],
)
def test_every_way_to_write_a_table_is_seen(text: str) -> None:
    assert "memguard" not in servers(applied(text, take_table(parse(text), PATH)))
    replaced = applied(text, put_table(parse(text), PATH, ENTRY))
    assert servers(replaced)["memguard"] == ENTRY


def test_a_table_that_nothing_can_follow_is_left_to_a_person() -> None:
    document = parse('mcp_servers = { github = { command = "npx" } }\n')
    with pytest.raises(InvalidInput, match="by hand"):
        put_table(document, PATH, ENTRY)


def test_a_new_table_is_written_plainly() -> None:
    text = 'model = "x"\n'
    new = applied(text, put_table(parse(text), PATH, {"command": "m", "args": ["serve"], "env": {"A": "b"}}))
    assert new == text + '\n[mcp_servers.memguard]\ncommand = "m"\nargs = ["serve"]\nenv = { A = "b" }\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f'a = 1\n{MARKER} = = "{MARKER}"\n', "line 2 is not TOML"),
        (f'a = "{MARKER}', "line 1 is not TOML"),
        (f"a = 1\na = '{MARKER}'\n", "line 2 is not TOML"),
        ("a = " + "[" * 50_000, "TOML"),
        (f"mcp_servers = '{MARKER}'\n", "`mcp_servers` does not hold a table"),
        ("[[mcp_servers]]\nx = 1\n", "`mcp_servers` does not hold a table"),
    ],
    ids=lambda value: value[:40],
)
def test_what_cannot_be_edited_is_refused_by_its_line_or_key(text: str, says: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        put_table(parse(text), PATH, ENTRY)
    assert says in str(raised.value)
    assert MARKER not in str(raised.value)
    assert "\n" not in str(raised.value)
