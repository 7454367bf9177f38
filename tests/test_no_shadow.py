"""What was erased leaves no trace in any answer: hits, order, scores and reasons are as if it never was there.

Two owners of one home: ana held more and lost it again, ben never had it.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memguard import Memory
from memguard.retrieval.embedder import Embedder, PackagedEmbedder
from tests.checks import one
from tests.conftest import Places
from tests.promises import promise
from tests.standins import TokenEmbedder

DAY = datetime(2024, 3, 4, 12, tzinfo=UTC)
QUESTIONS = (
    "what does Oskar keep?", "What did Zelda tell Oskar about the boat?", "where is the lantern now?", "Zelda",
    "when did the boat house burn?", "what changed after the storm?", "in March 2024", "oskar's boat", "Marta's?",
)  # fmt: skip
Item = dict[str, Any]


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
