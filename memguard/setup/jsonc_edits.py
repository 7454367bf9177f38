"""Edits of JSON with comments that put members and items in, and take them out. Pure.

No library on PyPI was right: the parsers drop or move comments on writing, and the one made for such edits starts Node.
Here nothing is written back that is not an edit. Taking out undoes putting in, byte for byte, in any container that was
there before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from memguard.errors import InvalidInput
from memguard.setup.edits import BOM, Edit, applied, line_end, ordered
from memguard.setup.jsonc import (
    Container,
    Document,
    Kid,
    Path,
    container_at,
    container_from,
    is_in_comment,
    kid_of,
    parse,
    value_from,
)

_INDENTED = re.compile(r'^([ \t]+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Exactly:
    """A value that takes the place of what is there, where a mapping would be merged into it."""

    value: Any


@dataclass(frozen=True, slots=True)
class Items:
    """Items that are put at the end of an array."""

    items: list[Any]


def put(document: Document, wanted: Mapping[str, Any]) -> list[Edit]:
    """Edits after which the root holds `wanted`: mappings are merged, `Items` appended, all else is set."""
    if not document.bare:
        whole = json.dumps(_settled(wanted), indent=2, ensure_ascii=False) + "\n"
        return [Edit(len(document.text), len(document.text), whole)]
    edits = _put(document, container_at(document, ()), wanted, ())
    return _checked(document, edits, _merged(document.data, wanted))


def set_value(document: Document, path: Path, value: Any) -> list[Edit]:
    """Edits that set the value at a path, which is there."""
    kid = kid_of(container_at(document, path[:-1]), path[-1])
    edits = [Edit(kid.at, kid.end, _rendered(document, value, _indent(document.text, kid.start)))]
    return _checked(document, edits, _replaced(document.data, path, value))


def take(document: Document, paths: Collection[Path]) -> list[Edit]:
    """Edits that take out what stands at these paths, each of which is there."""
    edits = []
    for parent in dict.fromkeys(path[:-1] for path in paths):
        container = container_at(document, parent)
        steps = {path[-1] for path in paths if path[:-1] == parent}
        doomed = {i for i, kid in enumerate(container.kids) if (i if kid.key is None else kid.key) in steps}
        edits += _removal(document, container, doomed)
    return _checked(document, edits, _without(document.data, paths))


# --- putting in


def _put(document: Document, container: Container, wanted: Mapping[str, Any], path: tuple[str, ...]) -> list[Edit]:
    held = {kid.key: kid for kid in container.kids}
    edits = [edit for key in wanted if key in held for edit in _change(document, held[key], wanted[key], (*path, key))]
    missing = {key: _settled(value) for key, value in wanted.items() if key not in held}
    return edits + _insertion(document, container, missing)


def _change(document: Document, kid: Kid, wanted: Any, path: tuple[str, ...]) -> list[Edit]:
    bracket = document.bare[kid.at]
    if isinstance(wanted, Mapping):
        if bracket != "{":
            raise InvalidInput(f"`{'.'.join(path)}` does not hold an object")
        return _put(document, container_from(document, kid.at), wanted, path)
    if isinstance(wanted, Items):
        if bracket != "[":
            raise InvalidInput(f"`{'.'.join(path)}` does not hold an array")
        return _insertion(document, container_from(document, kid.at), wanted.items)
    if json.dumps(value_from(document, kid.at)) == json.dumps(_settled(wanted)):
        return []
    return [Edit(kid.at, kid.end, _rendered(document, _settled(wanted), _indent(document.text, kid.start)))]


def _insertion(document: Document, container: Container, new: Mapping[str, Any] | Sequence[Any]) -> list[Edit]:
    """New kids behind the last one, in the manner of those that are there."""
    if not new:
        return []
    place = _end_of_content(document, container)
    if not container.kids:
        return [_into_empty(document, container, new, place)]
    inline = "\n" not in document.text[container.open : container.kids[0].start]
    after_comment = is_in_comment(document, place)
    indent = _indent(document.text, container.kids[-1].start)
    gap = line_end(document.text) + indent if after_comment or not inline else _inline_gap(document, container)
    texts = _texts(document, new, None if inline else indent)
    last = container.kids[-1]
    if last.comma is not None:
        return [Edit(place, place, "".join(f"{gap}{text}," for text in texts))]
    return [Edit(last.end, last.end, ","), Edit(place, place, ",".join(gap + text for text in texts))]


def _into_empty(document: Document, container: Container, new: Mapping[str, Any] | Sequence[Any], place: int) -> Edit:
    """Kids of a container without any. `_emptied` tells from what it looks like now what it looked like before:

    `{}` gets them on lines of their own; `{ }` keeps its blanks on both sides; one that already spans lines keeps
    what was in it behind them, after one empty line.
    """
    blank = document.text[place : container.close]
    base, newline = _indent(document.text, container.open), line_end(document.text)
    if blank and "\n" not in blank:
        return Edit(place, place, blank + ", ".join(_texts(document, new, None)))
    indent = base + _unit(document.text)
    lines = ",".join(newline + indent + text for text in _texts(document, new, indent))
    return Edit(place, place, lines + newline + ("" if blank else base))


def _texts(document: Document, new: Mapping[str, Any] | Sequence[Any], indent: str | None) -> list[str]:
    if isinstance(new, Mapping):
        return [f"{json.dumps(key)}: {_rendered(document, value, indent)}" for key, value in new.items()]
    return [_rendered(document, value, indent) for value in new]


def _rendered(document: Document, value: Any, indent: str | None) -> str:
    """A value on lines that follow one with this indent, or on one line where there is none."""
    if indent is None or not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    text = json.dumps(value, indent=_unit(document.text), ensure_ascii=False)
    return text.replace("\n", line_end(document.text) + indent)


def _unit(text: str) -> str:
    """One step of indentation: that of the first line that has any."""
    found = _INDENTED.search(text)
    return found[1] if found else "  "


def _indent(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))].removeprefix(BOM)


def _inline_gap(document: Document, container: Container) -> str:
    first = container.kids[0]
    start = first.start if first.comma is None else first.comma + 1
    return " " if first.comma is None or document.text[start : start + 1].isspace() else ""


def _end_of_content(document: Document, container: Container) -> int:
    """Behind the last thing in a container, a comment too, or behind its opening bracket."""
    return container.open + len(document.text[container.open : container.close].rstrip(" \t\r\n"))


# --- taking out


def _removal(document: Document, container: Container, doomed: set[int]) -> list[Edit]:
    kids = container.kids
    edits = [Edit(_start(document, kids, doomed, i), kids[i].end) for i in doomed]
    edits += [Edit(comma, comma + 1) for i in doomed if (comma := kids[i].comma) is not None]
    staying = [i for i in range(len(kids)) if i not in doomed]
    if not staying:
        return edits + _emptied(document, container, ordered(edits))
    last = kids[staying[-1]]
    if staying[-1] < len(kids) - 1 and kids[-1].comma is None and last.comma is not None:
        edits.append(Edit(last.comma, last.comma + 1))  # nothing follows it any more
    return edits


def _emptied(document: Document, container: Container, gone: Sequence[Edit]) -> list[Edit]:
    """What `_into_empty` put behind the kids, where nothing but blanks stands there."""
    start = _end(container.kids[-1])
    blank, newline = document.text[start : container.close], line_end(document.text)
    if blank.strip() or not blank.startswith(newline):
        return []
    if "\n" in blank[len(newline) :]:
        return [Edit(start, start + len(newline))]
    before, between = gone[0].start, "".join(document.text[a.end : b.start] for a, b in pairwise(gone))
    if between.strip() or is_in_comment(document, before):
        return []  # the line break may end a comment
    return [Edit(start, container.close)]


def _start(document: Document, kids: Sequence[Kid], doomed: set[int], i: int) -> int:
    """From where a kid is taken out: behind what stands before it. But a line comment there needs a line break."""
    place = _end_before(document, kids[i])
    if not is_in_comment(document, place):
        return place
    start, end = kids[i].start, _end(kids[i])
    while i + 1 in doomed and _end_before(document, kids[i + 1]) <= end:  # so nothing stays between them
        i += 1
        end = _end(kids[i])
    return place if document.text[end:].lstrip(" \t").startswith(("\r", "\n")) else start


def _end_before(document: Document, kid: Kid) -> int:
    return len(document.text[: kid.start].rstrip(" \t\r\n"))


def _end(kid: Kid) -> int:
    return kid.end if kid.comma is None else kid.comma + 1


# --- what the edits must come to


def _checked(document: Document, edits: list[Edit], expected: Any) -> list[Edit]:
    """The edits, when they come to what was meant. A file that fools them is left to a person."""
    try:
        if parse(applied(document.text, edits)).data == expected:
            return edits
    except ValueError:
        pass
    raise InvalidInput("it cannot be edited without touching the rest: edit it by hand")


def _settled(wanted: Any) -> Any:
    """What is written where nothing was."""
    if isinstance(wanted, Exactly):
        return wanted.value
    if isinstance(wanted, Items):
        return wanted.items
    return {key: _settled(value) for key, value in wanted.items()} if isinstance(wanted, Mapping) else wanted


def _merged(held: Any, wanted: Any) -> Any:
    if isinstance(wanted, Items):
        return [*held, *wanted.items]
    if isinstance(wanted, Mapping) and isinstance(held, Mapping):
        new = {key: _merged(held[key], value) if key in held else _settled(value) for key, value in wanted.items()}
        return {**held, **new}
    return _settled(wanted)


def _replaced(data: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    step, *rest = path
    pairs = data.items() if isinstance(data, dict) else enumerate(data)
    new = {k: _replaced(v, tuple(rest), value) if k == step else v for k, v in pairs}
    return new if isinstance(data, dict) else list(new.values())


def _without(data: Any, paths: Collection[Path]) -> Any:
    here = {path[0] for path in paths if len(path) == 1}
    deeper = {path[0]: [p[1:] for p in paths if p[0] == path[0]] for path in paths if len(path) > 1}
    pairs = data.items() if isinstance(data, dict) else enumerate(data)
    left = {k: _without(v, deeper[k]) if k in deeper else v for k, v in pairs if k not in here}
    return left if isinstance(data, dict) else list(left.values())
