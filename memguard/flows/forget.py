"""request -> erase -> empty the log. Every row that belongs to a memory goes with it, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence

from memguard.errors import VaultError
from memguard.outcomes import Erased
from memguard.retrieval.scope import Scope
from memguard.vault import placeholders, rows
from memguard.vault.store import Vault


def erase(vault: Vault, scope: Scope, *, memory_id: str | None = None) -> Erased:
    """Erase one memory, or all of a scope: rows, words, vectors, versions, lineage, evidence and events.

    SQLite overwrites what is freed and FTS5 takes the words out of its segments; emptying the log afterwards moves
    the old pages out of it, unless a reader elsewhere still needs them: then `pending` is true, and the next erasure
    or a closing of the vault finishes it.
    """
    with vault.writing() as session:
        if memory_id is not None:
            rows.number_of(session, memory_id)
        erased = session.execute(f"DELETE FROM memories AS m WHERE {scope.sql}", scope.parameters).rowcount
        placeholders.drop_unused(session)
        session.execute("UPDATE vault SET change_seq = change_seq + 1, erase_seq = erase_seq + 1")
    return Erased(erased, pending=bool(erased) and not vault.truncate_log())


def erase_ids(vault: Vault, ids: Sequence[str]) -> Erased:
    """Erase those of these memories that a vault has."""
    return erase(vault, Scope("m.id IN (SELECT value FROM json_each(?))", (json.dumps(ids),)))


def count_memories(vault: Vault) -> int:
    """How many memories a vault holds; 0 where its file is lost or cannot be read."""
    try:
        with vault.reading() as session:
            return int(session.one("SELECT count(*) FROM memories"))
    except VaultError:
        return 0
