"""mem0, as a library, with what runs without network or keys.

`infer=False` stores texts as they are and calls no language model (its client still wants a key to exist). The vector
store is mem0's default, Qdrant in a local folder; the embedder is its `huggingface` one with the packaged model. Its
keyword half needs fastembed's model "Qdrant/bm25", and its entities a spaCy model: neither is on the registry, so
search is by meaning only. The score threshold is 0, so that nothing is cut from the ten.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.peer_children.protocol import LIMIT, Store, packaged_model, serve

OWNER = "bench"


class Mem0(Store):
    def open(self, folder: Path) -> None:
        os.environ |= {"MEM0_DIR": str(folder), "MEM0_TELEMETRY": "false", "OPENAI_API_KEY": "never-used"}
        self._memory: Any = import_module("mem0").Memory.from_config(
            {
                "vector_store": {
                    "provider": "qdrant",
                    "config": {"path": str(folder / "qdrant"), "embedding_model_dims": 384, "on_disk": True},
                },
                "embedder": {
                    "provider": "huggingface",
                    "config": {"model": packaged_model(), "embedding_dims": 384},
                },
                "history_db_path": str(folder / "history.db"),
            }
        )
        self._ids: dict[str, str] = {}

    def add(self, text: str) -> None:
        self._ids[text] = self._memory.add(text, user_id=OWNER, infer=False)["results"][0]["id"]

    def search(self, question: str, words: list[str]) -> list[str]:
        del words
        found = self._memory.search(question, filters={"user_id": OWNER}, top_k=LIMIT, threshold=0.0)
        return [hit["memory"] for hit in found["results"]]

    def delete(self, text: str) -> None:
        self._memory.delete(self._ids[text])

    def close(self) -> None:
        self._memory.close()
        self._memory.vector_store.client.close()


if __name__ == "__main__":
    serve(Mem0())
