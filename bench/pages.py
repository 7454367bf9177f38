"""Every page of a vault's file and of its log, decrypted: what whoever has the keys can read, freed pages too."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from memguard import Memory
from memguard.forgetting.pages import PAGE, PageFile, frames, log_of


def decrypted(memory: Memory, owner: str) -> bytes:
    """All pages of an owner's vault, one after another, then all that are in its log."""
    vault = memory.home.vault(owner)
    file, log = PageFile(vault.path, vault.page_key), log_of(vault.path)
    in_log = _of_log(file, log.read_bytes()) if log.exists() else iter(())
    return b"".join((file.opened(range(1, file.count + 1)).plain.tobytes(), *in_log))


def _of_log(file: PageFile, log: bytes) -> Iterator[bytes]:
    for frame in frames(log):
        if len(frame.raw) == PAGE:
            yield file.codec.opened([frame.page], np.frombuffer(frame.raw, np.uint8).reshape(1, PAGE)).plain.tobytes()
