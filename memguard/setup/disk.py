"""A client's file on disk: read with all that must hold before it is written; written whole, with a copy kept."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from memguard.errors import InvalidInput, MemguardError
from memguard.vault.files import make_folder, mapped_os_errors, write_whole

BYTES_MAX = 16 * 1024 * 1024
"""No client's configuration is larger; what is, is something else."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was read. `path` is the client's name for it, `target` where its bytes lie: a link stays a link."""

    path: Path
    target: Path
    data: bytes | None
    """None where there is no file yet."""
    mode: int = 0o600
    owner: tuple[int, int] | None = None

    @property
    def text(self) -> str:
        try:
            return (self.data or b"").decode()
        except UnicodeDecodeError:
            raise InvalidInput("it is not UTF-8 text") from None


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Errors of what is done with a file start with its name, on one line."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(f"{printable(path)}: {error}") from None
    except RecursionError:
        raise InvalidInput(f"{printable(path)}: it is nested too deep") from None


def printable(path: Path) -> str:
    return text if (text := str(path)).isprintable() else ascii(text)


def read(path: Path) -> File:
    """The file, when it can be written, too: no edit is shown that could not be made."""
    with naming(path):
        try:
            target = path.resolve(strict=True) if path.is_symlink() else path
            info = target.stat()
        except FileNotFoundError:
            if path.is_symlink():
                raise InvalidInput("it is a link to a file that is not there") from None
            _check_folder(path.parent)
            return File(path, path, None)
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
            raise InvalidInput(f"it cannot be used: {_code(error)}") from None
        _check_file(target, info)
        _check_folder(target.parent)
        try:
            data = target.read_bytes()
        except OSError as error:
            raise InvalidInput(f"it cannot be read: {_code(error)}") from None
        return File(path, target, data, stat.S_IMODE(info.st_mode), (info.st_uid, info.st_gid))


def check_unchanged(file: File) -> None:
    """Raises when the file is not what it was: its client may have written it since."""
    now = read(file.path)
    with naming(file.path):
        if (now.target, now.data) != (file.target, file.data):
            raise InvalidInput("it was changed meanwhile: nothing was written, run the command again")


def write(file: File, data: bytes) -> Path | None:
    """Replace the file, or create it with its folders; returns where a copy of what was there lies now."""
    backup = None if file.data is None else _free_name(file.path)
    if backup is not None and file.data is not None:
        write_whole(backup, file.data, printable(backup))
    try:
        make_folder(file.target.parent)
        write_whole(file.target, data, printable(file.path))
    except MemguardError:
        if backup is not None:
            backup.unlink(missing_ok=True)
        raise
    with mapped_os_errors(printable(file.path)):
        if file.owner is not None and hasattr(os, "chown") and os.geteuid() == 0:
            os.chown(file.target, *file.owner)  # through sudo the file would become root's
        file.target.chmod(file.mode)
    return backup


def _free_name(path: Path) -> Path:
    """Beside the name that the client knows: the folder a link points to may be a repository of dotfiles."""
    stem = f"{path.name}.memguard-backup-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    names = (path.with_name(stem + suffix) for suffix in ("", *(f"-{n}" for n in range(2, 1000))))
    return next(name for name in names if not os.path.lexists(name))


def _check_file(target: Path, info: os.stat_result) -> None:
    if stat.S_ISDIR(info.st_mode):
        raise InvalidInput("it is a folder")
    if not stat.S_ISREG(info.st_mode):
        raise InvalidInput("it is not a regular file")
    if info.st_size > BYTES_MAX:
        raise InvalidInput(f"it is larger than {BYTES_MAX // 1024 // 1024} MB")
    # Replacing a file takes no permission on it, and root has every one: who made it read-only means it all the same.
    if not info.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise InvalidInput("it is read-only")


def _check_folder(folder: Path) -> None:
    """The folder, or the nearest one above that is there, must take a new file."""
    while not os.path.lexists(folder):
        folder = folder.parent
    try:
        info = folder.stat()
    except OSError as error:
        raise InvalidInput(f"its folder cannot be used: {_code(error)}") from None
    if not stat.S_ISDIR(info.st_mode):
        raise InvalidInput("what should be its folder is a file")
    if not info.st_mode & 0o222 or not os.access(folder, os.W_OK | os.X_OK):
        raise InvalidInput("its folder is read-only")


def _code(error: OSError | RuntimeError) -> str:
    number = error.errno if isinstance(error, OSError) else errno.ELOOP
    return errno.errorcode.get(number or 0, "unknown error")
