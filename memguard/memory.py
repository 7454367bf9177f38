"""`Memory`: the facade. One verb, one flow; nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from memguard import intake
from memguard.clock import now
from memguard.errors import InvalidInput
from memguard.flows.forget import erase_ids
from memguard.flows.recall import recall
from memguard.flows.remember import check_references, look_ahead, remember
from memguard.flows.revise import revise
from memguard.forgetful import Forgetful
from memguard.outcomes import Imported, Restored, Stored
from memguard.records import Hit, Metadata, Record, Version
from memguard.retrieval.embedder import asked
from memguard.retrieval.index import IndexCache
from memguard.retrieval.scope import call_scope, visible
from memguard.vault import rows

BATCH = 256
"""Memories embedded and committed together by `add_many`."""


class Memory(Forgetful):
    """A home of encrypted vaults, one an owner. Safe between threads; also a context manager.

    `home` is the folder to use (default: $MEMGUARD_HOME, else the platform's data folder); `embedder` replaces the
    packaged model and `detector` what finds personal data; `grant` says which originals its answers hold: owner (all),
    balanced (none of great harm) or strict; further settings are those of `memguard.settings.Settings`, by name.
    """

    # -- remember ---------------------------------------------------------------------------------------------------

    def add(self, text: str | Sequence[Mapping[str, Any]], *, user_id: str, **fields: Any) -> Stored | list[Stored]:
        """Store one memory, or one for each chat message of a list of `{"role", "content"}`.

        `fields` are those of `memguard.intake.draft`: agent_id, run_id, environment, source, origin, actor,
        happened_at, valid_from, valid_to, expires_at, metadata, derived_from, supersedes and key (an idempotency key:
        the same key stores once). Raises `InvalidInput` and leaves the vault as it was.
        """
        if isinstance(text, str):
            return self.add_many([{**fields, "text": text}], user_id=user_id)[0]
        if not isinstance(text, Sequence):
            raise InvalidInput("text must be a string, or a list of messages")
        return self.add_many(intake.from_messages(text, fields), user_id=user_id)

    def add_many(self, items: Iterable[Mapping[str, Any]], *, user_id: str) -> list[Stored]:
        """Store many, in order, in batches that each commit whole. All are checked before the first is stored."""
        owner = intake.owner(user_id)
        drafts = intake.drafts(items)
        if not drafts:
            return []
        known = self._home.vault(owner) if owner in self._home.contents().vaults else None
        check_references(known, self._privacy, drafts)  # over all batches, and before a first memory makes a vault
        # What may fail fails before, too: no empty vault is left of a new owner.
        ahead = None if known else look_ahead(self._privacy, self._embedder, drafts[:BATCH])
        vault = self._home.vault_or_new(owner)
        index = self._index(vault)
        outcomes: list[Stored] = []
        for start in range(0, len(drafts), BATCH):
            batch = drafts[start : start + BATCH]
            outcomes += remember(vault, index, self._embedder, self._privacy, batch, None if start else ahead)
            self._look_again(vault)
        self._sweep(vault)
        return outcomes

    def update(
        self, memory_id: str, text: str | None = None, *, user_id: str, metadata: Metadata | None = None
    ) -> Stored:
        """Give a memory new text, metadata or both. Earlier wordings are kept (setting `history_versions`)."""
        if text is None and metadata is None:
            raise InvalidInput("nothing to update: give text, metadata or both")
        vault = self._vault(user_id)
        kept = self._settings.history_versions
        index = self._index(vault)
        revised = revise(vault, index, self._embedder, self._privacy, memory_id, text, metadata, versions_max=kept)
        self._look_again(vault)
        self._sweep(vault)
        return revised

    # -- recall -----------------------------------------------------------------------------------------------------

    def search(
        self,
        query: str,
        *,
        user_id: str | Sequence[str] | None = None,
        limit: int = 10,
        for_run: str | None = None,
        filters: Mapping[str, Any] | None = None,
        **within: Any,
    ) -> list[Hit]:
        """The memories that answer `query` best, from the vaults of the owners named, best first.

        `within` narrows by agent_id, run_id, environment, source, origin, actor, author, since and until; `filters`
        by these names and by metadata (`memguard.retrieval.scope`). `for_run` names the run that asks: what it was
        shown is recorded, by id, as a possible parent of what it adds later.
        """
        question = intake.body(query)
        count = intake.limit(limit)
        owners, filters = intake.owners(user_id, filters)
        chosen = call_scope(filters, within)
        self._embedder.warm()
        vaults = [(owner, self._home.vault(owner)) for owner in owners]
        for _, vault in vaults:
            self._sweep(vault)
        indexes = [self._index(vault) for _, vault in vaults]  # FAISS loads while the model does
        ask = cache(partial(asked, self._embedder))
        hits = []
        for (owner, vault), index in zip(vaults, indexes, strict=True):
            found = recall(
                vault,
                index,
                ask,
                question,
                owner=owner,
                limit=count,
                scope=chosen,
                privacy=self._privacy,
                grant=self._grant,
            )
            self._note_recalled(vault, intake.name(for_run, "for_run"), found)
            hits += found
        return sorted(hits, key=lambda hit: -hit.score)[:count]

    def get(self, memory_id: str, *, user_id: str) -> Record:
        """One memory by id; `UnknownMemory` where this owner's vault has none, or it has expired."""
        vault = self._vault(user_id)
        with vault.reading() as session:
            number = rows.number_of(session, memory_id, now())
            return rows.records(session, [number], self._reveal(vault))[number]

    def get_all(
        self,
        *,
        user_id: str | None = None,
        limit: int = 100,
        offset: int = 0,
        filters: Mapping[str, Any] | None = None,
        **within: Any,
    ) -> list[Record]:
        """The memories of one owner, oldest first, narrowed as in `search`."""
        count = intake.limit(limit, most=100_000)
        if not isinstance(offset, int) or isinstance(offset, bool) or not 0 <= offset < 2**63:
            raise InvalidInput("offset must be 0 or more")
        owners, filters = intake.owners(user_id, filters)
        if len(owners) != 1:
            raise InvalidInput("get_all lists one owner's memories")
        vault, chosen = self._home.vault(owners[0]), call_scope(filters, within)
        with vault.reading() as session:
            chosen = visible(now()) & self._as_stored(session, vault, chosen)
            reveal = self._reveal(vault)
            return rows.listed(session, chosen.sql, chosen.parameters, count, offset, reveal)

    def history(self, memory_id: str, *, user_id: str) -> list[Version]:
        """The earlier wordings of a memory, oldest first."""
        vault = self._vault(user_id)
        with vault.reading() as session:
            return rows.versions(session, rows.number_of(session, memory_id, now()), self._reveal(vault))

    def users(self) -> list[str]:
        """Every owner with a vault in this home."""
        return self._home.owners()

    # -- move -------------------------------------------------------------------------------------------------------

    def export(self, *, user_id: str, path: str | Path, passphrase: str | None = None, readable: bool = False) -> int:
        """Write an owner's memories to a file: sealed under a passphrase (age format), or as readable JSON if asked.

        Returns the number of memories written.
        """
        from memguard.exchange.bundle import write_bundle

        vault = self._vault(user_id)
        reveal = self._privacy.reveal(vault.seals)  # whoever may write a file may see what is in it
        at = intake.path(path)
        return write_bundle(self._home, vault, at, reveal, passphrase=passphrase, readable=readable)

    def access(self, *, user_id: str, path: str | Path) -> int:
        """Write all that is held about an owner to a readable JSON file that explains its fields; how many memories.

        Memories with their versions, events, evidence, lineage, what placeholders stand for, holds and copies.
        """
        from memguard.exchange.access import write_access

        owner = intake.owner(user_id)
        vault = self._vault(owner)
        return write_access(self._home, vault, owner, intake.path(path), self._privacy.reveal(vault.seals))

    def import_(
        self,
        path: str | Path,
        *,
        user_id: str,
        passphrase: str | None = None,
        progress: Any = None,
        forgotten: bool = False,
        **fields: Any,
    ) -> Imported:
        """Read memories from a bundle, JSONL, a LoCoMo-style conversation, mem0's `get_all`, or a `memory.json`.

        Every item carries an idempotency key, so an import that was stopped is simply run again. `progress(done,
        total)` is called after each batch; `fields` are added to each item that lacks them. What this owner's vault has
        forgotten is refused, unless a person insists: `forgotten=True`.
        """
        from memguard.exchange.importing import Past, import_file

        def store(items: Sequence[Mapping[str, Any]]) -> list[Stored]:
            return self.add_many(items, user_id=user_id)

        owner = intake.owner(user_id)
        vault = self._home.vault(owner) if owner in self._home.contents().vaults else None
        return import_file(intake.path(path), store, Past(vault, wanted=forgotten), passphrase, progress, fields)

    def backup(self, path: str | Path, *, user_id: str | None = None) -> int:
        """Copy vaults, as they are encrypted, into one file; returns how many. It opens with this keyring only."""
        from memguard.vault.backup import write_backup

        return write_backup(self._home, intake.path(path), None if user_id is None else [intake.owner(user_id)])

    def restore_backup(self, path: str | Path, *, user_id: str | None = None) -> Restored:
        """Bring vaults back from a backup, in place of what these owners have now, but for what was forgotten since."""
        from memguard.vault.backup import read_backup

        owner = None if user_id is None else intake.owner(user_id)
        restored = read_backup(self._home, intake.path(path), owner, erase_ids)
        self._indexes = IndexCache()
        return restored

    def reembed(self, *, user_id: str, progress: Any = None) -> int:
        """After the setting `model` changed: embed an owner's memories with it. Can be stopped and run again."""
        from memguard.flows.reembed import reembed

        return reembed(self._vault(user_id), self._embedder, progress)
