"""What is looked at after an erasure, and what is mended before it is said: the vault's pages and the home's files."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence, Set

from memguard.forgetting.clean import clean
from memguard.forgetting.closed_world import look
from memguard.forgetting.files import files
from memguard.forgetting.findings import Checked, Residue
from memguard.outcomes import Check
from memguard.vault.home import Home
from memguard.vault.store import Vault

ROUNDS = 3
"""Times that residues are taken out: by the small remedies, and at last by making the whole file anew."""
FILE_LOOKS = 5
FILE_PAUSE_SECONDS = 0.2
"""Another process may just be making a file: what is a residue stays."""
WAITING = frozenset({"pending", "log"})
"""What only waiting takes out."""
LOG_IN_USE = "the vault's log could not be emptied: somebody reads or writes; forget with --resume once they have ended"
NOT_LOOKED_AT = ("backups and exports that were moved or copied since memguard wrote them",)


SAID = {
    "pages": "pages of the vault, each byte accounted for",
    "schema": "tables, indexes and triggers, as the migrations make them",
    "words": "words of the index, against those of the surviving texts",
    "relations": "rows that have to belong to a surviving one",
    "sealed values": "sealed values, against the placeholders they stand for",
    "log": "bytes of the write-ahead log",
    "files": "files and folders of the home, named by the store",
}
"""How a certificate calls what was looked at."""


def looked(home: Home, vault: Vault) -> tuple[list[Check], list[str]]:
    """The closed world of a vault and its home's files, without what SQLite or a crash left; and what is pending."""
    home.remove_leaving()
    found = mended(vault)
    kinds = {residue.kind for checked in found for residue in checked.residues}
    pending = [LOG_IN_USE] if kinds & WAITING else []
    left = [_without(checked, WAITING) for checked in found]
    return [*checks(left), *checks([lasting(home)])], pending


def mended(vault: Vault) -> list[Checked]:
    """The closed world of a vault, after what SQLite left of its own accord was taken out."""
    found = look(vault)
    for attempt in range(ROUNDS):
        residues = [residue for checked in found for residue in checked.residues if residue.kind not in WAITING]
        if not residues or not clean(vault, residues, whole_file=attempt == ROUNDS - 1):
            break
        found = look(vault)
    return found


def look_at_home(home: Home) -> list[Check]:
    """Every vault of a home, and its files: what `verify` looks at again. Nothing is mended."""
    found = [checked for owner in home.owners() for checked in look(home.vault(owner))]
    return [*_together(checks(found)), *checks([lasting(home)])]


def _together(each: Iterable[Check]) -> list[Check]:
    """The same checks of several vaults as one."""
    found: dict[str, Check] = {}
    for check in each:
        before = found.get(check.what, Check(check.what, 0))
        amounts = Counter(before.found) + Counter(check.found)
        found[check.what] = Check(check.what, before.looked_at + check.looked_at, dict(amounts))
    return list(found.values())


def checks(found: Iterable[Checked]) -> list[Check]:
    """As a certificate says them: kinds and amounts, no places."""
    return [Check(SAID.get(each.what, each.what), each.looked_at, _amounts(each.residues)) for each in found]


def _amounts(residues: Sequence[Residue]) -> dict[str, int]:
    amounts: Counter[str] = Counter()
    for residue in residues:
        amounts[residue.kind] += residue.amount
    return dict(amounts)


def _without(checked: Checked, kinds: Set[str]) -> Checked:
    return Checked(checked.what, checked.looked_at, tuple(r for r in checked.residues if r.kind not in kinds))


def lasting(home: Home) -> Checked:
    """Files under the home that belong to nothing, each time they are looked at."""
    found = files(home)
    lasting = set(found.residues)
    for _ in range(FILE_LOOKS):
        if not lasting:
            break
        time.sleep(FILE_PAUSE_SECONDS)
        lasting &= set(files(home).residues)
    return Checked(found.what, found.looked_at, tuple(lasting))
