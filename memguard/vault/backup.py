"""Backups: vaults as they are encrypted, in one tar file. No key is in it: it opens through the current keyring only.

So a backup of a living owner keeps working after others were forgotten, and the forgotten one's part opens no more.
A vault in a backup is recognised by a tag of its key, which names neither owner nor key.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import shutil
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from memguard.errors import BundleError, UnknownOwner
from memguard.outcomes import Restored
from memguard.vault.files import mapped_os_errors, sync_folder
from memguard.vault.home import Home

FORMAT = 1
MANIFEST = "backup.json"


def write_backup(home: Home, path: Path, owners: Sequence[str] | None) -> int:
    """Copy the vaults of these owners (all by default) to `path`; returns how many. Writers go on meanwhile."""
    vaults = home.contents().vaults
    chosen = list(vaults) if owners is None else list(owners)
    if any(owner not in vaults for owner in chosen):
        raise UnknownOwner
    part = path.with_name(f".{path.name}.part")
    with mapped_os_errors("the backup"), tempfile.TemporaryDirectory(dir=path.parent, prefix=".memguard-") as folder:
        with part.open("xb") as file, tarfile.open(fileobj=file, mode="w") as archive:
            part.chmod(0o600)
            tags = {f"{number}.db": _tag(vaults[owner].key) for number, owner in enumerate(chosen)}
            _add_bytes(archive, MANIFEST, json.dumps({"memguard_backup": FORMAT, "vaults": tags}).encode())
            for name, owner in zip(tags, chosen, strict=True):
                copy = Path(folder) / name
                home.vault(owner).copy_to(copy)
                archive.add(copy, name, filter=_anonymous)
                copy.unlink()
        part.replace(path)
        sync_folder(path.parent)
    return len(chosen)


def read_backup(home: Home, path: Path, owner: str | None) -> Restored:
    """Put back every vault whose key this keyring holds, or one owner's; each replaces what is there now."""
    owner_of = {_tag(entry.key): name for name, entry in home.contents().vaults.items()}
    restored, unopenable = 0, []
    with mapped_os_errors("the backup"), path.open("rb") as file, _archive(file) as archive:
        for member, tag in _manifest(archive).items():
            found = owner_of.get(tag)
            if found is None:
                unopenable.append(member)
            elif owner in (None, found):
                home.replace_file(found, lambda target, name=member: _extract(archive, name, target))  # type: ignore[misc]
                restored += 1
    return Restored(restored, tuple(unopenable))


def _tag(key: bytes) -> str:
    return hmac.new(key, b"memguard backup tag", hashlib.sha256).hexdigest()[:32]


def _archive(file: io.BufferedReader) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=file, mode="r:")
    except tarfile.TarError:
        raise BundleError("this is not a backup, or it is damaged") from None


def _manifest(archive: tarfile.TarFile) -> dict[str, str]:
    try:
        member = archive.extractfile(MANIFEST)
        document = json.loads(member.read(1 << 24)) if member else {}
        if document["memguard_backup"] != FORMAT:
            raise BundleError("this backup was written by a newer memguard")
        return {str(name): str(tag) for name, tag in document["vaults"].items()}
    except (KeyError, ValueError, TypeError, AttributeError, tarfile.TarError):
        raise BundleError("this is not a backup, or it is damaged") from None


def _extract(archive: tarfile.TarFile, name: str, target: Path) -> None:
    """Copy one member's bytes; no path that the archive names is ever used."""
    try:
        member = archive.extractfile(name)
    except (KeyError, tarfile.TarError):
        member = None
    if member is None:
        raise BundleError("this backup is damaged: a vault is missing from it")
    with target.open("wb") as file:
        target.chmod(0o600)
        shutil.copyfileobj(member, file)


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
