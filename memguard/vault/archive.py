"""The file of a backup: one tar, its manifest, and each vault as it is encrypted. What is read from one is not trusted.

The manifest holds a random id, which stays when a vault in the backup is replaced, and a tag for each vault. A tag is a
hash of the vault's key: it names neither owner nor key.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

from memguard.errors import BundleError
from memguard.vault.files import CHUNK_BYTES, touch_private
from memguard.vault.keyfile import NOT_AS_WRITTEN

FORMAT = 1
MANIFEST = "backup.json"
DAMAGED = "this is not a backup, or it is damaged"


class Manifest(NamedTuple):
    """What a backup says of itself: its id, empty in one from before there were ids, and tags by member."""

    id: str
    vaults: dict[str, str]


def tag(key: bytes) -> str:
    """By which a vault in a backup is recognised."""
    return hmac.new(key, b"memguard backup tag", hashlib.sha256).hexdigest()[:32]


def write(path: Path, manifest: Manifest, copy: Callable[[str], Path]) -> None:
    """A new archive; `copy` puts a member's file where it says, from where it is taken and removed."""
    document = {"memguard_backup": FORMAT, "id": manifest.id, "vaults": manifest.vaults}
    with _new(path) as file, tarfile.open(fileobj=file, mode="w") as archive:
        _add_bytes(archive, MANIFEST, json.dumps(document).encode())
        for name in manifest.vaults:
            source = copy(name)
            archive.add(source, name, filter=_anonymous)
            source.unlink()
    _sync(path)


def write_with(path: Path, old: IO[bytes], member: tarfile.TarInfo, vault: Path) -> None:
    """An archive as it is but for one member, in whose place `vault` stands; every other byte is copied unread."""
    header = tarfile.TarInfo(member.name)
    header.mode, header.size = member.mode, vault.stat().st_size
    with _new(path) as file, vault.open("rb") as source:
        old.seek(0)
        _copy(old, file, member.offset)
        file.write(header.tobuf())
        shutil.copyfileobj(source, file, CHUNK_BYTES)
        file.write(bytes(-header.size % tarfile.BLOCKSIZE))
        old.seek(member.offset_data + member.size + -member.size % tarfile.BLOCKSIZE)
        shutil.copyfileobj(old, file, CHUNK_BYTES)
    _sync(path)


def identity(path: Path) -> str:
    """The id of the backup that lies at a path; empty where none does, or it cannot be read."""
    try:
        with path.open("rb") as file, opened(file) as archive:
            return read_manifest(archive).id
    except (BundleError, OSError):
        return ""


def opened(file: IO[bytes]) -> tarfile.TarFile:
    """The archive in an open file; `BundleError` where there is none."""
    try:
        return tarfile.open(fileobj=file, mode="r:")
    except tarfile.TarError:
        raise BundleError(DAMAGED) from None


def read_manifest(archive: tarfile.TarFile) -> Manifest:
    """What an archive says of itself; `BundleError` where it is not as it was written."""
    try:
        document = json.loads(_open_member(archive, MANIFEST).read(1 << 24))
        if document["memguard_backup"] != FORMAT:
            raise BundleError("this backup was written by a newer memguard")
        vaults = {str(name): str(found) for name, found in document["vaults"].items()}
        return Manifest(str(document.get("id", "")), vaults)
    except (*NOT_AS_WRITTEN, tarfile.TarError):
        raise BundleError(DAMAGED) from None


def extract(archive: tarfile.TarFile, name: str, target: Path) -> None:
    """Copy one member's bytes; no path that the archive names is ever used."""
    try:
        member = _open_member(archive, name)
    except (KeyError, tarfile.TarError):
        raise BundleError("this backup is damaged: a vault is missing from it") from None
    touch_private(target)
    with target.open("wb") as file:
        shutil.copyfileobj(member, file, CHUNK_BYTES)


def member_of(archive: tarfile.TarFile, key: bytes) -> tarfile.TarInfo:
    """The one member that holds the vault of a key; `BundleError` where there is none, or more than one."""
    mine = [name for name, held in read_manifest(archive).vaults.items() if held == tag(key)]
    try:
        found = [info for info in archive if info.name in mine]
    except tarfile.TarError:
        raise BundleError(DAMAGED) from None
    if len(mine) != 1 or len(found) != 1 or not found[0].isreg() or found[0].issparse():
        raise BundleError("this backup is damaged: a vault is missing from it, or is in it twice")
    return found[0]


def _open_member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    """A plain file of the archive: links lead out of it, or in circles."""
    info = archive.getmember(name)
    member = archive.extractfile(info) if info.isreg() else None
    if member is None:
        raise KeyError(name)
    return member


def _new(path: Path) -> IO[bytes]:
    touch_private(path)
    return path.open("wb")


def _sync(path: Path) -> None:
    with path.open("rb") as written:
        os.fsync(written.fileno())


def _copy(source: IO[bytes], target: IO[bytes], left: int) -> None:
    while left > 0 and (data := source.read(min(left, CHUNK_BYTES))):
        left -= target.write(data)


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


def _anonymous(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """No user names, no times: a backup says nothing about who or when."""
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mtime = 0
    return info
