"""What the tests of vaults and keyrings share: ways to open a home, to look at its bytes, and to break it."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from memguard.settings import Settings
from memguard.vault.home import Home
from memguard.vault.keyfile import Entry
from memguard.vault.keyring import Keyring
from memguard.vault.pool import Pool
from memguard.vault.store import Vault, create_file
from tests.conftest import Places

NOBODY = 65534
ENVIRONMENT_KEY, NEXT_KEY = "MEMGUARD_MASTER_KEY", "MEMGUARD_MASTER_KEY_NEXT"


class Crash(BaseException):
    """Stands for the end of the process: no `except Exception` may catch it."""


def new_master() -> str:
    """A master key as an operator sets it in the environment."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def opened(home: Places, **settings: str) -> Home:
    """Another object on the same folders, as another process would have."""
    return Home(Settings.load(**{**home._asdict(), **settings}))


def keyring_of(home: Places) -> Keyring:
    """The keyring as a process that starts now finds it."""
    return opened(home).keyring


def keyring_folder(home: Places) -> Path:
    """The one folder with this home's keyring."""
    (folder,) = home.keys.iterdir()
    return folder


def masters_in(folder: Path) -> set[str]:
    """Names of the master files that are there."""
    return {path.name for path in folder.glob("*master*")}


def files_of(*folders: Path) -> dict[Path, bytes]:
    """Every file below the folders with its bytes."""
    found = [path for folder in folders for path in folder.rglob("*")]
    return {path: path.read_bytes() for path in sorted(found) if path.is_file()}


def modes_of(*folders: Path) -> dict[str, int]:
    """The permissions of the folders and of all that is below them, where they are not those of a private thing."""
    found = {path for folder in folders for path in (folder, *folder.rglob("*"))}
    private = {path: 0o700 if path.is_dir() else 0o600 for path in found}
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in found}
    return {str(path): modes[path] for path in found if modes[path] != private[path]}


def copy_of(home: Places, to: Path) -> Places:
    """A copy of home and keys elsewhere: nothing in them is bound to a path."""
    shutil.copytree(home.home, to / "home")
    shutil.copytree(home.keys, to / "keys")
    return Places(to / "home", to / "keys", home.cache)


def replace_tree(original: Path, copy: Path) -> None:
    """Put a copy in place of a folder."""
    shutil.rmtree(original)
    shutil.copytree(copy, original)


def new_vault(folder: Path, pool: Pool | None = None, key: bytes = bytes(32)) -> Vault:
    """A vault of its own, without a keyring."""
    folder.mkdir(parents=True)
    create_file(folder / "vault.db", key)
    return vault_on(folder / "vault.db", pool, key)


def vault_on(path: Path, pool: Pool | None = None, key: bytes = bytes(32)) -> Vault:
    """A vault file through connections of its own, as another process has them."""
    return Vault(Entry(path.parent.name, key), path, pool or Pool())


def flipped(data: bytes, position: int) -> bytes:
    """The same bytes with one bit turned."""
    changed = bytearray(data)
    changed[position] ^= 1
    return bytes(changed)


def open_files() -> int:
    """File descriptors of this process."""
    return len(os.listdir("/dev/fd"))  # noqa: PTH208 - a path object opens one more


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Take the right to write below a folder. Root may write everywhere, so a test run by root becomes nobody."""
    root = os.geteuid() == 0
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    if root:
        for path in (folder.parent, *folder.parent.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for path, mode in modes.items():
            path.chmod(mode)
