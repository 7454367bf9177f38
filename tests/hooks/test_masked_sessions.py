"""Session hooks on what is personal: captured masked, and told at the next start as far as the profile goes."""

from __future__ import annotations

import pytest

from bench.pages import decrypted
from memguard.privacy.placeholders import PLACEHOLDER
from tests.checks import column
from tests.hooks.conftest import Agent, claude, part

SAID = "My sister Margaret Whitfield has lupus. Her password is hunter2xyz9!"
ANSWERED = "I wrote to margaret.whitfield@example.org about it."
PACKAGED = {"MEMGUARD_DETECTOR": ""}
PERSONAL = ("Margaret", "Whitfield", "lupus", "margaret.whitfield", "hunter2")


@pytest.fixture
def captured(agent: Agent) -> Agent:
    """A session whose end was captured by the packaged detector, in the hook's own process."""
    path = agent.transcript(claude("user", SAID, "u-1"), claude("assistant", [part(ANSWERED)], "u-2"))
    agent.end(path, **PACKAGED)
    agent.stored(2)
    return agent


def test_what_is_captured_is_masked_and_its_owner_reads_what_was_said(captured: Agent) -> None:
    said, answered = captured.captured()
    assert (said.text, answered.text) == (SAID.replace("hunter2xyz9!", "<Secret>"), ANSWERED)
    pages = decrypted(captured.memory, "ana")
    assert b"I wrote to " in pages
    assert [word for word in PERSONAL if word.encode() in pages] == []
    stored = column(captured.memory, "ana", "SELECT text FROM memories ORDER BY number DESC LIMIT 2")
    assert [PLACEHOLDER.sub(r"<\1>", text) for text in stored] == [
        "I wrote to <Email> about it.", "My sister <Person> has <Health>. Her password is <Secret>",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("profile", "said", "answered"),
    [
        ("", "My sister Margaret Whitfield has lupus. Her password is <Secret>", ANSWERED),
        ("balanced", "My sister Margaret Whitfield has <Health>. Her password is <Secret>", ANSWERED),
        ("strict", "My sister <Person> has <Health>. Her password is <Secret>", "I wrote to <Email> about it."),
    ],
)
def test_a_session_starts_with_what_its_profile_shows(captured: Agent, profile: str, said: str, answered: str) -> None:
    found = captured.start(MEMGUARD_PROFILE=profile)
    assert [PLACEHOLDER.sub(r"<\1>", memory["text"]) for memory in found] == [answered, said]


def test_what_was_captured_is_not_stored_again(captured: Agent) -> None:
    """Keys are kept as hashes: the same lines are known all the same."""
    path = captured.transcript(claude("user", SAID, "u-1"), claude("assistant", [part(ANSWERED)], "u-2"))
    captured.end(path.rename(path.with_name("again.jsonl")), **PACKAGED)
    path = captured.transcript(claude("user", SAID, "u-1"), claude("user", "One more", "u-3"))
    captured.end(path, **PACKAGED)
    assert captured.stored(3)[-1].text == "One more"
    assert column(captured.memory, "ana", "SELECT count(*) FROM memories WHERE key IS NOT NULL") == [0]
