"""Sealed values and keyed look-ups: what they tell without the vault's key, and what an altered one does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard.errors import VaultUnreadable
from memguard.vault.sealing import LOOKUP_BYTES, NONCE_BYTES, Seals

HERE, ELSEWHERE = Seals.of(bytes(32)), Seals.of(bytes([1]) * 32)


@given(st.text(max_size=200), st.text(max_size=20))
def test_a_sealed_value_opens_in_its_place(value: str, place: str) -> None:
    assert HERE.opened(HERE.sealed(value, place), place) == value


def test_even_half_a_surrogate_pair_comes_back() -> None:
    assert HERE.opened(HERE.sealed("\ud83d", "a"), "a") == "\ud83d"


def test_it_opens_in_no_other_place_and_under_no_other_key() -> None:
    blob = HERE.sealed("Ana", "bcf234")
    for seals, place in ((HERE, "bcf235"), (ELSEWHERE, "bcf234")):
        with pytest.raises(VaultUnreadable):
            seals.opened(blob, place)


def test_any_altered_or_missing_byte_is_refused() -> None:
    blob = HERE.sealed("Ana", "bcf234")
    altered = [blob[:i] + bytes([blob[i] ^ 1]) + blob[i + 1 :] for i in range(len(blob))]
    for other in (*altered, *(blob[:i] for i in range(len(blob)))):
        with pytest.raises(VaultUnreadable):
            HERE.opened(other, "bcf234")


def test_the_same_value_is_sealed_in_another_way_each_time() -> None:
    blobs = {HERE.sealed("Ana", "bcf234") for _ in range(50)}
    assert len({blob[:NONCE_BYTES] for blob in blobs}) == len(blobs) == 50


def test_a_look_up_is_the_same_here_and_another_elsewhere() -> None:
    assert HERE.lookup("ana") == Seals.of(bytes(32)).lookup("ana") != ELSEWHERE.lookup("ana")
    assert len(HERE.lookup("ana")) == LOOKUP_BYTES


def test_neither_shows_its_keys() -> None:
    assert repr(HERE) == "Seals()"
