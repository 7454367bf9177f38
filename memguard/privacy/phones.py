"""Phone numbers. A candidate is a shape; the words before it, its plus sign or a country's own rules make it one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from memguard.privacy.developers import stands_among_code
from memguard.privacy.spans import Span

_CANDIDATE = re.compile(
    r"(?<![\w.,:/@#$=-])(?P<v>(?:\+|00)?\s?(?:\(\+?\d{1,5}\)|\d)(?:[ \t./()-]{0,2}\d){5,16}(?:\s?(?:x"
    r"|ext\.?)\s?\d{1,6})?)(?![\w@]|[.:/-]\d)"
)
_ANCHOR = re.compile(
    r"\b(?:phone|phones|tel|telephone|mobile|cell|cellphone|fax|whatsapp|call|called|calling|ring|text|texted|sms"
    r"|dial|reach|reached"
    r"|reachable|number|contact|landline|hotline|voicemail|pager|viber|facetime|(?:me|us|him|her|them|back)\s+(?:at"
    r"|on))\b[^\d\n]{0,40}\n?\W{0,4}$",
    re.IGNORECASE,
)
_OTHER_NUMBER = re.compile(
    r"\b(?:order|invoice|ticket|issue|case|account|card|serial|part|model|version|build|room|page|line|port|flight"
    r"|tracking|id|pid|isbn"
    r"|passport|policy|routing|iban|reference|sort\s+code|zip|code)\b[^\d\n]{0,20}$",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d+\.\d+|(?:\d{1,3}\.){3}\d{1,3}|\d{3}-\d{2}-\d{4}"
)
_AMERICAN = re.compile(
    r"(?:\+?1[ .-]?)?(?:\([2-9]\d\d\)\s?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}(?:\s?(?:x|ext\.?)\s?\d{1,6})?"
)
_REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "IN", "AU")
_FICTION = re.compile(r"555\D?01\d\d$")
"""Kept free for films and documentation: where programs are spoken of, nobody's. Said by a person, it is a number."""
_DIGITS_MAX = 15
"""Of a number with its country's (ITU E.164)."""
_BEFORE = 60
"""How far back the words that say what a number is are looked for, in characters."""


def phones(text: str) -> Iterator[Span]:
    """The phone numbers of a text."""
    for match in _CANDIDATE.finditer(text):
        value = match["v"]
        before = text[max(0, match.start() - _BEFORE) : match.start()]
        if sum(c.isdigit() for c in value.partition("x")[0]) > _DIGITS_MAX or _DATE.fullmatch(value.strip()):
            continue
        if _OTHER_NUMBER.search(before) or (_FICTION.search(value) and stands_among_code(text, match.start())):
            continue
        if _ANCHOR.search(before):
            yield Span(*match.span("v"), "PHONE_NUMBER", 0.93)
        elif _AMERICAN.fullmatch(value) or (any(c in value for c in " ()-./+") and _is_known(value)):
            yield Span(*match.span("v"), "PHONE_NUMBER", 0.88)


def _is_known(value: str) -> bool:
    """By the numbering plan of its own country, or of one of several if it names none.

    Without a plus sign it must be written as people write phone numbers: a trunk zero first, or groups.
    """
    import phonenumbers

    international = value.lstrip().startswith(("+", "(+", "00"))
    if not international and not value.lstrip("(").startswith("0"):
        return False
    for region in (None,) if value.lstrip().startswith(("+", "(+")) else _REGIONS:
        try:
            number = phonenumbers.parse(value, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number) and (international or phonenumbers.is_valid_number(number)):
            return True
    return False
