"""What a connection is: its agent's name, what it sees, and how much it may change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard.intake import name
from memguard_server.session import CHANGES_MAX, CHANGES_SECONDS, UNNAMED, Budget, Refused, Session, agent_name


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_an_hours_changes_are_counted_and_come_back() -> None:
    clock = Clock()
    budget = Budget(clock)
    for _ in range(CHANGES_MAX):
        budget.spend()
        clock.now += 1
    assert budget.left() == 0
    with pytest.raises(Refused, match="30 memories were changed"):
        budget.spend()
    clock.now += CHANGES_SECONDS - CHANGES_MAX  # the first is an hour old
    assert budget.left() == 1
    budget.spend()
    with pytest.raises(Refused):
        budget.spend()


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        ("claude-code", "claude-code"),
        ("  Cursor\n\tIDE  ", "Cursor IDE"),
        ("a\u202eb\x00c", "a b c"),
        ("x" * 100, "x" * 64),
        ("", UNNAMED),
        ("\u200b\n", UNNAMED),
        (None, UNNAMED),
        (7, UNNAMED),
    ],
)
def test_an_agents_name_is_one_visible_line(named: object, shown: str) -> None:
    assert agent_name(named) == shown


@given(st.text())
def test_every_agents_name_can_be_kept(named: str) -> None:
    shown = agent_name(named)
    assert shown.isprintable()
    assert 1 <= len(shown) <= 64
    assert shown == agent_name(shown) == name(shown, "agent_id")


def test_a_session_sees_its_project_and_what_holds_everywhere() -> None:
    here = Session("ana", "agent", "/site")
    assert [here.sees(environment) for environment in ("/site", None, "/site/deeper", "/sit", "/shop")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    nowhere = Session("ana", "agent", None)
    assert nowhere.sees(None)
    assert not nowhere.sees("/site")
    assert nowhere.run_id != here.run_id
