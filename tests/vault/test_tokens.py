"""Tokens in the keyring: only their hashes, under the master, and gone with their owner."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from memguard import InvalidInput
from memguard.vault import kit
from memguard.vault.keyfile import Contents, Token, opened, parsed_header, sealed
from memguard.vault.tokens import PREFIX, add_token, digest_of, holder_of, revoke_token
from tests.conftest import Places
from tests.vault import parts
from tests.vault.age import quickly_sealed

HOME_ID = "00000000-0000-4000-8000-000000000001"


def test_a_token_names_its_holder_and_is_not_kept(three: Places) -> None:
    keyring = parts.keyring_of(three)
    token = add_token(keyring, "cursor", "ana")
    other = add_token(keyring, "codex", "ben")
    contents = parts.keyring_of(three).contents()
    holder = holder_of(contents, token)
    assert holder is not None
    assert (holder.name, holder.owner, holder.digest) == ("cursor", "ana", digest_of(token))
    assert token != other
    assert token.startswith(PREFIX)
    for path, held in parts.files_of(three.home, three.keys).items():
        assert token.encode() not in held, path
        assert b"cursor" not in held, path
    assert digest_of(token).hex() not in repr(contents)


@pytest.mark.parametrize("shown", ["", "mg_", "mg_" + "A" * 43, "\ud800", "x" * 100_000])
def test_what_is_no_token_has_no_holder(three: Places, shown: str) -> None:
    keyring = parts.keyring_of(three)
    add_token(keyring, "cursor", "ana")
    assert holder_of(keyring.contents(), shown) is None


def test_a_revoked_token_is_nobodys_in_every_process(three: Places) -> None:
    keyring, elsewhere = parts.keyring_of(three), parts.keyring_of(three)
    token = add_token(keyring, "cursor", "ana")
    assert holder_of(elsewhere.contents(), token)
    revoke_token(keyring, "cursor")
    assert holder_of(elsewhere.contents(), token) is None
    again = add_token(keyring, "cursor", "ana")
    assert holder_of(elsewhere.contents(), token) is None
    assert holder_of(elsewhere.contents(), again)


def test_a_name_is_given_once(three: Places) -> None:
    keyring = parts.keyring_of(three)
    add_token(keyring, "cursor", "ana")
    with pytest.raises(InvalidInput, match="there is a token of this name"):
        add_token(keyring, " cursor ", "ben")
    with pytest.raises(InvalidInput, match="there is no token of this name"):
        revoke_token(keyring, "codex")


def test_an_owner_who_goes_takes_the_tokens_along(three: Places) -> None:
    home = parts.opened(three)
    gone, stays = (add_token(home.keyring, owner, owner) for owner in ("ana", "ben"))
    home.destroy("ana")
    contents = parts.keyring_of(three).contents()
    assert holder_of(contents, gone) is None
    assert holder_of(contents, stays)
    assert "ana" not in contents.tokens


def test_tokens_outlive_a_rotation_and_a_new_owner(three: Places) -> None:
    home = parts.opened(three)
    token = add_token(home.keyring, "cursor", "ana")
    with home.keyring.changing() as contents:
        home.keyring.rotate(contents)
    home.vault_or_new("dora")
    assert holder_of(parts.keyring_of(three).contents(), token)


def test_a_token_makes_no_recovery_kit_stale(three: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kit holds the keys of vaults; tokens are made anew."""
    home = parts.opened(three)
    monkeypatch.setattr(kit, "sealed", quickly_sealed)
    kit.write_kit(home, three.home.parent / "kit", "correct horse")
    assert not kit.stale(home)
    add_token(home.keyring, "cursor", "ana")
    revoke_token(home.keyring, "cursor")
    assert not kit.stale(home)
    home.vault_or_new("dora")
    add_token(home.keyring, "cursor", "ana")
    assert kit.stale(home)


def test_a_keyring_from_before_there_were_tokens_opens() -> None:
    key = bytes(32)
    contents = Contents(sequence=3, generation=1, source="file", vaults={}, tokens={"n": Token("ana", 7, b"d" * 32)})
    header, _, body = sealed(contents, key, HOME_ID).partition(b"\n")
    assert opened(header, body, key, parsed_header(header)) == contents
    old = _sealed_without_tokens(replace(contents, tokens={}), key)
    header, _, body = old.partition(b"\n")
    assert opened(header, body, key, parsed_header(header)).tokens == {}


def _sealed_without_tokens(contents: Contents, key: bytes) -> bytes:
    """As memguard wrote it before: the same, without the member."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    header, _, body = sealed(contents, key, HOME_ID).partition(b"\n")
    payload = json.loads(AESGCM(key).decrypt(body[:12], body[12:], header))
    del payload["tokens"]
    nonce = bytes(12)
    return header + b"\n" + nonce + AESGCM(key).encrypt(nonce, json.dumps(payload).encode(), header)
