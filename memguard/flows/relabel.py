"""names of runs and keys that were stored as they were typed -> mask, hash -> replace. For what is older than masking.

They stand beside memories, not in them: `flows/rescreen.py` looks at what memories hold.
"""

from __future__ import annotations

from memguard.flows.shown import note_shown
from memguard.privacy.known import Known
from memguard.privacy.placeholders import PLACEHOLDER
from memguard.privacy.privacy import Privacy
from memguard.vault import rows
from memguard.vault.store import Vault


def relabel(vault: Vault, known: Known, privacy: Privacy) -> None:
    """Mask the names of runs that were shown memories, and put hashes in place of idempotency keys."""
    with vault.writing() as session:
        rows.seal_keys(session, vault.seals)
        runs = rows.runs_shown(session)
    for run_id in runs:
        if not PLACEHOLDER.search(run_id):
            note_shown(vault, known, privacy, run_id, [])
    vault.truncate_log()
