"""What was erased leaves no trace in any answer: hits, order, scores and reasons are as if it never was there.

Two owners of one home: ana held more and lost it again, ben never had it.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from memguard import Memory
from memguard.privacy.spans import Span
from memguard.retrieval.embedder import Embedder, PackagedEmbedder
from tests.checks import column, one
from tests.conftest import Places
from tests.promises import promise
from tests.standins import NameList, TokenEmbedder

DAY = datetime(2024, 3, 4, 12, tzinfo=UTC)
QUESTIONS = (
    "what does Oskar keep?", "What did Zelda tell Oskar about the boat?", "where is the lantern now?", "Zelda",
    "when did the boat house burn?", "what changed after the storm?", "in March 2024", "oskar's boat", "Marta's?",
)  # fmt: skip
Item = dict[str, Any]
NAMES = {"Zelda": "PERSON", "Oskar Lind": "PERSON", "Marta": "PERSON"}
CODE = re.compile(r"_[0-9a-z]{6}>")


def answers(memory: Memory, owner: str, limit: int) -> dict[str, list[Any]]:
    """What every question finds, up to the names of ids."""
    return {
        question: [
            (hit.metadata["n"], hit.text, hit.score, hit.why, hit.record.current)
            for hit in memory.search(question, user_id=owner, limit=limit)
        ]
        for question in QUESTIONS
    }


def alike(memory: Memory, embedder: Embedder) -> None:
    """Both owners get the same answers, from what is warm in memory and by somebody who has no copies yet."""
    with Memory(memory.settings.home, keys=memory.settings.keys, embedder=embedder) as anew:
        for limit in (3, 50):
            never = answers(memory, "ben", limit)
            assert answers(memory, "ana", limit) == never
            assert answers(anew, "ana", limit) == never


def item(n: int, text: str, **fields: Any) -> Item:
    return {"text": text, "happened_at": DAY.replace(day=1 + n % 28), "metadata": {"n": n}, **fields}


KEPT = [
    item(1, "I keep bees behind the boat house", actor="Oskar", run_id="r-1"),
    item(2, "The lantern hangs in the boat house", actor="Marta", run_id="r-1"),
    item(3, "It burned for two days in March", actor="Oskar", run_id="r-1"),
    item(4, "My kettle is blue", actor="Marta", run_id="r-2"),
    item(5, "The storm took the roof off", run_id="r-2"),
    item(6, "The lantern is in the shed", actor="Marta"),
]
ERASED = {
    "an actor": [item(7, "I sold the boat to Oskar", actor="Zelda", run_id="r-3")],
    "a greeting": [item(7, "Hey Zelda, where is the boat?", actor="Oskar", run_id="r-3")],
    "one who speaks in a text": [item(7, "Zelda: the boat is Oskar's", run_id="r-3")],
    "what replaced another": [item(7, "My kettle is red", actor="Marta", run_id="r-4")],
    "a copy": [item(7, "The lantern is in the shed", actor="Marta", run_id="r-5")],
    "a turn between others": [item(7, "Does Oskar keep bees, Zelda?", actor="Zelda", run_id="r-1")],
    "what an anchor names": [item(7, "After the storm the storm came back, a storm", run_id="r-6")],
    "many": [item(n, f"The boat of Zelda, number {n}", actor="Zelda", run_id="r-1") for n in range(7, 60)],
}


@promise("P8")
@pytest.mark.parametrize("what", ERASED)
@pytest.mark.parametrize("when", ["before", "between", "after", "anew"])
def test_what_was_erased_changes_no_answer(
    real_memory: Memory, packaged_model: PackagedEmbedder, what: str, when: str
) -> None:
    """Written before, between or after what stays; or after it and with its number used again."""
    last = {"before": 0, "between": 2, "after": len(KEPT), "anew": len(KEPT) - 1}[when]
    for owner in ("ana", "ben"):
        real_memory.add_many(KEPT[:last], user_id=owner)
        if owner == "ana":
            gone = real_memory.add_many(ERASED[what], user_id=owner)
        if when == "anew" and owner == "ana":
            erase(real_memory, [stored.id for stored in gone])
        real_memory.add_many(KEPT[last:], user_id=owner)
    if when != "anew":
        erase(real_memory, [stored.id for stored in gone])
    alike(real_memory, packaged_model)


def erase(memory: Memory, ids: list[str]) -> None:
    """Erase what the copies in memory know by now; they learn of it at the next question, with what is written next."""
    answers(memory, "ana", 3)
    for memory_id in ids:
        memory.delete(memory_id, user_id="ana")


def test_an_earlier_wording_changes_no_answer(real_memory: Memory, packaged_model: PackagedEmbedder) -> None:
    for owner in ("ana", "ben"):
        real_memory.add_many(KEPT, user_id=owner)
    for text, owner in (("Zelda: hey Oskar, the boat", "ana"), ("The kettle of the storm", "ana"), ("Done", "ben")):
        if owner == "ana":
            stored = one(real_memory.add(**item(9, text), user_id="ana"))
            answers(real_memory, "ana", 3)
            real_memory.update(stored.id, "Done", user_id="ana")
            answers(real_memory, "ana", 3)
            if text.startswith("Zelda"):
                real_memory.delete(stored.id, user_id="ana")
        else:
            real_memory.add(**item(9, text), user_id="ben")
    alike(real_memory, packaged_model)


ACTORS = st.sampled_from((None, "Zelda", "Oskar Lind", "Marta"))
TEXTS = st.sampled_from(
    ("the boat", "hey Zelda, the lantern", "Zelda: a kettle", "did the storm come?", "last week the boat house burned",
     "bees", "the lantern is in the shed", "the lantern is in the house", "thanks Oskar", "the boat of Oskar")
)  # fmt: skip
FIELDS = st.fixed_dictionaries({"actor": ACTORS}, optional={"run_id": st.sampled_from(("r", "s"))})
STEP = st.tuples(st.booleans(), TEXTS, FIELDS, st.booleans())
"""Whether it stays, what it says, and whether all that goes is asked for and erased right after it."""


@settings(max_examples=60)
@given(st.lists(STEP, min_size=1, max_size=9))
def test_no_erasure_changes_an_answer(steps: list[tuple[bool, str, Item, bool]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Places(folder / "h", folder / "k", folder).open(TokenEmbedder()) as memory:
            for owner in ("ana", "ben"):
                memory.add(**item(0, "begin"), user_id=owner)
            going: list[str] = []
            for n, (stays, text, fields, now) in enumerate(steps, start=1):
                stored = one(memory.add(**item(n, text, **fields), user_id="ana"))
                if stays:
                    memory.add(**item(n, text, **fields), user_id="ben")
                else:
                    going.append(stored.id)
                if now:
                    erase(memory, going)
                    going = []
            erase(memory, going)
            alike(memory, TokenEmbedder())


TYPED = st.sampled_from(
    ("the boat of Zelda", "Zelda has the lantern", "thanks Zelda and Oskar Lind", "a kettle of Oskar Lind", "bees",
     "the lantern is in the shed", "the lantern is in the house", "the storm of Marta", "Marta's boat burned")
)  # fmt: skip


class Hesitant(NameList):
    """Finds names only in texts that say "of": elsewhere they stand masked because such a text made them known."""

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        return [spans if " of " in text else [] for text, spans in zip(texts, super().find(texts), strict=True)]


LINKS = st.lists(st.integers(0, 8), max_size=2, unique=True)
WRITE = st.tuples(st.just("write"), st.booleans(), TYPED, FIELDS, LINKS, LINKS)
"""Whether it stays, what it says, and which of those there are it is derived from and replaces."""
ASK = st.tuples(st.just("ask"), st.sampled_from(("r", "s", "t")))
REWORD = st.tuples(st.just("reword"), st.integers(0, 8), TYPED)
FORGET = st.tuples(st.just("forget"))
HISTORY = st.lists(st.one_of(WRITE, WRITE, WRITE, ASK, REWORD, FORGET), min_size=2, max_size=10)


@promise("P8")
@settings(max_examples=15)
@example([("write", False, "the boat of Zelda", {}, [], []), ("write", True, "Zelda has the lantern", {}, [], [])])
@example(
    [
        ("write", False, "the lantern is in the shed", {"run_id": "r"}, [0], [0]),
        ("write", True, "bees", {"run_id": "s"}, [1], [0]),
        ("ask", "s"),
        ("write", True, "the storm of Marta", {"run_id": "s", "actor": "Zelda"}, [0, 2], [1, 2]),
        ("reword", 1, "thanks Zelda and Oskar Lind"),
        ("forget",),
        ("write", True, "the lantern is in the house", {"run_id": "r"}, [0], []),
    ]
)
@given(HISTORY)
def test_no_forgetting_changes_an_answer(history: list[tuple[Any, ...]]) -> None:
    alike_once_forgotten(history)


@pytest.mark.slow
@settings(max_examples=500)
@given(HISTORY)
def test_no_forgetting_changes_an_answer_in_five_hundred_histories(history: list[tuple[Any, ...]]) -> None:
    alike_once_forgotten(history)


def alike_once_forgotten(history: list[tuple[Any, ...]]) -> None:
    """What a history leaves once some of it, and what was derived from that alone, was forgotten, and the history of
    what is left, are answered alike and stand in the vault alike."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        places = Places(folder / "h", folder / "k", folder)
        with places.open(TokenEmbedder(), detector=Hesitant(NAMES)) as memory:
            done = lived(memory, [("write", True, "begin", {}, [], []), *history, ("forget",)])
            left = {record.metadata["n"] for record in memory.get_all(user_id="ana")}
            written = {step["n"]: step for step in done if step["verb"] == "write"}
            for n, step in written.items():
                assert not (step["goes"] and n in left)
                if not step["goes"] and not step["derived_from"]:
                    assert n in left
            relived(memory, done, left)
            for limit in (3, 50):
                assert answers(memory, "ana", limit) == answers(memory, "ben", limit)
            assert stored(memory, "ana") == stored(memory, "ben")
            with places.open(TokenEmbedder(), detector=Hesitant(NAMES)) as anew:
                assert answers(anew, "ana", 50) == answers(anew, "ben", 50)


def lived(memory: Memory, history: list[tuple[Any, ...]]) -> list[Item]:
    """Do all of it for ana; says what was done, by numbers that ben's vault can have too."""
    done: list[Item] = []
    ids: dict[int, str] = {}
    going: set[int] = set()
    for n, (verb, *what) in enumerate(history):
        there = {record.id for record in memory.get_all(user_id="ana")} if n else set()
        alive = [number for number in ids if ids[number] in there]
        if verb == "write":
            stays, text, fields, parents, replaced = what
            links = {
                name: [alive[place] for place in places if place < len(alive)]
                for name, places in (("derived_from", parents), ("supersedes", replaced))
            }
            done.append({"verb": verb, "n": n, "goes": not stays, **links, "fields": item(n, text, **fields)})
            ids[n] = _write(memory, "ana", done[-1], ids)
            going |= set() if stays else {n}
        elif verb == "ask":
            memory.search("the boat and the lantern", user_id="ana", for_run=what[0], limit=50)
            done.append({"verb": verb, "n": n, "run": what[0]})
        elif verb == "reword" and what[0] < len(alive):
            memory.update(ids[alive[what[0]]], what[1], user_id="ana")
            done.append({"verb": verb, "n": alive[what[0]], "text": what[1]})
        elif verb == "forget" and (chosen := [ids[number] for number in going if ids[number] in there]):
            plan = memory.plan_forget(user_id="ana", ids=chosen)
            assert memory.forget(plan).state == "complete"
    return done


def relived(memory: Memory, done: list[Item], left: set[int]) -> None:
    """Do for ben what concerns only what is left."""
    ids: dict[int, str] = {}
    for step in done:
        if step["verb"] == "ask":
            if ids:
                memory.search("the boat and the lantern", user_id="ben", for_run=step["run"], limit=50)
        elif step["n"] in left and step["verb"] == "write":
            ids[step["n"]] = _write(memory, "ben", step, ids)
        elif step["n"] in left:
            memory.update(ids[step["n"]], step["text"], user_id="ben")


def _write(memory: Memory, owner: str, step: Item, ids: dict[int, str]) -> str:
    links = {name: [ids[n] for n in step[name] if n in ids] for name in ("derived_from", "supersedes")}
    return memory.add_many([{**step["fields"], **links}], user_id=owner)[0].id


def stored(memory: Memory, owner: str) -> list[Any]:
    """What stands in a vault, up to ids and the characters of placeholders."""
    texts = column(memory, owner, "SELECT text || coalesce(actor, '') FROM memories ORDER BY number")
    earlier = column(memory, owner, "SELECT v.text FROM versions v ORDER BY v.memory, v.version")
    counts = [
        column(memory, owner, f"SELECT count(*) FROM {table}")[0]
        for table in (
            "placeholders",
            "placeholder_uses",
            "recalls",
            "recall_uses",
            "lineage",
            "supersessions",
            "name_parts",
        )
    ]
    return [[CODE.sub(">", text) for text in (*texts, *earlier)], counts]
