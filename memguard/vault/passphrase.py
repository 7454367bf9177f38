"""Files under a passphrase, in the age format (age-encryption.org): scrypt and ChaCha20-Poly1305.

age is a published format with other implementations: what a person sealed here opens without memguard, too.
"""

from __future__ import annotations

from memguard.errors import BundleError, InvalidInput

LENGTH_MIN = 8
HEADER = b"age-encryption.org/v1"


def sealed(data: bytes, passphrase: str) -> bytes:
    """Data under a passphrase."""
    import pyrage

    if not isinstance(passphrase, str) or len(passphrase) < LENGTH_MIN:
        raise InvalidInput(f"the passphrase must have at least {LENGTH_MIN} characters")
    result: bytes = pyrage.passphrase.encrypt(data, passphrase)
    return result


def unsealed(data: bytes, passphrase: str) -> bytes:
    """What `sealed` made, or `BundleError`: a wrong passphrase and an altered file look alike."""
    import pyrage

    try:
        result: bytes = pyrage.passphrase.decrypt(data, passphrase)
    except pyrage.DecryptError:
        raise BundleError("the passphrase is wrong, or the file was altered") from None
    return result
