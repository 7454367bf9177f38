"""copies that memguard made -> erase in each backup, remove exports where asked -> what was reached, what was not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from memguard.errors import VaultError
from memguard.forgetting.copies import Copy, copies_of, erase_in_backup, remove_export
from memguard.forgetting.look import mended
from memguard.outcomes import Check
from memguard.vault.home import Home
from memguard.vault.store import Vault

EXPORT_LIES = "an export lies where it was written and may hold it: forget with --exports, or remove it, then --resume"
WHAT = "backups that may hold it, erased in and looked at byte for byte"


class Reached(NamedTuple):
    """What became of the copies: what was looked at, what is waited for, and what cannot be looked at."""

    checks: list[Check]
    pending: list[str]
    not_checked: list[str]


def reach_copies(
    home: Home, vault: Vault, owner: str, lowest: int, erase: Callable[[Vault], object], *, exports: bool
) -> Reached:
    """Erase in every backup that can hold memories numbered `lowest` or higher. After the erasure has committed."""
    found = copies_of(home, vault, lowest)
    backups = [copy for copy in found if copy.kind == "backup" and copy.state == "there"]
    entry = home.contents().vaults[owner]
    left = [
        reason
        for copy in backups
        if (reason := erase_in_backup(home, entry, copy, lambda it: _cleaned(it, erase)).reason)
    ]
    checks = [Check(WHAT, len(backups), {"backup that was not reached": len(left)} if left else {})] if backups else []
    pending = [EXPORT_LIES] if _exports(home, vault, found, remove=exports) else []
    return Reached(checks, pending, [*_elsewhere(found), *_reasons(left)])


def exports_left(home: Home, vault: Vault, *, remove: bool) -> list[str]:
    """The paths of exports that lie where they were written, all removed first if asked. Backups open no more without
    the vault's key; an export holds what it held."""
    try:
        found = copies_of(home, vault)
    except VaultError:  # the register goes with its vault
        return []
    return [str(copy.path) for copy in _exports(home, vault, found, remove=remove)]


def _cleaned(vault: Vault, erase: Callable[[Vault], object]) -> None:
    """Erase in a backup's vault, and look: a backup with residues is not put back."""
    erase(vault)
    if any(checked.residues for checked in mended(vault)):
        raise VaultError("something is left in the backup")


def _exports(home: Home, vault: Vault, found: Sequence[Copy], *, remove: bool) -> list[Copy]:
    """Exports that lie where they were written, without those that could be removed where this is asked."""
    there = [copy for copy in found if copy.kind == "export" and copy.state == "there"]
    return [copy for copy in there if not (remove and remove_export(home, vault, copy).reached)]


def _elsewhere(found: Sequence[Copy]) -> list[str]:
    counts = Counter((copy.kind, copy.state) for copy in found if copy.state != "there")
    return [f"{kind}s that memguard wrote and that are {state} now: {n}" for (kind, state), n in sorted(counts.items())]


def _reasons(left: Sequence[str]) -> list[str]:
    return [f"a backup, since {reason}" for reason in dict.fromkeys(left)]
