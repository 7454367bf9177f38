"""The verbs of `Memory` that forget: delete, plan and forget with a certificate, hold, verify."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from memguard import intake
from memguard.errors import InvalidInput, NotFound, VaultDestroyed, VaultError, VaultUnreadable
from memguard.flows.forget import count_memories, erase, forget, resume
from memguard.flows.plan import check, check_current, plan, planned
from memguard.flows.sweep import sweep_all
from memguard.flows.verify import read_certificate, verify
from memguard.forgetting.certificate import Certificate, public_key_of
from memguard.forgetting.plan import Plan
from memguard.forgetting.statement import Kind
from memguard.outcomes import Erased, VerificationReport
from memguard.personal import Personal
from memguard.retrieval import words
from memguard.retrieval.scope import Scope, call_scope
from memguard.vault import owed, reach, rows
from memguard.vault.connection import Session
from memguard.vault.store import Vault

KINDS: Mapping[frozenset[str], Kind] = {
    frozenset(): "vault",
    frozenset({"ids"}): "memories",
    frozenset({"run_id"}): "run",
    frozenset({"environment"}): "environment",
    frozenset({"author"}): "author",
    frozenset({"agent_id"}): "author",
    frozenset({"request"}): "request",
    frozenset({"since"}): "time span",
    frozenset({"until"}): "time span",
    frozenset({"since", "until"}): "time span",
}
"""What a plan is called by the arguments it was made with; any others together are a filter."""

OF_IDS = "m.id IN (SELECT value FROM json_each(?))"


class Forgetful(Personal):
    """One verb, one flow, as in `memory.py`."""

    def delete(self, memory_id: str, *, user_id: str) -> Erased:
        """Erase one memory with all its versions. It can come back with an older backup; `forget` is for good."""
        vault = self._vault(user_id)
        settle = partial(self._settle, vault)
        return erase(vault, Scope("m.id = ?", (memory_id,)), settle, memory_id=memory_id or "")

    def delete_all(self, *, user_id: str | None = None, **within: Any) -> Erased:
        """Erase a run, an environment or an agent's memories of one owner; with the owner alone, the whole vault.

        A whole vault is destroyed with its key: a new master seals the keyring, and no copy of the vault opens again.
        """
        owner = intake.owner(user_id)
        if any(value is None for value in within.values()):
            raise InvalidInput("a scope that is given must have a value: without any, the whole vault goes")
        vault = self._vault(owner)
        if within:
            chosen = call_scope(None, within)
            with vault.reading() as session:
                chosen = self._as_stored(session, vault, chosen)
            return erase(vault, chosen, partial(self._settle, vault))
        count, certificate = count_memories(vault), self.forget(user_id=owner)
        return Erased(count, pending=bool(certificate.pending))

    def plan_forget(self, *, user_id: str, ids: Sequence[str] | None = None, **within: Any) -> Plan:
        """What forgetting would take, what it leaves and why. Nothing is changed.

        By `ids`, or narrowed as in `search` by run_id, environment, author, agent_id, source, origin, actor, since,
        until and filters, or by a `request` in words ("everything about the Acme project"): what holds all of its
        words, in any form, names by any part; what says it otherwise stays, and the nearest of it is named. Without
        any of these, the whole vault. `NotFound` where nothing is in that scope.
        """
        scope = _plain(within if ids is None else {"ids": ids, **within})
        owner = intake.owner(user_id)
        vault = self._vault(owner)
        vectors = self._index(vault).vectors
        with vault.reading() as session:
            chosen = self._asked(session, vault, scope)
            vectors.catch_up(session)
            kind = KINDS.get(frozenset(scope), "filter")
            return plan(vault, session, vectors, owner=owner, kind=kind, scope=scope, chosen=chosen)

    def forget(
        self,
        plan: Plan | None = None,
        *,
        user_id: str | None = None,
        reference: str = "",
        everything: bool = False,
        exports: bool = False,
    ) -> Certificate:
        """Carry out a plan, or forget an owner with the whole vault, and say in a certificate what is left.

        `reference` is the requester's own, for the certificate; a plan that takes every memory of an owner needs
        `everything`; `exports` removes the export files that memguard wrote, too. `PlanOutdated` where the vault has
        moved on, `LegalHold` where something is to be kept.
        """
        if (plan is None) == (user_id is None):
            raise InvalidInput("forget a plan, or an owner: one of them")
        if plan is not None and not isinstance(plan, Plan):
            raise InvalidInput("forget takes a plan that plan_forget made")
        given = None if plan is None else plan.checked()
        owner = intake.owner(user_id if given is None else given.owner)
        vault = self._vault(owner)
        if given is not None:
            check(vault, given, everything=everything)  # before anything in it is believed
        if given is None or given.kind == "vault":
            return self._forget_owner(vault, owner, given, reference, exports=exports)
        with vault.reading() as session:
            chosen = self._chosen(session, vault, given.scope)
        settle = partial(self._settle, vault)
        asked: dict[str, Any] = {"reference": reference, "exports": exports}
        return forget(self._home, vault, self._privacy, settle, given, chosen, **asked)

    def resume(self) -> list[Certificate]:
        """Finish every erasure that a crash, or somebody who read or wrote at the time, left without a certificate.

        What a crash has left half-written goes in any case.
        """
        from memguard.flows.forget_owner import resume_owners

        if not self._home.owners() and self._home.id is None:  # owners tell of a home whose marker is lost
            return []
        self._home.remove_leaving()
        certificates = resume_owners(self._home)
        for owner in self._home.owners():
            vault = self._home.vault(owner)
            with suppress(VaultDestroyed, VaultUnreadable):  # nothing can be finished there, and others wait
                certificates += resume(self._home, vault, partial(self._settle, vault))
        return certificates

    def sweep(self, *, user_id: str | None = None, only_open: bool = False) -> int:
        """Erase all that has expired and no legal hold keeps, of one owner or of every one; returns how many memories.

        Whoever writes and searches needs it not: they sweep by themselves, at most ten minutes late
        (`memguard.flows.sweep`). `only_open` leaves out owners whose vault this `Memory` has not used.
        """
        owners = self._home.opened() if only_open else self._home.owners()
        count, failed = 0, []
        for owner in owners if user_id is None else [intake.owner(user_id)]:
            try:
                vault = self._home.vault(owner)
                count += sweep_all(vault, partial(self._settle, vault))
            except VaultError as error:  # one that is damaged keeps nothing of the others
                failed.append(error)
        if failed:
            raise failed[0]
        return count

    def hold(self, *, user_id: str, reason: str, ids: Sequence[str] | None = None, **within: Any) -> str:
        """Keep what a scope holds now from being erased, or all of a vault, what will come to it too, until `lift`.

        Scopes are those of `plan_forget`. Returns the hold's id; `NotFound` where nothing is in the scope.
        """
        text = intake.body(reason)
        scope = _plain(within if ids is None else {"ids": ids, **within})
        vault = self._vault(user_id)
        with vault.writing() as session:
            chosen = self._asked(session, vault, scope)
            memories = reach.chosen(session, chosen.sql, chosen.parameters) if scope else None
            if memories is not None and not memories:
                raise NotFound("nothing to hold: no memory of this owner is in that scope")
            return owed.hold(session, vault.seals, text, memories)

    def lift(self, hold_id: str, *, user_id: str) -> None:
        """End a legal hold; `NotFound` where there is none of this id."""
        with self._vault(user_id).writing() as session:
            if not owed.lift(session, hold_id):
                raise NotFound("no such legal hold in this owner's vault")

    def holds(self, *, user_id: str) -> dict[str, str]:
        """The reasons of the legal holds on an owner's memories, by id."""
        vault = self._vault(user_id)
        with vault.reading() as session:
            return owed.holds(session, vault.seals)

    def verify(
        self, certificate: Certificate | str | Path, *, public: str | None = None, look_again: bool = True
    ) -> VerificationReport:
        """Check a certificate, or the file of one: its signature, that the home's log holds it, and what is there now.

        `public` is the key of the home it was issued by (`memguard keys public`), where that is not this one.
        `CertificateError` where it was altered.
        """
        from memguard.forgetting.look import look_at_home

        key = None if public is None else public_key_of(public)
        held = certificate if isinstance(certificate, Certificate) else read_certificate(intake.path(certificate))
        return verify(self._home, held, key, look_at_home if look_again else None)

    def _forget_owner(
        self, vault: Vault, owner: str, given: Plan | None, reference: str, *, exports: bool
    ) -> Certificate:
        from memguard.flows.forget_owner import forget_owner

        if given is not None:
            with vault.reading() as session:
                check_current(given, planned(session, vault, owner, "vault", {}, Scope())[0])
        certificate = forget_owner(self._home, owner, reference=reference, exports=exports)
        self._indexes.drop(vault.id)
        return certificate

    def _asked(self, session: Session, vault: Vault, scope: Mapping[str, Any]) -> Scope:
        """What a scope that somebody asks for means; `UnknownMemory` where it names a memory that is not there."""
        for memory_id in scope.get("ids", ()):
            rows.number_of(session, memory_id)
        return self._chosen(session, vault, scope)

    def _chosen(self, session: Session, vault: Vault, scope: Mapping[str, Any]) -> Scope:
        """What a plan's scope means in this vault."""
        if "ids" in scope:
            return Scope(OF_IDS, (json.dumps(scope["ids"]),))
        times = {name: datetime.fromisoformat(scope[name]) for name in ("since", "until") if name in scope}
        within = {**scope, **times}
        request = within.pop("request", None)
        chosen = self._as_stored(session, vault, call_scope(within.pop("filters", None), within))
        return chosen if request is None else chosen & self._asked_for(session, vault, request)

    def _asked_for(self, session: Session, vault: Vault, request: str) -> Scope:
        """What a request in words means, by what this vault holds in place of names."""
        known = self._index(vault).known
        known.catch_up(session)
        return words.asked_for(known.question(request, partial(words.holds, session)))


def _plain(within: Mapping[str, Any]) -> dict[str, Any]:
    """A scope as it was asked for, as plain JSON; `InvalidInput` where it is none."""
    ids = within.get("ids", ("",))
    if any(value is None for value in within.values()) or not ids:
        raise InvalidInput("a scope that is given must have a value: without any, it is the whole vault")
    if "ids" in within and len(within) > 1:
        raise InvalidInput("name ids, or what narrows a search: not both at once")
    if not isinstance(ids, (list, tuple)) or not all(isinstance(each, str) for each in ids):
        raise InvalidInput("ids must be a list of ids")
    if "request" in within:
        intake.body(within["request"])
    if not all(isinstance(within[name], datetime) for name in ("since", "until") if name in within):
        raise InvalidInput("since and until must be aware datetimes")
    scope = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in within.items()}
    try:
        plain: dict[str, Any] = json.loads(json.dumps(scope))
    except (TypeError, ValueError, RecursionError):
        raise InvalidInput("a scope is plain JSON: give times as since and until") from None
    return plain
