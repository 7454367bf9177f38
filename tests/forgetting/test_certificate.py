"""The certificate: what it says, that no byte of it can change, and that it names nobody."""

from __future__ import annotations

import hashlib
import json
import random
import string
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from memguard import CertificateError, Check, InvalidInput
from memguard.forgetting.certificate import (
    checked_reference,
    hour,
    issue,
    parsed,
    proves,
)
from memguard.forgetting.statement import Extent, Versions
from tests.forgetting.certificates import (
    HOME,
    OWNER,
    PUBLIC,
    SCOPE,
    SEED,
    accepted,
    issued,
    refusal,
    statement,
)

LINES = st.text(string.printable + "äß漢字🙂\u2028\x00\ud800", min_size=1, max_size=200).filter(str.isprintable)
COUNTS = st.integers(0, (1 << 63) - 1)


def test_a_file_gives_back_the_certificate_it_was_made_of() -> None:
    certificate = issued()
    assert parsed(certificate.to_bytes()) == certificate
    assert accepted(certificate.to_bytes())
    assert (certificate.state, certificate.home, certificate.reference) == ("complete", HOME, "ticket 4711")


@given(
    LINES,
    st.builds(Extent, st.sampled_from(["memories", "vault", "time span"]), COUNTS, COUNTS, COUNTS, COUNTS),
    st.lists(st.builds(Check, LINES, COUNTS, st.dictionaries(LINES, COUNTS, max_size=3), COUNTS, COUNTS), max_size=4),
    st.lists(LINES, max_size=4),
    st.lists(LINES, max_size=4),
)
def test_whatever_is_said_survives_its_file(
    reference: str, erased: Extent, checks: list[Check], unchecked: list[str], pending: list[str]
) -> None:
    certificate = issued(
        reference=reference,
        erased=erased,
        checks=tuple(checks),
        not_checked=tuple(unchecked),
        pending=tuple(pending),
    )
    assert parsed(certificate.to_bytes()) == certificate
    assert accepted(certificate.to_bytes())


def test_a_stranger_checks_it_without_memguard() -> None:
    """The recipe of the module, with nothing but JSON, SHA-256 and Ed25519."""
    document = json.loads(issued().to_bytes())
    compact = json.dumps(document["signed"], sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    key = Ed25519PublicKey.from_public_bytes(PUBLIC)
    key.verify(bytes.fromhex(document["signature"]), b"memguard certificate\n" + compact)
    with pytest.raises(InvalidSignature):
        key.verify(bytes.fromhex(document["signature"]), b"memguard certificate\n" + compact + b" ")
    salt = bytes.fromhex(document["salt"])
    about = json.dumps({"owner": OWNER, "scope": SCOPE}, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert document["signed"]["commitment"] == hashlib.sha256(salt + about.encode()).hexdigest()
    assert document["signed"]["salt_digest"] == hashlib.sha256(salt).hexdigest()


# -- not one byte -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bit", range(8))
@pytest.mark.parametrize("with_salt", [True, False])
def test_every_turned_bit_is_refused(bit: int, with_salt: bool) -> None:
    data = (issued() if with_salt else issued().without_salt()).to_bytes()
    assert accepted(data)
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1 << bit
        assert not accepted(bytes(changed)), position


def test_a_thousand_random_bytes_in_place_of_others_are_refused() -> None:
    chance = random.Random(5)
    data = issued(reference='Fälle 漢字 "quoted" \\ /').to_bytes()
    for _ in range(1000):
        changed = bytearray(data)
        position = chance.randrange(len(data))
        changed[position] = chance.choice([byte for byte in range(256) if byte != data[position]])
        assert not accepted(bytes(changed)), position


def test_what_is_cut_off_is_refused() -> None:
    data = issued().to_bytes()
    assert not [kept for kept in range(len(data)) if accepted(data[:kept])]
    assert not [lost for lost in range(1, len(data)) if accepted(data[lost:])]


@pytest.mark.parametrize("more", [b" ", b"\n", b"\r", b"\x00", b"0", b",", b"{}", "\u200b".encode(), b"\xef\xbb\xbf"])
def test_what_is_added_anywhere_is_refused(more: bytes) -> None:
    data = issued().to_bytes()
    assert not [position for position in range(len(data) + 1) if accepted(data[:position] + more + data[position:])]


REWRITTEN: dict[str, Callable[[str], str]] = {
    "a name twice": lambda text: text.replace('"salt":', '"salt": "00",\n "salt":', 1),
    "the state twice": lambda text: text.replace('"state":', '"state": "pending",\n  "state":', 1),
    "a member more": lambda text: text.replace('{\n "salt"', '{\n "note": "",\n "salt"', 1),
    "a signed member more": lambda text: text.replace('"state":', '"note": 1,\n  "state":', 1),
    "escaped": lambda text: text.replace("ticket", "\\u0074icket", 1),
    "compact": lambda text: json.dumps(json.loads(text)) + "\n",
    "other line ends": lambda text: text.replace("\n", "\r\n"),
    "capital hex": lambda text: json.dumps({**json.loads(text), "signature": json.loads(text)["signature"].upper()}),
}


@pytest.mark.parametrize("name", REWRITTEN)
def test_the_same_content_written_otherwise_is_refused(name: str) -> None:
    text = issued().to_bytes().decode()
    changed = REWRITTEN[name](text)
    assert changed != text
    assert "altered" in refusal(changed.encode())


def test_another_key_and_another_home_are_refused() -> None:
    other = issue(statement(), seed=bytes(32), home=HOME, owner=OWNER, scope=SCOPE)
    assert "another key" in refusal(other.to_bytes())
    moved = replace(issued(), home="00000000-0000-4000-8000-00000000000b")
    assert "another key" in refusal(moved.to_bytes())


@pytest.mark.parametrize("public", [b"", b"short", bytes(31), bytes(33), b"\xff" * 32])
def test_what_is_no_key_fits_nothing(public: bytes) -> None:
    assert not accepted(issued().to_bytes(), public)


# -- the salt ---------------------------------------------------------------------------------------------------------


def test_a_copy_without_salt_verifies_and_is_the_same_to_the_log() -> None:
    certificate = issued()
    given = certificate.without_salt()
    assert certificate.salt is not None
    assert certificate.salt.hex().encode() not in given.to_bytes()
    assert accepted(given.to_bytes())
    assert given.digest == certificate.digest == hashlib.sha256(given.to_bytes()).digest()


@pytest.mark.parametrize("salt", [b"", bytes(32), bytes(33)])
def test_another_salt_is_refused(salt: bytes) -> None:
    assert "salt" in refusal(replace(issued(), salt=salt).to_bytes())
    assert "salt" in refusal(replace(issued(), salt=issued().salt).to_bytes())  # another certificate's


def test_the_holder_shows_of_whom_and_what_it_speaks() -> None:
    certificate = issued()
    assert proves(certificate, OWNER, SCOPE)
    assert proves(certificate, "Zoe\u0308 Quokkaword ", dict(reversed(SCOPE.items())))  # as another system types it
    assert proves(issued(scope={"author": "Zoë"}), OWNER, {"author": "Zoe\u0308"})
    for owner, scope in [("Zoe Quokkaword", SCOPE), (OWNER, {}), (OWNER, {**SCOPE, "run_id": "another"})]:
        assert not proves(certificate, owner, scope)
    with pytest.raises(CertificateError, match="holder"):
        proves(certificate.without_salt(), OWNER, SCOPE)


def test_the_same_erasure_twice_has_nothing_in_common_to_tell_it_by() -> None:
    one, two = issued(), issued()
    assert len({one.id, two.id, one.commitment, two.commitment, one.salt_digest, two.salt_digest}) == 6


# -- nobody is named --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("escaped", [True, False])
def test_no_name_of_owner_or_scope_stands_in_it(escaped: bool) -> None:
    scope = {"run_id": "wombatrun", "environment": "/srv/wallabyproject", "text": "the numbat sleeps"}
    certificate = issued("Zoë Quokkaword", scope)
    said = certificate.to_bytes().decode() + repr(certificate)
    said = said.encode("unicode_escape").decode() if escaped else said
    names = ("quokka", "Zoë", "Zo\\xeb", "wombat", "wallaby", "srv", "numbat", "sleeps")
    assert not [name for name in names if name.lower() in said.lower()]


def test_the_salt_is_not_in_what_a_log_would_show() -> None:
    certificate = issued()
    assert certificate.salt is not None
    assert repr(certificate.salt) not in repr(certificate)
    assert "salt=" not in repr(certificate)


@pytest.mark.parametrize("offset", [0, 5.5, -8])
def test_its_time_is_the_hour_and_no_more(offset: float) -> None:
    moment = datetime(2026, 5, 3, 10, 47, 12, 345, tzinfo=UTC).astimezone(timezone(timedelta(hours=offset)))
    assert hour(moment) == "2026-05-03T10:00Z"
    certificate = issue(statement(), seed=SEED, home=HOME, owner=OWNER, scope={}, at=moment)
    assert parsed(certificate.to_bytes()).issued == "2026-05-03T10:00Z"


# -- what it says -----------------------------------------------------------------------------------------------------

CLEAN, FOUND = Check("pages", 9), Check("terms", 9, {"stale term": 1})
BLIND = Check("backups", 9, planted=2, planted_found=1)


@pytest.mark.parametrize(
    ("checks", "pending", "state"),
    [
        ((CLEAN,), (), "complete"),
        ((CLEAN, Check("terms", 9, {"stale term": 0})), (), "complete"),
        ((CLEAN,), ("a reader that holds the log",), "pending"),
        ((CLEAN, FOUND), (), "incomplete"),
        ((CLEAN, FOUND), ("a reader",), "incomplete"),
        ((BLIND,), (), "incomplete"),
        ((), (), "incomplete"),
    ],
)
def test_the_state_follows_from_what_was_found(checks: tuple[Check, ...], pending: tuple[str, ...], state: str) -> None:
    certificate = issued(checks=checks, pending=pending)
    assert certificate.state == state
    assert json.loads(certificate.to_bytes())["signed"]["state"] == state


@pytest.mark.parametrize(
    "change",
    [
        {"not_checked": ("two\nlines",)},
        {"pending": ("\x1b[31mred",)},
        {"pending": ("",)},
        {"not_checked": ("x" * 201,)},
        {"reference": "\u202egnp.exe"},
        {"reference": None},
        {"erased": Extent("run", -1)},
        {"erased": Extent("run", True)},
        {"erased": Extent("run", 1 << 63)},
        {"erased": Extent("Ana's run", 1)},  # type: ignore[arg-type]  # the wrong kind is the point
        {"checks": (Check("pages", 1, {"\x00": 1}),)},
        {"checks": (Check("pages", 1, {"kind": -1}),)},
        {"versions": Versions("0.1.0", "3.53.0", -3)},
    ],
    ids=repr,
)
def test_what_would_not_show_as_it_is_cannot_be_said(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a certificate"):
        statement(**change)


@pytest.mark.parametrize("text", ["", "ticket 4711", "Fälle §17 漢字", "x" * 200])
def test_a_reference_stands_as_it_was_given(text: str) -> None:
    assert checked_reference(text) == text
    assert parsed(issued(reference=text).to_bytes()).reference == text


@pytest.mark.parametrize("text", ["x" * 201, "two\nlines", "tab\t", "\x1b[0m", "\u202e", "\ud800", None, 7, b"x"])
def test_a_reference_that_is_no_line_is_refused_and_not_quoted(text: Any) -> None:
    with pytest.raises(InvalidInput, match="one line of up to 200") as raised:
        checked_reference(text)
    assert str(text) not in str(raised.value).split()
