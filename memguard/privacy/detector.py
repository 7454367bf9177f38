"""The detector of personal data: presidio's checked recognisers, spaCy's tagger and memguard's own rules.

It finds, by presidio's names where presidio has one: PERSON, LOCATION (one span for a whole street address),
ORGANIZATION, NRP, DATE_TIME, DATE_OF_BIRTH, AGE, HEALTH, BELIEF, FINANCE, PHONE_NUMBER, EMAIL_ADDRESS, URL, USERNAME,
IP_ADDRESS, MAC_ADDRESS, CREDIT_CARD, IBAN_CODE, CRYPTO, US_BANK_NUMBER, US_SSN, PASSPORT, US_DRIVER_LICENSE,
LICENSE_PLATE and ID_NUMBER. ORGANIZATION, NRP, DATE_TIME and URL come back like all others; it is a policy elsewhere
that leaves them readable. Secrets are another detector's.

presidio's `AnalyzerEngine` is not used: it runs every recogniser on every text and wants lemmas of every word, which
together cost more than the tagger. Its recognisers are called from here, where the text can hold what they look for.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from memguard.imports import light
from memguard.privacy.addresses import addresses
from memguard.privacy.health import health
from memguard.privacy.names import names
from memguard.privacy.normal import Normal, normal
from memguard.privacy.phones import phones
from memguard.privacy.recognisers import patterns
from memguard.privacy.resolve import resolve
from memguard.privacy.rules import CHECKED
from memguard.privacy.spans import Span
from memguard.privacy.tagger import MODEL, Tag, Tagger
from memguard.privacy.words import truecased

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer

WINDOW = 4000
"""Characters that the tagger reads at once; a longer text is cut into windows."""
OVERLAP = 400
"""Characters that two windows share, so that nothing is cut in two: half of them belong to each."""
_MAYBE_CHECKED = re.compile(
    r"\b(?:[A-Z]{2}\d{2}[ -]?[A-Z0-9]{4}|[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]|bc1|[13][A-HJ-NP-Za-km-z1-9]{25})"
)
"""How an IBAN, an Italian tax code or a wallet begins: presidio's recognisers are called for these only."""
_TYPES = {"IT_FISCAL_CODE": "ID_NUMBER"}


class _Window(NamedTuple):
    """A stretch of text number `text`; of it, what begins from `first` up to `last` is taken."""

    text: int
    start: int
    first: int
    last: int
    normal: Normal


class PresidioDetector:
    """Finds personal data in English text, offline. Its tagger is loaded at first use.

    The same text has the same spans whatever other texts it comes with. Safe to share between threads.
    """

    name = f"presidio+{MODEL}/1"

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._tagger: Tagger | None = None

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        """For each text its spans, by start, none overlapping another."""
        found: list[list[Span]] = [[] for _ in texts]
        windows = [window for i, text in enumerate(texts) for window in _windows(i, text)]
        if windows:
            cased = [truecased(window.normal.text) for window in windows]
            with self._turn:  # spaCy's vocabulary is shared, and emptied after each call
                if self._tagger is None:
                    self._tagger = Tagger()
                tags = list(self._tagger.tags(cased))
            for window, text, tagged in zip(windows, cased, tags, strict=True):
                found[window.text] += _found(window, text, tagged)
        return [resolve(text, spans) for text, spans in zip(texts, found, strict=True)]


def _windows(number: int, text: str) -> Iterator[_Window]:
    """A text in stretches that end at white space, where there is any; none without a letter or digit."""
    start = 0
    while start < len(text):
        end = min(start + WINDOW, len(text))
        if end < len(text):
            space = max(text.rfind(c, start + WINDOW // 2, end) for c in "\n ")
            end = space if space > 0 else end
        piece = normal(text[start:end])
        first = start + OVERLAP // 2 if start else 0
        last = end - OVERLAP // 2 if end < len(text) else end
        if any(c.isalnum() for c in piece.text):
            yield _Window(number, start, first, last, piece)
        if end == len(text):
            return
        start = end - OVERLAP


def _found(window: _Window, cased: str, tags: Sequence[Tag]) -> Iterator[Span]:
    """Spans of one window, in offsets of the whole text. Within it each character already has one span at most."""
    text = window.normal.text
    named = names(cased, tags)
    spans = [*named, *patterns(text), *addresses(text), *health(text, [s for s in named if s.type == "PERSON"])]
    if any("0" <= c <= "9" for c in text):
        spans += phones(text)
    if _MAYBE_CHECKED.search(text):
        spans += _checked(text)
    for span in resolve(text, spans):
        start, end = window.normal.original(span.start, span.end)
        if window.first <= start + window.start < window.last:
            yield span._replace(start=start + window.start, end=end + window.start)


def _checked(text: str) -> Iterator[Span]:
    """What presidio's recognisers with a checksum find. They look at the text only, and need no tagger's artifacts."""
    for recogniser in _recognisers():
        for result in recogniser.analyze(text, recogniser.supported_entities, None):  # type: ignore[arg-type]  # for those that ask a tagger
            if result.score >= CHECKED:
                yield Span(result.start, result.end, _TYPES.get(result.entity_type, result.entity_type), CHECKED)


@cache
def _recognisers() -> tuple[EntityRecognizer, ...]:
    """Loaded when a text first looks as if it had what they check: that takes longer than the tagger."""
    with light():
        from presidio_analyzer.predefined_recognizers import CryptoRecognizer, IbanRecognizer, ItFiscalCodeRecognizer

    return IbanRecognizer(), CryptoRecognizer(), ItFiscalCodeRecognizer(supported_language="en")
