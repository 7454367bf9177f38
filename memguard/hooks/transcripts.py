"""A client's transcript: opened with care, since a payload may name any file, and read line by line."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from memguard.errors import InvalidInput
from memguard.hooks.dialects import DIALECTS, Role, Said, cleaned
from memguard.hooks.payload import id_of

TRANSCRIPT_BYTES_MAX = 64 * 1024 * 1024
LINE_BYTES_MAX = 8 * 1024 * 1024
"""Longer lines are passed over, and counted: what JSON makes of one takes many times its size."""
MESSAGES_MAX = 400
TEXT_LENGTH_MAX = 8_000
SHORTENED = "[shortened]"


@dataclass(frozen=True, slots=True)
class Message:
    """`length` is that of the whole text, which is cut to `TEXT_LENGTH_MAX`. `id` is the client's, else the line."""

    id: str
    role: Role
    text: str
    length: int
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Conversation:
    """The newest messages of a session in their order, how many earlier ones there were, and unreadable lines."""

    messages: tuple[Message, ...]
    left_out: int
    unread: int


def open_transcript(path: str) -> BinaryIO:
    """A regular file of this user's under the home folder, links followed before that is looked at; else refused."""
    try:
        home, real = Path.home().resolve(strict=True), Path(path).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise InvalidInput("the transcript is not there, or cannot be read") from None
    if not Path(path).is_absolute() or home == Path(home.anchor) or not real.is_relative_to(home):
        raise InvalidInput("the transcript lies outside the home folder: it was not read")
    try:
        descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        raise InvalidInput("the transcript is not there, or cannot be read") from None
    file = os.fdopen(descriptor, "rb") if _is_plain(descriptor) else None
    if file is None:
        os.close(descriptor)
        raise InvalidInput("the transcript is no plain file of this user's: it was not read")
    if os.fstat(descriptor).st_size > TRANSCRIPT_BYTES_MAX:
        file.close()
        raise InvalidInput(f"the transcript has more than {TRANSCRIPT_BYTES_MAX} bytes: it was not read")
    return file


def read_conversation(client: str, path: str) -> Conversation:
    """What was said in a session."""
    found, unread = list[tuple[int, Said]](), 0
    with open_transcript(path) as file:
        for number, line in _lines(file):
            entry = _entry(line)
            if entry is None:
                unread += 1
            elif (said := DIALECTS[client](entry)) and said.text.strip():
                found.append((number, said))
    messages = [message for number, said in _once(found) if (message := _message(number, said)).text]
    newest = messages[-MESSAGES_MAX:]
    return Conversation(tuple(newest), len(messages) - len(newest), unread)


def _is_plain(descriptor: int) -> bool:
    about = os.fstat(descriptor)
    return stat.S_ISREG(about.st_mode) and about.st_uid == os.getuid()


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Lines with their numbers, None for one that is too long; empty ones are left out."""
    number = 0
    while line := file.readline(LINE_BYTES_MAX + 1):
        number += 1
        if len(line) > LINE_BYTES_MAX:
            while line and not line.endswith(b"\n"):
                line = file.readline(LINE_BYTES_MAX)
            yield number, None
        elif line.strip():
            yield number, line


def _entry(line: bytes | None) -> dict[str, Any] | None:
    try:
        entry = json.loads(line) if line is not None else None
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def _once(found: list[tuple[int, Said]]) -> list[tuple[int, Said]]:
    """Each message once: of each role the layer that counts."""
    lowest = {role: min(s.layer for _, s in found if s.role == role) for role in {s.role for _, s in found}}
    return [(number, said) for number, said in found if said.layer == lowest[said.role]]


def _message(number: int, said: Said) -> Message:
    text = cleaned(said.text)
    return Message(id_of(said.id) or str(number), said.role, text[:TEXT_LENGTH_MAX], len(text), _moment(said.at))


def _moment(value: Any) -> datetime | None:
    """An aware time, or None: a time without a zone could be any."""
    try:
        moment = datetime.fromisoformat(value)
        return moment if moment.utcoffset() is not None else None
    except (TypeError, ValueError, OverflowError):
        return None
