"""A vault full of made-up words that are nowhere else: whoever looks can tell what is left of which memory.

A word is a head of its own, a mark and a tail of its own ("kotuqzxbdgkm"), often bent ("...ing"), so that the index
holds another form than the text. The tail is in every form and behind whatever FTS5 leaves out of a term that begins
like the one before, so mark and tail are looked for. Two marks: `qzx` in words, `vqj` in what becomes a placeholder.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.corpus import texts
from memguard import Memory
from memguard.forgetting.clean import clean
from memguard.forgetting.closed_world import look
from memguard.privacy.label_detector import LabelDetector
from memguard.retrieval.embedder import Asked, Encoded, PackagedEmbedder
from memguard.retrieval.tokens import TOKEN_DIMENSION

OWNER = "ottilie.vqjbgdkm@example.org"
MARKS = re.compile(rb"(?:qzx|vqj)[bdgkmnprtv]{5}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Words and values by mark and tail, and ids."""
CONSONANTS = "bdgkmnprtv"
BENT = ("", "s", "ing", "ed", "ness")
RUNS, OF_A_RUN, ENVIRONMENTS = 20, 15, 4
REWORDED_EVERY = 5
PAGES, TERMS, ANSWERS = "pages", "terms", "answers"


class Hashed(PackagedEmbedder):
    """Vectors of the packaged model's shape that follow from the text: the same words are at the same place."""

    model, dimension = "hashed", 384

    def __init__(self) -> None:
        super().__init__(Path("nothing is exported"))

    def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        drawn = [_drawn(text).standard_normal((1, self.dimension), np.float32) for text in texts]
        return [vector / np.linalg.norm(vector) for vector in drawn]

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        tokens = [_drawn(t).integers(-127, 127, (max(3, len(t) // 9), TOKEN_DIMENSION), np.int8) for t in texts]
        return [Encoded(vector, [each.tobytes()]) for vector, each in zip(self.embed(texts), tokens, strict=True)]

    def ask(self, question: str) -> Asked:
        return Asked(self.embed([question])[0][0], None)

    def warm(self) -> None:
        """Nothing to load."""


class Trace(NamedTuple):
    """A mark, the memories that hold it, and where it is to be found as long as one of them is there."""

    mark: str
    of: frozenset[str]
    where: frozenset[str]


@dataclass
class Planted:
    """What was stored: traces, the scopes with their memories, and what was derived from what."""

    traces: list[Trace] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    """One word of each memory's text."""
    runs: dict[str, list[str]] = field(default_factory=dict)
    environments: dict[str, list[str]] = field(default_factory=dict)
    parents: dict[str, frozenset[str]] = field(default_factory=dict)
    reworded: set[str] = field(default_factory=set)

    def going(self, chosen: Iterable[str]) -> frozenset[str]:
        """What goes with these memories: what was derived from nothing else goes too."""
        going = frozenset(chosen)
        return going | {child for child, parents in self.parents.items() if parents <= going}

    def gone(self, going: frozenset[str]) -> list[Trace]:
        """The traces that only these memories have."""
        return [trace for trace in self.traces if trace.of <= going]

    def note(self, mark: str, of: Iterable[str], *where: str) -> None:
        self.traces.append(Trace(mark, frozenset(of), frozenset(where)))


class Words:
    """Made-up words, all different in head and tail."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._used: set[str] = set()

    def word(self, mark: str = "qzx") -> tuple[str, str]:
        """A word, and its mark with the tail."""
        pick = self._draw.choice
        head = self._fresh(lambda: f"{pick(CONSONANTS)}{pick('aeiou')}{pick(CONSONANTS)}{pick('aeiou')}")
        tail = self._fresh(lambda: "".join(self._draw.sample(CONSONANTS, 5)))
        return f"{head}{mark}{tail}", f"{mark}{tail}"

    def bent(self) -> tuple[str, str]:
        word, mark = self.word()
        return word + self._draw.choice(BENT), mark

    def _fresh(self, make: Callable[[], str]) -> str:
        while (found := make()) in self._used:
            pass
        self._used.add(found)
        return found


def opened(folder: Path) -> Memory:
    """A `Memory` on a folder's home and keys: rules find personal data, vectors follow from the text."""
    return Memory(folder / "home", keys=folder / "keys", embedder=Hashed(), detector=LabelDetector())


def plant(memory: Memory) -> Planted:
    """Fill a vault: runs in environments, earlier wordings, metadata, values, what was derived and what was shown."""
    planted, words = Planted(), Words(random.Random(5))
    sentences = iter(texts(RUNS * OF_A_RUN))
    for number in range(RUNS):
        _plant_run(memory, planted, words, sentences, number)
    for number in range(ENVIRONMENTS):
        ids = [i for run in list(planted.runs)[number::ENVIRONMENTS] for i in planted.runs[run]]
        planted.environments[f"project-{number}"] = ids
    _reword(memory, planted, words)
    for run in planted.runs:
        word, mark = words.word()
        shown = memory.search("What was said?", user_id=OWNER, run_id=run, for_run=f"desk {word}", limit=5)
        planted.note(mark, [hit.id for hit in shown], PAGES)
    return planted


def _plant_run(memory: Memory, planted: Planted, words: Words, sentences: Iterator[str], number: int) -> None:
    (run, of_run), (name, of_name) = words.word(), words.word("vqj")
    actor = f"Ottilie {name.capitalize()}"
    items, marks = [], []
    for _ in range(OF_A_RUN):
        (text, of_text), (note, of_note), (address, of_address) = words.bent(), words.word(), words.word("vqj")
        items.append({
            "text": f"{next(sentences)} It was about {text}, said {actor}: write to {address}@example.org.",
            "metadata": {"note": note}, "run_id": f"trip {run}", "environment": f"project-{number % ENVIRONMENTS}",
            "actor": actor,
        })  # fmt: skip
        marks.append((text, of_text, of_note, of_address))
    stored = memory.add_many(items[:-1], user_id=OWNER)
    parents = [stored[0].id, stored[1].id]
    stored += memory.add_many([{**items[-1], "derived_from": parents}], user_id=OWNER)
    ids = [each.id for each in stored]
    for memory_id, (text, of_text, of_note, of_address) in zip(ids, marks, strict=True):
        planted.words[memory_id] = text
        planted.note(memory_id, [memory_id], PAGES, ANSWERS)
        planted.note(of_text, [memory_id], PAGES, TERMS, ANSWERS)
        planted.note(of_note, [memory_id], PAGES, ANSWERS)
        planted.note(of_address, [memory_id], ANSWERS)
    planted.runs[f"trip {run}"] = ids
    planted.parents[ids[-1]] = frozenset(parents)
    planted.note(of_run, ids, PAGES, ANSWERS)
    planted.note(of_name, ids, ANSWERS)


def _reword(memory: Memory, planted: Planted, words: Words) -> None:
    """New text for some: the earlier wording's words leave the index and stay in the history."""
    old = {trace.mark: trace for trace in planted.traces if TERMS in trace.where}
    for memory_id in list(planted.words)[::REWORDED_EVERY]:
        text, mark = words.bent()
        before = next(trace for trace in old.values() if trace.of == {memory_id})
        memory.update(memory_id, f"As it turned out, this was about {text} all along.", user_id=OWNER)
        planted.traces[planted.traces.index(before)] = before._replace(where=frozenset({PAGES, ANSWERS}))
        planted.note(mark, [memory_id], PAGES, TERMS, ANSWERS)
        planted.words[memory_id] = text
        planted.reworded.add(memory_id)


def template(folder: Path) -> Planted:
    """Fill a home to copy, and take out what SQLite left behind while it was filled."""
    with opened(folder) as memory:
        planted = plant(memory)
        vault = memory.home.vault(OWNER)
        for whole_file in (False, True):
            clean(vault, [residue for each in look(vault) for residue in each.residues], whole_file=whole_file)
    return planted


def row(line: int, what: str, figure: Any, wanted: Any, ok: bool) -> dict[str, Any]:
    """A line of the table."""
    return {"line": line, "what": what, "figure": figure, "wanted": wanted, "ok": ok}


def _drawn(text: str) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]))
