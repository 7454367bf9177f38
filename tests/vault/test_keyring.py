"""The keyring: where it lies, what it shows, and which keyrings are refused."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from memguard.errors import HomeError, KeyringError, KeyringMissing, KeyringOutdated, MasterWrong, MemguardError
from tests.conftest import Places
from tests.vault.parts import (
    files_of,
    flipped,
    keyring_folder,
    keyring_of,
    masters_in,
    modes_of,
    opened,
    read_only,
    replace_tree,
)

OWNER = "Zoë Quokkaword"
TEXT = "The wombat sleeps behind the observatory"


def test_a_new_keyring_lies_outside_the_home_and_no_key_in_it(home: Places) -> None:
    with home.open() as memory:
        memory.add(TEXT, user_id=OWNER)
        keys = [entry.key for entry in memory.home.contents().vaults.values()]
    folder = keyring_folder(home)
    assert {path.name for path in folder.iterdir()} == {"keyring", "master-1", "lock"}
    keys.append((folder / "master-1").read_bytes())
    in_home = b"".join(files_of(home.home).values())
    assert not any(key in in_home or key.hex().encode() in in_home.lower() for key in keys)


@pytest.mark.usefixtures("_open_umask")
def test_every_file_and_folder_is_for_its_user_alone_whatever_the_umask(home: Places) -> None:
    with home.open() as memory:
        memory.add(TEXT, user_id=OWNER)
        assert any(path.name.endswith("-wal") for path in files_of(home.home))
        assert modes_of(home.home, home.keys) == {}
    assert modes_of(home.home, home.keys) == {}


def test_no_owner_is_named_in_any_path_or_byte(home: Places) -> None:
    with home.open() as memory:
        memory.add(TEXT, user_id=OWNER)
        everything = files_of(home.home, home.keys)
    names = "".join(map(str, everything))
    for name in ("Quokkaword", "quokkaword", "Zoë", "Zo\\u00eb"):
        assert name not in names
        assert not any(name.encode(code) in data for data in everything.values() for code in ("utf-8", "utf-16-le"))


@pytest.mark.parametrize("inside", ["", "keys", "deep/er/keys"])
def test_keys_inside_the_home_are_refused_before_anything_is_made(home: Places, inside: str) -> None:
    unsafe = home._replace(keys=home.home / inside)
    with pytest.raises(HomeError, match="MEMGUARD_KEYS"):
        unsafe.open()
    assert not home.home.exists()


def test_keys_that_lead_into_the_home_by_a_link_are_refused(home: Places, tmp_path: Path) -> None:
    home.home.mkdir()
    (tmp_path / "elsewhere").symlink_to(home.home)
    with pytest.raises(HomeError, match="inside the home"):
        home._replace(keys=tmp_path / "elsewhere" / "keys").open()


@pytest.mark.parametrize("lost", ["keyring", "."])
def test_a_missing_keyring_is_refused_and_none_is_made_in_its_place(three: Places, lost: str) -> None:
    folder = keyring_folder(three)
    shutil.rmtree(folder) if lost == "." else (folder / lost).unlink()
    before = files_of(three.home, three.keys)
    for call in ("get_all", "add"):
        with three.open() as memory, pytest.raises(KeyringMissing, match="keys import"):
            memory.add(TEXT, user_id="zoe") if call == "add" else memory.get_all(user_id="ana")
    assert files_of(three.home, three.keys) == before


def test_a_keyring_that_goes_missing_is_noticed_by_who_had_it_open(three: Places) -> None:
    with three.open() as memory:
        assert memory.get_all(user_id="ana")
        (keyring_folder(three) / "keyring").unlink()
        with pytest.raises(KeyringMissing):
            memory.get_all(user_id="ana")
        with pytest.raises(KeyringMissing):
            memory.add(TEXT, user_id="zoe")


def test_a_keyring_from_before_a_new_owner_is_refused(three: Places) -> None:
    file = keyring_folder(three) / "keyring"
    old = file.read_bytes()
    with three.open() as memory:
        memory.add(TEXT, user_id="zoe")
    file.write_bytes(old)
    with three.open() as memory, pytest.raises(KeyringOutdated):
        memory.get_all(user_id="ana")


def test_a_copy_of_home_and_keyring_from_before_an_owner_was_forgotten_opens_nothing(
    three: Places, tmp_path: Path
) -> None:
    """Promise P7: whoever kept the files has no key for them; the master that opened them is gone."""
    shutil.copytree(three.home, tmp_path / "copy of home")
    old = (keyring_folder(three) / "keyring").read_bytes()
    with three.open() as memory:
        memory.delete_all(user_id="ana")
    replace_tree(three.home, tmp_path / "copy of home")
    (keyring_folder(three) / "keyring").write_bytes(old)
    for owner in ("ana", "ben"):
        with three.open() as memory, pytest.raises(KeyringOutdated):
            memory.get_all(user_id=owner)


def test_the_keyring_of_another_home_is_refused(three: Places, tmp_path: Path) -> None:
    other = Places(tmp_path / "other" / "home", tmp_path / "other" / "keys", three.cache)
    with other.open() as memory:
        memory.add(TEXT, user_id="ana")
    replace_tree(keyring_folder(three), keyring_folder(other))
    with three.open() as memory, pytest.raises(KeyringError, match="another home"):
        memory.get_all(user_id="ana")


def test_every_turned_bit_of_the_keyring_is_noticed(three: Places) -> None:
    file = keyring_folder(three) / "keyring"
    data = file.read_bytes()
    leaked = []
    for position in range(len(data)):
        file.write_bytes(flipped(data, position))
        try:
            keyring_of(three)
        except KeyringError:
            continue
        except Exception as error:  # noqa: BLE001 - which foreign errors come through is the question
            leaked.append((position, type(error).__name__))
        else:
            leaked.append((position, "opened"))
    assert leaked == []
    file.write_bytes(data)
    assert set(keyring_of(three).contents().vaults) == {"ana", "ben", "cleo"}


DAMAGED = {
    "empty": b"",
    "one line": b"\n",
    "random": bytes(range(256)) * 4,
    "not an object": b"[1]\nbody",
    "nested": b"[" * 100_000 + b"\nbody",
    "no header": b"{}\nbody",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_file_that_is_no_keyring_is_said_to_be_damaged(three: Places, name: str) -> None:
    (keyring_folder(three) / "keyring").write_bytes(DAMAGED[name])
    with pytest.raises(KeyringError, match="damaged"):
        keyring_of(three)


@pytest.mark.parametrize("kept", [0.99, 0.5, 0.01])
def test_a_truncated_keyring_is_said_to_be_damaged(three: Places, kept: float) -> None:
    file = keyring_folder(three) / "keyring"
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(KeyringError, match="damaged"):
        keyring_of(three)


@pytest.mark.parametrize(
    "change",
    [
        {"check": "abc"},
        {"check": "é"},
        {"sequence": float("inf")},
        {"generation": None},
        {"generation": -1},
        {"source": "cloud"},
        {"source": ["file"]},
        {"format": 2},
    ],
    ids=str,
)
def test_a_header_that_was_written_over_is_refused(three: Places, change: dict[str, Any]) -> None:
    file = keyring_folder(three) / "keyring"
    header, _, body = file.read_bytes().partition(b"\n")
    file.write_bytes(json.dumps(json.loads(header) | change).encode() + b"\n" + body)
    with pytest.raises(KeyringError):
        keyring_of(three)


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"format": 1, "home": "../x", "sequence": 1, "generation": 1}'],
    ids=["empty", "no fields", "a list", "no text", "nested", "a path for an id"],
)
def test_a_damaged_marker_is_refused(three: Places, data: bytes) -> None:
    (three.home / "home.json").write_bytes(data)
    with pytest.raises(KeyringError, match="home.json"):
        keyring_of(three)


def test_a_marker_with_a_number_that_is_none_is_refused(three: Places) -> None:
    marker = three.home / "home.json"
    marker.write_text(json.dumps(json.loads(marker.read_bytes()) | {"sequence": float("inf")}))
    with pytest.raises(KeyringError, match="home.json"):
        keyring_of(three)


@pytest.mark.parametrize("key", [b"", b"short", os.urandom(32), os.urandom(33)], ids=len)
def test_a_wrong_master_opens_nothing_and_changes_nothing(three: Places, key: bytes) -> None:
    (keyring_folder(three) / "master-1").write_bytes(key)
    before = files_of(three.home, three.keys)
    with pytest.raises(MasterWrong):
        keyring_of(three)
    assert files_of(three.home, three.keys) == before


def test_a_missing_master_is_refused_and_none_is_made_in_its_place(three: Places) -> None:
    (keyring_folder(three) / "master-1").unlink()
    with pytest.raises(KeyringOutdated, match="master 1"):
        keyring_of(three)
    assert masters_in(keyring_folder(three)) == set()


def test_settings_that_name_another_master_than_the_recorded_one_are_refused(three: Places) -> None:
    with pytest.raises(KeyringError, match="keys rotate --to"):
        opened(three, master="environment").keyring  # noqa: B018 - opening it is the act
    assert opened(three, master="file").keyring.contents().source == "file"


def test_keys_that_cannot_be_written_give_one_of_our_errors(ordinary: Places) -> None:
    with ordinary.open() as memory:
        with read_only(ordinary.keys):
            assert memory.get_all(user_id="ana")
            with pytest.raises(MemguardError):
                memory.add(TEXT, user_id="zoe")
        assert memory.users() == ["ana"]
