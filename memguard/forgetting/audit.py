"""What a home keeps of its certificates: the key that signs them, and the log that they were issued.

`audit.log` is one line of canonical JSON for each certificate: its digest, the UTC hour, versions, the hash of the
entry before, and the entry's own hash (SHA-256 of the rest of the line). No counts, no names, no ids. A chain does not
show that its end was cut off, so the sealed keyring, outside the home, holds how many entries there are and the last
one, whole. The order of every entry:

    keyring (count and entry)  ->  audit.log (the same entry)

So after a crash between the two the log lacks exactly that entry, or a part of it, and the keyring completes it. A log
that lacks more, or has more, was tampered with; cutting the last entry off alone undoes itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from memguard import __version__
from memguard.errors import HomeError, StorageFull
from memguard.forgetting.certificate import NOT_AS_WRITTEN, Certificate, issue, public_key
from memguard.forgetting.statement import Statement, Versions
from memguard.outcomes import Chain
from memguard.vault.connection import sqlite_version
from memguard.vault.files import mapped_os_errors, sync_folder
from memguard.vault.home import Home
from memguard.vault.keyfile import Contents, Logged
from memguard.vault.keyring import Keyring
from memguard.vault.migrate import schema_version

AUDIT_LOG = "audit.log"
READS_MAX = 5
"""Readers take no lock, unless others log too often to be read between two entries."""
START = "0" * 64
"""Stands for the hash of the entry before the first."""
NAMES = frozenset({"certificate", "hash", "hour", "memguard", "previous", "schema", "sqlite"})


def certify(home: Home, statement: Statement, *, owner: str, scope: Mapping[str, Any]) -> Certificate:
    """Sign a statement with the home's key and log that it was issued. Not inside `Keyring.changing`."""
    keyring = home.existing_keyring()
    with keyring.changing() as contents:
        contents = _seeded(keyring, contents)
        certificate = issue(statement, seed=contents.signing_seed, home=keyring.home_id, owner=owner, scope=scope)
        path = home.path / AUDIT_LOG
        before = _caught_up(path, contents.logged)
        entry = _entry(certificate, before)
        keyring.save(contents.beside_kit(logged=Logged(before.count + 1, entry)))
        # The keyring holds the entry now: a log that cannot be written to gets it with the next one.
        with contextlib.suppress(HomeError, StorageFull):
            _append(path, f"{entry}\n".encode())
    return certificate


def home_key(home: Home) -> bytes:
    """The 32 bytes that check this home's certificates; the key is made where there is none."""
    keyring = home.existing_keyring()
    seed = keyring.contents().signing_seed
    if not seed:
        with keyring.changing() as contents:
            seed = _seeded(keyring, contents).signing_seed
    return public_key(seed)


def examine(home: Home, certificate: Certificate | None = None) -> Chain:
    """The home's log against what its keyring knows of it, and where a certificate stands in it."""
    keyring, path = home.existing_keyring(), home.path / AUDIT_LOG
    for _ in range(READS_MAX):
        logged = keyring.contents().logged
        chain = verify_chain(path, logged, certificate)
        if keyring.contents().logged == logged:  # else somebody logged between the two
            return chain
    with keyring.changing() as contents:
        return verify_chain(path, contents.logged, certificate)


def verify_chain(path: Path, logged: Logged | None = None, certificate: Certificate | None = None) -> Chain:
    """Whether each whole line is an entry that follows from the one before, and the last is the one the keyring knows.

    The first that is not is named by its position. Without `logged` nothing tells whether the end was cut off.
    """
    lines, piece = _lines(path)
    if logged and _lacks_last(lines, piece, logged):
        lines, piece = [*lines, logged.entry.encode()], b""
    previous = START
    for position, line in enumerate(lines, start=1):
        found = _parsed(line)
        if found is None or found["previous"] != previous:
            why = "it does not follow from the one before" if found else "it is not as it was written"
            return Chain(len(lines), position, why, torn=bool(piece))
        previous = found["hash"]
    broken_at, why = _end_of(lines, piece, logged) if logged else (None, "")
    entry = _position(lines, certificate) if certificate else None
    return Chain(len(lines), broken_at, why, entry, torn=bool(piece), end_known=logged is not None)


def entries(home: Home) -> list[dict[str, Any]]:
    """The entries of the home's log that are as they were written, the oldest first."""
    return [entry for line in _lines(home.path / AUDIT_LOG)[0] if (entry := _parsed(line)) is not None]


def versions() -> Versions:
    """Those of this program."""
    return Versions(__version__, sqlite_version(), schema_version())


def _end_of(lines: Sequence[bytes], piece: bytes, logged: Logged) -> tuple[int | None, str]:
    """Where a chain that is whole in itself ends otherwise than the keyring knows."""
    if len(lines) < logged.count:
        return len(lines) + 1, "entries are missing at the end: cut off, or the log is an older copy"
    if len(lines) > logged.count or piece:
        return logged.count + 1, "the keyring knows of no entry here: it was added"
    if lines[-1] != logged.entry.encode():
        return len(lines), "it is not the entry that the keyring knows: the log was written anew"
    return None, ""


def _caught_up(path: Path, logged: Logged | None) -> Logged:
    """Finish what a crash left of the last entry; says where the log ends. What was tampered with stays as it is."""
    lines, piece = _lines(path)
    if logged is None:  # from before this keyring: a piece that nobody vouches for was never handed out
        if piece:
            _cut(path, len(piece))
        return Logged(len(lines), lines[-1].decode(errors="replace") if lines else "")
    if _lacks_last(lines, piece, logged):
        _append(path, f"{logged.entry}\n".encode()[len(piece) :])
    elif piece:
        _append(path, b"\n")  # so that the next entry does not become a part of it: it shows as altered
    return logged


def _lacks_last(lines: Sequence[bytes], piece: bytes, logged: Logged) -> bool:
    """Whether a crash came between the keyring and the log: only the last entry is missing, or its end."""
    follows = json.loads(logged.entry)["previous"] == _hash_in(lines)
    return len(lines) == logged.count - 1 and logged.entry.encode().startswith(piece) and follows


def _entry(certificate: Certificate, before: Logged) -> str:
    made = certificate.versions
    document = {
        "certificate": certificate.digest.hex(),
        "hour": certificate.issued,
        "memguard": made.memguard,
        "previous": _hash_in([before.entry.encode()] if before.count else []),
        "schema": made.schema,
        "sqlite": made.sqlite,
    }
    return _canonical({**document, "hash": _hash(document)})


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The entry of a line, None where it is not as it was written."""
    try:
        entry = json.loads(line.decode())
        as_written = _canonical(entry).encode() == line and entry.keys() == NAMES
        rest = {name: value for name, value in entry.items() if name != "hash"}
        return entry if as_written and entry["hash"] == _hash(rest) else None
    except NOT_AS_WRITTEN:
        return None


def _hash_in(lines: Sequence[bytes]) -> str:
    """The hash that an entry after these lines names. After a line that is none the chain is broken in any case."""
    last = _parsed(lines[-1]) if lines else None
    return str(last["hash"]) if last else START


def _position(lines: Sequence[bytes], certificate: Certificate) -> int | None:
    digest = certificate.digest.hex()
    return next((n for n, line in enumerate(lines, start=1) if json.loads(line)["certificate"] == digest), None)


def _lines(path: Path) -> tuple[list[bytes], bytes]:
    """Whole lines, without their newlines, and what stands behind the last newline."""
    with mapped_os_errors(AUDIT_LOG):
        try:
            *whole, piece = path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return [], b""
    return whole, piece


def _append(path: Path, data: bytes) -> None:
    with mapped_os_errors(AUDIT_LOG):
        descriptor = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)


def _cut(path: Path, length: int) -> None:
    """Take a piece of a line off the end."""
    with mapped_os_errors(AUDIT_LOG), path.open("r+b") as file:
        file.truncate(path.stat().st_size - length)
        os.fsync(file.fileno())


def _seeded(keyring: Keyring, contents: Contents) -> Contents:
    """With a signing key, saved on its own: a recovery kit that lacks it is stale."""
    if contents.signing_seed:
        return contents
    keyring.save(contents.with_seed())
    return keyring.contents()


def _hash(document: Any) -> str:
    return hashlib.sha256(_canonical(document).encode()).hexdigest()


def _canonical(document: Any) -> str:
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
