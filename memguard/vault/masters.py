"""Where a master key is kept: a file, the operating system's keyring, or the environment.

A master has a *generation*, counted up by each rotation. Rotating writes generation n+1, re-seals the keyring under
it and removes n, so that an old copy of the keyring opens nothing (DESIGN section 5).
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from memguard.errors import KeyringError, MasterWrong
from memguard.vault.files import mapped_os_errors, sync_folder, write_whole

KEY_BYTES = 32
ENVIRONMENT_KEY = "MEMGUARD_MASTER_KEY"
ENVIRONMENT_NEXT_KEY = "MEMGUARD_MASTER_KEY_NEXT"
"""The key `memguard keys rotate` seals under where the operator keeps the master in the environment."""


class Master(Protocol):
    """One place that keeps master keys."""

    source: str

    def read(self, generation: int) -> bytes | None:
        """The 32-byte key of a generation, None where it is not kept here."""

    def write(self, generation: int, key: bytes) -> None:
        """Keep a key durably before anything is sealed under it."""

    def remove(self, generation: int) -> None:
        """Destroy a key; no error where there is none."""


class FileMaster:
    """A 0600 file beside the keyring, outside the home."""

    source = "file"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, generation: int) -> bytes | None:
        try:
            key = self._path(generation).read_bytes()
        except FileNotFoundError:
            return None
        except OSError:
            raise KeyringError(f"master-{generation} cannot be read: check its owner and mode") from None
        if len(key) != KEY_BYTES:
            raise MasterWrong(f"master-{generation} is not a key of {KEY_BYTES} bytes")
        return key

    def write(self, generation: int, key: bytes) -> None:
        write_whole(self._path(generation), key)

    def remove(self, generation: int) -> None:
        path = self._path(generation)
        with mapped_os_errors(path.name):
            if not path.exists():
                return
            with path.open("r+b") as file:  # overwritten first: undelete tools read names, not journals
                file.write(bytes(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            sync_folder(self._folder)

    def _path(self, generation: int) -> Path:
        return self._folder / f"master-{generation}"


class OsMaster:
    """The operating system's keyring (macOS Keychain, Secret Service, Windows Credential Locker), by choice."""

    source = "os"

    def __init__(self, home_id: str) -> None:
        self._home_id = home_id

    def read(self, generation: int) -> bytes | None:
        import keyring

        with _mapped_keyring_errors():
            text = keyring.get_password("memguard", self._name(generation))
        return decoded(text) if text else None

    def write(self, generation: int, key: bytes) -> None:
        import keyring

        with _mapped_keyring_errors():
            keyring.set_password("memguard", self._name(generation), base64.b64encode(key).decode())

    def remove(self, generation: int) -> None:
        import keyring

        with _mapped_keyring_errors():
            if keyring.get_password("memguard", self._name(generation)) is not None:
                keyring.delete_password("memguard", self._name(generation))

    def _name(self, generation: int) -> str:
        return f"{self._home_id}:{generation}"


class EnvironmentMaster:
    """`MEMGUARD_MASTER_KEY`, 32 bytes as base64, set by whoever runs the server.

    A program cannot change its operator's environment: rotation seals under `MEMGUARD_MASTER_KEY_NEXT`, and the
    operator then moves that value over.
    """

    source = "environment"

    def read(self, generation: int) -> bytes | None:  # noqa: ARG002 - the operator holds one key, of whatever generation
        text = os.environ.get(ENVIRONMENT_KEY)
        return decoded(text) if text else None

    def write(self, generation: int, key: bytes) -> None:
        """Nothing to keep: the operator holds it already."""

    def remove(self, generation: int) -> None:
        """Nothing to destroy: only the operator can."""


def decoded(text: str) -> bytes:
    """A 32-byte key from base64."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise MasterWrong(f"the master key must be {KEY_BYTES} bytes as base64") from None
    return key


@contextlib.contextmanager
def _mapped_keyring_errors() -> Iterator[None]:
    from keyring.errors import KeyringError as ForeignError

    try:
        yield
    except ForeignError:
        raise KeyringError(
            "the operating system's keyring cannot be used: unlock it, or choose another master"
        ) from None
