"""A vault with something in every table, more than one page in the large ones, and nothing that does not belong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from memguard import Memory
from memguard.forgetting.clean import clean
from memguard.forgetting.closed_world import look
from memguard.forgetting.findings import Residue
from memguard.vault.home import Home
from tests.checks import one
from tests.conftest import CACHE, Places
from tests.forgetting import forgetting_parts
from tests.forgetting.certificates import OWNER
from tests.forgetting.copied import NAME
from tests.forgetting.forgetting_parts import Woven, weave
from tests.forgetting.logged import ENTRIES, log
from tests.standins import NameList, TokenEmbedder

NAMES = {"Zelda": "PERSON", "Oskar Brandt": "PERSON", "Wexford": "LOCATION", "Acme": "ORGANIZATION"}
NOUNS = "lantern kettle ladder quince boathouse anchor violin harbour saddle thimble".split()


def open_at(places: Places) -> Memory:
    """A `Memory` on these folders that masks the names of the list."""
    return places.open(TokenEmbedder(), detector=NameList(NAMES))


def found(memory: Memory, owner: str = "ana") -> list[Residue]:
    """All residues of an owner's vault."""
    return [residue for checked in look(memory.home.vault(owner)) for residue in checked.residues]


def cleaned(memory: Memory, owner: str = "ana") -> list[Residue]:
    """What is left once what SQLite leaves behind is cleaned: nothing but that may have been there before."""
    vault, before = memory.home.vault(owner), found(memory, owner)
    assert {residue.kind for residue in before} <= {"slack", "separator"}
    clean(vault, before)
    clean(vault, found(memory, owner), whole_file=True)
    return found(memory, owner)


def fill(memory: Memory, owner: str = "ana") -> list[str]:
    """Memories with a trace in every table; returns their ids."""
    items = [
        {"text": f"The {noun} number {n} belongs to Zelda", "run_id": f"r-{n % 5}", "actor": "Oskar Brandt"}
        for n, noun in enumerate(NOUNS * 8)
    ]
    ids = [stored.id for stored in memory.add_many(items, user_id=owner)]
    # As long as that, its last overflow page is not full: SQLite leaves as much in the row as fills all of them else.
    long = ("In Wexford " + "the ladder leans on the wall " * 450)[:12_000]
    ids.append(one(memory.add(long, user_id=owner)).id)
    memory.update(ids[3], "The ladder of Oskar Brandt is in Wexford", user_id=owner)
    memory.search("where is the ladder?", user_id=owner, for_run="r-new")
    made = memory.add("It is in the shed", user_id=owner, run_id="r-new", supersedes=[ids[3]], derived_from=[ids[4]])
    return [*ids, one(made).id]


@pytest.fixture(scope="session")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    with open_at(Places(folder / "home", folder / "keys", CACHE)) as memory:
        ids = fill(memory)
        memory.mask("Does Acme know Zelda?", user_id="ana")
        memory.delete(ids[40], user_id="ana")
        assert cleaned(memory) == []
    return folder


@pytest.fixture
def filled(home: Places, filled_folder: Path) -> Iterator[Memory]:
    """A copy of that vault of its own."""
    shutil.copytree(filled_folder, home.home.parent, dirs_exist_ok=True)
    with open_at(home) as memory:
        yield memory


@pytest.fixture
def named(home: Places) -> Iterator[Memory]:
    """A memory that masks the names of the tests of planning and forgetting."""
    with forgetting_parts.open_at(home) as memory:
        yield memory


@pytest.fixture
def woven(named: Memory) -> Woven:
    """A vault in which one memory touches all others in some way."""
    return weave(named)


@pytest.fixture
def logged(home: Places) -> Home:
    """A home with four entries in its log."""
    with home.open() as memory:
        memory.add("The wombat sleeps behind the observatory", user_id=OWNER)
        for _ in range(ENTRIES):
            log(memory.home)
        return memory.home


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where copies are written. Its name is a person's."""
    (tmp_path / NAME).mkdir()
    return tmp_path / NAME


@pytest.fixture
def backup(seeded: Memory, folder: Path) -> Path:
    seeded.backup(folder / "b.tar")
    return folder / "b.tar"


@pytest.fixture
def export(seeded: Memory, folder: Path) -> Path:
    seeded.export(user_id="ana", path=folder / "e.json", readable=True)
    return folder / "e.json"


@pytest.fixture
def path(seeded: Memory, tmp_path: Path) -> Path:
    """A backup of two owners, in a folder with nothing else in it."""
    (tmp_path / "copies" / "inner").mkdir(parents=True)
    seeded.backup(tmp_path / "copies" / "inner" / "b.tar")
    return tmp_path / "copies" / "inner" / "b.tar"
