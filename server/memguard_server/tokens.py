"""Who asks over HTTP: the token's holder, one session for each connection of theirs."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import anyio.to_thread
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.requests import Request

from memguard import InvalidInput, MemguardError
from memguard.intake import name as checked_name
from memguard.vault.tokens import holder_of
from memguard_server.app import Context
from memguard_server.logs import log
from memguard_server.session import Budget, Session
from memguard_server.store import Store

PROJECT_HEADER = "x-memguard-project"
SESSION_HEADER = "mcp-session-id"
SESSION_IDLE_SECONDS = 1_800
SESSIONS_MAX = 256
RUNS_MAX = 1_024
"""Runs that are remembered; newer protocol versions have no sessions, so a run of theirs is what follows closely."""


class KeyringVerifier:
    """Looks tokens up in the keyring as it is now: one that was revoked is refused at the next request."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def verify_token(self, token: str) -> AccessToken | None:
        return await anyio.to_thread.run_sync(self._verified, token)

    def _verified(self, token: str) -> AccessToken | None:
        try:
            holder = holder_of(self._store.memory().home.contents(), token)
        except MemguardError as error:
            log.warning("%s", error)
            return None
        if holder is None:
            return None
        # The digest names the credential, so that the SDK binds each of its sessions to this very token.
        claims = {"agent": holder.name}
        return AccessToken(token="", client_id=holder.digest.hex(), scopes=[], subject=holder.owner, claims=claims)


class HttpSessions:
    """The sessions of all connections. Safe between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._runs: OrderedDict[tuple[str, ...], tuple[float, str]] = OrderedDict()
        self._budgets: dict[str, Budget] = {}
        self._lock = threading.Lock()

    def of(self, context: Context) -> Session:
        """Owner and agent are the token's; the project is the header's, and without one there is none."""
        request = context.request
        if not isinstance(request, Request) or not isinstance(user := request.scope["user"], AuthenticatedUser):
            raise TypeError("no request reaches the server without its token")
        token = user.access_token
        environment = _project(request)
        key = (token.client_id, request.headers.get(SESSION_HEADER) or f"project {environment}")
        with self._lock:
            budget = self._budgets.setdefault(token.client_id, Budget())
            run_id = self._run(key)
        agent = str((token.claims or {})["agent"])
        return Session(token.subject or "", agent, environment, run_id, budget)

    def _run(self, key: tuple[str, ...]) -> str:
        now = self._clock()
        used, run_id = self._runs.pop(key, (0.0, ""))
        if not run_id or now - used > SESSION_IDLE_SECONDS:
            run_id = Session("", "", None).run_id
        self._runs[key] = (now, run_id)
        while len(self._runs) > RUNS_MAX:
            self._runs.popitem(last=False)
        return run_id


def _project(request: Request) -> str | None:
    named = request.headers.get(PROJECT_HEADER)
    if named is None:
        return None
    try:
        return checked_name(named.encode("latin-1").decode(), "the header X-Memguard-Project")
    except UnicodeDecodeError:
        raise InvalidInput("the header X-Memguard-Project must be UTF-8") from None
