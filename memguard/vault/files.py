"""Private files: 0600 in folders of 0700, written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from memguard.errors import HomeError, StorageFull

NETWORK_FILESYSTEMS = frozenset(
    "nfs nfs4 cifs smb2 smb3 smbfs ncpfs afs 9p ceph glusterfs lustre davfs fuse.sshfs fuse.rclone fuse.s3fs".split()
)

CHUNK_BYTES = 1 << 20
_TOKEN = "[0-9a-f]" * 16
"""What `write_whole` puts between the name of a file and `.part`."""


def make_folder(path: Path) -> None:
    """Create a folder that only its user can enter."""
    with mapped_os_errors("a folder of memguard"):
        for folder in (*reversed(path.parents), path):
            if not folder.exists():  # `parents=True` would leave the ones between open to all
                folder.mkdir(mode=0o700, exist_ok=True)


def write_whole(path: Path, data: bytes, what: str | None = None) -> None:
    """Replace `path` atomically and durably: readers see the old bytes or the new ones, never a part.

    `what` stands for it in errors, where the name is the user's.
    """
    part = part_of(path)
    with mapped_os_errors(what or path.name):
        try:
            descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        sync_folder(path.parent)


def part_of(path: Path) -> Path:
    """A new name beside `path` for what is to become it, or was it: `remove_parts` knows it."""
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")


def remove_parts(folder: Path, name: str = "*") -> None:
    """Destroy what `write_whole` left of `name` where the process was killed. Only while nobody else writes there."""
    known = name if name == "*" else glob.escape(name)
    for part in folder.glob(f".{known}.{_TOKEN}.part"):
        destroy(part, "a leftover")


@contextlib.contextmanager
def workplace(path: Path) -> Iterator[Path]:
    """A private folder beside `path`, to make there what is renamed to it. Only while nobody else writes there.

    The next run knows its name: what a killed one left in it is destroyed.
    """
    remove_workplace(path)
    folder = _workplace(path)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        remove_workplace(path)


def remove_workplace(path: Path) -> None:
    """Destroy what is left of the workplace of `path`."""
    folder = _workplace(path)
    with mapped_os_errors("a leftover"), contextlib.suppress(FileNotFoundError, NotADirectoryError):
        if folder.is_symlink():  # not ours: what it leads to stays
            folder.unlink()
        for file in folder.iterdir():
            destroy(file, "a leftover")
        folder.rmdir()


def destroy(path: Path, what: str) -> None:
    """Overwrite a file, then remove it: undelete tools read names, not journals. Of a link only the link goes."""
    with mapped_os_errors(what):
        if stat.S_ISREG(path.lstat().st_mode):
            with os.fdopen(os.open(path, os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)), "wb") as file:
                left = os.fstat(file.fileno()).st_size
                while left > 0:
                    left -= file.write(bytes(min(left, CHUNK_BYTES)))
                file.flush()
                os.fsync(file.fileno())
        path.unlink()
        sync_folder(path.parent)


def _workplace(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def touch_private(path: Path) -> None:
    """Create an empty 0600 file, so that what SQLite writes into it is 0600 too."""
    with mapped_os_errors(path.name):
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def sync_folder(path: Path) -> None:
    """Make renames and removals in a folder durable."""
    if os.name == "nt":  # Windows has no folder handles to fsync
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def filesystem_of(path: Path, mounts: Path = Path("/proc/self/mounts")) -> str | None:
    """The type of file system that holds `path`, or None where it cannot be told."""
    try:
        table = [line.split()[1:3] for line in mounts.read_text().splitlines()]
    except OSError:
        return None
    resolved = path.resolve()
    # The kernel writes spaces as \040. What is mounted later over the same point comes later in the table.
    inside = [(point.replace(r"\040", " "), kind) for point, kind in table]
    covering = [
        (len(Path(point).parts), row, kind)
        for row, (point, kind) in enumerate(inside)
        if resolved.is_relative_to(point)
    ]
    return max(covering)[2] if covering else None


@contextlib.contextmanager
def mapped_os_errors(what: str) -> Iterator[None]:
    """Foreign errors become ours; `what` is a file name that memguard chose, never one of the user's."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageFull(f"no room left to write {what}") from None
        reason = errno.errorcode.get(error.errno or 0, "unknown error")
        raise HomeError(f"cannot use {what}: {reason}") from None
