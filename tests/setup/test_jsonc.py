"""JSON with comments, edited in place: only the edit changes, and taking out undoes putting in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard.errors import InvalidInput
from memguard.setup.edits import applied
from memguard.setup.jsonc import container_at, kid_of, parse
from memguard.setup.jsonc_edits import Exactly, Items, put, set_value, take
from tests.checks import MARKER

ENTRY = {"type": "stdio", "command": "/bin/memguard", "args": ["serve"]}
SERVER = {"mcpServers": {"memguard": ENTRY}}

GAPS = (
    "",
    "",
    " ",
    "  ",
    "\n",
    "\n  ",
    "\n\t",
    "\r\n    ",
    "/* } , // */",
    ' // { " ]\n ',
    "\n  // /* x\n  ",
    "/**/\n",
)
WORDS = ("", "a", "//", "/* x */", "}", "{", "]", ",", '"', "\\", "\\\\", "é", "😀", "\n", "mcp", "# x", "'", "\u2028")
SCALARS = st.sampled_from([None, True, False, 0, -1.5, 10**30, 1e300, *WORDS])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=12,
)

EITHER = st.booleans()


@st.composite
def written(draw: st.DrawFn, value: Any) -> str:
    """A value as somebody may have typed it: with any blanks, comments, and trailing commas."""

    def gap() -> str:
        return draw(st.sampled_from(GAPS))

    def text(of: Any) -> str:
        if not isinstance(of, dict | list):
            return json.dumps(of, ensure_ascii=draw(EITHER))
        if isinstance(of, dict):
            kids = [f"{json.dumps(key)}{gap()}:{gap()}{text(inner)}" for key, inner in of.items()]
        else:
            kids = [text(inner) for inner in of]
        last = "," + gap() if draw(EITHER) and kids else ""
        opened, closed = ("{", "}") if isinstance(of, dict) else ("[", "]")
        return opened + gap() + f"{gap()},{gap()}".join(kids) + gap() + last + closed

    before: str = draw(st.sampled_from(["", "\ufeff", "\n", "// x\n"]))
    return before + text(value) + gap()


def files(**held: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    """Files that hold these members somewhere among others."""
    others = st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=3)
    both = st.tuples(others, st.fixed_dictionaries(held)).map(lambda pair: [*pair[0].items(), *pair[1].items()])
    return both.flatmap(st.permutations).map(dict).flatmap(lambda value: written(value))


def after(text: str, wanted: dict[str, Any]) -> str:
    return applied(text, put(parse(text), wanted))


@given(files(mcpServers=st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=3)))
def test_taking_out_a_member_undoes_putting_it_in(text: str) -> None:
    document = parse(text)
    edits = put(document, SERVER)
    assert all(edit.start == edit.end for edit in edits)  # nothing of the file goes
    new = parse(applied(text, edits))
    assert new.data["mcpServers"] == {**document.data["mcpServers"], "memguard": ENTRY}
    assert list(new.data["mcpServers"])[-1] == "memguard"
    assert applied(new.text, take(new, [("mcpServers", "memguard")])) == text


@given(files(hooks=st.fixed_dictionaries({"SessionStart": st.lists(VALUES, max_size=3)})))
def test_taking_out_an_item_undoes_putting_it_in(text: str) -> None:
    document = parse(text)
    count = len(document.data["hooks"]["SessionStart"])
    new = parse(after(text, {"hooks": {"SessionStart": Items([ENTRY])}}))
    assert new.data["hooks"]["SessionStart"] == [*document.data["hooks"]["SessionStart"], ENTRY]
    assert applied(new.text, take(new, [("hooks", "SessionStart", count)])) == text


@given(files(hooks=st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=3)))
def test_several_members_go_in_and_come_out_together(text: str) -> None:
    new = parse(after(text, {"hooks": {"start": Items([1]), "end": Items([2])}, "version": 1}))
    assert new.data["hooks"]["start"] == [1]
    assert new.data["hooks"]["end"] == [2]
    assert applied(new.text, take(new, [("hooks", "start"), ("hooks", "end"), ("version",)])) == text


@given(files(mcpServers=st.dictionaries(st.sampled_from(WORDS), VALUES, min_size=1, max_size=4)), st.data())
def test_any_member_can_be_taken_out_and_set(text: str, data: st.DataObject) -> None:
    document = parse(text)
    servers = document.data["mcpServers"]
    key = data.draw(st.sampled_from(sorted(servers)))
    member = kid_of(container_at(document, ("mcpServers",)), key)
    edits = take(document, [("mcpServers", key)])
    for edit in edits:  # beside the member only blanks and a comma go
        beside = (
            text[edit.start : max(edit.start, min(edit.end, member.start))]
            + text[max(edit.start, member.end) : edit.end]
        )
        assert (edit.new, beside.strip(" \t\r\n,")) == ("", "")
    assert parse(applied(text, edits)).data == {
        **document.data,
        "mcpServers": {k: v for k, v in servers.items() if k != key},
    }
    set_ = parse(applied(text, set_value(document, ("mcpServers", key), ENTRY)))
    assert set_.data == {**document.data, "mcpServers": {**servers, key: ENTRY}}


@given(files(list=st.lists(VALUES, min_size=1, max_size=5)), st.data())
def test_any_items_can_be_taken_out_at_once(text: str, data: st.DataObject) -> None:
    document = parse(text)
    items = document.data["list"]
    doomed = data.draw(st.sets(st.integers(0, len(items) - 1), min_size=1))
    gone = parse(applied(text, take(document, [("list", i) for i in doomed])))
    assert gone.data["list"] == [item for i, item in enumerate(items) if i not in doomed]


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ('{"mcpServers": {}}', '{"mcpServers": {\n  "memguard": 1\n}}'),
        ('{"mcpServers": { }}', '{"mcpServers": { "memguard": 1 }}'),
        ('{"mcpServers": {"a": 1}}', '{"mcpServers": {"a": 1, "memguard": 1}}'),
        ('{"mcpServers":{"a":1,"b":2}}', '{"mcpServers":{"a":1,"b":2,"memguard": 1}}'),
        (
            '{\n\t"mcpServers": {\n\t\t"a": 1 // why\n\t}\n}\n',
            '{\n\t"mcpServers": {\n\t\t"a": 1, // why\n\t\t"memguard": 1\n\t}\n}\n',
        ),
        (
            '{\r\n    "mcpServers": {\r\n        "a": 1,\r\n    },\r\n}',
            '{\r\n    "mcpServers": {\r\n        "a": 1,\r\n        "memguard": 1,\r\n    },\r\n}',
        ),
        ('{\n  "a": 1\n}\n', '{\n  "a": 1,\n  "mcpServers": {\n    "memguard": 1\n  }\n}\n'),
        ("{}\n", '{\n  "mcpServers": {\n    "memguard": 1\n  }\n}\n'),
        ("", '{\n  "mcpServers": {\n    "memguard": 1\n  }\n}\n'),
        ('{"mcpServers": {"memguard": 2}}', '{"mcpServers": {"memguard": 1}}'),
        ('{"mcpServers": 0, "mcpServers": {"b": 1}}', '{"mcpServers": 0, "mcpServers": {"b": 1, "memguard": 1}}'),
    ],
)
def test_a_member_looks_like_its_neighbours(text: str, new: str) -> None:
    assert after(text, {"mcpServers": {"memguard": 1}}) == new


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('{\n  "memguard": 1,\n  "b": 2\n}', '{\n  "b": 2\n}'),
        ('{\n  "a": 1,\n  "memguard": 1,\n  "b": 2\n}', '{\n  "a": 1,\n  "b": 2\n}'),
        ('{"a": 1, "memguard": 1}', '{"a": 1}'),
        ('{"a": 1, // x\n"memguard": 1, "b": 2}', '{"a": 1, // x\n "b": 2}'),
        ('{\n  // ours\n  "memguard": 1\n}', "{\n  // ours\n}"),
        ('{"memguard": 1, "a": 1, "memguard": 2}', '{ "a": 1}'),
    ],
)
def test_a_member_goes_without_its_comma_and_its_line(text: str, left: str) -> None:
    assert applied(text, take(parse(text), [("memguard",)])) == left


def test_what_is_as_wanted_needs_no_edit() -> None:
    text = '{"mcpServers": {"memguard": {"command": "m", "args": ["serve"], "timeout": 9}}}'
    assert put(parse(text), {"mcpServers": {"memguard": {"args": ["serve"], "command": "m"}}}) == []


def test_a_mapping_is_merged_and_exactly_takes_its_place() -> None:
    text = '{"a": {"x": 1, "y": 2}}'
    assert json.loads(after(text, {"a": {"y": 3}})) == {"a": {"x": 1, "y": 3}}
    assert json.loads(after(text, {"a": Exactly({"y": 3})})) == {"a": {"y": 3}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f'{{\n "{MARKER}": 1\n "b": 2}}', "line 3 is not JSON"),
        (f'{{"{MARKER}": 1', "line 1 is not JSON"),
        (f'{{\n"a": "{MARKER}\n"}}', "line 2 is not JSON"),
        (f"{{}} {MARKER}", "line 1 is not JSON"),
        ("{,}", "line 1 is not JSON"),
        ("{\n/* ", "line 2 is not JSON"),
        ('{"a": NaN}', "NaN"),
        ("[" * 200_000, ""),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deep"),
        (f'["{MARKER}"]', "not an object"),
        (f'"{MARKER}"', "not an object"),
        ('{"mcpServers": []}', "`mcpServers` does not hold an object"),
        ('{"mcpServers": null}', "`mcpServers` does not hold an object"),
        ('{"mcpServers": {"memguard": 3}}', "`mcpServers.memguard` does not hold an object"),
        ('{"hooks": {"start": {}}}', "`hooks.start` does not hold an array"),
    ],
    ids=lambda value: value[:40],
)
def test_what_cannot_be_edited_is_refused_by_its_line_or_key(text: str, says: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        put(parse(text), {"mcpServers": {"memguard": {"a": 1}}, "hooks": {"start": Items([1])}})
    assert says in str(raised.value)
    assert MARKER not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_long_numbers_are_no_obstacle() -> None:
    text = '{"a": ' + "7" * 10_000 + "}"
    assert after(text, {"b": 1}).startswith(text[:-1])
