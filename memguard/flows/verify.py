"""certificate -> signature -> log -> look again -> report. Nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from memguard.errors import CertificateError
from memguard.forgetting.audit import examine
from memguard.forgetting.certificate import BYTES_MAX, Certificate, check_signature, parsed, public_key
from memguard.outcomes import Chain, Check, VerificationReport
from memguard.vault.home import Home

Look = Callable[[Home], Sequence[Check]]
"""Looks at what a home holds now, and says what it looked at and found. It needs nothing of what was erased."""


def verify(home: Home, certificate: Certificate, public: bytes | None, look: Look | None) -> VerificationReport:
    """What is known of a certificate here and now; `CertificateError` where the signature does not fit.

    Without `public` the home's own keyring says which key is the home's. Without `look`, or for another home's
    certificate, what it says of the vault is taken as it stands: the verdict is at best "signed".
    """
    is_known = home.id == certificate.home
    check_signature(certificate, public or _key_of(home, certificate))
    chain = examine(home, certificate) if is_known else None
    checks = tuple(look(home)) if is_known and look else None
    return VerificationReport(
        certificate=certificate.id,
        state=certificate.state,
        verdict=_verdict(chain, checks),
        key="given" if public else "home",
        home_known=is_known,
        chain=chain,
        checks=checks,
    )


def read_certificate(path: Path) -> Certificate:
    """The certificate of a file."""
    try:
        with path.open("rb") as file:
            data = file.read(BYTES_MAX + 1)  # as much as it takes to see that it is too long
    except OSError:
        raise CertificateError("the certificate's file cannot be read") from None
    return parsed(data)


def _key_of(home: Home, certificate: Certificate) -> bytes:
    if home.id != certificate.home:
        raise CertificateError("the certificate is of another home: give the public key of that home")
    seed = home.existing_keyring().contents().signing_seed
    if not seed:
        raise CertificateError("this home's keyring holds no key that signs: give the public key it had")
    return public_key(seed)


def _verdict(chain: Chain | None, checks: Sequence[Check] | None) -> Literal["sound", "refused", "signed"]:
    is_logged = chain is None or (chain.broken_at is None and chain.entry is not None)
    if not is_logged or not all(check.passed for check in checks or ()):
        return "refused"
    return "sound" if checks else "signed"
