"""`memguard hook`: the commands that `memguard setup --hooks` writes into a client's configuration."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from memguard.errors import MemguardError

CLIENT_NAMES = ("claude-code", "cursor", "codex")


@click.group(hidden=True)
def hook() -> None:
    """Run by a coding agent's client, which `memguard setup --hooks` tells to; not by people."""


def _hook_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--home", type=click.Path(path_type=Path), help="Folder of the vaults ($MEMGUARD_HOME)."),
        click.option("--user", help="Owner of the vault ($MEMGUARD_USER)."),
        click.option("--client", required=True, type=click.Choice(CLIENT_NAMES), help="Who runs it."),
    ):
        function = option(function)
    return function


@hook.command("session-start")
@_hook_options
def session_start(client: str, user: str | None, home: Path | None) -> None:
    """Print memories of the project for the agent. The client's JSON payload comes on stdin."""
    from memguard.hooks.start import recall_for

    _unobtrusively(client, lambda: recall_for(client, user, home, say=_say))


@hook.command("session-end")
@_hook_options
def session_end(client: str, user: str | None, home: Path | None) -> None:
    """Store what was said in a session. The client's JSON payload comes on stdin."""
    from memguard.hooks.end import capture_for

    _unobtrusively(client, lambda: capture_for(client, user, home, say=_say))


def _unobtrusively(client: str, work: Callable[[], None]) -> None:
    """Nothing that goes wrong is an error to the client: it could end, or hold up, a session over it."""
    if client == "claude-code" and os.environ.get("CURSOR_VERSION"):
        return  # Cursor runs Claude Code's hooks beside its own: all would happen twice
    try:
        work()
    except MemguardError as error:
        _say(str(error))
    except BrokenPipeError:  # the client went away; what is left must not be written on the way out
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:  # noqa: BLE001 - its text may quote a memory
        from memguard_server.logs import place_of

        _say(f"the hook failed: {place_of(error)}")


def _say(line: str) -> None:
    with contextlib.suppress(OSError):
        click.echo(f"memguard: {line}", err=True)
