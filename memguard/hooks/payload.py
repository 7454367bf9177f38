"""What a client tells a hook on stdin, and what follows from it: which project, and whose vault."""

from __future__ import annotations

import contextlib
import json
import os
import select
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from memguard import intake
from memguard.errors import InvalidInput
from memguard.settings import Settings

if TYPE_CHECKING:
    from memguard.vault.store import Vault

PAYLOAD_BYTES_MAX = 4 * 1024 * 1024
SILENCE_SECONDS_MAX = 1
"""Waited for a client that writes nothing more and leaves stdin open, as Codex has done."""
ID_LENGTH_MAX = 128
PATH_BYTES_MAX = 4_096

_FOLDER_VARIABLES = {
    "claude-code": ("CLAUDE_PROJECT_DIR",),
    "cursor": ("CURSOR_PROJECT_DIR", "CLAUDE_PROJECT_DIR"),
    "codex": (),
}
"""Where a client names the project. They come before the payload's `cwd`, which follows the agent's `cd`."""


@dataclass(frozen=True, slots=True)
class Payload:
    """`trouble` says why it is empty, where it is."""

    session: str | None = None
    transcript: str | None = None
    roots: tuple[str, ...] = ()
    cwd: str | None = None
    trouble: str = ""


def read_payload(stdin: TextIO | None) -> Payload:
    """The payload, as far as it is one: fields of a wrong type are as good as missing."""
    if stdin is None or stdin.isatty():  # None where a client closed it
        return Payload(trouble="there is no payload: a client hands one over on stdin")
    text = _read(stdin.fileno())
    if text is None:
        return Payload(trouble=f"the payload has more than {PAYLOAD_BYTES_MAX} bytes: it was not read")
    if not text.strip():
        return Payload(trouble="the payload is empty")
    data = _parsed(text)
    if data is None:
        return Payload(trouble="the payload is not a JSON object")
    roots = data.get("workspace_roots")
    return Payload(
        session=id_of(data.get("session_id")) or id_of(data.get("conversation_id")),
        transcript=path_of(data.get("transcript_path")),
        roots=tuple(filter(None, map(path_of, roots[:8]))) if isinstance(roots, list) else (),
        cwd=path_of(data.get("cwd")),
    )


def project_here(client: str, payload: Payload, environment: Mapping[str, str]) -> str | None:
    """The project of the session: the first folder that is one decides, in the end the working directory."""
    from memguard_server.project import project_of

    named = (path_of(environment.get(name)) for name in _FOLDER_VARIABLES[client])
    for folder in (*payload.roots, *named, payload.cwd, "."):
        if folder is not None and not folder.startswith("${"):  # a variable that the client did not fill in
            with contextlib.suppress(InvalidInput):  # no folder, or none that can be read
                return project_of(folder)
    return None


def owner_and_home(user: str | None, home: Path | None) -> tuple[str, Settings]:
    """Whose memory, and the settings in force."""
    settings = Settings.load(home=home)
    owner = user or settings.user
    if not owner:
        raise InvalidInput("whose memory? give --user, or set MEMGUARD_USER (`memguard setup` writes it down)")
    return intake.owner(owner), settings


def open_vault(owner: str, settings: Settings) -> Vault:
    """The owner's vault; a hook never makes one: it would bring an owner back who was forgotten."""
    from memguard.vault.home import Home

    return Home(settings).vault(owner)


def id_of(value: Any) -> str | None:
    """An id that can stand in a key: visible characters, not too many."""
    is_one = isinstance(value, str) and 0 < len(value) <= ID_LENGTH_MAX and value.isprintable() and value.strip()
    return value if is_one else None


def path_of(value: Any) -> str | None:
    if not isinstance(value, str) or not value or "\0" in value:
        return None
    try:
        return value if len(os.fsencode(value)) <= PATH_BYTES_MAX else None
    except UnicodeEncodeError:
        return None


def _read(descriptor: int) -> bytes | None:
    """Everything up to the end, a silence, or the brace that closes the object; None where it is too long."""
    held = bytearray()
    until = time.monotonic() + SILENCE_SECONDS_MAX
    while select.select([descriptor], [], [], max(0.0, until - time.monotonic()))[0]:
        chunk = os.read(descriptor, 65_536)
        held += chunk
        if len(held) > PAYLOAD_BYTES_MAX:
            return None
        if not chunk or (chunk.rstrip().endswith(b"}") and _parsed(bytes(held)) is not None):
            break
        until = time.monotonic() + SILENCE_SECONDS_MAX
    return bytes(held)


def _parsed(text: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
