"""Where a home may lie, and what is said of one that cannot be used."""

from __future__ import annotations

import contextlib
import functools
from pathlib import Path

import pytest

from memguard.errors import HomeError
from memguard.vault.files import filesystem_of
from tests.conftest import Places
from tests.vault.parts import files_of, read_only

TEXT = "The lantern hangs in the boat house"


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of mounts that tests write, in place of this machine's."""
    table = tmp_path / "mounts"
    table.write_text("/dev/vda / ext4 rw,relatime 0 0\n")
    monkeypatch.setattr("memguard.vault.home.filesystem_of", functools.partial(filesystem_of, mounts=table))
    return table


def mount(table: Path, point: Path | str, kind: str) -> None:
    with table.open("a") as file:
        file.write(f"server:/export {point} {kind} rw 0 0\n")


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "9p", "fuse.sshfs"])
def test_a_home_on_a_network_file_system_is_refused_before_anything_is_made(
    home: Places, mounted: Path, kind: str
) -> None:
    mount(mounted, home.home.parent, kind)
    with pytest.raises(HomeError, match=f"network file system.*{kind}.*MEMGUARD_ALLOW_NETWORK_HOME"):
        home.open()
    assert not home.home.exists()


def test_a_home_on_a_network_file_system_is_accepted_when_settings_say_so(
    home: Places, mounted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount(mounted, home.home.parent, "nfs4")
    with home.open(allow_network_home=True) as memory:
        memory.add(TEXT, user_id="ana")
    monkeypatch.setenv("MEMGUARD_ALLOW_NETWORK_HOME", "1")
    with home.open() as memory:
        assert len(memory.get_all(user_id="ana")) == 1


def test_a_local_home_is_accepted_beside_network_mounts(home: Places, mounted: Path) -> None:
    mount(mounted, "/", "nfs4")
    mount(mounted, home.home.parent, "ext4")  # the nearest mount decides
    mount(mounted, f"{home.home.parent}-of-another", "nfs4")
    with home.open() as memory:
        memory.add(TEXT, user_id="ana")


def test_a_share_mounted_on_demand_is_noticed(home: Places, mounted: Path) -> None:
    """An automounter lists its own entry first, and what it mounted over it later."""
    mount(mounted, home.home.parent, "autofs")
    mount(mounted, home.home.parent, "nfs4")
    with pytest.raises(HomeError, match="network"):
        home.open()


def test_a_share_with_a_space_in_its_name_is_noticed(home: Places, mounted: Path, tmp_path: Path) -> None:
    mount(mounted, str(tmp_path / "my share").replace(" ", r"\040"), "cifs")  # as the kernel writes it
    (tmp_path / "my share").mkdir()
    with pytest.raises(HomeError, match="network"):
        home._replace(home=tmp_path / "my share" / "home").open()


def test_a_home_that_a_link_leads_to_is_looked_up_where_it_lies(home: Places, mounted: Path, tmp_path: Path) -> None:
    mount(mounted, tmp_path / "share", "nfs4")
    (tmp_path / "share").mkdir()
    home.home.symlink_to(tmp_path / "share")
    with pytest.raises(HomeError, match="network"):
        home.open()


@pytest.mark.parametrize("table", ["", None])
def test_a_table_of_mounts_that_cannot_be_read_refuses_nobody(home: Places, mounted: Path, table: str | None) -> None:
    mounted.unlink() if table is None else mounted.write_text(table)
    with home.open() as memory:
        memory.add(TEXT, user_id="ana")


def test_a_home_that_cannot_be_written_says_so(ordinary: Places) -> None:
    """Not that the vault was destroyed: nothing was, and nobody should look for a backup."""
    with ordinary.open() as memory:
        memory_id = memory.get_all(user_id="ana")[0].id
        memory.close()
        before = files_of(ordinary.home)
        with read_only(ordinary.home):
            for call in (
                lambda: memory.add(TEXT, user_id="ana"),
                lambda: memory.add(TEXT, user_id="zoe"),
                lambda: memory.delete(memory_id, user_id="ana"),
                lambda: memory.delete_all(user_id="ana"),
            ):
                with pytest.raises(HomeError):
                    call()
        assert files_of(ordinary.home) == before
        assert memory.get(memory_id, user_id="ana").text == TEXT


def test_a_home_that_cannot_be_written_is_still_read_or_says_why_not(ordinary: Places) -> None:
    with ordinary.open() as memory:
        with read_only(ordinary.home), contextlib.suppress(HomeError):
            assert len(memory.get_all(user_id="ana")) == 1
        assert len(memory.get_all(user_id="ana")) == 1


def test_no_home_is_made_where_none_can_be(ordinary: Places) -> None:
    parent = ordinary.home.parent
    elsewhere = ordinary._replace(home=parent / "second", keys=parent / "second keys")
    with elsewhere.open() as memory:
        with read_only(parent), pytest.raises(HomeError):
            memory.add(TEXT, user_id="ana")
        assert memory.users() == []


def test_looking_into_a_home_that_is_not_there_makes_none(home: Places) -> None:
    with home.open() as memory:
        assert memory.users() == []
        with pytest.raises(LookupError):
            memory.get_all(user_id="ana")
        with pytest.raises(LookupError):
            memory.search("lantern", user_id="ana")
    assert not home.home.exists()
    assert not home.keys.exists()


def test_a_home_that_lost_its_marker_gets_no_new_keyring(three: Places) -> None:
    (three.home / "home.json").unlink()
    before = files_of(three.keys)
    with three.open() as memory, pytest.raises(HomeError, match=r"home\.json"):
        memory.add(TEXT, user_id="ana")
    assert files_of(three.keys) == before


def test_a_home_that_lost_its_marker_says_so_to_who_reads(three: Places) -> None:
    """An empty list would look as if everything were gone."""
    (three.home / "home.json").unlink()
    with three.open() as memory:
        with pytest.raises(HomeError, match=r"home\.json"):
            memory.users()
        with pytest.raises(HomeError, match=r"home\.json"):
            memory.get_all(user_id="ana")


def test_a_home_comes_back_with_its_marker(three: Places) -> None:
    marker = (three.home / "home.json").read_bytes()
    (three.home / "home.json").unlink()
    (three.home / "home.json").write_bytes(marker)
    with three.open() as memory:
        assert memory.users() == ["ana", "ben", "cleo"]
