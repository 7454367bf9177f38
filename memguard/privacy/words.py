"""The words of a text as the name rules see them, and the capitals that chat leaves out. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from memguard.privacy.developers import is_developers
from memguard.privacy.lists import entries, phrases

_WORD = re.compile(r"[^\W\d_]+(?:['.-](?=[^\W\d_]{2})[^\W\d_]+)*")
_TITLED = re.compile(
    r"(?:\b(?:mr|mrs|ms|mx|dr|prof)\.?\s+|\b(?:name|nickname|surname)(?:\s+is|'s|:)\s+|\bi'?m called\s+"
    r"|\bcalled\s+(?=\w+\s*$)"
    r"|\b(?:it'?s|this is)\s+(?=\w+\s+(?:again|here|speaking|calling)\b)|\bcall me\s+(?=\w+\s*(?:$|[.,;!?)]|and\b"
    r"|please\b)))",
    re.IGNORECASE,
)
_TITLE = re.compile(r"\b(?:mr|mrs|dr|prof)\.?\s+(?=[^\W\d_])")
"""Written small before a name; what is an ordinary word behind it is none."""
_SETTLED = re.compile(
    r"\b(?:live|lives|lived|living|based|born|raised|grew up|hometown is|moved)\s+(?:in|to|near)?\s*\b", re.IGNORECASE
)
_NO_PLACES = frozenset(
    """a an the my our your his her their its this that these those here there it one two three another some any in to
    near on at with by and or out back away home into onto from for of fear peace harmony hope pain poverty luxury exile
    denial sin hospital bed town downtown upstairs downstairs abroad college school next last alone together forward up
    down around off over through as was is days weeks months years january february march april may june july august
    september october november december""".split()
)
_NEVER_NAMES = frozenset(
    """back later when if at on in asap tomorrow today tonight now again maybe please soon crazy anytime on the a an my
    your his her their this that not also is it so and but or too ever never either to with from for of by up
    out""".split()
)
_CAPITALS_MIN = 0.7
_WORDS_MIN = 3


class Word(NamedTuple):
    """A word without its possessive ending; `low` is its lower case."""

    start: int
    end: int
    text: str
    low: str
    capital: bool


def words(text: str) -> list[Word]:
    """All words of letters; "O'Brien", "Jean-Luc" and "St.John" are one each."""
    found = []
    for match in _WORD.finditer(text):
        word = match[0]
        if word[-2:] in ("'s", "'S"):
            word = word[:-2]
        found.append(Word(match.start(), match.start() + len(word), word, word.lower(), word[0].isupper()))
    return found


def truecased(text: str) -> str:
    """The text with the capitals that a careful writer would have set, character by character, no offset moved.

    A tagger knows names by their capitals. A line ALL IN CAPITALS gets only first ones; in a line without any, known
    given names, known places and what follows a title or "my name is" get theirs.
    """
    return "".join(_line(line) for line in text.splitlines(keepends=True))


def _line(line: str) -> str:
    found = words(line)
    letters = [c for c in line if c.isalpha()]
    if not letters:
        return line
    upper = sum(c.isupper() for c in letters) / len(letters)
    if upper > _CAPITALS_MIN and len(found) >= _WORDS_MIN:
        return _set(line, [(w.start, w.end) for w in found], str.title)
    titled = {match.end() for match in _TITLE.finditer(line)}
    ordinary = entries("ordinary_words").sure if titled else frozenset()
    starts = {i for i, w in enumerate(found) if w.start in titled and w.low not in ordinary | _NEVER_NAMES}
    if any(w.capital and w.low not in ("i", "i'm", "i'll", "i've", "i'd") for w in found[1:]):
        return _set(line, [(found[i].start, found[i].start + 1) for i in starts], str.upper)
    low = [w.low for w in found]
    for name in ("given_names", "places"):
        for i, j, sure in phrases(name, low):
            if sure and (j - i > 1 or len(low[i]) > 2):
                starts.update(range(i, j))
    for match in _TITLED.finditer(line):
        starts.update(i for i, w in enumerate(found) if w.start == match.end() and w.low not in _NEVER_NAMES)
    for match in () if is_developers(line) else _SETTLED.finditer(line):
        starts.update(i for i, w in enumerate(found) if w.start == match.end() and w.low not in _NO_PLACES)
    return _set(line, [(found[i].start, found[i].start + 1) for i in starts], str.upper)


def _set(line: str, stretches: list[tuple[int, int]], case: Callable[[str], str]) -> str:
    """The line with stretches of it in another case."""
    characters = list(line)
    for start, end in stretches:
        new = case("".join(characters[start:end]))
        if len(new) == end - start:  # a few letters grow when their case is changed
            characters[start:end] = new
    return "".join(characters)


def is_listed(low: str) -> bool:
    """Whether a word is a product, a day, or one that begins sentences and labels: no name by itself."""
    return low in entries("not_names").sure
