"""Keys of one vault for what must not be readable even in its decrypted pages: keyed look-ups and sealed values."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

from memguard.errors import VaultUnreadable

KEY_BYTES = 32
NONCE_BYTES = 12
LOOKUP_BYTES = 16


@dataclass(frozen=True, slots=True)
class Seals:
    """Two keys derived from a vault's own: one to look values up by, one to seal them with."""

    _lookup: bytes = field(repr=False)
    _seal: bytes = field(repr=False)

    @classmethod
    def of(cls, vault_key: bytes) -> Seals:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        derived = HKDF(SHA256(), 2 * KEY_BYTES, salt=None, info=b"memguard values 1").derive(vault_key)
        return cls(derived[:KEY_BYTES], derived[KEY_BYTES:])

    def lookup(self, form: str) -> bytes:
        """The hash under which a form of a value is found: without the key, no guess can be tried."""
        return hmac.digest(self._lookup, form.encode("utf-8", "surrogatepass"), "sha256")[:LOOKUP_BYTES]

    def sealed(self, value: str, place: str) -> bytes:
        """A value sealed for one place: moved to another, it does not open."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self._seal).encrypt(nonce, value.encode("utf-8", "surrogatepass"), place.encode())

    def opened(self, blob: bytes, place: str) -> str:
        """The value sealed for a place; `VaultUnreadable` where it was sealed for another or was altered."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            plain = AESGCM(self._seal).decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError):
            raise VaultUnreadable("a sealed value does not open: see `memguard doctor`") from None
        return plain.decode("utf-8", "surrogatepass")
