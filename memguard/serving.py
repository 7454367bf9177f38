"""`memguard serve`, and `memguard keys token`: who may ask over HTTP. One function a verb."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from memguard.console import Context, common_options


@click.command()
@click.option(
    "--http", is_flag=True, help="On http://127.0.0.1, for clients with a token, instead of stdin and stdout."
)
@click.option("--port", type=click.IntRange(0, 65535), help="For --http; 8765 if not given.")
@click.option("--directory", metavar="DIR", help="Whose git repository is the project; else the working directory's.")
@click.option("--user", help="Owner of the vault ($MEMGUARD_USER); over HTTP the token says whose.")
@click.option("--home", type=click.Path(path_type=Path), help="Folder of the vaults ($MEMGUARD_HOME).")
def serve(http: bool, port: int | None, directory: str | None, user: str | None, home: Path | None) -> None:
    """Serve memories to agents over MCP, the Model Context Protocol."""
    from memguard_server import serve as server

    if http and (directory or user):
        raise click.UsageError("--directory and --user are for stdio: over HTTP the client names project and token")
    if port is not None and not http:
        raise click.UsageError("--port is for --http")
    port = server.PORT if port is None else port
    sys.exit(server.serve(http=http, port=port, directory=directory, user=user, home=home))


@click.group()
def token() -> None:
    """Tokens of clients that use `memguard serve --http`."""


@token.command()
@click.argument("name")
@common_options
def add(context: Context, name: str) -> None:
    """Make a token for --user's memory and print it, once. NAME is the agent's name in what it stores."""
    from memguard.vault.tokens import add_token

    made = add_token(context.memory.home.keyring, name, context.user)
    context.show({"name": name, "owner": context.user, "token": made}, [made])
    if not context.as_json:
        click.echo("keep it now: only its hash is stored, and it is not shown again", err=True)


@token.command("list")
@common_options
def list_(context: Context) -> None:
    """List names, owners and dates. Tokens themselves are not kept."""
    held = context.memory.home.contents().tokens
    rows = [
        {"name": name, "owner": t.owner, "created": datetime.fromtimestamp(t.created, UTC).isoformat()}
        for name, t in sorted(held.items())
    ]
    context.show(rows, [f"{row['name']}  {row['owner']}  {row['created']}" for row in rows])


@token.command()
@click.argument("name")
@common_options
def revoke(context: Context, name: str) -> None:
    """End a token: a server that runs refuses it from its next request on."""
    from memguard.vault.tokens import revoke_token

    revoke_token(context.memory.home.existing_keyring(), name)
    context.show({"revoked": name}, [f"revoked {name}"])
