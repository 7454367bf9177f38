"""Tokens of HTTP clients: made, listed and revoked in the keyring, which keeps the SHA-256 of each and nothing more."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import NamedTuple

from memguard import intake
from memguard.errors import InvalidInput
from memguard.vault.keyfile import Contents, Token
from memguard.vault.keyring import Keyring

PREFIX = "mg_"
"""So that scanners of leaked secrets can tell what one is."""
TOKEN_BYTES = 32
NAME_LENGTH_MAX = 64


class Holder(NamedTuple):
    """Who showed a token: its name, which is the agent, and whose memory it may ask for."""

    name: str
    owner: str
    digest: bytes


def add_token(keyring: Keyring, name: str, owner: str) -> str:
    """A new token of 256 random bits. It is returned this once; the keyring cannot tell it again."""
    name, owner = checked_name(name), intake.owner(owner)
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    with keyring.changing() as contents:
        if name in contents.tokens:
            raise InvalidInput("there is a token of this name: revoke it first, or choose another name")
        made = Token(owner, int(time.time()), digest_of(token))
        _save(keyring, contents, {**contents.tokens, name: made})
    return token


def revoke_token(keyring: Keyring, name: str) -> None:
    """End a token. A server that runs refuses it from its next request on."""
    with keyring.changing() as contents:
        if name not in contents.tokens:
            raise InvalidInput("there is no token of this name: see `memguard keys token list`")
        _save(keyring, contents, {n: token for n, token in contents.tokens.items() if n != name})


def holder_of(contents: Contents, token: str) -> Holder | None:
    """Whose token this is. Every one is compared, in constant time: how long it takes tells nothing."""
    shown = digest_of(token)
    matching = [name for name, held in contents.tokens.items() if hmac.compare_digest(held.digest, shown)]
    return Holder(matching[0], contents.tokens[matching[0]].owner, shown) if matching else None


def checked_name(name: str) -> str:
    """A token's name stands for an agent, in every memory that it writes."""
    checked = intake.name(name, "name")
    if checked is None or len(checked) > NAME_LENGTH_MAX or not checked.isprintable():
        raise InvalidInput(f"a token's name is up to {NAME_LENGTH_MAX} printable characters")
    return checked


def digest_of(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


def _save(keyring: Keyring, contents: Contents, tokens: Mapping[str, Token]) -> None:
    keyring.save(contents.beside_kit(tokens=tokens))  # a token that is lost with its keyring is made anew
