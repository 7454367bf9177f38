"""The keyring: which owner has which vault, and the key of each, sealed under one master key.

It lies outside the home, so that a copied home opens nothing and shows no owner's name. The order of every change, so
that a crash at any point leaves one readable keyring:

    rotate    master n+1 -> keyring under n+1 (rename) -> home marker -> destroy master n
    register  vault file complete under another name -> keyring -> home marker -> vault file gets its name
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from memguard.errors import KeyringError, KeyringMissing, KeyringOutdated, MasterAmbiguous, MasterWrong
from memguard.vault.files import make_folder, mapped_os_errors, remove_parts, write_whole
from memguard.vault.keyfile import FORMAT, Contents, Entry, check, opened, parsed_header, read_marker, sealed
from memguard.vault.masters import (
    ENVIRONMENT_KEY,
    ENVIRONMENT_NEXT_KEY,
    KEY_BYTES,
    EnvironmentMaster,
    FileMaster,
    Master,
    OsMaster,
    decoded,
)

if TYPE_CHECKING:
    from filelock import FileLock

LOCK_SECONDS_MAX = 60


class Keyring:
    """The keyring of one home. Safe between threads and processes; readers never lock."""

    def __init__(self, folder: Path, home_id: str, marker: Path) -> None:
        self.folder = folder
        self.home_id = home_id
        self._file = folder / "keyring"
        self._marker = marker
        self._lock = threading.RLock()
        self._seen: tuple[tuple[int, int, int], Contents] | None = None

    @classmethod
    def create(
        cls,
        folder: Path,
        home_id: str,
        marker: Path,
        source: str,
        vaults: Mapping[str, Entry] = MappingProxyType({}),
        signing_seed: bytes = b"",
    ) -> Keyring:
        """A new keyring with a new master, and the home's marker. Never over an existing keyring."""
        keyring = cls(folder, home_id, marker)
        make_folder(folder)
        if keyring._file.exists():
            if marker.exists():
                raise KeyringError("a keyring exists already: it is not replaced")
            return keyring._marked()  # a crash came between the keyring and the marker
        if source not in ("", "environment") and os.environ.get(ENVIRONMENT_KEY):
            raise MasterAmbiguous(f"the master is to be kept in '{source}' and {ENVIRONMENT_KEY} is set too: unset it")
        source = source or ("environment" if os.environ.get(ENVIRONMENT_KEY) else "file")
        master = keyring._master(source)
        before = read_marker(marker) if marker.exists() else {"sequence": 0, "generation": 0}
        generation = before["generation"] + 1
        key = master.read(generation) if source == "environment" else secrets.token_bytes(KEY_BYTES)
        if key is None:
            raise KeyringMissing(f"set {ENVIRONMENT_KEY} to 32 random bytes as base64")
        master.write(generation, key)
        contents = Contents(before["sequence"], generation, source, vaults, signing_seed=signing_seed)
        keyring._write(contents, key)
        return keyring

    def _marked(self) -> Keyring:
        """Write the marker of a keyring that lacks it, if its master opens it."""
        header, body = self._read_parts()
        contents = self._unsealed(header, body)
        if contents is None:
            raise MasterWrong("the master key does not open this keyring")
        self._write_marker(contents)
        return self

    def contents(self) -> Contents:
        """What the keyring says now; a stat tells whether another process changed it."""
        with self._lock:
            stamp = self._stamp()
            if self._seen is None or self._seen[0] != stamp:
                self._seen = (stamp, self._load())
            return self._seen[1]

    @contextlib.contextmanager
    def changing(self) -> Iterator[Contents]:
        """Hold the keyring's lock across processes; leftovers of an interrupted rotation are destroyed first."""
        with self._lock:
            lock = self._acquired_lock()
            try:
                contents = self.contents()
                self._destroy_leftovers(contents)
                yield contents
            finally:
                lock.release()

    def _acquired_lock(self) -> FileLock:
        from filelock import FileLock, Timeout

        # Polled often: changes take a few milliseconds, and whoever polls seldom waits longest.
        lock = FileLock(self.folder / "lock", timeout=LOCK_SECONDS_MAX, poll_interval=0.005, mode=0o600)
        try:
            with mapped_os_errors("the keyring's lock"):
                lock.acquire()
        except Timeout:
            raise KeyringError("another process holds the keyring's lock") from None
        return lock

    def save(self, contents: Contents) -> None:
        """Seal changed contents under the same master. Only inside `changing`."""
        self._write(contents, self._key(contents))

    def rotate(self, contents: Contents, to: str | None = None) -> None:
        """Seal contents under a new master, kept in `to`, and destroy the old one. Only inside `changing`."""
        old = self._master(contents.source)
        new = self._master(to or contents.source)
        key = self._next_key(new.source)
        generation = contents.generation + 1
        new.write(generation, key)
        self._write(replace(contents, generation=generation, source=new.source, source_before=old.source), key)
        old.remove(contents.generation)

    def can_rotate(self, contents: Contents) -> bool:
        """Whether a new master can be had: a program cannot change its operator's environment."""
        if contents.source != "environment":
            return True
        text = os.environ.get(ENVIRONMENT_NEXT_KEY)
        if not text or text == os.environ.get(ENVIRONMENT_KEY):
            return bool(text)  # `rotate` says what is wrong with it
        return decoded(text) != self._key(contents)  # a rotation before may have put it in force

    def _next_key(self, source: str) -> bytes:
        if source != "environment":
            return secrets.token_bytes(KEY_BYTES)
        text = os.environ.get(ENVIRONMENT_NEXT_KEY)
        if not text:
            raise KeyringError(f"the master is in the environment: set {ENVIRONMENT_NEXT_KEY} to the next key first")
        key = decoded(text)
        if text == os.environ.get(ENVIRONMENT_KEY):
            raise KeyringError(f"{ENVIRONMENT_NEXT_KEY} is the present key: rotation needs another")
        return key

    def _destroy_leftovers(self, contents: Contents) -> None:
        """A crash leaves half-written files, the next master without a keyring, or the last one beside it."""
        remove_parts(self.folder)
        remove_parts(self._marker.parent, self._marker.name)
        self._master(contents.source).remove(contents.generation + 1)
        self._master(contents.source_before or contents.source).remove(contents.generation - 1)

    def _write(self, contents: Contents, key: bytes) -> None:
        contents = replace(contents, sequence=contents.sequence + 1)
        write_whole(self._file, sealed(contents, key, self.home_id))
        self._write_marker(contents)
        with self._lock:
            self._seen = (self._stamp(), contents)

    def _write_marker(self, contents: Contents) -> None:
        numbers = {"sequence": contents.sequence, "generation": contents.generation}
        write_whole(self._marker, json.dumps({"format": FORMAT, "home": self.home_id, **numbers}).encode())

    def _stamp(self) -> tuple[int, int, int]:
        try:
            found = self._file.stat()
        except FileNotFoundError:
            raise KeyringMissing(
                "this home has no keyring here: bring it back to the keys folder, or run `memguard keys import`"
            ) from None
        except OSError:
            raise KeyringError("the keyring cannot be read: check its owner and mode") from None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _load(self) -> Contents:
        # The marker is read first: the keyring is always written before it, so it can only be ahead.
        expected = read_marker(self._marker)["sequence"]
        for _ in range(5):
            header, body = self._read_parts()
            contents = self._unsealed(header, body)
            if contents is not None:
                break
        else:
            raise MasterWrong("the master key does not open this keyring")
        if contents.sequence < expected:
            raise KeyringOutdated("this keyring is an older copy than the home knows of: bring back the current one")
        return contents

    def _read_parts(self) -> tuple[bytes, bytes]:
        with mapped_os_errors("keyring"):
            header, _, body = self._file.read_bytes().partition(b"\n")
        return header, body

    def _unsealed(self, header: bytes, body: bytes) -> Contents | None:
        """The contents, or None where the master changed between two reads and a second look is due."""
        about = parsed_header(header)
        if about["home"] != self.home_id:
            raise KeyringError("this keyring belongs to another home")
        if about["source"] != "environment" and os.environ.get(ENVIRONMENT_KEY):
            raise MasterAmbiguous(
                f"the keyring's master is kept in '{about['source']}' and {ENVIRONMENT_KEY} is set too: unset it"
            )
        key = self._master(about["source"]).read(about["generation"])
        if key is None or not hmac.compare_digest(check(key, self.home_id), about["check"]):
            if self._read_parts()[0] != header:
                return None
            if key is None:
                raise KeyringOutdated(
                    f"master {about['generation']} ({about['source']}) is not there: rotated away, or not brought along"
                )
            raise MasterWrong("the master key does not open this keyring")
        return opened(header, body, key, about)

    def _key(self, contents: Contents) -> bytes:
        key = self._master(contents.source).read(contents.generation)
        if key is None:
            raise KeyringOutdated(f"master {contents.generation} ({contents.source}) is not there")
        expected = parsed_header(self._read_parts()[0])["check"]
        # After a rotation in the environment this process still has the old key, and nothing may go back under it; but
        # what led to the rotation is still to be logged, under the key that the operator gave for it.
        following = os.environ.get(ENVIRONMENT_NEXT_KEY) if contents.source == "environment" else None
        for candidate in (key, decoded(following)) if following else (key,):
            if hmac.compare_digest(check(candidate, self.home_id), expected):
                return candidate
        raise MasterWrong("the master key does not open this keyring any more")

    def _master(self, source: str) -> Master:
        if source == "file":
            return FileMaster(self.folder)
        if source == "os":
            return OsMaster(self.home_id)
        if source == "environment":
            return EnvironmentMaster()
        raise KeyringError("the keyring names a source of its master that this program does not know")
