"""Packaged weights are read only if they are, byte for byte, the ones that memguard was made with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from memguard.errors import ModelError


def check_pinned(folder: Path, pinned: Mapping[str, str], package: str) -> None:
    """Raise `ModelError` unless every file of a package, by its path in the folder, has its pinned SHA-256."""
    for name, expected in pinned.items():
        try:
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            raise ModelError(f"the packaged model lacks {name}: reinstall {package}") from None
        if found != expected:
            raise ModelError(f"the packaged model's {name} was altered: reinstall {package}")
