"""The audit log: a chain that shows what was altered, cut or added, and an end that the keyring knows."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from memguard import Chain, HomeError
from memguard.forgetting.audit import examine, home_key, verify_chain
from memguard.forgetting.certificate import check_signature
from memguard.vault.home import Home
from tests.commands import Command
from tests.conftest import Places
from tests.forgetting.certificates import OWNER
from tests.forgetting.logged import ENTRIES, again, log, log_of
from tests.vault.parts import flipped


def test_every_certificate_has_its_place_in_the_chain(logged: Home) -> None:
    made = [log(logged) for _ in range(3)]
    chains = [examine(logged, certificate) for certificate in made]
    assert [chain.entry for chain in chains] == [5, 6, 7]
    assert chains[0] == Chain(entries=7, entry=5, end_known=True)
    assert examine(logged, made[0].without_salt()).entry == 5
    for certificate in made:
        check_signature(certificate, home_key(logged))


def test_the_log_is_private_and_tells_of_nobody_and_of_no_amount(logged: Home) -> None:
    data = log_of(logged).read_bytes()
    assert stat.S_IMODE(log_of(logged).stat().st_mode) == 0o600
    entries = [json.loads(line) for line in data.splitlines()]
    assert {frozenset(entry) for entry in entries} == {
        frozenset({"certificate", "hash", "hour", "memguard", "previous", "schema", "sqlite"})
    }
    ids = [entry.vault_id for entry in logged.contents().vaults.values()]
    assert not [word for word in ("uokka", "wombat", "observatory", "ticket", *ids) if word.encode() in data]


def test_every_turned_bit_is_found_at_its_entry(logged: Home, home: Places) -> None:
    data = log_of(logged).read_bytes()
    for position in range(len(data)):
        log_of(logged).write_bytes(flipped(data, position))
        chain = verify_chain(log_of(logged), logged.contents().logged)
        assert chain.broken_at == data[:position].count(b"\n") + 1, position
    log_of(logged).write_bytes(data)
    assert again(logged, home).broken_at is None


@pytest.mark.parametrize("position", range(1, ENTRIES))
def test_an_entry_that_is_taken_out_is_missed_at_its_place(logged: Home, position: int) -> None:
    lines = log_of(logged).read_bytes().splitlines(keepends=True)
    log_of(logged).write_bytes(b"".join(lines[: position - 1] + lines[position:]))
    for chain in (verify_chain(log_of(logged)), examine(logged)):
        assert chain.broken_at == position
        assert "does not follow" in chain.why


def test_entries_that_changed_places_or_stand_twice_are_found(logged: Home) -> None:
    one, two, *rest = log_of(logged).read_bytes().splitlines(keepends=True)
    log_of(logged).write_bytes(b"".join([two, one, *rest]))
    assert verify_chain(log_of(logged)).broken_at == 1
    log_of(logged).write_bytes(b"".join([one, two, two, *rest]))
    assert verify_chain(log_of(logged)).broken_at == 3


@pytest.mark.parametrize("kept", range(ENTRIES - 1))
def test_a_cut_end_is_seen_by_who_has_the_keyring(logged: Home, kept: int) -> None:
    lines = log_of(logged).read_bytes().splitlines(keepends=True)
    log_of(logged).write_bytes(b"".join(lines[:kept]))
    chain = examine(logged)
    assert (chain.broken_at, "missing" in chain.why) == (kept + 1, True)
    assert verify_chain(log_of(logged)) == Chain(entries=kept)  # the file alone cannot tell


def test_a_lost_log_is_missed(logged: Home) -> None:
    log_of(logged).unlink()
    assert examine(logged).broken_at == 1


def test_a_log_that_cannot_be_read_is_an_error_of_ours(logged: Home) -> None:
    log_of(logged).unlink()
    log_of(logged).mkdir()
    with pytest.raises(HomeError, match=r"audit\.log"):
        examine(logged)


def test_a_piece_behind_a_whole_log_was_added(logged: Home) -> None:
    with log_of(logged).open("ab") as file:
        file.write(b"garbage")
    chain = examine(logged)
    assert (chain.broken_at, "added" in chain.why, chain.torn) == (ENTRIES + 1, True, True)


def test_an_entry_that_was_added_is_found(logged: Home) -> None:
    """Whoever can write to the home can make a line that follows; the keyring knows nothing of it."""
    before = logged.contents()
    log(logged)
    with logged.keyring.changing() as contents:
        logged.keyring.save(contents.beside_kit(logged=before.logged))
    chain = examine(logged)
    assert (chain.broken_at, "added" in chain.why) == (ENTRIES + 1, True)
    assert verify_chain(log_of(logged)).broken_at is None


def test_a_log_that_was_written_anew_as_a_whole_is_found(logged: Home, tmp_path: Path, home: Places) -> None:
    other = Places(tmp_path / "other" / "home", tmp_path / "other" / "keys", home.cache)
    with other.open() as memory:
        memory.add("The wombat sleeps elsewhere", user_id=OWNER)
        for _ in range(ENTRIES):
            log(memory.home)
        log_of(logged).write_bytes(log_of(memory.home).read_bytes())
    chain = examine(logged)
    assert (chain.broken_at, "anew" in chain.why) == (ENTRIES, True)


@pytest.mark.parametrize("harm", [b"", b"garbage\n", b"garbage"])
def test_what_was_tampered_with_stays_to_be_seen_whatever_is_logged_after(logged: Home, harm: bytes) -> None:
    lines = log_of(logged).read_bytes().splitlines(keepends=True)
    log_of(logged).write_bytes(lines[0] + harm)
    for _ in range(6):  # past the length that the log had
        made = log(logged)
        chain = examine(logged, made)
        assert (chain.broken_at, chain.entry) == (2, None)
        last = json.loads(log_of(logged).read_bytes().splitlines()[-1])
        assert last["certificate"] == made.digest.hex()
    check_signature(made, home_key(logged))


def test_an_entry_that_was_taken_out_is_not_made_up_for(logged: Home) -> None:
    """As many are missing as after a crash, but not the last one: that one is not written twice."""
    one, _, *rest = log_of(logged).read_bytes().splitlines(keepends=True)
    log_of(logged).write_bytes(b"".join([one, *rest]))
    log(logged)
    assert log_of(logged).read_bytes().splitlines(keepends=True)[:-1] == [one, *rest]
    assert examine(logged).broken_at == 2


def test_a_line_longer_than_life_is_no_entry(logged: Home) -> None:
    with log_of(logged).open("ab") as file:
        file.write(b"[" * 1_000_000 + b"\n")
    assert examine(logged).broken_at == ENTRIES + 1


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_command_shows_the_log_and_where_it_is_broken(logged: Home, home: Places) -> None:
    told = Command(home).run("audit").out.splitlines()
    entries = [json.loads(line) for line in log_of(logged).read_bytes().splitlines()]
    assert [line.split()[1] for line in told[:-1]] == [entry["certificate"] for entry in entries]
    assert told[-1] == f"whole, {ENTRIES} entries"
    assert Command(home).json("audit")["entries"] == entries

    lines = log_of(logged).read_bytes().splitlines(keepends=True)
    log_of(logged).write_bytes(b"".join([lines[0], b"altered\n", *lines[2:]]))
    ran = Command(home).run("audit")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.splitlines()[-1] == "broken at entry 2: it is not as it was written"


def test_the_command_of_a_home_that_is_not_there_makes_none(home: Places) -> None:
    assert Command(home).refused("audit")
    assert not home.home.exists()
