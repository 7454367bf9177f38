"""an owner -> destroy the vault's key with its master, then its files -> look -> certificate.

What the certificate will say is kept in the sealed keyring, written by the same rename that takes the key out: whoever
comes next after a crash issues it.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from memguard.errors import VaultDestroyed, VaultUnreadable
from memguard.flows.forget import extent, owing
from memguard.flows.forget_copies import EXPORT_LIES, exports_left
from memguard.forgetting.audit import certify, versions
from memguard.forgetting.certificate import Certificate, checked_reference
from memguard.forgetting.look import NOT_LOOKED_AT, checks
from memguard.forgetting.look import lasting as lasting_files
from memguard.forgetting.pages import PAGE, SALT, Codec
from memguard.forgetting.plan import NOT_REACHED
from memguard.forgetting.statement import Extent, Statement
from memguard.outcomes import Check
from memguard.vault import owed, reach
from memguard.vault.connection import Session
from memguard.vault.home import Home
from memguard.vault.store import Vault

KITS = "recovery kits and copies of the keys folder from before: destroy them, and make a new kit"
NOT_TRIED = "keys on the vault's first page: it was lost, or damaged, before the owner was forgotten"
ROTATE = "the master key is kept in the environment: rotate it, or old copies of the keyring open"


def forget_owner(home: Home, owner: str, *, reference: str, exports: bool) -> Certificate:
    """Destroy a vault with its key, look, and sign what was found. `exports` are removed too, if asked."""
    reference = checked_reference(reference)
    vault = home.vault(owner)
    with contextlib.suppress(VaultDestroyed, VaultUnreadable), vault.reading() as session:
        _check_no_hold(session)  # before a file is touched; again where the key goes
    page, left = _first_page(vault), exports_left(home, vault, remove=exports)
    note = {
        "owner": owner,
        "extent": asdict(extent(vault)),
        "reference": reference,
        "page": page.hex(),
        "opened_before": _opens(page, vault.page_key),
        "exports": left,
        "generation": home.contents().generation,
    }
    home.destroy(owner, owed=json.dumps(note), check=_check_no_hold)
    with owing():
        return _finished(home, note)


def resume_owners(home: Home) -> list[Certificate]:
    """Issue what a crash has left owed, or what waits for the operator to rotate the master."""
    return [_finished(home, json.loads(note)) for note in home.contents().owed]


def _finished(home: Home, note: dict[str, Any]) -> Certificate:
    contents = home.contents()
    rotated = contents.generation > note["generation"]
    page = bytes.fromhex(note["page"])
    opening = sum(_opens(page, entry.key) for entry in contents.vaults.values())
    keys = Check(
        "keys in the keyring, tried on the vault's first page",
        len(contents.vaults),
        {"key": opening} if opening else {},
        planted=1,
        planted_found=1,
    )
    tried = note["opened_before"]  # else there is no page that its own key opens, and none to try others on
    statement = Statement(
        erased=Extent(**note["extent"]),
        checks=(*([keys] if tried else []), *checks([lasting_files(home)])),
        not_checked=(*NOT_REACHED, *NOT_LOOKED_AT, KITS, *([] if tried else [NOT_TRIED])),
        pending=(*([] if rotated else [ROTATE]), *([EXPORT_LIES] if any(map(os.path.exists, note["exports"])) else [])),
        versions=versions(),
        reference=note["reference"],
    )
    certificate = certify(home, statement, owner=note["owner"], scope={})
    if certificate.state == "complete":
        with home.keyring.changing() as now:
            home.keyring.save(replace(now, owed=tuple(each for each in now.owed if json.loads(each) != note)))
    return certificate


def _check_no_hold(session: Session) -> None:
    """Raise `LegalHold` where anything in the vault is to be kept. One that cannot be read holds nothing back."""
    owed.check_no_hold(session, reach.chosen(session, "1", ()))


def _first_page(vault: Vault) -> bytes:
    try:
        with vault.path.open("rb") as file:
            return file.read(PAGE)
    except OSError:
        return b""


def _opens(page: bytes, key: bytes) -> bool:
    """Whether a key is that of a vault with this first page: its HMAC tells."""
    if len(page) < PAGE:
        return False
    raw = np.frombuffer(page, np.uint8).reshape(1, PAGE)
    return bool(Codec(key, page[:SALT]).opened([1], raw).authentic[0])
