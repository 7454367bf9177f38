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
    return Reached(checks, _exports(home, vault, found, remove=exports), [*_elsewhere(found), *_reasons(left)])


def leave_copies(home: Home, vault: Vault, *, exports: bool) -> Reached:
    """What a vault's copies become once its key is destroyed: backups open no more, exports hold what they held."""
    try:
        found = copies_of(home, vault)
    except VaultError:
        return Reached([], [], ["exports, as the vault that lists them cannot be read"])
    return Reached([], _exports(home, vault, found, remove=exports), _elsewhere(found))


def _cleaned(vault: Vault, erase: Callable[[Vault], object]) -> None:
    """Erase in a backup's vault, and look: a backup with residues is not put back."""
    erase(vault)
    if any(checked.residues for checked in mended(vault)):
        raise VaultError("something is left in the backup")


def _exports(home: Home, vault: Vault, found: Sequence[Copy], *, remove: bool) -> list[str]:
    there = [copy for copy in found if copy.kind == "export" and copy.state == "there"]
    left = [copy for copy in there if not (remove and remove_export(home, vault, copy).reached)]
    return [EXPORT_LIES] if left else []


def _elsewhere(found: Sequence[Copy]) -> list[str]:
    counts = Counter((copy.kind, copy.state) for copy in found if copy.state != "there")
    return [f"{kind}s that memguard wrote and that are {state} now: {n}" for (kind, state), n in sorted(counts.items())]


def _reasons(left: Sequence[str]) -> list[str]:
    return [f"a backup, since {reason}" for reason in dict.fromkeys(left)]
