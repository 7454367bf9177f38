"""The command line: one function a verb. It parses, calls one verb of `Memory`, and prints; nothing is decided here.

Exit codes: 0 done, 1 refused or failed with one line on stderr, 2 wrong usage, 3 done in part.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memguard import __version__
from memguard.errors import InvalidInput, MemguardError

if TYPE_CHECKING:
    from memguard.memory import Memory

EXIT_FAILED, EXIT_USAGE, EXIT_PARTLY = 1, 2, 3


class Context:
    """What every verb shares: the home, the owner, and how to print."""

    def __init__(self, home: Path | None, user: str | None, as_json: bool) -> None:
        self.as_json = as_json
        self._home = home
        self._user = user
        self._memory: Memory | None = None

    @property
    def memory(self) -> Memory:
        if self._memory is None:
            from memguard.memory import Memory

            self._memory = Memory(self._home)
        return self._memory

    @property
    def user(self) -> str:
        owner = self._user or self.memory.settings.user
        if not owner:
            raise click.UsageError("whose memory? give --user, or set MEMGUARD_USER")
        return owner

    def show(self, document: Any, lines: Sequence[str]) -> None:
        """One JSON document with --json, else lines for people."""
        if self.as_json:
            click.echo(json.dumps(document, default=_plain, ensure_ascii=False, indent=1))
        else:
            for line in lines:
                click.echo(line)


def _with_common(function: Callable[..., Any]) -> Callable[..., Any]:
    """--user, --home and --json on a verb, handed over as one context."""
    import functools

    @click.option("--home", type=click.Path(path_type=Path), help="Folder of the vaults ($MEMGUARD_HOME).")
    @click.option("--user", help="Owner of the vault ($MEMGUARD_USER).")
    @click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")
    @functools.wraps(function)
    def verb(home: Path | None, user: str | None, as_json: bool, **options: Any) -> Any:
        return function(Context(home, user, as_json), **options)

    return verb


def _within(function: Callable[..., Any]) -> Callable[..., Any]:
    """--agent, --run, --environment and --source."""
    for flags, text in (
        (("--source", "source"), "Where it came from: user, agent, tool, web, ..."),
        (("--environment", "--project", "environment"), "Project or kind of task."),
        (("--run", "run_id"), "Run or session."),
        (("--agent", "agent_id"), "Agent that wrote it."),
        (("--actor", "actor"), "Who speaks or acts in it."),
    ):
        function = click.option(*flags, help=text)(function)
    return function


def _passphrase_file(function: Callable[..., Any]) -> Callable[..., Any]:
    """--passphrase-file: a passphrase never stands in the arguments, which every user of the machine can read."""
    text = "Holds the passphrase; else $MEMGUARD_PASSPHRASE, else it is asked."
    return click.option("--passphrase-file", type=click.Path(path_type=Path, exists=True), help=text)(function)


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
@_within
@_with_common
def add(context: Context, text: str, **fields: Any) -> None:
    """Store one memory. TEXT may be - for standard input."""
    fields["happened_at"] = _moment(fields["happened_at"])
    fields["expires_at"] = _moment(fields["expires_at"])
    fields["metadata"] = _json_object(fields["metadata"])
    stored = context.memory.add(_text(text), user_id=context.user, **fields)
    context.show(stored, _stored_lines(stored))


@cli.command()
@click.argument("query")
@click.option("--limit", default=10, show_default=True, help="How many at most.")
@click.option("--since", metavar="TIME", help="Happened at or after: ISO 8601 with an offset.")
@click.option("--until", metavar="TIME", help="Happened before: ISO 8601 with an offset.")
@click.option("--filter", "filters", metavar="JSON", help='Metadata filter, for instance {"team": {"in": ["web"]}}.')
@_within
@_with_common
def search(context: Context, query: str, limit: int, filters: str | None, **within: Any) -> None:
    """Find the memories that answer QUERY best."""
    within |= {"since": _moment(within["since"]), "until": _moment(within["until"])}
    hits = context.memory.search(
        _text(query), user_id=context.user, limit=limit, filters=_json_object(filters), **within
    )
    context.show(hits, [_hit_line(hit) for hit in hits] or ["nothing found"])


@cli.command("list")
@click.option("--limit", default=20, show_default=True, help="How many at most.")
@click.option("--offset", default=0, help="How many to pass over.")
@click.option("--filter", "filters", metavar="JSON", help="Metadata filter.")
@_within
@_with_common
def list_(context: Context, limit: int, offset: int, filters: str | None, **within: Any) -> None:
    """List memories, oldest first."""
    found = context.memory.get_all(
        user_id=context.user, limit=limit, offset=offset, filters=_json_object(filters), **within
    )
    context.show(found, [_record_line(record) for record in found])


@cli.command()
@click.argument("memory_id")
@_with_common
def show(context: Context, memory_id: str) -> None:
    """Show one memory with all its fields and its earlier wordings."""
    record = context.memory.get(memory_id, user_id=context.user)
    history = context.memory.history(memory_id, user_id=context.user)
    document = {**_plain(record), "history": history}
    lines = [f"{name:14} {value}" for name, value in document.items() if value not in (None, [], {}, ())]
    context.show(document, lines)


@cli.command()
@click.argument("memory_id")
@click.argument("text")
@_with_common
def update(context: Context, memory_id: str, text: str) -> None:
    """Give a memory new text; the earlier wording is kept. TEXT may be - for standard input."""
    stored = context.memory.update(memory_id, _text(text), user_id=context.user)
    context.show(stored, [f"updated {stored.id}"])


@cli.command()
@_with_common
def users(context: Context) -> None:
    """List the owners with a vault in this home."""
    found = context.memory.users()
    context.show(found, found)


@cli.command("export")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--readable", is_flag=True, help="Plain JSON instead of a bundle under a passphrase.")
@click.option(
    "--passphrase-file", type=click.Path(path_type=Path, exists=True), help="Else $MEMGUARD_PASSPHRASE, else asked."
)
@_with_common
def export(context: Context, path: Path, readable: bool, passphrase_file: Path | None) -> None:
    """Write an owner's memories to one file."""
    passphrase = None if readable else _passphrase(passphrase_file, confirm=True)
    count = context.memory.export(user_id=context.user, path=path, passphrase=passphrase, readable=readable)
    context.show({"exported": count}, [f"exported {count} memories"])


@cli.command("import")
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@_passphrase_file
@_within
@_with_common
def import_(context: Context, path: Path, passphrase_file: Path | None, **fields: Any) -> None:
    """Read memories from a bundle, JSONL, a LoCoMo-style conversation, mem0's get_all, or a memory.json.

    An import that was stopped can be run again: nothing is stored twice.
    """
    from memguard.vault.passphrase import HEADER

    with path.open("rb") as file:
        sealed = file.read(len(HEADER)) == HEADER
    passphrase = _passphrase(passphrase_file, confirm=False) if sealed else None
    given = {name: value for name, value in fields.items() if value is not None}
    with _Progress(show=not context.as_json) as progress:
        done = context.memory.import_(path, user_id=context.user, passphrase=passphrase, progress=progress, **given)
    lines = [f"stored {done.stored}, already there {done.duplicates}, superseding {done.superseded}"]
    lines += [f"refused item {r.position}: {r.reason}" for r in done.rejected]
    context.show(done, lines)
    if done.rejected:
        sys.exit(EXIT_PARTLY)


@cli.command()
@_with_common
def reembed(context: Context) -> None:
    """Embed an owner's memories with another model, after the setting `model` changed."""
    with _Progress(show=not context.as_json) as progress:
        count = context.memory.reembed(user_id=context.user, progress=progress)
    context.show({"embedded": count}, [f"embedded {count} memories"])


@cli.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--all", "everyone", is_flag=True, help="Every owner's vault, not only --user's.")
@_with_common
def backup(context: Context, path: Path, everyone: bool) -> None:
    """Copy vaults, as they are encrypted, into one file. It opens with this home's keyring only."""
    count = context.memory.backup(path, user_id=None if everyone else context.user)
    context.show({"vaults": count}, [f"copied {count} vault(s); keep a recovery kit too: memguard keys export"])


@cli.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--all", "everyone", is_flag=True, help="Every owner's vault, not only --user's.")
@_with_common
def restore(context: Context, path: Path, everyone: bool) -> None:
    """Bring vaults back from a backup, in place of what these owners have now."""
    done = context.memory.restore(path, user_id=None if everyone else context.user)
    context.show(done, [f"restored {done.vaults} vault(s), {len(done.unopenable)} cannot be opened with this keyring"])
    if done.unopenable:
        sys.exit(EXIT_PARTLY)


@cli.group()
def keys() -> None:
    """The keyring: rotate its master, make or use a recovery kit."""


@keys.command("rotate")
@click.option("--to", type=click.Choice(["file", "os", "environment"]), help="Keep the new master elsewhere.")
@_with_common
def keys_rotate(context: Context, to: str | None) -> None:
    """Seal the keyring under a new master key and destroy the old one."""
    keyring = context.memory.home.keyring
    with keyring.changing() as contents:
        keyring.rotate(contents, to)
    now = keyring.contents() if to != "environment" else None
    generation = now.generation if now else "next"
    context.show({"generation": generation}, [f"the keyring is sealed under master {generation}"])


@keys.command("export")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--passphrase-file", type=click.Path(path_type=Path, exists=True), help="Else $MEMGUARD_PASSPHRASE, else asked."
)
@_with_common
def keys_export(context: Context, path: Path, passphrase_file: Path | None) -> None:
    """Make a recovery kit: every vault's key under a passphrase."""
    from memguard.vault.kit import write_kit

    count = write_kit(context.memory.home, path, _passphrase(passphrase_file, confirm=True))
    context.show({"keys": count}, [f"sealed {count} key(s); throw older kits away"])


@keys.command("import")
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--passphrase-file", type=click.Path(path_type=Path, exists=True), help="Else $MEMGUARD_PASSPHRASE, else asked."
)
@_with_common
def keys_import(context: Context, path: Path, passphrase_file: Path | None) -> None:
    """Make the keyring of a home that lost it, from a recovery kit."""
    from memguard.vault.kit import read_kit

    count = read_kit(context.memory.home, path, _passphrase(passphrase_file, confirm=False))
    context.show({"keys": count}, [f"the keyring holds {count} key(s) again"])


@cli.command()
@_with_common
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


class _Progress:
    """A progress bar on a terminal, nothing in a pipe."""

    def __init__(self, show: bool) -> None:
        self._bar: Any = None
        self._show = show and sys.stderr.isatty()

    def __enter__(self) -> Callable[[int, int], None]:
        return self._advance

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _advance(self, done: int, total: int) -> None:
        if self._show and self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(total=total, unit=" memories")
        if self._bar is not None:
            self._bar.update(done - self._bar.n)


def _text(argument: str) -> str:
    return sys.stdin.read() if argument == "-" else argument


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput("times are ISO 8601 with an offset, for instance 2026-05-03T10:00:00+00:00") from None


def _json_object(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        raise InvalidInput("metadata and filters are JSON objects") from None


def _passphrase(file: Path | None, *, confirm: bool) -> str:
    if file is not None:
        return file.read_text().rstrip("\r\n")
    given = os.environ.get("MEMGUARD_PASSPHRASE")
    return given or str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True))


def _stored_lines(stored: Any) -> list[str]:
    lines = [f"{'already there' if stored.duplicate else 'stored'} {stored.id}"]
    return lines + [f"it replaces {earlier} as current (both stay readable)" for earlier in stored.superseded]


def _hit_line(hit: Any) -> str:
    note = "" if hit.record.current else "  [superseded]"
    return f"{hit.score:6.2f}  {_record_line(hit.record)}{note}"


def _record_line(record: Any) -> str:
    when = (record.happened_at or record.recorded_at).date().isoformat()
    who = f"{record.actor}: " if record.actor else ""
    text = " ".join(record.text.split())
    return f"{record.id}  {when}  {who}{text[:160]}{'…' if len(text) > 160 else ''}"


def _plain(value: Any) -> Any:
    """Dataclasses and datetimes as JSON."""
    import dataclasses

    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


if __name__ == "__main__":
    main()
