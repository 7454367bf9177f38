"""One table: where each client keeps its MCP servers and hooks, and what memguard's entries look like there. Pure.

Checked in November 2026 against the sources named beside each client; where they disagree the client's source code or a
measurement in a running client was taken before its documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from memguard.errors import InvalidInput

Scope = Literal["user", "project"]
WORKSPACE = "${workspaceFolder}"


@dataclass(frozen=True, slots=True)
class Hooks:
    """The file that holds a client's hooks, under `hooks`, and the events that begin and end a session."""

    files: Mapping[Scope, tuple[str, str]]
    start: str
    end: str
    is_grouped: bool
    """Whether an event's array holds groups, `{"hooks": [{"type": "command", ...}]}`, or the commands themselves."""
    timeouts_s: tuple[int, int] | None
    """For the start and for the end of a session; None leaves the client's own."""
    version: int | None = None
    """What `version` must be in the file."""


@dataclass(frozen=True, slots=True)
class Client:
    """`files` are (folder, path in it) by scope; folders are those of `folders_of`."""

    title: str
    files: Mapping[Scope, tuple[str, str]]
    key: str
    """The member or table that holds the servers."""
    is_toml: bool = False
    names_workspace: frozenset[Scope] = frozenset()
    """Scopes in which the client puts the workspace for `${workspaceFolder}`, and starts the server elsewhere."""
    passes_on: tuple[str, ...] = ()
    """The shell's variables that it has to be told to hand on: without them memguard would look in other folders."""
    hooks: Hooks | None = None
    no_hooks: str = ""
    """Why there are none."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """What its user has to know: by scope, and for hooks."""


CLIENTS: Mapping[str, Client] = {
    # Sources: its documentation of MCP scopes and of hooks; anthropics/claude-code#14313 ($CLAUDE_CONFIG_DIR).
    # It starts a server in the folder it was started in (#17565: `cwd` is ignored), and sets CLAUDE_PROJECT_DIR.
    # All hooks at the end of a session share 1.5 seconds, which a longer timeout of one hook raises to 60 at most.
    "claude-code": Client(
        title="Claude Code",
        files={"user": ("claude-state", ".claude.json"), "project": ("project", ".mcp.json")},
        key="mcpServers",
        hooks=Hooks(
            files={"user": ("claude", "settings.json"), "project": ("project", ".claude/settings.json")},
            start="SessionStart",
            end="SessionEnd",
            is_grouped=True,
            timeouts_s=(30, 10),
        ),
        notes={"project": "Claude Code asks each user of the repository before it starts the server"},
    ),
    # Sources: its documentation of MCP ("config interpolation": command, args, env) and of hooks. In the user's file
    # `${workspaceFolder}` is the folder of the window, while the server starts in the home folder and `cwd` is ignored:
    # measured in supermemoryai/cursor-supermemory#6 and vectorize-io/hindsight#4530. Session hooks run in 3.18 to 3.20
    # (ScriptedAlchemy/agent-bundle#546, DietrichGebert/ponytail docs/cursor-hooks.md); a user's hook runs in ~/.cursor.
    "cursor": Client(
        title="Cursor",
        files={"user": ("cursor", "mcp.json"), "project": ("project", ".cursor/mcp.json")},
        key="mcpServers",
        names_workspace=frozenset({"user", "project"}),
        hooks=Hooks(
            files={"user": ("cursor", "hooks.json"), "project": ("project", ".cursor/hooks.json")},
            start="sessionStart",
            end="sessionEnd",
            is_grouped=False,
            timeouts_s=None,
            version=1,
        ),
    ),
    # Sources: its documentation of mcp.json and of hooks; installedMcpServersDiscovery.ts and extHostMcpNode.ts, which
    # fill in variables for a folder's file only. In the user's, `${workspaceFolder}` keeps the server from starting
    # (microsoft/vscode#243526, #264535); it starts in the home folder, and can ask for the window's folders, which are
    # its MCP roots (#250078). Hooks are a preview whose format may change, and differ by the agent that runs.
    "vscode": Client(
        title="VS Code",
        files={"user": ("vscode", "mcp.json"), "project": ("project", ".vscode/mcp.json")},
        key="servers",
        names_workspace=frozenset({"project"}),
        no_hooks="VS Code's hooks are a preview whose format may change: none were set up",
    ),
    # Sources: its documentation of MCP, of configuration and of hooks; codex-rs/hooks discovery.rs (hooks.json beside
    # each config.toml, strict JSON, unknown events ignored), session_end.rs (1 second, 3 at most). A server starts in
    # the folder of the session (openai/codex#19031), and sees of the shell's variables a few common ones and those that
    # `env_vars` names (#5246). Older versions run hooks with `features.codex_hooks = true` only.
    "codex": Client(
        title="Codex",
        files={"user": ("codex", "config.toml"), "project": ("project", ".codex/config.toml")},
        key="mcp_servers",
        is_toml=True,
        passes_on=(
            *("MEMGUARD_HOME", "MEMGUARD_KEYS", "MEMGUARD_USER", "MEMGUARD_MASTER_KEY"),
            *("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"),
        ),
        hooks=Hooks(
            files={"user": ("codex", "hooks.json"), "project": ("project", ".codex/hooks.json")},
            start="SessionStart",
            end="SessionEnd",
            is_grouped=True,
            timeouts_s=(30, 3),
        ),
        notes={
            "project": "Codex reads this file in a project that it trusts",
            "hooks": "Codex runs a new hook once you trust it: type /hooks in a session",
        },
    ),
}


def folders_of(home: Path, project: Path | None, environment: Mapping[str, str], platform: str) -> dict[str, Path]:
    """The folders that clients keep their files in; no "project" where there is none."""

    def named(variable: str, otherwise: Path) -> Path:
        given = environment.get(variable)
        return Path(given).expanduser().absolute() if given else otherwise

    if platform == "win32":
        applications = named("APPDATA", home / "AppData" / "Roaming")
    elif platform == "darwin":
        applications = home / "Library" / "Application Support"
    else:
        applications = named("XDG_CONFIG_HOME", home / ".config")
    found = {
        "claude-state": named("CLAUDE_CONFIG_DIR", home),
        "claude": named("CLAUDE_CONFIG_DIR", home / ".claude"),
        "cursor": home / ".cursor",
        "vscode": applications / "Code" / "User",
        "codex": named("CODEX_HOME", home / ".codex"),
    }
    return found if project is None else {**found, "project": project}


def file_of(files: Mapping[Scope, tuple[str, str]], scope: Scope, folders: Mapping[str, Path]) -> Path:
    """Where a client keeps a file."""
    folder, name = files[scope]
    if folder not in folders:
        raise InvalidInput("the home folder is no project: go to the repository, or leave --scope project out")
    return folders[folder] / name


def arguments_of(client: Client, scope: Scope) -> list[str]:
    """The server's arguments: a client that starts it elsewhere tells it the workspace."""
    return ["serve", "--directory", WORKSPACE] if scope in client.names_workspace else ["serve"]
