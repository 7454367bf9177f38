"""`memguard setup` for every client: what is written where, shown before, asked about, and taken out again."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import shlex
import stat
from pathlib import Path

import pytest

from memguard.setup.clients import CLIENTS
from memguard.setup.verb import CLIENT_NAMES
from tests.setup.conftest import COMMAND, FILES, KEYS, SECRET, User, handlers, installed, server

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
