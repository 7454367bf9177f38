"""Any order of verbs, from two processes on one home, answers as plain dicts would.

Vaults, words, vectors and keyring are real; only the model that makes vectors is a stand-in. Every step is done by this
process or by another one, drawn at random, and after every step both must see what the dicts hold. So the caches of
each are a step behind most of the time, and have to notice.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.elsewhere import Elsewhere, Here, Process, Refused, sound
from tests.plain_model import METADATA, NOUN, RUN, SCOPE, SHAPES, WISH, WISHES, Kept, Model, Wish, word
from tests.promises import promise

BY = st.sampled_from(("here", "elsewhere"))
OWNER = st.sampled_from(("ana", "ana", "ben", "team:web"))
PICK = st.integers(0, 2) | st.integers(0, 63)
"""The n-th of the memories, words or copies that there are, counted round."""


def there_are_memories(machine: TwoProcesses) -> bool:
    return bool(machine.model.memories())


def there_are_owners(machine: TwoProcesses) -> bool:
    return bool(machine.model.owned)


class TwoProcesses(RuleBasedStateMachine):
    """One home, two processes that have it open, and the model of it."""

    elsewhere: ClassVar[Process]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="memguard-test-"))
        self.processes: dict[str, Process] = {"here": Here(), "elsewhere": self.elsewhere}
        self.model = Model()
        for by in self.processes:
            self.call(by, "open", folder=str(self.folder))

    def teardown(self) -> None:
        for by in self.processes:
            self.call(by, "close")
        shutil.rmtree(self.folder)

    def call(self, by: str, verb: str, **arguments: Any) -> Any:
        return self.processes[by].call(verb, **arguments)

    def refused(self, by: str, error: str, verb: str, **arguments: Any) -> None:
        with pytest.raises(Refused, match=f"^{error}$"):
            self.call(by, verb, **arguments)

    # -- remember ---------------------------------------------------------------------------------------------------

    def add(self, by: str, owner: str, wishes: list[Wish], **more: list[str]) -> None:
        batch = self.model.batch(owner, wishes, more)
        if batch.conflict:
            self.refused(by, "Conflict", "add_many", user_id=owner, items=batch.items)
        else:
            self.model.stored(owner, wishes, batch, self.call(by, "add_many", user_id=owner, items=batch.items))
            self.call(by, "sweep", user_id=owner)  # what has expired goes now, if not with the write
            self.model.owned[owner].drop([k.id for k in self.model.owned[owner].kept.values() if k.expired])

    @initialize(by=BY, owner=OWNER, wishes=WISHES)
    def begin(self, by: str, owner: str, wishes: list[Wish]) -> None:
        self.add(by, owner, wishes)

    @rule(by=BY, owner=OWNER, wishes=WISHES)
    def add_many(self, by: str, owner: str, wishes: list[Wish]) -> None:
        self.add(by, owner, wishes)

    @precondition(there_are_memories)
    @rule(by=BY, wish=WISH, pick=PICK, how=st.sampled_from(("supersedes", "derived_from")))
    def add_about_another(self, by: str, wish: Wish, pick: int, how: str) -> None:
        owner, other = self.model.picked(pick)
        self.add(by, owner, [wish], **{how: [other.id]})

    @precondition(there_are_memories)
    @rule(by=BY, pick=PICK, noun=NOUN, metadata=METADATA, what=st.sampled_from(("text", "both", "metadata")))
    def update(self, by: str, pick: int, noun: str, metadata: dict[str, Any], what: str) -> None:
        owner, memory = self.model.picked(pick)
        text = None if what == "metadata" else self.model.text(SHAPES[0], noun)
        changed = None if what == "text" else metadata
        self.call(by, "update", memory_id=memory.id, user_id=owner, text=text, metadata=changed)
        memory.revise(text, changed)
        for each in self.processes:
            self.read_one(each, owner, memory)

    # -- recall -----------------------------------------------------------------------------------------------------

    def find(self, number: int, owners: Iterable[str], scope: dict[str, Any], for_run: str | None) -> None:
        """A word finds the one memory that has it, if it is of these owners and in scope, in both processes."""
        asked = word(number)
        shown = {o: [k for k in self.model.owned[o].shown() if k.inside(scope)] for o in owners}
        wanted = {k.id for kept in shown.values() for k in kept if asked in k.text.split()}
        for by in self.processes:
            hits = self.call(by, "search", query=asked, user_id=list(shown), limit=30, for_run=for_run, **scope)
            for hit in hits:
                assert any(k.is_shown_by(hit["record"]) for k in shown[hit["user_id"]])
                assert hit["record"]["id"] in wanted or hit["why"].get("words", 0) <= 0
            assert wanted <= {hit["record"]["id"] for hit in hits}

    @precondition(there_are_memories)
    @rule(pick=PICK, others=st.sets(OWNER), scope=SCOPE, for_run=RUN)
    def search(self, pick: int, others: set[str], scope: dict[str, Any], for_run: str | None) -> None:
        owners = {self.model.picked(pick)[0], *others} & self.model.owned.keys()
        self.find(1 + pick % self.model.words, sorted(owners), scope, for_run)

    def read_one(self, by: str, owner: str, memory: Kept) -> None:
        assert memory.is_shown_by(self.call(by, "get", memory_id=memory.id, user_id=owner))
        versions = self.call(by, "history", memory_id=memory.id, user_id=owner)
        assert [(v["version"], v["text"], v["metadata"]) for v in versions] == memory.earlier

    @precondition(there_are_memories)
    @rule(by=BY, pick=PICK, scope=SCOPE, offset=st.integers(0, 3), limit=st.integers(1, 5))
    def read(self, by: str, pick: int, scope: dict[str, Any], offset: int, limit: int) -> None:
        owner, memory = self.model.picked(pick)
        self.read_one(by, owner, memory)
        listed = self.call(by, "get_all", user_id=owner, offset=offset, limit=limit, **scope)
        expected = [k.id for k in self.model.owned[owner].shown() if k.inside(scope)]
        assert [record["id"] for record in listed] == expected[offset : offset + limit]

    @precondition(there_are_memories)
    @rule(by=BY, other=OWNER, pick=PICK, verb=st.sampled_from(("get", "history", "delete", "update")))
    def use_the_id_of_another_owner(self, by: str, other: str, pick: int, verb: str) -> None:
        owner, memory = self.model.picked(pick)
        more = {"text": "not theirs"} if verb == "update" else {}
        error = "UnknownMemory" if other in self.model.owned else "UnknownOwner"
        if other != owner:
            self.refused(by, error, verb, memory_id=memory.id, user_id=other, **more)
        if error == "UnknownOwner":
            self.refused(by, error, "search", query=memory.text, user_id=[owner, other])

    # -- forget -----------------------------------------------------------------------------------------------------

    @precondition(there_are_memories)
    @rule(by=BY, pick=PICK)
    def delete(self, by: str, pick: int) -> None:
        owner, memory = self.model.picked(pick)
        answer = self.call(by, "delete", memory_id=memory.id, user_id=owner)
        assert answer == {"memories": 1, "pending": False}
        self.model.owned[owner].drop([memory.id])

    @precondition(there_are_memories)
    @rule(by=BY, pick=PICK, run=st.sampled_from(("r1", "r1", "r2", "r2", None)))
    def delete_a_run_or_an_owner(self, by: str, pick: int, run: str | None) -> None:
        owner, _ = self.model.picked(pick)
        leaving = [k.id for k in self.model.owned[owner].kept.values() if run in (None, k.run)]
        answer = self.call(by, "delete_all", user_id=owner, **({"run_id": run} if run else {}))
        assert answer == {"memories": len(leaving), "pending": False}
        if run is None:
            del self.model.owned[owner]
        else:
            self.model.owned[owner].drop(leaving)

    # -- move and live ----------------------------------------------------------------------------------------------

    @precondition(there_are_owners)
    @rule(by=BY, owner=OWNER)
    def backup(self, by: str, owner: str) -> None:
        """Of one owner, or of all where that one has nothing."""
        one = owner in self.model.owned
        chosen = [owner] if one else list(self.model.owned)
        path = str(self.folder / f"{len(self.model.copies)}.backup")
        assert self.call(by, "backup", path=path, user_id=owner if one else None) == len(chosen)
        self.model.copy(chosen)

    @precondition(lambda self: self.model.copies)
    @rule(by=BY, pick=PICK, owner=st.none() | OWNER)
    def restore(self, by: str, pick: int, owner: str | None) -> None:
        number = pick % len(self.model.copies)
        back, unopenable = self.model.bring_back(number, owner)
        answer = self.call(by, "restore_backup", path=str(self.folder / f"{number}.backup"), user_id=owner)
        assert (answer["vaults"], len(answer["unopenable"])) == (back, unopenable)

    @precondition(there_are_owners)
    @rule(by=BY, how=st.sampled_from(("rotate", "close", "open")))
    def go_on_with_new_keys_or_connections_or_caches(self, by: str, how: str) -> None:
        self.call(by, how, **({"folder": str(self.folder)} if how == "open" else {}))

    @precondition(there_are_owners)
    @rule()
    def look_at_the_files(self) -> None:
        assert sound(self.folder) == sorted(self.model.owned)

    @invariant()
    def both_see_what_the_model_holds(self) -> None:
        for by in self.processes:
            seen = self.call(by, "everything")
            assert list(seen) == sorted(self.model.owned)
            for owner, records in seen.items():
                expected = self.model.owned[owner].shown()
                assert [record["id"] for record in records] == [k.id for k in expected]
                assert all(k.is_shown_by(record) for k, record in zip(expected, records, strict=True))
        if self.model.owned:
            self.find(self.model.words, self.model.owned, {}, (None, None, "r1", "r2")[self.model.words % 4])
            assert [self.call(by, "indexes_that_are_no_copies") for by in self.processes] == [[], []]


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    with Elsewhere.started() as process:
        yield process


def walk(process: Elsewhere, *, walks: int, steps: int) -> None:
    """Other walks in every run, on purpose; the blob that is printed with a failure replays it."""

    class Connected(TwoProcesses):
        elsewhere = process

    chosen = settings(
        max_examples=walks,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=False,
        print_blob=True,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(Connected, settings=chosen)


@promise("P1", "P2", "P3")
def test_any_order_of_verbs_from_two_processes(elsewhere: Elsewhere) -> None:
    walk(elsewhere, walks=25, steps=20)


@pytest.mark.slow
@promise("P1", "P2", "P3")
def test_a_thousand_orders_of_verbs_from_two_processes(elsewhere: Elsewhere) -> None:
    walk(elsewhere, walks=1000, steps=40)
