"""Where the master key is kept: a file, the environment of a server, or the operating system's keyring."""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from memguard.errors import InvalidInput, KeyringError, KeyringMissing, KeyringOutdated, MasterAmbiguous, MasterWrong
from tests.conftest import Places
from tests.vault.parts import (
    ENVIRONMENT_KEY,
    NEXT_KEY,
    files_of,
    keyring_folder,
    keyring_of,
    masters_in,
    new_master,
    opened,
)


class InMemoryKeyring(KeyringBackend):
    """An operating system's keyring that can be locked."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring has no types
        self.passwords: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked("the person pressed cancel")
        return self.passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.passwords[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.passwords[service, username]


@pytest.fixture
def system() -> Iterator[InMemoryKeyring]:
    before, backend = keyring.get_keyring(), InMemoryKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Whoever runs the server has set a master key."""
    monkeypatch.setenv(ENVIRONMENT_KEY, new_master())
    return monkeypatch


def rotate(home: Places, to: str | None = None) -> None:
    held = keyring_of(home)
    with held.changing() as contents:
        held.rotate(contents, to)


# -- the environment ----------------------------------------------------------------------------------------------


def test_a_master_in_the_environment_opens_the_home_again_and_lies_in_no_file(
    operator: pytest.MonkeyPatch, three: Places
) -> None:
    assert keyring_of(three).contents().source == "environment"
    assert masters_in(keyring_folder(three)) == set()
    with three.open() as memory:
        assert memory.users() == ["ana", "ben", "cleo"]
        assert memory.get_all(user_id="ana")


def test_a_wrong_master_in_the_environment_is_refused(operator: pytest.MonkeyPatch, three: Places) -> None:
    operator.setenv(ENVIRONMENT_KEY, new_master())
    with pytest.raises(MasterWrong):
        keyring_of(three)


def test_a_master_missing_from_the_environment_is_refused_without_falling_back(
    operator: pytest.MonkeyPatch, three: Places
) -> None:
    operator.delenv(ENVIRONMENT_KEY)
    before = files_of(three.home, three.keys)
    with pytest.raises(KeyringError, match="environment"):
        keyring_of(three)
    assert files_of(three.home, three.keys) == before


@pytest.mark.parametrize("text", ["not base64!", base64.b64encode(bytes(16)).decode(), "é" * 44, " "])
def test_what_is_no_key_of_32_bytes_is_refused_and_not_quoted(
    operator: pytest.MonkeyPatch, home: Places, text: str
) -> None:
    operator.setenv(ENVIRONMENT_KEY, text)
    with home.open() as memory, pytest.raises(MasterWrong, match="32 bytes") as raised:
        memory.add("The lantern hangs in the boat house", user_id="ana")
    assert text not in str(raised.value).split()
    assert not (home.home / "home.json").exists()


def test_an_environment_master_that_is_asked_for_and_not_set_makes_no_home(home: Places) -> None:
    with home.open(master="environment") as memory, pytest.raises(KeyringMissing, match=ENVIRONMENT_KEY):
        memory.add("The lantern hangs in the boat house", user_id="ana")
    assert not (home.home / "home.json").exists()


def test_rotation_in_the_environment_seals_under_the_next_key(operator: pytest.MonkeyPatch, three: Places) -> None:
    following = new_master()
    operator.setenv(NEXT_KEY, following)
    rotate(three)
    with pytest.raises(MasterWrong):
        keyring_of(three)  # the old key is of no use any more
    operator.setenv(ENVIRONMENT_KEY, following)
    operator.delenv(NEXT_KEY)
    with three.open() as memory:
        assert [memory.get_all(user_id=owner)[0].text.split()[3] for owner in memory.users()] == ["ana", "ben", "cleo"]


def test_rotation_in_the_environment_is_refused_without_a_next_key(operator: pytest.MonkeyPatch, three: Places) -> None:
    before = files_of(three.home, three.keys)
    with pytest.raises(KeyringError, match=NEXT_KEY):
        rotate(three)
    assert files_of(three.home, three.keys) == before


def test_a_next_key_that_is_the_present_one_is_refused(operator: pytest.MonkeyPatch, three: Places) -> None:
    """It would count up the generation and leave every old keyring copy readable."""
    operator.setenv(NEXT_KEY, os.environ[ENVIRONMENT_KEY])
    with pytest.raises(KeyringError):
        rotate(three)


def test_forgetting_an_owner_leaves_the_keyring_under_the_next_key(operator: pytest.MonkeyPatch, three: Places) -> None:
    """Promise P7: an old keyring holds the forgotten one's key, so the key that opened it must not stay in use."""
    following = new_master()
    operator.setenv(NEXT_KEY, following)
    with three.open() as memory:
        memory.delete_all(user_id="ana")
    with pytest.raises(MasterWrong):
        keyring_of(three)
    operator.setenv(ENVIRONMENT_KEY, following)
    with three.open() as memory:
        assert memory.users() == ["ben", "cleo"]


def test_nothing_written_after_a_rotation_in_the_environment_goes_back_under_the_old_key(
    operator: pytest.MonkeyPatch, three: Places
) -> None:
    """A server runs on with the old key in its environment: it writes under the next one, or refuses to."""
    following = new_master()
    operator.setenv(NEXT_KEY, following)
    with three.open() as memory:
        memory.delete_all(user_id="ana")
        with contextlib.suppress(KeyringError):
            memory.add("A kettle whistles at seven", user_id="zoe")
    with pytest.raises(MasterWrong):
        keyring_of(three)
    operator.setenv(ENVIRONMENT_KEY, following)
    with three.open() as memory:
        assert {"ben", "cleo"} <= set(memory.users()) <= {"ben", "cleo", "zoe"}
        assert memory.home.strays() == []


# -- two sources --------------------------------------------------------------------------------------------------


def test_two_masters_on_offer_are_refused(three: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT_KEY, new_master())
    with pytest.raises(MasterAmbiguous, match="unset it"):
        keyring_of(three)
    monkeypatch.delenv(ENVIRONMENT_KEY)
    assert keyring_of(three).contents().source == "file"


def test_two_masters_on_offer_are_refused_before_a_home_is_made(home: Places, operator: pytest.MonkeyPatch) -> None:
    """Else the first memory would be accepted, and the next process could not read it."""
    with home.open(master="file") as memory, pytest.raises(MasterAmbiguous):
        memory.add("The lantern hangs in the boat house", user_id="ana")
    assert not (home.home / "home.json").exists()


def test_an_unknown_source_is_refused(home: Places) -> None:
    with pytest.raises(InvalidInput, match="master"):
        opened(home, master="cloud")


# -- the operating system's keyring -------------------------------------------------------------------------------


def test_the_systems_keyring_keeps_the_master_by_choice(home: Places, system: InMemoryKeyring) -> None:
    with home.open(master="os") as memory:
        memory.add("The lantern hangs in the boat house", user_id="Zoë")
    assert masters_in(keyring_folder(home)) == set()
    ((service, name),) = system.passwords
    assert service == "memguard"
    assert "zo" not in name.lower()
    with home.open() as memory:  # recorded: the setting need not be given again
        assert memory.get_all(user_id="Zoë")


def test_a_master_gone_from_the_systems_keyring_is_refused(home: Places, system: InMemoryKeyring) -> None:
    with home.open(master="os") as memory:
        memory.add("The lantern hangs in the boat house", user_id="ana")
    system.passwords.clear()
    with pytest.raises(KeyringOutdated):
        keyring_of(home)
    assert system.passwords == {}


def test_a_locked_system_keyring_gives_one_of_our_errors(home: Places, system: InMemoryKeyring) -> None:
    with home.open(master="os") as memory:
        memory.add("The lantern hangs in the boat house", user_id="ana")
    system.locked = True
    with pytest.raises(KeyringError, match="unlock it") as raised:
        keyring_of(home)
    assert "cancel" not in str(raised.value)


def test_a_password_that_somebody_altered_is_refused(home: Places, system: InMemoryKeyring) -> None:
    with home.open(master="os") as memory:
        memory.add("The lantern hangs in the boat house", user_id="ana")
    for name in system.passwords:
        system.passwords[name] = "hunter2"
    with pytest.raises(MasterWrong) as raised:
        keyring_of(home)
    assert "hunter2" not in str(raised.value)


def test_the_master_moves_to_the_system_and_back_and_stays_in_one_place(three: Places, system: InMemoryKeyring) -> None:
    rotate(three, "os")
    assert masters_in(keyring_folder(three)) == set()
    assert len(system.passwords) == 1
    with three.open() as memory:
        assert memory.get_all(user_id="ana")
    rotate(three, "file")
    assert system.passwords == {}
    assert masters_in(keyring_folder(three)) == {"master-3"}
    with three.open() as memory:
        assert memory.get_all(user_id="ana")


def test_forgetting_an_owner_destroys_the_systems_old_master(home: Places, system: InMemoryKeyring) -> None:
    with home.open(master="os") as memory:
        memory.add("The lantern hangs in the boat house", user_id="ana")
        before = dict(system.passwords)
        memory.delete_all(user_id="ana")
    assert len(system.passwords) == 1
    assert not before.items() & system.passwords.items()


def test_an_owner_is_destroyed_without_a_next_key_and_the_answer_says_pending(
    operator: pytest.MonkeyPatch, three: Places
) -> None:
    """Only the operator can rotate: old keyring copies open until then, and nobody is told otherwise."""
    operator.delenv(NEXT_KEY, raising=False)
    with three.open() as memory:
        assert memory.delete_all(user_id="ana").pending
        assert memory.users() == ["ben", "cleo"]
    with three.open() as again:
        assert again.users() == ["ben", "cleo"]
