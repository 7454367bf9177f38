"""What no well-behaved client sends, and clients that go away: the server answers, or ends, and the vault is whole."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from pathlib import Path

import pytest

from memguard.retrieval.embedder import PackagedEmbedder
from tests.commands import COMMAND
from tests.conftest import Places
from tests.server.conftest import Lines, environment_of

PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS, METHOD_NOT_FOUND = -32700, -32600, -32602, -32601
HEAVY = ("memguard.memory", "numpy", "faiss", "onnxruntime", "torch", "sqlcipher3", "tokenizers")
LONG = "The lantern hangs in the boat house. " * 200
"""A second's work."""
ENDLESS = LONG * 30


def test_lines_that_are_no_messages_are_answered_and_survived(lines: Lines) -> None:
    """Before the handshake, and after it."""
    check_nonsense(lines)
    lines.shake_hands()
    check_nonsense(lines)
    assert lines.ask(1, "ping") == {"jsonrpc": "2.0", "id": 1, "result": {}}
    assert lines.end() == (0, "")


def check_nonsense(lines: Lines) -> None:
    for line, code in (
        ("", PARSE_ERROR),
        ("{", PARSE_ERROR),
        ("hello", PARSE_ERROR),
        ("[]", INVALID_REQUEST),
        ("{}", INVALID_REQUEST),
        ('{"jsonrpc": "2.0"}', INVALID_REQUEST),
        ('{"jsonrpc": "1.0", "id": 1, "method": "ping"}', INVALID_REQUEST),
        ('[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', INVALID_REQUEST),
        ("[" * 100_000, PARSE_ERROR),
        ('{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"a": "\\ud800"}}', PARSE_ERROR),
    ):
        lines.send(line)
        answer = lines.answer()
        assert (answer["id"], answer["error"]["code"]) == (None, code), line[:80]
    lines.stdin.write(b"\xff\xfe\x00{\n")
    lines.stdin.flush()
    assert lines.answer()["error"]["code"] == PARSE_ERROR


def test_methods_and_parameters_that_are_wrong(lines: Lines) -> None:
    assert lines.ask(1, "tools/list")["error"]["code"] == INVALID_PARAMS  # before the handshake
    assert lines.shake_hands()["result"]["serverInfo"]["name"] == "memguard"
    assert lines.ask(1, "no/such/method")["error"]["code"] == METHOD_NOT_FOUND
    assert lines.ask(2, "tools/call")["error"]["code"] == INVALID_PARAMS
    assert lines.ask(3, "tools/call", name="add_memory", arguments="text")["error"]["code"] == INVALID_PARAMS
    assert lines.ask(4, "tools/call", name="no_such_tool", arguments={})["error"]["code"] == INVALID_PARAMS
    assert lines.ask(5, "resources/list")["error"]["code"] == METHOD_NOT_FOUND
    assert lines.ask(6, "ping")["result"] == {}
    assert lines.end() == (0, "")


def test_a_cancelled_call_is_not_answered_and_the_next_one_is(lines: Lines) -> None:
    lines.shake_hands()
    call = {"name": "add_memory", "arguments": {"text": LONG}}
    lines.send({"id": 1, "method": "tools/call", "params": call})
    lines.send({"method": "notifications/cancelled", "params": {"requestId": 1}})
    assert lines.ask(2, "ping")["id"] == 2
    listed = lines.ask(3, "tools/call", name="memory_status", arguments={})
    assert listed["id"] == 3
    assert listed["result"]["structuredContent"]["everywhere"] in (0, 1)
    code, errors = lines.end()
    assert (code, errors) == (0, "")


def held_by(home: Places, model: PackagedEmbedder) -> list[str]:
    with home.open(model) as memory:
        if "ana" not in memory.users():
            return []
        return [record.text for record in memory.get_all(user_id="ana")]


@pytest.mark.parametrize(("how", "text"), [("hangs up", LONG), ("is killed", ENDLESS), ("kills the server", LONG)])
def test_a_client_that_disappears_in_a_call_leaves_the_vault_whole(
    lines: Lines, home: Places, packaged_model: PackagedEmbedder, how: str, text: str
) -> None:
    lines.shake_hands()
    lines.ask(1, "tools/call", name="add_memory", arguments={"text": "the first"})
    lines.send({"id": 2, "method": "tools/call", "params": {"name": "add_memory", "arguments": {"text": text}}})
    if how == "kills the server":
        lines.process.kill()
        lines.process.wait()
    else:
        lines.stdin.close()
        if how == "is killed":  # nobody reads either
            lines.stdout.close()
        assert lines.process.wait(timeout=10) == 0
        assert lines.stderr.read() == b""
    assert held_by(home, packaged_model) in (["the first"], ["the first", text])


def test_a_client_that_leaves_at_once_is_let_go(home: Places, tmp_path: Path) -> None:
    """Without a word, or while the model loads in a thread: whatever that thread is in, the process ends well."""
    silent, short = (Lines(home, tmp_path, "--user", "ana") for _ in range(2))
    short.shake_hands()
    assert silent.end() == short.end() == (0, "")


def test_nothing_heavy_is_loaded_before_the_handshake(home: Places, tmp_path: Path) -> None:
    served = Lines(home, tmp_path, "--user", "ana", PYTHONPROFILEIMPORTTIME="1")
    served.shake_hands(tell=False)
    code, errors = served.end()
    loaded = {line.split("|")[2].strip() for line in errors.splitlines() if line.startswith("import time:")}
    assert code == 0
    assert "memguard_server.app" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_the_first_call_needs_no_second_try(lines: Lines) -> None:
    lines.shake_hands(tell=False)  # a client that forgets to say that it is ready
    found = lines.ask(1, "tools/call", name="search_memories", arguments={"query": "anything"})
    assert found["result"]["structuredContent"]["memories"] == []
    stored = lines.ask(2, "tools/call", name="add_memory", arguments={"text": "the first"})
    assert stored["result"].get("isError", False) is False


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "memguard: whose memory is it? give --user, or set MEMGUARD_USER (`memguard setup` writes it down)"),
        (["--user", "ana", "--directory", "/no/such"], "memguard: --directory names no folder that can be read"),
        (["--user", " "], "memguard: user_id must be a non-empty string"),
    ],
)
def test_what_is_wrong_is_said_before_any_protocol(home: Places, tmp_path: Path, words: list[str], said: str) -> None:
    served = Lines(home, tmp_path, *words)
    out, errors = served.process.communicate(timeout=60)
    assert (served.process.returncode, out, errors.decode().strip()) == (1, b"", said)


def test_on_a_terminal_it_says_what_it_waits_for_and_stops_when_told(home: Places, tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    served = subprocess.Popen(
        [COMMAND, "serve", "--user", "ana"],
        stdin=follower,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment_of(home),
        cwd=tmp_path,
    )
    try:
        assert served.stderr
        line = served.stderr.readline().decode()
        assert line.startswith("memguard waits for an MCP client on stdin.")
        assert "memguard setup" in line
        os.write(leader, json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode() + b"\n")
        assert served.stdout
        assert json.loads(served.stdout.readline())["id"] == 1  # it goes on, and serves
        served.send_signal(signal.SIGINT)
        assert served.wait(timeout=30) != 0
    finally:
        served.kill()
        served.communicate()
        os.close(leader)
        os.close(follower)
