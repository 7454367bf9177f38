"""Session end: what was said is stored by a process of its own, since clients end a hook after a second or so."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from memguard.errors import Conflict
from memguard.hooks.payload import id_of, open_vault, owner_and_home, path_of, project_here, read_payload
from memguard.hooks.transcripts import (
    MESSAGES_MAX,
    SHORTENED,
    Conversation,
    Message,
    open_transcript,
    read_conversation,
)


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be captured: where it lies and whose it will be, never what it says."""

    client: str
    session: str
    transcript: str
    project: str | None
    owner: str
    home: str | None

    def packed(self) -> bytes:
        return json.dumps(dataclasses.asdict(self)).encode()

    @classmethod
    def unpacked(cls, text: bytes) -> Self:
        return cls(**json.loads(text))


def capture_for(client: str, user: str | None, home: Path | None, say: Callable[[str], None]) -> None:
    """Check what can be checked at once, hand the work over, and say what will be left out."""
    payload = read_payload(sys.stdin)
    transcript = payload.transcript
    if transcript is None and client == "cursor":
        transcript = path_of(os.environ.get("CURSOR_TRANSCRIPT_PATH"))
    if transcript is None:
        say(f"{payload.trouble or 'the client gave no transcript'}: nothing was captured")
        return
    open_transcript(transcript).close()
    session = payload.session or id_of(Path(transcript).stem) or "unnamed"
    owner, settings = owner_and_home(user, home)
    open_vault(owner, settings)
    project = project_here(client, payload, os.environ)
    job = Job(client, session, transcript, project, owner, None if home is None else str(home.expanduser().absolute()))
    if not _handed_over(job):
        capture(job)
    _report(read_conversation(client, transcript), say)  # after: the work goes on if the client ends this here


def capture(job: Job) -> None:
    """Store a session's messages. What an earlier run stored is not stored again, and what it stored is not changed."""
    from memguard.memory import Memory

    items = [_item(job, message) for message in read_conversation(job.client, job.transcript).messages]
    with Memory(job.home) as memory:
        memory.home.vault(job.owner)
        try:
            memory.add_many(items, user_id=job.owner)
        except Conflict:  # a line was rewritten since: the others go in one by one
            for item in items:
                with contextlib.suppress(Conflict):
                    memory.add_many([item], user_id=job.owner)


def _item(job: Job, message: Message) -> dict[str, Any]:
    is_cut = message.length > len(message.text)
    metadata: dict[str, Any] = {"captured": True} | ({"shortened_from": message.length} if is_cut else {})
    return {
        "text": f"{message.text}\n{SHORTENED}" if is_cut else message.text,
        "source": message.role,
        "actor": "user" if message.role == "user" else job.client,
        "agent_id": None if message.role == "user" else job.client,
        "run_id": job.session,
        "environment": job.project,
        "happened_at": message.at,
        "metadata": metadata,
        "key": f"{job.client}:{job.session}:{message.id}",
    }


def _handed_over(job: Job) -> bool:
    """Start a process that outlives this one and has none of its pipes: a client may wait for them to close.

    `-P` keeps the working directory, which is somebody's repository, out of where Python looks for modules.
    """
    command = [sys.executable, "-P", "-m", "memguard.hooks.child"]
    nowhere = subprocess.DEVNULL
    try:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, start_new_session=True)
        assert child.stdin is not None
        with child.stdin as pipe:
            pipe.write(job.packed())  # a few kilobytes: a pipe takes them whether or not anybody reads yet
    except OSError:
        return False
    child.returncode = 0  # nobody waits for it: else Popen warns of that on the way out
    return True


def _report(read: Conversation, say: Callable[[str], None]) -> None:
    """Nothing is left out silently (promise P6)."""
    lines = list[str]()
    if not read.messages:
        lines.append("the transcript holds no messages that memguard can read")
    if read.left_out:
        lines.append(f"the newest {MESSAGES_MAX} messages are kept, {read.left_out} earlier ones are not")
    if read.unread:
        lines.append(f"unreadable lines of the transcript: {read.unread}")
    if lines:
        say("; ".join(lines))
