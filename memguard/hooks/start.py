"""Session start: the newest memories of the project and of everywhere, framed as data. No model: it is a listing."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import click

from memguard.clock import now
from memguard.hooks.payload import open_vault, owner_and_home, project_here, read_payload
from memguard.hooks.trouble import noted
from memguard.privacy.known import Known
from memguard.privacy.privacy import Privacy
from memguard.privacy.reveal import Reveal
from memguard.records import Record
from memguard.retrieval.as_stored import as_stored
from memguard.retrieval.scope import call_scope, visible
from memguard.settings import Settings
from memguard.vault import lookups, rows
from memguard.vault.connection import Session
from memguard.vault.store import Vault
from memguard_server.frame import framed

PROJECT_MAX = 12
EVERYWHERE_MAX = 6
TEXT_LENGTH_MAX = 400
"""Characters of one memory; `get_memory` has the rest."""
CONTEXT_LENGTH_MAX = 6_000
"""Characters in all. Claude Code takes 10,000."""

_CAPTURED: dict[str, Any] = {"captured": True}
_ON_PURPOSE: dict[str, Any] = {"captured": {"ne": True}}
_EVERYWHERE: dict[str, Any] = {"NOT": {"environment": "*"}}


def recall_for(client: str, user: str | None, home: Path | None, say: Callable[[str], None]) -> None:
    """Print what the client hands on to the model; nothing where nothing is stored."""
    payload = read_payload(sys.stdin)
    if payload.trouble:
        say(f"{payload.trouble}; the working directory says which project it is")
    project = project_here(client, payload, os.environ)
    owner, settings = owner_and_home(user, home)
    if failed := noted(settings.cache):
        say(f"the last session that ended was not captured: {failed}")
    memories = fitting(data_of(record) for record in chosen(open_vault(owner, settings), settings, project))
    if memories:
        click.echo(json.dumps(_envelope(client, framed({"memories": memories}))))


def chosen(vault: Vault, settings: Settings, project: str | None) -> list[Record]:
    """What was added on purpose before what was captured: two of the project to one of everywhere, newest first.

    What was captured outside any project is not shown in one.
    """
    privacy = Privacy.of(settings)
    reveal = privacy.reveal(vault.seals, settings.profile or "owner")
    known = Known(vault.seals)
    with vault.reading() as session:
        known.catch_up(session)
        newest = partial(_newest, session, privacy.label(known), reveal)
        if project is None:
            meant = newest({**_EVERYWHERE, **_ON_PURPOSE}, EVERYWHERE_MAX)
            return meant + newest({**_EVERYWHERE, **_CAPTURED}, EVERYWHERE_MAX - len(meant))
        here = {"environment": project}
        meant = newest({**here, **_ON_PURPOSE}, PROJECT_MAX)
        everywhere = newest({**_EVERYWHERE, **_ON_PURPOSE}, EVERYWHERE_MAX)
        said = newest({**here, **_CAPTURED}, PROJECT_MAX - len(meant))
    return [*_mixed(meant, everywhere), *said]


def data_of(record: Record) -> dict[str, Any]:
    """One memory as data. `cut` is how many characters of its text were left out."""
    text = record.text[:TEXT_LENGTH_MAX]
    found = {
        "id": record.id,
        "text": text,
        "cut": len(record.text) - len(text) or None,
        "author": record.author,
        "actor": record.actor if record.actor != record.author else None,
        "source": record.source,
        "on": (record.happened_at or record.recorded_at).date().isoformat(),
        "scope": "everywhere" if record.environment is None else "project",
        "captured": record.metadata.get("captured") is True or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def fitting(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that fit, framed, into what a session's start may take."""
    held = list[dict[str, Any]]()
    for item in items:
        if len(framed({"memories": [*held, item]})) <= CONTEXT_LENGTH_MAX:
            held.append(item)
    return held


def _newest(
    session: Session, label: Callable[[str], str], reveal: Reveal, filters: dict[str, Any], limit: int
) -> list[Record]:
    if limit < 1:
        return []
    within = visible(now()) & as_stored(session, call_scope(filters, {}), label, reveal)
    numbers = lookups.newest(session, within.sql, within.parameters, limit)
    found = rows.records(session, numbers, reveal)
    return [found[number] for number in numbers]


def _mixed(here: Sequence[Record], everywhere: Sequence[Record]) -> list[Record]:
    triples = zip_longest(here[::2], here[1::2], everywhere)
    return [record for record in chain.from_iterable(triples) if record is not None]


def _envelope(client: str, context: str) -> dict[str, Any]:
    """As each one's documentation of hooks has it; Codex refuses members that it does not know."""
    if client == "cursor":
        return {"additional_context": context}
    return {"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": context}}
