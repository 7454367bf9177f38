"""Many owners in one process: are open files and memory bounded, and what does a vault cost that nobody had open?

    python -m bench.owners [--owners 5000] [--memories 200] [--threads 64]

Every owner's vault holds the same texts, so their vectors are computed once by the real model and remembered; vaults,
rows, words and searches are all real. *Cold* is the first search in a vault since it was last closed, *warm* the next
one in the same vault by the same thread; both with all threads at work.
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psutil

from bench.common import parser, report
from bench.corpus import questions, texts
from bench.speed import timed
from memguard import Memory
from memguard.retrieval.embedder import PackagedEmbedder
from memguard.settings import Settings

if TYPE_CHECKING:
    from memguard.retrieval.embedder import Vectors

LOADERS = 8


class Remembering:
    """The packaged model; a text that was embedded before is not embedded again."""

    def __init__(self, inner: PackagedEmbedder) -> None:
        self.model, self.dimension, self._inner = inner.model, inner.dimension, inner
        self._known: dict[str, Vectors] = {}

    def embed(self, wanted: Sequence[str]) -> list[Vectors]:
        missing = [text for text in wanted if text not in self._known]
        self._known.update(zip(missing, self._inner.embed(missing) if missing else (), strict=True))
        return [self._known[text] for text in wanted]

    def warm(self) -> None:
        self._inner.warm()


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--owners", type=int, default=5_000)
    arguments.add_argument("--memories", type=int, default=200)
    arguments.add_argument("--threads", type=int, default=64)
    arguments.add_argument("--searched", type=int, default=1_000, help="owners that are searched")
    options = arguments.parse_args()
    settings = Settings.load()
    embedder = PackagedEmbedder(settings.cache, settings.threads)
    owners = [f"owner-{number:05}" for number in range(options.owners)]
    with tempfile.TemporaryDirectory(prefix="memguard-bench-") as folder:
        base = Path(folder)
        with Memory(base / "home", keys=base / "keys", embedder=Remembering(embedder)) as memory:
            loaded = timed(lambda: load(memory, owners, options.memories))
        rows = []
        for what, used in (("search", embedder), ("without embedding the question", Remembering(embedder))):
            with Memory(base / "home", keys=base / "keys", embedder=used) as memory:  # nothing is open, nothing cached
                used.embed(questions())
                watch = Watch()
                cold, warm = search(memory, owners, options.searched, options.threads)
                rows.append({"what": what, **figures(cold, warm), **watch.stop()})
    more = {"memories": options.owners * options.memories, "threads": options.threads, "loaded in s": round(loaded)}
    report("owners", rows, owners=options.owners, **more)
    print(f"{options.owners} owners, {more}")


def load(memory: Memory, owners: list[str], memories: int) -> None:
    items = [{"text": text} for text in texts(memories)]
    with ThreadPoolExecutor(LOADERS) as pool:
        list(pool.map(lambda owner: memory.add_many(items, user_id=owner), owners))


def figures(cold: list[float], warm: list[float]) -> dict[str, Any]:
    return {
        "cold p50 ms": 1000 * median(cold),
        "warm p50 ms": 1000 * median(warm),
        "cold / warm": median(cold) / median(warm),
    }


def search(memory: Memory, owners: list[str], count: int, threads: int) -> tuple[list[float], list[float]]:
    """Each thread takes owners of its own, drawn at random, and asks twice."""
    order = random.Random(1).sample(owners, min(count, len(owners)))
    asked = questions()
    cold: list[float] = []
    warm: list[float] = []

    def work(share: list[str]) -> None:
        for number, owner in enumerate(share):
            for times in (cold, warm):
                started = time.perf_counter()
                memory.search(asked[number % len(asked)], user_id=owner)
                times.append(time.perf_counter() - started)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, [order[start::threads] for start in range(threads)]))
    return cold, warm


class Watch:
    """The most open files and memory of this process, looked at all the while."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._before = self._process.memory_info().rss
        self._files = self._memory = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> dict[str, Any]:
        self._done.set()
        self._thread.join()
        return {
            "open files max": self._files,
            "RSS max MiB": self._memory >> 20,
            "RSS before MiB": self._before >> 20,
        }

    def _look(self) -> None:
        while not self._done.wait(0.05):
            self._files = max(self._files, self._process.num_fds())
            self._memory = max(self._memory, self._process.memory_info().rss)


if __name__ == "__main__":
    main()
