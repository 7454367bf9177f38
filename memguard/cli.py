"""The command line: one function a verb. It parses, calls one verb of `Memory`, and prints; nothing is decided here.

Exit codes: 0 done, 1 refused or failed with one line on stderr, 2 wrong usage, 3 done in part.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from memguard import __version__
from memguard.accessing import access
from memguard.console import (
    Context,
    Progress,
    common_options,
    hit_line,
    json_object,
    moment_of,
    passphrase_of,
    passphrase_option,
    plain,
    record_line,
    scope_options,
    stored_lines,
    text_of,
)
from memguard.erasing import forget, hold, sweep
from memguard.errors import MemguardError
from memguard.hooks.verb import hook
from memguard.imports import this_process_is_ours
from memguard.outcomes import counted
from memguard.pii import pii
from memguard.serving import serve, token
from memguard.setup.verb import setup
from memguard.verifying import audit, public, verify

EXIT_FAILED, EXIT_USAGE, EXIT_PARTLY = 1, 2, 3


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="memguard")
def cli() -> None:
    """The memory an agent can trust, and can forget: a local, encrypted memory store."""


@cli.command()
@click.argument("text")
@click.option("--at", "happened_at", metavar="TIME", help="When it happened: ISO 8601 with an offset.")
@click.option("--expires", "expires_at", metavar="TIME", help="When it is no longer shown: ISO 8601 with an offset.")
@click.option("--metadata", metavar="JSON", help="A JSON object.")
@click.option("--key", help="Idempotency key: the same key stores once.")
@click.option("--supersedes", multiple=True, metavar="ID", help="A memory that this one replaces as current.")
@scope_options
@common_options
def add(context: Context, text: str, **fields: Any) -> None:
    """Store one memory. TEXT may be - for standard input."""
    fields["happened_at"] = moment_of(fields["happened_at"])
    fields["expires_at"] = moment_of(fields["expires_at"])
    fields["metadata"] = json_object(fields["metadata"])
    stored = context.memory.add(text_of(text), user_id=context.user, **fields)
    context.show(stored, stored_lines(stored))


@cli.command()
@click.argument("query")
@click.option("--limit", default=10, show_default=True, help="How many at most.")
@click.option("--since", metavar="TIME", help="Happened at or after: ISO 8601 with an offset.")
@click.option("--until", metavar="TIME", help="Happened before: ISO 8601 with an offset.")
@click.option("--filter", "filters", metavar="JSON", help='Metadata filter, for instance {"team": {"in": ["web"]}}.')
@scope_options
@common_options
def search(context: Context, query: str, limit: int, filters: str | None, **within: Any) -> None:
    """Find the memories that answer QUERY best."""
    within |= {"since": moment_of(within["since"]), "until": moment_of(within["until"])}
    hits = context.memory.search(
        text_of(query), user_id=context.user, limit=limit, filters=json_object(filters), **within
    )
    context.show(hits, [hit_line(hit) for hit in hits] or ["nothing found"])


@cli.command("list")
@click.option("--limit", default=20, show_default=True, help="How many at most.")
@click.option("--offset", default=0, help="How many to pass over.")
@click.option("--filter", "filters", metavar="JSON", help="Metadata filter.")
@scope_options
@common_options
def list_(context: Context, limit: int, offset: int, filters: str | None, **within: Any) -> None:
    """List memories, oldest first."""
    found = context.memory.get_all(
        user_id=context.user, limit=limit, offset=offset, filters=json_object(filters), **within
    )
    context.show(found, [record_line(record) for record in found])


@cli.command()
@click.argument("memory_id")
@common_options
def show(context: Context, memory_id: str) -> None:
    """Show one memory with all its fields and its earlier wordings."""
    record = context.memory.get(memory_id, user_id=context.user)
    history = context.memory.history(memory_id, user_id=context.user)
    document = {**plain(record), "history": history}
    lines = [f"{name:14} {value}" for name, value in document.items() if value not in (None, [], {}, ())]
    context.show(document, lines)


@cli.command()
@click.argument("memory_id")
@click.argument("text")
@common_options
def update(context: Context, memory_id: str, text: str) -> None:
    """Give a memory new text; the earlier wording is kept. TEXT may be - for standard input."""
    stored = context.memory.update(memory_id, text_of(text), user_id=context.user)
    context.show(stored, [f"updated {stored.id}"])


@cli.command()
@common_options
def users(context: Context) -> None:
    """List the owners with a vault in this home."""
    found = context.memory.users()
    context.show(found, found)


@cli.command("export")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--readable", is_flag=True, help="Plain JSON instead of a bundle under a passphrase.")
@passphrase_option
@common_options
def export(context: Context, path: Path, readable: bool, passphrase_file: Path | None) -> None:
    """Write an owner's memories to one file, or to a pipe."""
    from memguard.vault.marks import is_stream, place_of

    passphrase = None if readable else passphrase_of(passphrase_file, confirm=True)
    count = context.memory.export(user_id=context.user, path=path, passphrase=passphrase, readable=readable)
    if not is_stream(place_of(path)):  # else it may be this very output
        context.show({"exported": count}, [f"exported {counted(count, 'memory', 'memories')}"])


@cli.command("import")
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--forgotten", is_flag=True, help="Also what this vault has forgotten: it is wanted back.")
@passphrase_option
@scope_options
@common_options
def import_(context: Context, path: Path, passphrase_file: Path | None, **fields: Any) -> None:
    """Read memories from a bundle, JSONL, a LoCoMo-style conversation, mem0's get_all, or a memory.json.

    An import that was stopped can be run again: nothing is stored twice.
    """
    from memguard.exchange.bundle import is_sealed

    passphrase = passphrase_of(passphrase_file, confirm=False) if is_sealed(path) else None
    given = {name: value for name, value in fields.items() if value is not None}
    with Progress(show=not context.as_json) as progress:
        done = context.memory.import_(path, user_id=context.user, passphrase=passphrase, progress=progress, **given)
    lines = [f"stored {done.stored}, already there {done.duplicates}, superseding {done.superseded}"]
    lines += [f"refused item {r.position}: {r.reason}" for r in done.rejected]
    context.show(done, lines)
    if done.rejected:
        sys.exit(EXIT_PARTLY)


@cli.command()
@common_options
def reembed(context: Context) -> None:
    """Embed an owner's memories with another model, after the setting `model` changed."""
    with Progress(show=not context.as_json) as progress:
        count = context.memory.reembed(user_id=context.user, progress=progress)
    context.show({"embedded": count}, [f"embedded {counted(count, 'memory', 'memories')}"])


@cli.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--all", "everyone", is_flag=True, help="Every owner's vault, not only --user's.")
@common_options
def backup(context: Context, path: Path, everyone: bool) -> None:
    """Copy vaults, as they are encrypted, into one file. It opens with this home's keyring only."""
    count = context.memory.backup(path, user_id=None if everyone else context.user)
    context.show({"vaults": count}, [f"copied {count} vault(s); keep a recovery kit too: memguard keys export"])


@cli.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--all", "everyone", is_flag=True, help="Every owner's vault, not only --user's.")
@common_options
def restore(context: Context, path: Path, everyone: bool) -> None:
    """Bring vaults back from a backup, in place of what these owners have now."""
    done = context.memory.restore_backup(path, user_id=None if everyone else context.user)
    lines = [f"restored {done.vaults} vault(s), {len(done.unopenable)} cannot be opened with this keyring"]
    lines += [f"erased {done.forgotten} memories in them that had been forgotten since"] * bool(done.forgotten)
    lines += [f"what was forgotten since in {done.unsure} lost vault(s) is not known"] * bool(done.unsure)
    context.show(done, lines)
    if done.unopenable:
        sys.exit(EXIT_PARTLY)


@cli.group()
def keys() -> None:
    """The keyring: rotate its master, make or use a recovery kit, give tokens to HTTP clients, certify."""


for verb in (serve, setup, hook, pii, verify, audit, forget, hold, sweep, access):
    cli.add_command(verb)
keys.add_command(token)
keys.add_command(public)


@keys.command("rotate")
@click.option("--to", type=click.Choice(["file", "os", "environment"]), help="Keep the new master elsewhere.")
@common_options
def keys_rotate(context: Context, to: str | None) -> None:
    """Seal the keyring under a new master key and destroy the old one."""
    keyring = context.memory.home.existing_keyring()
    with keyring.changing() as contents:
        keyring.rotate(contents, to)
    now = keyring.contents() if to != "environment" else None
    generation = now.generation if now else "next"
    context.show({"generation": generation}, [f"the keyring is sealed under master {generation}"])


@keys.command("export")
@click.argument("path", type=click.Path(path_type=Path))
@passphrase_option
@common_options
def keys_export(context: Context, path: Path, passphrase_file: Path | None) -> None:
    """Make a recovery kit: every vault's key under a passphrase."""
    from memguard.vault.kit import write_kit

    count = write_kit(context.memory.home, path, passphrase_of(passphrase_file, confirm=True))
    context.show({"keys": count}, [f"sealed {count} key(s); throw older kits away"])


@keys.command("import")
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@passphrase_option
@common_options
def keys_import(context: Context, path: Path, passphrase_file: Path | None) -> None:
    """Make the keyring of a home that lost it, from a recovery kit."""
    from memguard.vault.kit import read_kit

    count = read_kit(context.memory.home, path, passphrase_of(passphrase_file, confirm=False))
    context.show({"keys": count}, [f"the keyring holds {count} key(s) again"])


@cli.command()
@common_options
def doctor(context: Context) -> None:
    """Say what is wrong, and what to do."""
    from memguard.doctor import examine

    findings = examine(lambda: context.memory)
    context.show(findings, [f"{'ok ' if f.ok else 'BAD'} {f.what}: {f.says}" for f in findings])
    if not all(finding.ok for finding in findings):
        sys.exit(EXIT_FAILED)


@cli.command()
@click.option("--keep", type=click.Path(path_type=Path), help="Folder to keep the demo's home in.")
def demo(keep: Path | None) -> None:
    """Tell memguard's story in a minute, on a conversation made for it, in a home of its own."""
    from memguard.demo.story import tell

    sys.exit(tell(keep))


def main() -> None:
    """Entry point: every error becomes one line and an exit code."""
    # Before numpy loads: threads for small products take other agents' cores (3.8 ms of a search became 1.1).
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    this_process_is_ours()
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        code = EXIT_FAILED
    except MemguardError as error:
        click.echo(f"memguard: {error}", err=True)
        code = EXIT_FAILED
    except BrokenPipeError:  # the reader of our output went away
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = EXIT_FAILED
    sys.exit(code)


if __name__ == "__main__":
    main()
