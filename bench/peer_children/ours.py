"""memguard, as a library: one owner, the text of each memory and nothing else (no speaker, session or date)."""

from __future__ import annotations

from pathlib import Path

from bench.peer_children.protocol import LIMIT, Store, serve
from memguard import Memory, Stored, UnknownOwner

OWNER = "bench"


class Ours(Store):
    def open(self, folder: Path) -> None:
        self._memory = Memory(folder / "home", keys=folder / "keys")
        self._ids: dict[str, str] = {}

    def add(self, text: str) -> None:
        stored = self._memory.add(text, user_id=OWNER)
        assert isinstance(stored, Stored)
        self._ids[text] = stored.id

    def search(self, question: str, words: list[str]) -> list[str]:
        del words
        try:
            return [hit.text for hit in self._memory.search(question, user_id=OWNER, limit=LIMIT)]
        except UnknownOwner:  # nothing was added yet
            return []

    def delete(self, text: str) -> None:
        self._memory.delete(self._ids[text], user_id=OWNER)

    def close(self) -> None:
        self._memory.close()


if __name__ == "__main__":
    serve(Ours())
