"""The keyring's file, and the home's marker: what is in them, byte by byte. Nothing here locks or decides.

The keyring is one JSON line (format, home, sequence, master's source, generation and check value), a newline, and an
AES-256-GCM body (nonce first) that authenticates the line. The marker is plain JSON beside the vaults.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from memguard.errors import KeyringError
from memguard.vault.files import mapped_os_errors

FORMAT = 1
NONCE_BYTES = 12
SEED_BYTES = 32
NOT_AS_WRITTEN = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What reading JSON of another form raises."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One owner's vault: a random id, which names its folder, and its raw 256-bit key."""

    vault_id: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """Leave to ask over HTTP: for whose memory, since when (seconds since 1970 UTC), and the SHA-256 of the token."""

    owner: str
    created: int
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Logged:
    """Where the home's audit log ends: how many entries it has, and the last one as it stands there."""

    count: int
    entry: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What the keyring says. `leaving` are destroyed vaults whose files are still to be removed."""

    sequence: int
    generation: int
    source: str
    vaults: Mapping[str, Entry]
    leaving: tuple[str, ...] = ()
    source_before: str = ""
    """Where the master of the generation before was kept: a crash may have left it there."""
    kit_sequence: int = 0
    """The sequence when a recovery kit was last made: whatever changed since is not in it."""
    tokens: Mapping[str, Token] = field(default_factory=dict)
    """By name. A keyring from before there were tokens has none."""
    signing_seed: bytes = field(default=b"", repr=False)
    """Of the Ed25519 key that signs this home's certificates; empty until it is needed. A rotation leaves it."""
    logged: Logged | None = None
    """None where this keyring has logged nothing yet: what the log holds then came before it."""
    owed: tuple[str, ...] = field(default=(), repr=False)
    """Owners that were forgotten and whose certificates are still to be issued: what these will say, as JSON."""

    def without(self, owner: str) -> Self:
        """What is left when an owner goes: neither key nor token."""
        vaults = {name: entry for name, entry in self.vaults.items() if name != owner}
        return replace(self, vaults=vaults, tokens={n: t for n, t in self.tokens.items() if t.owner != owner})

    def with_seed(self) -> Self:
        """With a key to sign with, made where there is none."""
        return self if self.signing_seed else replace(self, signing_seed=secrets.token_bytes(SEED_BYTES))

    def beside_kit(self, **changes: Any) -> Self:
        """Changed in what no recovery kit holds: one that is complete will be complete still, once this is saved."""
        is_kit_complete = self.kit_sequence == self.sequence
        return replace(self, kit_sequence=self.sequence + 1 if is_kit_complete else self.kit_sequence, **changes)


def read_marker(path: Path) -> dict[str, Any]:
    """The home's marker: its id, and the sequence and generation of the newest keyring it has seen."""
    with mapped_os_errors(path.name):
        text = path.read_bytes()
    try:
        marker = json.loads(text)
        if marker["format"] != FORMAT:
            raise KeyringError("home.json was written by a newer memguard")
        numbers = {name: int(marker[name]) for name in ("sequence", "generation")}
        return {"home": str(uuid.UUID(marker["home"])), **numbers}
    except NOT_AS_WRITTEN:
        raise KeyringError("home.json is damaged") from None


def parsed_header(header: bytes) -> dict[str, Any]:
    try:
        about = json.loads(header)
        if about["format"] != FORMAT:
            raise KeyringError("the keyring was written by a newer memguard")
        return {
            "home": str(about["home"]),
            "sequence": int(about["sequence"]),
            "source": str(about["source"]),
            "generation": int(about["generation"]),
            "check": base64.b64decode(str(about["check"]), validate=True),
        }
    except NOT_AS_WRITTEN:
        raise KeyringError("the keyring is damaged: bring back a copy, or run `memguard keys import`") from None


def sealed(contents: Contents, key: bytes, home_id: str) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    header = json.dumps(
        {
            "format": FORMAT,
            "home": home_id,
            "sequence": contents.sequence,
            "source": contents.source,
            "generation": contents.generation,
            "check": base64.b64encode(check(key, home_id)).decode(),
        }
    ).encode()
    payload = {
        "vaults": {owner: [e.vault_id, base64.b64encode(e.key).decode()] for owner, e in contents.vaults.items()},
        "leaving": contents.leaving,
        "source_before": contents.source_before,
        "kit_sequence": contents.kit_sequence,
        "tokens": {name: [t.owner, t.created, t.digest.hex()] for name, t in contents.tokens.items()},
        "signing_seed": contents.signing_seed.hex(),
        "owed": contents.owed,
        "logged": [contents.logged.count, contents.logged.entry] if contents.logged else None,
    }
    nonce = secrets.token_bytes(NONCE_BYTES)
    return header + b"\n" + nonce + AESGCM(key).encrypt(nonce, json.dumps(payload).encode(), header)


def opened(header: bytes, body: bytes, key: bytes, about: Mapping[str, Any]) -> Contents:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        payload = json.loads(AESGCM(key).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], header))
    except (InvalidTag, ValueError):
        raise KeyringError("the keyring is damaged: bring back a copy, or run `memguard keys import`") from None
    vaults = {owner: Entry(vault_id, base64.b64decode(k)) for owner, (vault_id, k) in payload["vaults"].items()}
    return Contents(
        sequence=about["sequence"],
        generation=about["generation"],
        source=about["source"],
        vaults=MappingProxyType(vaults),
        leaving=tuple(payload["leaving"]),
        source_before=payload["source_before"],
        kit_sequence=payload.get("kit_sequence", 0),
        tokens=MappingProxyType(
            {name: Token(owner, at, bytes.fromhex(d)) for name, (owner, at, d) in payload.get("tokens", {}).items()}
        ),
        owed=tuple(payload.get("owed", ())),
        signing_seed=bytes.fromhex(payload.get("signing_seed", "")),
        logged=Logged(*payload["logged"]) if payload.get("logged") else None,
    )


def check(key: bytes, home_id: str) -> bytes:
    """Tells a wrong master from a damaged keyring, and reveals neither."""
    return hmac.new(key, f"memguard master check {home_id}".encode(), hashlib.sha256).digest()[:16]
