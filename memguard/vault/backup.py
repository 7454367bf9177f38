"""Backups: vaults as they are encrypted, in one tar file. No key is in it: it opens through the current keyring only.

So a backup of a living owner keeps working after others were forgotten, and the forgotten one's part opens no more.
A vault in a backup is recognised by a tag of its key, which names neither owner nor key.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import IO

from memguard.errors import BundleError, UnknownOwner
from memguard.outcomes import Restored
from memguard.vault.files import mapped_os_errors, sync_folder, touch_private
from memguard.vault.home import Home
from memguard.vault.keyfile import NOT_AS_WRITTEN
from memguard.vault.store import Vault

FORMAT = 1
MANIFEST = "backup.json"


def write_backup(home: Home, path: Path, owners: Sequence[str] | None) -> int:
    """Copy the vaults of these owners (all by default) to `path`; returns how many. Writers go on meanwhile."""
    vaults = home.contents().vaults
    chosen = list(vaults) if owners is None else list(owners)
    if any(owner not in vaults for owner in chosen):
        raise UnknownOwner
    tags = {f"{number}.db": _tag(vaults[owner].key) for number, owner in enumerate(chosen)}
    part = path.with_name(f".{path.name}.part")
    with mapped_os_errors("the backup"), tempfile.TemporaryDirectory(dir=path.parent, prefix=".memguard-") as folder:
        try:
            _write_archive(part, tags, [home.vault(owner) for owner in chosen], Path(folder))
            part.replace(path)
            sync_folder(path.parent)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    return len(chosen)


def _write_archive(part: Path, tags: dict[str, str], vaults: Sequence[Vault], folder: Path) -> None:
    part.unlink(missing_ok=True)  # of a backup that was killed
    with part.open("xb") as file, tarfile.open(fileobj=file, mode="w") as archive:
        part.chmod(0o600)
        _add_bytes(archive, MANIFEST, json.dumps({"memguard_backup": FORMAT, "vaults": tags}).encode())
        for name, vault in zip(tags, vaults, strict=True):
            vault.copy_to(folder / name)
            archive.add(folder / name, name, filter=_anonymous)
            (folder / name).unlink()
    with part.open("rb") as written:
        os.fsync(written.fileno())


def read_backup(home: Home, path: Path, owner: str | None) -> Restored:
    """Put back every vault whose key this keyring holds, or one owner's; each replaces what is there now."""
    owner_of = {_tag(entry.key): name for name, entry in home.contents().vaults.items()}
    with mapped_os_errors("the backup"), path.open("rb") as file, _archive(file) as archive:
        members = _manifest(archive)
        wanted = {owner_of[tag]: name for name, tag in members.items() if tag in owner_of}
        if owner is not None:
            wanted = {found: name for found, name in wanted.items() if found == owner}
        home.replace_files({found: partial(_extract, archive, name) for found, name in wanted.items()})
    # By position: a name in a foreign file is somebody else's words.
    strange = [f"vault {place}" for place, tag in enumerate(members.values(), start=1) if tag not in owner_of]
    return Restored(len(wanted), tuple(strange))


def _tag(key: bytes) -> str:
    return hmac.new(key, b"memguard backup tag", hashlib.sha256).hexdigest()[:32]


def _archive(file: io.BufferedReader) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=file, mode="r:")
    except tarfile.TarError:
        raise BundleError("this is not a backup, or it is damaged") from None


def _manifest(archive: tarfile.TarFile) -> dict[str, str]:
    try:
        document = json.loads(_member(archive, MANIFEST).read(1 << 24))
        if document["memguard_backup"] != FORMAT:
            raise BundleError("this backup was written by a newer memguard")
        return {str(name): str(tag) for name, tag in document["vaults"].items()}
    except (*NOT_AS_WRITTEN, tarfile.TarError):
        raise BundleError("this is not a backup, or it is damaged") from None


def _extract(archive: tarfile.TarFile, name: str, target: Path) -> None:
    """Copy one member's bytes; no path that the archive names is ever used."""
    try:
        member = _member(archive, name)
    except (KeyError, tarfile.TarError):
        raise BundleError("this backup is damaged: a vault is missing from it") from None
    touch_private(target)
    with target.open("wb") as file:
        shutil.copyfileobj(member, file)


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    """A plain file of the archive: links lead out of it, or in circles."""
    info = archive.getmember(name)
    member = archive.extractfile(info) if info.isreg() else None
    if member is None:
        raise KeyError(name)
    return member


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
