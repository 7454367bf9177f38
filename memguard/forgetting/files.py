"""Whether every file under a home is named by its store, whole, and its owner's alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Set
from pathlib import Path

from memguard.forgetting.audit import AUDIT_LOG
from memguard.forgetting.findings import Checked, Residue
from memguard.vault.home import MARKER, NEW, VAULT_FILE, Home

_BESIDE = ("", "-wal", "-shm")
"""A vault's database, its log, and the index of the log."""


def files(home: Home) -> Checked:
    """Look at every file and folder under a home."""
    named = set(_named(home))
    folders = {"vaults", *(place.rpartition("/")[0] for place in named)}
    found = sorted(home.path.rglob("*"))
    residues = [residue for path in found for residue in _residues(home.path, path, named, folders)]
    return Checked("files", len(found), tuple(residues))


def _named(home: Home) -> Iterator[str]:
    yield from (MARKER, "lock", AUDIT_LOG)
    for entry in home.contents().vaults.values():
        for folder in (entry.vault_id, entry.vault_id + NEW):  # the second until it is opened for the first time
            yield from (f"vaults/{folder}/{VAULT_FILE}{suffix}" for suffix in _BESIDE)


def _residues(home: Path, path: Path, named: Set[str], folders: Set[str]) -> Iterator[Residue]:
    place = path.relative_to(home).as_posix()
    try:
        found = path.lstat()
    except FileNotFoundError:  # a log that its last reader took along
        return
    is_folder = stat.S_ISDIR(found.st_mode)
    if path.suffix == ".part":
        yield Residue("part file", place, found.st_size)
    elif place not in (folders if is_folder else named) or not (is_folder or stat.S_ISREG(found.st_mode)):
        yield Residue("stray file", place, 1 if is_folder else found.st_size)
    if os.name != "nt" and found.st_mode & 0o077 and not stat.S_ISLNK(found.st_mode):
        yield Residue("open file", place)
