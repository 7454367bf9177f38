"""What a question asks for: its words, the form the model reads, whom it names, and whether it asks for a time. Pure.

A name takes over the vector of a short question: "What did Ana paint?" is near everything that Ana says. Put as she
would say it ("What did I paint?") the same model finds 64 of 100 evidence turns of LoCoMo dev among its first ten
instead of 46; who speaks is ranked apart, by the actor of a memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from memguard.privacy.placeholders import bare, mentions
from memguard.privacy.policy import kind_of
from memguard.retrieval.english import GREETINGS, PAST_WORDS, REQUEST_WORDS, STOP_WORDS, TIME_WORDS, WHEN_STARTS

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_APOSTROPHE = re.compile(r"['’]")
_CAPITALISED = re.compile(r"(?<![\w'’-])[A-Z][a-z]+(?![\w-])")
TERMS_MAX = 32
_PERSON = f"{kind_of('PERSON').word}_".lower()


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is searched with."""

    text: str
    spoken: str
    """The form the model reads: the first person named is I, the second you."""
    actors: frozenset[int]
    """Codes of the actors it is about; none where it names all or none."""
    speakers: frozenset[int]
    """Codes of the persons it is about whom memories only name at their beginning ("Ana: ...")."""
    named: tuple[tuple[str, ...], ...]
    """What else it names that is masked: for each mention the placeholders it may mean."""
    asks_when: bool
    about_the_past: bool


def understood(
    text: str, called: Mapping[str, Iterable[int]], actor_count: int, others: Iterable[str], speakers: Iterable[int]
) -> Question:
    """A question, given what the vault knows of its words.

    `called` are those that name actors, with the actors' codes; `others` further ones that name persons, `speakers` the
    codes of those.
    """
    names = {*called, *others}
    codes = frozenset(code for part in called.values() for code in part)
    lowered = text.lower()
    return Question(
        text=text,
        spoken=bare(as_spoken(text, names)),
        actors=codes if len(codes) < actor_count else frozenset(),
        speakers=frozenset(speakers),
        named=tuple(mention for mention in mentions(text) if called.keys().isdisjoint(mention)),
        asks_when=lowered.startswith(WHEN_STARTS),
        about_the_past=not PAST_WORDS.isdisjoint(lowered.replace("?", " ").split()),
    )


def terms(text: str) -> list[str]:
    """The content words of a question, in order, once each; all of its words where only stop words are left."""
    words = (word.lower().replace("’", "'") for word in _WORD.findall(text))
    found = list(dict.fromkeys(words))
    content = [_APOSTROPHE.split(word)[0] for word in found if word not in STOP_WORDS]
    return list(dict.fromkeys(content))[:TERMS_MAX] or found[:TERMS_MAX]


def holding_all(request: str) -> str:
    """An FTS5 query for the memories that hold every word of a masked request, in any form; "" where it has none.

    Of the placeholders that one mention may mean, one is enough. Every term is quoted: none is an operator.
    """
    named = mentions(request)
    taken = {*REQUEST_WORDS, *STOP_WORDS, *(placeholder for mention in named for placeholder in mention)}
    groups = [*named, *((term,) for term in terms(request) if term not in taken)]
    return " AND ".join(f"({_any_of(group)})" for group in groups)


def _any_of(terms: Iterable[str]) -> str:
    return " OR ".join(f'"{term}"' for term in terms)


def name_parts(text: str) -> list[str]:
    """The words of a name or of a question as names are compared, each once: "O'Brien's" has o'brien's and o'brien.

    Stop words are none: "will it rain?" is not about Will.
    """
    words = [word.casefold().replace("’", "'") for word in _WORD.findall(text)]
    either = dict.fromkeys([*words, *(word.removesuffix("'s") for word in words)])
    return [word for word in either if word not in STOP_WORDS]


def as_spoken(text: str, names: Iterable[str]) -> str:
    """The question with the first person of `names` (lower case) as I, any other as you."""
    listed = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    if not listed:
        return text
    person = re.compile(rf"\b((?:{listed})(?:\s+(?:{listed}))*)(['’]s)?\b", re.IGNORECASE)
    first: list[str] = []

    def pronoun(match: re.Match[str]) -> str:
        first.append(match[1].lower())
        if match[1].lower() == first[0]:
            return "my" if match[2] else "I"
        return "your" if match[2] else "you"

    spoken = person.sub(pronoun, text)
    return spoken if _WORD.search(person.sub(" ", text)) else text  # a name alone is all there is to look for


def is_person(part: str) -> bool:
    """Whether a word of a masked question is a person's placeholder."""
    return part.startswith(_PERSON)


def unknown_names(text: str, known: Iterable[str]) -> list[str]:
    """Capitalised words that may be a person's name and are no known actor's: lower case, in order."""
    words = [match[0].lower() for match in _CAPITALISED.finditer(text)]
    passed = {*known, *TIME_WORDS, *STOP_WORDS, *(word for word in words if word.startswith(WHEN_STARTS))}
    return [word for word in dict.fromkeys(words) if word not in passed][:TERMS_MAX]


def greetings(name: str) -> str:
    """An FTS5 query for memories in which a person of this name is spoken to."""
    return " OR ".join(f'"{greeting} {name}"' for greeting in GREETINGS)


def tells_a_time(text: str) -> bool:
    """Whether a memory says when something was, is or will be."""
    return not TIME_WORDS.isdisjoint(re.findall(r"[a-z]+", text.lower())) or bool(re.search(r"\b\d{4}\b", text))
