"""request -> erase -> empty the log. Every row that belongs to a memory goes with it, in one transaction."""

from __future__ import annotations

from memguard.errors import VaultError
from memguard.outcomes import Erased
from memguard.retrieval.scope import Scope
from memguard.vault import placeholders, rows
from memguard.vault.store import Vault


def erase(vault: Vault, scope: Scope, *, memory_id: str | None = None) -> Erased:
    """Erase one memory, or all of a scope: rows, words, vectors, versions, lineage, evidence and events.

    SQLite overwrites what is freed and FTS5 takes the words out of its segments. What they made known is to be looked
    at again, and the log to be emptied, by the caller.
    """
    with vault.writing() as session:
        if memory_id is not None:
            rows.number_of(session, memory_id)
        going = session.all(f"SELECT m.number FROM memories m WHERE {scope.sql}", scope.parameters)
        held = placeholders.held_by(session, [number for (number,) in going])
        erased = session.execute(f"DELETE FROM memories AS m WHERE {scope.sql}", scope.parameters).rowcount
        rows.look_again(session, placeholders.let_go(session, held))
        session.execute("UPDATE vault SET change_seq = change_seq + 1, erase_seq = erase_seq + 1")
    return Erased(erased)


def count_memories(vault: Vault) -> int:
    """How many memories a vault holds; 0 where its file is lost or cannot be read."""
    try:
        with vault.reading() as session:
            return int(session.one("SELECT count(*) FROM memories"))
    except VaultError:
        return 0
