"""What every test stands on: a home of its own, no settings of the machine it runs on, and no network."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
import pytest
from platformdirs import PlatformDirs

from memguard import Memory
from memguard.retrieval.embedder import Embedder, PackagedEmbedder
from tests.standins import FindsNothing, HashEmbedder

# Taken before any test changes the environment. The exported model is shared: making it takes half a minute.
CACHE = Path(os.environ.get("MEMGUARD_CACHE") or PlatformDirs("memguard", appauthor=False).user_cache_path)

# The same examples in every run, no deadline: a slow machine must not fail a test, and nothing is kept on disk.
hypothesis.settings.register_profile("memguard", deadline=None, database=None, derandomize=True, max_examples=100)
hypothesis.settings.load_profile("memguard")


class Places(NamedTuple):
    """Folders of one test. The keys lie beside the home, never inside it."""

    home: Path
    keys: Path
    cache: Path

    def open(self, embedder: Embedder | None = None, **settings: Any) -> Memory:
        """A `Memory` on these folders; several may be open at once, as several processes would."""
        stand_ins = {"embedder": embedder or HashEmbedder(), "detector": FindsNothing()}
        return Memory(**{**self._asdict(), **stand_ins, **settings})


@pytest.fixture
def home(tmp_path: Path) -> Places:
    return Places(tmp_path / "home", tmp_path / "keys", CACHE)


@pytest.fixture
def memory(home: Places) -> Iterator[Memory]:
    """A fresh memory with real vaults and indexes, and the stand-in embedder."""
    with home.open() as opened:
        yield opened


@pytest.fixture(scope="session")
def seeded_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home and its keys, made once: two owners with something to lose."""
    folder = tmp_path_factory.mktemp("seeded")
    with Places(folder / "home", folder / "keys", CACHE).open() as memory:
        memory.add("The lantern hangs in the boat house", user_id="ana", run_id="r-1", metadata={"team": "web", "n": 3})
        kettle = memory.add("A kettle whistles at seven", user_id="ana", actor="Ana", key="kettle")
        assert not isinstance(kettle, list)
        memory.update(kettle.id, "A kettle whistles at eight", user_id="ana")
        memory.add("Ben keeps his ladder in the shed", user_id="ben")
    return folder


@pytest.fixture
def seeded(home: Places, seeded_folder: Path) -> Iterator[Memory]:
    """A copy of that home of its own: making one anew takes ten times as long."""
    shutil.copytree(seeded_folder, home.home.parent, dirs_exist_ok=True)
    with home.open() as opened:
        yield opened


@pytest.fixture(scope="session")
def packaged_model() -> PackagedEmbedder:
    """The packaged model, loaded once for the whole run."""
    model = PackagedEmbedder(CACHE)
    model.embed(["load"])
    return model


@pytest.fixture
def real_memory(home: Places, packaged_model: PackagedEmbedder) -> Iterator[Memory]:
    """A fresh memory with the model that ships."""
    with home.open(packaged_model) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No MEMGUARD_ variable but the cache's, and no platform folder that belongs to whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("MEMGUARD_") and name != "MEMGUARD_CACHE"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MEMGUARD_DETECTOR", "patterns")  # a command of its own would load a tagger each time
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg-config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg-data"))


class NetworkUsed(OSError):
    """A test, or the code under it, reached for another machine."""


@pytest.fixture(scope="session", autouse=True)
def _network() -> Iterator[list[str]]:
    """Refuse every connection that leaves this machine, also while session-wide parts are loaded."""
    attempts: list[str] = []
    real_connect, real_connect_ex = socket.socket.connect, socket.socket.connect_ex
    real_create, real_getaddrinfo = socket.create_connection, socket.getaddrinfo

    def check(host: Any) -> None:
        if not _stays_here(host):
            attempts.append(str(host))
            raise NetworkUsed("tests use no network")

    def connect(self: socket.socket, address: Any) -> None:
        check(address[0] if isinstance(address, tuple) else None)
        real_connect(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        check(address[0] if isinstance(address, tuple) else None)
        return real_connect_ex(self, address)

    def create_connection(address: tuple[str, int], *rest: Any, **options: Any) -> socket.socket:
        check(address[0])
        return real_create(address, *rest, **options)

    def getaddrinfo(host: Any, *rest: Any, **options: Any) -> Any:
        check(host)
        return real_getaddrinfo(host, *rest, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket.socket, "connect_ex", connect_ex)
        patch.setattr(socket, "create_connection", create_connection)
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield attempts


@pytest.fixture(autouse=True)
def network_attempts(_network: list[str]) -> Iterator[list[str]]:
    """Hosts that were reached for. A library may swallow the refusal, so the list is looked at after each test."""
    _network.clear()
    yield _network
    assert not _network, f"the test reached for the network: {_network}"


def _stays_here(host: Any) -> bool:
    """Loopback; unix sockets and 'any address' come as None or as no tuple."""
    name = host.decode(errors="replace") if isinstance(host, bytes) else host
    return name in (None, "", "localhost", "::1") or str(name).startswith("127.")
