"""What an owner's vault holds, decrypted."""

from __future__ import annotations

from memguard import Memory
from memguard.vault import placeholders
from memguard.vault.connection import Session


def everything(session: Session) -> dict[str, str]:
    """Every table of a vault, shadow tables of the word index too, as text."""
    tables = [name for (name,) in session.all("SELECT name FROM sqlite_master WHERE type = 'table'")]
    # Names of tables, from the schema.
    return {table: repr(session.all(f"SELECT * FROM {table}")).casefold() for table in tables}  # noqa: S608 - names of tables, from the schema


def in_the_vault(memory: Memory, owner: str = "ana") -> dict[str, str]:
    with memory.home.vault(owner).reading() as session:
        return everything(session)


def values(memory: Memory) -> set[str]:
    """The values that a vault still has behind placeholders."""
    vault = memory.home.vault("ana")
    with vault.reading() as session:
        codes = [code for (code,) in session.all("SELECT code FROM placeholders")]
        return {meaning.value for meaning in placeholders.meanings(session, vault.seals, codes).values()}
