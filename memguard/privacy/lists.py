"""The word lists that ship beside this module: plain text, one entry a line, for people to read and correct."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Entries(NamedTuple):
    """Entries in lower case. `marked` ones (`?` in the file) have another meaning too and need more evidence."""

    sure: frozenset[str]
    marked: frozenset[str]
    all: frozenset[str]


@cache
def entries(name: str) -> Entries:
    """A list by its name, read once."""
    lines = files("memguard.privacy").joinpath("lists", f"{name}.txt").read_text("utf-8").splitlines()
    kept = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    sure = frozenset(line for line in kept if not line.endswith("?"))
    marked = frozenset(line.removesuffix("?").rstrip() for line in kept if line.endswith("?"))
    return Entries(sure, marked, sure | marked)


@cache
def _longest_after(name: str) -> dict[str, int]:
    """For each first word the number of words in the longest entry that begins with it."""
    longest: dict[str, int] = {}
    for entry in entries(name).all:
        words = entry.split(" ")
        longest[words[0]] = max(longest.get(words[0], 0), len(words))
    return longest


def phrases(name: str, words: Sequence[str]) -> Iterator[tuple[int, int, bool]]:
    """Where entries of a list stand among words in lower case: first word, past the last, whether sure. Longest first.

    A look-up per word, not a pattern of a thousand alternatives: that one costs more than the tagger.
    """
    known, longest = entries(name), _longest_after(name)
    i = 0
    while i < len(words):
        for length in range(min(longest.get(words[i], 0), len(words) - i), 0, -1):
            phrase = " ".join(words[i : i + length])
            if phrase in known.all:
                yield i, i + length, phrase in known.sure
                i += length - 1
                break
        i += 1
