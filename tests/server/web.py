"""A server over real HTTP on loopback: the SDK's client for it, and requests that no client would send."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx2
from anyio.from_thread import start_blocking_portal
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import Implementation

from memguard.vault.tokens import add_token
from tests.commands import COMMAND
from tests.conftest import Places
from tests.server.conftest import HANDSHAKE, LEGACY, SECONDS_MAX, Agent, environment_of
from tests.vault.parts import keyring_of

CANARY = "xylophone-canary"
ACCEPT = {"accept": "application/json, text/event-stream"}


class Site:
    """A running `memguard serve --http`, and ways to ask it."""

    def __init__(self, url: str, places: Places) -> None:
        self.url = url
        self.keyring = keyring_of(places)  # as another process has it
        self.origin = url.removesuffix("/mcp")
        self.tokens = {name: self.token(name, owner) for name, owner in (("cursor", "ana"), ("codex", "ben"))}

    def token(self, name: str, owner: str) -> str:
        return add_token(self.keyring, name, owner)

    def post(self, message: Any, token: str | None = None, **headers: str) -> httpx2.Response:
        """One request as a client before 2026 sends it."""
        sent = ACCEPT | {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        with httpx2.Client(trust_env=False, timeout=SECONDS_MAX) as client:
            return client.post(
                self.url, json=message, headers={n.encode(): v.encode("latin-1") for n, v in sent.items()}
            )

    def session(self, token: str) -> str:
        """A session of this token's, ready for calls."""
        begun = self.post(request(0, "initialize", **HANDSHAKE), token)
        assert begun.status_code == 200
        named = begun.headers["mcp-session-id"]
        self.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, token, mcp_session_id=named)
        return str(named)

    @contextmanager
    def agent(self, name: str, project: str | None = None, mode: str = LEGACY) -> Iterator[Agent]:
        headers = {"authorization": f"Bearer {self.tokens[name]}"}
        if project is not None:
            headers["x-memguard-project"] = project
        with (
            start_blocking_portal() as portal,
            portal.wrap_async_context_manager(self._client(headers, mode)) as client,
        ):
            yield Agent(portal, client, Path(os.devnull))

    @asynccontextmanager
    async def _client(self, headers: dict[str, str], mode: str) -> Any:
        async with AsyncExitStack() as held:
            http = await held.enter_async_context(httpx2.AsyncClient(headers=headers, trust_env=False, timeout=60))
            transport = streamable_http_client(self.url, http_client=http)
            info = Implementation(name="an impostor", version="1")
            yield await held.enter_async_context(Client(transport, mode=mode, client_info=info))


def request(number: int, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


@contextmanager
def serving(places: Places) -> Iterator[Site]:
    """A server on a free port; what it logged is looked at when it has ended."""
    command = [str(COMMAND), "serve", "--http", "--port", "0"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, env=environment_of(places)) as served:
        try:
            yield Site(_url(served), places)
        finally:
            served.terminate()
            out, logged = served.communicate(timeout=SECONDS_MAX)
        assert out == b""
        assert CANARY.encode() not in logged
        assert b"mg_" not in logged


def _url(served: subprocess.Popen[bytes]) -> str:
    """Where it says that it listens."""
    assert served.stderr
    said = [served.stderr.readline().decode() for _ in range(2)]  # the first one is that there is no token yet
    found = re.search(r"http://127\.0\.0\.1:\d+/mcp", said[1])
    assert found, said
    return found[0]
