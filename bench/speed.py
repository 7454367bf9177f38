"""How much does memguard add to the bare parts? Ratios, each against a floor measured in the same run, in turn.

    python -m bench.speed [--memories 10000] [--rounds 300]

add        one `add` over one bare embedding of the same text (the same engine, no vault)
add_many   texts a second over bare batched embedding
search     one `search` over embedding the question + one flat FAISS search + one FTS5 query of its content words in a
           plain SQLite file, over the same texts
--help     `memguard --help` over `python -c pass`, whole processes
cli search `memguard search` as a new process over importing onnxruntime and loading the model, whole processes

Not measured: a cold disk cache, a machine under load, other models.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import faiss
import numpy as np

from bench.common import fresh_memory, parser, report
from bench.corpus import questions, texts
from memguard import Memory
from memguard.retrieval.embedder import PackagedEmbedder
from memguard.retrieval.question import terms

OWNER = "bench"
BARE_LOAD = """
import onnxruntime, sys
o = onnxruntime.SessionOptions(); o.intra_op_num_threads = 1; o.log_severity_level = 3
onnxruntime.InferenceSession(sys.argv[1], o, providers=["CPUExecutionProvider"])
"""


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--memories", type=int, default=10_000)
    arguments.add_argument("--rounds", type=int, default=300)
    options = arguments.parse_args()
    rows = []
    with fresh_memory() as memory:
        embedder = PackagedEmbedder(memory.settings.cache, memory.settings.threads)
        embedder.embed(["warm"])
        corpus = texts(options.memories + options.rounds + 512)
        rows.append(bulk(memory, embedder, corpus[:512]))
        memory.add_many([{"text": text} for text in corpus[512 : options.memories]], user_id=OWNER)
        rows.append(single(memory, embedder, corpus[options.memories :][: options.rounds]))
        rows.append(searches(memory, embedder, corpus[: options.memories], options.rounds))
        rows += processes(memory)
    report("speed", rows, memories=options.memories)


def bulk(memory: Memory, embedder: PackagedEmbedder, sample: Sequence[str]) -> dict[str, Any]:
    """Throughput, in alternating slices so that a change of the machine's speed touches both."""
    ours, bare = [], []
    for start in range(0, len(sample), 64):
        part = sample[start : start + 64]
        bare.append(timed(partial(embedder.embed, part)))
        ours.append(timed(partial(memory.add_many, [{"text": t} for t in part], user_id=OWNER)))
    ratio = median(b / o for b, o in zip(bare, ours, strict=True))
    return {
        "what": "add_many",
        "ours": f"{64 / median(ours):.0f}/s",
        "bare": f"{64 / median(bare):.0f}/s",
        "ratio": ratio,
    }


def single(memory: Memory, embedder: PackagedEmbedder, sample: Sequence[str]) -> dict[str, Any]:
    ours, bare = [], []
    for text in sample:
        bare.append(timed(partial(embedder.embed, [text])))
        ours.append(timed(partial(memory.add, text, user_id=OWNER)))
    return compared("add p50", ours, bare)


def searches(memory: Memory, embedder: PackagedEmbedder, corpus: Sequence[str], rounds: int) -> dict[str, Any]:
    asked = (questions() * (rounds // 60 + 1))[:rounds]
    plain = floor(memory, corpus)
    memory.search(asked[0], user_id=OWNER)
    ours, bare = [], []
    for question in asked:
        bare.append(timed(partial(plain, embedder, question)))
        ours.append(timed(partial(memory.search, question, user_id=OWNER)))
    row = compared(f"search p50 at {len(corpus)}", ours, bare)
    return row | {
        "p99 ratio": float(np.quantile(ours, 0.99) / np.quantile(bare, 0.99)),
        "p99": f"{1000 * np.quantile(ours, 0.99):.1f} ms",
    }


def floor(memory: Memory, corpus: Sequence[str]) -> Callable[[PackagedEmbedder, str], object]:
    """The bare parts over the same texts: the same vectors in a flat index, the same words in a plain SQLite file."""
    with memory.home.vault(OWNER).reading() as session:
        blobs = [
            row[0] for row in session.execute("SELECT vector FROM embeddings ORDER BY number LIMIT ?", (len(corpus),))
        ]
    index = faiss.IndexFlatIP(384)
    index.add(np.frombuffer(b"".join(blobs), np.float32).reshape(-1, 384))
    connection = sqlite3.connect(memory.home.path / "floor.db")
    connection.execute("CREATE VIRTUAL TABLE w USING fts5 (text, tokenize = 'porter unicode61')")
    connection.executemany("INSERT INTO w VALUES (?)", [(text,) for text in corpus])
    connection.commit()

    def plain(embedder: PackagedEmbedder, question: str) -> object:
        vector = embedder.embed([question])[0]
        query = " OR ".join(f'"{term}"' for term in terms(question))
        found = connection.execute(
            "SELECT rowid, text FROM w WHERE w MATCH ? ORDER BY rank LIMIT 10", (query,)
        ).fetchall()
        return index.search(vector, 10), found

    return plain


def processes(memory: Memory) -> list[dict[str, Any]]:
    """Whole processes, after a first use that made the export."""
    script = str(Path(sys.executable).with_name("memguard"))
    settings = memory.settings
    paths = {"MEMGUARD_HOME": settings.home, "MEMGUARD_KEYS": settings.keys, "MEMGUARD_CACHE": settings.cache}
    environment = os.environ | {name: str(path) for name, path in paths.items()} | {"MEMGUARD_USER": "small"}
    memory.add_many([{"text": text} for text in texts(200)], user_id="small")
    model = str(next((settings.cache / "models").glob("*.onnx")))
    pairs = {
        "memguard --help": ([script, "--help"], [sys.executable, "-c", "pass"]),
        "memguard search": ([script, "search", "who walks the dog?"], [sys.executable, "-c", BARE_LOAD, model]),
    }
    rows = []
    for what, (ours, bare) in pairs.items():
        taken: tuple[list[float], list[float]] = ([], [])
        for _ in range(9):
            for times, command in zip(taken, (ours, bare), strict=True):
                run = partial(subprocess.run, command, env=environment, check=True, capture_output=True)
                times.append(timed(run))
        rows.append(compared(what, *taken))
    return rows


def compared(what: str, ours: Sequence[float], bare: Sequence[float]) -> dict[str, Any]:
    a, b = median(ours), median(bare)
    return {"what": what, "ours": f"{1000 * a:.1f} ms", "bare": f"{1000 * b:.1f} ms", "ratio": a / b}


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
