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

BATCH = 128

Store = Callable[[Sequence[Item]], list[Stored]]
"""Stores items, all or none."""


def import_file(
    path: Path,
    store: Store,
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
        stored += _stored(store, wanted[start : start + BATCH], refused)
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


def _accepted(position: int, item: Item, refused: list[Rejected]) -> bool:
    try:
        intake.drafts([item])
    except InvalidInput as error:
        refused.append(Rejected(position, str(error).removeprefix("item 1: ")))
        return False
    return True
