"""The recovery kit: every vault's key, and the one that signs, under a passphrase, for the day the keyring is lost.

A kit holds what the keyring held when it was made. Destroying an owner rotates the master, which makes older kits
stale: they still hold that owner's key, so a new kit is to be made and the old one thrown away.
"""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import replace
from pathlib import Path

from memguard.errors import BundleError
from memguard.vault.files import write_whole
from memguard.vault.home import Home
from memguard.vault.keyfile import NOT_AS_WRITTEN, SEED_BYTES, Entry
from memguard.vault.masters import KEY_BYTES
from memguard.vault.passphrase import sealed, unsealed

FORMAT = 1


def write_kit(home: Home, path: Path, passphrase: str) -> int:
    """Seal every vault's key under a passphrase; returns how many."""
    with home.existing_keyring().changing() as contents:
        contents = contents.with_seed()  # made later, it would make this kit stale
        document = {
            "memguard_kit": FORMAT,
            "home": home.keyring.home_id,
            "vaults": {name: [e.vault_id, base64.b64encode(e.key).decode()] for name, e in contents.vaults.items()},
            "signing_seed": contents.signing_seed.hex(),
        }
        write_whole(path, sealed(json.dumps(document).encode(), passphrase), "the recovery kit")
        # Saving counts the sequence up by one: whatever changes after that is not in this kit.
        home.keyring.save(replace(contents, kit_sequence=contents.sequence + 1))
    return len(contents.vaults)


def read_kit(home: Home, path: Path, passphrase: str) -> int:
    """Make the keyring of a home that lost it; returns how many vaults it opens. Never over an existing keyring."""
    try:
        document = json.loads(unsealed(path.read_bytes(), passphrase))
        if document["memguard_kit"] != FORMAT:
            raise BundleError("this recovery kit was written by a newer memguard")
        home_id = str(uuid.UUID(document["home"]))
        vaults = {owner: _entry(*found) for owner, found in document["vaults"].items()}
        seed = _seed(document.get("signing_seed", ""))
    except OSError:
        raise BundleError("the recovery kit cannot be read") from None
    except NOT_AS_WRITTEN:
        raise BundleError("this is not a recovery kit") from None
    home.bring_keys(home_id, vaults, seed)
    return len(vaults)


def _entry(vault_id: str, key: str) -> Entry:
    raw = base64.b64decode(key, validate=True)
    if len(raw) != KEY_BYTES:
        raise ValueError
    return Entry(str(uuid.UUID(vault_id)), raw)


def _seed(text: str) -> bytes:
    """The signing key's; a kit from before there was one holds none."""
    seed = bytes.fromhex(text)
    if len(seed) not in (0, SEED_BYTES):
        raise ValueError
    return seed


def stale(home: Home) -> bool:
    """Whether the keyring has changed since a recovery kit was made: a new owner, a restored or destroyed vault."""
    contents = home.contents()
    return 0 < contents.kit_sequence < contents.sequence
