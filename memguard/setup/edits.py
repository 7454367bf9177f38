"""A change of a text as a list of edits of it, and a diff of them that shows nothing which is not memguard's. Pure.

A client's file holds other servers' tokens. A line diff would show them: the comma after `"key": "sk-..."` makes that
line a changed one, and a file on one line is changed as a whole. So the diff is made from the edits: what is put in
is shown as it is, of what goes only words that memguard itself writes, and the rest of a touched line is `…`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

HIDDEN = "…"
BOM = "\ufeff"

# Strings (TOML's too), comments, and what starts like a number. `'` is no quote in JSON, but stands in no JSON outside
# a string or a comment either.
_TELLING = re.compile(
    r'"""(?:\\[\s\S]|(?!""")[\s\S])*"""'
    r"|'''(?:(?!''')[\s\S])*'''"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|//[^\n]*|/\*[\s\S]*?\*/|#[^\n]*"
    r"|(?<![\w.-])[-+]?\d[\w.:+-]*"
)
_WORDS = re.compile(r"\S(?:.*\S)?")
_BRACKETS = re.compile(r"[\s{}\[\]:,]*")


@dataclass(frozen=True, slots=True)
class Edit:
    """`text[start:end]` becomes `new`; offsets are those of the text before any edit."""

    start: int
    end: int
    new: str = ""


def ordered(edits: Sequence[Edit]) -> list[Edit]:
    """By place; what is put in at one place keeps its order, and comes before what goes from there."""
    return sorted(edits, key=lambda edit: (edit.start, edit.end))


def applied(text: str, edits: Sequence[Edit]) -> str:
    """The text after the edits, which must not overlap."""
    parts, at = [], 0
    for edit in ordered(edits):
        if edit.start < at:
            raise ValueError("edits overlap")
        parts += [text[at : edit.start], edit.new]
        at = edit.end
    return "".join([*parts, text[at:]])


def line_end(text: str) -> str:
    """What ends the first line of a text: a client's file keeps its own line ends."""
    first = text.find("\n")
    return "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"


def shown(text: str, edits: Sequence[Edit], name: str, known: Collection[str]) -> list[str]:
    """A unified diff without context. Of what goes, only the strings and numbers in `known` are shown."""
    if not edits:
        return []
    words = {json.dumps(word, ensure_ascii=False)[1:-1] for word in known}
    lines, longer = [f"--- {name if text else '/dev/null'}", f"+++ {name}"], 0
    for start, end, group in _hunks(text, ordered(edits)):
        old, new = _sides(text, start, end, group, words)
        same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
        row = text.count("\n", 0, start) + 1 + same
        old, new = old[same:], new[same:]  # a line may only be touched because something follows it
        lines.append(f"@@ -{_span(row, len(old))} +{_span(row + longer, len(new))} @@")
        lines += [f"-{line}" for line in old] + [f"+{line}" for line in new]
        longer += len(new) - len(old)
    return lines


def _hunks(text: str, edits: list[Edit]) -> Iterator[tuple[int, int, list[Edit]]]:
    """Edits that touch one line belong together: (start of the first line, end of the last, edits)."""
    start, end, group = -1, -1, list[Edit]()
    for edit in edits:
        if group and edit.start >= end:
            yield start, end, group
            group = []
        if not group:
            start = text.rfind("\n", 0, edit.start) + 1
        group.append(edit)
        end = max(end, _end_of_lines(text, edit))
    yield start, end, group


def _end_of_lines(text: str, edit: Edit) -> int:
    """The end of the last line that an edit touches; whole lines touch no other."""
    starts, ends = (at == 0 or text[at - 1] == "\n" for at in (edit.start, edit.end))
    if ends and (edit.new.endswith("\n") or (starts and not edit.new)):
        return edit.end
    newline = text.find("\n", edit.end)
    return len(text) + 1 if newline < 0 else newline + 1


def _sides(text: str, start: int, end: int, edits: list[Edit], words: Collection[str]) -> tuple[list[str], list[str]]:
    """The lines of one hunk before and after."""
    bounds = [start, *(at for edit in edits for at in (edit.start, edit.end)), end]
    kept = [_hidden(text[a:b], words) for a, b in pairwise(bounds)][::2]
    gone = [_masked(text[edit.start : edit.end], words) for edit in edits]
    old = "".join(part for pair in zip(kept, [*gone, ""], strict=True) for part in pair)
    new = "".join(part for pair in zip(kept, [*(edit.new for edit in edits), ""], strict=True) for part in pair)
    return _lines(old), _lines(new)


def _lines(text: str) -> list[str]:
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return lines[:-1] if lines[-1] == "" else lines


def _span(row: int, count: int) -> str:
    """diff's own rule: an empty span is named by the line before it."""
    return f"{row if count else row - 1},{count}"


def _hidden(kept: str, words: Collection[str]) -> str:
    """What stays on a touched line: brackets and words of memguard's own, else a sign that something is there."""
    is_ours = _masked(kept, words) == kept and _BRACKETS.fullmatch(_TELLING.sub("", kept).replace(BOM, ""))
    return kept if is_ours else _WORDS.sub(HIDDEN, kept)


def _masked(gone: str, words: Collection[str]) -> str:
    def mask(found: re.Match[str]) -> str:
        text = found[0]
        if text[0] in "\"'":
            return text if text[1:-1] in words else f'"{HIDDEN}"'
        return text if text in words else HIDDEN

    return _TELLING.sub(mask, gone)
