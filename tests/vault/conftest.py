"""Fixtures of the tests of vaults: a home with three owners, and one in folders of an ordinary user."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from memguard import Memory
from tests.conftest import CACHE, Places

OWNERS = ("ana", "ben", "cleo")


@pytest.fixture
def three(home: Places) -> Places:
    """A home in which three owners have one memory each, closed."""
    with home.open() as memory:
        for owner in OWNERS:
            memory.add(f"The lantern of {owner} hangs in the boat house", user_id=owner)
    return home


@pytest.fixture
def second(home: Places) -> Iterator[Memory]:
    """Another `Memory` on the folders of `home`, as another process would have it."""
    with home.open() as opened:
        yield opened


@pytest.fixture
def _open_umask() -> Iterator[None]:
    """A user whose umask hides nothing: private files must not depend on it."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def ordinary() -> Iterator[Places]:
    """A home with one memory of ana's, for `parts.read_only`: pytest's own folders let no other user through."""
    with tempfile.TemporaryDirectory(prefix="memguard-test-") as name:
        Path(name).chmod(0o711)
        places = Places(Path(name) / "here" / "home", Path(name) / "here" / "keys", CACHE)
        with places.open() as memory:
            memory.add("The lantern hangs in the boat house", user_id="ana")
        yield places
