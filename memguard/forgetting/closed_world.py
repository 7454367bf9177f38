"""What is left in a vault that belongs to nothing, looked for without knowing what was erased.

So it can be asked again for ever, and one answer serves every erasure there was. The raw pages say that each byte is
part of a live cell, SQLite then reads the live cells, and these have to belong together.
"""

from __future__ import annotations

import secrets
import tempfile
from functools import cache
from pathlib import Path

from memguard.errors import VaultBusy, VaultError, VaultUnreadable
from memguard.forgetting.btree import Root, walk
from memguard.forgetting.findings import Checked, Residue
from memguard.forgetting.log import log, log_bytes
from memguard.forgetting.pages import PageFile, log_of
from memguard.forgetting.quiet import quiet
from memguard.forgetting.relations import relations
from memguard.forgetting.schema import Entry, Malformed, schema
from memguard.forgetting.sealed import sealed_values
from memguard.forgetting.words import words
from memguard.vault.store import Vault, create_file

SCHEMA = "sqlite_schema"
RECORD = "_sqlite_migrations"
"""What sqlite-utils keeps of migrations: its columns are that library's, of whatever version first opened the vault."""


def look(vault: Vault) -> list[Checked]:
    """Every check of one vault. Writers go on meanwhile; where they leave no moment, what is found is `pending`."""
    try:
        with quiet(vault) as session:
            found = pages(vault)
            if _is_sound(found):
                found += [words(session), relations(session), sealed_values(session, vault.seals), log(vault)]
    except VaultBusy:
        return [Checked("log", 0, (Residue("pending", log_of(vault.path).name, max(log_bytes(vault), 1)),))]
    except VaultError:  # the pages say more of why
        if not vault.path.exists():
            raise
        return [*pages(vault), Checked("rows", 0, (Residue("unreadable", vault.path.name),))]
    return found


def _is_sound(found: list[Checked]) -> bool:
    """Whether rows say anything: those of pages that SQLite did not make are whatever somebody made of them."""
    return not {"structure", "unauthentic"} & {residue.kind for checked in found for residue in checked.residues}


def pages(vault: Vault) -> list[Checked]:
    """Every page of the file, and the schema. The file must not change meanwhile."""
    try:
        file = PageFile(vault.path, vault.page_key)
        entries = schema(file)
    except (VaultUnreadable, Malformed):
        return [Checked("pages", 0, (Residue("structure", SCHEMA),))]
    roots = [Root(SCHEMA, 1, is_index=False)]
    roots += [Root(entry.name, entry.root, entry.is_index) for entry in entries if entry.root]
    strange = [Residue("schema", name) for _, name, *_ in sorted(_compared(entries) ^ _made())]
    return [
        Checked("pages", file.count, tuple(walk(file, roots))),
        Checked("schema", len(entries), tuple(strange)),
    ]


def _compared(entries: list[Entry]) -> frozenset[tuple[str, str, str, str]]:
    return frozenset((e.type, e.name, e.table, "" if e.name == RECORD else e.sql) for e in entries)


@cache
def _made() -> frozenset[tuple[str, str, str, str]]:
    """The schema that migrations make, read from a vault made just now."""
    with tempfile.TemporaryDirectory(prefix="memguard-") as folder:
        path, key = Path(folder) / "vault.db", secrets.token_bytes(32)
        create_file(path, key)
        return _compared(schema(PageFile(path, key)))
