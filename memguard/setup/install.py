"""`memguard setup` from the files to the files: plan the edits of each, then write what was shown."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from memguard import intake
from memguard.errors import InvalidInput
from memguard.settings import Settings
from memguard.setup import toml
from memguard.setup.clients import CLIENTS, Client, Hooks, Scope, arguments_of, file_of, folders_of
from memguard.setup.disk import File, check_unchanged, naming, read, write
from memguard.setup.edits import Edit, applied, shown
from memguard.setup.entries import put_hooks, put_server, take_hooks, take_server

_WORDS = (
    "type",
    "stdio",
    "command",
    "args",
    "env",
    "env_vars",
    "hooks",
    "timeout",
    "version",
    "serve",
    "MEMGUARD_USER",
    "MEMGUARD_HOME",
)
"""What an entry of memguard's is made of, beside its values: a diff shows these and no others of what it takes out."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for. `user` and `home` are those that were given there, not those in force."""

    client: str
    scope: Scope = "user"
    name: str = "memguard"
    hooks: bool = False
    remove: bool = False
    replace: bool = False
    user: str | None = None
    home: Path | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A file, what it will hold, and the change as it is shown."""

    file: File
    after: bytes
    diff: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """`files` are all that were looked at, `changes` those that would be written."""

    files: tuple[Path, ...]
    changes: tuple[Change, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """One file of a request, and the edits of its text."""

    path: Path
    edits: Callable[[str], list[Edit]]
    words: Iterable[str]


def plan(request: Request) -> Plan:
    """What would be written. Every file is looked at before the first one is written."""
    client, folders = CLIENTS[request.client], _folders()
    parts, notes = [_server_part(request, client, folders)], list[str]()
    if client.hooks is not None and (request.hooks or request.remove):
        parts.append(_hooks_part(request, client.hooks, folders))
    if not request.remove:
        notes = _notes(request, client)
        owner = _missing_owner(request)
        if owner is not None:
            parts.append(_owner_part(owner))
            notes.append(f"memories are kept for `{owner}`, your login name: `user` in memguard's settings.toml")
    changes = [change for part in parts if (change := _change(part))]
    return Plan(tuple(part.path for part in parts), tuple(changes), tuple(notes))


def carry_out(planned: Plan) -> list[Path | None]:
    """Write the changes, unless a file is not any more what it was; returns where the copies of the old files lie."""
    for change in planned.changes:
        check_unchanged(change.file)
    return [write(change.file, change.after) for change in planned.changes]


def entry_of(request: Request, client: Client | None) -> dict[str, Any]:
    """The server's entry; without a client the one that most of them read."""
    entry: dict[str, Any] = {"command": _command(request.scope), "args": ["serve"]}
    if client is not None:
        entry["args"] = arguments_of(client, request.scope)
        entry = {**entry, "env_vars": list(client.passes_on)} if client.passes_on else {"type": "stdio", **entry}
    environment = {"MEMGUARD_USER": _owner(request), "MEMGUARD_HOME": _home(request)}
    given = {name: value for name, value in environment.items() if value is not None}
    return {**entry, "env": given} if given else entry


def _server_part(request: Request, client: Client, folders: Mapping[str, Path]) -> _Part:
    path = file_of(client.files, request.scope, folders)
    entry = entry_of(request, client)
    words = (client.key, request.name, *_leaves(entry))
    if request.remove:
        return _Part(path, lambda text: take_server(client, text, request.name), words)
    return _Part(path, lambda text: put_server(client, text, request.name, entry, replace=request.replace), words)


def _hooks_part(request: Request, hooks: Hooks, folders: Mapping[str, Path]) -> _Part:
    path = file_of(hooks.files, request.scope, folders)
    events = {hooks.start: "session-start", hooks.end: "session-end"}
    commands = {event: _hook_command(request, word) for event, word in events.items()}
    words = (*commands, *commands.values(), *map(str, hooks.timeouts_s or ()), str(hooks.version))
    if request.remove:
        return _Part(path, lambda text: take_hooks(hooks, text), words)
    return _Part(path, lambda text: put_hooks(hooks, text, commands), words)


def _owner_part(owner: str) -> _Part:
    path = Settings.load().keys / "settings.toml"
    return _Part(path, lambda text: toml.put_value(toml.parse(text), "user", owner), ())


def _change(part: _Part) -> Change | None:
    file = read(part.path)
    with naming(part.path):
        edits = part.edits(file.text)
        try:
            after = applied(file.text, edits).encode()
        except UnicodeEncodeError:
            raise InvalidInput("memguard's own path is not UTF-8, which a client could not read") from None
        diff = shown(file.text, edits, str(part.path), {*_WORDS, *part.words})
    return Change(file, after, tuple(diff)) if edits else None


def _notes(request: Request, client: Client) -> list[str]:
    """What the user has to know or to do; nothing of it is an error."""
    notes = [client.notes[request.scope]] if request.scope in client.notes else []
    if request.hooks:
        notes += [client.notes.get("hooks", "") if client.hooks else client.no_hooks]
    given = {"MEMGUARD_USER": request.user, "MEMGUARD_HOME": request.home, "MEMGUARD_KEYS": None}
    unseen = [name for name, value in given.items() if os.environ.get(name) and value is None]
    if unseen:
        # Clients that a desktop starts know nothing of a shell's variables, and Codex hands only some of them on.
        notes.append(
            f"{client.title} may not see {', '.join(unseen)} of this shell: --user and --home go into the entry"
        )
    return [note for note in notes if note]


def _missing_owner(request: Request) -> str | None:
    """The login name, when nothing else says whose memories a server would keep."""
    if request.user is not None or Settings.load().user:
        return None
    try:
        return intake.owner(getpass.getuser())
    except (OSError, KeyError, ImportError, InvalidInput):
        raise InvalidInput("whose memory? give --user, or set MEMGUARD_USER") from None


def _owner(request: Request) -> str | None:
    return None if request.user is None else intake.owner(request.user)


def _home(request: Request) -> str | None:
    return None if request.home is None else str(request.home.expanduser().absolute())


def _hook_command(request: Request, event: str) -> str:
    words = [_command(request.scope), "hook", event, "--client", request.client]
    for option, value in (("--user", _owner(request)), ("--home", _home(request))):
        words += [] if value is None else [option, value]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _command(scope: Scope) -> str:
    """How a client starts memguard: a desktop's PATH is not a shell's, but what a repository holds is for everybody."""
    if scope == "project":
        return "memguard"
    name = "memguard.exe" if os.name == "nt" else "memguard"
    running = Path(sys.argv[0])
    beside = Path(sys.executable).with_name(name)  # not resolved: a virtual environment's Python is a link
    found = next((path for path in (running, beside) if path.name == name and path.is_file()), None)
    command = str(found.absolute()) if found else shutil.which(name)
    if command is None:
        raise InvalidInput("the memguard command is not installed here: pip install memguard")
    return command


def _folders() -> dict[str, Path]:
    try:
        home = Path.home()
    except RuntimeError:
        home = Path()
    # An empty HOME would be the root of the file system to Python.
    if os.environ.get("HOME") == "" or not home.is_absolute() or not home.is_dir():
        raise InvalidInput("there is no home folder: set HOME")
    return folders_of(home, _project(home), os.environ, sys.platform)


def _project(home: Path) -> Path | None:
    """The repository around the working directory, else that folder. The home folder is nobody's project."""
    try:
        here = Path.cwd()
    except OSError:
        return None
    inside = list(takewhile(lambda folder: folder not in (home, home.resolve()), (here, *here.parents)))
    return next((folder for folder in inside if (folder / ".git").exists()), inside[0] if inside else None)


def _leaves(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [leaf for key, inner in value.items() for leaf in (key, *_leaves(inner))]
    return [leaf for inner in value for leaf in _leaves(inner)] if isinstance(value, list) else [str(value)]
