"""Makes `memguard/retrieval/token_space.npz` from the project's own texts: story, dialogues, developer set.

    python -m bench.token_space

No evaluation data that may not ship goes in. Run again, it writes the same file up to rounding; a changed file asks for
a new name of the export in `memguard/retrieval/model.py`, and for `memguard reembed`.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from bench.common import ROOT
from memguard.demo.story import STORY
from memguard.retrieval import model
from memguard.retrieval.english import STOP_WORDS
from memguard.retrieval.renderings import speaking
from memguard.retrieval.tokens import SPACE, TOKEN_DIMENSION

BATCH = 32


def main() -> None:
    reference = model.reference(model.packaged())
    words = reference.tokenizer.convert_ids_to_tokens(range(len(reference.tokenizer)))
    content = np.array([any(c.isalnum() for c in word) and word not in STOP_WORDS for word in words])
    seen = np.zeros(len(words))
    states, count = [], 0
    for ids, hidden in token_states(reference, texts()):
        seen[np.unique(ids)] += 1
        count += 1
        states.append(hidden[content[ids]])
    points = np.concatenate(states)
    centre = points.mean(axis=0)
    _, _, axes = np.linalg.svd(points - centre, full_matrices=False)
    np.savez_compressed(
        SPACE,
        centre=centre.astype(np.float32),
        axes=axes[:TOKEN_DIMENSION].T.astype(np.float16),
        rarity=np.log(1 + count / (1 + seen)).astype(np.float16),
        content=content,
    )
    print(f"{count} texts, {len(points)} words of content -> {SPACE.name}, {SPACE.stat().st_size / 1000:.0f} kB")


def texts() -> list[str]:
    """Every turn and every developer's memory, as they are embedded."""
    conversations = [
        json.loads(path.read_text())[0]["conversation"]
        for path in (STORY, *sorted((ROOT / "bench" / "data" / "dialogues").glob("*.json")))
    ]
    turns = [turn for c in conversations for group in c.values() if isinstance(group, list) for turn in group]
    memories = (ROOT / "bench" / "data" / "developer" / "memories.jsonl").read_text().splitlines()
    return [speaking(t["speaker"], t["text"]) for t in turns] + [json.loads(line)["text"] for line in memories]


def token_states(reference: Any, wanted: list[str]) -> Any:
    """(token ids, states [tokens, 384] of unit length) of each text, without the special tokens."""
    import torch

    bert = reference[0].model.eval()
    for start in range(0, len(wanted), BATCH):
        tokens = reference.tokenizer(
            wanted[start : start + BATCH], padding=True, truncation=True, max_length=256, return_tensors="pt"
        )
        with torch.no_grad():
            hidden = torch.nn.functional.normalize(bert(**tokens).last_hidden_state, dim=-1).numpy()
        for row, mask in enumerate(tokens["attention_mask"].sum(1).tolist()):
            yield tokens["input_ids"][row, 1 : mask - 1].numpy(), hidden[row, 1 : mask - 1]


if __name__ == "__main__":
    main()
