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
    ARTICLE,
    BEFORE_WEAK,
    BEFORE_WHOM,
    COMPANY,
    DOES,
    EPONYM,
    IN,
    INSTITUTIONS,
    PARTICLES,
    PERSONAL,
    PLACE_BEFORE,
    SPEAKER,
    SURNAME,
    TOWARDS,
    VOCATIVE,
    WORKS_AT,
)
from memguard.privacy.lists import entries
from memguard.privacy.place_names import places
from memguard.privacy.reading import Reading
from memguard.privacy.spans import Span
from memguard.privacy.tagger import Tag
from memguard.privacy.words import Word, is_listed, words

STRONG, LISTED, TAGGED = 0.87, 0.8, 0.7
ACRONYM_MAX = 4
"""Letters, all capitals: "our VIN is 12" says no age."""


_ANYBODY = frozenset("alice bob eve mallory carol trent".split())
"""The parties of every protocol; in a developer's line nobody's names."""


def names(text: str, tags: Sequence[Tag]) -> list[Span]:
    """People, places, organisations and groups of people. `text` has its capitals set, and tags are of that text."""
    here = Reading(text, tags)
    spans = list(places(here))
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


def _has_given_name(here: Reading, phrase: str) -> bool:
    return "," in phrase and any(w.low in here.names.sure for w in words(phrase))


def _kind(here: Reading, run: list[Word], in_place: bool) -> str | None:
    """What a run of capitalised words is by its context and the lists, else by the tagger; None if nothing personal."""
    first, last = run[0], run[-1]
    before, after = here.before(first), here.text[last.end : last.end + 60]
    labels = here.labels(run)
    developers = here.is_developers(first)
    if len(run) > 1 and last.low in INSTITUTIONS:
        return None if in_place else "ORGANIZATION"
    given = any(w.low in here.names.sure for w in run[:2])
    placed = PLACE_BEFORE.search(before) is not None
    if here.strong(first) and not placed and ("NORP" not in labels or given):
        return "PERSON"
    acronym = len(run) == 1 and last.text.isupper() and 1 < len(last.text) <= ACRONYM_MAX
    told = here.told(last) and "NORP" not in labels and not placed and not acronym
    if in_place and not given:
        return "PERSON" if told and first.low in here.names.marked else None
    if told and (given or "PERSON" in labels or not developers):
        return "PERSON"
    if len(run) == 1 and not placed and _is_thing(last, before, after, developers):
        return None
    if len(run) == 1 and here.is_ordinary(first):
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


def _tagged(here: Reading, run: list[Word], labels: set[str]) -> str | None:
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


def _from_given_name(here: Reading, run: list[Word]) -> list[Word]:
    """Without the verb at the start of a sentence that capitals joined to a name: "Ping Anna"."""
    if len(run) == 1 or not here.starts_sentence(run[0]):
        return run
    if here.is_ordinary(run[0]) and run[1].low in here.names.all:
        return run[1:]
    tagged = any(tag.label == "PERSON" and tag.start <= run[0].start < tag.end for tag in here.tags)
    return run if tagged or run[0].low in here.names.all or run[1].low not in here.names.sure else run[1:]


def _namesakes(here: Reading, people: list[list[Word]], where: set[int]) -> Iterator[Span]:
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
        elif len(run) <= 2 and not here.is_developers(run[0]) and run[0].low not in entries("ordinary_words").sure:
            before = re.search(r"(?:, | and | & |, and )$", here.text[: run[0].start][-6:])
            after = re.match(r" and | & ", here.text[run[-1].end : run[-1].end + 5])
            if (before and run[0].start - len(before[0]) in ends) or (after and run[-1].end + len(after[0]) in starts):
                yield Span(run[0].start, run[-1].end, "PERSON", TAGGED + 0.02)
