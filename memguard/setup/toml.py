"""TOML, edited in place: a table put at the end, in its own place, or taken out; a value set. Pure.

tomlkit writes the values. It is not given the whole file to write back: with a table it takes out the comment in front
of the next one, into a file with CRLF it puts LF, and a file that starts with a byte order mark it does not read (tried
with 0.15.2). So a small scanner finds the statements, and what it does is checked by reading the result.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memguard.errors import InvalidInput
from memguard.setup.edits import BOM, Edit, applied, line_end

Path = tuple[str, ...]

_BLANK_LINE = re.compile(r"[ \t]*(?:#[^\n]*|\r)?(?:\n|\Z)")
_KEY = re.compile(r"""(?:\s*(?:"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[\w-]+)\s*\.?)+(?=\s*=)""", re.ASCII)
_TOKEN = re.compile(
    r'"""(?:\\[\s\S]|(?!""")[\s\S])*"""(?:"{0,2})'
    r"|'''(?:(?!''')[\s\S])*'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*|[\[\]{}\n]"
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A table's header or a key with its value: whole lines, from `start` to `end`."""

    path: Path
    is_header: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    text: str
    data: dict[str, Any]


def parse(text: str) -> Document:
    """Errors name the line, never what stands there."""
    plain = text.removeprefix(BOM)
    try:
        return Document(text, tomllib.loads(plain))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else plain.rstrip().count("\n") + 1
        raise InvalidInput(f"line {line} is not TOML") from None
    except RecursionError:
        raise InvalidInput("its TOML is nested too deep") from None


def put_table(document: Document, path: Path, values: Mapping[str, Any]) -> list[Edit]:
    """Edits after which the table at `path` holds `values` and nothing else."""
    text, newline = document.text, line_end(document.text)
    lines = [f"[{'.'.join(_key(step) for step in path)}]", *(f"{_key(k)} = {_value(v)}" for k, v in values.items())]
    block, runs = newline.join(lines), _runs(document, path)
    if len(runs) == 1 and runs[0][0].is_header:
        edits = [Edit(runs[0][0].start, runs[0][-1].end, block + _last_line_end(text, runs[0][-1], newline))]
    elif not text.removeprefix(BOM):
        edits = [Edit(len(text), len(text), block + newline)]
    else:  # a text without a last line end keeps being one, so that taking the table out can give it back
        gap, tail = (newline, newline) if text.endswith("\n") else (newline * 2, "")
        edits = [*_taken(text, runs), Edit(len(text), len(text), gap + block + tail)]
    return _checked(document, edits, _with(document.data, path, dict(values)))


def take_table(document: Document, path: Path) -> list[Edit]:
    """Edits that take out the table at `path`, which is there, with the empty line that `put_table` put before it."""
    return _checked(document, _taken(document.text, _runs(document, path)), _with(document.data, path, None))


def put_value(document: Document, key: str, value: Any) -> list[Edit]:
    """Edits that set a key of the outermost table."""
    text, newline = document.text, line_end(document.text)
    line, outer = f"{_key(key)} = {_value(value)}", list[Statement]()
    for statement in _statements(text):
        if statement.is_header:
            break
        outer.append(statement)
    held = next((statement for statement in outer if statement.path == (key,)), None)
    if held is not None:
        edits = [Edit(held.start, held.end, line + _last_line_end(text, held, newline))]
    elif outer:
        place, tail = outer[-1].end, _last_line_end(text, outer[-1], newline)
        edits = [Edit(place, place, line + tail if tail else newline + line)]
    else:
        place = len(BOM) if text.startswith(BOM) else 0
        edits = [Edit(place, place, line + newline)]
    return _checked(document, edits, {**document.data, key: value})


def _last_line_end(text: str, statement: Statement, newline: str) -> str:
    return newline if text[statement.start : statement.end].endswith("\n") else ""


def _taken(text: str, runs: list[list[Statement]]) -> list[Edit]:
    edits = list[Edit]()
    for run in runs:
        end_before = edits[-1].end if edits else 0
        edits.append(Edit(max(end_before, run[0].start - _gap_before(text, run)), run[-1].end))
    return edits


def _gap_before(text: str, run: list[Statement]) -> int:
    """The length of what `put_table` put between the rest and its table: an empty line, or two line ends."""
    before, after = text[: run[0].start], text[: run[0].start]
    if not run[0].is_header or not before.endswith(("\n\n", "\n\r\n")):
        return 0
    for _ in range(1 if text[: run[-1].end].endswith("\n") else 2):
        after = after.removesuffix("\n").removesuffix("\r")
    return len(before) - len(after)


def _runs(document: Document, path: Path) -> list[list[Statement]]:
    """The statements that make up a table: those under one header together, any other alone."""
    runs = list[list[Statement]]()
    for statement in _statements(document.text):
        if statement.path[: len(path)] != path:
            continue
        if runs and not statement.is_header and runs[-1][0].is_header:
            runs[-1].append(statement)
        else:
            runs.append([statement])
    return runs


def _statements(text: str) -> list[Statement]:
    """The statements of a text that is known to be TOML."""
    found, header, at = list[Statement](), Path(), len(BOM) if text.startswith(BOM) else 0
    while at < len(text):
        blank = _BLANK_LINE.match(text, at)
        if blank:
            at = blank.end()
            continue
        end = _end(text, at)
        is_header, path = text[at:end].lstrip().startswith("["), _path(text[at:end])
        header = path if is_header else header
        found.append(Statement(path if is_header else (*header, *path), is_header, at, end))
        at = end
    return found


def _end(text: str, at: int) -> int:
    """The end of the line on which the statement that starts at `at` ends."""
    depth = 0
    for token in _TOKEN.finditer(text, at):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if token[0] == "\n" and not depth:
            return token.end()
    return len(text)


def _path(statement: str) -> Path:
    """The keys of a header, or those before the equals sign, as TOML itself reads them."""
    key = _KEY.match(statement)
    inner: Any = tomllib.loads(statement if key is None else key[0] + " = 0")
    steps = list[str]()
    while inner:
        inner = inner[0] if isinstance(inner, list) else inner
        ((step, inner),) = inner.items() if inner else (("", None),)
        steps.append(step)
    return tuple(steps)


def _key(name: str) -> str:
    import tomlkit

    return tomlkit.key(name).as_string()


def _value(value: Any) -> str:
    import tomlkit

    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(k)} = {_value(v)}' for k, v in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    text: str = tomlkit.item(value).as_string()
    return text


def _with(data: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """The data with another value at a path, or without any."""
    step, *rest = path
    if rest:
        inner = data.get(step, {})
        if not isinstance(inner, Mapping):
            raise InvalidInput(f"`{step}` does not hold a table")
        return {**data, step: _with(inner, tuple(rest), value)}
    return {k: v for k, v in data.items() if k != step} | ({} if value is None else {step: value})


def _checked(document: Document, edits: list[Edit], expected: Mapping[str, Any]) -> list[Edit]:
    """The edits, when they come to what was meant. A file that is laid out in another way is left to a person."""
    try:
        if _comparable(parse(applied(document.text, edits)).data) == _comparable(expected):
            return edits
    except ValueError:
        pass
    raise InvalidInput("it cannot be edited without touching the rest: edit it by hand")


def _comparable(data: Mapping[str, Any]) -> str:
    """Without tables that are empty, since one that loses its last table may go with it; NaN is equal to itself."""
    return json.dumps({k: v for k, v in data.items() if v != {}}, sort_keys=True, default=repr)
