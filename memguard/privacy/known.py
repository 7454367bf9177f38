"""Values that a vault knows already, found in a text exactly as often as they stand there: no tagger misses one.

Held in memory are keyed hashes and placeholders only, no value. A copy of the vault's, like every index (P2). Questions
are masked by it alone: a tagger reads a name otherwise in a short question than in a story, and takes longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from memguard.privacy import placeholders as shapes
from memguard.privacy.detection import merged
from memguard.privacy.spans import Span
from memguard.privacy.values import Gram, as_written, ending, form, grams, misspelt, parts
from memguard.retrieval.copies import Copy
from memguard.vault.connection import Session
from memguard.vault.sealing import Seals


class Placeholder(NamedTuple):
    """A value's type and the code of its placeholder."""

    type: str
    code: str


class Known(Copy):
    """The values of one vault, by hash. Safe between threads."""

    def __init__(self, seals: Seals) -> None:
        super().__init__()
        self._seals = seals
        self._reset()

    @property
    def codes(self) -> frozenset[str]:
        """The codes of this vault's placeholders."""
        return self._codes

    def spans(self, text: str, more: Mapping[str, str] | None = None) -> list[Span]:
        """Where the values of this vault stand in a text, longest first at each place, none overlapping another.

        `more` are further values, by their form, with their types.
        """
        found = self._found(text, more or {})
        spans = [Span(g.start, ending(text, g.start, g.end), p.type) for g, p in found]
        return [span for span in spans if as_written(text[span.start : span.end], span.type)]

    def label(self, text: str, spans: Sequence[Span]) -> str:
        """A name or a metadata value as this vault has stored it, given what detectors find in it."""
        whole = self._value(text)
        if whole is not None:
            return shapes.written(*whole)
        for span in reversed(merged(spans, self.spans(text))):
            placeholder = self._value(text[span.start : span.end])
            if placeholder is not None:
                text = text[: span.start] + shapes.written(*placeholder) + text[span.end :]
        return text

    def question(self, text: str, is_word: Callable[[str], bool]) -> str:
        """A question with the placeholders of what it names, without brackets, in place of values.

        A person is also found by a part of the name, in any case, with a letter wrong unless that `is_word` of the
        vault's: all whom it may mean stand there.
        """
        lower = text[1:] == text[1:].lower()  # typed without capitals: then names have none either
        asked, end = "", 0
        for gram, placeholders in self._called(text, is_word):
            word = text[gram.start : gram.end]
            if gram.start >= end and (lower or not word.islower() or any(p.type != "PERSON" for p in placeholders)):
                names = " ".join(shapes.written(*placeholder)[1:-1] for placeholder in placeholders)
                asked, end = f"{asked}{text[end : gram.start]}{names}", gram.end
        return asked + text[end:]

    def _value(self, text: str) -> Placeholder | None:
        return self._values.get(self._seals.lookup(form(text)))

    def _found(self, text: str, more: Mapping[str, str]) -> Iterator[tuple[Gram, Placeholder]]:
        values, end = self._values, 0
        for gram in grams(text) if values or more else ():
            if gram.start < end:
                continue
            found = values.get(self._seals.lookup(gram.form)) if values else None
            if found is None and gram.form in more:
                found = Placeholder(more[gram.form], "")
            if found is not None:
                yield gram, found
                end = gram.end

    def _called(self, text: str, is_word: Callable[[str], bool]) -> Iterator[tuple[Gram, list[Placeholder]]]:
        """Every run of words that names something, with all that it may mean."""
        values, calls, end = self._values, self._calls, 0
        for gram in grams(text) if values else ():
            if gram.start < end:
                continue
            key, single = self._seals.lookup(gram.form), " " not in gram.form
            whole, by_part = values.get(key), calls.get(key, ()) if single else ()
            is_name = whole is not None and whole.type == "PERSON"
            of_parts = [values.get(self._seals.lookup(part)) for part in parts(gram.form)] if is_name else []
            by_typo = () if whole or by_part or not single else self._misspelt(key, gram.form)
            if by_typo and is_word(gram.form):
                by_typo = ()
            found = dict.fromkeys(p for p in (whole, *by_part, *of_parts, *by_typo) if p is not None)
            if found:
                yield gram, list(found)
                end = gram.end

    def _misspelt(self, key: bytes, word: str) -> Sequence[Placeholder]:
        keys = (key, *map(self._seals.lookup, misspelt(word))) if self._near else ()
        return [placeholder for other in keys for placeholder in self._near.get(other, ())]

    def _reset(self) -> None:
        self._values: dict[bytes, Placeholder] = {}
        self._calls: dict[bytes, tuple[Placeholder, ...]] = {}
        self._near: dict[bytes, tuple[Placeholder, ...]] = {}
        self._codes: frozenset[str] = frozenset()

    def _drop_erased(self, session: Session) -> None:
        self._reset()
        self._take(session, 0)

    def _add_new(self, session: Session, since: int) -> None:
        self._take(session, since)

    def _take(self, session: Session, since: int) -> None:
        """Replaced, not changed: a reader in another thread keeps what it began with."""
        values = {lookup: Placeholder(type_, code) for lookup, type_, code in session.all(_VALUES, (since,))}
        near: tuple[dict[bytes, tuple[Placeholder, ...]], ...] = (dict(self._calls), dict(self._near))
        for lookup, is_misspelt, type_, code in session.all(_PARTS, (since,)):
            named = near[is_misspelt].get(lookup, ())
            near[is_misspelt][lookup] = tuple(dict.fromkeys([*named, Placeholder(type_, code)]))
        self._values = {**self._values, **values}
        self._calls, self._near = near
        self._codes = self._codes | {row[0] for row in session.execute(_CODES, (since,))}


_CODES = "SELECT code FROM placeholders WHERE seq > ?"
_VALUES = """
SELECT lookup, type, code FROM placeholders p WHERE seq > ?
  AND (for_models OR EXISTS (SELECT 1 FROM placeholder_uses u WHERE u.placeholder = p.number AND u.found)
       OR EXISTS (SELECT 1 FROM recall_uses r WHERE r.placeholder = p.number))
"""
_PARTS = """
SELECT n.lookup, n.misspelt, p.type, p.code FROM name_parts n JOIN placeholders p ON p.number = n.placeholder
WHERE p.seq > ? ORDER BY p.number
"""
