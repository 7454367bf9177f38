"""Does a later statement plainly restate an earlier one with another value? Pure, and careful: a doubt means no.

Two shapes count, both between statements of one actor in one environment:

- *one slot differs*: "My favourite band is A" / "My favourite band is B". Two differing slots are two facts ("staging
  runs on 8081" / "production runs on 8443"), and so are events and likings, which add up ("I visited A", "I love B").
- *the old value is dismissed*: "moved from A to B", "left A", "B instead of A", where A is a word of the earlier one.

What is only loosely a change is left to ranking by time; a person or an agent can always say `supersedes=`.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from memguard.records import Statement
from memguard.retrieval.english import (
    ADDING_WORDS,
    CLAUSE_ENDS,
    DISMISSALS,
    ENDINGS,
    EVENT_VERBS,
    FRAME_WORDS,
    HEDGES,
    PRESENT_WORDS,
    SHARED_VERBS,
    STATE_VERBS,
    STOP_WORDS,
    SWITCH_WORDS,
    UNIQUE_WORDS,
)

COSINE_MIN_SLOT = 0.45
COSINE_MIN_DISMISSED = 0.25
SHARED_MIN = 0.6
"""Least share of the shorter statement's words that both must have around the one slot."""
SLOT_WORDS_MAX = 12
TOKENS_MAX = 40
"""Longer statements say several things: they are never taken for a restatement."""

_TOKEN = re.compile(r"[^\W_]+(?:[._:/'’-][^\W_]+)*|[.,;:!?()]")
_CODED = re.compile(r"[a-z]+_[a-z0-9]{6}")
"""A placeholder: the digits in it mean nothing."""
_REACH = 4
"""Words between a dismissal and the end of what it dismisses."""


def restated(earlier: Statement, later: Statement, cosine: float) -> bool:
    """True where `later` takes the place of `earlier`. `cosine` is that of their vectors."""
    if (earlier.actor, earlier.environment) != (later.actor, later.environment) or later.moment < earlier.moment:
        return False
    before, after = _tokens(earlier.text), _tokens(later.text)
    if not before or not after or _hedged(later.text, after) or before[-1] == "?":
        return False
    if _frame(before) == _frame(after):
        return False
    if cosine >= COSINE_MIN_SLOT and _one_slot_differs(before, after, _names(earlier.text) | _names(later.text)):
        return True
    if cosine < COSINE_MIN_DISMISSED:
        return False
    return not _values(before).isdisjoint(_dismissed(after)) or not _content(before).isdisjoint(_ended(after))


def may_end(text: str) -> bool:
    """Whether a text tells of something that a later one may end: of a state, not of an event."""
    tokens = _tokens(text)
    return bool(tokens) and tokens[-1] != "?" and EVENT_VERBS.isdisjoint(tokens)


def may_begin(text: str) -> bool:
    """Whether a text states something that may hold from then on."""
    tokens = _tokens(text)
    return bool(tokens) and not _hedged(text, tokens)


def _tokens(text: str) -> list[str]:
    found = [token.lower().replace("’", "'") for token in _TOKEN.findall(text)]
    return found if len(found) <= TOKENS_MAX else []


def _hedged(text: str, tokens: list[str]) -> bool:
    """A question, a quotation, a wish or a report of what somebody else said is no statement."""
    return tokens[-1] == "?" or '"' in text or not HEDGES.isdisjoint(tokens)


def _one_slot_differs(before: list[str], after: list[str], names: set[str]) -> bool:
    before, after = _frame(before), _frame(after)
    words = {*before, *after}
    if before == after or not ADDING_WORDS.isdisjoint(words) or STATE_VERBS.isdisjoint(words):
        return False
    slots = _slots(before, after)
    if len(slots) != 1:
        return False
    start, old, new = slots[0]
    if not (0 < len(old) <= SLOT_WORDS_MAX and 0 < len(new) <= SLOT_WORDS_MAX):
        return False
    if len(before) - len(old) < SHARED_MIN * min(len(before), len(after)):
        return False
    if STATE_VERBS.isdisjoint(before[:start]):
        # Another subject, not another value ("the flag A is off" / "the flag B is off"), unless it is what is told.
        return _identifies(before[start + len(old) :])
    return _one_at_a_time(before, start, old, new, names)


def _one_at_a_time(before: list[str], start: int, old: list[str], new: list[str], names: set[str]) -> bool:
    """Whether only one value can hold: a number, a switch, a name in a place for one, or a word such as "favourite"."""
    if not UNIQUE_WORDS.isdisjoint(before) or {*old, *new} <= SWITCH_WORDS:
        return True
    if all(any(char.isdigit() for word in side if not _CODED.fullmatch(word) for char in word) for side in (old, new)):
        return True
    named = not names.isdisjoint(old) and not names.isdisjoint(new)
    # "I use A as my phone" has one A; "we support A" has room for more.
    return named and (SHARED_VERBS.isdisjoint(before[:start]) or start + len(old) < len(before))


def _slots(before: list[str], after: list[str]) -> list[tuple[int, list[str], list[str]]]:
    """The differing stretches (start, old, new); those with only frame words between them are one."""
    found: list[tuple[int, list[str], list[str]]] = []
    last = (-1, -1)
    for kind, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            if set(before[i:j]) <= FRAME_WORDS - STATE_VERBS and found and j < len(before):
                continue
            last = (-1, -1)
        elif last != (-1, -1):
            start = found[-1][0]
            found[-1] = (start, before[start:j], after[last[1] : m])
        else:
            last = (i, k)
            found.append((i, before[i:j], after[k:m]))
    return [slot for slot in found if not {*slot[1], *slot[2]} <= FRAME_WORDS]


def _frame(tokens: list[str]) -> list[str]:
    """A statement without its punctuation and its words for the present."""
    return [token for token in tokens if token not in PRESENT_WORDS and token not in CLAUSE_ENDS - FRAME_WORDS]


def _identifies(rest: list[str]) -> bool:
    """ "... is the primary on call": what stands before it is the value."""
    return len(rest) > 2 and rest[0] in ("is", "are") and rest[1] in ("the", "our", "my")


def _dismissed(tokens: list[str]) -> set[str]:
    """The words that a statement sets aside: "left A", "from A to B"."""
    line = " ".join(tokens)
    found: set[str] = set()
    for phrase in DISMISSALS:
        for match in re.finditer(rf"(?<!\S){phrase}(?!\S)", line):
            found |= set(_clause(line[match.end() :].split()))
    for match in re.finditer(r"(?<!\S)from (\S+(?: [^\s.,;:!?]+){0,4}?) (?:to|onto|into)(?!\S)", line):
        found |= set(match[1].split())
    return {_singular(word) for word in found if word not in STOP_WORDS}


def _ended(tokens: list[str]) -> set[str]:
    """The words of what a statement says has come to its end: "A fell through"."""
    line = " ".join(tokens)
    found: set[str] = set()
    for phrase in ENDINGS:
        for match in re.finditer(rf"(?<!\S){phrase}(?!\S)", line):
            found |= set(line[: match.start()].split()[-2:])
    return {_singular(word) for word in found if word not in STOP_WORDS}


def _clause(words: list[str]) -> list[str]:
    """What a dismissal is about: up to the end of the clause."""
    end = next((i for i, word in enumerate(words) if word in CLAUSE_ENDS), len(words))
    return words[: min(end, _REACH)]


def _values(tokens: list[str]) -> set[str]:
    """The words that say what is the case: those after the verb, all where there is none of a state."""
    verb = next((i for i, token in enumerate(tokens) if token in STATE_VERBS), -1)
    return _content(tokens[verb + 1 :])


def _names(text: str) -> set[str]:
    """Words written with a capital inside a sentence, placeholders too, and what is written like a name of software."""
    found = re.findall(r"(?<=[^\s.!?]\s)<?([A-Z][\w.'’/-]*)", text)
    return {word.rstrip(".").lower() for word in found}


def _content(tokens: list[str]) -> set[str]:
    return {_singular(token) for token in tokens if token not in STOP_WORDS | STATE_VERBS and token[0].isalnum()}


def _singular(token: str) -> str:
    return token[:-1] if len(token) > 3 and token.endswith("s") else token
