"""`memguard serve`: what is wrong is said in one line before any protocol begins."""

from __future__ import annotations

import sys
from pathlib import Path

from memguard import InvalidInput, Settings
from memguard.intake import owner as checked_owner
from memguard_server import logs
from memguard_server.project import project_of
from memguard_server.store import Store

PORT = 8765


def serve(*, http: bool, port: int, directory: str | None, user: str | None, home: Path | None) -> int:
    """Serve until the client or a person ends it; the exit code."""
    settings = Settings.load(home=home)
    logs.to_stderr()
    if http:
        from memguard_server.http import serve_http

        return serve_http(Store(home, settings.profile or "balanced"), port)
    owner = user or settings.user
    if not owner:
        raise InvalidInput("whose memory is it? give --user, or set MEMGUARD_USER (`memguard setup` writes it down)")
    owner, environment = checked_owner(owner), project_of(directory)
    if sys.stdin.isatty():
        print(
            "memguard waits for an MCP client on stdin. Clients start it themselves: `memguard setup --help` "
            "says how to register it with yours; Ctrl-C ends it.",
            file=sys.stderr,
        )
    from memguard_server.stdio import serve_stdio

    return serve_stdio(Store(home, settings.profile or "owner"), owner, environment)
