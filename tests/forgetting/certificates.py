"""What the tests of certificates share: one to say, one signed, and ways to spoil its file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from memguard import Certificate, CertificateError, Check
from memguard.forgetting.certificate import check_signature, issue, parsed, public_key
from memguard.forgetting.statement import Extent, Statement, Versions

SEED = bytes(range(32))
PUBLIC = public_key(SEED)
HOME = "00000000-0000-4000-8000-00000000000a"
OWNER = "Zoë Quokkaword"
SCOPE = {"run_id": "the wombat trial", "environment": "project:observatory"}


def statement(**changes: Any) -> Statement:
    """What was erased, looked at and not looked at, of a run."""
    whole: dict[str, Any] = {
        "erased": Extent("run", memories=7, versions=3, derived=2, values=4),
        "checks": (
            Check("pages of the vault", 15_000, planted=20, planted_found=20),
            Check("terms of the index of words", 912),
        ),
        "not_checked": ("copies that other programs made", "what the disk keeps of blocks that were overwritten"),
        "versions": Versions("0.1.0", "3.53.0", 3),
        "reference": "ticket 4711",
    }
    return Statement(**(whole | changes))


def issued(owner: str = OWNER, scope: Mapping[str, Any] = SCOPE, **changes: Any) -> Certificate:
    """A certificate by `SEED`, in the holder's copy."""
    return issue(statement(**changes), seed=SEED, home=HOME, owner=owner, scope=scope)


def accepted(data: bytes, public: bytes = PUBLIC) -> bool:
    """Whether a file is taken for a certificate of that key. Any other error than memguard's own comes through."""
    try:
        check_signature(parsed(data), public)
    except CertificateError:
        return False
    return True


def refusal(data: bytes) -> str:
    """What is said of a file that is refused."""
    with pytest.raises(CertificateError) as raised:
        check_signature(parsed(data), PUBLIC)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def resigned(data: bytes, **changes: Any) -> bytes:
    """A file with other members, signed and written as a certificate is, by the same key: a home that is not honest."""
    document = json.loads(data)
    document["signed"] |= changes
    compact = json.dumps(document["signed"], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    message = b"memguard certificate\n" + compact.encode()
    document["signature"] = Ed25519PrivateKey.from_private_bytes(SEED).sign(message).hex()
    return (json.dumps(document, sort_keys=True, ensure_ascii=False, indent=1) + "\n").encode()
