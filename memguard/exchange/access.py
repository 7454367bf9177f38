"""Everything that is held about an owner in one readable file: what Art. 15 and 20 GDPR let a person ask for.

One snapshot of the vault, plain JSON, and names of fields that are explained in the file itself. Nothing is hidden by a
grant, by its expiry or by being held for review: the file is for the owner's eyes, and is registered as an export.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from memguard.clock import from_micros, now
from memguard.exchange.bundle import write_registered
from memguard.privacy.placeholders import PLACEHOLDER
from memguard.privacy.reveal import Reveal
from memguard.records import Record
from memguard.vault import account, copies, rows
from memguard.vault.connection import Session
from memguard.vault.home import Home
from memguard.vault.store import Vault

FORMAT = 1
FIELDS = {
    "owner": "whose memories these are",
    "made_at": "when this file was made; all times are ISO 8601",
    "memories": "each with its text and where it came from: author (who wrote it), actor (who speaks or acts in it), "
    "environment (the project), source and origin (whose words, from where), happened_at, recorded_at, valid_from, "
    "valid_to, expires_at (hidden from then on, and erased soon after), metadata, status (held: not shown to agents), "
    "key (of stores from before keys were hashed)",
    "versions": "earlier wordings of a memory, and when each was replaced",
    "superseded_by": "ids of later memories that replaced it",
    "derived_from": "ids of the memories it was said to be made from",
    "supersessions": "which memory replaced which, said by the caller or found by comparing",
    "lineage": "what a memory was made from: given by the caller, or recalled in its run before it was added",
    "shown_to_runs": "which run of an agent was shown which memory",
    "evidence": "who speaks for or against a memory",
    "events": "what happened to a memory, and when",
    "placeholders": "what stands for personal data where memories are stored and searched: the value, the memories "
    "that hold it, whether a text for a model had it, and when somebody asked what it stands for",
    "legal_holds": "what a person has ordered to be kept, and why; whole: all of it",
    "erasures_owed": "erasures whose certificate is still to be issued",
    "copies": "backups and exports that memguard wrote, and what lies there now; copies made by other programs it "
    "does not know",
    "not_in_here": "tables that hold nothing more about anybody, and why",
}
"""The members of the file, and what each means."""


def write_access(home: Home, vault: Vault, owner: str, path: Path, reveal: Reveal) -> int:
    """Write the file, readable by its user alone; returns how many memories are in it."""
    counted: list[int] = []

    def made() -> bytes:
        found = document(vault, owner, reveal)
        counted.append(len(found["memories"]))
        return json.dumps(found, ensure_ascii=False, indent=1, default=_plain).encode()

    write_registered(home, vault, path, made)
    return counted[0]


def document(vault: Vault, owner: str, reveal: Reveal) -> dict[str, Any]:
    """All that a vault holds, in one snapshot. Times are aware datetimes."""
    with vault.reading() as session:
        held = account.sections(session, vault.seals)
        memories = _memories(session, reveal)
        registered = copies.listed(session, vault.seals)
    values = {each["placeholder"]: each["value"] for each in held["placeholders"]}
    for row, name in [(row, "author") for row in held["evidence"]] + [(row, "run") for row in held["shown_to_runs"]]:
        row[name] = PLACEHOLDER.sub(lambda match: values.get(match[0], match[0]), row[name])
    return {
        "memguard_access": FORMAT,
        "fields": FIELDS,
        "owner": owner,
        "made_at": from_micros(now()),
        "memories": memories,
        **held,
        "copies": [_copy(row) for row in registered],
        "not_in_here": account.LEFT_OUT,
    }


def _memories(session: Session, reveal: Reveal) -> list[dict[str, Any]]:
    more, numbers = account.of_memories(session), partial(rows.number_of, session)
    return [
        {**_shown(record), **more[record.id], "versions": rows.versions(session, numbers(record.id), reveal)}
        for record in rows.listed(session, "1", (), -1, 0, reveal)
    ]


def _shown(record: Record) -> Mapping[str, Any]:
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def _copy(row: copies.Row) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "path": str(row.path),
        "made_at": from_micros(row.made_at),
        "state": row.state,
        "now": copies.state_of(row),
    }


def _plain(value: Any) -> Any:
    """Times and versions as JSON."""
    return value.isoformat() if isinstance(value, datetime) else dataclasses.asdict(value)
