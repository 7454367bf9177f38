"""Values as they are looked up: one form for all ways of writing one, and where one could stand in a text. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from memguard.retrieval.english import STOP_WORDS

WORDS_MAX = 6
"""Words of the longest value that is looked up in a text."""
INNER_MAX = 8
"""Words between punctuation, as in "Ana/Ben": a stretch with more of them is a path."""
DIGITS_MIN = 6
"""A number of so many digits is the same however it is grouped."""

PART_LETTERS_MIN = 3
TYPO_LETTERS_MIN = 5
"""In a shorter word one wrong letter makes another word as often as a typing error."""

_CORE = re.compile(r"[^\W_](?:\S*[^\W_])?")
_INNER = re.compile(r"\w+(?:['’-]\w+|(?<=\d)[.,:]\d+)*")
"""A word within one: neither a hyphen nor an apostrophe ends it, nor what groups a number."""
_POSSESSIVE = re.compile(r"['’]s?(?=\s|$)")
_GROUPED = re.compile(r"\d[\d\s()/-]*")


class Gram(NamedTuple):
    """A run of words of a text: its characters, without the punctuation around it, and its form."""

    start: int
    end: int
    form: str


class _Word(NamedTuple):
    """A stretch without white space or punctuation around it, folded; where values may begin and end in it."""

    start: int
    end: int
    form: str
    ending: str
    """Its form at the end of a longer value, where digits stay as they are."""
    going_on: str | None
    """Its form where a value goes on behind it: with its punctuation; None where some belongs to the next word."""
    starts: Sequence[int]
    ends: Sequence[int]


def form(value: str) -> str:
    """The form of a value that is compared: without case, width, spacing, the possessive, and grouping of digits."""
    folded = _folded(value)
    cores = list(_CORE.finditer(folded))
    trimmed = folded[cores[0].start() : cores[-1].end()] if cores else folded.strip()
    digits = re.sub(r"\D", "", trimmed) if _GROUPED.fullmatch(trimmed) else ""
    return digits if len(digits) >= DIGITS_MIN else _plain(trimmed)


def ending(text: str, start: int, end: int) -> int:
    """Where a value in a text ends: before a possessive, which is the sentence's."""
    found = _POSSESSIVE.search(text[start:end])
    return start + found.start() if found and start + found.end() == end else end


def grams(text: str) -> Iterator[Gram]:
    """Every run of up to `WORDS_MAX` words of a text, longest first at each place. Single stop words are none."""
    words = _words(text)
    for i, first in enumerate(words):
        reach = words[i : i + WORDS_MAX]
        for start in first.starts:
            for length in range(len(reach), 0, -1):
                for end in reach[length - 1].ends:
                    if end > start:
                        compared = _form_of(text, reach[:length], start, end)
                        if compared not in STOP_WORDS:
                            yield Gram(start, end, compared)


def _words(text: str) -> list[_Word]:
    cores = [match.span() for match in _CORE.finditer(text)]
    words = []
    for (start, end), (following, _) in pairwise([*cores, (len(text), len(text))]):
        core = text[start:end]
        inner = [(start + m.start(), start + m.end()) for m in _INNER.finditer(core)] if not core.isalnum() else []
        if not 1 < len(inner) <= INNER_MAX:
            inner = [(start, end)]
        # A core need not be of inner words at both ends: it begins and ends a value itself.
        starts, ends = {start, *(a for a, _ in inner)}, {end, *(b for _, b in inner)}
        going_on = _plain(_folded(text[start:following])) if text[following - 1].isspace() else None
        last = _plain(_folded(core))
        words.append(_Word(start, end, form(core), last, going_on, sorted(starts), sorted(ends, reverse=True)))
    return words


def _form_of(text: str, run: Sequence[_Word], start: int, end: int) -> str:
    """The form of a stretch of a text: put together from those of its words where it holds them whole."""
    forms = [word.going_on for word in run[:-1]]
    if start != run[0].start or end != run[-1].end or text[start].isdigit() or None in forms:
        return form(text[start:end])
    return " ".join([*filter(None, forms), run[-1].ending]) if forms else run[0].form


def _folded(value: str) -> str:
    return unicodedata.normalize("NFKC", value).casefold()


def _plain(folded: str) -> str:
    return " ".join(_POSSESSIVE.sub("", folded).split())


def as_written(value: str, type_: str) -> bool:
    """Whether it can be this value as it stands: a single word in lower case may be a name in one text and a word in
    the next ("will", "rose")."""
    return type_ != "PERSON" or " " in value or not value.islower()


def occurs(text: str, compared: str, type_: str) -> bool:
    """Whether a value of this form stands in a text; sought once in each of many texts, where `grams` is slow."""
    words = r"\W+".join(map(re.escape, re.findall(r"\w+", compared)))
    found = re.finditer(rf"(?<!\w){words}(?!\w)", text, re.IGNORECASE)
    return any(form(match[0]) == compared and as_written(match[0], type_) for match in found)


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
