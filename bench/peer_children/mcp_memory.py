"""The MCP reference memory server over stdio, with the official Python client. A memory is an entity, one observation.

Its search finds what contains the whole query. By default the question is asked as it is; with the argument `words` its
content words are asked one by one, and what contains most of them comes first (that ranking is ours, not the server's).
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.peer_children.protocol import LIMIT, Store, serve


class McpMemory(Store):
    def __init__(self, by_words: bool) -> None:
        self._by_words = by_words
        self._stack = ExitStack()
        self._names: dict[str, str] = {}

    def open(self, folder: Path) -> None:
        mcp = import_module("mcp")
        command = Path(os.environ["PEER_ENVIRONMENT"]) / "node" / "node_modules" / ".bin" / "mcp-server-memory"
        server = mcp.StdioServerParameters(
            command=str(command), env={**os.environ, "MEMORY_FILE_PATH": str(folder / "memory.jsonl")}
        )
        client = import_module("mcp.client.stdio").stdio_client
        self._portal = self._stack.enter_context(import_module("anyio.from_thread").start_blocking_portal())
        pipes = self._entered(client(server))
        self._session = self._entered(mcp.ClientSession(*pipes))
        self._portal.call(self._session.initialize)

    def add(self, text: str) -> None:
        name = self._names.setdefault(text, f"m{len(self._names)}")
        self._call("create_entities", entities=[{"name": name, "entityType": "dia", "observations": [text]}])

    def search(self, question: str, words: list[str]) -> list[str]:
        if not self._by_words:
            return self._containing(question)[:LIMIT]
        counted = Counter(text for word in words for text in self._containing(word))
        return [text for text, _ in counted.most_common(LIMIT)]

    def delete(self, text: str) -> None:
        self._call("delete_entities", entityNames=[self._names[text]])

    def close(self) -> None:
        self._stack.close()

    def _containing(self, query: str) -> list[str]:
        found = json.loads(self._call("search_nodes", query=query).content[0].text)
        return [entity["observations"][0] for entity in found["entities"]]

    def _call(self, tool: str, **arguments: Any) -> Any:
        result = self._portal.call(self._session.call_tool, tool, arguments)
        if result.is_error:
            raise RuntimeError(f"{tool}: {result.content}")
        return result

    def _entered(self, manager: Any) -> Any:
        return self._stack.enter_context(self._portal.wrap_async_context_manager(manager))


if __name__ == "__main__":
    serve(McpMemory(by_words="words" in sys.argv))
