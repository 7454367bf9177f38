"""plan -> erase (one transaction) -> settle what it made known -> empty the log -> look -> certificate.

Every row that belongs to a memory goes with it, in one transaction, which also notes that a certificate is owed. The
steps behind it can be done again, and are, by whoever comes next after a crash.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from memguard.errors import MemguardError, VaultDestroyed, VaultError, VaultUnreadable
from memguard.flows.forget_copies import reach_copies
from memguard.flows.plan import check_current, planned
from memguard.forgetting import search
from memguard.forgetting.audit import certify, versions
from memguard.forgetting.certificate import Certificate, checked_reference
from memguard.forgetting.look import NOT_LOOKED_AT, looked
from memguard.forgetting.plan import NOT_REACHED, Plan
from memguard.forgetting.statement import Extent, Statement
from memguard.outcomes import Check, Erased
from memguard.privacy.privacy import Privacy
from memguard.retrieval.scope import Scope
from memguard.vault import owed, placeholders, reach, rows
from memguard.vault.connection import Session
from memguard.vault.forgotten import note_forgotten
from memguard.vault.home import Home
from memguard.vault.store import Vault

Settle = Callable[[], None]
"""Masks anew what an erasure left to be looked at."""
UNKNOWN = "the words that were erased: the erasure was interrupted, and they are not known any more"
IN_USE = "the words that were erased: pages from before are still in use, and hold them"


def erase(vault: Vault, scope: Scope, settle: Settle, *, memory_id: str | None = None) -> Erased:
    """Erase one memory, or all of a scope, without a certificate: rows, words, vectors, versions, lineage, evidence.

    What is erased so comes back with an older backup; what is forgotten by a plan does not.

    SQLite overwrites what is freed and FTS5 takes the words out of its segments; emptying the log afterwards moves
    the old pages out of it, unless a reader elsewhere still needs them: then `pending` is true, and the next erasure
    or a closing of the vault finishes it.
    """
    with vault.writing() as session:
        if memory_id is not None:
            rows.number_of(session, memory_id)
        going = reach.chosen(session, scope.sql, scope.parameters)
        owed.check_no_hold(session, going)
        erase_rows(session, going)
    settle()
    return Erased(len(going), pending=bool(going) and not vault.truncate_log())


def erase_rows(session: Session, going: reach.Numbers) -> None:
    """Take memories out of a vault, with all that is only theirs."""
    held = placeholders.held_by(session, going)
    session.execute("DELETE FROM memories WHERE number IN (SELECT value FROM json_each(?))", (json.dumps([*going]),))
    rows.look_again(session, placeholders.let_go(session, held))
    session.execute("UPDATE vault SET change_seq = change_seq + 1, erase_seq = erase_seq + 1")


def forget(
    home: Home,
    vault: Vault,
    privacy: Privacy,
    settle: Settle,
    plan: Plan,
    chosen: Scope,
    *,
    reference: str,
    exports: bool,
) -> Certificate:
    """Carry out a plan that was checked, look at what is left, and sign what was found. `exports` go too, if asked."""
    reference = checked_reference(reference)
    looked_for, before = _traces(vault, privacy, chosen)
    with vault.writing() as session:
        now, going = planned(session, vault, plan.owner, plan.kind, plan.scope, chosen)
        check_current(plan, now)
        note_forgotten(session, vault.seals, plan.going)  # no older backup or export brings them back
        erase_rows(session, going)
        request = {
            "owner": plan.owner,
            "scope": plan.scope,
            "extent": asdict(plan.extent),
            "reference": reference,
            "ids": plan.going,
            "lowest": min(going),
            "exports": exports,
        }
        number = owed.note_forget(session, vault.seals, request)
    with owing():
        return _finished(home, vault, settle, number, request, lambda: _searched(vault, looked_for, before))


def resume(home: Home, vault: Vault, settle: Settle) -> list[Certificate]:
    """Finish what a crash, or somebody who read or wrote at the time, left without a final certificate."""
    with vault.reading() as session:
        waiting = owed.forgets(session, vault.seals)
    return [_finished(home, vault, settle, number, request, None) for number, request in waiting.items()]


@contextmanager
def owing() -> Iterator[None]:
    """Behind the transaction nothing fails to be erased: an error says what is done, and what finishes it."""
    try:
        yield
    except MemguardError as error:
        raise VaultError(f"erased, but not verified ({error}): finish with `memguard forget --resume`") from None


def _traces(vault: Vault, privacy: Privacy, chosen: Scope) -> tuple[search.Traces, frozenset[bytes]]:
    """What is to be looked for, and which of it is to be seen before anything is erased."""
    with vault.reading() as session:
        memories = reach.chosen(session, chosen.sql, chosen.parameters)
        going = sorted(memories | reach.derived_only(session, memories))
        looked_for = search.traces(session, going, privacy.reveal(vault.seals))
    return looked_for, search.found_in(vault, looked_for.all)


def _searched(vault: Vault, looked_for: search.Traces, before: frozenset[bytes]) -> Check:
    after = search.found_in(vault, looked_for.all)
    with vault.reading() as session:
        return search.check(session, looked_for, before, after)


def _finished(
    home: Home,
    vault: Vault,
    settle: Settle,
    number: int,
    request: Mapping[str, Any],
    searched: Callable[[], Check] | None,
) -> Certificate:
    """All steps behind the transaction. None of them needs to know how far an earlier try came."""
    settle()
    vault.truncate_log()
    checks, pending = looked(home, vault)
    ids, lowest = request["ids"], request["lowest"]
    copies = reach_copies(
        home, vault, request["owner"], lowest, lambda copy: erase_ids(copy, ids), exports=request["exports"]
    )
    checks += copies.checks
    not_checked = [*NOT_REACHED, *NOT_LOOKED_AT, *copies.not_checked]
    if "left" in request:  # found when the words were still known: looking again does not unsee it
        checks.append(Check(**request["left"]))
    elif searched is None or pending:
        not_checked.append(UNKNOWN if searched is None else IN_USE)
    else:
        checks.append(_remembered(vault, number, request, searched()))
    statement = Statement(
        erased=Extent(**request["extent"]),
        checks=tuple(checks),
        not_checked=tuple(not_checked),
        pending=(*pending, *copies.pending),
        versions=versions(),
        reference=request["reference"],
    )
    certificate = certify(home, statement, owner=request["owner"], scope=request["scope"])
    if certificate.state == "complete":
        with vault.writing() as session:
            owed.drop_forget(session, number)
        vault.truncate_log()
    return certificate


def _remembered(vault: Vault, number: int, request: Mapping[str, Any], check: Check) -> Check:
    """What the search found is kept with what is owed: `resume` does not know any more what to search for."""
    if check.found:
        with vault.writing() as session:
            owed.note_left(session, vault.seals, number, {**request, "left": asdict(check)})
    return check


def erase_ids(vault: Vault, ids: Sequence[str]) -> None:
    """Erase those of these memories that a copy of a vault has: no hold is asked, it was when they were forgotten."""
    with vault.writing() as session:
        erase_rows(session, reach.of_ids(session, ids))
    vault.truncate_log()


def count_memories(vault: Vault) -> int:
    """How many memories a vault holds; 0 where its file is lost or cannot be read."""
    return extent(vault).memories


def extent(vault: Vault) -> Extent:
    """How much a whole vault holds; nothing where its file is lost or cannot be read."""
    try:
        with vault.reading() as session:
            all_of_it = reach.chosen(session, "1", ())
            versions_held = reach.earlier_wordings(session, all_of_it)
            return Extent("vault", len(all_of_it), versions_held, values=reach.values_alone(session, all_of_it))
    except (VaultDestroyed, VaultUnreadable):
        return Extent("vault", 0)
