"""`memguard setup`: the command. What it does is in `install.py`, which is loaded when it runs."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memguard.errors import InvalidInput

if TYPE_CHECKING:
    from memguard.setup.install import Plan, Request

CLIENT_NAMES = ("claude-code", "cursor", "vscode", "codex", "print")


@click.command()
@click.argument("client", type=click.Choice(CLIENT_NAMES))
@click.option(
    "--scope",
    type=click.Choice(["user", "project"]),
    default="user",
    show_default=True,
    help="In every repository of yours, or for everybody in the current one.",
)
@click.option("--hooks", is_flag=True, help="Recall when a session starts, and capture when it ends.")
@click.option("--remove", is_flag=True, help="Take out what setup put in, hooks too.")
@click.option("--replace", is_flag=True, help="Take the place of another server with this name.")
@click.option("--name", default="memguard", show_default=True, help="Name of the server in the client.")
@click.option("--dry-run", is_flag=True, help="Show the change, write nothing.")
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--home", type=click.Path(path_type=Path), help="Folder of the vaults, written into the entry.")
@click.option("--user", help="Owner of the vault, written into the entry.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")
def setup(dry_run: bool, yes: bool, as_json: bool, **asked: Any) -> None:
    """Register memguard's server in the configuration of CLIENT, or `print` the entry for another client.

    The change is shown before it is written, and the file as it was is kept beside it.
    """
    from memguard.setup.install import Request, carry_out, plan

    request = Request(**asked)
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", request.name):
        raise InvalidInput("a server's name has 1 to 64 letters, digits, _ and -")
    if request.client == "print":
        _print_entry(request)
        return
    planned = plan(request)
    if planned.changes and not dry_run and not yes and (as_json or not sys.stdin.isatty()):
        raise InvalidInput("nothing was written: say --yes, or --dry-run to see the change")
    if not as_json:
        for change in planned.changes:
            click.echo("\n".join(change.diff))
        if planned.changes and not dry_run and not yes:
            click.confirm("Write this?", abort=True, err=True)
    backups: list[Path | None] = [None] * len(planned.changes) if dry_run else carry_out(planned)
    _report(request, planned, backups, written=not dry_run, as_json=as_json)


def _print_entry(request: Request) -> None:
    from memguard.setup.install import entry_of

    if request.hooks or request.remove or request.replace:
        raise click.UsageError("print only shows an entry: it takes no --hooks, --remove or --replace")
    click.echo(json.dumps({"mcpServers": {request.name: entry_of(request, None)}}, indent=2, ensure_ascii=False))


def _report(request: Request, planned: Plan, backups: list[Path | None], *, written: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_document(request, planned, backups, written=written), ensure_ascii=False, indent=1))
        return
    for change, backup in zip(planned.changes, backups, strict=True):
        if written:
            click.echo(f"wrote {change.file.path}" + (f" (as it was: {backup})" if backup else ""))
    if not planned.changes:
        files = ", ".join(map(str, planned.files))
        click.echo(f"nothing of memguard's in {files}" if request.remove else f"already set up: {files}")
    for note in planned.notes:
        click.echo(note)


def _document(request: Request, planned: Plan, backups: list[Path | None], *, written: bool) -> dict[str, Any]:
    changes = [
        {"file": str(change.file.path), "diff": change.diff, "backup": None if backup is None else str(backup)}
        for change, backup in zip(planned.changes, backups, strict=True)
    ]
    return {
        "client": request.client,
        "scope": request.scope,
        "server": request.name,
        "files": [str(path) for path in planned.files],
        "changes": changes,
        "written": written and bool(changes),
        "notes": planned.notes,
    }
