"""A home: the folder with the vaults, its marker, and the keyring that belongs to it."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from memguard.errors import HomeError, KeyringError, UnknownOwner, VaultDestroyed, VaultUnreadable
from memguard.settings import Settings
from memguard.vault.connection import Session
from memguard.vault.files import NETWORK_FILESYSTEMS, filesystem_of, make_folder, mapped_os_errors, sync_folder
from memguard.vault.keyfile import Contents, Entry, read_marker
from memguard.vault.keyring import Keyring
from memguard.vault.pool import Pool
from memguard.vault.store import Vault, check_file, create_file

MARKER = "home.json"
VAULT_FILE = "vault.db"
NEW = ".new"
"""Suffix of a vault's folder until the keyring knows its key."""


class Home:
    """Opens, creates and destroys vaults. Nothing under it names an owner."""

    def __init__(self, settings: Settings) -> None:
        self.path = settings.home
        self.pool = Pool()
        self._settings = settings
        self._vaults: dict[str, tuple[Entry, Vault]] = {}
        self._lock = threading.Lock()
        _refuse_unsafe(settings)
        self._keyring: Keyring | None = None

    @property
    def keyring(self) -> Keyring:
        """The keyring of this home; made together with the home at the first write."""
        with self._lock:
            if self._keyring is None:
                self._keyring = self._opened_keyring() if self._marker.exists() else self._created_keyring()
            return self._keyring

    def existing_keyring(self) -> Keyring:
        """The keyring, where there is a home: keys of a home that is not there are nobody's."""
        if not self._marker.exists():
            raise HomeError("there is no home here yet: add a memory first, or check --home")
        return self.keyring

    @property
    def id(self) -> str | None:
        """The home's random id; None while there is no home. It needs no key."""
        return read_marker(self._marker)["home"] if self._marker.exists() else None

    def owners(self) -> list[str]:
        """Every owner with a vault here, sorted."""
        return sorted(self.contents().vaults)

    def opened(self) -> list[str]:
        """The owners whose vaults were used through this object, sorted."""
        return sorted(self._vaults.keys() & self.contents().vaults.keys())

    def contents(self) -> Contents:
        """What the keyring says; empty while there is no home yet."""
        if self._keyring is None and not self._marker.exists():
            self._refuse_lost_marker()
            return Contents(sequence=0, generation=0, source="", vaults={})
        return self.keyring.contents()

    def vault(self, owner: str) -> Vault:
        """The owner's vault; `UnknownOwner` where there is none."""
        entry = self.contents().vaults.get(owner)
        if entry is None:
            raise UnknownOwner
        known = self._vaults.get(owner)
        if known is None or known[0] is not entry:
            known = (entry, self._opened(entry))
            self._finish_creation(entry.vault_id)
            self._vaults[owner] = known
        return known[1]

    def vault_or_new(self, owner: str) -> Vault:
        """The owner's vault, created where there is none."""
        if owner not in self.contents().vaults:
            self._create(owner)
        return self.vault(owner)

    def destroy(self, owner: str, owed: str = "", check: Callable[[Session], object] | None = None) -> bool:
        """End an owner's vault: its key goes with the old master, every process that has it open learns, files go.

        It needs the key only: a vault whose file is lost or damaged is destroyed all the same. False where the master
        is kept in the environment and no next one is given: old copies of the keyring open until the operator rotates.
        `owed` is what a certificate will say: it is kept with the keyring until it was issued. `check` may refuse,
        while nobody can write any more.
        """
        with self.keyring.changing() as contents:
            vault = self.vault(owner)
            without = replace(
                contents.without(owner),
                leaving=(*contents.leaving, vault.id),
                owed=(*contents.owed, owed) if owed else contents.owed,
            )
            rotating = self.keyring.can_rotate(contents)
            with self._retired(vault, "destroyed", check):
                self.keyring.rotate(without) if rotating else self.keyring.save(without)
            if rotating and contents.source == "environment":  # sealed under the next key, which is not in force yet
                self._remove_folders([vault.id])
            else:
                self._remove_leaving(self.keyring.contents())
        self._vaults.pop(owner, None)
        return rotating

    def remove_leaving(self) -> None:
        """Remove what a crash has left: files of destroyed vaults, and half-written ones of keyring and marker."""
        with self.keyring.changing() as contents:
            self._remove_leaving(contents)

    def replace_files(self, fill: Mapping[str, Callable[[Path], None]], move: Callable[[Vault, Vault], None]) -> None:
        """Put other files in place of owners' vaults, all or none. `fill` writes each; all are checked before.

        `move(old, new)` brings over what the new one must know, while nobody can write to the old one.
        """
        with self.keyring.changing() as contents, contextlib.ExitStack() as held:
            old = {owner: contents.vaults[owner] for owner in fill}
            new = {owner: replace(entry, vault_id=str(uuid.uuid4())) for owner, entry in old.items()}
            try:
                for owner, write in fill.items():
                    file = self._new_folder(new[owner].vault_id) / VAULT_FILE
                    write(file)
                    check_file(file, new[owner].key)
                for owner, entry in old.items():
                    vault = self._opened(entry)
                    held.enter_context(self._retired(vault, "replaced"))
                    move(vault, Vault(new[owner], self.file_of(new[owner].vault_id + NEW), self.pool))
            except BaseException:
                self._remove_folders([entry.vault_id + NEW for entry in new.values()])
                raise
            leaving = (*contents.leaving, *(entry.vault_id for entry in old.values()))
            self.keyring.save(replace(contents, vaults={**contents.vaults, **new}, leaving=leaving))
            for entry in new.values():
                self._finish_creation(entry.vault_id)
            held.close()
            self._remove_leaving(self.keyring.contents())

    @contextlib.contextmanager
    def _retired(self, vault: Vault, state: str, check: Callable[[Session], object] | None = None) -> Iterator[None]:
        """Hold a vault's write lock while the keyring changes; there is none to hold where its file is lost."""
        with contextlib.ExitStack() as held:
            with contextlib.suppress(VaultDestroyed, VaultUnreadable):
                session = held.enter_context(vault.retiring(state))
                if check is not None:
                    check(session)
            yield

    def _opened(self, entry: Entry) -> Vault:
        return Vault(entry, self.file_of(entry.vault_id), self.pool)

    def bring_keys(self, home_id: str, vaults: Mapping[str, Entry], signing_seed: bytes = b"") -> None:
        """A keyring for a home that lost its own, or for a new home, with keys from a recovery kit."""
        make_folder(self.path)
        if self._marker.exists() and read_marker(self._marker)["home"] != home_id:
            raise KeyringError("this recovery kit belongs to another home")
        folder = self._settings.keys / home_id
        self._keyring = Keyring.create(folder, home_id, self._marker, self._settings.master, vaults, signing_seed)

    def file_of(self, vault_id: str) -> Path:
        """Where a vault's database lies."""
        return self.path / "vaults" / vault_id / VAULT_FILE

    def strays(self) -> list[str]:
        """Folders under `vaults` that the keyring does not know."""
        known = {entry.vault_id for entry in self.contents().vaults.values()}
        folder = self.path / "vaults"
        return sorted(p.name for p in folder.iterdir() if p.name not in known) if folder.is_dir() else []

    def close(self) -> None:
        self.pool.close()

    @property
    def _marker(self) -> Path:
        return self.path / MARKER

    def _opened_keyring(self) -> Keyring:
        home_id = read_marker(self._marker)["home"]
        keyring = Keyring(self._settings.keys / home_id, home_id, self._marker)
        contents = keyring.contents()
        wanted = self._settings.master
        if wanted and wanted != contents.source:
            raise KeyringError(
                f"the keyring's master is kept in '{contents.source}', settings say '{wanted}': "
                "`memguard keys rotate --to` moves it"
            )
        return keyring

    def _created_keyring(self) -> Keyring:
        from filelock import FileLock

        make_folder(self.path)
        with mapped_os_errors("the home's lock"), FileLock(self.path / "lock", mode=0o600, timeout=60):
            if self._marker.exists():  # another process was first
                return self._opened_keyring()
            self._refuse_lost_marker()
            home_id = str(uuid.uuid4())
            return Keyring.create(self._settings.keys / home_id, home_id, self._marker, self._settings.master)

    def _refuse_lost_marker(self) -> None:
        if any((self.path / "vaults").glob("*")):
            raise HomeError("the home has vaults but no home.json: bring it back from a backup")

    def _create(self, owner: str) -> None:
        with self.keyring.changing() as contents:
            self._remove_leaving(contents)
            contents = self.keyring.contents()
            if owner in contents.vaults:
                return
            entry = Entry(str(uuid.uuid4()), secrets.token_bytes(32))
            create_file(self._new_folder(entry.vault_id) / VAULT_FILE, entry.key)
            self.keyring.save(replace(contents, vaults={**contents.vaults, owner: entry}))
            self._finish_creation(entry.vault_id)

    def _new_folder(self, vault_id: str) -> Path:
        folder = self.file_of(vault_id).parent
        new = folder.with_name(folder.name + NEW)
        make_folder(new)
        return new

    def _finish_creation(self, vault_id: str) -> None:
        """Give a new vault's folder its name; after a crash, whoever opens the vault does it."""
        folder = self.file_of(vault_id).parent
        new = folder.with_name(folder.name + NEW)
        if new.is_dir() and not folder.exists():
            with mapped_os_errors("a new vault"):
                try:
                    new.rename(folder)
                except FileNotFoundError:
                    if not folder.exists():
                        raise  # else another process or thread was first
                sync_folder(folder.parent)

    def _remove_leaving(self, contents: Contents) -> None:
        """Files of destroyed vaults, and half-made vaults that never got a key. Under the keyring's lock."""
        known = {entry.vault_id for entry in contents.vaults.values()}
        unborn = [name for name in self.strays() if name.endswith(NEW) and name.removesuffix(NEW) not in known]
        self._remove_folders([*contents.leaving, *unborn])
        if contents.leaving:
            self.keyring.save(replace(contents, leaving=()))

    def _remove_folders(self, names: Sequence[str]) -> None:
        for name in names:
            self.pool.close(self.file_of(name))
            with mapped_os_errors("a destroyed vault"), contextlib.suppress(FileNotFoundError):
                shutil.rmtree(self.path / "vaults" / name)


def _refuse_unsafe(settings: Settings) -> None:
    home, keys = settings.home.resolve(), settings.keys.resolve()
    if keys.is_relative_to(home):
        raise HomeError("the keys folder lies inside the home: a copy of the home would open (set MEMGUARD_KEYS)")
    kind = filesystem_of(settings.home)
    if kind in NETWORK_FILESYSTEMS and not settings.allow_network_home:
        raise HomeError(
            f"the home is on a network file system ({kind}), where SQLite's log is not safe: "
            "use a local folder, or set MEMGUARD_ALLOW_NETWORK_HOME=1"
        )
