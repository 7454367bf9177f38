"""What looking at a vault finds: where something lies that belongs to nothing, and how much of it. Never what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "unauthentic",  # a page whose HMAC is not of this vault's key
    "structure",  # a page, a chain or a count that is not as SQLite makes it
    "orphan page",  # a page that nothing leads to
    "slack",  # bytes of a b-tree's page between its cells
    "overflow tail",  # bytes of an overflow page behind its payload
    "free page",  # bytes of a page that is in no use
    "schema",  # a table, index or trigger that no migration makes, or one that is missing
    "log",  # a frame in the log that is of no present transaction
    "pending",  # the log cannot be emptied now: somebody reads or writes
    "unreadable",  # SQLite cannot read the vault
    "term",  # a word in the index that no surviving row has
    "posting",  # a place of a word, or a count of words, that is not that of the surviving rows
    "separator",  # a word in an index page of the index, of which no surviving word begins so
    "segment",  # a record of the word index that its structure does not name, or that is not as FTS5 makes it
    "orphan row",  # a row that belongs to a memory, a vector or a placeholder that is not there
    "number",  # an embedding whose number is not that of its memory, chunk and model
    "unused value",  # a placeholder that neither a memory nor a text for a model holds
    "sealed value",  # sealed values that do not open for their memory, or are not those of its placeholders
    "stray file",  # a file that the store does not name
    "part file",  # what a write that was killed left
    "open file",  # a file that others than its owner may read
]


@dataclass(frozen=True, slots=True)
class Residue:
    """Something that should not be there. `place` is a table, an index, or a file relative to the home."""

    kind: Kind
    place: str
    amount: int = 1
    """Bytes, pages or rows, as the kind has it."""
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """One check: how many pages, rows or files it looked at, and what it found."""

    what: str
    looked_at: int
    residues: tuple[Residue, ...] = ()
