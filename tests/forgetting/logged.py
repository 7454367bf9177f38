"""What the tests of the audit log share."""

from __future__ import annotations

from pathlib import Path

from memguard import Certificate, Chain
from memguard.forgetting.audit import AUDIT_LOG, certify, examine
from memguard.vault.home import Home
from tests.conftest import Places
from tests.forgetting.certificates import OWNER, SCOPE, statement
from tests.vault.parts import opened

ENTRIES = 4


def log(home: Home) -> Certificate:
    return certify(home, statement(), owner=OWNER, scope=SCOPE)


def log_of(home: Home) -> Path:
    return home.path / AUDIT_LOG


def again(home: Home, places: Places) -> Chain:
    """What a process that starts now says of the log."""
    return examine(opened(places))
