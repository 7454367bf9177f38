"""Whose memory an entry is for, what else stands under its name, and what is printed for clients that have no file."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from tests.setup.conftest import COMMAND, SECRET, User, handlers, server


class TestTheOwner:
    def test_is_the_login_name_where_nobody_is_named(self, user: User) -> None:
        user.write(".config/memguard/settings.toml", "# mine\nthreads = 2\n")
        out = user.done("cursor")
        assert user.read(".config/memguard/settings.toml") == '# mine\nthreads = 2\nuser = "ana"\n'
        assert "`ana`" in out.splitlines()[-1]
        assert "already set up" in user.done("cursor")

    def test_is_settled_also_where_the_server_is_there(self, user: User) -> None:
        user.done("cursor", "--user", "ben")
        user.done("cursor")
        assert tomllib.loads(user.read(".config/memguard/settings.toml")) == {"user": "ana"}
        assert server(user, "cursor")["env"] == {"MEMGUARD_USER": "ben"}  # what its user added stays

    def test_stays_the_one_in_settings(self, user: User) -> None:
        user.write(".config/memguard/settings.toml", 'user = "ben"\n')
        user.done("cursor")
        assert user.read(".config/memguard/settings.toml") == 'user = "ben"\n'

    def test_of_this_shell_is_pointed_out(self, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MEMGUARD_USER", "ben")
        assert "MEMGUARD_USER" in user.done("cursor").splitlines()[-1]
        assert "MEMGUARD_USER" not in user.done("cursor", "--user", "ben").splitlines()[-1]
        assert not (user.home / ".config").exists()

    def test_is_not_asked_for_to_remove(self, user: User) -> None:
        user.done("cursor", "--remove")
        assert user.files() == []


class TestAnotherServer:
    TEXT = f'{{"mcpServers": {{"memguard": {{"command": "npx", "args": ["x", "{SECRET}"]}}}}}}\n'

    def test_is_not_touched(self, user: User) -> None:
        path = user.write(".cursor/mcp.json", self.TEXT)
        for words in ([], ["--yes"], ["--remove", "--yes"], ["--dry-run"]):
            error = user.refused("cursor", *words)
            assert str(path) in error
            assert "mcpServers.memguard" in error
        assert "--replace" in user.refused("cursor", "--yes")

    def test_is_replaced_on_demand_and_kept(self, user: User) -> None:
        user.write(".cursor/mcp.json", self.TEXT)
        user.done("cursor", "--replace")
        assert server(user, "cursor")["command"] == COMMAND
        assert "npx" not in user.read(".cursor/mcp.json")
        assert [user.read(name) for name in user.backups()] == [self.TEXT]

    def test_is_left_alone_beside_one_with_another_name(self, user: User) -> None:
        user.write(".cursor/mcp.json", self.TEXT)
        user.done("cursor", "--name", "my-memory")
        assert server(user, "cursor", name="my-memory")["command"] == COMMAND
        user.done("cursor", "--name", "my-memory", "--remove")
        assert user.read(".cursor/mcp.json") == self.TEXT

    def test_in_toml_is_refused_and_replaced_too(self, user: User) -> None:
        text = f'[mcp_servers.memguard]\ncommand = "npx" # {SECRET}\n\n[mcp_servers.memguard.env]\nT = "{SECRET}"\n'
        user.write(".codex/config.toml", text)
        assert "mcp_servers.memguard" in user.refused("codex", "--yes")
        user.done("codex", "--replace")
        assert server(user, "codex")["command"] == COMMAND
        assert SECRET not in user.read(".codex/config.toml")


class TestAnEntryOfOurs:
    @pytest.mark.parametrize("old", ["memguard", "/old/venv/bin/memguard", "C:\\\\old\\\\memguard.exe"])
    def test_from_another_place_is_set_to_this_one(self, user: User, old: str) -> None:
        entry = f'{{ "command": "{old}", "args": ["serve"], "timeout": 9, /* mine */ "env": {{"A": "{SECRET}"}} }}'
        user.write(".claude.json", f'{{"mcpServers": {{"memguard": {entry}}}}}')
        user.done("claude-code", "--user", "ana")
        assert server_with_comments(user.read(".claude.json")) == {
            **{"command": COMMAND, "args": ["serve"], "timeout": 9},
            **{"env": {"A": SECRET, "MEMGUARD_USER": "ana"}, "type": "stdio"},
        }
        assert "/* mine */" in user.read(".claude.json")

    def test_in_toml_keeps_what_was_added_to_it(self, user: User) -> None:
        text = '[mcp_servers.memguard]\ncommand = "memguard"\nargs = ["serve"]\nenabled = true\nenv = { A = "b" }\n'
        user.write(".codex/config.toml", text)
        user.done("codex", "--user", "ana")
        entry = server(user, "codex")
        assert (entry["command"], entry["enabled"]) == (COMMAND, True)
        assert entry["env"] == {"A": "b", "MEMGUARD_USER": "ana"}

    def test_goes_with_the_hooks_and_leaves_those_of_others(self, user: User) -> None:
        user.done("claude-code", "--hooks")
        path = user.home / ".claude/settings.json"
        held = json.loads(path.read_text())
        held["hooks"]["SessionStart"][0]["hooks"].append({"type": "command", "command": "other start"})
        held["hooks"]["SessionEnd"].append({"hooks": [{"type": "command", "command": "other end"}]})
        path.write_text(json.dumps(held, indent=4))
        user.done("claude-code", "--remove")
        assert handlers(user, "claude-code") == {"SessionStart": ["other start"], "SessionEnd": ["other end"]}

    def test_whose_hooks_ran_another_copy_runs_this_one(self, user: User) -> None:
        old = {"command": "'/old bin/memguard' hook session-start --client cursor", "timeout": 5}
        user.write(".cursor/hooks.json", json.dumps({"version": 1, "hooks": {"sessionStart": [{"command": "x"}, old]}}))
        user.done("cursor", "--hooks")
        assert handlers(user, "cursor") == {
            "sessionStart": ["x", f"{COMMAND} hook session-start --client cursor"],
            "sessionEnd": [f"{COMMAND} hook session-end --client cursor"],
        }
        assert '"timeout": 5' in user.read(".cursor/hooks.json")


def server_with_comments(text: str) -> Any:
    from memguard.setup.jsonc import parse

    return parse(text).data["mcpServers"]["memguard"]


class TestPrint:
    def test_shows_the_entry_that_most_clients_read(self, user: User) -> None:
        ran = user.run("print", "--user", "ana")
        entry = {"command": COMMAND, "args": ["serve"], "env": {"MEMGUARD_USER": "ana"}}
        assert json.loads(ran.out) == {"mcpServers": {"memguard": entry}}
        assert json.loads(user.run("print", "--scope", "project", "--json", "--name", "m").out) == {
            "mcpServers": {"m": {"command": "memguard", "args": ["serve"]}}
        }
        assert user.files() == []

    @pytest.mark.parametrize("word", ["--hooks", "--remove", "--replace"])
    def test_takes_nothing_else(self, user: User, word: str) -> None:
        assert user.run("print", word).code == 2


class TestTheProject:
    def test_is_the_repository_around_the_working_directory(self, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
        inside = user.project / "src" / "deep"
        inside.mkdir(parents=True)
        monkeypatch.chdir(inside)
        user.done("claude-code", "--scope", "project")
        assert "site/.mcp.json" in user.files()

    def test_is_the_working_directory_where_there_is_no_repository(
        self, user: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (user.home / "notes").mkdir()
        (user.home / ".git").mkdir()  # dotfiles: the home folder is no project all the same
        monkeypatch.chdir(user.home / "notes")
        user.done("claude-code", "--scope", "project")
        assert "notes/.mcp.json" in user.files()

    @pytest.mark.parametrize("is_linked", [False, True])
    def test_is_not_the_home_folder(self, user: User, monkeypatch: pytest.MonkeyPatch, is_linked: bool) -> None:
        if is_linked:
            (user.home.parent / "linked").symlink_to(user.home)
            monkeypatch.setenv("HOME", str(user.home.parent / "linked"))
        monkeypatch.chdir(user.home)
        assert "--scope project" in user.refused("cursor", "--scope", "project", "--yes")

    def test_has_to_be_there(self, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
        (user.home / "gone").mkdir()
        monkeypatch.chdir(user.home / "gone")
        (user.home / "gone").rmdir()
        assert user.refused("cursor", "--scope", "project", "--yes")
        user.done("cursor")
