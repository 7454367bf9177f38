"""What `bench.crash` kills: a process that works without a pause and says on a pipe what it starts and what is done.

    python -m bench.crash_child writes|rotation|migration|owners HOME KEYS SEED LIFE

Each line is one unbuffered JSON object: `{"start": {"seq": ..., "op": ...}}` before an operation, `{"done": [...]}`
(ids) after it. The embedder is a stand-in: what is tested is whether text, words, vectors and the rest commit together,
so vectors must be told from the text alone, in microseconds, by the process that checks as well.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import itertools
import json
import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from memguard import Memory
from memguard.vault import migrate

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T")
OWNER = "owner"
DIMENSION = 256
LATE_IMPORTS = ("faiss", "filelock", "sqlcipher3", "cryptography.hazmat.primitives.ciphers.aead")
"""What loads at first use, and would eat the time in which the kills fall; further what makes and migrates vaults."""
ONE_MORE = """
ALTER TABLE memories ADD COLUMN length INTEGER NOT NULL DEFAULT 0;
CREATE TABLE doubles (
  memory INTEGER PRIMARY KEY REFERENCES memories (number) ON DELETE CASCADE,
  text TEXT NOT NULL,
  vectors TEXT
) STRICT;
INSERT INTO doubles (memory, text, vectors)
SELECT m.number, m.text, group_concat(hex(e.vector)) || hex(zeroblob(1500))
FROM memories m JOIN embeddings e ON e.memory = m.number GROUP BY m.number;
UPDATE memories SET length = length(text);
CREATE INDEX doubles_by_text ON doubles (text);
CREATE TRIGGER memories_doubled AFTER INSERT ON memories BEGIN
  INSERT INTO doubles (memory, text) VALUES (new.number, new.text);
END;
"""
"""A migration for this benchmark only: additive, and copying every row, so that there is time to be killed in it."""


class StandIn:
    """Vectors that follow from the text alone."""

    model = "stand-in"
    dimension = DIMENSION

    def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        return [vectors_of(text) for text in texts]

    def warm(self) -> None:
        """Nothing to load."""


def vectors_of(text: str) -> NDArray[np.float32]:
    """One to three vectors of unit length."""
    seed = hashlib.shake_256(text.encode()).digest(3 * DIMENSION)
    raw = np.frombuffer(seed, np.uint8).astype(np.float32).reshape(3, DIMENSION)[: 1 + seed[0] % 3] - 127.5
    unit: NDArray[np.float32] = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    return unit


@contextlib.contextmanager
def know_one_migration_more() -> Iterator[None]:
    """Make this process a newer program, with one migration more."""
    given = migrate.migration_files
    known = (*given(), ("9999_bench", ONE_MORE))
    migrate.migration_files = lambda: known  # type: ignore[assignment]  # the cached function's type has more to it
    migrate.schema_version.cache_clear()
    try:
        yield
    finally:
        migrate.migration_files = given
        migrate.schema_version.cache_clear()


class Worker:
    """Does one operation after the other; every text holds one word that is nowhere else."""

    def __init__(self, memory: Memory, seed: str, life: str) -> None:
        self.memory = memory
        self._rng = random.Random(f"{seed}/{life}")
        self._words = (f"zq{life}n{number}" for number in itertools.count())
        self._seq = itertools.count()

    def writes(self) -> None:
        known = [record.id for record in self.memory.get_all(user_id=OWNER, limit=100_000)]
        tell("ready", True)
        while True:
            self._write(known, self._rng.random())

    def rotation(self) -> None:
        tell("ready", True)
        while True:
            self._step(self._rotate, op="rotate", owner="")

    def migration(self) -> None:
        tell("ready", True)
        self._step(lambda: self.memory.get_all(user_id=OWNER, limit=1), op="migrate", owner="")
        while True:
            self._add(OWNER, [next(self._words)])

    def owners(self) -> None:
        living = self.memory.users()
        tell("ready", True)
        while True:
            if living and self._rng.random() < 0.45:
                self._destroy(living.pop(self._rng.randrange(len(living))))
            else:
                living.append(next(self._words))
                self._add(living[-1], [f"of {next(self._words)}"])

    def _write(self, known: list[str], roll: float) -> None:
        if len(known) < 8 or roll < 0.4:
            links = {"derived_from": self._rng.sample(known, 2)} if len(known) > 7 and roll > 0.1 else {}
            links |= {"supersedes": self._rng.sample(known, 1)} if len(known) > 7 and roll < 0.05 else {}
            known += self._add(OWNER, [next(self._words)], run_id=f"run {roll:.1f}", **links)
        elif roll < 0.5:
            known += self._add(OWNER, [next(self._words) for _ in range(20)], run_id="batch")
        elif roll < 0.75:
            self._update(self._rng.choice(known), f"changed to {next(self._words)}")
        else:
            self._delete(known.pop(self._rng.randrange(len(known))))

    def _add(self, owner: str, texts: list[str], **fields: Any) -> list[str]:
        items = [{"text": text, **fields} for text in texts]
        stored = self._step(lambda: self.memory.add_many(items, user_id=owner), op="add", owner=owner, texts=texts)
        return [one.id for one in stored]

    def _update(self, memory_id: str, text: str) -> None:
        self._step(lambda: [self.memory.update(memory_id, text, user_id=OWNER)], op="update", id=memory_id, text=text)

    def _delete(self, memory_id: str) -> None:
        self._step(lambda: [self.memory.delete(memory_id, user_id=OWNER)], op="delete", id=memory_id)

    def _destroy(self, owner: str) -> None:
        self._step(lambda: [self.memory.delete_all(user_id=owner)], op="destroy", owner=owner)

    def _rotate(self) -> list[Any]:
        with self.memory.home.keyring.changing() as contents:
            self.memory.home.keyring.rotate(contents)
        return []

    def _step(self, act: Callable[[], list[T]], **about: Any) -> list[T]:
        tell("start", {"seq": next(self._seq), "owner": OWNER, **about})
        outcome = act()
        tell("done", [getattr(one, "id", None) for one in outcome])
        return outcome


def tell(what: str, about: Any) -> None:
    """One line on the pipe, in one system call: it is there whole once it is said."""
    os.write(1, json.dumps({what: about}).encode() + b"\n")


def main() -> None:
    kind, home, keys, seed, life = sys.argv[1:]
    for name in (*LATE_IMPORTS, *(["sqlite_utils.migrations"] if kind in ("migration", "owners") else ())):
        importlib.import_module(name)
    newer = know_one_migration_more() if kind == "migration" else contextlib.nullcontext()
    with newer, Memory(home, keys=keys, embedder=StandIn()) as memory:
        getattr(Worker(memory, seed, life), kind)()


if __name__ == "__main__":
    main()
