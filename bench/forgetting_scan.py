"""What somebody finds who looks for marks: in decrypted pages, index terms, files and answers.

Pages are opened by `bench.pages`, files are read as they lie, terms come from FTS5's own list; only answers are asked
for, as a user asks. Each way says which marks it saw, so that the same scan before an erasure is its own control.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.forgetting_vault import ANSWERS, MARKS, OWNER, PAGES, TERMS, Trace
from bench.pages import decrypted
from memguard import MemguardError, Memory

FILES = "files"
VECTOR_BYTES = 16
VECTORS_MAX = 64


class Answer(NamedTuple):
    """One thing asked, and all that came back."""

    kind: str
    text: str


def answers(memory: Memory, ids: Sequence[str], words: Sequence[str]) -> Iterator[Answer]:
    """Every way to get at memories: by id, by word, all of them, and as a file."""
    for memory_id in ids:
        yield _asked("get", lambda i=memory_id: memory.get(i, user_id=OWNER))
        yield _asked("history", lambda i=memory_id: memory.history(i, user_id=OWNER))
    for word in words:
        yield _asked("search", lambda w=word: memory.search(w, user_id=OWNER, limit=50))
    yield _asked("get_all", lambda: memory.get_all(user_id=OWNER, limit=100_000))
    yield _asked("export", lambda: _exported(memory))


def marks_in(data: bytes) -> frozenset[str]:
    """The marks and ids in bytes."""
    return frozenset(found.decode() for found in MARKS.findall(data))


def seen(memory: Memory, folder: Path, ids: Sequence[str], words: Sequence[str]) -> dict[str, frozenset[str]]:
    """The marks that each way of looking sees."""
    return {
        PAGES: marks_in(_pages(memory)),
        TERMS: marks_in(_terms(memory)),
        FILES: marks_in(_files(folder)),
        ANSWERS: marks_in("\n".join(answer.text for answer in answers(memory, ids, words)).encode()),
    }


def vectors_of(memory: Memory, ids: frozenset[str]) -> list[bytes]:
    """The beginnings of the vectors of some of these memories."""
    with memory.home.vault(OWNER).reading() as session:
        found = session.all("SELECT m.id, e.vector FROM embeddings e JOIN memories m ON m.number = e.memory")
    return [vector[:VECTOR_BYTES] for memory_id, vector in found if memory_id in ids][:VECTORS_MAX]


def vectors_left(memory: Memory, vectors: Sequence[bytes]) -> int:
    """How many of these stand in a page."""
    data = _pages(memory)
    return sum(vector in data for vector in vectors)


def residues(gone: Sequence[Trace], found: dict[str, frozenset[str]], vectors: int) -> list[str]:
    """Where something is seen of what is gone."""
    marks = {trace.mark for trace in gone}
    amounts = {way: len(marks & there) for way, there in found.items()} | {"vectors": vectors}
    return [f"{way}: {amount}" for way, amount in amounts.items() if amount]


def controls(gone: Sequence[Trace], before: dict[str, frozenset[str]]) -> tuple[int, int]:
    """How many traces were seen before, each where it had to be, and of how many."""
    wanted = [(trace.mark, way) for trace in gone for way in trace.where]
    return sum(mark in before[way] for mark, way in wanted), len(wanted)


def _asked(kind: str, ask: object) -> Answer:
    assert callable(ask)
    try:
        return Answer(kind, repr(ask()))
    except MemguardError:
        return Answer(kind, "")


def _exported(memory: Memory) -> str:
    with tempfile.TemporaryDirectory(prefix="memguard-bench-") as folder:
        path = Path(folder) / "export.json"
        memory.export(user_id=OWNER, path=path, readable=True)
        return path.read_text()


def _pages(memory: Memory) -> bytes:
    return b"".join(decrypted(memory, owner) for owner in memory.users())


def _terms(memory: Memory) -> bytes:
    terms: list[str] = []
    for owner in memory.users():
        with memory.home.vault(owner).reading() as session:
            terms += [term for (term,) in session.all("SELECT term FROM word_counts")]
    return "\n".join(terms).encode()


def _files(folder: Path) -> bytes:
    """Every file's name and bytes, of the home and of its keys."""
    found = []
    for path in sorted(folder.rglob("*")):
        found.append(str(path.relative_to(folder)).encode())
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            found.append(path.read_bytes())
    return b"\n".join(found)
