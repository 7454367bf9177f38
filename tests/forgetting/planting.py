"""Ways to put into raw pages what does not belong there: a page is opened, changed, and sealed as SQLCipher does."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator
from types import TracebackType

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from memguard import Memory
from memguard.forgetting.pages import NONCE, PAGE, SALT, USABLE, Codec, PageFile
from memguard.forgetting.schema import Entry, schema

INTERIOR = (2, 5)
MARK = b"quokkaword!"
"""What is planted: no vault holds it by itself."""


class Raw:
    """A vault's pages, decrypted, to be changed inside a `with`; at its end they are the vault's."""

    def __init__(self, memory: Memory, owner: str = "ana") -> None:
        vault = memory.home.vault(owner)
        vault.truncate_log()
        memory.close()
        self._path, self._key = vault.path, vault.page_key
        self._file = PageFile(self._path, self._key)
        self._cut = 0
        plain = self._file.opened(range(1, self._file.count + 1)).plain
        self.pages = {number: bytearray(page.tobytes()) for number, page in enumerate(plain, start=1)}

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        if kind is None:
            salt = self._path.read_bytes()[:SALT]
            sealed = [_sealed(Codec(self._key, salt), self._key, salt, n, self.pages[n]) for n in sorted(self.pages)]
            self._path.write_bytes(b"".join(sealed))

    def entry(self, name: str) -> Entry:
        """What the schema says of a table or an index."""
        return next(entry for entry in schema(self._file) if entry.name == name)

    def tree(self, name: str) -> Iterator[int]:
        """The pages of a table's or an index's tree, from its root down."""
        waiting = [self.entry(name).root]
        while waiting:
            number = waiting.pop()
            yield number
            page = self.pages[number]
            if page[self.start(number)] in INTERIOR:
                waiting += [u32(page, at) for at in self.cells(number)] + [u32(page, self.start(number) + 8)]

    def leaves(self, name: str) -> Iterator[int]:
        """The leaves of a tree."""
        return (n for n in self.tree(name) if self.pages[n][self.start(n)] not in INTERIOR)

    def leaf(self, name: str) -> int:
        """A leaf of a tree."""
        return next(self.leaves(name))

    def interior(self, name: str) -> int:
        """The root of a tree that has more than one page."""
        number = self.entry(name).root
        assert self.pages[number][self.start(number)] in INTERIOR, f"{name} is one page: plant more rows"
        return number

    def start(self, number: int) -> int:
        """Where the b-tree header of a page lies."""
        return 100 if number == 1 else 0

    def pointers(self, number: int) -> range:
        """Where a page's pointers to its cells lie."""
        page, start = self.pages[number], self.start(number)
        first = start + (12 if page[start] in INTERIOR else 8)
        return range(first, first + 2 * u16(page, start + 3), 2)

    def cells(self, number: int) -> list[int]:
        """Where a page's cells lie."""
        return [u16(self.pages[number], at) for at in self.pointers(number)]

    def gap(self, number: int) -> tuple[int, int]:
        """Where the unallocated bytes of a page lie."""
        return self.pointers(number).stop, u16(self.pages[number], self.start(number) + 5)

    def put(self, number: int, at: int, data: bytes) -> None:
        """Write bytes into a page."""
        self.pages[number][at : at + len(data)] = data

    def append(self, data: bytes = b"") -> int:
        """One more page, which the header counts and nothing leads to."""
        number = len(self.pages) + 1
        self.pages[number] = bytearray(data.ljust(PAGE, b"\0"))
        self.put(1, 28, number.to_bytes(4, "big"))
        return number

    def free_list(self) -> tuple[int, int]:
        """A free list of one trunk and one leaf, in place of the one there is; what was in that is lost to all."""
        trunk, leaf = self.append(), self.append()
        before, count = u32(self.pages[1], 32), u32(self.pages[1], 36)
        self.put(trunk, 0, b"".join(n.to_bytes(4, "big") for n in (before, 1, leaf)))
        self.put(1, 32, trunk.to_bytes(4, "big") + (count + 2).to_bytes(4, "big"))
        return trunk, leaf


def u16(page: bytes | bytearray, at: int) -> int:
    return int.from_bytes(page[at : at + 2], "big")


def u32(page: bytes | bytearray, at: int) -> int:
    return int.from_bytes(page[at : at + 4], "big")


def freeblocks(page: bytes | bytearray, start: int) -> Iterator[tuple[int, int]]:
    """(place, size) of each freeblock of a page."""
    at = u16(page, start + 1)
    while at:
        yield at, u16(page, at + 2)
        at = u16(page, at)


def _sealed(codec: Codec, key: bytes, salt: bytes, number: int, plain: bytearray) -> bytes:
    head = salt if number == 1 else b""
    nonce = os.urandom(NONCE)
    encryptor = Cipher(AES(key), CBC(nonce)).encryptor()
    body = encryptor.update(bytes(plain[len(head) : USABLE])) + encryptor.finalize() + nonce
    return head + body + hmac.digest(codec.mac_key, body + number.to_bytes(4, "little"), "sha512")
