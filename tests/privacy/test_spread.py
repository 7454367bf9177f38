"""What stands masked depends on what a vault holds: not on the order of writing, nor on what it held before."""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memguard import Memory
from memguard.privacy.placeholders import PLACEHOLDER
from memguard.privacy.spans import Span
from tests.checks import one
from tests.conftest import CACHE, Places
from tests.privacy.contents import in_the_vault, values
from tests.standins import NameList, TokenEmbedder

INTRODUCED = re.compile(r"my (?:friend|town) ([A-Z]\w+(?: [A-Z]\w+)*)")


class Introductions:
    """A detector that knows a name only where it is introduced, as a tagger needs a context."""

    name = "standin-introductions"

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        return [[Span(*match.span(1), "PERSON") for match in INTRODUCED.finditer(text)] for text in texts]


@pytest.fixture
def meeting(home: Places) -> Iterator[Memory]:
    with home.open(TokenEmbedder(), detector=Introductions()) as opened:
        yield opened


def masked(memory: Memory, owner: str = "ana") -> list[str]:
    with memory.home.vault(owner).reading() as session:
        return [PLACEHOLDER.sub("<>", text) for (text,) in session.all("SELECT text FROM memories ORDER BY number")]


def test_a_value_is_masked_in_what_was_written_before_it_was_known(meeting: Memory) -> None:
    before = one(meeting.add("Zelda Marsh rang, twice", user_id="ana"))
    meeting.add("zelda marsh/Ben were here", user_id="ana")
    meeting.add("Zelda, marsh: two words", user_id="ana")
    meeting.add("I met my friend Zelda Marsh", user_id="ana")
    assert masked(meeting) == ["<> rang, twice", "<>/Ben were here", "Zelda, marsh: two words", "I met my friend <>"]
    assert meeting.get(before.id, user_id="ana").text == "Zelda Marsh rang, twice"
    assert [hit.id for hit in meeting.search("who rang twice? Zelda", user_id="ana", limit=1)] == [before.id]


def test_a_single_word_in_lower_case_stays(meeting: Memory) -> None:
    meeting.add("a rose is a Rose", user_id="ana")
    meeting.add("my friend Rose", user_id="ana")
    assert masked(meeting) == ["a rose is a <>", "my friend <>"]


def test_it_is_no_more_once_the_memory_that_made_it_known_has_gone(meeting: Memory) -> None:
    meeting.add("Zelda rang", user_id="ana")
    told = one(meeting.add("my friend Zelda", user_id="ana"))
    meeting.add("Zelda came", user_id="ana")
    assert masked(meeting) == ["<> rang", "my friend <>", "<> came"]
    meeting.delete(told.id, user_id="ana")
    assert masked(meeting) == ["Zelda rang", "Zelda came"]
    assert values(meeting) == set()


def test_it_stays_while_another_memory_makes_it_known(meeting: Memory) -> None:
    told = [one(meeting.add(f"my friend Zelda, {n}", user_id="ana")) for n in range(2)]
    meeting.add("Zelda rang", user_id="ana")
    meeting.delete(told[0].id, user_id="ana")
    assert masked(meeting) == ["my friend <>, 1", "<> rang"]


def test_a_new_wording_makes_known_and_forgets(meeting: Memory) -> None:
    meeting.add("Zelda rang", user_id="ana")
    other = one(meeting.add("my friend is away", user_id="ana"))
    meeting.update(other.id, "my friend Zelda is away", user_id="ana")
    assert masked(meeting) == ["<> rang", "my friend <> is away"]
    meeting.update(other.id, "nobody is away", user_id="ana")
    assert masked(meeting) == ["Zelda rang", "nobody is away"]


def test_what_was_masked_for_a_model_stays_known(meeting: Memory) -> None:
    said = meeting.mask("my friend Zelda", user_id="ana").text
    told = one(meeting.add("my friend Zelda", user_id="ana"))
    meeting.add("Zelda rang", user_id="ana")
    meeting.delete(told.id, user_id="ana")
    assert masked(meeting) == ["<> rang"]
    assert meeting.restore(said, user_id="ana") == "my friend Zelda"


def test_nothing_of_the_first_writing_is_left(meeting: Memory) -> None:
    meeting.add("Zelda Marsh rang", user_id="ana")
    meeting.add("my friend Zelda Marsh", user_id="ana")
    left = {table for table, content in in_the_vault(meeting).items() if "zelda" in content or "marsh" in content}
    assert left == set()


def test_what_one_write_leaves_the_next_ones_go_on_with(meeting: Memory) -> None:
    meeting.add_many([{"text": f"Zelda rang, {n}"} for n in range(80)], user_id="ana")
    meeting.add("my friend Zelda", user_id="ana")
    assert sum(text.startswith("Zelda") for text in masked(meeting)) == 80 - 32
    meeting.add("one", user_id="ana")
    meeting.add("two", user_id="ana")
    assert sum(text.startswith("Zelda") for text in masked(meeting)) == 0


def test_a_migration_does_all_that_is_left(meeting: Memory) -> None:
    meeting.add_many([{"text": f"Zelda rang, {n}"} for n in range(80)], user_id="ana")
    meeting.add("my friend Zelda", user_id="ana")
    assert meeting.mask_stored(user_id="ana") == 80 - 32
    assert sum(text.startswith("Zelda") for text in masked(meeting)) == 0


TEXTS = st.sampled_from(
    ["Zelda rang", "my friend Zelda", "my friend Zelda Marsh", "Zelda Marsh rang", "marsh and Marsh", "Marsh/Zelda",
     "my town Marsh", "Ben saw Zelda Marsh-Ben", "zelda marsh", "my friend Ben", "a <Person_bcdfgh> too"]
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=6, unique=True), st.lists(TEXTS, max_size=4, unique=True), st.randoms())
def test_what_is_masked_depends_on_what_is_held(kept: list[str], gone: list[str], chance: random.Random) -> None:
    """Ana wrote in one order and lost some of it, Ben wrote what is left in another order and in one call."""
    gone = [text for text in gone if text not in kept]
    with tempfile.TemporaryDirectory() as folder:
        home = Places(Path(folder) / "home", Path(folder) / "keys", CACHE)
        with home.open(TokenEmbedder(), detector=Introductions()) as memory:
            order = [*kept, *gone]
            chance.shuffle(order)
            added = {text: one(memory.add(text, user_id="ana")) for text in order}
            for text in gone:
                memory.delete(added[text].id, user_id="ana")
            memory.add_many([{"text": text} for text in reversed(kept)], user_id="ben")
            assert masks(memory, "ana") == masks(memory, "ben")


def masks(memory: Memory, owner: str) -> list[tuple[str, str]]:
    """The texts that were written, each with what of it is masked."""
    written = {record.id: record.text for record in memory.get_all(user_id=owner)}
    with memory.home.vault(owner).reading() as session:
        texts = dict(session.all("SELECT id, text FROM memories"))
    return sorted((text, PLACEHOLDER.sub("<>", texts[memory_id])) for memory_id, text in written.items())


def test_a_known_name_is_masked_within_what_is_kept(home: Places) -> None:
    """The name of a company is kept; whoever it is called after is not."""
    names = NameList({"Zelda": "PERSON", "Zelda Foundation": "ORGANIZATION"})
    with home.open(TokenEmbedder(), detector=names) as memory:
        memory.add("Zelda came", user_id="ana")
        memory.add("the Zelda Foundation gave", user_id="ana")
        assert masked(memory) == ["<> came", "the <> Foundation gave"]


def test_what_only_an_earlier_wording_says_makes_nothing_known(meeting: Memory) -> None:
    """Else such a memory would be looked at again for ever."""
    told = one(meeting.add("my friend Zelda", user_id="ana"))
    meeting.update(told.id, "Zelda and Oskar rang", user_id="ana")
    assert masked(meeting) == ["Zelda and Oskar rang"]
    other = one(meeting.add("my friend Oskar", user_id="ana"))
    assert masked(meeting) == ["Zelda and <> rang", "my friend <>"]
    meeting.delete(other.id, user_id="ana")
    assert masked(meeting) == ["Zelda and Oskar rang"]
    assert meeting.history(told.id, user_id="ana")[0].text == "my friend Zelda"


def test_so_it_is_for_a_model_and_in_the_names_that_programs_give(home: Places) -> None:
    """A link is kept; what it is asked for by is what is stored."""
    names = NameList({"Zelda": "PERSON", "Zelda Foundation": "ORGANIZATION"})
    origin = "https://news.example/Zelda/today"
    with home.open(TokenEmbedder(), detector=names) as memory:
        memory.add("Zelda came", user_id="ana")
        read = one(memory.add("a harbour", user_id="ana", source="web", origin=origin))
        assert "zelda" not in in_the_vault(memory)["memories"]
        assert [record.id for record in memory.get_all(user_id="ana", origin=origin)] == [read.id]
        assert "Zelda" not in memory.mask("the Zelda Foundation gave", user_id="ana").text
