"""Whether a line is a developer's: there the tagger's word alone is worth little, and cities name regions. Pure."""

from __future__ import annotations

import re

from memguard.privacy.lists import entries

_SIGNS = re.compile(
    r"`|\w\(\)|[a-z0-9]_[a-z]|\b(?!i[A-Z])[a-z]+[A-Z]\w*|\b(?!Mc|Mac|De|Di|La|Le|Van|Fitz|O)[A-Z][a-z]+[A-Z]\w*"
    r"|(?:^|\s)--?[a-z]|(?:^|[\s(])[~.]?/[\w.-]+/"
    r"|\b[\w/-]+\.(?:py|js|ts|tsx|go|rs|rb|java|c|h|cpp|md|json|ya?ml|toml|sql|sh|cfg|ini|lock|env|log|css|proto"
    r"|tf)\b|\bv\d+\.\d+|\b\d+\.\d+\.\d+\b(?!\.)"
    r"|::|->|=>|[=!<>]=|\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{7,40}\b|\b[A-Z]{2,6}-\d{1,6}\b|\b(?:Europe"
    r"|America|Asia|Africa|Pacific)/[A-Z]|\w=\w|\b\d+\s?(?:ms|MB|GB|KB|kB)\b"
)
"""Shapes that nobody types who does not write programs."""
_ADDRESS = re.compile(r"\S+@\S+|https?://\S+")
"""Mail addresses and links have underscores and hyphens of their own."""
_MARKED_MIN = 2
"""How many different marked words it takes: each of them alone is said at every kitchen table."""
_WORD = re.compile(r"[a-z][a-z-]*")


def stands_among_code(text: str, place: int) -> bool:
    """Whether the line of a text that a place is in is a developer's."""
    end = text.find("\n", place)
    return is_developers(text[text.rfind("\n", 0, place) + 1 : len(text) if end < 0 else end])


def is_developers(line: str) -> bool:
    """Whether the line shows signs of code, or speaks of building software."""
    line = _ADDRESS.sub("", line)
    found = set(_WORD.findall(line.lower()))
    known = entries("developer_words")
    return bool(found & known.sure) or len(found & known.marked) >= _MARKED_MIN or _SIGNS.search(line) is not None
