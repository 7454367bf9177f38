"""Private files: 0600 in folders of 0700, written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from memguard.errors import HomeError, StorageFull

NETWORK_FILESYSTEMS = frozenset(
    "nfs nfs4 cifs smb2 smb3 smbfs ncpfs afs 9p ceph glusterfs lustre davfs fuse.sshfs fuse.rclone fuse.s3fs".split()
)


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
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
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


def remove_parts(folder: Path, name: str = "*") -> None:
    """Destroy what `write_whole` left of `name` where the process was killed. Only while nobody else writes there."""
    for part in folder.glob(f".{name}.*.part"):
        with mapped_os_errors("a leftover"):
            part.write_bytes(bytes(part.stat().st_size))
            part.unlink()


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
