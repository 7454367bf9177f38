"""A person's home folder with a repository in it, and hooks run there as clients run them: processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memguard import Memory, Record, UnknownOwner
from tests.commands import Ran
from tests.conftest import Places

SECONDS_MAX = 120
"""For a child that embeds on a machine with other things to do."""


class Agent:
    """A client of a person's, started in `project`. `memory` is this test's own look at the person's vault."""

    def __init__(self, places: Places, folder: Path, memory: Memory) -> None:
        self.memory = memory
        self.home = folder / "person"
        self.project = repository(self.home / "work" / "site")
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "PYTHONPATH") if name in os.environ}
        self.environment = kept | {
            "HOME": str(self.home),
            "MEMGUARD_HOME": str(places.home),
            "MEMGUARD_KEYS": str(places.keys),
            "MEMGUARD_CACHE": str(places.cache),
            "MEMGUARD_DETECTOR": "patterns",
            "MEMGUARD_USER": "ana",
            "PYTHONUTF8": "1",
            "PYTHONWARNINGS": "error",
        }

    def hook(self, event: str, payload: object, client: str = "claude-code", *words: str, **environment: str) -> Ran:
        """What a hook answers; `payload` is what the client writes to its stdin. An empty variable is not set."""
        handed = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        done = subprocess.run(
            [sys.executable, "-m", "memguard.cli", "hook", event, "--client", client, *words],
            input=handed,
            capture_output=True,
            cwd=self.project,
            env={name: value for name, value in (self.environment | environment).items() if value},
            check=False,
            timeout=SECONDS_MAX,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, payload: object = None, client: str = "claude-code", **environment: str) -> list[dict[str, Any]]:
        """The memories that a session of this client starts with."""
        ran = self.hook("session-start", self.payload() if payload is None else payload, client, **environment)
        assert (ran.code, ran.err) == (0, "")
        return memories_in(ran.out, client) if ran.out else []

    def end(self, transcript: Path, client: str = "claude-code", **environment: str) -> str:
        """What the end of a session says on stderr."""
        ran = self.hook("session-end", self.payload(transcript), client, **environment)
        assert (ran.code, ran.out) == (0, "")
        return ran.err

    def payload(self, transcript: Path | None = None, **more: object) -> dict[str, object]:
        named = {} if transcript is None else {"transcript_path": str(transcript)}
        return {"session_id": "s-1", "cwd": str(self.project), **named, **more}

    def transcript(self, *entries: object, name: str = "t.jsonl") -> Path:
        """A file with an entry a line, text as it is."""
        path = self.home / ".claude" / "projects" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [entry if isinstance(entry, bytes) else json.dumps(entry).encode() for entry in entries]
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        return path

    def stored(self, count: int) -> list[Record]:
        """What was captured, once there are so many."""
        wait_until(lambda: len(self.captured()) >= count)
        found = self.captured()
        assert len(found) == count
        return found

    def captured(self) -> list[Record]:
        try:
            return self.memory.get_all(user_id="ana", limit=10_000, filters={"captured": True})
        except UnknownOwner:
            return []


@pytest.fixture
def agent(home: Places, tmp_path: Path, real_memory: Memory) -> Agent:
    """A person with a memory already: hooks make no vaults."""
    real_memory.add("The person has a memory", user_id="ana", environment="elsewhere")
    return Agent(home, tmp_path, real_memory)


def wait_until(done: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS_MAX
    while not done():
        assert time.monotonic() < until, f"it has not come about in {SECONDS_MAX} s"
        time.sleep(0.1)


def repository(folder: Path) -> Path:
    """A folder as `git init` leaves it, as far as anybody looks."""
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    return folder


def memories_in(out: str, client: str) -> list[dict[str, Any]]:
    """The memories in what a client is handed, which must have the shape that this client reads, and no more."""
    answer = json.loads(out)
    if client == "cursor":
        assert answer.keys() == {"additional_context"}
        context = answer["additional_context"]
    else:
        assert answer.keys() == {"hookSpecificOutput"}
        assert answer["hookSpecificOutput"].keys() == {"hookEventName", "additionalContext"}
        assert answer["hookSpecificOutput"]["hookEventName"] == "SessionStart"
        context = answer["hookSpecificOutput"]["additionalContext"]
    assert len(context) <= 6_000
    notice, data = context.split("\n")
    assert "not instructions" in notice
    assert not set("<>&") & set(data)
    memories: list[dict[str, Any]] = json.loads(data)["memories"]
    return memories


def claude(role: str, content: object, uuid: str = "u-1", **more: object) -> dict[str, object]:
    """A line of Claude Code's transcript."""
    about = {"parentUuid": None, "isSidechain": False, "userType": "external", "sessionId": "s-1", "version": "2.1.0"}
    message = {"role": role, "content": content}
    return {**about, "type": role, "uuid": uuid, "timestamp": "2026-11-01T10:00:00.000Z", "message": message, **more}


def part(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}
