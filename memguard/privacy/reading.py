"""A text as the rules for names read it: its words and tags, and what stands around a word. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from memguard.privacy.contexts import (
    ABBREVIATED,
    AFTER_STRONG,
    BEFORE_STRONG,
    LABELS,
    NAMED,
    PARTICLES,
    RUN_MAX,
    TITLES,
)
from memguard.privacy.developers import is_developers
from memguard.privacy.lists import entries
from memguard.privacy.tagger import Tag
from memguard.privacy.words import Word, is_listed, words
from memguard.retrieval.english import STOP_WORDS


class Reading:
    """A text with its words and tags, and the questions that the rules ask of them."""

    def __init__(self, text: str, tags: Sequence[Tag]) -> None:
        self.text = text
        self.tags = tags
        self.words = words(text)
        self.names = entries("given_names")
        self._developers: dict[int, bool] = {}
        labels = [label.lower() for label in LABELS.findall(text)]
        self.is_dialogue = len(labels) > 1 and (
            len(set(labels)) < len(labels) or any(la in self.names.all for la in labels)
        )

    def before(self, word: Word, length: int = 60) -> str:
        """What stands before a word on its line."""
        return self.text[max(0, word.start - length) : word.start].rpartition("\n")[2]

    def labels(self, run: Sequence[Word]) -> set[str]:
        return {tag.label for tag in self.tags if tag.start < run[-1].end and run[0].start < tag.end}

    def is_developers(self, word: Word) -> bool:
        """Whether the word's line is a developer's."""
        start = self.text.rfind("\n", 0, word.start) + 1
        if start not in self._developers:
            end = self.text.find("\n", word.end)
            self._developers[start] = is_developers(self.text[start : len(self.text) if end < 0 else end])
        return self._developers[start]

    def is_ordinary(self, word: Word) -> bool:
        """Whether its capital is the sentence's: a word that is usually written small, at the start of one."""
        return word.low in entries("ordinary_words").sure and self.starts_sentence(word)

    def starts_sentence(self, word: Word) -> bool:
        return re.search(r"(?:^|[.!?:\n\"])\s*$", self.text[max(0, word.start - 4) : word.start]) is not None

    def runs(self) -> Iterator[list[Word]]:
        """Stretches of capitalised words that belong together, particles within, listed words taken off."""
        run: list[Word] = []
        for i, word in enumerate(self.words):
            gap = self.text[run[-1].end : word.start] if run else ""
            joined = run and (gap == " " or (gap in (". ", ".") and len(run[-1].text) <= 2)) and len(run) < RUN_MAX
            follows = self.words[i + 1] if i + 1 < len(self.words) else None
            particle = (
                joined
                and word.low in PARTICLES
                and follows
                and follows.capital
                and self.text[word.end : follows.start] == " "
            )
            if run and not (joined and (word.capital or particle)):
                yield run
                run = []
            named_so = is_listed(word.low) or word.low in TITLES
            listed = named_so and word.text not in ("I",) and not self._is_name_here(word, follows)
            if listed or word.text == "I" or not (word.capital or particle):
                if run:
                    yield run
                run = []
            else:
                run.append(word)
        if run:
            yield run

    def _is_name_here(self, word: Word, follows: Word | None) -> bool:
        """A listed word that is a given name too, before a surname or after a title: "Will Smith", "my boss Travis"."""
        if word.low not in self.names.all:
            return (word.low not in STOP_WORDS and self.title(word)) or NAMED.search(self.before(word)) is not None
        surname = (
            follows and follows.capital and self.text[word.end : follows.start] == " " and not is_listed(follows.low)
        )
        return bool(surname and not self.is_developers(word)) or self.strong(word)

    def told(self, word: Word) -> bool:
        """Whether what follows is said of people only: "'s birthday", "said"."""
        return AFTER_STRONG.match(self.text[word.end : word.end + 60]) is not None

    def strong(self, word: Word) -> bool:
        """Whether what stands before says that a person follows: a title, a word of kinship, an introduction."""
        return self.title(word) or BEFORE_STRONG.search(self.before(word)) is not None

    def title(self, word: Word) -> bool:
        """Whether a title stands before it."""
        last = self.before(word).rstrip(" ").rpartition(" ")[2].lower().lstrip("(\"'")
        return last in TITLES or (last.endswith(".") and last[:-1] in ABBREVIATED)
