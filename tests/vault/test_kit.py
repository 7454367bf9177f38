"""The recovery kit: it brings back the keys of a home that lost its keyring, and nothing else."""

from __future__ import annotations

import base64
import json
import shutil
import stat
import uuid
from pathlib import Path
from typing import Any

import pytest

from memguard import Memory
from memguard.errors import BundleError, HomeError, InvalidInput, KeyringError, KeyringMissing, MemguardError
from memguard.vault.kit import read_kit, stale, write_kit
from memguard.vault.passphrase import HEADER, LENGTH_MIN
from tests.conftest import Places
from tests.vault.age import quickly_sealed
from tests.vault.parts import files_of, keyring_folder, opened

PASSPHRASE = "correct horse battery"


@pytest.fixture
def quick_seal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kits are real ones, made with a small work factor: age takes seconds over a passphrase, on purpose."""
    monkeypatch.setattr("memguard.vault.kit.sealed", quickly_sealed)


@pytest.fixture
def kit(three: Places, tmp_path: Path, quick_seal: None) -> Path:
    """A kit of `three`."""
    path = tmp_path / "kit"
    assert write_kit(opened(three), path, PASSPHRASE) == 3
    return path


def lose_keys(home: Places) -> None:
    shutil.rmtree(home.keys)


def texts(home: Places) -> list[str]:
    with home.open() as memory:
        return [record.text for owner in memory.users() for record in memory.get_all(user_id=owner)]


def test_a_lost_keyring_is_regained_with_the_passphrase_and_only_with_it(three: Places, kit: Path) -> None:
    before = texts(three)
    lose_keys(three)
    with pytest.raises(BundleError, match="passphrase") as raised:
        read_kit(opened(three), kit, PASSPHRASE + "!")
    assert PASSPHRASE not in str(raised.value)
    assert not three.keys.exists()
    assert read_kit(opened(three), kit, PASSPHRASE) == 3
    assert texts(three) == before


@pytest.mark.usefixtures("_open_umask")
def test_a_kit_is_for_its_user_alone_and_names_no_owner(home: Places, tmp_path: Path, quick_seal: None) -> None:
    with home.open() as memory:
        memory.add("The lantern hangs in the boat house", user_id="Quokkaword")
        write_kit(memory.home, tmp_path / "kit", PASSPHRASE)
    assert stat.S_IMODE((tmp_path / "kit").stat().st_mode) == 0o600
    assert not [word for word in (b"Quokka", b"vaults", b"memguard") if word in (tmp_path / "kit").read_bytes()]


def test_a_home_is_of_full_use_after_its_kit_was_used(three: Places, kit: Path) -> None:
    lose_keys(three)
    read_kit(opened(three), kit, PASSPHRASE)
    with three.open() as memory:
        memory.add("A kettle whistles at seven", user_id="ana")
        memory.add("A kettle whistles at seven", user_id="zoe")
        memory.delete_all(user_id="ben")
    assert len(texts(three)) == 4


def test_a_kit_never_takes_the_place_of_a_keyring(three: Places, kit: Path) -> None:
    with three.open() as memory:
        memory.add("A kettle whistles at seven", user_id="zoe")  # the kit does not know this key
    before = files_of(three.keys)
    with pytest.raises(KeyringError, match="not replaced"):
        read_kit(opened(three), kit, PASSPHRASE)
    assert files_of(three.keys) == before


def test_a_keyring_from_before_is_refused_after_the_kit_was_used(three: Places, kit: Path, tmp_path: Path) -> None:
    shutil.copytree(three.keys, tmp_path / "old keys")
    folder = keyring_folder(three)
    lose_keys(three)
    read_kit(opened(three), kit, PASSPHRASE)
    shutil.copy(tmp_path / "old keys" / folder.name / "keyring", folder / "keyring")
    with pytest.raises(KeyringError):
        texts(three)


def test_the_kit_of_another_home_is_refused(three: Places, kit: Path, tmp_path: Path) -> None:
    other = Places(tmp_path / "other" / "home", tmp_path / "other" / "keys", tmp_path)
    with other.open() as memory:
        memory.add("The lantern of another ana", user_id="ana")
    lose_keys(other)
    with pytest.raises(KeyringError, match="another home"):
        read_kit(opened(other), kit, PASSPHRASE)
    assert not other.keys.exists()


def test_a_new_machine_gets_everything_back_from_kit_and_backup(three: Places, kit: Path, tmp_path: Path) -> None:
    before = texts(three)
    with three.open() as memory:
        memory.backup(tmp_path / "b.tar")
    shutil.rmtree(three.home)
    lose_keys(three)
    assert read_kit(opened(three), kit, PASSPHRASE) == 3
    with three.open() as memory:
        assert memory.restore_backup(tmp_path / "b.tar").vaults == 3
    assert texts(three) == before


@pytest.mark.parametrize("passphrase", ["", "short", "x" * (LENGTH_MIN - 1)])
def test_a_short_passphrase_is_refused_and_no_kit_is_written(three: Places, tmp_path: Path, passphrase: str) -> None:
    with pytest.raises(InvalidInput, match=str(LENGTH_MIN)) as raised:
        write_kit(opened(three), tmp_path / "kit", passphrase)
    assert not passphrase or passphrase not in str(raised.value)
    assert not (tmp_path / "kit").exists()
    assert opened(three).contents().kit_sequence == 0


def test_a_kit_that_could_not_be_written_is_not_counted(three: Places, tmp_path: Path, quick_seal: None) -> None:
    with pytest.raises(HomeError):
        write_kit(opened(three), tmp_path / "nowhere" / "kit", PASSPHRASE)
    assert opened(three).contents().kit_sequence == 0


def test_a_kit_is_stale_once_an_owner_was_forgotten_and_a_new_one_is_not(
    three: Places, kit: Path, tmp_path: Path
) -> None:
    """It still holds the forgotten one's key."""
    assert not stale(opened(three))
    with three.open() as memory:
        memory.delete_all(user_id="ben")
    assert stale(opened(three))
    write_kit(opened(three), tmp_path / "new kit", PASSPHRASE)
    assert not stale(opened(three))


def test_where_no_kit_was_made_none_is_stale(three: Places, home: Places) -> None:
    with three.open() as memory:
        memory.delete_all(user_id="ben")
    assert not stale(opened(three))


def test_a_kit_that_lacks_the_key_of_a_later_owner_is_stale(three: Places, kit: Path) -> None:
    """Whoever trusts in it would lose that owner's memories, without a word."""
    with three.open() as memory:
        memory.add("A kettle whistles at seven", user_id="zoe")
    assert stale(opened(three))


def test_a_kit_from_before_a_restore_still_opens_the_vaults_or_is_stale(
    three: Places, kit: Path, tmp_path: Path
) -> None:
    before = texts(three)
    with three.open() as memory:
        memory.backup(tmp_path / "b.tar")
        memory.restore_backup(tmp_path / "b.tar")
    if stale(opened(three)):
        return
    lose_keys(three)
    read_kit(opened(three), kit, PASSPHRASE)
    assert texts(three) == before


def document(**changes: Any) -> bytes:
    key = base64.b64encode(bytes(32)).decode()
    whole = {"memguard_kit": 1, "home": str(uuid.uuid4()), "vaults": {"ana": [str(uuid.uuid4()), key]}}
    return json.dumps(whole | changes).encode()


NO_KITS = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[1]",
    "nested": b"[" * 100_000,
    "another document": b'{"memguard_export": 1, "memories": []}',
    "a newer one": document(memguard_kit=2),
    "no vaults": document(vaults=None),
    "vaults of a wrong form": document(vaults={"ana": "key"}),
    "a key that is no base64": document(vaults={"ana": [str(uuid.uuid4()), "é"]}),
    "a key that is too short": document(vaults={"ana": [str(uuid.uuid4()), "AAAA"]}),
    "a home that is a path": document(home="../../elsewhere"),
    "a vault that is a path": document(vaults={"ana": ["../../elsewhere", base64.b64encode(bytes(32)).decode()]}),
}


@pytest.mark.parametrize("name", NO_KITS)
def test_what_a_passphrase_opens_may_still_be_no_kit(home: Places, tmp_path: Path, name: str) -> None:
    (tmp_path / "kit").write_bytes(quickly_sealed(NO_KITS[name], PASSPHRASE))
    with pytest.raises(MemguardError) as raised:
        read_kit(opened(home), tmp_path / "kit", PASSPHRASE)
    assert isinstance(raised.value, (BundleError, KeyringError))
    assert "\n" not in str(raised.value)
    assert not home.keys.exists()
    assert set(files_of(tmp_path)) == {tmp_path / "kit"}


@pytest.mark.parametrize("data", [b"", b"random" * 100, HEADER, HEADER + b"\n-> scrypt broken\n"])
def test_a_file_that_age_did_not_make_is_refused(home: Places, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "kit").write_bytes(data)
    with pytest.raises(BundleError):
        read_kit(opened(home), tmp_path / "kit", PASSPHRASE)
    assert not home.home.exists()


def test_a_kit_that_is_not_there_is_refused(home: Places, tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(BundleError):
            read_kit(opened(home), path, PASSPHRASE)


def test_a_home_that_lost_its_keyring_says_how_a_kit_is_used(three: Places, memory: Memory) -> None:
    lose_keys(three)
    with pytest.raises(KeyringMissing, match="memguard keys import"):
        memory.get_all(user_id="ana")
