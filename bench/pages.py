"""Every page of a vault's file and of its log, decrypted: what whoever has the keys can read, freed pages too."""

from __future__ import annotations

from collections.abc import Iterator

from memguard import Memory

PAGE, RESERVED, SALT, NONCE = 4096, 80, 16, 16
"""SQLCipher 4: each page ends in its nonce and its HMAC, the first one begins with a salt."""
LOG_HEADER, FRAME_HEADER = 32, 24


def decrypted(memory: Memory, owner: str) -> bytes:
    """All pages of an owner's vault, one after another, then all that are in its log."""
    vault, key = memory.home.vault(owner), memory.home.contents().vaults[owner].key
    log = vault.path.with_name(f"{vault.path.name}-wal")
    pages = [*_of_file(vault.path.read_bytes()), *(_of_log(log.read_bytes()) if log.exists() else ())]
    return b"".join(_opened(key, number, page) for number, page in pages)


def _of_file(data: bytes) -> Iterator[tuple[int, bytes]]:
    for start in range(0, len(data), PAGE):
        yield start // PAGE + 1, data[start : start + PAGE]


def _of_log(data: bytes) -> Iterator[tuple[int, bytes]]:
    for start in range(LOG_HEADER, len(data), FRAME_HEADER + PAGE):
        page = start + FRAME_HEADER
        yield int.from_bytes(data[start : start + 4], "big"), data[page : page + PAGE]


def _opened(key: bytes, number: int, page: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    end = PAGE - RESERVED
    decryptor = Cipher(AES(key), CBC(page[end : end + NONCE])).decryptor()
    return decryptor.update(page[SALT if number == 1 else 0 : end]) + decryptor.finalize()
