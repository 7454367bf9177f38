"""How a change is shown: what is put in, and nothing that belongs to somebody else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard.setup.edits import Edit, applied, shown
from memguard.setup.jsonc import parse
from memguard.setup.jsonc_edits import put, set_value, take
from memguard.setup.toml import parse as parse_toml
from memguard.setup.toml import put_table, take_table
from tests.setup.conftest import SECRET
from tests.setup.test_jsonc import written

ENTRY = {"command": "/bin/memguard", "args": ["serve"]}
WORDS = ("mcpServers", "memguard", "command", "/bin/memguard", "args", "serve")
PATH = ("mcpServers", "memguard")


def diff(text: str, edits: list[Edit]) -> list[str]:
    return shown(text, edits, "mcp.json", WORDS)


SECRETS = st.sampled_from(
    [SECRET, f"// {SECRET}", f"'{SECRET}'", f'"{SECRET}"', f"\\{SECRET}", f"#{SECRET}", f"{SECRET}\n"]
)
OTHERS = st.dictionaries(SECRETS, SECRETS | st.lists(SECRETS) | st.dictionaries(SECRETS, SECRETS), max_size=3)


@st.composite
def files(draw: st.DrawFn) -> str:
    """Files full of secrets, in every comment, too."""
    servers: dict[str, Any] = {**draw(OTHERS), **draw(st.sampled_from([{}, {"memguard": draw(OTHERS)}]))}
    value = dict(draw(st.permutations([*draw(OTHERS).items(), ("mcpServers", servers)])))
    return draw(written(value)).replace("/* }", f"/* {SECRET} }}").replace('// { "', f'// {SECRET} {{ "')


@given(files())
def test_no_diff_shows_what_is_not_ours(text: str) -> None:
    document = parse(text)
    lines = diff(text, put(document, {"mcpServers": {"memguard": ENTRY}}))
    if "memguard" in document.data["mcpServers"]:
        lines += diff(text, take(document, [PATH])) + diff(text, set_value(document, PATH, ENTRY))
    assert SECRET not in "\n".join(lines)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 12), st.sampled_from(["", "x", "x\n", "\nx", "x\ny\n"]))))
def test_a_diff_changes_the_lines_it_says_into_those_it_says(places: list[tuple[int, int, str]]) -> None:
    """The diff of a file that hides nothing is an ordinary one, and can be carried out."""
    text, edits, at = "[[]]\n{}\n\n[]\n,,,\n[{}]\n[],{}\n" + "{{}}\n" * 8 + "[]", list[Edit](), 0
    for start, length, new in sorted(places):
        if at <= start <= len(text):
            edits.append(Edit(start, min(start + length, len(text)), new))
            at = edits[-1].end + 1
    lines, after, row = text.split("\n"), list[str](), 0
    for line in shown(text, edits, "f", "xy")[2:]:
        if line.startswith("@@"):
            start, count = (int(number) for number in line.split()[1][1:].split(","))
            first = start - 1 if count else start
            after += lines[row:first]
            row = first
        elif line.startswith("-"):
            assert lines[row] == line[1:]
            row += 1
        else:
            after.append(line[1:])
    assert "\n".join([*after, *lines[row:]]).rstrip("\n") == applied(text, edits).rstrip("\n")


def test_a_line_that_only_gets_a_comma_is_not_shown() -> None:
    text = f'{{\n  "key": "{SECRET}"\n}}\n'
    assert diff(text, put(parse(text), {"mcpServers": {"memguard": {}}})) == [
        "--- mcp.json",
        "+++ mcp.json",
        "@@ -2,1 +2,4 @@",
        "-  …",
        "+  …,",
        '+  "mcpServers": {',
        '+    "memguard": {}',
        "+  }",
    ]


def test_a_file_on_one_line_shows_what_is_put_in_only() -> None:
    text = f'{{"mcpServers": {{"x": "{SECRET}"}}}}'
    assert diff(text, put(parse(text), {"mcpServers": {"memguard": {}}}))[3:] == ["-…}}", '+…, "memguard": {}}}']


def test_what_is_taken_out_shows_only_words_of_ours() -> None:
    text = (
        f'{{"mcpServers": {{"memguard": {{"command": "npx", "args": ["serve", "{SECRET}"], "n": 12}} // {SECRET}\n}}}}'
    )
    lines = diff(text, take(parse(text), [PATH]))
    assert lines[3] == '-{"mcpServers": {"memguard": {"command": "…", "args": ["serve", "…"], "…": …} …'


@pytest.mark.parametrize("quote", ['"', "'", '"""', "'''"])
def test_toml_is_masked_too(quote: str) -> None:
    entry = f"[mcpServers.memguard]\ncommand = {quote}{SECRET}{quote} # {SECRET}\nargs = ['serve']\nn = 1979-05-27\n"
    text = f"# {SECRET}\n{entry}"
    document = parse_toml(text)
    for edits in (take_table(document, PATH), put_table(document, PATH, ENTRY)):
        lines = diff(text, edits)
        assert SECRET not in "\n".join(lines)
        shown_of_it = [line for line in lines[3:] if line.startswith("-") and "[mcpServers" not in line]
        assert shown_of_it == ['-command = "…" …', "-args = ['serve']", "-n = …"]


def test_a_new_file_and_no_change_are_shown_as_such() -> None:
    text = json.dumps(ENTRY)
    assert shown("", [Edit(0, 0, text + "\n")], "new", ()) == [
        "--- /dev/null",
        "+++ new",
        "@@ -0,0 +1,1 @@",
        f"+{text}",
    ]
    assert shown(text, [], "same", ()) == []


def test_edits_that_overlap_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="overlap"):
        applied("abc", [Edit(0, 2), Edit(1, 3)])
