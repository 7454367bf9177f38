"""Copies that memguard made of a vault, when memories are forgotten: which there are, and how they are reached.

A backup is opened, erased in and put together again. An export is never rewritten: sealed it cannot be opened, readable
it is the person's own. It is removed where somebody asks for that.
"""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from memguard.clock import from_micros
from memguard.errors import BundleError, HomeError, StorageFull, VaultError
from memguard.vault import archive
from memguard.vault import copies as register
from memguard.vault.copies import Row, StateNow
from memguard.vault.files import (
    destroy,
    mapped_os_errors,
    part_of,
    remove_workplace,
    sync_folder,
    workplace,
)
from memguard.vault.home import Home
from memguard.vault.keyfile import Entry
from memguard.vault.pool import Pool
from memguard.vault.store import Vault, check_file

Erase = Callable[[Vault], object]
"""Erases rows of a vault and empties its log."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One backup or export. `path` is for its owner's eyes: it may hold names of people."""

    kind: str
    made_at: datetime
    state: StateNow
    path: Path = field(repr=False)
    row: Row = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Whether a copy was reached; where it was not, the reason in words that name nobody and no place."""

    reached: bool
    reason: str = ""


def copies_of(home: Home, vault: Vault, lowest: int = 0) -> list[Copy]:
    """The copies that can hold memories of a vault numbered `lowest` or higher, the oldest first.

    What killed runs left half-written is destroyed first. A copy that is being written is waited for: called after an
    erasure, this names each one that was read before it.
    """
    with register.one_at_a_time(home):
        for row in _rows(vault, 0):
            _clear(vault, row)
        return [Copy(r.kind, from_micros(r.made_at), register.state_of(r), r.path, r) for r in _rows(vault, lowest)]


def erase_in_backup(home: Home, entry: Entry, copy: Copy, erase: Erase) -> Attempt:
    """Erase in one vault of a backup. The file is replaced whole or not at all; all else in it stays as it was.

    `erase` gets the vault as it lies in the backup, brought to the present schema. The backup keeps its id, so the
    registers of all its vaults know it still.
    """
    try:
        with register.one_at_a_time(home), mapped_os_errors("the backup"):
            if refusal := _refusal(copy):
                return Attempt(reached=False, reason=refusal)
            with workplace(copy.path) as folder:
                _erase_in(copy.path, folder, entry, erase)
    except StorageFull:
        return Attempt(reached=False, reason="there is no room left beside it")
    except HomeError:
        return Attempt(reached=False, reason="it, or the folder it lies in, cannot be written to")
    except (BundleError, VaultError):
        return Attempt(reached=False, reason="it is damaged, or does not open")
    return Attempt(reached=True)


def remove_export(home: Home, vault: Vault, copy: Copy) -> Attempt:
    """Overwrite an export and remove it, where the file is still the one that was written."""
    try:
        with register.one_at_a_time(home), mapped_os_errors("the export"):
            if refusal := _refusal(copy):
                return Attempt(reached=False, reason=refusal)
            register.reopen(vault, copy.row)
            try:
                part = copy.path.rename(part_of(copy.path))  # by this name the next run finds it, if this one is killed
            except OSError:
                register.settle(vault, copy.path)
                raise
            sync_folder(part.parent)
            destroy(part, "the export")
            register.drop(vault, copy.row)
    except (HomeError, StorageFull):
        return Attempt(reached=False, reason="it, or the folder it lies in, cannot be written to")
    return Attempt(reached=True)


def _rows(vault: Vault, lowest: int) -> list[Row]:
    with vault.reading() as session:
        return register.listed(session, vault.seals, lowest)


def _clear(vault: Vault, row: Row) -> None:
    """Destroy what a killed run left beside a copy, then settle its row. Where that fails, it stays 'being written'."""
    with contextlib.suppress(HomeError):
        if row.kind == "backup":  # one that was erased in was not 'being written'
            remove_workplace(row.path)
        register.settle(vault, row.path)


def _refusal(copy: Copy) -> str:
    """Why a file cannot be touched; empty where nothing speaks against it. Looked at anew: time has passed."""
    if register.state_of(copy.row) != "there":
        return "it is not there any more, or it was changed"
    if not copy.path.stat().st_mode & stat.S_IWUSR:  # a person's word, which a rename would pass over
        return "it is marked read-only"
    return ""


def _erase_in(path: Path, folder: Path, entry: Entry, erase: Erase) -> None:
    old, new, result = folder / "old.db", folder / "new.db", folder / "backup"
    with path.open("rb") as file, archive.opened(file) as found:
        member = archive.member_of(found, entry.key)
        archive.extract(found, member.name, old)
        check_file(old, entry.key)
        _erased(Vault(entry, old, Pool()), new, erase)
        archive.write_with(result, file, member, new)
    _check(result, folder / "check.db", entry.key)
    result.replace(path)
    sync_folder(path.parent)


def _erased(vault: Vault, target: Path, erase: Erase) -> None:
    """Erase, and take the whole vault into one file with no log beside it, whatever `erase` left open."""
    try:
        erase(vault)
        vault.copy_to(target)
    finally:
        vault.close()


def _check(backup: Path, target: Path, key: bytes) -> None:
    """Raise unless the vault in a new archive is whole, before the old one goes."""
    with backup.open("rb") as file, archive.opened(file) as found:
        archive.extract(found, archive.member_of(found, key).name, target)
    check_file(target, key)
