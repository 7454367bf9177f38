"""Reading a file into a vault: in batches that commit whole, so that a stopped import is simply run again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from memguard import intake
from memguard.errors import Conflict, InvalidInput, UnknownMemory
from memguard.exchange.bundle import opened
from memguard.exchange.readers import Item, read
from memguard.outcomes import Imported, Rejected, Stored
from memguard.vault import copies
from memguard.vault.forgotten import forgotten_among, note_wanted
from memguard.vault.store import Vault

BATCH = 128
TIES = ("derived_from", "supersedes")

Store = Callable[[Sequence[Item]], list[Stored]]
"""Stores items, all or none."""


class Past:
    """What a vault has forgotten, of what is imported: it is refused, unless a person wants it back."""

    def __init__(self, vault: Vault | None, *, wanted: bool) -> None:
        self._vault = vault
        self._wanted = wanted

    def without_forgotten(self, batch: list[tuple[int, Item]], refused: list[Rejected]) -> list[tuple[int, Item]]:
        """A batch without the items that were forgotten, and without ties to such: those went with them."""
        forgotten = self._forgotten(batch)
        refused += [Rejected(position, "forgotten") for position, item in batch if item.get("id") in forgotten]
        return [(position, _untied(item, forgotten)) for position, item in batch if item.get("id") not in forgotten]

    def _forgotten(self, batch: list[tuple[int, Item]]) -> set[str]:
        if self._vault is None:
            return set()
        ids = {memory_id for _, item in batch for memory_id in _ids(item)}
        with self._vault.reading() as session:
            found = forgotten_among(session, self._vault.seals, ids)
        if not (found and self._wanted):
            return found
        back = found & {str(item.get("id")) for _, item in batch}
        with self._vault.writing() as session:
            note_wanted(session, self._vault.seals, back)
            copies.may_hold_any(session)  # a memory comes back under another number than copies of before know
        return found - back


def import_file(
    path: Path,
    store: Store,
    past: Past,
    passphrase: str | None,
    progress: Callable[[int, int], object] | None,
    fields: Mapping[str, Any],
) -> Imported:
    """Store what a file holds; every item that is refused is named by its position with a reason."""
    entries = read(opened(path, passphrase))
    refused = [Rejected(entry.position, entry.refused) for entry in entries if entry.refused]
    wanted = [(entry.position, {**fields, **item}) for entry in entries for item in entry.items]
    stored: list[Stored] = []
    for start in range(0, len(wanted), BATCH):
        stored += _stored(store, past.without_forgotten(wanted[start : start + BATCH], refused), refused)
        if progress is not None:
            progress(min(start + BATCH, len(wanted)), len(wanted))
    return Imported(
        stored=sum(not outcome.duplicate for outcome in stored),
        duplicates=sum(outcome.duplicate for outcome in stored),
        superseded=sum(len(outcome.superseded) for outcome in stored),
        rejected=tuple(sorted(refused, key=lambda r: r.position)),
    )


def _stored(store: Store, batch: list[tuple[int, Item]], refused: list[Rejected]) -> list[Stored]:
    """One batch in one transaction; where the vault refuses it, item by item, to name the one that is refused."""
    acceptable = [(position, item) for position, item in batch if _accepted(position, item, refused)]
    try:
        return store([item for _, item in acceptable])
    except (Conflict, UnknownMemory):
        outcomes: list[Stored] = []
        for position, item in acceptable:
            try:
                outcomes += store([item])
            except (Conflict, UnknownMemory) as error:
                refused.append(Rejected(position, str(error)))
        return outcomes


def _ids(item: Item) -> set[str]:
    """Every memory that an item is or names."""
    own = [item["id"]] if "id" in item else []
    return {str(memory_id) for memory_id in (*own, *(tie for name in TIES for tie in item.get(name, ())))}


def _untied(item: Item, forgotten: set[str]) -> Item:
    ties = {name: [tie for tie in item[name] if tie not in forgotten] for name in TIES if name in item}
    return {**item, **ties} if forgotten else item


def _accepted(position: int, item: Item, refused: list[Rejected]) -> bool:
    try:
        intake.drafts([item])
    except InvalidInput as error:
        refused.append(Rejected(position, str(error).removeprefix("item 1: ")))
        return False
    return True
