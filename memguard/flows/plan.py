"""request -> what a scope holds, what is derived from it, what it had replaced -> plan. Nothing is changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from memguard.errors import InvalidInput, LegalHold, NotFound, PlanOutdated
from memguard.forgetting.plan import Plan
from memguard.forgetting.statement import Kind
from memguard.retrieval.scope import Scope
from memguard.retrieval.vectors import VectorIndex
from memguard.vault import owed, reach
from memguard.vault.connection import Session
from memguard.vault.copies import GIVEN_AWAY, Row, listed
from memguard.vault.embedded import CHUNK_BITS
from memguard.vault.store import Vault

ALIKE_COSINE = 0.8
"""What stays and is as close as this says much the same."""
ALIKE_OF = 64
"""Memories that go of which others are sought that read alike."""
NEAR = 8


def plan(
    vault: Vault,
    session: Session,
    vectors: VectorIndex,
    *,
    owner: str,
    kind: Kind,
    scope: Mapping[str, Any],
    chosen: Scope,
) -> Plan:
    """What forgetting a scope takes, in the caller's snapshot. `scope` is what was asked for, as plain JSON.

    `NotFound` where nothing is in it.
    """
    made, going = planned(session, vault, owner, kind, scope, chosen)
    if not going and kind != "vault":
        raise NotFound("nothing to forget: no memory of this owner is in that scope")
    near = _alike(vectors, sorted(going)) - going
    copies = listed(session, vault.seals, min(going, default=0))
    backups, exports = _lying(copies, "backup"), _lying(copies, "export")
    return replace(made, alike=reach.ids(session, near), backups=backups, exports=exports)


def planned(
    session: Session, vault: Vault, owner: str, kind: Kind, scope: Mapping[str, Any], chosen: Scope
) -> tuple[Plan, reach.Numbers]:
    """The plan but for what reads alike, and the numbers of the memories that go."""
    memories = reach.chosen(session, chosen.sql, chosen.parameters)
    derived = reach.derived_only(session, memories)
    going = memories | derived
    made = Plan(
        owner=owner,
        kind=kind,
        scope=scope,
        memories=reach.ids(session, memories),
        derived=reach.ids(session, derived),
        versions=reach.earlier_wordings(session, going),
        values=reach.values_alone(session, going),
        current_again=reach.ids(session, reach.current_again(session, going)),
        partly_derived=reach.ids(session, reach.derived_partly(session, going)),
        shown_before=reach.ids(session, reach.recalled_before(session, going)),
        everything=not reach.stays(session, going),
        hold=owed.holding(session, going) or "",
        state=_digest(vault, reach.wordings(session, going)),
    )
    return replace(made, digest=_digest(vault, made.signed())), going


def check(vault: Vault, given: Plan, *, everything: bool) -> None:
    """Raise where a plan is not this vault's own as it was made, is forbidden, or takes more than was said."""
    if given.digest != _digest(vault, given.signed()):
        raise InvalidInput("this plan was altered, or is of another vault: plan again")
    if given.hold:
        raise LegalHold(given.hold)
    if given.everything and given.kind != "vault" and not everything:
        raise InvalidInput("the plan takes every memory of this owner: say everything, or forget the owner")


def check_current(given: Plan, now: Plan) -> None:
    """Raise where the vault would be planned for otherwise by now."""
    if now.hold:
        raise LegalHold(now.hold)
    if given.digest != now.digest:
        raise PlanOutdated


def _lying(copies: Iterable[Row], kind: str) -> tuple[str, ...]:
    """The paths at which copies of a kind seem to lie. What lies there, an erasure looks at."""
    paths = (copy.path for copy in copies if copy.kind == kind and copy.state != GIVEN_AWAY)
    return tuple(dict.fromkeys(str(path) for path in paths if path.exists()))


def _digest(vault: Vault, content: Any) -> str:
    return vault.seals.lookup(f"plan {json.dumps(content, ensure_ascii=False)}").hex()


def _alike(vectors: VectorIndex, going: Iterable[int]) -> reach.Numbers:
    """The numbers of memories close to some of those that go."""
    sample = np.array([number << CHUNK_BITS for number in list(going)[:ALIKE_OF]], np.int64)
    if not len(sample) or not len(vectors):
        return frozenset()
    near = vectors.closest(vectors.vectors(sample), NEAR)
    return frozenset(number for found in near for number, cosine in found if cosine >= ALIKE_COSINE)
