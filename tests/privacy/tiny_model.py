"""A token-classification model with a real tokenizer, small enough to be written by a test: a word's label is its own.

Its attention is empty, its embeddings say the label of each word. The first and last place of a window are blind, as
those of real models nearly are: what stands there is found only where windows overlap.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
POSITIONS = 34
"""Places of the model; a window has two fewer."""


def write_model(folder: Path, words: dict[str, str], labels: list[str], **config: Any) -> Path:
    """A model that labels each of `words`, as its tokenizer cuts them (##da), and all else with the first label."""
    import torch
    from transformers import BertConfig, BertForTokenClassification

    vocabulary = [*SPECIAL, *words]
    size = len(labels) + 1  # one dimension a label; the last blinds a place
    made = BertForTokenClassification(
        BertConfig(
            vocab_size=len(vocabulary),
            hidden_size=size,
            num_hidden_layers=0,
            num_attention_heads=1,
            intermediate_size=4,
            max_position_embeddings=POSITIONS,
            pad_token_id=0,
            id2label=dict(enumerate(labels)),
            label2id={label: i for i, label in enumerate(labels)},
            **config,
        )  # fmt: skip
    )
    with torch.no_grad():
        for weights in made.parameters():
            weights.zero_()
        embeddings = made.bert.embeddings
        embeddings.LayerNorm.weight.fill_(1)
        for number, word in enumerate(vocabulary):
            embeddings.word_embeddings.weight[number, labels.index(words.get(word, labels[0]))] = 10
        for place in (1, POSITIONS - 4):
            embeddings.position_embeddings.weight[place, size - 1] = 1_000
        for label in range(len(labels)):
            made.classifier.weight[label, label] = 10
        made.classifier.weight[0, size - 1] = 10
    made.save_pretrained(folder)
    _tokenizer(vocabulary).save(str(folder / "tokenizer.json"))
    return folder


def _tokenizer(vocabulary: list[str]) -> Tokenizer:
    made = Tokenizer(WordPiece({word: i for i, word in enumerate(vocabulary)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [(name, vocabulary.index(name)) for name in ("[CLS]", "[SEP]")]
    made.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    return made
