"""What may befall a file that memguard wrote."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from tests.forgetting.copied import (
    members,
)
from tests.vault.parts import flipped


def unlinked(path: Path) -> None:
    path.unlink()


def marked_read_only(path: Path) -> None:
    path.chmod(0o400)


def other_file(path: Path) -> None:
    path.write_bytes(b"another file")


def damaged(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(flipped(data, data.index(members(path)["0.db"]) + 20_000))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def taken_out(path: Path) -> None:
    held = members(path)
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("backup.json")
        info.size = len(held["backup.json"])
        archive.addfile(info, io.BytesIO(held["backup.json"]))


def twice(path: Path) -> None:
    with tarfile.open(path, "a") as archive:
        archive.addfile(archive.getmember("0.db"), io.BytesIO(members(path)["0.db"]))
