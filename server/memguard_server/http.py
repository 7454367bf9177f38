"""MCP over streamable HTTP, on this machine only: Host and Origin are checked, then the token."""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from mcp.server.auth.middleware.bearer_auth import BearerAuthBackend, RequireAuthMiddleware
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from memguard import MemguardError
from memguard_server.app import server_of
from memguard_server.logs import log
from memguard_server.store import Store
from memguard_server.tokens import SESSION_IDLE_SECONDS, SESSIONS_MAX, HttpSessions, KeyringVerifier

ADDRESS = "127.0.0.1"
PATH = "/mcp"
BODY_BYTES_MAX = 4 << 20
"""The longest text there may be is a megabyte of UTF-8, and up to three where a client escapes it."""
SHUTDOWN_SECONDS = 2
BACKLOG = 128


class _HostAndOrigin:
    """Ahead of all else: a page that had its name pointed at this machine gets nothing, not even told to sign in."""

    def __init__(self, app: ASGIApp, settings: TransportSecuritySettings) -> None:
        self._app = app
        self._security = TransportSecurityMiddleware(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            refusal = await self._security.validate_request(Request(scope, receive))
            if refusal is not None:
                log.warning("refused a request: its Host or Origin is not this server's")
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


def app_of(store: Store, port: int) -> Starlette:
    """The application at 127.0.0.1 and `port`."""
    hosts = [f"{name}:{port}" for name in (ADDRESS, "localhost")]
    settings = TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=[f"http://{host}" for host in hosts])
    manager = StreamableHTTPSessionManager(
        server_of(store, HttpSessions().of),
        security_settings=settings,
        session_idle_timeout=SESSION_IDLE_SECONDS,
        max_request_body_size=BODY_BYTES_MAX,
        max_sessions=SESSIONS_MAX,
    )

    @asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[None]:
        async with manager.run():
            yield
        store.close()

    return Starlette(
        routes=[Route(PATH, endpoint=RequireAuthMiddleware(StreamableHTTPASGIApp(manager), required_scopes=[]))],
        middleware=[
            Middleware(_HostAndOrigin, settings=settings),
            Middleware(AuthenticationMiddleware, backend=BearerAuthBackend(KeyringVerifier(store))),
        ],
        lifespan=running,
    )


def serve_http(store: Store, port: int) -> int:
    """Serve until a signal ends it; the exit code."""
    if not store.memory().home.contents().tokens:
        print("no token yet: `memguard keys token add NAME` makes one", file=sys.stderr)
    with _listening(port) as listener:
        port = listener.getsockname()[1]
        print(f"memguard serves MCP at http://{ADDRESS}:{port}{PATH} (Ctrl-C ends it)", file=sys.stderr, flush=True)
        config = uvicorn.Config(
            app_of(store, port),
            access_log=False,
            log_config=None,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
        uvicorn.Server(config).run(sockets=[listener])
    return 0


def _listening(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((ADDRESS, port))
        listener.listen(BACKLOG)  # whoever reads where it listens may come at once, and waits until it serves
    except OSError as error:
        listener.close()
        raise MemguardError(f"port {port} cannot be had: {error.strerror}") from None
    return listener
