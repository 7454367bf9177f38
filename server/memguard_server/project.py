"""Which project a folder belongs to: the root of its git repository, found without git.

All worktrees of a repository are one project, the main one's; a submodule is its own. A folder in no repository has no
project. The name is the whole path, compared as a whole: no project's name can stand for another's.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from memguard import InvalidInput
from memguard.intake import name

_GITFILE_BYTES_MAX = 8_192
_WORKTREE = re.compile(r"^\s*worktree\s*=\s*(\S.*?)\s*$", re.MULTILINE)


def project_of(directory: str | None) -> str | None:
    """The project of a folder (default: the working directory), None outside every repository.

    Raises `InvalidInput` where there is no such folder. What a client left as `${workspaceFolder}` means that it had no
    folder open, and is no project.
    """
    if directory is not None and directory.startswith("${"):
        return None
    start = Path(directory or ".")
    try:
        start = start.resolve(strict=True)
        if not start.is_dir():
            raise NotADirectoryError
    except (OSError, ValueError, RuntimeError):  # a NUL in it, or a circle of links
        raise InvalidInput("--directory names no folder that can be read") from None
    root = next((found for folder in (start, *start.parents) if (found := _root(folder))), None)
    return None if root is None else _name(root)


def _root(folder: Path) -> Path | None:
    """The project whose top is this folder."""
    entry = folder / ".git"
    try:
        if entry.is_dir():
            return folder if (entry / "HEAD").is_file() else None
        return _linked(entry, folder) if entry.is_file() else None
    except OSError:
        return None


def _linked(entry: Path, folder: Path) -> Path:
    """A `.git` file names the folder that git uses: a worktree's leads on to the main one, a submodule's does not.

    A worktree is one that its repository knows of: an unpacked archive must not pass for somebody's project.
    """
    about = _text(entry)
    if not about.startswith("gitdir:"):
        return folder
    git = folder / about.removeprefix("gitdir:").strip()
    common = _text(git / "commondir").strip()
    try:
        is_known = (git / _text(git / "gitdir").strip()).resolve() == entry.resolve()
        return _main((git / common).resolve()) if common and is_known else folder
    except (OSError, ValueError, RuntimeError):  # as above
        return folder


def _main(git: Path) -> Path:
    """The top of the repository with this git folder: beside it, where its config says so, or the bare one itself."""
    if git.name == ".git":
        return git.parent
    named = _WORKTREE.search(_text(git / "config"))
    return (git / named[1]).resolve() if named else git


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return os.fsdecode(file.read(_GITFILE_BYTES_MAX))
    except (OSError, ValueError):
        return ""


def _name(root: Path) -> str:
    """The path as memguard keeps names, or for one that it cannot keep its last part and a digest."""
    try:
        return str(name(str(root), "environment"))
    except InvalidInput:
        visible = os.fsencode(root.name).decode(errors="replace")[:64]
        return f"{visible} {hashlib.sha256(os.fsencode(root)).hexdigest()}"
