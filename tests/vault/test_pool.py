"""Open connections: bounded, one for a thread at a time, never to a file that was replaced, never across a fork."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from memguard import Memory
from memguard.errors import VaultDestroyed
from memguard.vault.pool import IDLE_MAX, Pool
from tests.conftest import Places
from tests.vault.parts import new_vault, open_files, opened, vault_on

FILES_OF_A_CONNECTION = 3
"""The vault, its log and the log's index."""

FORKING = """
import os, sys
from memguard.settings import Settings
from memguard.vault.home import Home

home = Home(Settings.load(home=sys.argv[1], keys=sys.argv[2]))

def count_up():
    with home.vault("ana").writing() as session:
        return session, session.one("UPDATE vault SET change_seq = change_seq + 1 RETURNING change_seq")

parents, first = count_up()  # the connection is idle now, and open
child = os.fork()
if child == 0:
    own, count = count_up()
    os._exit(0 if own is not parents and count == first + 1 else 1)
_, status = os.waitpid(child, 0)
assert status == 0, status
again, count = count_up()
assert again is parents and count == first + 2
home.close()
"""


def test_idle_connections_are_bounded_and_the_longest_unused_goes_first(tmp_path: Path) -> None:
    pool = Pool(idle_max=2)
    vaults = [new_vault(tmp_path / name, pool) for name in "abcd"]
    before = open_files()
    used = []
    for vault in vaults:
        with vault.reading() as session:
            used.append(session)
    assert open_files() - before == 2 * FILES_OF_A_CONNECTION
    with vaults[3].reading() as session:
        assert session is used[3]
    with vaults[0].reading() as session:
        assert session is not used[0]
    pool.close()
    assert open_files() == before


def test_a_home_with_many_vaults_keeps_few_files_open(home: Places) -> None:
    before = open_files()
    with home.open() as memory:
        memory.home.pool = Pool(idle_max=3)
        for number in range(9):
            memory.add("The lantern hangs in the boat house", user_id=f"owner {number}")
            assert open_files() - before <= 3 * FILES_OF_A_CONNECTION
        assert all(memory.get_all(user_id=owner) for owner in memory.users())
        assert open_files() - before <= 3 * FILES_OF_A_CONNECTION
    assert open_files() == before


def test_a_home_bounds_its_connections_unless_told_otherwise() -> None:
    assert Pool()._idle_max == IDLE_MAX <= 64  # with three files each, far from the 256 that some systems allow


def test_a_connection_is_used_again_and_by_one_at_a_time(tmp_path: Path) -> None:
    vault = new_vault(tmp_path / "v")
    with vault.reading() as first, vault.reading() as second:
        assert first is not second
    with vault.reading() as again:
        assert again in (first, second)


def test_threads_never_share_a_connection(tmp_path: Path) -> None:
    vault = new_vault(tmp_path / "v")
    inside, clashes = set(), []

    def read() -> None:
        for _ in range(20):
            with vault.reading() as session:
                if id(session) in inside:
                    clashes.append(session)
                inside.add(id(session))
                session.one("SELECT count(*) FROM memories")
                inside.discard(id(session))

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clashes == []


def test_a_connection_that_saw_an_error_is_not_handed_out_again(tmp_path: Path) -> None:
    vault = new_vault(tmp_path / "v")
    before = open_files()
    with pytest.raises(ZeroDivisionError), vault.reading():
        raise ZeroDivisionError
    assert open_files() == before
    with vault.reading():
        pass
    vault.close()
    assert open_files() == before


def test_a_file_that_was_replaced_is_opened_anew(tmp_path: Path) -> None:
    vault, other = new_vault(tmp_path / "v"), new_vault(tmp_path / "w")
    with other.writing() as session:
        session.execute("UPDATE vault SET change_seq = 7")
    other.close()
    with vault.reading() as session:
        assert session.one("SELECT change_seq FROM vault") == 0
    other.path.replace(vault.path)
    with vault.reading() as session:
        assert session.one("SELECT change_seq FROM vault") == 7


def test_a_file_that_is_gone_is_not_read_through_an_open_connection(tmp_path: Path) -> None:
    vault = new_vault(tmp_path / "v")
    with vault.reading():
        pass
    vault.path.unlink()
    with pytest.raises(VaultDestroyed), vault.reading():
        pass


def test_closing_one_vault_leaves_the_others_open(tmp_path: Path) -> None:
    pool = Pool()
    first, second = new_vault(tmp_path / "a", pool), new_vault(tmp_path / "b", pool)
    for vault in (first, second):
        with vault.reading():
            pass
    before = open_files()
    first.close()
    assert open_files() == before - FILES_OF_A_CONNECTION
    with first.reading():  # and it opens again when it is used
        pass


def test_a_closed_home_opens_what_it_needs_again(memory: Memory) -> None:
    memory.add("The lantern hangs in the boat house", user_id="ana")
    memory.close()
    memory.close()
    assert len(memory.get_all(user_id="ana")) == 1


def test_a_forked_child_uses_no_connection_of_its_parent(three: Places) -> None:
    """SQLite's locks do not survive a fork: a shared connection would damage the vault."""
    before = opened(three).contents()
    subprocess.run([sys.executable, "-c", FORKING, three.home, three.keys], check=True)
    with vault_on(opened(three).file_of(before.vaults["ana"].vault_id), key=before.vaults["ana"].key).reading() as s:
        assert s.one("PRAGMA quick_check") == "ok"
