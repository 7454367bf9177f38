"""Payloads and transcripts that nobody should have written: one line, no content in it, and the client goes on."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memguard.errors import InvalidInput
from memguard.hooks.transcripts import open_transcript
from tests.checks import MARKER
from tests.hooks.conftest import Agent, claude

OUTSIDE = "lies outside the home folder"
NO_FILE = "no plain file of this user's"
MISSING = "not there, or cannot be read"


def link_out(agent: Agent) -> str:
    link = agent.home / "link.jsonl"
    link.symlink_to("/etc/passwd")
    return str(link)


def link_to_folder(agent: Agent) -> str:
    (agent.home / "etc").symlink_to("/etc")
    return str(agent.home / "etc" / "passwd")


def pipe(agent: Agent) -> str:
    os.mkfifo(agent.home / "pipe")
    return str(agent.home / "pipe")


def listening(agent: Agent) -> str:
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(agent.home)  # a socket's whole path has about a hundred characters at most
        try:
            made.bind("s")
        finally:
            os.chdir(here)
    return str(agent.home / "s")


def circle(agent: Agent) -> str:
    (agent.home / "a").symlink_to("b")
    (agent.home / "b").symlink_to("a")
    return str(agent.home / "a")


def too_long(agent: Agent) -> str:
    path = agent.home / "long.jsonl"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    return str(path)


def sibling(agent: Agent) -> str:
    """Its name begins with that of the home folder."""
    path = agent.home.with_name(agent.home.name + "-2")
    path.write_text("{}")
    return str(path)


PATHS: list[tuple[Callable[[Agent], str], str]] = [
    (lambda _: "/etc/shadow", OUTSIDE),
    (lambda _: "/dev/zero", OUTSIDE),
    (lambda _: "/proc/self/environ", OUTSIDE),
    (lambda agent: f"{agent.home}/../../../../../../../../../etc/passwd", OUTSIDE),
    (lambda _: "t.jsonl", MISSING),
    (lambda agent: str(agent.home), NO_FILE),
    (lambda agent: f"{agent.home}/nothing.jsonl", MISSING),
    (lambda agent: f"{agent.home}/{'x' * 300}", MISSING),
    (link_out, OUTSIDE),
    (link_to_folder, OUTSIDE),
    (sibling, OUTSIDE),
    (pipe, NO_FILE),
    (listening, MISSING),
    (circle, MISSING),
    (too_long, "more than 67108864 bytes"),
]


@pytest.mark.parametrize(("named", "said"), PATHS)
def test_a_path_that_is_no_transcript_is_refused(agent: Agent, named: Callable[[Agent], str], said: str) -> None:
    ran = agent.hook("session-end", agent.payload(transcript_path=named(agent)))
    assert (ran.code, ran.out) == (0, "")
    (line,) = ran.err.splitlines()
    assert said in line


def test_a_relative_path_is_refused_even_where_it_leads_home(agent: Agent) -> None:
    agent.transcript(claude("user", MARKER))
    ran = agent.hook("session-end", agent.payload(transcript_path="../../.claude/projects/t.jsonl"))
    assert OUTSIDE in ran.err


def test_a_link_within_the_home_folder_is_followed(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    path = agent.transcript(claude("user", MARKER))
    link = agent.home / "link.jsonl"
    link.symlink_to(path)
    monkeypatch.setenv("HOME", str(agent.home))
    with open_transcript(str(link)) as file:
        assert MARKER.encode() in file.read()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_file_is_refused(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    path = agent.transcript(claude("user", MARKER))
    os.chown(path, 12_345, 12_345)
    monkeypatch.setenv("HOME", str(agent.home))
    with pytest.raises(InvalidInput, match=NO_FILE):
        open_transcript(str(path))


def test_where_the_home_folder_is_everything_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/")
    with pytest.raises(InvalidInput, match=OUTSIDE):
        open_transcript("/etc/passwd")


HOSTILE = (
    b"not json",
    b"[" * 200_000,
    b'{"type": "user", "message"',
    b"\xff\xfe\x00",
    b"7",
    b'{"n": ' + b"9" * 5_000 + b"}",
    json.dumps(claude("user", "x" * 10_485_760)).encode(),
)
"""Lines that are counted."""
WRONG_TYPES: tuple[dict[str, Any], ...] = (
    {},
    {"type": 7, "message": []},
    {"type": ["user"], "message": {"content": MARKER}},
    {"type": {"user": 1}, "role": {"a": 1}, "payload": 7},
    claude("user", None),
    claude("user", 7),
    claude("user", {"text": MARKER}),
    claude("user", [7, None, {}, {"type": "text"}, {"type": "text", "text": 7}, {"type": 7, "text": MARKER}]),
    claude("user", "   \n"),
    claude("user", "\0"[:0]),
)
"""Lines that say nothing."""


def test_a_transcript_of_rubbish_loses_none_of_what_was_said(agent: Agent) -> None:
    good = claude("user", f"a\0b\ud800 {MARKER}", {"no": "id"}, timestamp=7), claude("user", "Fine", "x" * 5_000)  # type: ignore[arg-type]  # no client sends it
    path = agent.transcript(*HOSTILE, *WRONG_TYPES, good[0], b"", *HOSTILE, good[1])
    assert agent.end(path) == f"memguard: unreadable lines of the transcript: {2 * len(HOSTILE)}\n"
    odd, fine = agent.stored(2)
    assert odd.text == f"a\ufffdb\ufffd\ufffd\ufffd {MARKER}"
    assert fine.text == "Fine"
    assert odd.happened_at is None


@pytest.mark.parametrize("client", ["claude-code", "cursor", "codex"])
def test_a_file_that_is_no_transcript_is_told_without_its_words(agent: Agent, client: str) -> None:
    path = agent.transcript(MARKER.encode(), *WRONG_TYPES[:4])
    line = agent.end(path, client)
    assert line == (
        "memguard: the transcript holds no messages that memguard can read; unreadable lines of the transcript: 1\n"
    )
    assert agent.captured() == []


def test_ids_that_cannot_stand_in_a_key_do_not(agent: Agent) -> None:
    path = agent.transcript(claude("user", "One"), name="from-the-file.jsonl")
    for session in ("s\n1", "x" * 129, "", 7, None, {"a": 1}):
        ran = agent.hook("session-end", agent.payload(path, session_id=session))
        assert tuple(ran) == (0, "", "")
    (record,) = agent.stored(1)
    assert record.run_id == "from-the-file"
