"""How fast is a vault looked through for what belongs to nothing, how often is there some, and what does cleaning cost?

    python -m bench.forgetting_verify [--memories 10000] [--rounds 5]

A vault is filled in batches as they come in daily use, with drawn vectors (speed depends on their number only); then
memories are reworded and erased. After each step the vault is looked through, cleaned, and looked through again.
`slack` names pages in which SQLite left copies of cells, by table or index.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.common import fresh_memory, parser, report
from bench.corpus import texts
from memguard import Memory
from memguard.forgetting.clean import Remedy, clean
from memguard.forgetting.closed_world import look, pages
from memguard.forgetting.findings import Residue
from memguard.forgetting.quiet import quiet
from memguard.forgetting.relations import relations
from memguard.forgetting.sealed import sealed_values
from memguard.forgetting.words import words
from memguard.privacy.spans import Span
from memguard.retrieval.embedder import Encoded, PackagedEmbedder
from memguard.retrieval.tokens import TOKEN_DIMENSION
from memguard.vault.connection import Session
from memguard.vault.store import Vault

OWNER = "ana"
BATCHES = (1, 1, 5, 64)
REWORDED = ERASED = 300


class Drawn(PackagedEmbedder):
    """Vectors of the packaged model's shape, drawn: as many token vectors as a text of this length has."""

    model, dimension = "drawn", 384

    def __init__(self) -> None:
        super().__init__(Path("nothing is exported"))
        self._draw = np.random.default_rng(1)

    def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        return [self._draw.standard_normal((1, self.dimension)).astype(np.float32) for _ in texts]

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        drawn = [self._draw.integers(-127, 127, (max(3, len(t) // 9), TOKEN_DIMENSION), np.int8) for t in texts]
        return [Encoded(vector, [each.tobytes()]) for vector, each in zip(self.embed(texts), drawn, strict=True)]


class FindsNothing:
    """No detector: what is measured is how a vault is read, not how it is written."""

    name = "nothing"

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        return [[] for _ in texts]


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--memories", type=int, default=10_000)
    arguments.add_argument("--rounds", type=int, default=5)
    options = arguments.parse_args()
    draw = random.Random(1)
    with fresh_memory(embedder=Drawn(), detector=FindsNothing()) as memory:
        ids = fill(memory, options.memories, draw)
        vault = memory.home.vault(OWNER)
        look(vault)  # the schema it is compared with is made once a process
        rows = speed(vault, options.rounds)
        cleaning = [cleaned(vault, "filled")]
        for memory_id in draw.sample(ids, REWORDED):
            memory.update(memory_id, " ".join(draw.sample(texts(50), draw.choice((1, 2, 4)))), user_id=OWNER)
        cleaning.append(cleaned(vault, f"{REWORDED} reworded"))
        for memory_id in draw.sample(ids, ERASED):
            memory.delete(memory_id, user_id=OWNER)
        cleaning.append(cleaned(vault, f"{ERASED} erased"))
        everything = timed(lambda: clean(vault, [Residue("free page", "")]))
        cleaning.append(
            {"what": "the whole file", "seconds": everything, "done": "vacuum", "left": len(residues(vault))}
        )
    report("forgetting_verify", [*rows, *cleaning], memories=options.memories)


def fill(memory: Memory, count: int, draw: random.Random) -> list[str]:
    items = [{"text": text, "run_id": f"r-{n // 7}"} for n, text in enumerate(texts(count))]
    ids: list[str] = []
    while len(ids) < count:
        batch = items[len(ids) : len(ids) + draw.choice(BATCHES)]
        ids += [stored.id for stored in memory.add_many(batch, user_id=OWNER)]
    return ids


def speed(vault: Vault, rounds: int) -> list[dict[str, Any]]:
    """Median seconds of a whole look, and of each check in it."""
    checks: dict[str, Callable[[Session], object]] = {
        "pages": lambda _: pages(vault),
        "words": words,
        "relations": relations,
        "sealed values": lambda session: sealed_values(session, vault.seals),
    }
    whole = [timed(lambda: look(vault)) for _ in range(rounds)]
    found = [_row("a whole look", vault, whole)]
    for name, check in checks.items():
        found.append(_row(name, vault, [in_a_snapshot(vault, check) for _ in range(rounds)]))
    return found


def in_a_snapshot(vault: Vault, check: Callable[[Session], object]) -> float:
    with quiet(vault) as session:
        return timed(lambda: check(session))


def timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _row(what: str, vault: Vault, seconds: Sequence[float]) -> dict[str, Any]:
    megabytes = vault.path.stat().st_size / 1e6
    return {"what": what, "MB": megabytes, "seconds": median(seconds), "MB/s": megabytes / median(seconds)}


def cleaned(vault: Vault, what: str) -> dict[str, Any]:
    """What there is of residues after a step, what cleaning it costs, and what is left of it for the whole file."""
    before, done = residues(vault), set[Remedy]()
    seconds = timed(lambda: done.update(clean(vault, before)))
    after = residues(vault)
    row = {"what": what, "seconds": seconds, "done": " ".join(sorted(done)), "left": len(after), **by(before)}
    clean(vault, after, whole_file=True)
    return row


def residues(vault: Vault) -> list[Residue]:
    return [residue for checked in look(vault) for residue in checked.residues]


def by(found: Iterable[Residue]) -> dict[str, str]:
    """How many of each kind, by place."""
    counted = Counter((residue.kind, residue.place) for residue in found)
    return {
        kind: ", ".join(f"{place} {count}" for (k, place), count in sorted(counted.items()) if k == kind)
        for kind in dict.fromkeys(kind for kind, _ in counted)
    }


if __name__ == "__main__":
    main()
