"""JSON with comments and trailing commas: where its values stand in the text. Pure.

Comments are blanked out, which keeps every offset, and what is left is JSON, so that the standard library's scanner
finds where a value ends.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from memguard.errors import InvalidInput
from memguard.setup.edits import BOM

Path = tuple[str | int, ...]
"""Keys and positions from the root."""

_STRING = r'"(?:[^"\\]|\\.)*"'
_COMMENT = re.compile(rf"{_STRING}|//[^\r\n]*|/\*[\s\S]*?\*/")
_LAST_COMMA = re.compile(rf"{_STRING}|,(?=\s*[}}\]])")
_BLANK = re.compile(r"[^\r\n]")
_SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Document:
    text: str
    bare: str
    """The text with comments blanked out."""
    plain: str
    """And with trailing commas blanked out: JSON."""
    data: Any
    line_comments: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Kid:
    """A member or an item: `at` and `end` are those of its value, `comma` is where the one behind it stands."""

    key: str | None
    start: int
    at: int
    end: int
    comma: int | None


@dataclass(frozen=True, slots=True)
class Container:
    """An object or an array, from its opening bracket to its closing one."""

    open: int
    close: int
    kids: tuple[Kid, ...]


def parse(text: str) -> Document:
    """Errors name the line, never what stands there. An empty text is an empty object that is still to be written."""
    if not text.strip(BOM + " \t\r\n"):
        return Document(text, "", "", {}, ())
    comments = [found.span() for found in _COMMENT.finditer(text) if found[0].startswith("//")]
    bare = _COMMENT.sub(_blanked_comment, " " + text[1:] if text[0] == BOM else text)
    plain = _LAST_COMMA.sub(lambda found: found[0] if found[0] != "," else " ", bare)
    try:
        data = _DECODER.decode(plain)
    except json.JSONDecodeError as error:
        raise InvalidInput(f"line {error.lineno} is not JSON") from None
    except ValueError:
        raise InvalidInput("NaN and Infinity are not JSON") from None
    except RecursionError:
        raise InvalidInput("its JSON is nested too deep") from None
    if not isinstance(data, dict):
        raise InvalidInput("its outermost value is not an object")
    return Document(text, bare, plain, data, tuple(comments))


def container_from(document: Document, at: int) -> Container:
    """The kids of what opens at `at`. Bounds hold, since the whole is known to be JSON."""
    bare, kids = document.bare, list[Kid]()
    close, i = "}" if bare[at] == "{" else "]", _skip(bare, at + 1)
    if bare[i] == ",":  # `{,}`: a trailing comma behind nothing
        raise InvalidInput(f"line {bare.count(chr(10), 0, i) + 1} is not JSON")
    while bare[i] != close:
        start, key = i, None
        if close == "}":
            key, i = _DECODER.raw_decode(document.plain, i)
            i = _skip(bare, _skip(bare, i) + 1)
        value = i
        _, end = _DECODER.raw_decode(document.plain, value)
        i = _skip(bare, end)
        comma = i if bare[i] == "," else None
        kids.append(Kid(key, start, value, end, comma))
        i = i if comma is None else _skip(bare, i + 1)
    return Container(at, i, tuple(kids))


def container_at(document: Document, path: Path) -> Container:
    container = container_from(document, _skip(document.bare, 0))
    for step in path:
        container = container_from(document, kid_of(container, step).at)
    return container


def kid_of(container: Container, step: str | int) -> Kid:
    """Of members with one key the last one, which is what JSON readers take."""
    return next(kid for i, kid in reversed([*enumerate(container.kids)]) if (i if kid.key is None else kid.key) == step)


def value_from(document: Document, at: int) -> Any:
    return _DECODER.raw_decode(document.plain, at)[0]


def is_in_comment(document: Document, place: int) -> bool:
    """Whether a line comment ends here, so that what follows must start a line."""
    return any(start < place <= end for start, end in document.line_comments)


def _skip(bare: str, at: int) -> int:
    found = _SPACE.match(bare, at)
    return found.end() if found else at


def _blanked_comment(found: re.Match[str]) -> str:
    return found[0] if found[0][0] == '"' else _BLANK.sub(" ", found[0])


def _number(digits: str) -> int | str:
    """Python refuses to read longer ones, and no edit needs them."""
    return int(digits) if len(digits) < 4000 else digits


def _no_number(word: str) -> Any:
    raise ValueError(word)


_DECODER = json.JSONDecoder(parse_int=_number, parse_constant=_no_number)
