"""Texts for benchmarks of speed: two sentences of the demo story each, drawn with a fixed seed, all different."""

from __future__ import annotations

import json
import random
import re
from itertools import islice

from memguard.demo.story import STORY


def sentences() -> list[str]:
    """Every sentence of the story with at least four words."""
    conversation = json.loads(STORY.read_text())[0]["conversation"]
    texts = [turn["text"] for turns in conversation.values() if isinstance(turns, list) for turn in turns]
    found = [s.strip() for text in texts for s in re.split(r"(?<=[.!?])\s+", text)]
    return list(dict.fromkeys(s for s in found if len(s.split()) >= 4))


def texts(count: int, seed: int = 1) -> list[str]:
    """`count` different texts."""
    source, pick = sentences(), random.Random(seed)
    drawn = (" ".join(pick.sample(source, 2)) for _ in iter(int, 1))
    return list(islice(dict.fromkeys(islice(drawn, count * 2)), count))


def questions() -> list[str]:
    """The questions of the story."""
    return [qa["question"] for qa in json.loads(STORY.read_text())[0]["qa"]]
