"""A token-classification model in a local folder, as a detector, by setting `detector`.

The folder is data: weights as safetensors, a `tokenizer.json`, no code of its own, nothing fetched. Its labels, plain
or as B-PER and I-PER, are named after memguard's types, or the setting `detector_labels` says which type each is.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from memguard.errors import ModelError
from memguard.imports import WANTED
from memguard.privacy.policy import KINDS
from memguard.privacy.resolve import resolve
from memguard.privacy.spans import Span

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

WINDOW_TOKENS_MAX, OVERLAP_TOKENS_MAX = 256, 32
"""Tokens that the model reads at once, and those that two windows share: a name at an edge has no context there."""
BATCH = 16
NOTHING = "O"
USUAL = {"PER": "PERSON", "LOC": "LOCATION", "GPE": "LOCATION", "FAC": "LOCATION", "ORG": "ORGANIZATION",
         "NORP": "NRP", "DATE": "DATE_TIME", "TIME": "DATE_TIME", "EMAIL": "EMAIL_ADDRESS", "PHONE": "PHONE_NUMBER",
         "MONEY": "FINANCE"}  # fmt: skip
"""What models usually call some of memguard's types."""
_LABEL = re.compile(r"(?:([BIESLU])[-_])?(.+)", re.DOTALL)


class Mark(NamedTuple):
    """What a label says of a token: its type, None for nothing, and whether a span begins there."""

    type: str | None
    begins: bool


class Token(NamedTuple):
    """A stretch of the text, its mark, how sure that is, and how many tokens lie between it and its window's edge."""

    start: int
    end: int
    mark: Mark
    score: float
    depth: int


class ModelDetector:
    """Finds what a model was trained to find. Loaded at first use; safe to share between threads.

    Raises `ModelError` where the folder is no such model, holds no safetensors, or has labels without a type.
    """

    def __init__(self, folder: Path, types: Mapping[str, str]) -> None:
        config = _config(folder)
        weights = sorted((path.name, path.stat().st_size) for path in folder.glob("*.safetensors"))
        if not weights or not (folder / "tokenizer.json").is_file():
            raise ModelError("detector: the folder has no *.safetensors, or no tokenizer.json")
        self._marks = marks(config, types)
        self._folder = folder
        digest = hashlib.sha256(json.dumps([config, weights, sorted(types.items())]).encode()).hexdigest()
        self.name = f"model:{digest[:12]}"
        self._turn = threading.Lock()
        self._loaded: tuple[Any, Tokenizer] | None = None

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        """For each text its spans, by start, none overlapping another. Whole words: half a name says who it is."""
        with self._turn:
            if self._loaded is None:
                self._loaded = _load(self._folder)
            model, tokenizer = self._loaded
            windows = [(i, *window) for i, text in enumerate(texts) for window in _windows(tokenizer, text)]
            read: list[dict[tuple[int, int], Token]] = [{} for _ in texts]
            for start in range(0, len(windows), BATCH):
                batch = windows[start : start + BATCH]
                scored = _scored(model, [encoding for _, encoding, _, _ in batch])
                for (i, encoding, first, last), of_tokens in zip(batch, scored, strict=True):
                    for token in _tokens(encoding, of_tokens, self._marks, first=first, last=last):
                        place = token.start, token.end
                        if place not in read[i] or read[i][place].depth < token.depth:
                            read[i][place] = token
        return [resolve(text, _spans(text, sorted(found.values()))) for text, found in zip(texts, read, strict=True)]


def marks(config: Mapping[str, Any], types: Mapping[str, str]) -> list[Mark]:
    """The mark of each of a model's labels. `types` names types by label, with or without B- and I-; `O` is nothing."""
    names = config.get("id2label")
    try:
        labels = [str(names[str(i)]) for i in range(len(names))]  # type: ignore[index,arg-type]  # told apart below
    except (TypeError, KeyError):
        raise ModelError("detector: the model's config.json names no labels") from None
    given = {name.upper(): type_.upper() for name, type_ in types.items()}
    found, unknown = [], set()
    for label in labels:
        prefix, name = _LABEL.fullmatch(label.upper()).groups()  # type: ignore[union-attr]  # it matches any label
        type_ = given.get(label.upper()) or given.get(name) or USUAL.get(name, name)
        if type_ not in (NOTHING, *KINDS, *given.values()):
            unknown.add(name if re.fullmatch(r"[\w-]{1,40}", name) else "(odd name)")
        found.append(Mark(None if type_ == NOTHING else type_, prefix in ("B", "S", "U")))
    if unknown:
        shown = ", ".join(sorted(unknown))
        raise ModelError(f"detector: no type is known for labels {shown}: give them in detector_labels, O for none")
    return found


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError):
        raise ModelError("detector: the folder has no config.json that can be read") from None
    if not isinstance(config, dict):
        raise ModelError("detector: the folder has no config.json that can be read")
    return config


def _load(folder: Path) -> tuple[Any, Tokenizer]:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with WANTED:
        from tokenizers import Tokenizer
        from transformers import AutoModelForTokenClassification
        from transformers.utils import logging

    quiet: Any = logging  # it has no type annotations
    quiet.disable_progress_bar()
    load: Any = partial(AutoModelForTokenClassification.from_pretrained, local_files_only=True, use_safetensors=True)
    try:
        model, told = load(str(folder), trust_remote_code=False, output_loading_info=True)
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # noqa: BLE001 - tokenizers raises no other, and its text may quote the file
        raise ModelError(f"detector: the model cannot be loaded ({type(error).__name__})") from None
    if told["missing_keys"]:
        raise ModelError("detector: weights are missing, it was not trained to label tokens")
    positions = getattr(model.config, "max_position_embeddings", WINDOW_TOKENS_MAX + 2)
    window = min(WINDOW_TOKENS_MAX, positions - 2)  # RoBERTa counts its positions from 2
    tokenizer.enable_truncation(window, stride=min(OVERLAP_TOKENS_MAX, window // 4))
    return model.eval(), tokenizer


def _windows(tokenizer: Tokenizer, text: str) -> Iterator[tuple[Encoding, bool, bool]]:
    """A text in windows, with whether each is its first and its last."""
    whole = tokenizer.encode(text)
    windows = [whole, *whole.overflowing]
    for i, window in enumerate(windows):
        yield window, i == 0, i == len(windows) - 1


def _scored(model: Any, windows: Sequence[Encoding]) -> list[list[tuple[int, float]]]:
    """For each window, for each token, the likeliest label and its probability."""
    import torch

    longest = max(len(window.ids) for window in windows)
    for window in windows:
        window.pad(longest, pad_id=model.config.pad_token_id or 0)
    ids = torch.tensor([window.ids for window in windows])  # [windows, tokens]
    mask = torch.tensor([window.attention_mask for window in windows])
    with torch.inference_mode():
        best = model(input_ids=ids, attention_mask=mask).logits.softmax(-1).max(-1)
    return [
        list(zip(labels, scores, strict=True))
        for labels, scores in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]


def _tokens(
    window: Encoding, scored: Sequence[tuple[int, float]], marked: Sequence[Mark], *, first: bool, last: bool
) -> Iterator[Token]:
    """The tokens of one window that stand for text. The edges of the text itself are none."""
    places = [i for i, special in enumerate(window.special_tokens_mask) if not special and window.attention_mask[i]]
    for i in places:
        start, end = window.offsets[i]
        label, score = scored[i]
        before = len(places) if first else i - places[0]
        after = len(places) if last else places[-1] - i
        if start < end:
            yield Token(start, end, marked[label], score, min(before, after))


def _spans(text: str, tokens: Sequence[Token]) -> Iterator[Span]:
    """Runs of tokens of one type as spans of whole words."""
    run: list[Token] = []
    for token in tokens:
        inside = bool(run) and token.start == run[-1].end and _joined(text, token.start)
        apart = bool(run) and "\n" in text[run[-1].end : token.start]
        if run and (apart or token.mark.type != run[-1].mark.type or (token.mark.begins and not inside)):
            yield _span(text, run)
            run = []
        if token.mark.type is not None:
            run.append(token)
    if run:
        yield _span(text, run)


def _span(text: str, run: Sequence[Token]) -> Span:
    start, end = run[0].start, run[-1].end
    while _joined(text, start):
        start -= 1
    while _joined(text, end):
        end += 1
    return Span(start, end, run[0].mark.type or NOTHING, sum(token.score for token in run) / len(run))


def _joined(text: str, place: int) -> bool:
    """Whether a place lies inside a word; an accent that is a character of its own belongs to its letter."""
    beside = text[place - 1 : place + 1] if place else ""
    return len(beside) == 2 and all(c.isalnum() or unicodedata.combining(c) for c in beside)
