"""The certificate of an erasure: what went, what was looked at and what was not, signed by the home. Pure.

The file is one JSON object: names sorted, UTF-8, indented by one space, one newline at its end.

    signed      what the signature covers: as compact JSON with sorted names, behind the line "memguard certificate"
    signature   Ed25519 (RFC 8032) by the home's key, in hex
    salt        32 random bytes in hex, in the holder's copy only: they show of whom and of what it speaks

A file counts only if it is byte for byte what its content is written as, so that nothing can ride along unsigned.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, Self

from memguard import intake
from memguard.errors import CertificateError, InvalidInput
from memguard.forgetting.statement import LINE_LENGTH_MAX, Extent, Statement, Versions, is_line
from memguard.outcomes import Check

FORMAT = 1
BYTES_MAX = 1 << 20
SALT_BYTES = 32
HOUR = "%Y-%m-%dT%H:00Z"
"""Times are coarse, so that they do not tell which erasure it was among others."""
PURPOSE = b"memguard certificate\n"
"""Stands before what is signed: the home's key may sign other things one day."""
NOT_AS_WRITTEN = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate(Statement):
    """A statement, dated and signed by a home. `salt` is in the holder's copy only."""

    id: str
    issued: str
    """The UTC hour."""
    home: str
    commitment: bytes
    """SHA-256 of the salt and the canonical JSON of owner and scope."""
    salt_digest: bytes
    signature: bytes = b""
    salt: bytes | None = field(default=None, repr=False)

    def without_salt(self) -> Self:
        """The copy to give away: it verifies, and nobody can try names on it."""
        return replace(self, salt=None)

    def to_bytes(self) -> bytes:
        """The file."""
        document = {"signed": self._signed(), "signature": self.signature.hex()}
        if self.salt is not None:
            document["salt"] = self.salt.hex()
        return (json.dumps(document, sort_keys=True, ensure_ascii=False, indent=1) + "\n").encode()

    @property
    def digest(self) -> bytes:
        """SHA-256 of the copy without salt: what the audit log holds."""
        return hashlib.sha256(self.without_salt().to_bytes()).digest()

    def signed_bytes(self) -> bytes:
        """What the signature covers."""
        return PURPOSE + _canonical(self._signed())

    def _signed(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "id": self.id,
            "issued": self.issued,
            "home": self.home,
            "state": self.state,
            "erased": asdict(self.erased),
            "checks": [asdict(replace(check, found=dict(check.found))) for check in self.checks],
            "not_checked": self.not_checked,
            "pending": self.pending,
            "versions": asdict(self.versions),
            "reference": self.reference,
            "commitment": self.commitment.hex(),
            "salt_digest": self.salt_digest.hex(),
        }


def issue(
    statement: Statement, *, seed: bytes, home: str, owner: str, scope: Mapping[str, Any], at: datetime | None = None
) -> Certificate:
    """Sign a statement for a home. `scope` is what was asked for, as plain JSON: only its commitment is kept."""
    salt = secrets.token_bytes(SALT_BYTES)
    certificate = Certificate(
        **{each.name: getattr(statement, each.name) for each in fields(Statement)},
        id=str(uuid.uuid4()),
        issued=hour(at or datetime.now(UTC)),
        home=home,
        commitment=_commitment(salt, owner, scope),
        salt_digest=hashlib.sha256(salt).digest(),
        salt=salt,
    )
    return replace(certificate, signature=_private(seed).sign(certificate.signed_bytes()))


def parsed(data: bytes) -> Certificate:
    """The certificate of a file's bytes, or `CertificateError`. Whose it is, `check_signature` tells."""
    if len(data) > BYTES_MAX:
        raise CertificateError(f"this is not a certificate: one has at most {BYTES_MAX} bytes")
    try:
        document = json.loads(data.decode())
    except (ValueError, RecursionError):
        raise CertificateError("this is not a certificate: it is not JSON") from None
    try:
        if document["signed"]["format"] != FORMAT:
            raise CertificateError("the certificate has a format that this memguard does not know: update memguard")
        certificate = _read(document)
        as_written = certificate.to_bytes() == data
    except NOT_AS_WRITTEN:
        raise CertificateError("this is not a certificate: something in it is missing or malformed") from None
    if not as_written:
        raise CertificateError("the certificate was altered: it is not written as memguard writes one")
    return certificate


def check_signature(certificate: Certificate, public: bytes) -> None:
    """`CertificateError` unless the key of these 32 bytes signed this certificate, its salt included."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(certificate.signature, certificate.signed_bytes())
    except (InvalidSignature, ValueError):
        raise CertificateError("the signature does not fit: altered, or signed with another key") from None
    if certificate.salt is not None and hashlib.sha256(certificate.salt).digest() != certificate.salt_digest:
        raise CertificateError("the certificate was altered: its salt is not the one that was signed for")


def proves(certificate: Certificate, owner: str, scope: Mapping[str, Any]) -> bool:
    """Whether a certificate speaks of this owner and scope. Needs the holder's copy; does not look at the signature."""
    if certificate.salt is None:
        raise CertificateError("this copy has no salt: only the holder's copy shows of whom it speaks")
    return hmac.compare_digest(_commitment(certificate.salt, owner, scope), certificate.commitment)


def public_key(seed: bytes) -> bytes:
    """The 32 bytes that check what a seed signs."""
    public: bytes = _private(seed).public_key().public_bytes_raw()
    return public


def public_key_of(text: object) -> bytes:
    """A public key as `memguard keys public` prints it."""
    try:
        key = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        key = b""
    if len(key) != 32:
        raise InvalidInput("a public key is 64 hexadecimal digits, as `memguard keys public` prints it")
    return key


def checked_reference(text: object) -> str:
    """The requester's own reference, for instance a ticket. To be called before anything is erased."""
    if text == "" or (isinstance(text, str) and is_line(text)):
        return str(text)
    raise InvalidInput(f"the reference is one line of up to {LINE_LENGTH_MAX} printable characters")


def hour(moment: datetime) -> str:
    """The UTC hour of an aware datetime."""
    return moment.astimezone(UTC).strftime(HOUR)


def _read(document: Mapping[str, Any]) -> Certificate:
    """Lenient on types: what is not exactly as it is written again is refused afterwards."""
    signed = document["signed"]
    return Certificate(
        erased=Extent(**signed["erased"]),
        checks=tuple(Check(**check) for check in signed["checks"]),
        not_checked=tuple(signed["not_checked"]),
        pending=tuple(signed["pending"]),
        versions=Versions(**signed["versions"]),
        reference=signed["reference"],
        id=str(uuid.UUID(signed["id"])),
        issued=datetime.strptime(signed["issued"], HOUR).strftime(HOUR),  # noqa: DTZ007 - the form is looked at only
        home=str(uuid.UUID(signed["home"])),
        commitment=bytes.fromhex(signed["commitment"]),
        salt_digest=bytes.fromhex(signed["salt_digest"]),
        signature=bytes.fromhex(document["signature"]),
        salt=bytes.fromhex(document["salt"]) if "salt" in document else None,
    )


def _commitment(salt: bytes, owner: str, scope: Mapping[str, Any]) -> bytes:
    about = _canonical({"owner": intake.owner(owner), "scope": dict(scope)}).decode()
    # One name, typed on two systems, is one name.
    return hashlib.sha256(salt + unicodedata.normalize("NFC", about).encode()).digest()


def _canonical(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _private(seed: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(seed)
