"""What a line of each client's transcript says, if anybody said it: a person, or the agent to that person. Pure.

No format is promised by its client. Sources: Claude Code: the fields that its own readers pass over (isMeta,
isSidechain, isCompactSummary, isVisibleInTranscriptOnly). Cursor: agent-transcripts/*.jsonl, `{"role", "message"}`.
Codex: codex-rs/protocol items.rs (`TurnItem`); rollouts before 0.145 have `user_message` and `agent_message` instead,
and some of 0.148 only `response_item`, where what Codex itself puts in stands as a user's message too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from memguard_server.frame import NOTICE

Role = Literal["user", "agent"]


class Said(NamedTuple):
    """`layer` tells apart where a client writes the same message down several times: the lowest of a role counts."""

    role: Role
    text: str
    id: Any = None
    at: Any = None
    layer: int = 0


_ROLES: Mapping[Any, Role] = {"user": "user", "assistant": "agent"}
_NOT_SAID = ("isMeta", "isSidechain", "isCompactSummary", "isVisibleInTranscriptOnly", "isApiErrorMessage")
_CLAUDE_TAGS = (
    "system-reminder command-name command-message command-args local-command-stdout local-command-stderr "
    "local-command-caveat bash-input bash-stdout bash-stderr task-notification ide_opened_file ide_selection "
    "user-prompt-submit-hook session-start-hook"
)
_CURSOR_TAGS = (
    "timestamp system_reminder system_notification attached_files open_and_recently_viewed_files external_links "
    "user_info git_status manually_attached_skills"
)
_CODEX_ITEMS: Mapping[Any, Role] = {"UserMessage": "user", "AgentMessage": "agent"}
_CODEX_EVENTS: Mapping[Any, Role] = {"user_message": "user", "agent_message": "agent"}


def _claude_code(entry: Mapping[str, Any]) -> Said | None:
    message, role = entry.get("message"), _role(entry.get("type"))
    if role is None or not isinstance(message, Mapping) or any(entry.get(name) for name in _NOT_SAID):
        return None
    origin = entry.get("origin")
    if isinstance(origin, Mapping) and origin.get("kind", "human") != "human":
        return None
    text = _text(message.get("content"))
    if message.get("model") == "<synthetic>" or text.startswith("[Request interrupted by user"):
        return None
    return Said(role, _without(_CLAUDE, text) if role == "user" else text, entry.get("uuid"), entry.get("timestamp"))


def _cursor(entry: Mapping[str, Any]) -> Said | None:
    message, role = entry.get("message"), _role(entry.get("role"))
    if role is None or not isinstance(message, Mapping):
        return None
    text = _text(message.get("content"))
    text = _asked(text) if role == "user" else text.removesuffix("[REDACTED]")
    return Said(role, text, entry.get("uuid"), entry.get("timestamp"))


def _codex(entry: Mapping[str, Any]) -> Said | None:
    payload, at = entry.get("payload"), entry.get("timestamp")
    if not isinstance(payload, Mapping):
        return None
    kind = payload.get("type")
    item = payload.get("item")
    if entry.get("type") == "event_msg" and kind == "item_completed" and isinstance(item, Mapping):
        role = _CODEX_ITEMS.get(_name(item.get("type")))
        return Said(role, _text(item.get("content")), item.get("id"), at) if role else None
    if entry.get("type") == "event_msg" and (role := _CODEX_EVENTS.get(_name(kind))):
        return Said(role, _text(payload.get("message")), None, at, layer=1)
    if entry.get("type") == "response_item" and kind == "message" and (role := _role(payload.get("role"))):
        return Said(role, _text(payload.get("content"), own_only=role == "user"), payload.get("id"), at, layer=2)
    return None


DIALECTS: Mapping[str, Callable[[Mapping[str, Any]], Said | None]] = {
    "claude-code": _claude_code,
    "cursor": _cursor,
    "codex": _codex,
}


def cleaned(text: str) -> str:
    """Text that can be stored: no NUL, no half characters, and nothing that a hook handed out earlier."""
    text = text.replace("\0", "\ufffd")
    if not text.isascii():
        text = text.encode(errors="surrogatepass").decode(errors="replace")
    if NOTICE in text:
        lines = text.split("\n")
        ours = {place + step for place, line in enumerate(lines) if NOTICE in line for step in (0, 1)}
        text = "\n".join(line for place, line in enumerate(lines) if place not in ours)
    return text.strip()


def _role(value: Any) -> Role | None:
    return _ROLES.get(_name(value))


def _name(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _text(content: Any, *, own_only: bool = False) -> str:
    """The text parts of a message; thinking, tools and images are no text."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [p["text"] for p in parts if isinstance(p, Mapping) and _is_text(p.get("type")) and _name(p.get("text"))]
    return "\n".join(t for t in texts if not (own_only and t.lstrip().startswith(("<", "# AGENTS.md"))))


def _is_text(kind: Any) -> bool:
    return _name(kind).lower() in ("text", "input_text", "output_text")


def _tags(names: str) -> re.Pattern[str]:
    return re.compile(rf"<(/?)({'|'.join(names.split())})(?: [^<>]{{0,200}})?>")


_CLAUDE, _CURSOR, _QUERY = _tags(_CLAUDE_TAGS), _tags(_CURSOR_TAGS), _tags("user_query")


def _without(tags: re.Pattern[str], text: str) -> str:
    """The text without what stands between these tags; what is never closed stays. One pass, whatever the text."""
    kept, start, opened = list[str](), 0, None
    for found in tags.finditer(text):
        if not found[1] and opened is None:
            opened = found
        elif found[1] and opened is not None and found[2] == opened[2]:
            kept.append(text[start : opened.start()])
            start, opened = found.end(), None
    return "".join(kept) + text[start:]


def _asked(text: str) -> str:
    """Of a person's message in Cursor what the person wrote: it is wrapped, beside what Cursor adds."""
    ends = list(_QUERY.finditer(text))
    if len(ends) >= 2 and not ends[0][1] and ends[-1][1]:
        return text[ends[0].end() : ends[-1].start()]
    return _without(_CURSOR, text)
