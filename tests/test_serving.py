"""`memguard serve` and `memguard keys token`, as far as the command line goes; what they serve is in tests/server."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from memguard.cli import cli
from tests.commands import Command
from tests.conftest import Places


@pytest.fixture
def command(home: Places) -> Command:
    return Command(home)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--http", "--user", "ana"], "--directory and --user are for stdio"),
        (["--http", "--directory", "."], "--directory and --user are for stdio"),
        (["--port", "80"], "--port is for --http"),
        (["--http", "--port", "65536"], "65536 is not in the range"),
        (["--nonsense"], "No such option"),
    ],
)
def test_wrong_usage_is_told(words: list[str], said: str) -> None:
    ran = CliRunner().invoke(cli, ["serve", *words])
    assert ran.exit_code == 2
    assert said in ran.stderr


def test_a_token_is_shown_once(command: Command) -> None:
    ran = command.run("keys", "token", "add", "claude-code")
    assert ran.code == 0
    token = ran.out.strip()
    assert token.startswith("mg_")
    assert len(token) >= 43
    assert "not shown again" in ran.err
    assert token not in ran.err
    (listed,) = command.json("keys", "token", "list")
    assert listed.keys() == {"name", "owner", "created"}
    assert (listed["name"], listed["owner"]) == ("claude-code", "ana")
    assert token not in command.run("keys", "token", "list").out


def test_a_token_may_be_another_owners(command: Command) -> None:
    made = command.json("keys", "token", "add", "team-bot", "--user", "team:web")
    assert (made["name"], made["owner"], made["token"][:3]) == ("team-bot", "team:web", "mg_")
    assert command.run("keys", "token", "list").out.startswith("team-bot  team:web  ")


def test_a_token_ends_when_it_is_revoked(command: Command) -> None:
    command.json("keys", "token", "add", "cursor")
    assert command.refused("keys", "token", "add", "cursor").startswith("memguard: there is a token of this name")
    assert command.json("keys", "token", "revoke", "cursor") == {"revoked": "cursor"}
    assert command.json("keys", "token", "list") == []
    assert command.refused("keys", "token", "revoke", "cursor").startswith("memguard: there is no token of this name")


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 65, "\u202e"])
def test_a_name_that_is_none_is_refused(command: Command, name: str) -> None:
    assert "name" in command.refused("keys", "token", "add", name)


def test_where_there_is_no_home_there_are_no_tokens(command: Command) -> None:
    assert command.json("keys", "token", "list") == []
    assert command.refused("keys", "token", "revoke", "cursor").startswith("memguard: there is no home here yet")
