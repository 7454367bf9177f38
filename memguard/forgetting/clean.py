"""What takes residues out of a vault: a page filled and emptied again, an index or the words made anew, or all of it.

`secure_delete` zeroes what is freed, but where SQLite balances b-tree pages, copies of cells stay behind between their
pointers and their content, those of memories that are erased later too. Measured with 10,000 memories (68 MB): a page
takes some milliseconds, all indexes .2 s, the words .1 s, the whole file 1 s.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from memguard.forgetting.findings import Residue
from memguard.forgetting.log import log_bytes
from memguard.forgetting.pages import PageFile
from memguard.forgetting.refill import GROWING, refill
from memguard.vault.connection import Session
from memguard.vault.store import Vault

Remedy = Literal["refill", "reindex", "rebuild", "vacuum"]
_OF_PAGES = {"slack", "overflow tail", "free page"}
_OF_WORDS = {"term", "posting", "separator", "segment"}


def remedy(residue: Residue, indexes: Iterable[str], *, whole_file: bool = False) -> Remedy | None:
    """What takes a residue out; None where it is rows or files, which are for erasing."""
    if residue.kind in _OF_WORDS:
        return "rebuild"  # `optimize` leaves an index of one segment as it is, separators too
    if residue.kind not in _OF_PAGES:
        return None
    if whole_file or residue.kind != "slack":
        return "vacuum"
    if residue.place in indexes:
        return "reindex"
    if residue.place.startswith("words_"):
        return "rebuild"
    return "refill" if residue.place in GROWING else "vacuum"


def clean(vault: Vault, residues: Iterable[Residue], *, whole_file: bool = False) -> set[Remedy]:
    """Do what residues need, each thing once, and empty the log; returns what was done. Look again afterwards.

    `whole_file` is for what the smaller remedies have left: an inner page, a page of one row.
    """
    with vault.upkeep() as session:
        indexes = {name for (name,) in session.all("SELECT name FROM sqlite_schema WHERE type = 'index'")}
    needed = {residue: remedy(residue, indexes, whole_file=whole_file) for residue in residues}
    done = {what for what in needed.values() if what is not None}
    if "refill" in done:  # first: it goes by the pages that were seen
        _refill(vault, [residue for residue, what in needed.items() if what == "refill"])
    with vault.upkeep() as session:
        if "rebuild" in done:
            session.execute("INSERT INTO words (words) VALUES ('rebuild')")
        if "vacuum" in done:
            session.execute("VACUUM")
        _reindex(session, sorted({residue.place for residue, what in needed.items() if what == "reindex"}))
    vault.truncate_log()
    return done


def _refill(vault: Vault, residues: Iterable[Residue]) -> None:
    vault.truncate_log()
    with vault.writing() as session:
        if not log_bytes(vault):  # else somebody wrote since, and the file is not all there is
            refill(session, PageFile(vault.path, vault.page_key), residues)


def _reindex(session: Session, names: Iterable[str]) -> None:
    for name in names:
        session.execute(f'REINDEX "{name}"')
