"""A vault's log: what others wrote since the file was taken as it is, and nothing from before."""

from __future__ import annotations

import numpy as np

from memguard.forgetting.findings import Checked, Residue
from memguard.forgetting.pages import PAGE, PageFile, frames, log_of
from memguard.vault.store import Vault


def log(vault: Vault) -> Checked:
    """Look at the frames of the log; while the file is held, what belongs to its present generation is new."""
    path = log_of(vault.path)
    data = path.read_bytes() if path.exists() else b""
    return Checked("log", len(data), _residues(data, PageFile(vault.path, vault.page_key), path.name))


def log_bytes(vault: Vault) -> int:
    """How long a vault's log is."""
    log = log_of(vault.path)
    return log.stat().st_size if log.exists() else 0


def _residues(data: bytes, file: PageFile, place: str) -> tuple[Residue, ...]:
    """Frames that no present transaction wrote: of an earlier log, or not authentic. One being written may be torn."""
    whole = [frame for frame in frames(data) if len(frame.raw) == PAGE]
    raw = np.frombuffer(b"".join(frame.raw for frame in whole), np.uint8).reshape(-1, PAGE)
    authentic = file.codec.opened([frame.page for frame in whole], raw).authentic
    strange = sum(not (frame.current and good) for frame, good in zip(whole, authentic, strict=True))
    return (Residue("log", place, strange),) if strange else ()
