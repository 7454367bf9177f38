"""Values as they are looked up: one form for all ways of writing one, and where one could stand in a text. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from memguard.retrieval.english import STOP_WORDS

WORDS_MAX = 6
"""Words of the longest value that is looked up in a text."""
DIGITS_MIN = 6
"""A number of so many digits is the same however it is grouped."""

PART_LETTERS_MIN = 3
TYPO_LETTERS_MIN = 5
"""In a shorter word one wrong letter makes another word as often as a typing error."""

_CORE = re.compile(r"[^\W_](?:\S*[^\W_])?")
_POSSESSIVE = re.compile(r"['’]s?(?=\s|$)")
_GROUPED = re.compile(r"\d[\d\s()/-]*")


class Gram(NamedTuple):
    """A run of words of a text: its characters, without the punctuation around it, and its form."""

    start: int
    end: int
    form: str


def form(value: str) -> str:
    """The form of a value that is compared: without case, width, spacing, the possessive, and grouping of digits."""
    folded = unicodedata.normalize("NFKC", value).casefold()
    cores = list(_CORE.finditer(folded))
    trimmed = folded[cores[0].start() : cores[-1].end()] if cores else folded.strip()
    digits = re.sub(r"\D", "", trimmed) if _GROUPED.fullmatch(trimmed) else ""
    return digits if len(digits) >= DIGITS_MIN else " ".join(_POSSESSIVE.sub("", trimmed).split())


def ending(text: str, start: int, end: int) -> int:
    """Where a value in a text ends: before a possessive, which is the sentence's."""
    found = _POSSESSIVE.search(text[start:end])
    return start + found.start() if found and start + found.end() == end else end


def grams(text: str) -> Iterator[Gram]:
    """Every run of up to `WORDS_MAX` words of a text, longest first at each place. Single stop words are none."""
    words = [match.span() for match in _CORE.finditer(text)]
    for i, (start, _) in enumerate(words):
        for _, end in reversed(words[i : i + WORDS_MAX]):
            compared = form(text[start:end])
            if compared not in STOP_WORDS:
                yield Gram(start, end, compared)


def parts(name: str) -> list[str]:
    """The parts a person of this name may be called by, where it has several: first names, surnames."""
    words = dict.fromkeys(form(word) for word in name.split())
    found = [word for word in words if len(word) >= PART_LETTERS_MIN and word not in STOP_WORDS]
    return found if len(words) > 1 else []


def misspelt(word: str) -> list[str]:
    """A word with one of its letters left out: two that share one of these differ by a typing error."""
    if len(word) < TYPO_LETTERS_MIN:
        return []
    return list(dict.fromkeys(word[:i] + word[i + 1 :] for i in range(len(word))))
