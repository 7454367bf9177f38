"""Every page of a vault's file, from the roots of its trees and of its free list: each reached once, by one way.

Trees are walked level by level and overflow chains link by link, all chains in step, so that pages are opened and
parsed a thousand at a time. A page that was reached is never entered again: no chain and no circle holds this up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, SupportsInt

import numpy as np

from memguard.forgetting.cells import Chains, parse, u32
from memguard.forgetting.findings import Kind, Residue
from memguard.forgetting.pages import LOCK_PAGE, PAGE, USABLE, Bytes, Numbers, PageFile

BATCH = 1024
FREE = "free list"
_FREE_FIRST, _FREE_COUNT = 32, 36
_PAGES_COUNT = 28
_UNUSED = slice(72, 92)
"""Bytes of the file's header that SQLite keeps for what may come."""
_TRUNK_LEAVES_MAX = USABLE // 4 - 2


class Root(NamedTuple):
    """Where the tree of a table or an index begins."""

    name: str
    page: int
    is_index: bool


def walk(file: PageFile, roots: list[Root]) -> list[Residue]:
    """What lies in a file beside its trees and its free list, and what is not as SQLite makes it."""
    return _Walk(file).residues(roots)


class _Walk:
    def __init__(self, file: PageFile) -> None:
        self._file = file
        self._reached = np.zeros(file.count + 1, np.bool_)
        self._reached[0] = True
        self._found: list[Residue] = []

    def residues(self, roots: list[Root]) -> list[Residue]:
        self._header()
        for root in roots:
            self._tree(root)
        self._free_list()
        self._orphans()
        return self._found

    def _header(self) -> None:
        head = self._file.opened([1]).plain[0]
        if self._file.torn_bytes:
            self._note("structure", "file", self._file.torn_bytes)
        if difference := _number(head, _PAGES_COUNT) - self._file.count:
            self._note("structure", "file", abs(difference))
        if unused := np.count_nonzero(head[_UNUSED]):
            self._note("slack", "file", unused, 1)

    def _note(self, kind: Kind, place: str, amount: SupportsInt = 1, page: SupportsInt | None = None) -> None:
        self._found.append(Residue(kind, place, int(amount), None if page is None else int(page)))

    def _claimed(self, numbers: Numbers, place: str) -> tuple[Numbers, Numbers]:
        """Of the pages that something leads to: those that are new, and their places in the list."""
        there = (numbers >= 1) & (numbers <= self._file.count)
        _, first = np.unique(numbers, return_index=True)
        new = np.zeros(len(numbers), np.bool_)
        new[first] = True
        new &= there
        new[new] &= ~self._reached[numbers[new]]
        if not new.all():
            self._note("structure", place, np.count_nonzero(~new))
        self._reached[numbers[new]] = True
        return numbers[new], np.flatnonzero(new)

    def _opened(self, numbers: Numbers, place: str) -> tuple[Bytes, Numbers]:
        """Pages decrypted, and which of them are authentic."""
        opened = self._file.opened(numbers)
        for number in numbers[~opened.authentic]:
            self._note("unauthentic", place, PAGE, number)
        return opened.plain, np.flatnonzero(opened.authentic)

    def _tree(self, root: Root) -> None:
        level, _ = self._claimed(np.array([root.page]), root.name)
        while len(level):
            children = [self._level(batch, root) for batch in _batches(level)]
            level, _ = self._claimed(np.concatenate(children), root.name)

    def _level(self, numbers: Numbers, root: Root) -> Numbers:
        """Look at pages of one level of a tree; returns the pages below."""
        plain, kept = self._opened(numbers, root.name)
        numbers = numbers[kept]
        parsed = parse(plain[kept], numbers, of_index=root.is_index, page_count=self._file.count)
        for page in numbers[parsed.broken]:
            self._note("structure", root.name, 1, page)
        for i in np.flatnonzero(parsed.slack):
            self._note("slack", root.name, parsed.slack[i], numbers[i])
        self._chains(parsed.chains, root.name)
        return parsed.children

    def _chains(self, chains: Chains, place: str) -> None:
        pages, left = chains
        while len(pages):
            pages, kept = self._claimed(pages, place)
            left = left[kept]
            links = [self._link(*each, place) for each in zip(_batches(pages), _batches(left), strict=True)]
            pages, left = (np.concatenate(part) for part in zip(*links, strict=True)) if links else (pages, left)

    def _link(self, numbers: Numbers, left: Numbers, place: str) -> Chains:
        """Look at overflow pages with so many bytes left for each; returns what follows them."""
        plain, kept = self._opened(numbers, place)
        plain, numbers, left = plain[kept], numbers[kept], left[kept]
        following = u32(plain.ravel(), np.arange(len(plain)) * PAGE)
        here = np.minimum(left, USABLE - 4)
        tails = (plain > 0) & (np.arange(PAGE) >= (here + 4)[:, None])
        for i in np.flatnonzero(tails.any(1)):
            self._note("overflow tail", place, np.count_nonzero(tails[i]), numbers[i])
        left = left - here
        for page in numbers[(left > 0) != (following > 0)]:
            self._note("structure", place, 1, page)
        on = (left > 0) & (following > 0)
        return Chains(following[on], left[on])

    def _free_list(self) -> None:
        head = self._file.opened([1]).plain[0]
        trunk, counted = _number(head, _FREE_FIRST), 0
        while trunk:
            new, _ = self._claimed(np.array([trunk]), FREE)
            if not len(new):
                break
            plain, _ = self._opened(new, FREE)
            leaves = self._trunk(plain[0], trunk)
            counted += 1 + len(leaves)
            self._free_leaves(leaves)
            trunk = _number(plain[0], 0)
        if counted != _number(head, _FREE_COUNT):
            self._note("structure", FREE, abs(counted - _number(head, _FREE_COUNT)))

    def _trunk(self, page: Bytes, number: int) -> Numbers:
        """The free pages that a trunk of the free list names."""
        count = min(_number(page, 4), _TRUNK_LEAVES_MAX)
        if count != _number(page, 4):
            self._note("structure", FREE, 1, number)
        listed = u32(page, np.arange(8, USABLE, 4))
        # Where SQLite took a page from the list its number may stand there still: a place, and never content.
        strange = listed[count:] > self._file.count
        if strange.any():
            self._note("free page", FREE, 4 * np.count_nonzero(strange), number)
        return listed[:count]

    def _free_leaves(self, numbers: Numbers) -> None:
        for batch in _batches(self._claimed(numbers, FREE)[0]):
            plain, _ = self._opened(batch, FREE)
            for i in np.flatnonzero(plain.any(1)):
                self._note("free page", FREE, np.count_nonzero(plain[i]), batch[i])

    def _orphans(self) -> None:
        if self._file.count >= LOCK_PAGE:
            self._reached[LOCK_PAGE] = True
        for number in np.flatnonzero(~self._reached):
            self._note("orphan page", "file", PAGE, number)


def _batches(numbers: Numbers) -> Iterator[Numbers]:
    for start in range(0, len(numbers), BATCH):
        yield numbers[start : start + BATCH]


def _number(page: Bytes, at: int) -> int:
    return int(u32(page, np.array([at]))[0])
