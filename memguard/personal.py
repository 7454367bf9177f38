"""The verbs of `Memory` on personal data: find it, mask and restore, reveal one value, mask what was stored."""

from __future__ import annotations

from typing import Any

from memguard import intake
from memguard.outcomes import Finding, Masked, Revealed
from memguard.parts import Parts


class Personal(Parts):
    """One verb, one flow, as in `memory.py`; their flows load when they are first used."""

    def scan(self, text: str) -> list[Finding]:
        """What is personal or secret in a text, how private it is, and what is done with it. Nothing is stored."""
        from memguard.flows.mask import scan

        return scan(self._privacy, intake.body(text))

    def mask(self, text: str, *, user_id: str) -> Masked:
        """A text for a model that must not see who or what it speaks of: `<Person_k7q2mx>` for what is personal.

        One value has one placeholder, over calls, threads and processes. `<Secret>` is not kept, and not restored.
        """
        from memguard.flows.mask import mask, personal

        owner, text = intake.owner(user_id), intake.body(text)
        found = personal(self._privacy, text)  # may fail: before a first text makes a vault
        vault = self._home.vault_or_new(owner)
        return mask(vault, self._index(vault).known, self._privacy, text, found)

    def restore(self, text: str, *, user_id: str, grant: str | None = None) -> str:
        """A model's answer with the values in place of their placeholders, bent ones too; unknown ones stay.

        `grant` says for whose eyes: owner, balanced (nothing of great harm), strict (nothing).
        """
        from memguard.flows.mask import restore

        return restore(self._vault(user_id), self._privacy, grant or self._grant, intake.body(text))

    def reveal(self, placeholder: str, *, user_id: str) -> str:
        """What one placeholder stands for; that it was asked is recorded, without the value (`reveals`).

        `UnknownPlaceholder` where this owner's vault has none such, `NotGranted` where the grant does not show it.
        """
        from memguard.flows.mask import reveal

        return reveal(self._vault(user_id), self._privacy, self._grant, intake.body(placeholder))

    def reveals(self, *, user_id: str) -> list[Revealed]:
        """Each `reveal` of placeholders that are still there, oldest first."""
        from memguard.flows.mask import revealed

        return revealed(self._vault(user_id))

    def mask_stored(self, *, user_id: str, progress: Any = None) -> int:
        """Mask memories from before there were detectors; and what became known since, in names, in metadata and in
        numbers grouped otherwise. Returns how many were looked at. Can be stopped and run again.
        """
        from memguard.flows.relabel import relabel
        from memguard.flows.rescreen import rescreen

        vault = self._vault(user_id)
        index = self._index(vault)
        count = rescreen(vault, index, self._embedder, self._privacy, progress)
        relabel(vault, index.known, self._privacy)
        return count
