"""an owner -> destroy the vault's key with its master, then its files -> look -> certificate.

What the certificate will say is kept in the sealed keyring, written by the same rename that takes the key out: whoever
comes next after a crash issues it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from memguard.errors import VaultError
from memguard.flows.forget import count_memories
from memguard.flows.forget_copies import leave_copies
from memguard.forgetting.audit import certify, versions
from memguard.forgetting.certificate import Certificate, checked_reference
from memguard.forgetting.look import NOT_LOOKED_AT, checks
from memguard.forgetting.look import lasting as lasting_files
from memguard.forgetting.pages import PAGE, SALT, Codec
from memguard.forgetting.plan import NOT_REACHED
from memguard.forgetting.statement import Extent, Statement
from memguard.outcomes import Check
from memguard.vault import owed
from memguard.vault.home import Home
from memguard.vault.store import Vault

KITS = "recovery kits and copies of the keys folder from before: destroy them, and make a new kit"
ROTATE = "the master key is kept in the environment: rotate it, or old copies of the keyring open"


def forget_owner(home: Home, owner: str, *, reference: str, exports: bool) -> Certificate:
    """Destroy a vault with its key, look, and sign what was found. `exports` are removed too, if asked."""
    reference = checked_reference(reference)
    vault = home.vault(owner)
    _check_no_hold(vault)
    page, copies = _first_page(vault), leave_copies(home, vault, exports=exports)
    note = {
        "owner": owner,
        "extent": asdict(Extent("vault", count_memories(vault))),
        "reference": reference,
        "page": page.hex(),
        "opened_before": _opens(page, vault.page_key),
        "pending": copies.pending,
        "not_checked": copies.not_checked,
    }
    rotated = home.destroy(owner, owed=json.dumps(note))
    return _finished(home, note, rotated=rotated)


def resume_owners(home: Home) -> list[Certificate]:
    """Issue what a crash has left owed."""
    waiting = [json.loads(note) for note in home.contents().owed]
    if waiting:
        home.remove_leaving()
    return [_finished(home, note, rotated=True) for note in waiting]


def _finished(home: Home, note: dict[str, Any], *, rotated: bool) -> Certificate:
    contents = home.contents()
    page = bytes.fromhex(note["page"])
    opening = sum(_opens(page, entry.key) for entry in contents.vaults.values())
    keys = Check(
        "keys in the keyring, tried on the vault's first page",
        len(contents.vaults),
        {"key": opening} if opening else {},
        planted=1,
        planted_found=int(note["opened_before"]),
    )
    statement = Statement(
        erased=Extent(**note["extent"]),
        checks=(keys, *checks([lasting_files(home)])),
        not_checked=(*NOT_REACHED, *NOT_LOOKED_AT, KITS, *note["not_checked"]),
        pending=(*note["pending"], *(() if rotated else (ROTATE,))),
        versions=versions(),
        reference=note["reference"],
    )
    certificate = certify(home, statement, owner=note["owner"], scope={})
    with home.keyring.changing() as now:
        home.keyring.save(replace(now, owed=tuple(each for each in now.owed if json.loads(each) != note)))
    return certificate


def _check_no_hold(vault: Vault) -> None:
    """Raise `LegalHold` where anything in the vault is to be kept. One that cannot be read holds nothing back."""
    try:
        with vault.reading() as session:
            owed.check_no_hold(session, (number for (number,) in session.all("SELECT number FROM memories")))
    except VaultError:
        return


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
