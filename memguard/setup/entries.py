"""What is memguard's in a client's file, and the edits that put it there and take it out. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from memguard.errors import InvalidInput
from memguard.setup import jsonc, jsonc_edits, toml
from memguard.setup.clients import Client, Hooks
from memguard.setup.edits import Edit

_PROGRAMS = ("memguard", "memguard.exe")
_HOOKS = ("session-start", "session-end")


def put_server(client: Client, text: str, name: str, entry: Mapping[str, Any], *, replace: bool) -> list[Edit]:
    """Edits after which `name` starts memguard. What its user added to an entry of ours stays; another's is refused."""
    document = toml.parse(text) if client.is_toml else jsonc.parse(text)
    held = _held(client, document.data, name)
    if held is not None and not is_our_server(held) and not replace:
        raise InvalidInput(f"`{client.key}.{name}` is another server: give --name another, or --replace it")
    ours = held if is_our_server(held) else None
    if isinstance(document, jsonc.Document):
        whole = entry if held is None or ours is not None else jsonc_edits.Exactly(entry)
        return jsonc_edits.put(document, {client.key: {name: whole}})
    merged = {**(ours or {}), **entry}
    if "env" in entry and ours is not None:
        merged["env"] = {**ours.get("env", {}), **entry["env"]}
    return [] if merged == held else toml.put_table(document, (client.key, name), merged)


def take_server(client: Client, text: str, name: str) -> list[Edit]:
    """Edits after which `name` is gone, where it starts memguard; another's is refused."""
    document = toml.parse(text) if client.is_toml else jsonc.parse(text)
    held = _held(client, document.data, name)
    if held is None:
        return []
    if not is_our_server(held):
        raise InvalidInput(f"`{client.key}.{name}` is another server: nothing was taken out")
    if isinstance(document, jsonc.Document):
        return jsonc_edits.take(document, [(client.key, name)])
    return toml.take_table(document, (client.key, name))


def put_hooks(hooks: Hooks, text: str, commands: Mapping[str, str]) -> list[Edit]:
    """Edits after which each event runs its command. A command of ours from another place is set to this one."""
    document = jsonc.parse(text)
    wanted: dict[str, Any] = {}
    moved = list[Edit]()
    for event, command in commands.items():
        held = next(_our_hooks(hooks, document.data, event), None)
        if held is None:
            wanted[event] = jsonc_edits.Items([_hook(hooks, event, command)])
        elif held[1]["command"] != command:
            moved += jsonc_edits.set_value(document, (*held[0], "command"), command)
    if not wanted:
        return moved
    version = {} if hooks.version is None or "version" in document.data else {"version": hooks.version}
    return moved + jsonc_edits.put(document, {**version, "hooks": wanted})


def take_hooks(hooks: Hooks, text: str) -> list[Edit]:
    """Edits after which no event runs a command of ours; a group or an event that held nothing else goes with it."""
    document = jsonc.parse(text)
    paths = list[jsonc.Path]()
    for event in (hooks.start, hooks.end):
        ours = [path for path, _ in _our_hooks(hooks, document.data, event)]
        if ours:
            paths += _largest(document.data, event, ours, is_grouped=hooks.is_grouped)
    return jsonc_edits.take(document, paths) if paths else []


def is_our_server(entry: Any) -> bool:
    """Whether an entry starts `memguard serve`, from wherever."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("command"), str):
        return False
    arguments = entry.get("args")
    return _program(entry["command"]) in _PROGRAMS and isinstance(arguments, list) and arguments[:1] == ["serve"]


def is_our_hook(handler: Any) -> bool:
    """Whether a command is `memguard hook session-...`, from wherever."""
    if not isinstance(handler, Mapping) or not isinstance(handler.get("command"), str):
        return False
    try:
        words = shlex.split(handler["command"])
    except ValueError:
        return False
    return len(words) > 2 and _program(words[0]) in _PROGRAMS and words[1] == "hook" and words[2] in _HOOKS


def _program(command: str) -> str:
    return re.split(r"[\\/]", command)[-1].lower()


def _held(client: Client, data: Mapping[str, Any], name: str) -> Any:
    servers = data.get(client.key, {})
    if not isinstance(servers, Mapping):
        raise InvalidInput(f"`{client.key}` does not hold {'a table' if client.is_toml else 'an object'}")
    return servers.get(name)


def _hook(hooks: Hooks, event: str, command: str) -> dict[str, Any]:
    if not hooks.is_grouped:
        return {"command": command}
    handler: dict[str, Any] = {"type": "command", "command": command}
    if hooks.timeouts_s is not None:
        handler["timeout"] = hooks.timeouts_s[event == hooks.end]
    return {"hooks": [handler]}


def _our_hooks(hooks: Hooks, data: Mapping[str, Any], event: str) -> Iterator[tuple[jsonc.Path, Any]]:
    """The handlers of ours under an event, with where they stand."""
    events = data.get("hooks", {})
    if not isinstance(events, Mapping):
        raise InvalidInput("`hooks` does not hold an object")
    items = events.get(event, [])
    if not isinstance(items, list):
        raise InvalidInput(f"`hooks.{event}` does not hold an array")
    for i, item in enumerate(items):
        handlers = item.get("hooks") if hooks.is_grouped and isinstance(item, Mapping) else None
        found = enumerate(handlers) if isinstance(handlers, list) else () if hooks.is_grouped else ((None, item),)
        for j, handler in found:
            if is_our_hook(handler):
                yield ("hooks", event, i) if j is None else ("hooks", event, i, "hooks", j), handler


def _largest(data: Mapping[str, Any], event: str, ours: list[jsonc.Path], *, is_grouped: bool) -> list[jsonc.Path]:
    """Instead of all handlers of a group the group, instead of all groups the event."""
    items = data["hooks"][event]
    if is_grouped:
        whole = {path[2] for path in ours if len(items[path[2]]["hooks"]) == sum(p[2] == path[2] for p in ours)}
    else:
        whole = {path[2] for path in ours}
    if len(whole) == len(items):
        return [("hooks", event)]
    return [("hooks", event, i) for i in sorted(whole)] + [path for path in ours if path[2] not in whole]
