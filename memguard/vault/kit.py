"""The recovery kit: the keys of every vault under a passphrase, for the day the keyring is lost.

A kit holds what the keyring held when it was made. Destroying an owner rotates the master, which makes older kits
stale: they still hold that owner's key, so a new kit is to be made and the old one thrown away.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

from memguard.errors import BundleError
from memguard.vault.files import write_whole
from memguard.vault.home import Home
from memguard.vault.keyfile import Entry
from memguard.vault.passphrase import sealed, unsealed

FORMAT = 1


def write_kit(home: Home, path: Path, passphrase: str) -> int:
    """Seal every vault's key under a passphrase; returns how many."""
    with home.keyring.changing() as contents:
        document = {
            "memguard_kit": FORMAT,
            "home": home.keyring.home_id,
            "vaults": {name: [e.vault_id, base64.b64encode(e.key).decode()] for name, e in contents.vaults.items()},
        }
        write_whole(path, sealed(json.dumps(document).encode(), passphrase))
        home.keyring.save(replace(contents, kit_generation=contents.generation))
    return len(contents.vaults)


def read_kit(home: Home, path: Path, passphrase: str) -> int:
    """Make the keyring of a home that lost it; returns how many vaults it opens. Never over an existing keyring."""
    try:
        document = json.loads(unsealed(path.read_bytes(), passphrase))
        if document["memguard_kit"] != FORMAT:
            raise BundleError("this recovery kit was written by a newer memguard")
        vaults = {name: Entry(vault_id, base64.b64decode(key)) for name, (vault_id, key) in document["vaults"].items()}
        home.bring_keys(str(document["home"]), vaults)
    except OSError:
        raise BundleError("the recovery kit cannot be read") from None
    except (KeyError, ValueError, TypeError, AttributeError):
        raise BundleError("this is not a recovery kit") from None
    return len(vaults)


def stale(home: Home) -> bool:
    """Whether a recovery kit was made before the last rotation of the master."""
    contents = home.contents()
    return 0 < contents.kit_generation < contents.generation
