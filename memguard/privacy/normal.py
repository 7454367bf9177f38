"""A text as the patterns should see it, and the way back to its own offsets. Pure.

People hide numbers by accident: a zero-width space copied from a web page, full-width digits of a Chinese or Japanese
keyboard, a Cyrillic letter that looks like a Latin one. Each is set right before anything looks at the text, one
character at a time, so that every position still knows which stretch of the original it came from.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_PLAIN = {"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-"}
"""Typographic signs that stand for an ASCII one in names and numbers."""
_CYRILLIC = "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u0410\u0412\u0415\u041a\u041c\u041d"
_CYRILLIC += "\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405"
_TWINS = dict(zip(_CYRILLIC, "aeopcyxijsdABEKMHOPCTXIJS", strict=True))
_MIXED = re.compile(
    r"[A-Za-z]*[\u0400-\u052f]+[A-Za-z][A-Za-z\u0400-\u052f]*|[A-Za-z]+[\u0400-\u052f][A-Za-z\u0400-\u052f]*"
)
"""A word with letters of both alphabets: nobody writes one on purpose, except to hide it."""


class Normal(NamedTuple):
    """`text` for the patterns; its character `i` came from `starts[i]` up to `ends[i]` of the original."""

    text: str
    starts: list[int] | None
    ends: list[int] | None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the original that a stretch of `text` came from."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def normal(text: str) -> Normal:
    """The text without invisible characters, with ASCII digits, quotes and hyphens, and no look-alike letters."""
    if text.isascii():
        return Normal(text, None, None)
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for i, character in enumerate(text):
        if unicodedata.category(character) == "Cf":
            continue
        if characters and unicodedata.combining(character):
            ends[-1] = i + 1
            whole = unicodedata.normalize("NFC", characters[-1] + character)
            characters[-1] = whole if len(whole) == 1 else characters[-1]
            continue
        characters.append(_plain(character))
        starts.append(i)
        ends.append(i + 1)
    return Normal(_MIXED.sub(_latin, "".join(characters)), starts, ends)


def _plain(character: str) -> str:
    if character.isascii():
        return character
    if character in _PLAIN:
        return _PLAIN[character]
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if character.isspace() and character not in "\u2028\u2029\x85":
        return " "
    if "\uff01" <= character <= "\uff5e":  # full-width ASCII
        return chr(ord(character) - 0xFEE0)
    return character


def _latin(word: re.Match[str]) -> str:
    return "".join(_TWINS.get(character, character) for character in word[0])
