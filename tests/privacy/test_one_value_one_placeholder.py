"""Value and placeholder are one to one over threads and processes that write at the same time."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from memguard import Memory
from memguard.privacy.placeholders import PLACEHOLDER
from tests.conftest import Places
from tests.standins import HashEmbedder, NameList

ROOT = Path(__file__).resolve().parents[2]
TYPES = ("PERSON", "LOCATION", "HEALTH", "USERNAME")
VALUES = {f"Value{a}{b}": TYPES[i % 4] for i, (a, b) in enumerate((a, b) for a in "abcdefgh" for b in "vwxyz")}
Texts = dict[str, str]
"""What was written, and what the vault made of it."""


def opened(home: Places) -> Memory:
    return home.open(HashEmbedder(), detector=NameList(VALUES))


def write(memory: Memory, seed: int, count: int) -> Texts:
    """Random texts over all values, stored or masked, by chance."""
    chance, written = random.Random(seed), {}
    for n in range(count):
        text = f"{seed}-{n}: " + ", ".join(chance.sample(sorted(VALUES), chance.randint(1, 3)))
        if chance.random() < 0.5:
            memory.add(text, user_id="ana")
        else:
            written[text] = memory.mask(text, user_id="ana").text
    return written


def stored(memory: Memory) -> Texts:
    """The texts that the vault has, and as they stand there."""
    originals = {record.id: record.text for record in memory.get_all(user_id="ana", limit=10_000)}
    with memory.home.vault("ana").reading() as session:
        return {originals[memory_id]: text for memory_id, text in session.all("SELECT id, text FROM memories")}


def one_to_one(texts: Texts) -> int:
    """How many values have a placeholder; each has one, and no other value has it."""
    of_value, of_placeholder = defaultdict(set), defaultdict(set)
    for original, masked in texts.items():
        values = original.partition(": ")[2].split(", ")
        placeholders = masked.partition(": ")[2].split(", ")
        assert all(map(PLACEHOLDER.fullmatch, placeholders))
        for value, placeholder in zip(values, placeholders, strict=True):
            of_value[value].add(placeholder)
            of_placeholder[placeholder].add(value)
    assert all(len(group) == 1 for group in (*of_value.values(), *of_placeholder.values()))
    return len(of_value)


def test_over_sessions_one_after_another(home: Places) -> None:
    texts: Texts = {}
    for seed in range(3):
        with opened(home) as memory:
            texts |= write(memory, seed, 12)
    with opened(home) as memory:
        assert one_to_one(texts | stored(memory)) >= 20


def test_over_threads_of_one_memory(home: Places) -> None:
    with opened(home) as memory, ThreadPoolExecutor(4) as threads:
        texts = [*threads.map(lambda seed: write(memory, seed, 10), range(4))]
        assert one_to_one({k: v for part in texts for k, v in part.items()} | stored(memory)) >= 20


def test_over_eight_threads_and_four_processes(home: Places) -> None:
    """1,000 writes in all, half of them memories."""
    assert in_processes(home, processes=4, threads=8, count=32) == len(VALUES)


def in_processes(home: Places, *, processes: int, threads: int, count: int) -> int:
    with opened(home) as memory:
        memory.mask("begin", user_id="ana")
    own = {name: value for name, value in os.environ.items() if not name.startswith("MEMGUARD_")}
    command = [sys.executable, "-m", __name__, *map(str, home), str(threads), str(count)]
    running = [
        subprocess.Popen([*command, str(1_000 * n)], cwd=ROOT, env=own, stdout=subprocess.PIPE)
        for n in range(processes)
    ]
    texts: Texts = {}
    for process in running:
        out, _ = process.communicate(timeout=500)
        assert process.returncode == 0
        texts |= json.loads(out)
    with opened(home) as memory:
        held = stored(memory)
        assert len(texts) + len(held) == processes * threads * count
        return one_to_one(texts | held)


def _child(folders: list[str], threads: int, count: int, seed: int) -> None:
    with opened(Places(*map(Path, folders))) as memory, ThreadPoolExecutor(threads) as pool:
        parts = pool.map(lambda n: write(memory, seed + n, count), range(threads))
        print(json.dumps({k: v for part in parts for k, v in part.items()}))


if __name__ == "__main__":
    _child(sys.argv[1:4], *map(int, sys.argv[4:]))
