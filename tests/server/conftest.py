"""Servers as clients start them: `memguard serve` in a process of its own, driven by the SDK's client or in lines."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters
from mcp.client.session import ElicitationFnT
from mcp.client.stdio import stdio_client
from mcp_types import CallToolResult, Implementation, Tool

from tests.commands import COMMAND
from tests.conftest import CACHE, Places

LEGACY, MODERN = "legacy", "auto"
"""A client that shakes hands, and one that says who it is in every request."""
SECONDS_MAX = 60


def environment_of(places: Places, **more: str) -> dict[str, str]:
    """What a server inherits: a program's needs, and the folders of one test."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "PYTHONPATH") if name in os.environ}
    folders = {"MEMGUARD_HOME": places.home, "MEMGUARD_KEYS": places.keys, "MEMGUARD_CACHE": places.cache}
    return kept | {name: str(path) for name, path in folders.items()} | {"MEMGUARD_DETECTOR": "patterns"} | more


def repository(folder: Path) -> Path:
    """A folder as `git init` leaves it, as far as anybody looks."""
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    return folder


class Agent:
    """A client of the SDK with its connection, used from a test that is no coroutine."""

    def __init__(self, portal: BlockingPortal, client: Client, stderr: Path) -> None:
        self.portal = portal
        self.client = client
        self._stderr = stderr

    @property
    def stderr(self) -> str:
        return self._stderr.read_text()

    def call(self, tool: str, **arguments: Any) -> CallToolResult:
        result = self.portal.call(self.client.call_tool, tool, arguments)
        assert isinstance(result, CallToolResult)
        return result

    def done(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured answer to a call that must succeed."""
        result = self.call(tool, **arguments)
        assert not result.is_error, text_of(result)
        assert isinstance(result.structured_content, dict)
        return result.structured_content

    def refused(self, tool: str, **arguments: Any) -> str:
        """The one line that answers a call which must fail."""
        result = self.call(tool, **arguments)
        assert result.is_error
        assert result.structured_content is None
        (line,) = text_of(result).splitlines()
        return line

    def texts(self, query: str, **arguments: Any) -> list[str]:
        return [found["text"] for found in self.done("search_memories", query=query, limit=20, **arguments)["memories"]]

    def tools(self) -> list[Tool]:
        return self.portal.call(self.client.list_tools).tools


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert content.type == "text"
    return content.text


@contextmanager
def agent_of(
    places: Places,
    directory: Path,
    stderr: Path,
    *,
    name: str = "claude-code",
    mode: str = LEGACY,
    user: str = "ana",
    person: ElicitationFnT | None = None,
    **more: str,
) -> Iterator[Agent]:
    """A client called `name`, with a server of its own over stdio in `directory`; `more` stands in its environment.

    `person` answers what the server asks; without one the client cannot be asked.
    """
    parameters = StdioServerParameters(
        command=str(COMMAND), args=["serve", "--user", user], env=environment_of(places, **more), cwd=directory
    )
    with stderr.open("w") as errors, start_blocking_portal() as portal:
        client = Client(
            stdio_client(parameters, errlog=errors),
            mode=mode,
            client_info=Implementation(name=name, version="1"),
            read_timeout_seconds=SECONDS_MAX,
            elicitation_callback=person,
        )
        with portal.wrap_async_context_manager(client):
            yield Agent(portal, client, stderr)


class Lines:
    """A server and its pipes, spoken to in lines: what no well-behaved client would send."""

    def __init__(self, places: Places, directory: Path, *words: str, **more: str) -> None:
        self.process = subprocess.Popen(
            [COMMAND, "serve", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment_of(places, **more),
            cwd=directory,
        )
        # A server that does not answer fails its test instead of holding all of them up.
        watch = threading.Timer(SECONDS_MAX, self.process.kill)
        watch.daemon = True
        watch.start()
        assert self.process.stdin
        assert self.process.stdout
        assert self.process.stderr
        self.stdin, self.stdout, self.stderr = self.process.stdin, self.process.stdout, self.process.stderr

    def send(self, message: Mapping[str, Any] | str) -> None:
        line = message if isinstance(message, str) else json.dumps({"jsonrpc": "2.0", **message})
        self.stdin.write(line.encode() + b"\n")
        self.stdin.flush()

    def answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.stdout.readline())
        return answer

    def ask(self, number: int, method: str, **params: Any) -> dict[str, Any]:
        self.send({"id": number, "method": method, "params": params})
        return self.answer()

    def shake_hands(self, *, tell: bool = True) -> dict[str, Any]:
        answer = self.ask(0, "initialize", **HANDSHAKE)
        if tell:
            self.send({"method": "notifications/initialized"})
        return answer

    def end(self) -> tuple[int, str]:
        """Hang up; the exit code, and what it wrote to stderr."""
        _, errors = self.process.communicate(timeout=SECONDS_MAX)
        return self.process.returncode, errors.decode()

    def close(self) -> None:
        """End it, whatever it is doing."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.stdin, self.stdout, self.stderr):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


HANDSHAKE = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "lines", "version": "1"}}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """The folders of one module's servers, which they share."""
    folder = tmp_path_factory.mktemp("served")
    return Places(folder / "home", folder / "keys", CACHE)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository."""
    return repository(tmp_path_factory.mktemp("work") / "site")


@pytest.fixture
def lines(home: Places, tmp_path: Path) -> Iterator[Lines]:
    """A server with a home of its own, ended with the test."""
    with closing(Lines(home, tmp_path, "--user", "ana")) as served:
        yield served
