"""MCP over stdin and stdout, for the one client that started this process."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, NoReturn, Self

import anyio
import mcp_types as types
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

from memguard_server.app import INSTRUCTIONS, NO_PROJECT, WITH_PROJECT, Context, server_of
from memguard_server.logs import log, place_of
from memguard_server.session import Session, agent_name
from memguard_server.store import Store

if TYPE_CHECKING:
    from mcp.shared._stream_protocols import ReadStream, WriteStream

GRACE_SECONDS = 2
"""What clients give a server between closing its input and ending it."""


def serve_stdio(store: Store, owner: str, environment: str | None) -> int:
    """Serve until stdin ends; the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a thread waits for stdin: asyncio's own way would wait for it too
    sessions = _OneSession(owner, environment)
    project = NO_PROJECT if environment is None else WITH_PROJECT
    code = 0
    try:
        anyio.run(_serve, store, sessions, INSTRUCTIONS + project)
    except Exception as error:  # noqa: BLE001 - its text may quote a message
        if not _is_client_gone(error):
            log.error("stopped: %s", place_of(error))
            code = 1
    store.close()
    _end(code)


def _end(code: int) -> NoReturn:
    """A thread may be loading the model still, in code that does not survive the interpreter's own way out."""
    sys.stderr.flush()
    os._exit(code)


async def _serve(store: Store, sessions: _OneSession, instructions: str) -> None:
    server = server_of(store, sessions.of, instructions)
    async with stdio_server() as (read, write):
        await server.run(_Answered(read, write), write, server.create_initialization_options())


class _OneSession:
    """The session of the only connection. Its agent is what the client called itself when it first asked."""

    def __init__(self, owner: str, environment: str | None) -> None:
        self._owner, self._environment = owner, environment
        self._session: Session | None = None
        self._lock = threading.Lock()

    def of(self, context: Context) -> Session:
        with self._lock:
            if self._session is None:
                client = context.session.client_params
                name = agent_name(None if client is None else client.client_info.name)
                self._session = Session(self._owner, name, self._environment)
            return self._session


class _Answered:
    """The client's messages; what is none gets the answer that JSON-RPC wants, where the SDK would keep silent."""

    def __init__(self, read: ReadStream[SessionMessage | Exception], write: WriteStream[SessionMessage]) -> None:
        self._read, self._write = read, write

    @property
    def last_context(self) -> Any:
        return getattr(self._read, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        while True:
            try:
                item = await self._read.receive()
            except anyio.EndOfStream:
                self._hurry()
                raise
            if not isinstance(item, Exception):
                return item
            error = types.JSONRPCError(jsonrpc="2.0", id=None, error=_complaint(item))
            await self._write.send(SessionMessage(error))

    @staticmethod
    def _hurry() -> None:
        """Nobody waits for what still runs. It gets a moment; a write that is cut off then is not there at all."""
        last = threading.Timer(GRACE_SECONDS, _end, (0,))
        last.daemon = True
        last.start()

    async def aclose(self) -> None:
        await self._read.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _complaint(item: Exception) -> types.ErrorData:
    if isinstance(item, ValidationError) and item.errors()[0]["type"] != "json_invalid":
        return types.ErrorData(code=types.INVALID_REQUEST, message="not a JSON-RPC message")
    return types.ErrorData(code=types.PARSE_ERROR, message="not JSON")


def _is_client_gone(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_is_client_gone(one) for one in error.exceptions)
    return isinstance(error, BrokenPipeError | ConnectionResetError)
