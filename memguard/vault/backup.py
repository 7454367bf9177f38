"""Backups: vaults as they are encrypted, in one file. No key is in it: it opens through the current keyring only.

So a backup of a living owner keeps working after others were forgotten, and the forgotten one's part opens no more.
What was forgotten since a backup was made does not come back with it: the vault that is replaced knows it, by hash.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from memguard.errors import HomeError, UnknownOwner, VaultDestroyed, VaultUnreadable
from memguard.outcomes import Restored
from memguard.vault import archive, copies, marks, owed, reach
from memguard.vault.archive import Manifest
from memguard.vault.files import mapped_os_errors, sync_folder, workplace
from memguard.vault.forgotten import carry_forgotten, forgotten_here, forgotten_lookups
from memguard.vault.home import Home
from memguard.vault.store import Vault

Erase = Callable[[Vault, Sequence[str]], object]
"""Erases memories of a vault, by id, with all that goes with them."""


def write_backup(home: Home, path: Path, owners: Sequence[str] | None) -> int:
    """Copy the vaults of these owners (all by default) to `path`; returns how many. Writers go on meanwhile.

    The copy is registered in each of these vaults. To a pipe nothing is written: a backup is made to be read back.
    """
    known = home.contents().vaults
    chosen = list(known) if owners is None else list(owners)
    if any(owner not in known for owner in chosen):
        raise UnknownOwner
    place = marks.place_of(path)
    if marks.is_stream(place):
        raise HomeError("a backup is a file: it cannot be written to a pipe")
    manifest = Manifest(str(uuid.uuid4()), {f"{n}.db": archive.tag(known[o].key) for n, o in enumerate(chosen)})
    vaults = [home.vault(owner) for owner in chosen]
    mark = marks.mark_of_backup(manifest.id)
    with mapped_os_errors("the backup"), copies.one_at_a_time(home), copies.registered(vaults, place, mark):
        _write(place, manifest, dict(zip(manifest.vaults, vaults, strict=True)))
    return len(chosen)


def _write(place: Path, manifest: Manifest, vaults: dict[str, Vault]) -> None:
    with workplace(place) as folder:

        def copied(name: str) -> Path:
            vaults[name].copy_to(folder / name)
            return folder / name

        archive.write(folder / "backup", manifest, copied)
        (folder / "backup").replace(place)
        sync_folder(place.parent)


def read_backup(home: Home, path: Path, owner: str | None, erase: Erase) -> Restored:
    """Put back every vault whose key this keyring holds, or one owner's; each replaces what is there now.

    What the replaced vault knows to be forgotten is erased before the restored one is opened to anybody, and its
    register of copies is carried over. A vault that is lost or damaged can tell neither: it is counted as `unsure`.
    `LegalHold` where one holds something that is to be kept: the older vault may not have it.
    """
    owner_of = {archive.tag(entry.key): name for name, entry in home.contents().vaults.items()}
    moved = Move(erase)
    with (
        copies.one_at_a_time(home),
        mapped_os_errors("the backup"),
        path.open("rb") as file,
        archive.opened(file) as found,
    ):
        members = archive.read_manifest(found).vaults
        wanted = {owner_of[tag]: name for name, tag in members.items() if tag in owner_of}
        if owner is not None:
            wanted = {held: name for held, name in wanted.items() if held == owner}
        fill = {held: partial(archive.extract, found, name) for held, name in wanted.items()}
        home.replace_files(fill, moved)
    # By position: a name in a foreign file is somebody else's words.
    strange = [f"vault {place}" for place, tag in enumerate(members.values(), start=1) if tag not in owner_of]
    return Restored(len(wanted), tuple(strange), moved.forgotten, moved.unsure)


class Move:
    """Takes from the vault that is replaced what the restored one must know, and erases what was forgotten."""

    def __init__(self, erase: Erase) -> None:
        self._erase = erase
        self.forgotten = 0
        self.unsure = 0

    def __call__(self, old: Vault, new: Vault) -> None:
        """While nobody can write to the old one, or open the new one."""
        try:
            with old.reading() as session:
                owed.check_no_hold(session, reach.chosen(session, "1", ()))
                lookups, register = forgotten_lookups(session), copies.sealed_rows(session)
        except (VaultDestroyed, VaultUnreadable):
            self.unsure += 1
            lookups, register = [], []
        with new.writing() as session:
            carry_forgotten(session, lookups)
            copies.carry(session, register)
            ids = forgotten_here(session, new.seals)
        if ids:
            self._erase(new, ids)
        self.forgotten += len(ids)
        new.close()
