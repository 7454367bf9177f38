"""What each client's transcript says, in the shapes that its source or captures of it document."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from memguard.hooks.dialects import cleaned
from memguard.hooks.transcripts import read_conversation
from tests.hooks.conftest import Agent, claude, part

TAGGED = "<system-reminder>\nBe nice & <b>brief</b>\n</system-reminder>"


def said(agent: Agent, client: str, *entries: object) -> list[tuple[str, str]]:
    path = agent.transcript(*entries)
    return [(message.role, message.text) for message in read_conversation(client, str(path)).messages]


@pytest.fixture(autouse=True)
def _at_home(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(agent.home))


@pytest.mark.parametrize(
    "entry",
    [
        claude("user", "x", isMeta=True),
        claude("user", "x", isSidechain=True),
        claude("user", "x", isCompactSummary=True, isVisibleInTranscriptOnly=True),
        claude("assistant", "x", isApiErrorMessage=True),
        claude("user", "x", origin={"kind": "task-notification"}),
        claude("user", [{"type": "tool_result", "tool_use_id": "t", "content": [part("x")]}], toolUseResult={"a": 1}),
        claude("assistant", [{"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "x"}}]),
        claude("assistant", [{"type": "thinking", "thinking": "x", "signature": "x"}]),
        claude("user", "[Request interrupted by user for tool use]"),
        claude("user", TAGGED),
        claude("user", "<command-name>/clear</command-name>\n<command-args></command-args>"),
        claude("user", "<local-command-stdout>x</local-command-stdout>"),
        {"type": "assistant", "uuid": "u", "message": {"model": "<synthetic>", "content": [part("No response")]}},
        {"type": "summary", "summary": "x", "leafUuid": "u"},
        {"type": "system", "subtype": "compact_boundary", "content": "x"},
        {"type": "file-history-snapshot", "messageId": "u", "snapshot": {}},
        {"type": "attachment", "attachment": {"type": "hook_success", "content": "x"}},
    ],
)
def test_claude_code_writes_down_more_than_was_said(agent: Agent, entry: dict[str, Any]) -> None:
    assert said(agent, "claude-code", entry) == []


def test_what_was_said_in_claude_code(agent: Agent) -> None:
    image = {"type": "image", "source": {"type": "base64", "data": "x"}}
    assert said(
        agent,
        "claude-code",
        claude("user", f"{TAGGED}\nPlain {TAGGED}text"),
        claude("user", [part("First"), image, part("second")]),
        claude("assistant", [part("I saw <system-reminder> there </system-reminder>.")]),
        claude("user", "An open <system-reminder> is text"),
        claude("user", "<div>too</div>"),
    ) == [
        ("user", "Plain text"),
        ("user", "First\nsecond"),
        ("agent", "I saw <system-reminder> there </system-reminder>."),
        ("user", "An open <system-reminder> is text"),
        ("user", "<div>too</div>"),
    ]


def cursor(role: str, *content: object) -> dict[str, object]:
    return {"role": role, "message": {"content": list(content)}}


def test_what_was_said_in_cursor(agent: Agent) -> None:
    query = "<timestamp>Sunday, Aug 2, 2026</timestamp>\n<user_query>\nUse tabs <b>\n</user_query>"
    assert said(
        agent,
        "cursor",
        cursor("user", part(query)),
        cursor("assistant", part("Done.\n\n[REDACTED]"), {"type": "tool_use", "name": "Shell", "input": {}}),
        {"type": "turn_ended", "status": "completed"},
        cursor("assistant", {"type": "tool_use", "name": "Read", "input": {}}),
        {"role": "user", "message": {"content": "<attached_files>\nx\n</attached_files>Older"}},
    ) == [("user", "Use tabs <b>"), ("agent", "Done."), ("user", "Older")]


def codex(kind: str, **payload: object) -> dict[str, object]:
    return {"timestamp": "2026-11-01T10:00:00.000Z", "type": kind, "payload": payload}


def completed(kind: str, text: str, part_type: str = "text") -> dict[str, object]:
    item = {"type": kind, "id": f"item-{text}", "content": [{"type": part_type, "text": text}]}
    return codex("event_msg", type="item_completed", thread_id="t", turn_id="u", item=item)


def model_message(role: str, *texts: str) -> dict[str, object]:
    kind = "output_text" if role == "assistant" else "input_text"
    return codex("response_item", type="message", role=role, content=[{"type": kind, "text": t} for t in texts])


CODEX_START = (
    codex("session_meta", id="t", cwd="/work", originator="codex-tui"),
    model_message("developer", "You are Codex"),
    model_message("user", "# AGENTS.md instructions for /work\n\nx", "<environment_context>x</environment_context>"),
)
CODEX_NOISE = (
    codex("turn_context", model="m"),
    codex("response_item", type="function_call", name="shell", arguments="{}"),
    codex("response_item", type="reasoning", summary=[part("x")]),
    codex("event_msg", type="token_count", info=None),
    codex("event_msg", type="item_completed", item={"type": "Reasoning", "id": "r", "summary_text": ["x"]}),
    codex("event_msg", type="item_completed", item=7),
    codex("compacted", message="x"),
)


@pytest.mark.parametrize(
    "entries",
    [
        [  # 0.145 and later
            model_message("user", "Question"),
            completed("UserMessage", "Question"),
            completed("AgentMessage", "Answer", "Text"),
            model_message("assistant", "Answer"),
        ],
        [  # written down in three ways
            completed("UserMessage", "Question"),
            codex("event_msg", type="user_message", message="Question"),
            model_message("user", "Question"),
            codex("event_msg", type="agent_message", message="Answer"),
            model_message("assistant", "Answer"),
        ],
        [  # before 0.145
            codex("event_msg", type="user_message", message="Question", images=[]),
            model_message("user", "Question"),
            codex("event_msg", type="agent_message", message="Answer"),
            model_message("assistant", "Answer"),
        ],
        [model_message("user", "Question"), model_message("assistant", "Answer")],  # 0.148
    ],
)
def test_what_was_said_in_codex(agent: Agent, entries: list[dict[str, object]]) -> None:
    found = said(agent, "codex", *CODEX_START, *entries, *CODEX_NOISE)
    assert found == [("user", "Question"), ("agent", "Answer")]


def test_ids_and_times_are_the_clients_or_else_the_line(agent: Agent) -> None:
    path = agent.transcript(completed("UserMessage", "a"), model_message("assistant", "b"))
    asked, answered = read_conversation("codex", str(path)).messages
    assert (asked.id, answered.id) == ("item-a", "2")
    assert asked.at is not None
    assert asked.at.isoformat() == "2026-11-01T10:00:00+00:00"


@pytest.mark.parametrize("at", [None, 7, "", "yesterday", "2026-11-01T10:00:00", "9999-99-99T00:00:00Z"])
def test_a_time_that_is_none_is_left_out(agent: Agent, at: object) -> None:
    path = agent.transcript(claude("user", "One", timestamp=at))
    assert read_conversation("claude-code", str(path)).messages[0].at is None


@pytest.mark.parametrize("text", ["<system-reminder>" * 400_000, "</system-reminder>" * 400_000, "<" * 7_000_000])
def test_a_text_made_to_be_slow_is_not(agent: Agent, text: str) -> None:
    """Nothing here may take its square: that would be hours, so that the bound is no timing."""
    began = time.monotonic()
    ((_, found),) = said(agent, "claude-code", claude("user", text))
    assert found == text[:8_000]
    assert time.monotonic() - began < 60


def test_text_is_cleaned_of_what_cannot_be_stored() -> None:
    assert cleaned(" a\0b ") == "a\ufffdb"
    cleaned("\ud83d").encode()
    assert cleaned("é 漢 \U0001f600") == "é 漢 \U0001f600"


def test_every_transcript_is_closed(agent: Agent, tmp_path: Path) -> None:
    """Warnings are errors: an open file would be one."""
    for _ in range(3):
        assert said(agent, "codex", {}) == []
