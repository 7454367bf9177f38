"""Files under a passphrase: age's format, with one answer to a wrong passphrase and to an altered file."""

from __future__ import annotations

import pytest

from memguard.errors import BundleError, InvalidInput
from memguard.vault.passphrase import HEADER, LENGTH_MIN, sealed, unsealed
from tests.vault.age import quickly_sealed
from tests.vault.parts import flipped

PASSPHRASE = "correct horse battery"


def test_what_is_sealed_is_unsealed_with_its_passphrase_and_shows_nothing() -> None:
    """The one round through age as it is used; a passphrase takes it seconds, so the others use small work factors."""
    data = b"The wombat sleeps behind the observatory"
    file = sealed(data, PASSPHRASE)
    assert file.startswith(HEADER)
    assert b"wombat" not in file
    assert unsealed(file, PASSPHRASE) == data


@pytest.mark.parametrize("size", [0, 1, 65_536, 200_000])
def test_what_another_program_sealed_opens_here(size: int) -> None:
    assert unsealed(quickly_sealed(bytes(size), PASSPHRASE), PASSPHRASE) == bytes(size)


@pytest.mark.parametrize("wrong", ["", "correct horse batterx", PASSPHRASE.upper(), PASSPHRASE + " "])
def test_a_wrong_passphrase_is_refused_and_not_quoted(wrong: str) -> None:
    with pytest.raises(BundleError, match="passphrase is wrong") as raised:
        unsealed(quickly_sealed(b"data", PASSPHRASE), wrong)
    assert not wrong or wrong not in str(raised.value)


def test_every_turned_bit_is_noticed() -> None:
    """The work factor's own digits are left out: they may say to spend a day on it."""
    file = quickly_sealed(b"The wombat sleeps", PASSPHRASE)
    header, _, body = file.partition(b"\n")
    digits = len(header) + 1 + body.index(b"\n") - 1
    for position in range(len(file)):
        if position != digits:
            with pytest.raises(BundleError):
                unsealed(flipped(file, position), PASSPHRASE)


@pytest.mark.parametrize("kept", [0, 10, 60, 140, -1])
def test_a_truncated_file_is_refused(kept: int) -> None:
    with pytest.raises(BundleError):
        unsealed(quickly_sealed(b"The wombat sleeps", PASSPHRASE)[:kept], PASSPHRASE)


def test_a_work_factor_that_would_take_for_ever_is_refused() -> None:
    file = quickly_sealed(b"data", PASSPHRASE).replace(b" 8\n", b" 63\n")
    with pytest.raises(BundleError):
        unsealed(file, PASSPHRASE)


def test_a_short_passphrase_is_refused_before_anything_is_sealed() -> None:
    with pytest.raises(InvalidInput, match=str(LENGTH_MIN)):
        sealed(b"data", "x" * (LENGTH_MIN - 1))
