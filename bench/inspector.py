"""Does a client that is not ours get through? The MCP inspector's command line drives every tool, over stdio and HTTP.

    python -m bench.inspector

The inspector comes from npm, pinned, into the benchmarks' cache ($MEMGUARD_BENCH_CACHE); needs Node 20 or newer. Each
call is a process and a connection of its own: over stdio its own server, over HTTP one server that they share.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.common import parser, report
from bench.peer_children.environments import cache

PACKAGE = "@modelcontextprotocol/inspector@2.12.0"
MEMGUARD = str(Path(sys.executable).with_name("memguard"))
SECONDS_MAX = 90
TOLD = ("MEMGUARD_HOME", "MEMGUARD_KEYS", "MEMGUARD_CACHE", "MEMGUARD_USER")
Call = Callable[..., dict[str, Any]]


def main() -> None:
    parser(__doc__).parse_args()
    inspector = installed()
    rows = []
    with tempfile.TemporaryDirectory(prefix="memguard-bench-") as folder:
        base = Path(folder)
        environment = os.environ | {
            "MEMGUARD_HOME": str(base / "home"),
            "MEMGUARD_KEYS": str(base / "keys"),
            "MEMGUARD_USER": "bench",
            "HOME": str(base),
        }
        # A client hands its server no environment but what it is told to.
        told = [part for name in TOLD for part in ("-e", f"{name}={environment[name]}") if name in environment]
        rows.append({"over": "stdio", **driven(caller(inspector, told, ["--", MEMGUARD, "serve"], environment))})
        rows.append({"over": "http", **over_http(inspector, environment)})
    report("inspector", rows, inspector=PACKAGE)
    if any(row["passed"] != row["tools"] for row in rows):
        sys.exit(1)


def installed() -> str:
    """The inspector's command."""
    folder = cache() / "inspector"
    command = folder / "node_modules" / ".bin" / "mcp-inspector"
    if not command.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--prefix", str(folder), PACKAGE], check=True)
    return str(command)


def caller(inspector: str, options: list[str], target: list[str], environment: Mapping[str, str]) -> Call:
    """What makes one call through the inspector and returns its JSON."""

    def call(method: str, tool: str = "", **arguments: Any) -> dict[str, Any]:
        asked = ["--method", method]
        if tool:
            asked += ["--tool-name", tool]
            values = {name: v if isinstance(v, str) else json.dumps(v) for name, v in arguments.items()}
            asked += [part for name, value in values.items() for part in ("--tool-arg", f"{name}={value}")]
        # Its options take as many values as follow: a URL stands before them, a command after "--".
        ends = target if target[0] == "--" else []
        command = [inspector, "--cli", *(target[: len(target) - len(ends)]), *options, *asked, *ends]
        done = subprocess.run(
            command, env=dict(environment), capture_output=True, text=True, timeout=SECONDS_MAX, check=False
        )
        if done.returncode:
            print(f"{tool or method}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
            return {"isError": True}
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return call


def driven(call: Call) -> dict[str, Any]:
    """Every tool once, each with an answer that only a working tool gives."""
    listed = {tool["name"] for tool in call("tools/list").get("tools", [])}
    added = call("tools/call", "add_memory", text="Deploys need two approvals").get("structuredContent", {})
    memory_id = added.get("id", "")
    call("tools/call", "add_memory", text="The office closes at six")  # what is all there is, only a person forgets
    checks = {
        "add_memory": bool(memory_id),
        "search_memories": _holds(call("tools/call", "search_memories", query="who approves deploys?"), memory_id),
        "get_memory": _holds(call("tools/call", "get_memory", id=memory_id), memory_id),
        "list_memories": _holds(call("tools/call", "list_memories"), memory_id),
        "update_memory": _holds(call("tools/call", "update_memory", id=memory_id, text="Three approvals"), memory_id),
        "memory_status": _counts(call("tools/call", "memory_status").get("structuredContent", {})) == 2,
        "forget": _holds(call("tools/call", "forget", ids=[memory_id]), memory_id),
        "delete_memory": _holds(call("tools/call", "delete_memory", id=memory_id), memory_id),
    }
    failed = sorted(name for name in listed if not checks.get(name))
    return {"tools": len(listed), "passed": len(listed) - len(failed), "failed": ", ".join(failed)}


def _holds(answer: dict[str, Any], memory_id: str) -> bool:
    return not answer.get("isError") and memory_id in json.dumps(answer.get("structuredContent", {}))


def _counts(status: dict[str, Any]) -> int:
    return int(status.get("in_project", 0)) + int(status.get("everywhere", 0))


def over_http(inspector: str, environment: Mapping[str, str]) -> dict[str, Any]:
    command = [MEMGUARD, "keys", "token", "add", "inspector", "--user", "bench"]
    made = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=True)
    server = subprocess.Popen(
        [MEMGUARD, "serve", "--http", "--port", "0"], env=dict(environment), stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stderr is not None
        found = re.search(r"http://\S+", server.stderr.readline())
        assert found is not None, "the server said no address"
        header = f"Authorization: Bearer {made.stdout.strip()}"
        return driven(caller(inspector, ["--transport", "http", "--header", header], [found[0]], environment))
    finally:
        server.terminate()
        server.wait(timeout=10)


if __name__ == "__main__":
    main()
