"""what is to be looked at -> mask -> embed -> replace, batch by batch.

Memories from before there were detectors, and those that hold a value which became known after they were written, or
is known no more. A write marks those that hold it in their text, word for word; `rescreen` itself finds the others.
Each batch commits, so that an interrupted run goes on where it stopped. Old words leave pages and index as in `forget`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from memguard.flows.revise import draft_of, rewrite
from memguard.flows.screen import mask, screen
from memguard.flows.spread import Spread
from memguard.privacy.masking import Screened
from memguard.privacy.privacy import Privacy
from memguard.retrieval.embedder import Embedder, Encoded, encoded
from memguard.retrieval.index import Index
from memguard.vault import lookups, rows
from memguard.vault.connection import Session
from memguard.vault.store import Vault

BATCH = 128
READ_AT_ONCE = 1024
AT_ONCE = 32
"""Looked at again by one write: the next ones go on, lest a name that many hold makes one of them wait for seconds."""


def rescreen(
    vault: Vault,
    index: Index,
    embedder: Embedder,
    privacy: Privacy,
    progress: Callable[[int, int], object] | None = None,
) -> int:
    """Mask every memory that is to be looked at, with its earlier wordings; returns how many there were."""
    _mark_behind(vault, index)
    with vault.reading() as session:
        waiting = rows.unscreened(session)
    for start in range(0, len(waiting), BATCH):
        numbers = waiting[start : start + BATCH]
        _rescreen(vault, index, embedder, privacy, numbers)
        if progress is not None:
            progress(start + len(numbers), len(waiting))
    while look_again(vault, index, embedder, privacy):  # whatever of it made known
        pass
    vault.truncate_log()
    return len(waiting)


def _mark_behind(vault: Vault, index: Index) -> None:
    """Mark memories in which a value that is known by now stands as it was typed: in their names and metadata, which no
    write looks through for it, or as a number that is grouped in another way."""
    last = 0
    while True:
        with vault.reading() as session:
            index.known.catch_up(session)
            stored = lookups.stored(session, last, READ_AT_ONCE)
        if not stored:
            return
        behind = [number for number, held in stored if index.known.spans(held)]
        if behind:
            with vault.writing() as session:
                rows.look_again(session, behind)
        last = stored[-1][0]


def look_again(vault: Vault, index: Index, embedder: Embedder, privacy: Privacy) -> bool:
    """Mask anew some of the memories that are marked for it; False where there was none."""
    with vault.reading() as session:
        numbers = rows.to_look_at(session, AT_ONCE)
    if numbers:
        _rescreen(vault, index, embedder, privacy, numbers)
    return bool(numbers)


def _rescreen(vault: Vault, index: Index, embedder: Embedder, privacy: Privacy, numbers: list[int]) -> None:
    # The slow part: no transaction is open meanwhile.
    found, since = _looked_at(vault, index, embedder, privacy, numbers)
    with vault.writing() as session:
        spread = Spread(session, index.known, since)
        seq = rows.next_change(session)
        for number, memory in found.items():
            # One that was erased or reworded meanwhile is gone, or has been looked at by now.
            if rows.is_unscreened(session, number, memory.version):
                _replace(session, vault, embedder, privacy, number, memory, seq, spread)
        spread.mark()


class _Found(NamedTuple):
    """What is personal in a memory of this version and in its earlier wordings, by their versions; and its vectors."""

    version: int
    present: Screened
    earlier: dict[int, Screened]
    encoded: Encoded


def _looked_at(
    vault: Vault, index: Index, embedder: Embedder, privacy: Privacy, numbers: list[int]
) -> tuple[dict[int, _Found], int]:
    reveal = privacy.reveal(vault.seals)
    with vault.reading() as session:
        since = index.known.catch_up(session).change
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
    return found, since


def _replace(
    session: Session,
    vault: Vault,
    embedder: Embedder,
    privacy: Privacy,
    number: int,
    memory: _Found,
    seq: int,
    spread: Spread,
) -> None:
    masked = mask(session, vault, privacy, memory.present, seq, rows.recorded_at(session, number))
    rewrite(session, embedder, number, masked, memory.encoded, seq, reworded=False)
    spread.note(number, masked)
    for version, wording in memory.earlier.items():
        earlier = mask(session, vault, privacy, wording, seq, 0)
        rows.remask_version(session, number, version, earlier.draft, earlier.forms)
        spread.note_earlier(earlier)
