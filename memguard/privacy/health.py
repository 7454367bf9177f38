"""Illnesses, drugs and treatments, where the sentence ties them to somebody. Pure.

A list, since the tagger knows none of them; the tie, since "diabetes is common" tells of nobody and "my father has
diabetes" does. The words of degree and kind before an illness belong to it: they narrow down whose it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from memguard.privacy.developers import is_developers
from memguard.privacy.lists import phrases
from memguard.privacy.spans import Span

_TIE = re.compile(
    r"\b(?:i|i'm|i've|i'd|me|my|mine|he|she|his|her|him|hers|he's|she's|we|our|they|their|them|you|your|user|user's"
    r"|patient|diagnosed|prescribed|suffers?|suffering|takes|taking|mom|mum"
    r"|mother|dad|father|sister|brother|wife|husband|son|daughter|friend)\b",
    re.IGNORECASE,
)
_HAVING = re.compile(
    r"\b(?:have|has|had|having|got|i've|he's|she's|with|diagnosed|diagnosis(?:\s+is|\s+of|:)?|suffer\w*(?:\s+from)?"
    r"|take[sn]?|taking|took|prescribed|treated\s+for|treatment\s+for|severe|chronic"
    r"|clinical|survived|recovering\s+from|struggl\w+\s+with|battl\w+|fighting|medication\s+for|meds\s+for|due\s+to"
    r"|history\s+of|my|his|her)\s+(?:an?\s+|the\s+|some\s+|my\s+|his\s+|her\s+)?(?:[\w-]+\s+)?$",
    re.IGNORECASE,
)
_ACRONYMS = frozenset("add als pots sti std aids uti ocd dvt hrt".split())
"""Counted in capitals only: "add" is a word."""
_MEASURED = re.compile(
    r"\b(?:blood\s+pressure|bp|blood\s+sugar|glucose|cholesterol|ldl|hba1c|a1c|bmi|heart\s+rate"
    r"|psa)\b(?:\s+(?:level|reading|count))?(?:\s+(?:is|was|of|at|hit|reads?|around|about)|:)*\s+"
    r"\d+(?:[./]\d+)?(?:\s?(?:mg/dl|mmol/l|mmhg|bpm|%))?",
    re.IGNORECASE,
)
"""What was measured of a body, with its value."""
_NARROWED = re.compile(
    r"(?:(?:severe|chronic|mild|moderate|acute|advanced|early|early-stage|late-stage|terminal|metastatic|recurrent"
    r"|clinical|high-functioning|treatment-resistant|generali[sz]ed|seasonal|juvenile"
    r"|congenital|hereditary|bilateral|(?:stage|type|grade)\s+(?:\d[a-c]?|i{1,3}|iv)|\d+\s?(?:mg|mcg|ml"
    r"|units)(?:\s+of)?)\s+)+$",
    re.IGNORECASE,
)
_SUFFIX = re.compile(
    r"\s+\d+(?:\.\d+)?\s?(?:mg|mcg|ml|units)\b|\s+(?:stage|type|grade)\s+(?:\d|i{1,3}|iv)\b", re.IGNORECASE
)
_DIAGNOSED = re.compile(
    r"\b(?:diagnosed\s+with|suffer(?:s|ed|ing)?\s+from|hospitali[sz]ed\s+(?:for|with)"
    r"|being\s+treated\s+for)\s+(?:an?\s+)?"
    r"(?P<v>[a-z][\w'-]*(?:\s+(?!(?:last|this|in|at|on|by|and|when|since|after|two|three|a|an|the|ago|recently"
    r"|years?|for|as|but|so|which|that|because|who|yesterday|today)\b)[\w'-]+){0,3})",
    re.IGNORECASE,
)
_LINE = re.compile(r"(?<=[.!?])\s+|\n+")
_NOT_ILL = frozenset(
    "a an the it this that my his her what which lack lag low poor high slow guilt jet boredom inflation bad".split()
)


def health(text: str, people: Sequence[Span]) -> Iterator[Span]:
    """Terms of the list in a sentence about somebody, and whatever somebody was diagnosed with."""
    start = 0
    for sentence in _LINE.split(text):
        start = text.index(sentence, start)
        end = start + len(sentence)
        if _TIE.search(sentence) or any(span.start < end and start < span.end for span in people):
            for span in _terms(sentence):
                yield span._replace(start=span.start + start, end=span.end + start)
        start = end


def _terms(sentence: str) -> Iterator[Span]:
    developers = is_developers(sentence)
    pieces = re.finditer(r"[^\W_]+(?:['.-][^\W_]+)*(?:['](?=\s|$))?", sentence)
    tokens = [(m.start(), m.end(), m[0].lower()) for m in pieces]
    for i, j, sure in phrases("health_terms", [token[2] for token in tokens]):
        start, end = tokens[i][0], tokens[j - 1][1]
        before = sentence[:start]
        if not sure and (developers or not _HAVING.search(before[-60:])):
            continue
        if tokens[i][2] in _ACRONYMS and j == i + 1 and not sentence[start:end].isupper():
            continue
        narrowed = _NARROWED.search(before)
        suffix = _SUFFIX.match(sentence, end)
        yield Span(narrowed.start() if narrowed else start, suffix.end() if suffix else end, "HEALTH", 0.9)
    for match in _MEASURED.finditer(sentence):
        yield Span(*match.span(), "HEALTH", 0.92)
    for match in _DIAGNOSED.finditer(sentence):
        if match["v"].split()[0].lower() not in _NOT_ILL:
            yield Span(*match.span("v"), "HEALTH", 0.75)
