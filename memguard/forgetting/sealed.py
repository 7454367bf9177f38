"""Whether what is sealed of a memory is what its placeholders stand for: as many values in each field, and no more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from memguard.errors import VaultUnreadable
from memguard.forgetting.findings import Checked, Residue
from memguard.privacy.masking import NAMES, strings
from memguard.privacy.placeholders import PLACEHOLDER
from memguard.vault.connection import Session
from memguard.vault.sealing import Seals


def sealed_values(session: Session, seals: Seals) -> Checked:
    """Open every sealed blob of memories and versions, and every placeholder's value."""
    residues, looked_at = [], 0
    for place, matches in (
        ("memories", [_memory_matches(seals, *row) for row in session.execute(_MEMORIES)]),
        ("versions", [_version_matches(seals, *row) for row in session.execute(_VERSIONS)]),
        ("placeholders", [_opens(seals, value, code) for code, value in session.execute(_VALUES)]),
    ):
        looked_at += len(matches)
        if wrong := matches.count(False):
            residues.append(Residue("sealed value", place, wrong))
    return Checked("sealed values", looked_at, tuple(residues))


def counted(fields: Mapping[str, Any]) -> dict[str, int]:
    """How many placeholders stand in each field that has any."""
    found = {name: sum(len(PLACEHOLDER.findall(text)) for text in strings(value)) for name, value in fields.items()}
    return {name: count for name, count in found.items() if count}


def _memory_matches(seals: Seals, memory_id: str, blob: bytes | None, screened: str | None, *stored: Any) -> bool:
    try:
        if blob is None and (screened is None or not any("<" in value for value in stored if value)):
            return True  # before there were detectors, what looked like a placeholder was none
        text, metadata, *names = stored
        fields = {"text": text, "metadata": json.loads(metadata), **dict(zip(NAMES, names, strict=True))}
        return _values(seals, blob, memory_id) == counted(fields)
    except (TypeError, ValueError):  # a row of other types than its columns
        return False


def _version_matches(seals: Seals, memory_id: str, blob: bytes | None, text: str, metadata: str) -> bool:
    """An earlier wording: its names stand in the memory's own row, as that has them now."""
    if blob is None:
        return True
    try:
        own = {name: count for name, count in _values(seals, blob, memory_id).items() if name not in NAMES}
        return own == counted({"text": text, "metadata": json.loads(metadata)})
    except (TypeError, ValueError):
        return False


def _values(seals: Seals, blob: bytes | None, memory_id: str) -> dict[str, int]:
    """How many values are sealed of each field; `ValueError` where they do not open."""
    if blob is None:
        return {}
    try:
        values = json.loads(seals.opened(blob, memory_id))
    except VaultUnreadable:
        raise ValueError from None
    return {name: len(of_field) for name, of_field in dict(values).items()}


def _opens(seals: Seals, blob: bytes, place: str) -> bool:
    try:
        return bool(seals.opened(blob, place)) or True
    except VaultUnreadable:
        return False


_MEMORIES = """
SELECT id, sealed, screened, text, metadata, actor, agent_id, run_id, environment, source, origin FROM memories
"""
_VERSIONS = """
SELECT m.id, v.sealed, v.text, v.metadata FROM versions v JOIN memories m ON m.number = v.memory
"""
_VALUES = "SELECT code, value FROM placeholders"
