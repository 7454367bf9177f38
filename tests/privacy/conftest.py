"""A memory whose detector knows a list of names, and what an owner's vault holds once it is decrypted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from memguard import Memory
from tests.conftest import Places
from tests.standins import NameList, TokenEmbedder

NAMES = {
    "Quentin Barrow": "PERSON", "Zelda": "PERSON", "Oskar": "PERSON", "Wexford": "LOCATION", "lupus": "HEALTH",
    "hunter2xyz": "PASSWORD", "Acme": "ORGANIZATION", "zelda@barrow.example": "EMAIL_ADDRESS",
}  # fmt: skip


@pytest.fixture
def naming(home: Places) -> Iterator[Memory]:
    """A memory that masks the names of this list, and what their form gives away."""
    with home.open(TokenEmbedder(), detector=NameList(NAMES)) as opened:
        yield opened
