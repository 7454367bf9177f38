"""The files of a vault: what they show, who may read them, and that every kind of damage is noticed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from memguard import Memory
from memguard.errors import VaultError, VaultUnreadable
from memguard.vault.store import check_file
from tests.conftest import Places
from tests.vault.parts import files_of, flipped, modes_of, new_vault

WORDS = ("wombat", "observatory", "Zoe Quokka", "crimson", "telescope", "nightly", "watchtower", "stargazer")
PAGE = 4096


def fill(memory: Memory) -> None:
    memory.add(
        "The wombat sleeps behind the observatory",
        user_id="Zoe Quokka",
        actor="stargazer",
        run_id="nightly",
        environment="watchtower",
        metadata={"crimson": "telescope"},
    )
    memory.search("wombat", user_id="Zoe Quokka", for_run="nightly")


def shown(folder: Path) -> set[str]:
    """The words that stand in clear in any file or path, upper or lower case, as UTF-8 or UTF-16."""
    found = files_of(folder)
    heap = b"\n".join([*found.values(), *(str(path).encode() for path in found)]).lower()
    return {w for w in WORDS if any(w.lower().encode(code) in heap for code in ("utf-8", "utf-16-le", "utf-16-be"))}


def test_nothing_of_a_memory_stands_in_any_file_while_open_or_closed(home: Places, tmp_path: Path) -> None:
    with home.open() as memory:
        fill(memory)
        assert {path.name for path in files_of(home.home)} >= {"vault.db", "vault.db-wal", "vault.db-shm"}
        assert shown(tmp_path) == set()
    assert shown(tmp_path) == set()
    (tmp_path / "control").write_text("a WOMBAT")  # the search would have found it
    assert shown(tmp_path) == {"wombat"}


def test_no_vector_stands_in_any_file(home: Places) -> None:
    with home.open() as memory:
        fill(memory)
        with memory.home.vault("Zoe Quokka").reading() as session:
            vector = session.one("SELECT vector FROM embeddings")
        assert len(vector) >= 64
        assert not any(vector in data for data in files_of(home.home, home.keys).values())


@pytest.mark.usefixtures("_open_umask")
def test_a_vault_and_its_log_are_for_their_user_alone(home: Places) -> None:
    with home.open() as memory:
        fill(memory)
        assert modes_of(home.home) == {}


def test_a_closed_home_leaves_one_file_a_vault(home: Places) -> None:
    with home.open() as memory:
        fill(memory)
    assert {path.name for path in files_of(home.home / "vaults")} == {"vault.db"}


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "a few bytes": lambda data: data[:10],
    "one page": lambda data: data[:PAGE],
    "half": lambda data: data[: len(data) // 2],
    "one page less": lambda data: data[:-PAGE],
    "random": lambda data: bytes(range(256)) * (len(data) // 256),
    "first bit": lambda data: flipped(data, 0),
    "a bit of the first page": lambda data: flipped(data, 2000),
    "zeros": lambda data: bytes(len(data)),
    "a plain database": lambda data: b"SQLite format 3\x00" + data[16:],
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_vault_is_refused_and_left_as_it_is(three: Places, name: str) -> None:
    with three.open() as memory:
        path = memory.home.vault("ana").path
    path.write_bytes(DAMAGE[name](path.read_bytes()))
    damaged = path.read_bytes()
    with three.open() as memory:
        with pytest.raises(VaultUnreadable, match="doctor"):
            memory.get_all(user_id="ana")
        with pytest.raises(VaultUnreadable, match="doctor"):
            memory.add("A kettle whistles at seven", user_id="ana")
        assert len(memory.get_all(user_id="ben")) == 1  # a neighbour is not touched by it
    assert path.read_bytes() == damaged


def test_a_turned_bit_in_any_page_never_gives_a_wrong_answer(three: Places) -> None:
    """A page that a call does not read is not looked at; one that it reads is authentic or refused."""
    with three.open() as memory:
        path = memory.home.vault("ana").path
        expected = memory.get_all(user_id="ana")
    data = path.read_bytes()
    refusals = 0
    for start in range(0, len(data), PAGE):
        path.write_bytes(flipped(data, start + 1234))
        with three.open() as memory:
            try:
                assert memory.get_all(user_id="ana") == expected
                assert [hit.text for hit in memory.search("lantern", user_id="ana")] == [expected[0].text]
            except VaultUnreadable:
                refusals += 1
    assert refusals > 5


def test_a_check_finds_a_turned_bit_in_any_page(tmp_path: Path) -> None:
    vault = new_vault(tmp_path / "v")
    vault.close()
    data = vault.path.read_bytes()
    vault.path.unlink()
    unnoticed = []
    for start in range(0, len(data), PAGE):
        copy = tmp_path / f"{start}.db"
        copy.write_bytes(flipped(data, start + 1234))
        try:
            check_file(copy, bytes(32))
        except VaultUnreadable:
            continue
        unnoticed.append(start // PAGE)
    assert unnoticed == []


@pytest.mark.parametrize("name", sorted(DAMAGE))
def test_a_check_refuses_what_is_no_whole_vault(tmp_path: Path, name: str) -> None:
    vault = new_vault(tmp_path / "v")
    vault.close()
    vault.path.write_bytes(DAMAGE[name](vault.path.read_bytes()))
    with pytest.raises(VaultUnreadable):
        check_file(vault.path, bytes(32))


def test_a_file_that_shrinks_under_an_open_vault_is_one_of_our_errors(three: Places, memory: Memory) -> None:
    assert memory.get_all(user_id="ana")
    path = memory.home.vault("ana").path
    with path.open("r+b") as file:
        file.truncate(3 * PAGE)
    with contextlib.suppress(VaultError):
        memory.add("A kettle whistles at seven", user_id="ana")
    memory.close()
    with pytest.raises(VaultUnreadable):
        memory.get_all(user_id="ana")
