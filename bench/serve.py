"""How soon `memguard serve` answers, and what it costs while it waits: one server over stdio, as a coding agent has it.

The start is measured against the floor that no server on the SDK gets under: importing the SDK's server in a bare
Python. Both in turn, medians of seven. The model's export is made before, as a first use would have.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from bench.common import parser, report
from bench.corpus import texts
from memguard import Memory

ROUNDS = 7
FLOOR = "import mcp.server.lowlevel.server, mcp.server.stdio"
HANDSHAKE = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
SETTLING_SECONDS = 5


class Server:
    """A server and its pipes."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        command = [str(Path(sys.executable).with_name("memguard")), "serve", "--user", "bench"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment)
        self.number = 0

    def send(self, message: Mapping[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        assert self.process.stdout
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())["result"]
        return answer

    def call(self, tool: str, **arguments: Any) -> float:
        """Seconds until a call that must succeed is answered."""
        started = time.perf_counter()
        answer = self.ask("tools/call", name=tool, arguments=arguments)
        assert not answer.get("isError"), answer
        return time.perf_counter() - started

    def megabytes(self) -> dict[str, str]:
        """Resident, and that part of it which is this process's own."""
        found = psutil.Process(self.process.pid).memory_full_info()
        return {"rss": f"{found.rss / 1e6:.0f} MB", "uss": f"{found.uss / 1e6:.0f} MB"}

    def end(self) -> None:
        self.process.communicate(timeout=60)


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--memories", type=int, default=1_000, help="memories in the vault that is searched")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="memguard-bench-") as folder:
        environment = prepared(Path(folder), options.memories)
        rows = [starts(environment), *session(environment), schema(environment), busy(environment)]
    report("serve", rows, memories=options.memories)


def prepared(folder: Path, count: int) -> dict[str, str]:
    """A vault with memories, the model's export, and the environment of servers on both."""
    with Memory(folder / "home", keys=folder / "keys") as memory:
        memory.add_many([{"text": text} for text in texts(count)], user_id="bench")
        settings = memory.settings
    paths = {"MEMGUARD_HOME": settings.home, "MEMGUARD_KEYS": settings.keys, "MEMGUARD_CACHE": settings.cache}
    return os.environ | {name: str(path) for name, path in paths.items()}


def starts(environment: Mapping[str, str]) -> dict[str, Any]:
    ours, floor = [], []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        server = Server(environment)
        server.ask("initialize", **HANDSHAKE)
        ours.append(time.perf_counter() - started)
        server.end()
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", FLOOR], env=environment, check=True)
        floor.append(time.perf_counter() - started)
    a, b = median(ours), median(floor)
    return {
        "what": "start to initialize, over importing the SDK",
        "time": f"{a:.2f} s",
        "floor": f"{b:.2f} s",
        "ratio": a / b,
    }


def session(environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """One session as an agent has it: idle, the first search, further ones, the first add."""
    server = Server(environment)
    server.ask("initialize", **HANDSHAKE)
    server.send({"method": "notifications/initialized"})
    time.sleep(SETTLING_SECONDS)
    rows = [{"what": "idle", **server.megabytes()}]
    first = server.call("search_memories", query="who walks the dog?")
    rows.append({"what": "first search, which loads the model", "time": f"{1000 * first:.0f} ms", **server.megabytes()})
    again = median(server.call("search_memories", query=f"who walks the dog {n}?") for n in range(20))
    rows.append({"what": "search after it, median of 20", "time": f"{1000 * again:.0f} ms"})
    added = server.call("add_memory", text="The dog is walked by whoever wakes first")
    rows.append({"what": "first add after it", "time": f"{1000 * added:.0f} ms"})
    server.end()
    return rows


def busy(environment: Mapping[str, str]) -> dict[str, Any]:
    """An agent that does not wait: its first calls come with the handshake."""
    searches: list[float] = []
    adds: list[float] = []
    for _ in range(3):
        for times, tool, arguments in (
            (searches, "search_memories", {"query": "who walks the dog?"}),
            (adds, "add_memory", {"text": "The dog is walked by whoever wakes first"}),
        ):
            server = Server(environment)
            server.ask("initialize", **HANDSHAKE)
            server.send({"method": "notifications/initialized"})
            times.append(server.call(tool, **arguments))
            server.end()
    shown = f"search {median(searches):.2f} s, add {median(adds):.2f} s"
    return {"what": "first call right after initialize, median of 3", "time": shown}


def schema(environment: Mapping[str, str]) -> dict[str, Any]:
    server = Server(environment)
    instructions = server.ask("initialize", **HANDSHAKE)["instructions"]
    server.send({"method": "notifications/initialized"})
    tools = server.ask("tools/list")["tools"]
    server.end()
    size = len(json.dumps(tools, ensure_ascii=False, separators=(",", ":")).encode())
    return {"what": "tools", "count": len(tools), "bytes": size, "instructions": len(instructions.encode())}


if __name__ == "__main__":
    main()
