"""Where a copy lies and what its file is known by: a backup by the id in its manifest, an export by size and digest."""

from __future__ import annotations

import errno
import hashlib
import stat
from pathlib import Path

from memguard.vault import archive
from memguard.vault.files import mapped_os_errors

MEMORY_FOLDERS = (Path("/dev/shm"),)  # noqa: S108 - told apart from devices, not written to
"""Folders of files among the devices."""


def place_of(path: Path) -> Path:
    """A path as it is registered: absolute, without links on the way. What lies there is replaced, link or not.

    `HomeError` where no file can lie, so that nothing is registered for a slip of the pen.
    """
    with mapped_os_errors("the path of the copy"):
        place = path.parent.resolve(strict=True) / path.name
        if place.is_dir():
            raise IsADirectoryError(errno.EISDIR, "a folder")
        return place


def is_stream(place: Path) -> bool:
    """Whether what is written to a place goes on to somebody else: a pipe, a terminal, a descriptor of the process."""
    is_device = place.is_relative_to("/dev") and not any(map(place.is_relative_to, MEMORY_FOLDERS))
    if is_device or place.is_relative_to("/proc"):
        return True
    try:
        mode = place.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def mark_of_backup(backup_id: str) -> str:
    """The mark of a backup by the id in its manifest, which stays when a vault in it is replaced."""
    return f"backup {backup_id}"


def mark_of_export(data: bytes) -> str:
    """The mark of an export by its bytes."""
    return f"export {len(data)} {hashlib.sha256(data).hexdigest()}"


def kind_of(mark: str) -> str:
    """Of which kind of copy a mark is."""
    return mark.partition(" ")[0]


def bears(path: Path, mark: str) -> bool:
    """Whether a plain file with this mark lies there. A link does not count: renaming would leave what it leads to."""
    kind, *known = mark.split(" ")
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            return False
        if kind == "backup":
            return [archive.identity(path)] == known
        if str(found.st_size) != known[0]:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == known[1]
    except OSError:
        return False
