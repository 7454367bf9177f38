"""What the verbs of `Memory` share: settings, home, indexes, the model and the detector."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, Self

from memguard import intake
from memguard.errors import MemguardError, ModelError
from memguard.flows.shown import note_shown
from memguard.flows.sweep import SWEPT_MAX, Sweeps, sweep
from memguard.privacy.policy import grant_named
from memguard.privacy.privacy import Privacy
from memguard.privacy.reveal import Reveal
from memguard.privacy.spans import Detector
from memguard.records import Hit
from memguard.retrieval.as_stored import as_stored
from memguard.retrieval.embedder import Embedder, FolderEmbedder, PackagedEmbedder
from memguard.retrieval.index import Index, IndexCache
from memguard.retrieval.scope import Scope
from memguard.settings import Settings
from memguard.vault import rows
from memguard.vault.connection import Session
from memguard.vault.home import Home
from memguard.vault.store import Vault


class Parts:
    """Opened once, used by every verb. Safe between threads."""

    def __init__(
        self,
        home: str | Path | None = None,
        *,
        embedder: Embedder | None = None,
        detector: Detector | None = None,
        grant: str = "owner",
        **settings: Any,
    ) -> None:
        grant_named(grant)  # refused at once, not at the first answer
        self._grant = grant
        self._settings = Settings.load(home=home, **settings)
        self._privacy = Privacy.of(self._settings, detector)
        self._home = Home(self._settings)
        self._indexes = IndexCache()
        self._sweeps = Sweeps()
        self._given_embedder = embedder
        self._lock = threading.Lock()

    @property
    def home(self) -> Home:
        """The home: keyring and vaults, for what concerns keys."""
        return self._home

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._settings

    def close(self) -> None:
        """Close every connection. A later call opens what it needs again."""
        self._home.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _embedder(self) -> Embedder:
        with self._lock:
            if self._given_embedder is None:
                self._given_embedder = _embedder(self._settings)
            return self._given_embedder

    def _vault(self, user_id: Any) -> Vault:
        return self._home.vault(intake.owner(user_id))

    def _index(self, vault: Vault) -> Index:
        embedder = self._embedder
        return self._indexes.of(vault.id, lambda: Index(embedder.model, embedder.dimension, vault.seals))

    def _reveal(self, vault: Vault) -> Reveal:
        """Opens what is sealed in a vault as far as this `Memory` shows it."""
        return self._privacy.reveal(vault.seals, self._grant)

    def _as_stored(self, session: Session, vault: Vault, chosen: Scope) -> Scope:
        """A caller's scope over what the vault holds in place of names and values."""
        if chosen.everything:
            return chosen
        known = self._index(vault).known
        known.catch_up(session)
        return as_stored(session, chosen, self._privacy.label(known), self._reveal(vault))

    def _look_again(self, vault: Vault) -> bool:
        """Mask anew some of what a write marked for it; False where nothing is left."""
        with vault.reading() as session:
            if not rows.to_look_at(session, 1):  # as most often: nothing is loaded for it
                return False
        from memguard.flows.rescreen import look_again

        return look_again(vault, self._index(vault), self._embedder, self._privacy)

    def _settle(self, vault: Vault) -> None:
        """Mask anew whatever an erasure left to be looked at."""
        while self._look_again(vault):
            pass

    def _sweep(self, vault: Vault) -> None:
        """After a write and before a search, where it is time: erase what has expired. It fails neither of them."""
        if self._sweeps.due(vault.id):
            with contextlib.suppress(MemguardError):  # it stays hidden all the same, and the next one tries again
                if sweep(vault, partial(self._settle, vault)) == SWEPT_MAX:
                    self._sweeps.again(vault.id)

    def _note_recalled(self, vault: Vault, run_id: str | None, hits: Iterable[Hit]) -> None:
        shown = [hit.id for hit in hits]
        if run_id is not None and shown:
            note_shown(vault, self._index(vault).known, self._privacy, run_id, shown)


def _embedder(settings: Settings) -> Embedder:
    if settings.model:
        folder = Path(settings.model)
        if not folder.is_dir():
            raise ModelError("setting model must name a local folder: memguard fetches nothing")
        return FolderEmbedder(folder)
    return PackagedEmbedder(settings.cache, settings.threads)
