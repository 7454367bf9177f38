"""what a run was shown -> mask its name -> record, by id. What the run adds later has these as possible parents."""

from __future__ import annotations

from collections.abc import Sequence

from memguard.flows.screen import found_by
from memguard.privacy import placeholders as shapes
from memguard.privacy.detection import merged
from memguard.privacy.known import Known
from memguard.privacy.privacy import Privacy
from memguard.vault import rows
from memguard.vault.placeholders import Minting
from memguard.vault.store import Vault


def note_shown(vault: Vault, known: Known, privacy: Privacy, run_id: str, memories: Sequence[str]) -> None:
    """Record under a run's name, masked as that of a memory of the run is, the ids of what it was shown."""
    found = found_by(privacy.labels, [run_id])[0]
    with vault.writing() as session:
        known.catch_up(session)
        spans = merged(privacy.policy.hidden(found), known.spans(run_id))
        cut = shapes.pieces(run_id, spans, privacy.policy, known.codes)
        personal = bool(shapes.kept(cut, privacy.policy))
        minting = Minting(session, vault.seals, rows.next_change(session) if personal else 0)
        masked = shapes.numbered(cut, minting, privacy.policy)
        rows.note_recalled(session, run_id, masked, memories, minting.numbers)
