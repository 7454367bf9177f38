"""Street addresses, post boxes and postal codes: one span for a whole address, over commas and line ends. Pure.

A tagger gives an address back in pieces and leaves the house number, the part that finds somebody's door, behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from memguard.privacy.lists import entries
from memguard.privacy.spans import Span

_CAP = r"(?![A-Z]{1,2}\d[A-Z\d]?[ ]\d)[^\W\d_a-zß-öø-ÿ][\w'.-]*"
"""A word with a capital, which is no half of a British postcode."""
_PARTICLE = r"(?:of|the|de|del|della|di|da|do|dos|das|des|du|la|las|los|le|les|den|der|am|an|im|zum|zur|van|st\.?)"
_NUMBER = r"\d{1,6}(?:[ -]?[A-Za-z])?(?:[-/]\d{1,4}[A-Za-z]?)?"
_KIND = "(?:" + "|".join(kind.title() for kind in sorted(entries("street_kinds").all)) + ")s?"
_JOINED = (
    r"(?:stra(?:ß|ss)e|str\.|gasse|weg|platz|allee|ufer|gata|gatan|gade|gaden|vej|veien|vegen|v[aä]gen|laan"
    r"|straat|plein|katu|tie|utca|ulice)"
)
_ROMANCE = (
    r"(?:(?i:Rue|Avenue|Boulevard|Chemin|All[ée]e|Quai|Impasse|Viale|Piazza|Calle|Avenida|Avda\.?|Paseo|Carrer|Rua"
    r"|Travessa|Pra[çc]a|Ulica)"
    r"|Place|Via|Corso|Largo|Plaza|Camino|ul\.|Ulitsa|Strada|Jalan|Jl\.|Ruta|C/)"
)
_UNIT = r"(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|Building|Bldg|Block|#)\.?\s?\w{1,6}\b"
_STREET = (
    rf"(?:{_NUMBER},?[ ]+(?:{_CAP}[ ]+|{_PARTICLE}[ ]+|\d+(?:st|nd|rd|th)[ ]+){{0,5}}?{_KIND}\b\.?"
    rf"|{_NUMBER},?[ ]+{_ROMANCE}[ ]+(?:{_PARTICLE}[ ]+)*{_CAP}(?:[ ]+(?:{_PARTICLE}[ ]+)*{_CAP}){{0,4}}"
    rf"|{_ROMANCE}[ ]+(?:{_PARTICLE}[ ]+)*{_CAP}(?:[ ]+(?:{_PARTICLE}[ ]+)*{_CAP}){{0,4}},?[ ]+{_NUMBER}\b"
    rf"|(?:{_CAP}[ ]+)*[^\W\d_]+(?i:{_JOINED})[ ]+{_NUMBER}\b"
    r"|(?i:p\.?\s?o\.?\s+box)\s+\d{1,7}|(?i:unit\s+\d{3,5}\s+box\s+\d{1,5})|PSC\s+\d{1,5},\s+Box\s+\d{1,5}"
    r"|USNS\s+\w+|USS\s+\w+)"
)
_ZIP = r"(?:\d{4,6}(?:-\d{3,4})?|[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|[A-Z]\d[A-Z]\s?\d[A-Z]\d|\d{4}\s?[A-Z]{2})\b"
_PLACE = rf"{_CAP}(?:[ ]+(?:{_PARTICLE}[ ]+)?{_CAP}){{0,3}}"
_TAIL = (
    rf"(?:\s*(?:,\s*|\n\s*)(?:{_UNIT}|{_ZIP}(?:[ ]+{_PLACE})?|{_PLACE}(?:[ ]+{_ZIP})?)|[ ]+{_UNIT}"
    rf"|[ ]+{_ZIP}(?:[ ]+{_PLACE})?|[ ]+[A-Z]{{2}}[ ]+{_ZIP}"
    rf"|[ ]+\d{{1,4}}\b(?=[ ]+{_UNIT}|\s*[,\n]))"
)
_ADDRESS = re.compile(rf"(?<![\w.#/-])(?P<v>(?:{_UNIT},?\s+)?(?:\d{{1,6}}[ ]+)??{_STREET}{_TAIL}{{0,5}})")
_LIVES = (
    r"(?:address(?:\s+is|\s+to|:)|liv(?:e|es|ed|ing)\s+(?:at|on)|mov(?:e|ed|ing)\s+to|ship(?:ped)?\s+(?:it\s+)?to"
    r"|deliver(?:ed)?\s+(?:it\s+)?to"
    r"|sent\s+to|send\s+it\s+to|located\s+at|flat\s+at|house\s+at|apartment\s+at|office\s+(?:is\s+)?at|side\s+of"
    r"|off\s+at|the\s+same:|resid(?:es?|ing)\s+at|stay(?:s|ing)?\s+at)"
)
_ANCHORED = re.compile(
    rf"\b(?i:{_LIVES})\s+(?P<v>(?:{_NUMBER}[ ]+){{1,2}}{_PLACE}{_TAIL}{{0,5}}|{_PLACE},?[ ]+{_NUMBER}\b{_TAIL}{{0,5}})"
)
_CODE = re.compile(
    rf"\b(?i:zip(?:\s?code)?|post(?:al)?\s?code|plz)\b(?:\s+(?i:is|of)\b|[:=])?\s*(?P<v>{_ZIP})"
    r"|(?<![\w-])(?P<british>[A-Z]{1,2}\d[A-Z\d]?\s\d[ABD-HJLNP-UW-Z]{2})(?![\w-])"
)
_NAMED = re.compile(
    rf"(?<!\w)(?:{_CAP}[ ]+){{1,3}}(?:Street|Road|Avenue|Boulevard|Lane|Drive|Square|Lake|River|Beach|Bay|Island"
    rf"|Valley"
    rf"|Mountains?|Falls|Park)\b(?![ ]+[A-Z])"
    rf"|(?i:the\s+corner\s+of)\s+[\w'. -]{{2,40}}?\s+(?:and|&)\s+{_PLACE}"
)
"""A street, a lake or a corner without a number."""
_SENTENCE = re.compile(r"(?<=[a-z]{3}[.!?])\s+(?=[A-Z])|(?:[,\n]\s*)(?=(?:I|My|We|He|She|It|The|Please|Can|And|But)\b)")
"""Where an address that ran on into the next sentence is cut."""


def addresses(text: str) -> Iterator[Span]:
    """Whole addresses, streets and waters by their names, and postal codes that stand alone."""
    for match in _NAMED.finditer(text):
        yield Span(*match.span(), "LOCATION", 0.88)
    if not any("0" <= c <= "9" for c in text):
        return
    for pattern in (_ADDRESS, _ANCHORED):
        for match in pattern.finditer(text):
            value = _SENTENCE.split(match["v"])[0]
            yield Span(match.start("v"), match.start("v") + len(value), "LOCATION", 0.91)
    for match in _CODE.finditer(text):
        group = "v" if match["v"] else "british"
        yield Span(*match.span(group), "LOCATION", 0.9)
