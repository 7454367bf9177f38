"""A user of the clients: a home folder of their own with a repository in it, and `memguard setup` run there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from memguard.setup.verb import setup

SECRET = "sk-live-0123456789"  # noqa: S105 - stands for another server's
"""Stands in every other server's entry: no output may hold it."""
COMMAND = str(Path(sys.executable).with_name("memguard"))

FILES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("claude-code", "user"): (".claude.json", ".claude/settings.json"),
    ("claude-code", "project"): ("site/.mcp.json", "site/.claude/settings.json"),
    ("cursor", "user"): (".cursor/mcp.json", ".cursor/hooks.json"),
    ("cursor", "project"): ("site/.cursor/mcp.json", "site/.cursor/hooks.json"),
    ("vscode", "user"): (".config/Code/User/mcp.json",),
    ("vscode", "project"): ("site/.vscode/mcp.json",),
    ("codex", "user"): (".codex/config.toml", ".codex/hooks.json"),
    ("codex", "project"): ("site/.codex/config.toml", "site/.codex/hooks.json"),
}
"""Where each client keeps its servers and its hooks, from the home folder."""
KEYS = {"claude-code": "mcpServers", "cursor": "mcpServers", "vscode": "servers", "codex": "mcp_servers"}


class Ran(NamedTuple):
    """What the command answered; its errors are those that `memguard` prints as one line."""

    code: int
    out: str
    error: str


class User:
    """Runs `memguard setup` without a terminal, in a repository called "site"."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.project = home / "site"

    def run(self, *words: str) -> Ran:
        result = CliRunner().invoke(setup, words)
        error = "" if isinstance(result.exception, SystemExit | None) else str(result.exception)
        assert SECRET not in result.output + error
        return Ran(result.exit_code, result.stdout, error + result.stderr)

    def done(self, *words: str) -> str:
        ran = self.run(*words, "--yes")
        assert (ran.code, ran.error) == (0, "")
        return ran.out

    def json(self, *words: str) -> Any:
        return json.loads(self.done(*words, "--json"))

    def refused(self, *words: str) -> str:
        """The one line of an error; the home is as it was."""
        before = self.everything()
        ran = self.run(*words)
        assert (ran.code, ran.out) == (1, "")
        assert ran.error
        assert "\n" not in ran.error
        assert self.everything() == before
        return ran.error

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def read(self, name: str) -> str:
        return (self.home / name).read_bytes().decode()

    def everything(self) -> dict[str, tuple[int, bytes | str | None]]:
        """Every file with its mode and bytes, every link with where it points."""
        return {
            str(path.relative_to(self.home)): (
                path.lstat().st_mode,
                str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else None,
            )
            for path in sorted(self.home.rglob("*"))
        }

    def files(self) -> list[str]:
        """The files that are there, without the copies that setup keeps."""
        return [name for name, (_, held) in self.everything().items() if held is not None and "-backup-" not in name]

    def backups(self) -> list[str]:
        return [name for name in self.everything() if ".memguard-backup-" in name]


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    for variable in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    home = tmp_path / "home"
    (home / "site" / ".git").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("LOGNAME", "ana")
    monkeypatch.chdir(home / "site")
    return User(home)


def installed(user: User, *words: str, stdin: Any = subprocess.DEVNULL) -> subprocess.CompletedProcess[str]:
    """The real command, in a process of its own."""
    script = "from memguard.cli import cli, main; from memguard.setup.verb import setup; cli.add_command(setup); main()"
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LOGNAME", "CODEX_HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", script, "setup", *words],
        stdin=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=user.project,
        env=environment | {"PYTHONUTF8": "1", "PYTHONWARNINGS": "error"},
    )


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
