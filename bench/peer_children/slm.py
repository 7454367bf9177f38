"""SuperLocalMemory, as a library, mode A (no language model), with the packaged model in place of its own.

Its default embedder and its reranker come from a model hub, so they cannot be had offline: the embedder is set to the
packaged model through its `EmbeddingConfig`, the reranker is off in its `RetrievalConfig` (left on, it tries to
download). Its documented `store` leaves vectors to a daemon; its `store_fast` attaches them at once where the model is
warm, and is used here: more recall for this peer, not less. Delete is the function behind its REST and MCP deletes.

With the argument `enriched` each memory goes through its whole pipeline before the next, as its daemon would do later:
it splits a memory into facts, so thirty are asked for and put together to ten memories.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.peer_children.protocol import LIMIT, Store, packaged_model, serve

SOURCE = "python-api"
FACTS = 30


class SuperLocalMemory(Store):
    def __init__(self, enriched: bool) -> None:
        self._enriched = enriched
        self._texts: dict[str, str] = {}
        self._facts: dict[str, list[str]] = {}

    def open(self, folder: Path) -> None:
        os.environ["SLM_DATA_DIR"] = str(folder / "slm")
        (folder / "slm").mkdir(exist_ok=True)
        self._database = folder / "slm" / "memory.db"
        configuration = import_module("superlocalmemory.core.config")
        config = configuration.SLMConfig.for_mode(import_module("superlocalmemory.core.modes").Mode.A)
        config.embedding = configuration.EmbeddingConfig(
            model_name=packaged_model(), dimension=384, provider="sentence-transformers"
        )
        config.retrieval.use_cross_encoder = False
        self._engine: Any = import_module("superlocalmemory.core.engine").MemoryEngine(config)

    def add(self, text: str) -> None:
        found = self._through_pipeline(text) if self._enriched else self._engine.store_fast(text)
        if not found:
            raise RuntimeError("superlocalmemory refused a text")
        self._facts[text] = found
        for fact in found:
            self._texts.setdefault(fact, text)

    def search(self, question: str, words: list[str]) -> list[str]:
        del words
        hits = self._engine.recall(question, limit=FACTS if self._enriched else LIMIT).results
        texts = [self._texts.get(hit.fact.fact_id, hit.fact.content) for hit in hits]
        return list(dict.fromkeys(texts))

    def delete(self, text: str) -> None:
        delete = import_module("superlocalmemory.core.mutations").delete_fact_authorized
        for fact in self._facts[text]:
            told = delete(self._engine, fact, trusted_actor_id=self._actor(), source_agent_id=SOURCE)
            if not told.get("ok"):
                raise RuntimeError(f"superlocalmemory did not delete: {told.get('error')}")

    def close(self) -> None:
        self._engine.close()

    def remark(self) -> str:
        """Vectors are attached within a time limit: how many were."""
        with sqlite3.connect(self._database) as connection:
            row = connection.execute("SELECT count(*), count(embedding) FROM atomic_facts").fetchone()
        return f"{row[1]} of {row[0]} facts have vectors"

    def _through_pipeline(self, text: str) -> list[str]:
        store = import_module("superlocalmemory.core.engine_ingestion").canonical_store
        found = store(self._engine, text, source_type=SOURCE, trusted_actor_id=self._actor(), require_complete=True)
        return list(found)

    def _actor(self) -> str:
        return str(import_module("superlocalmemory.core.engine_ingestion").local_trusted_actor_id(SOURCE))


if __name__ == "__main__":
    serve(SuperLocalMemory(enriched="enriched" in sys.argv))
