"""`memguard setup` for every client: what is written where, shown before, asked about, and taken out again."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import shlex
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from memguard.setup.clients import CLIENTS
from memguard.setup.verb import CLIENT_NAMES
from tests.setup.conftest import COMMAND, FILES, KEYS, SECRET, User, installed

EVERYWHERE = [pytest.param(client, scope, id=f"{client}-{scope}") for client, scope in FILES]
OTHERS = {
    name: text.replace("SECRET", SECRET)
    for name, text in {
        "claude-code": '{\n  "numStartups": 3,\n  "mcpServers": {\n    "gh": {"env": {"T": "SECRET"}}\n  }\n}\n',
        "cursor": '{"mcpServers":{"gh":{"env":{"T":"SECRET"}}}}',
        "vscode": '\ufeff{\r\n\t// mine\r\n\t"servers": {\r\n\t\t"gh": { "key": "SECRET", }, // SECRET\r\n\t},\r\n}',
        "codex": '# mine\nmodel = "x"\n\n[mcp_servers.gh.env] # SECRET\nT = "SECRET"\n\n[projects."/a"]\nx = 1',
    }.items()
}
HOOKS = {
    name: text.replace("SECRET", SECRET)
    for name, text in {
        "claude-code": '{"hooks": {"SessionStart": [{"hooks": [{"command": "SECRET"}]}], "Stop": []}}\n',
        "cursor": '{\n  "version": 1,\n  "hooks": {\n    "stop": [\n      { "command": "SECRET" }\n    ]\n  }\n}\n',
        "codex": '{\n  "hooks": {\n    "Stop": [],\n    "SessionStart": [\n      {"matcher": "SECRET"}\n    ]\n  }\n}',
    }.items()
}


def server(user: User, client: str, scope: str = "user", name: str = "memguard") -> Any:
    text = user.read(FILES[client, scope][0]).removeprefix("\ufeff")
    held = tomllib.loads(text) if client == "codex" else json.loads(text)
    return held[KEYS[client]][name]


def handlers(user: User, client: str, scope: str = "user") -> dict[str, list[str]]:
    """The commands of each event."""
    events = json.loads(user.read(FILES[client, scope][1]))["hooks"]
    found = {}
    for event, items in events.items():
        inner = [h for item in items for h in item.get("hooks", [])] if client != "cursor" else items
        found[event] = [handler["command"] for handler in inner]
    return found


def test_the_command_offers_every_client() -> None:
    assert (*CLIENTS, "print") == CLIENT_NAMES


@pytest.mark.parametrize(("client", "scope"), EVERYWHERE)
def test_a_server_is_registered_where_its_client_looks(user: User, client: str, scope: str) -> None:
    out = user.done(client, "--scope", scope)
    assert user.files() == sorted([FILES[client, scope][0], ".config/memguard/settings.toml"])
    entry = server(user, client, scope)
    assert entry["command"] == (COMMAND if scope == "user" else "memguard")
    assert Path(COMMAND).is_file()
    told = client == "cursor" or (client, scope) == ("vscode", "project")
    assert entry["args"] == ["serve", *(["--directory", "${workspaceFolder}"] if told else [])]
    assert entry.get("type") == (None if client == "codex" else "stdio")
    assert "XDG_CONFIG_HOME" in entry.get("env_vars", ["XDG_CONFIG_HOME"])
    assert "env" not in entry
    for name in user.files():
        assert stat.S_IMODE((user.home / name).stat().st_mode) == 0o600
    assert f"wrote {user.home / FILES[client, scope][0]}\n" in out
    assert user.backups() == []


@pytest.mark.parametrize(("client", "scope"), EVERYWHERE)
def test_hooks_are_installed_where_a_client_has_them(user: User, client: str, scope: str) -> None:
    out = user.done(client, "--scope", scope, "--hooks")
    if client == "vscode":
        assert [line for line in out.splitlines() if "VS Code's hooks" in line]
        assert len(user.files()) == 2
        return
    start, end = ("sessionStart", "sessionEnd") if client == "cursor" else ("SessionStart", "SessionEnd")
    program = COMMAND if scope == "user" else "memguard"
    assert handlers(user, client, scope) == {
        start: [f"{program} hook session-start --client {client}"],
        end: [f"{program} hook session-end --client {client}"],
    }
    text = user.read(FILES[client, scope][1])
    assert ('"version": 1' in text) == (client == "cursor")
    assert ('"timeout": 3\n' in text) == (client == "codex")


@pytest.mark.parametrize(("client", "scope"), EVERYWHERE)
def test_the_second_time_changes_nothing(user: User, client: str, scope: str) -> None:
    user.done(client, "--scope", scope, "--hooks")
    before = user.everything()
    ran = user.run(client, "--scope", scope, "--hooks")  # not even a --yes is needed
    assert (ran.code, ran.out.splitlines()[0][:16]) == (0, "already set up: ")
    assert user.everything() == before
    assert user.json(client, "--scope", scope)["written"] is False


@pytest.mark.parametrize("client", KEYS)
def test_what_was_there_stays_byte_for_byte_and_comes_back(user: User, client: str) -> None:
    names = FILES[client, "user"]
    before = dict(zip(names, (OTHERS[client], HOOKS.get(client, "")), strict=False))
    for name, text in before.items():
        user.write(name, text).chmod(0o644)
    user.done(client, "--hooks")
    for name, text in before.items():
        left = iter(user.read(name))
        assert all(letter in left for letter in text)  # nothing is gone or in another order
        assert stat.S_IMODE((user.home / name).stat().st_mode) == 0o644
        (backup,) = [kept for kept in user.backups() if kept.startswith(f"{name}.memguard-backup-")]
        assert user.read(backup) == text
        assert stat.S_IMODE((user.home / backup).stat().st_mode) == 0o600
    user.done(client, "--remove")
    assert {name: user.read(name) for name in names} == before


@pytest.mark.parametrize("client", KEYS)
def test_the_installed_command_does_it(user: User, client: str) -> None:
    user.write(FILES[client, "user"][0], OTHERS[client])
    refused = installed(user, client)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
    assert user.files() == [FILES[client, "user"][0]]
    done = installed(user, client, "--yes", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert (document["client"], document["server"], document["written"]) == (client, "memguard", True)
    assert Path(document["changes"][0]["backup"]).read_bytes().decode() == OTHERS[client]
    assert SECRET not in done.stdout
    removed = installed(user, client, "--remove", "--yes")
    assert (removed.returncode, removed.stderr) == (0, "")
    assert user.read(FILES[client, "user"][0]) == OTHERS[client]


@pytest.mark.parametrize("client", KEYS)
def test_a_dry_run_shows_and_writes_nothing(user: User, client: str) -> None:
    user.write(FILES[client, "user"][0], OTHERS[client])
    before = user.everything()
    for words in (["--dry-run"], ["--dry-run", "--yes"]):
        ran = user.run(client, *words)
        assert (ran.code, ran.error) == (0, "")
        assert ran.out.startswith(f"--- {user.home / FILES[client, 'user'][0]}\n")
        assert "+++ " in ran.out
        assert '"serve"' in ran.out
        assert "wrote" not in ran.out
    document = json.loads(user.run(client, "--dry-run", "--json").out)
    assert (document["written"], document["changes"][0]["backup"]) == (False, None)
    assert user.everything() == before


@pytest.mark.parametrize(("answer", "code"), [(b"y\n", 0), (b"n\n", 1), (b"\n", 1), (b"\x04", 1)])
def test_a_terminal_is_asked(user: User, answer: bytes, code: int) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, answer)
    ran = installed(user, "cursor", stdin=theirs)
    with contextlib.suppress(OSError):
        os.close(theirs)
        os.close(ours)
    assert ran.returncode == code
    assert "Write this? [y/N]" in ran.stderr
    assert ran.stdout.startswith("--- /dev/null\n+++ ")
    assert bool(user.files()) == (code == 0)


@pytest.mark.parametrize("words", [[], ["--json"], ["--remove"]])
def test_a_pipe_is_refused_without_yes(user: User, words: list[str]) -> None:
    if words == ["--remove"]:
        user.done("cursor")
    assert "--yes" in user.refused("cursor", *words)


def test_a_link_stays_a_link_and_its_copy_lies_beside_it(user: User) -> None:
    target = user.write("dotfiles/claude.json", OTHERS["claude-code"])
    (user.home / ".claude.json").symlink_to("dotfiles/claude.json")
    user.done("claude-code")
    assert (user.home / ".claude.json").is_symlink()
    assert "memguard" in json.loads(target.read_text())["mcpServers"]
    (backup,) = user.backups()
    assert backup.startswith(".claude.json.memguard-backup-")
    user.done("claude-code", "--remove")
    assert target.read_text() == OTHERS["claude-code"]
    assert len(user.backups()) == 2  # none takes another's place


def test_folders_that_the_environment_names_are_used(
    user: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    for client in ("claude-code", "codex", "vscode"):
        user.done(client, "--hooks")
    assert user.files() == []
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert found == [
        "CLAUDE_CONFIG_DIR/.claude.json",
        "CLAUDE_CONFIG_DIR/settings.json",
        "CODEX_HOME/config.toml",
        "CODEX_HOME/hooks.json",
        "XDG_CONFIG_HOME/Code/User/mcp.json",
        "XDG_CONFIG_HOME/memguard/settings.toml",
    ]


def test_an_owner_and_a_home_that_are_given_go_into_the_entry_and_the_hooks(user: User) -> None:
    document = user.json("claude-code", "--hooks", "--user", "Ana O'Neil", "--home", "vault's")
    home = str(user.project / "vault's")
    assert server(user, "claude-code")["env"] == {"MEMGUARD_USER": "Ana O'Neil", "MEMGUARD_HOME": home}
    (command,) = handlers(user, "claude-code")["SessionStart"]
    assert shlex.split(command)[1:] == [
        *("hook", "session-start", "--client", "claude-code"),
        *("--user", "Ana O'Neil", "--home", home),
    ]
    assert document["notes"] == []
    assert not (user.home / ".config").exists()  # the owner is known: nothing to settle
    user.done("claude-code", "--remove")
    assert json.loads(user.read(".claude.json")) == {"mcpServers": {}}
    assert json.loads(user.read(".claude/settings.json")) == {"hooks": {}}


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
