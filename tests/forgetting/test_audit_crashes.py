"""The audit log after crashes, among several processes, and with a keyring that knows less than it does."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from memguard import Certificate, Chain, HomeError
from memguard.errors import StorageFull
from memguard.forgetting import audit
from memguard.forgetting.audit import examine, verify_chain
from memguard.vault.home import Home
from memguard.vault.keyfile import Logged
from tests.conftest import Places
from tests.forgetting.certificates import OWNER
from tests.forgetting.logged import ENTRIES, again, log, log_of
from tests.house import ROOT
from tests.vault.parts import Crash, opened

KILLED = """
import os, signal, sys
from memguard.forgetting import audit
from memguard.settings import Settings
from memguard.vault.home import Home
from tests.forgetting.certificates import OWNER, SCOPE, statement

def append_and_die(path, data):
    with path.open("ab") as file:
        file.write(data[: int(sys.argv[3])])
    os.kill(os.getpid(), signal.SIGKILL)

audit._append = append_and_die
audit.certify(Home(Settings.load(home=sys.argv[1], keys=sys.argv[2])), statement(), owner=OWNER, scope=SCOPE)
"""

LOGGING = """
import sys
from memguard.forgetting.audit import certify
from memguard.settings import Settings
from memguard.vault.home import Home
from tests.forgetting.certificates import OWNER, SCOPE, statement

home = Home(Settings.load(home=sys.argv[1], keys=sys.argv[2]))
for _ in range(int(sys.argv[3])):
    print(certify(home, statement(), owner=OWNER, scope=SCOPE).digest.hex(), flush=True)
"""


def run(code: str, places: Places, argument: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", code, str(places.home), str(places.keys), str(argument)]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("written", [0, 1, 100, 10_000])
def test_a_process_killed_between_keyring_and_log_leaves_a_chain_that_is_whole(
    logged: Home, home: Places, written: int
) -> None:
    """Nothing of the line, its first byte, a part of it, all of it: none of these is taken for tampering."""
    with run(KILLED, home, written) as process:
        assert process.wait() == -signal.SIGKILL
    alone = verify_chain(log_of(logged))
    whole = ENTRIES + (written == 10_000)
    assert alone == Chain(entries=whole, torn=written in (1, 100))
    assert again(logged, home) == Chain(entries=ENTRIES + 1, end_known=True)
    made = log(opened(home))
    assert examine(logged, made) == Chain(entries=ENTRIES + 2, entry=ENTRIES + 2, end_known=True)
    assert len(log_of(logged).read_bytes().splitlines()) == ENTRIES + 2


def test_what_was_acknowledged_is_in_the_log_whenever_the_process_is_killed(logged: Home, home: Places) -> None:
    acknowledged: list[str] = []
    for wanted in (1, 3, 5):
        with run(LOGGING, home, 1000) as process:
            assert process.stdout is not None
            acknowledged += [process.stdout.readline().strip() for _ in range(wanted)]
            process.kill()
            acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
        assert again(logged, home).broken_at is None
    log(opened(home))  # writes what the last kill left out
    held = [json.loads(line)["certificate"] for line in log_of(logged).read_text().splitlines()]
    assert set(acknowledged) <= set(held)
    assert len(held) == len(set(held)) >= ENTRIES + len(acknowledged) + 1
    assert verify_chain(log_of(logged)).broken_at is None


def test_processes_that_log_at_the_same_time_make_one_chain(logged: Home, home: Places) -> None:
    with run(LOGGING, home, 8) as one, run(LOGGING, home, 8) as two:
        assert one.stdout is not None
        assert two.stdout is not None
        while one.poll() is None or two.poll() is None:
            assert examine(logged).broken_at is None  # also while they write
        made = {*one.stdout.read().split(), *two.stdout.read().split()}
    assert len(made) == 16
    chain = again(logged, home)
    assert (chain.entries, chain.broken_at) == (ENTRIES + 16, None)


def test_a_killed_process_and_a_cut_end_are_told_apart(logged: Home, home: Places) -> None:
    with run(KILLED, home, 40) as process:
        process.wait()
    data = log_of(logged).read_bytes()
    lines = data.splitlines(keepends=True)
    log_of(logged).write_bytes(b"".join(lines[: ENTRIES - 1]))
    assert again(logged, home).broken_at == ENTRIES
    log_of(logged).write_bytes(data[:-1] + b"#")  # a part of no entry
    assert again(logged, home).broken_at == ENTRIES + 1
    log_of(logged).write_bytes(data)
    assert again(logged, home).broken_at is None


def test_the_last_entry_alone_cannot_be_cut_off(logged: Home) -> None:
    """It looks like a crash, and is brought back like after one: nothing is lost by it."""
    data = log_of(logged).read_bytes()
    log_of(logged).write_bytes(b"".join(data.splitlines(keepends=True)[:-1]))
    assert examine(logged) == Chain(entries=ENTRIES, end_known=True)
    log(logged)
    assert log_of(logged).read_bytes().startswith(data)


def forget_the_log(home: Home) -> None:
    """As a keyring that came from a recovery kit, or from before there was a log."""
    with home.keyring.changing() as contents:
        home.keyring.save(contents.beside_kit(logged=None))


@pytest.mark.parametrize("piece", [b"", b'{"certificate":"00'])
def test_a_keyring_that_knows_of_no_log_goes_on_from_what_is_whole(logged: Home, piece: bytes) -> None:
    before = log_of(logged).read_bytes()
    forget_the_log(logged)
    log_of(logged).write_bytes(before + piece)
    assert examine(logged) == Chain(entries=ENTRIES, torn=bool(piece), end_known=False)
    log(logged)
    assert log_of(logged).read_bytes().startswith(before + b'{"certificate":')
    assert examine(logged) == Chain(entries=ENTRIES + 1, end_known=True)


def test_a_log_that_is_broken_is_not_made_whole_by_a_keyring_that_knows_nothing(logged: Home) -> None:
    forget_the_log(logged)
    with log_of(logged).open("ab") as file:
        file.write(b"\xffgarbage\n")
    log(logged)
    assert examine(logged).broken_at == ENTRIES + 1


@pytest.mark.parametrize("error", [StorageFull("full"), HomeError("read-only")])
def test_a_log_that_cannot_be_written_to_costs_no_certificate(
    logged: Home, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The keyring holds the entry; a second one is not begun until the log has the first."""

    def refuse(path: Path, data: bytes) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(audit, "_append", refuse)
        made = log(logged)
        with pytest.raises(type(error)):
            log(logged)
    assert examine(logged, made) == Chain(entries=ENTRIES + 1, entry=ENTRIES + 1, end_known=True)
    log(logged)
    assert verify_chain(log_of(logged), certificate=made).entry == ENTRIES + 1


def test_a_crash_before_the_keyring_is_written_leaves_everything_as_it_was(
    logged: Home, home: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise Crash

    before = log_of(logged).read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("memguard.vault.keyring.write_whole", crash)
        with pytest.raises(Crash):
            log(logged)
    assert log_of(logged).read_bytes() == before
    assert again(logged, home) == Chain(entries=ENTRIES, end_known=True)


@pytest.mark.parametrize("times", [1, audit.READS_MAX])
def test_a_reader_sees_no_break_where_others_log_between_its_looks(
    logged: Home, home: Places, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Readers take no lock: each of these looks finds one entry more than the keyring told a moment ago."""
    real = audit.verify_chain
    others = [opened(home) for _ in range(times)]

    def verify_later(path: Path, known: Logged | None, certificate: Certificate | None) -> Chain:
        if others:
            log(others.pop())
        return real(path, known, certificate)

    monkeypatch.setattr(audit, "verify_chain", verify_later)
    assert examine(logged) == Chain(entries=ENTRIES + times, end_known=True)


def test_umask_and_working_folder_do_not_matter(home: Places, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    before = os.umask(0)
    try:
        with home.open() as memory:
            memory.add("The wombat sleeps behind the observatory", user_id=OWNER)
            log(memory.home)
            assert stat.S_IMODE(log_of(memory.home).stat().st_mode) == 0o600
    finally:
        os.umask(before)
