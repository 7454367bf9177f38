"""what nobody has looked at -> mask -> embed -> replace, batch by batch. For memories from before there were detectors.

Each batch commits, so that an interrupted run goes on where it stopped. Old words leave pages and index as in `forget`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from memguard.flows.revise import draft_of, rewrite
from memguard.flows.screen import mask, screen
from memguard.privacy.masking import Screened
from memguard.privacy.privacy import Privacy
from memguard.retrieval.embedder import Embedder, Encoded, encoded
from memguard.retrieval.index import Index
from memguard.vault import rows
from memguard.vault.connection import Session
from memguard.vault.store import Vault

BATCH = 128


def rescreen(
    vault: Vault,
    index: Index,
    embedder: Embedder,
    privacy: Privacy,
    progress: Callable[[int, int], object] | None = None,
) -> int:
    """Mask every memory that no detector has seen, with its earlier wordings; returns how many there were."""
    with vault.reading() as session:
        waiting = rows.unscreened(session)
    for start in range(0, len(waiting), BATCH):
        numbers = waiting[start : start + BATCH]
        found = _looked_at(vault, index, embedder, privacy, numbers)  # the slow part: no transaction is open meanwhile
        with vault.writing() as session:
            seq = rows.next_change(session)
            for number, memory in found.items():
                # One that was erased or reworded meanwhile is gone, or has been looked at by now.
                if rows.is_unscreened(session, number, memory.version):
                    _replace(session, vault, embedder, privacy, number, memory, seq)
        if progress is not None:
            progress(start + len(numbers), len(waiting))
    vault.truncate_log()
    return len(waiting)


class _Found(NamedTuple):
    """What is personal in a memory of this version and in its earlier wordings, by their versions; and its vectors."""

    version: int
    present: Screened
    earlier: dict[int, Screened]
    encoded: Encoded


def _looked_at(
    vault: Vault, index: Index, embedder: Embedder, privacy: Privacy, numbers: list[int]
) -> dict[int, _Found]:
    reveal = privacy.reveal(vault.seals)
    with vault.reading() as session:
        index.known.catch_up(session)
        records = rows.records(session, numbers, reveal)
        versions = {number: rows.versions(session, number, reveal) for number in records}
    drafts = {number: draft_of(record) for number, record in records.items()}
    present = dict(zip(drafts, screen(privacy, index.known, list(drafts.values())), strict=True))
    vectors = dict(zip(drafts, encoded(embedder, [each.plain for each in present.values()]), strict=True))
    found = {}
    for number, draft in drafts.items():
        wordings = [replace(draft, text=v.text, metadata=v.metadata) for v in versions[number]]
        earlier = zip((v.version for v in versions[number]), screen(privacy, index.known, wordings), strict=True)
        found[number] = _Found(records[number].version, present[number], dict(earlier), vectors[number])
    return found


def _replace(
    session: Session, vault: Vault, embedder: Embedder, privacy: Privacy, number: int, memory: _Found, seq: int
) -> None:
    masked = mask(session, vault, privacy, memory.present, seq, rows.recorded_at(session, number))
    placeholders = [*masked.placeholders]
    for version, wording in memory.earlier.items():
        earlier = mask(session, vault, privacy, wording, seq, 0)
        rows.remask_version(session, number, version, earlier.draft, earlier.forms)
        placeholders += earlier.placeholders
    whole = masked._replace(placeholders=tuple(placeholders))
    rewrite(session, embedder, number, whole, memory.encoded, seq, reworded=False)
