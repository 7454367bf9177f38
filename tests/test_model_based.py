"""Any order of verbs, from two processes on one home, answers as plain dicts would.

Vaults, words, vectors and keyring are real; only the model that makes vectors is a stand-in. Every step is done by this
process or by another one, drawn at random, and after every step both must see what the dicts hold. So the caches of
each are a step behind most of the time, and have to notice.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from memguard import Memory
from memguard.vault.store import check_file
from tests.elsewhere import Elsewhere, Here, Process, Refused
from tests.plain_model import SHAPES, Kept, Model, Wish, word
from tests.promises import promise

OWNERS = ("ana", "ben", "team:web")
BY = st.sampled_from(("here", "elsewhere"))
OWNER = st.sampled_from(OWNERS)
SOME = st.sets(OWNER, min_size=1).map(sorted)
PICK = st.integers(0, 31)
"""The n-th of the memories, words or copies that there are, counted round."""
METADATA = st.sampled_from(({}, {"team": "web"}, {"team": "core", "n": 1}))
NOUN = st.sampled_from(("lantern", "kettle"))
RUN = st.sampled_from((None, "r1", "r2"))
WISH = st.builds(
    Wish,
    shape=st.sampled_from(SHAPES),
    noun=NOUN,
    run=RUN,
    environment=st.sampled_from((None, "e1")),
    metadata=METADATA,
    key=st.sampled_from((None, None, "k1", "k2")),
    same_text=st.booleans(),
    expired=st.sampled_from((False, False, False, True)),
)
SCOPE = st.fixed_dictionaries(
    {}, optional={"run_id": st.just("r1"), "environment": st.just("e1"), "filters": st.just({"team": "web"})}
)


class TwoProcesses(RuleBasedStateMachine):
    """One home, two processes that have it open, and the model of it."""

    def __init__(self, elsewhere: Process) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="memguard-test-"))
        self.here = Here()
        self.processes: dict[str, Process] = {"here": self.here, "elsewhere": elsewhere}
        self.model = Model()
        self.reopen("here")
        self.reopen("elsewhere")

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
        if batch.conflict and owner not in self.model.owned:
            return  # held by test_promises.py alone
        if batch.conflict:
            self.refused(by, "Conflict", "add_many", user_id=owner, items=batch.items)
        else:
            self.model.stored(owner, wishes, batch, self.call(by, "add_many", user_id=owner, items=batch.items))

    @rule(by=BY, owner=OWNER, wish=WISH)
    def add_one(self, by: str, owner: str, wish: Wish) -> None:
        self.add(by, owner, [wish])

    @rule(by=BY, owner=OWNER, wishes=st.lists(WISH, min_size=2, max_size=6))
    def add_many(self, by: str, owner: str, wishes: list[Wish]) -> None:
        self.add(by, owner, wishes)

    @rule(by=BY, owner=OWNER, wish=WISH, pick=PICK, how=st.sampled_from(("supersedes", "derived_from")))
    def add_about_another(self, by: str, owner: str, wish: Wish, pick: int, how: str) -> None:
        other = self.model.picked(owner, pick)
        if other is not None:
            self.add(by, owner, [wish], **{how: [other.id]})

    @rule(by=BY, owner=OWNER, pick=PICK, noun=NOUN, metadata=METADATA, what=st.sampled_from(("text", "both", "metadata")))
    def update(self, by: str, owner: str, pick: int, noun: str, metadata: dict[str, Any], what: str) -> None:
        memory = self.model.picked(owner, pick)
        if memory is not None:
            text = None if what == "metadata" else self.model.text(SHAPES[0], noun)
            changed = None if what == "text" else metadata
            self.call(by, "update", memory_id=memory.id, user_id=owner, text=text, metadata=changed)
            memory.revise(text, changed)

    # -- recall -----------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.model.owned)
    @rule(owners=SOME, pick=PICK, scope=SCOPE, for_run=RUN)
    def search(self, owners: list[str], pick: int, scope: dict[str, Any], for_run: str | None) -> None:
        """A word finds the one memory that has it, if it is of these owners and in scope, and in both processes."""
        named = [owner for owner in owners if owner in self.model.owned]
        asked = word(1 + pick % max(1, self.model.words))
        shown = {o: [k for k in self.model.owned[o].shown() if k.inside(scope)] for o in named}
        wanted = {k.id for kept in shown.values() for k in kept if asked in k.text.split()}
        for by in self.processes:
            if named != owners:
                self.refused(by, "UnknownOwner", "search", query=asked, user_id=owners)
                continue
            hits = self.call(by, "search", query=asked, user_id=named, limit=30, for_run=for_run, **scope)
            for hit in hits:
                assert any(k.is_shown_by(hit["record"]) for k in shown[hit["user_id"]])
                assert hit["record"]["id"] in wanted or hit["why"].get("words", 0) <= 0
            assert wanted <= {hit["record"]["id"] for hit in hits}

    @precondition(lambda self: self.model.owned)
    @rule(by=BY, owner=OWNER, scope=SCOPE, offset=st.integers(0, 3), limit=st.integers(1, 5))
    def list_a_scope(self, by: str, owner: str, scope: dict[str, Any], offset: int, limit: int) -> None:
        if owner not in self.model.owned:
            self.refused(by, "UnknownOwner", "get_all", user_id=owner)
            return
        found = self.call(by, "get_all", user_id=owner, offset=offset, limit=limit, **scope)
        expected = [k for k in self.model.owned[owner].shown() if k.inside(scope)][offset : offset + limit]
        assert [record["id"] for record in found] == [k.id for k in expected]

    @rule(by=BY, owner=OWNER, pick=PICK)
    def get_with_its_history(self, by: str, owner: str, pick: int) -> None:
        memory = self.model.picked(owner, pick)
        if memory is not None:
            assert memory.is_shown_by(self.call(by, "get", memory_id=memory.id, user_id=owner))
            versions = self.call(by, "history", memory_id=memory.id, user_id=owner)
            assert [(v["version"], v["text"], v["metadata"]) for v in versions] == memory.earlier

    @rule(by=BY, owner=OWNER, other=OWNER, pick=PICK, verb=st.sampled_from(("get", "history", "delete", "update")))
    def use_the_id_of_another_owner(self, by: str, owner: str, other: str, pick: int, verb: str) -> None:
        memory = self.model.picked(owner, pick)
        if memory is not None and owner != other:
            error = "UnknownMemory" if other in self.model.owned else "UnknownOwner"
            more = {"text": "not theirs"} if verb == "update" else {}
            self.refused(by, error, verb, memory_id=memory.id, user_id=other, **more)

    # -- forget -----------------------------------------------------------------------------------------------------

    @rule(by=BY, owner=OWNER, pick=PICK)
    def delete(self, by: str, owner: str, pick: int) -> None:
        memory = self.model.picked(owner, pick)
        if memory is not None:
            answer = self.call(by, "delete", memory_id=memory.id, user_id=owner)
            assert answer == {"memories": 1, "pending": False}
            self.model.owned[owner].drop([memory.id])

    @precondition(lambda self: self.model.owned)
    @rule(by=BY, owner=OWNER, run=st.sampled_from(("r1", "r2")))
    def delete_a_run(self, by: str, owner: str, run: str) -> None:
        if owner in self.model.owned:
            leaving = [k.id for k in self.model.owned[owner].kept.values() if k.run == run]
            answer = self.call(by, "delete_all", user_id=owner, run_id=run)
            assert answer == {"memories": len(leaving), "pending": False}
            self.model.owned[owner].drop(leaving)

    @precondition(lambda self: self.model.owned)
    @rule(by=BY, owner=OWNER)
    def delete_an_owner(self, by: str, owner: str) -> None:
        if owner not in self.model.owned:
            self.refused(by, "UnknownOwner", "delete_all", user_id=owner)
            return
        answer = self.call(by, "delete_all", user_id=owner)
        assert answer == {"memories": len(self.model.owned.pop(owner).kept), "pending": False}

    # -- move and live ----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.model.owned)
    @rule(by=BY, owner=st.none() | OWNER)
    def backup(self, by: str, owner: str | None) -> None:
        path = str(self.folder / f"{len(self.model.copies)}.backup")
        if owner is not None and owner not in self.model.owned:
            self.refused(by, "UnknownOwner", "backup", path=path, user_id=owner)
            return
        chosen = list(self.model.owned) if owner is None else [owner]
        assert self.call(by, "backup", path=path, user_id=owner) == len(chosen)
        self.model.copy(chosen)

    @precondition(lambda self: self.model.copies)
    @rule(by=BY, pick=PICK, owner=st.none() | OWNER)
    def restore(self, by: str, pick: int, owner: str | None) -> None:
        number = pick % len(self.model.copies)
        back, unopenable = self.model.bring_back(number, owner)
        answer = self.call(by, "restore", path=str(self.folder / f"{number}.backup"), user_id=owner)
        assert (answer["vaults"], len(answer["unopenable"])) == (back, unopenable)

    @precondition(lambda self: self.model.owned)
    @rule(by=BY)
    def rotate_the_master(self, by: str) -> None:
        self.call(by, "rotate")

    @rule(by=BY)
    def close(self, by: str) -> None:
        self.call(by, "close")

    @rule(by=BY)
    def reopen(self, by: str) -> None:
        self.call(by, "open", folder=str(self.folder))

    @invariant()
    def both_see_what_the_model_holds(self) -> None:
        for by in self.processes:
            seen = self.call(by, "everything")
            assert list(seen) == sorted(self.model.owned)
            for owner, records in seen.items():
                expected = self.model.owned[owner].shown()
                assert [record["id"] for record in records] == [k.id for k in expected]
                assert all(k.is_shown_by(record) for k, record in zip(expected, records, strict=True))

    @rule()
    def files_are_sound(self) -> None:
        assert sound(self.folder) == sorted(self.model.owned)


def sound(folder: Path) -> list[str]:
    """The owners of a home, after a look at every file of it by somebody who has no caches."""
    with Memory(folder / "home", keys=folder / "keys") as memory:
        for owner, entry in memory.home.contents().vaults.items():
            vault = memory.home.vault(owner)
            check_file(vault.path, entry.key)
            with vault.writing() as session:
                session.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
                assert session.all("PRAGMA foreign_key_check") == []
                vectors = session.all("SELECT m.number, e.memory FROM memories m FULL JOIN embeddings e ON e.memory = m.number")
                assert all(memory == of for memory, of in vectors)
        assert memory.home.strays() == []
        return memory.users()


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    with Elsewhere.started() as process:
        yield process


def walk(elsewhere: Elsewhere, walks: int, steps: int) -> None:
    # Other walks in every run, on purpose; the blob that is printed with a failure replays it.
    chosen = settings(
        max_examples=walks,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=False,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(lambda: TwoProcesses(elsewhere), settings=chosen)  # type: ignore[no-untyped-call]


@promise("P1", "P2", "P3")
def test_any_order_of_verbs_from_two_processes(elsewhere: Elsewhere) -> None:
    walk(elsewhere, walks=25, steps=20)


@pytest.mark.slow
@promise("P1", "P2", "P3")
def test_a_thousand_orders_of_verbs_from_two_processes(elsewhere: Elsewhere) -> None:
    walk(elsewhere, walks=1000, steps=30)
