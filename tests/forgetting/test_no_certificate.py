"""What is no certificate is said to be none, whoever signed it."""

from __future__ import annotations

from typing import Any

import pytest

from memguard import InvalidInput
from memguard.forgetting.certificate import (
    BYTES_MAX,
    public_key_of,
)
from tests.forgetting.certificates import (
    HOME,
    PUBLIC,
    accepted,
    issued,
    refusal,
    resigned,
)

NO_CERTIFICATES = {
    "nothing": (b"", "not JSON"),
    "no JSON": (b"-----BEGIN", "not JSON"),
    "no text": (b"\xff\xfe\x00", "not JSON"),
    "ten megabytes": (b" " * (10 << 20), "at most"),
    "ten megabytes of JSON": (b'"' + b"x" * (10 << 20) + b'"', "at most"),
    "nested": (b"[" * 200_000, "not JSON"),
    "nested and whole": (b"[" * 200_000 + b"]" * 200_000, "not JSON"),
    "a list": (b"[1]\n", "malformed"),
    "a number": (b"1\n", "malformed"),
    "another document": (b'{"memguard_kit": 1}\n', "malformed"),
    "nothing signed": (b'{"signed": {}}\n', "malformed"),
    "a version and nothing else": (b'{"signed": {"format": 1}}\n', "malformed"),
    "a great number": (b'{"signed": {"format": ' + b"9" * 5000 + b"}}", "not JSON"),
}


@pytest.mark.parametrize("name", NO_CERTIFICATES)
def test_what_is_no_certificate_is_said_to_be_none(name: str) -> None:
    data, says = NO_CERTIFICATES[name]
    assert says in refusal(data)


@pytest.mark.parametrize("version", [0, 2, "1", None, [1]])
def test_another_format_is_named_as_such_even_if_it_is_signed(version: Any) -> None:
    assert "format" in refusal(resigned(issued().to_bytes(), format=version))


@pytest.mark.parametrize(
    "change",
    [
        {"state": "pending"},
        {"format": True},
        {"format": 1.0},
        {"erased": {"kind": "run", "memories": True, "versions": 0, "derived": 0, "values": 0}},
        {"erased": {"kind": "run", "memories": 1.5, "versions": 0, "derived": 0, "values": 0}},
        {"erased": {"kind": "run", "memories": 1}},
        {"checks": "pages"},
        {"checks": [{"what": "pages"}]},
        {"not_checked": "all"},
        {"pending": ["\x1b[2J"]},
        {"reference": ["x"]},
        {"reference": "x" * 201},
        {"home": "../../elsewhere"},
        {"id": HOME.replace("-", "")},
        {"issued": "2026-05-03T10:47Z"},
        {"issued": "yesterday"},
        {"commitment": "zz"},
        {"another": 1},
        {"versions": {"memguard": 1, "sqlite": "3", "schema": 1}},
    ],
    ids=repr,
)
def test_even_the_home_itself_cannot_sign_what_is_not_in_the_form(change: dict[str, Any]) -> None:
    data = issued().to_bytes()
    assert accepted(resigned(data))  # the helper signs as memguard does
    assert not accepted(resigned(data, **change))


def test_a_file_at_the_limit_is_still_read() -> None:
    lines = tuple("x" * 200 for _ in range(4000))
    data = issued(not_checked=lines).to_bytes()
    assert BYTES_MAX * 0.7 < len(data) <= BYTES_MAX
    assert accepted(data)


@pytest.mark.parametrize("text", ["", "zz" * 32, "00" * 31, "00" * 33, "é" * 64, None, 7, PUBLIC])
def test_a_public_key_is_sixty_four_digits(text: Any) -> None:
    assert public_key_of(PUBLIC.hex()) == PUBLIC
    with pytest.raises(InvalidInput, match="64 hexadecimal digits"):
        public_key_of(text)
