"""What the verbs of the command line share: common options, parsing of arguments, and how things are printed."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memguard.errors import InvalidInput

if TYPE_CHECKING:
    from memguard.memory import Memory


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

    @property
    def named_user(self) -> str | None:
        """The owner of --user; the setting does not count."""
        return self._user

    def show(self, document: Any, lines: Sequence[str]) -> None:
        """One JSON document with --json, else lines for people."""
        if self.as_json:
            click.echo(json.dumps(document, default=plain, ensure_ascii=False, indent=1))
        else:
            for line in lines:
                click.echo(line)


def common_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--user, --home and --json on a verb, handed over as one context."""

    @click.option("--home", type=click.Path(path_type=Path), help="Folder of the vaults ($MEMGUARD_HOME).")
    @click.option("--user", help="Owner of the vault ($MEMGUARD_USER).")
    @click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")
    @functools.wraps(function)
    def verb(home: Path | None, user: str | None, as_json: bool, **options: Any) -> Any:
        return function(Context(home, user, as_json), **options)

    return verb


def scope_options(function: Callable[..., Any]) -> Callable[..., Any]:
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


def passphrase_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """--passphrase-file: a passphrase never stands in the arguments, which every user of the machine can read."""
    text = "Holds the passphrase; else $MEMGUARD_PASSPHRASE, else it is asked."
    return click.option("--passphrase-file", type=click.Path(path_type=Path, exists=True), help=text)(function)


class Progress:
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


def text_of(argument: str) -> str:
    return sys.stdin.read() if argument == "-" else argument


def moment_of(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput("times are ISO 8601 with an offset, for instance 2026-05-03T10:00:00+00:00") from None


def json_object(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidInput("metadata and filters are JSON objects") from None


def passphrase_of(file: Path | None, *, confirm: bool) -> str:
    if file is not None:
        try:
            return file.read_text().rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise InvalidInput("the passphrase file cannot be read, or is not UTF-8 text") from None
    given = os.environ.get("MEMGUARD_PASSPHRASE")
    if not given and not sys.stdin.isatty():
        raise InvalidInput("a passphrase is needed: give --passphrase-file, or set MEMGUARD_PASSPHRASE")
    return given or str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True))


def stored_lines(stored: Any) -> list[str]:
    lines = [f"{'already there' if stored.duplicate else 'stored'} {stored.id}"]
    lines += [f"not kept: {count} {type_}" for type_, count in sorted(stored.dropped.items())]
    return lines + [f"it replaces {earlier} as current (both stay readable)" for earlier in stored.superseded]


def hit_line(hit: Any) -> str:
    note = "" if hit.record.current else "  [superseded]"
    return f"{hit.score:6.2f}  {record_line(hit.record)}{note}"


def record_line(record: Any) -> str:
    when = (record.happened_at or record.recorded_at).date().isoformat()
    who = f"{record.actor}: " if record.actor else ""
    text = " ".join(record.text.split())
    return f"{record.id}  {when}  {who}{text[:160]}{'…' if len(text) > 160 else ''}"


def plain(value: Any) -> Any:
    """Dataclasses and datetimes as JSON."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value
