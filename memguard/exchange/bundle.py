"""An owner's memories in one file: sealed under a passphrase, or readable JSON where the caller asks for it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from memguard.clock import now
from memguard.errors import BundleError, InvalidInput
from memguard.exchange.readers import EXPORT_FORMAT
from memguard.privacy.reveal import Reveal
from memguard.records import Record
from memguard.retrieval.scope import unexpired
from memguard.vault import copies, marks, rows
from memguard.vault.files import mapped_os_errors, write_whole
from memguard.vault.home import Home
from memguard.vault.passphrase import HEADER, sealed, unsealed
from memguard.vault.store import Vault

FILE_BYTES_MAX = 1 << 30


def write_bundle(
    home: Home, vault: Vault, path: Path, reveal: Reveal, *, passphrase: str | None, readable: bool
) -> int:
    """Write every memory that has not expired; returns how many."""
    if readable == (passphrase is not None):
        raise InvalidInput("an export is sealed under a passphrase, or readable: choose one")
    counted: list[int] = []

    def made() -> bytes:
        data, count = _document(vault, reveal)
        counted.append(count)
        return data if passphrase is None else sealed(data, passphrase)

    write_registered(home, vault, path, made)
    return counted[0]


def write_registered(home: Home, vault: Vault, path: Path, made: Callable[[], bytes]) -> None:
    """Write what `made` reads of a vault to a file, registered as an export, or to a pipe, registered as given away.

    The lock is held from the reading on: an erasure that comes in between finds this export when it looks for copies.
    """
    place = marks.place_of(path)
    with copies.one_at_a_time(home):
        data = made()
        if not marks.is_stream(place):
            with copies.registered([vault], place, marks.mark_of_export(data)):
                write_whole(place, data, "the export")
            return
        copies.note_given_away(vault, path.absolute(), "export")
    _pour(place, data)  # outside: who reads the pipe may take their time


def _document(vault: Vault, reveal: Reveal) -> tuple[bytes, int]:
    """The readable form of every memory that has not expired, and how many they are."""
    lasting = unexpired(now())
    with vault.reading() as session:
        found = rows.listed(session, lasting.sql, lasting.parameters, -1, 0, reveal)
    document = {"memguard_export": EXPORT_FORMAT, "memories": _exported(found)}
    return json.dumps(document, ensure_ascii=False, indent=1).encode(), len(found)


def _pour(path: Path, data: bytes) -> None:
    """Write to a pipe or a descriptor. Nothing is made where there is none."""
    with mapped_os_errors("the export"), os.fdopen(os.open(path, os.O_WRONLY), "wb") as stream:
        stream.write(data)


def is_sealed(path: Path) -> bool:
    """Whether a file asks for a passphrase."""
    try:
        with path.open("rb") as file:
            return file.read(len(HEADER)) == HEADER
    except OSError:
        raise BundleError("the file cannot be read") from None


def opened(path: Path, passphrase: str | None) -> str:
    """The text of a file to import, unsealed where it is a bundle."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise InvalidInput("the file is larger than a gibibyte: split it")
        data = path.read_bytes()
    except OSError:
        raise BundleError("the file cannot be read") from None
    if data.startswith(HEADER):
        if passphrase is None:
            raise BundleError("this bundle is sealed: give its passphrase")
        data = unsealed(data, passphrase)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BundleError("the file is not UTF-8 text") from None


def _exported(found: list[Record]) -> list[dict[str, Any]]:
    earlier_of: dict[str, list[str]] = {}
    for record in found:
        for later in record.superseded_by:
            earlier_of.setdefault(later, []).append(record.id)
    return [_line(record, earlier_of.get(record.id, [])) for record in found]


def _line(record: Record, supersedes: list[str]) -> dict[str, Any]:
    line = {
        "id": record.id,
        "text": record.text,
        "actor": record.actor,
        "agent_id": record.agent_id,
        "run_id": record.run_id,
        "environment": record.environment,
        "source": record.source,
        "origin": record.origin,
        "happened_at": record.happened_at or record.recorded_at,
        "valid_from": record.valid_from,
        "valid_to": record.valid_to,
        "expires_at": record.expires_at,
        "metadata": record.metadata,
        "derived_from": list(record.derived_from),
        "supersedes": supersedes,
    }
    shown = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in line.items()}
    return {name: value for name, value in shown.items() if value not in (None, [], {})}
