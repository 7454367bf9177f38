"""Names of people, places and organisations: the tagger's word, the lists and the context, weighed together. Pure.

No one of them is enough. The small tagger takes tools for people, a list does not know most surnames, and the context
("my sister ...", "Mr ...", "...'s birthday") is there in one sentence of three. A capitalised run of words is a person

 - where its context says so: a title, a word of kinship or friendship, an introduction, a possession only people have;
 - where it begins with a given name that is nothing else;
 - where the tagger says so and the line is no developer's, or a marked name or a weak context agrees with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from memguard.privacy.contexts import (
    AFTER_STRONG,
    ARTICLE,
    BEFORE_STRONG,
    BEFORE_WEAK,
    BEFORE_WHOM,
    COMPANY,
    DOES,
    EPONYM,
    IN,
    LABELS,
    NAMED,
    PARTICLES,
    PERSONAL,
    PLACE_BEFORE,
    PREFIXED,
    RUN_MAX,
    SPEAKER,
    SURNAME,
    TITLES,
    TOWARDS,
    VOCATIVE,
    WORKS_AT,
)
from memguard.privacy.developers import is_developers
from memguard.privacy.lists import entries, phrases
from memguard.privacy.spans import Span
from memguard.privacy.tagger import Tag
from memguard.privacy.words import Word, is_listed, words
from memguard.retrieval.english import STOP_WORDS

STRONG, LISTED, TAGGED = 0.87, 0.8, 0.7


_ANYBODY = frozenset("alice bob eve mallory carol trent".split())
"""The parties of every protocol; in a developer's line nobody's names."""


class _Text:
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
            listed = is_listed(word.low) and word.text not in ("I",) and not self._is_name_here(word, follows)
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
        return self.before(word).rstrip(" .").rpartition(" ")[2].lower().lstrip("(\"'") in TITLES


def names(text: str, tags: Sequence[Tag]) -> list[Span]:
    """People, places, organisations and groups of people. `text` has its capitals set, and tags are of that text."""
    here = _Text(text, tags)
    spans = list(_places(here))
    where = {i for span in spans for i in range(span.start, span.end)}
    people: list[list[Word]] = []
    for run in here.runs():
        kind = _kind(here, run, in_place=run[0].start in where)
        run = _from_given_name(here, run)
        if kind == "PERSON":
            people.append(run)
        elif kind is not None:
            placed = kind == "LOCATION" and PLACE_BEFORE.search(here.before(run[0])) is not None
            spans.append(Span(run[0].start, run[-1].end, kind, LISTED + 0.03 if placed else TAGGED))
    spans += [
        Span(
            run[0].start, run[-1].end, "PERSON", STRONG if here.strong(run[0]) or here.told(run[-1]) else LISTED + 0.02
        )
        for run in people
    ]
    spans += _namesakes(here, people, where)
    spans += [
        Span(m.start(), m.end(), "ORGANIZATION", 0.84)
        for m in COMPANY.finditer(text)
        if not _has_given_name(here, m.group())
    ]
    spans += [Span(tag.start, tag.end, "NRP", LISTED) for tag in tags if tag.label == "NORP"]
    return spans


def _has_given_name(here: _Text, phrase: str) -> bool:
    return "," in phrase and any(w.low in here.names.sure for w in words(phrase))


def _kind(here: _Text, run: list[Word], in_place: bool) -> str | None:
    """What a run of capitalised words is by its context and the lists, else by the tagger; None if nothing personal."""
    first, last = run[0], run[-1]
    before, after = here.before(first), here.text[last.end : last.end + 60]
    labels = here.labels(run)
    developers = here.is_developers(first)
    given = any(w.low in here.names.sure for w in run[:2])
    placed = PLACE_BEFORE.search(before) is not None
    if here.strong(first) and not placed and ("NORP" not in labels or given):
        return "PERSON"
    told = here.told(last) and "NORP" not in labels and not placed
    if in_place and not given:
        return "PERSON" if told and first.low in here.names.marked else None
    if told and (given or "PERSON" in labels or not developers):
        return "PERSON"
    if len(run) == 1 and not placed and _is_thing(last, before, after, developers):
        return None
    if WORKS_AT.search(before) and not (given and "PERSON" in labels):
        return "ORGANIZATION"
    if given and not ("ORG" in labels and len(run) > 2):
        return None if placed and "GPE" in labels else "PERSON"
    if placed and (not developers or labels & {"GPE", "LOC"}):
        return "LOCATION"
    if here.is_dialogue and len(run) <= 2 and before.strip() == "" and SPEAKER.match(after):
        return "PERSON"
    spoken_to = here.starts_sentence(first) and VOCATIVE.match(after) and not first.low.endswith("ly")
    if spoken_to and len(run) == 1 and not developers:
        return "PERSON"
    return _tagged(here, run, labels)


def _tagged(here: _Text, run: list[Word], labels: set[str]) -> str | None:
    """What the tagger's word is worth for a run that no list knows: more in two words than in one, less in programs."""
    first = run[0]
    before, after = here.before(first), here.text[run[-1].end : run[-1].end + 60]
    if here.is_developers(first):
        marked = first.low in here.names.marked and (len(run) > 1 or BEFORE_WEAK.search(before) is not None)
        return "PERSON" if marked and "PERSON" in labels else ("ORGANIZATION" if "ORG" in labels else None)
    if ("NORP" not in labels or len(run) > 1) and _is_introduced(run, before, labels):
        return "PERSON"
    if "PERSON" in labels and IN.search(before) and first.low not in here.names.marked:
        return "LOCATION"
    if "PERSON" in labels and (len(run) > 1 or _is_somebody(before, after)):
        return "PERSON"
    place = first.low in entries("places").all and labels & {"GPE", "LOC"}
    if first.low in here.names.marked and not place and not labels & {"PERSON"}:
        if len(run) == 1:
            return "PERSON" if BEFORE_WEAK.search(before) else None
        return None if labels & {"ORG", "FAC"} else "PERSON"
    if labels & {"GPE", "LOC", "FAC"} and (len(run) > 1 or TOWARDS.search(before)):
        return "LOCATION"
    return "ORGANIZATION" if "ORG" in labels else None


def _is_introduced(run: list[Word], before: str, labels: set[str]) -> bool:
    """Two names after what is done to people, or one that the tagger takes for anything; or a family name's end."""
    if len(run) > 1 and SURNAME.search(run[-1].low) and not labels & {"GPE", "LOC", "FAC"}:
        return True
    return BEFORE_WHOM.search(before) is not None and (len(run) > 1 or bool(labels & PERSONAL))


def _is_thing(word: Word, before: str, after: str, developers: bool) -> bool:
    """An acronym; what has an article, a law, or is read and played: "the Adam optimizer", "Ohm's law", "a Dell"."""
    if word.text.isupper() and len(word.text) > 1:
        return True
    if developers and word.low in _ANYBODY:
        return True
    return ARTICLE.search(before) is not None or EPONYM.match(after) is not None


def _is_somebody(before: str, after: str) -> bool:
    """Whether a single word that only the tagger knows does what people do, or stands where people stand."""
    return BEFORE_WEAK.search(before) is not None or DOES.match(after) is not None


def _from_given_name(here: _Text, run: list[Word]) -> list[Word]:
    """Without the verb at the start of a sentence that capitals joined to a name: "Ping Anna"."""
    if (
        len(run) > 1
        and here.starts_sentence(run[0])
        and run[0].low not in here.names.all
        and run[1].low in here.names.sure
    ):
        tagged = any(tag.label == "PERSON" and tag.start <= run[0].start < tag.end for tag in here.tags)
        return run if tagged else run[1:]
    return run


def _places(here: _Text) -> Iterator[Span]:
    """Places of the list, in capitals: those that are words too only where the tagger agrees. And "Lake ..."."""
    for match in PREFIXED.finditer(here.text):
        inside = [w for w in here.words if match.start() <= w.start < match.end()]
        kept = len(inside) > 1 and not is_listed(inside[-1].low) and "NORP" not in here.labels(inside)
        if kept and not here.is_developers(inside[0]) and not here.told(inside[-1]):
            yield Span(*match.span(), "LOCATION", STRONG - 0.01)
    for i, j, sure in phrases("places", [w.low for w in here.words]):
        run = here.words[i:j]
        contiguous = all(here.text[a.end : b.start] in (" ", ". ", ", ") for a, b in zip(run, run[1:], strict=False))
        if run[0].capital and run[-1].capital and contiguous:
            labels = here.labels(run)
            beside = here.words[i - 1] if i else None
            surname = (
                beside
                and beside.capital
                and beside.low in here.names.sure
                and here.text[beside.end : run[0].start] == " "
            )
            placed = PLACE_BEFORE.search(here.before(run[0])) is not None
            if not surname and (placed or (not here.is_developers(run[0]) and (sure or labels & {"GPE", "LOC"}))):
                yield Span(run[0].start, run[-1].end, "LOCATION", LISTED + 0.04)


def _namesakes(here: _Text, people: list[list[Word]], where: set[int]) -> Iterator[Span]:
    """The other mentions of who was found once, and who is named in one breath with them: "Priya and Xolani"."""
    known = {w.low for run in people for w in run if len(w.low) > 2 and not is_listed(w.low) and w.low not in PARTICLES}
    known -= here.names.marked
    ends = {run[-1].end for run in people}
    starts = {run[0].start for run in people}
    for run in here.runs():
        if run[0].start in starts or run[0].start in where:
            continue
        if all(w.low in known for w in run):
            yield Span(run[0].start, run[-1].end, "PERSON", LISTED)
        elif len(run) <= 2 and not here.is_developers(run[0]):
            before = re.search(r"(?:, | and | & |, and )$", here.text[: run[0].start][-6:])
            after = re.match(r" and | & ", here.text[run[-1].end : run[-1].end + 5])
            if (before and run[0].start - len(before[0]) in ends) or (after and run[-1].end + len(after[0]) in starts):
                yield Span(run[0].start, run[-1].end, "PERSON", TAGGED + 0.02)
