"""SQLCipher 4 pages, opened and authenticated without SQLite: those of a vault's file, and the frames of its log.

A page of 4096 bytes is 4016 of content, the nonce of its encryption (AES-256-CBC) and an HMAC-SHA512 over both and its
number. The first page begins with the salt of the HMAC's key. (SQLCipher design: zetetic.net/sqlcipher/design.)
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from memguard.errors import VaultUnreadable

PAGE = 4096
USABLE = 4016
"""Bytes of a page that are content."""
SALT = NONCE = BLOCK = 16
MAGIC = b"SQLite format 3\0"
LOG_HEADER, FRAME_HEADER = 32, 24
LOCK_PAGE = (1 << 30) // PAGE + 1
"""SQLite never writes the page at the first gibibyte: file locks lie there."""

Bytes = NDArray[np.uint8]
Numbers = NDArray[np.int64]


class Opened(NamedTuple):
    """Pages [n, 4096], their reserved bytes zero, and which of them [n] are authentic. What is not is all zero."""

    plain: Bytes
    authentic: NDArray[np.bool_]


class Codec:
    """Opens pages with a vault's raw key and the salt in the first bytes of its file."""

    def __init__(self, key: bytes, salt: bytes) -> None:
        self._key = key
        self.mac_key = _mac_key(key, salt)

    def opened(self, numbers: Sequence[int] | Numbers, raw: Bytes) -> Opened:
        """Decrypt pages [n, 4096], the page `numbers[i]` in row i."""
        authentic = np.fromiter(map(self._is_authentic, numbers, raw), np.bool_, len(raw))
        plain = np.zeros_like(raw)
        # CBC of all pages in one call: each block decrypted alone, then xor with the encrypted block before it.
        blocks = np.frombuffer(self._decrypted_blocks(raw[:, :USABLE].tobytes()), np.uint8).reshape(-1, USABLE)
        nonces = raw[:, USABLE : USABLE + NONCE]
        plain[:, :BLOCK] = blocks[:, :BLOCK] ^ nonces
        plain[:, BLOCK:USABLE] = blocks[:, BLOCK:] ^ raw[:, : USABLE - BLOCK]
        first = np.flatnonzero(np.asarray(numbers) == 1)
        plain[first, SALT : SALT + BLOCK] = blocks[first, SALT : SALT + BLOCK] ^ nonces[first]
        plain[first, :SALT] = np.frombuffer(MAGIC, np.uint8)
        plain[~authentic] = 0
        return Opened(plain, authentic)

    def _is_authentic(self, number: int, page: Bytes) -> bool:
        end = USABLE + NONCE
        start = SALT if number == 1 else 0
        mac = hmac.digest(self.mac_key, page[start:end].tobytes() + int(number).to_bytes(4, "little"), "sha512")
        return hmac.compare_digest(mac, page[end:].tobytes())

    def _decrypted_blocks(self, data: bytes) -> bytes:
        from cryptography.hazmat.primitives.ciphers import Cipher
        from cryptography.hazmat.primitives.ciphers.algorithms import AES
        from cryptography.hazmat.primitives.ciphers.modes import ECB

        return Cipher(AES(self._key), ECB()).decryptor().update(data)  # noqa: S305 - the chaining is in `opened`


class PageFile:
    """A vault's file as pages, numbered from 1, read as they are asked for."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self.count, self.torn_bytes = divmod(path.stat().st_size, PAGE)
        if not self.count:
            raise VaultUnreadable("the vault's file has no page")
        self.codec = Codec(key, self._raw([1])[0, :SALT].tobytes())

    def opened(self, numbers: Sequence[int] | Numbers) -> Opened:
        """Decrypted pages, in the order of their numbers, each of which is from 1 to `count`."""
        return self.codec.opened(numbers, self._raw(numbers))

    def _raw(self, numbers: Sequence[int] | Numbers) -> Bytes:
        """Pages as they are on disk. Not mapped into memory: whoever cuts the file would end this process."""
        raw = bytearray(len(numbers) * PAGE)
        with self._path.open("rb", buffering=0) as file:
            for place, number in enumerate(numbers):
                file.seek((int(number) - 1) * PAGE)
                file.readinto(memoryview(raw)[place * PAGE : (place + 1) * PAGE])
        return np.frombuffer(raw, np.uint8).reshape(-1, PAGE)


class Frame(NamedTuple):
    """One page in a log: its number, whether the frame is of the log's present generation, and its bytes."""

    page: int
    current: bool
    raw: bytes


def frames(log: bytes) -> Iterator[Frame]:
    """Every frame in a log's bytes; a torn one at the end too, short as it is."""
    salts = log[16:24]
    for start in range(LOG_HEADER, len(log), FRAME_HEADER + PAGE):
        header = log[start : start + FRAME_HEADER]
        yield Frame(int.from_bytes(header[:4], "big"), header[8:16] == salts, log[start + FRAME_HEADER :][:PAGE])


def log_of(path: Path) -> Path:
    """Where the write-ahead log of a vault's file lies."""
    return path.with_name(f"{path.name}-wal")


def _mac_key(key: bytes, salt: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA512
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

    masked = bytes(byte ^ 0x3A for byte in salt)  # so that it differs from the salt of a passphrase
    return PBKDF2HMAC(SHA512(), len(key), masked, iterations=2).derive(key)
