"""A second writer of the age format, from its specification (age-encryption.org/v1).

It shows that what memguard reads is age and not only what its own library writes; and its work factor is small, where
that library spends two seconds on every passphrase, on purpose.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = b"age-encryption.org/v1"
CHUNK = 64 << 10


def quickly_sealed(data: bytes, passphrase: str, work_factor: int = 8) -> bytes:
    """`data` under a passphrase, with 2**work_factor rounds of scrypt."""
    file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    wrapping = hashlib.scrypt(
        passphrase.encode(), salt=VERSION + b"/scrypt" + salt, n=1 << work_factor, r=8, p=1, dklen=32
    )
    wrapped = ChaCha20Poly1305(wrapping).encrypt(bytes(12), file_key, None)
    stanza = b"-> scrypt %b %d\n%b" % (_base64(salt), work_factor, _base64(wrapped))
    header = b"%b\n%b\n---" % (VERSION, stanza)
    mac = hmac.new(_derived(file_key, b"", b"header"), header, hashlib.sha256).digest()
    return b"%b %b\n%b%b" % (header, _base64(mac), nonce, _stream(data, _derived(file_key, nonce, b"payload")))


def _stream(data: bytes, key: bytes) -> bytes:
    cipher = ChaCha20Poly1305(key)
    chunks = [data[start : start + CHUNK] for start in range(0, len(data), CHUNK)] or [b""]
    nonces = [i.to_bytes(11, "big") + bytes([i == len(chunks) - 1]) for i in range(len(chunks))]
    return b"".join(cipher.encrypt(nonce, chunk, None) for nonce, chunk in zip(nonces, chunks, strict=True))


def _derived(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=salt, info=info).derive(key)


def _base64(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")
