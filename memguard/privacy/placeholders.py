"""Placeholders: how they look, how a text is cut into what stays and what they stand for, and back. Pure.

`<Person_k7q2mx>`: a word for the type, and six random characters that say nothing of how many there are or were. There
are neither vowels nor s, d or y among them: they spell no word, and the stemmer of the word index leaves them whole.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import NamedTuple

from memguard.privacy.detection import merged
from memguard.privacy.policy import LITERAL, Policy, kind_of, plain
from memguard.privacy.spans import Span

LETTERS = "bcfghjkmnpqrtvwxz"
ALPHABET = LETTERS + "23456789"
CODE_LENGTH = 6
DROPPED = "<Secret>"
"""What stands for a value that is not kept: no code, since nothing can be restored."""

_CODE = rf"[{LETTERS}][{ALPHABET}]{{{CODE_LENGTH - 1}}}"
PLACEHOLDER = re.compile(rf"<([A-Z][A-Za-z]{{1,40}})_({_CODE})>")
_NAMED = re.compile(rf"\b([A-Za-z]{{2,41}})_{_CODE}\b")
_MENTION = re.compile(rf"{_NAMED.pattern}(?: {_NAMED.pattern})*")
_LOOKS_LIKE_ONE = re.compile(r"<\s*[A-Za-z]{2,41}\s*_\s*\w{1,16}\s*>")
_WORD = r"[A-Za-z]{2,41}"
_BENT = re.compile(
    rf"<{_WORD}_({_CODE})>"
    rf"|(?![<\[({{`\\]{{1,3}}<{_WORD}_{_CODE}>)[<\[({{`\\]{{0,3}}\b{_WORD}\\?[_ -]({_CODE})\b[>\])}}`\\]{{0,3}}",
    re.IGNORECASE,
)
"""A placeholder as it is written, else as models bend it: a space or an escaped underscore, other brackets or none."""


class Piece(NamedTuple):
    """A stretch of a text: as it was written, and its type where it is to be masked."""

    text: str
    type: str | None = None


def pieces(text: str, spans: Iterable[Span], policy: Policy, codes: Container[str] = ()) -> list[Piece]:
    """A text cut where a policy has something masked or dropped. Spans must not overlap.

    What looks like a placeholder, or like one of these `codes` as a model bends it, was written by somebody: it is cut
    out too, lest it be restored to another's value.
    """
    found: list[Piece] = []
    end = 0
    # A look-alike that shares characters with a value goes with it.
    for span in merged(policy.hidden(spans), *_literals(text, codes)):
        found += [Piece(text[end : span.start]), Piece(text[span.start : span.end], span.type)]
        end = span.end
    return [piece for piece in (*found, Piece(text[end:])) if piece.text]


def _literals(text: str, codes: Container[str]) -> tuple[list[Span], list[Span]]:
    bent = (match for match in _BENT.finditer(text) if _code(match) in codes)
    return _literal(_LOOKS_LIKE_ONE.finditer(text)), _literal(bent)


def _literal(matches: Iterable[re.Match[str]]) -> list[Span]:
    return [Span(match.start(), match.end(), LITERAL) for match in matches]


def for_vectors(cut: Sequence[Piece]) -> str:
    """The form that is embedded: bare words for types. A number in it costs 2.8 points of recall, a name more."""
    return "".join(piece.text if piece.type is None else kind_of(piece.type).plain for piece in cut)


def numbered(cut: Sequence[Piece], placeholder_of: Callable[[str, str], str], policy: Policy) -> str:
    """The form that is stored and read: a placeholder for each value that is kept, `<Secret>` for what is not."""

    def shown(text: str, type_: str | None) -> str:
        if type_ is None:
            return text
        return DROPPED if policy.action(type_) == "drop" else placeholder_of(text, type_)

    return "".join(shown(*piece) for piece in cut)


def kept(cut: Sequence[Piece], policy: Policy) -> list[Piece]:
    """What placeholders will stand for, in the order of the text."""
    return [piece for piece in cut if piece.type is not None and policy.action(piece.type) != "drop"]


def new_code() -> str:
    """What tells one placeholder from another: random, so that none says anything of the next."""
    return secrets.choice(LETTERS) + "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH - 1))


def written(type_: str, code: str) -> str:
    """A placeholder as it stands in a text."""
    return f"<{kind_of(type_).word}_{code}>"


def mentions(text: str) -> list[tuple[str, ...]]:
    """What a masked question names: for each mention the placeholders it may mean, in lower case, without brackets."""
    return [tuple(match[0].lower().split(" ")) for match in _MENTION.finditer(text)]


def bare(text: str) -> str:
    """A question with bare words for the placeholders in it, which stand there without brackets."""
    return _NAMED.sub(lambda match: plain(match[1]), text)


def with_values(text: str, values: Iterator[str | None]) -> str:
    """A stored text with its values in place of placeholders, one for each, in order; None leaves one as it is."""

    def value(match: re.Match[str]) -> str:
        found = next(values, None)
        return match[0] if found is None else found

    return PLACEHOLDER.sub(value, text)


def codes_in(text: str) -> list[str]:
    """The codes of the placeholders in a model's text, bent ones too, each once."""
    return list(dict.fromkeys(_code(match) for match in _BENT.finditer(text)))


def restored(text: str, value_of: Callable[[str], str | None]) -> str:
    """A model's text with values, by code, for the placeholders in it, bent ones too. What has none stays as it is."""

    def value(match: re.Match[str]) -> str:
        found = value_of(_code(match))
        return match[0] if found is None else found

    return _BENT.sub(value, text)


def _code(match: re.Match[str]) -> str:
    return (match[1] or match[2]).lower()
