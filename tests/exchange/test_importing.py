"""Importing: nothing is stored twice, and an import that was killed is simply run again."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from memguard import Memory
from memguard.errors import BundleError, InvalidInput
from memguard.exchange import importing
from tests.checks import dump
from tests.conftest import Places
from tests.exchange.conftest import Write, lines

ITEMS = [{"text": f"Kettle number {number} whistles", "run_id": f"r-{number % 7}"} for number in range(300)]

KILLED = """
import os, signal, sys
from pathlib import Path
from memguard.vault import rows
from tests.conftest import Places

home, at = Places(*map(Path, sys.argv[1:4])), sys.argv[5]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

if at == "in a transaction":
    seen, insert = [], rows.insert_event
    rows.insert_event = lambda *values: die() if len(seen) == 200 else (seen.append(1), insert(*values))
with home.open() as memory:
    memory.import_(sys.argv[4], user_id="ana", progress=die if at == "after a batch" else None)
"""


@pytest.mark.parametrize("name", ["lines", "bare strings", "a conversation", "mem0", "a graph", "an export"])
def test_the_same_file_read_again_stores_nothing(memory: Memory, write: Write, name: str) -> None:
    texts = ["A kettle whistles", "The lantern hangs", "A kettle whistles"]
    ids = [f"7b1d2b0e-0000-4000-8000-00000000000{number}" for number in range(3)]
    files: dict[str, Any] = {
        "lines": lines([{"text": text, "metadata": {"n": 1}} for text in texts]),
        "bare strings": lines(texts),
        "a conversation": {
            "conversation": {
                "session_1": [{"speaker": "Ana", "dia_id": f"D1:{n}", "text": text} for n, text in enumerate(texts)]
            }
        },
        "mem0": {"results": [{"id": str(n), "memory": text} for n, text in enumerate(texts)]},
        "a graph": lines([{"type": "entity", "name": "Acme", "entityType": "firm", "observations": texts}]),
        "an export": {
            "memguard_export": 1,
            "memories": [{"id": i, "text": text} for i, text in zip(ids, texts, strict=True)],
        },
    }
    path = write(files[name])
    first = memory.import_(path, user_id="ana")
    assert (first.stored, first.duplicates, first.rejected) == (3, 0, ())
    before = dump(memory)
    again = memory.import_(path, user_id="ana")
    assert (again.stored, again.duplicates, again.rejected) == (0, 3, ())
    assert dump(memory) == before


def test_lines_added_to_a_file_are_all_that_a_second_import_stores(memory: Memory, write: Write) -> None:
    memory.import_(write(lines(["A kettle", "A lantern"])), user_id="ana")
    done = memory.import_(write(lines(["A ladder", "A kettle", "A lantern", "A kettle"])), user_id="ana")
    assert (done.stored, done.duplicates) == (2, 2)  # the ladder and the second kettle
    assert Counter(record.text for record in memory.get_all(user_id="ana"))["A kettle"] == 2


@pytest.mark.parametrize("at", ["after a batch", "in a transaction"])
def test_an_import_that_was_killed_ends_with_each_item_once_when_it_is_run_again(
    home: Places, write: Write, at: str
) -> None:
    path = write(lines(ITEMS))
    command = [sys.executable, "-c", KILLED, *map(str, home), str(path), at]
    killed = subprocess.run(command, check=False, cwd=Path(__file__).parents[2], capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with home.open() as memory:
        kept = memory.get_all(user_id="ana", limit=1000)
        assert [record.text for record in kept] == [item["text"] for item in ITEMS[: importing.BATCH]]
        done = memory.import_(path, user_id="ana")
        assert (done.stored, done.duplicates) == (len(ITEMS) - importing.BATCH, importing.BATCH)
        found = memory.get_all(user_id="ana", limit=1000)
        assert [(r.text, r.run_id) for r in found] == [(item["text"], item["run_id"]) for item in ITEMS]
        assert memory.search("kettle 299", user_id="ana", limit=1)[0].text == "Kettle number 299 whistles"


def test_progress_is_told_after_each_batch_and_ends_with_all(
    memory: Memory, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 4)
    seen: list[tuple[int, int]] = []
    memory.import_(write(lines(ITEMS[:10])), user_id="ana", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(4, 10), (8, 10), (10, 10)]


def test_what_progress_raises_stops_the_import_between_two_batches(
    memory: Memory, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 4)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        memory.import_(write(lines(ITEMS[:10])), user_id="ana", progress=stop)
    assert len(memory.get_all(user_id="ana")) == 4


def test_one_refused_item_does_not_hold_up_its_batch(memory: Memory, write: Write) -> None:
    memory.add("The lantern hangs", user_id="ana", key="k")
    values = [*ITEMS[:5], {"text": "Another text", "key": "k"}, *ITEMS[5:9]]
    done = memory.import_(write(lines(values)), user_id="ana")
    assert (done.stored, [refused.position for refused in done.rejected]) == (9, [6])
    assert [record.text for record in memory.get_all(user_id="ana")][1:] == [item["text"] for item in ITEMS[:9]]


def test_later_lines_replace_earlier_ones_as_they_would_one_by_one(memory: Memory, write: Write) -> None:
    values = ["My favourite colour is blue", "My favourite colour is green"]
    done = memory.import_(write(lines([{"text": text, "actor": "Ana"} for text in values])), user_id="ana")
    earlier, later = memory.get_all(user_id="ana")
    assert done.superseded == 1
    assert (earlier.current, later.current) == (False, True)


def test_import_makes_a_vault_for_a_new_owner_only_if_there_is_something_to_store(memory: Memory, write: Write) -> None:
    memory.import_(write(lines([{"actor": "nobody"}, 5])), user_id="ana")
    assert memory.users() == []
    memory.import_(write(lines(["A kettle"])), user_id="ana")
    assert memory.users() == ["ana"]


def test_a_file_that_cannot_be_read_is_refused(memory: Memory, tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(BundleError):
            memory.import_(path, user_id="ana")


def test_a_file_beyond_the_limit_is_refused_unread(memory: Memory, tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate((1 << 30) + 1)
    with pytest.raises(InvalidInput, match="split it"):
        memory.import_(tmp_path / "sparse", user_id="ana")


def test_a_wrong_argument_is_refused_and_nothing_is_stored(memory: Memory, write: Write) -> None:
    path = write(lines(["A kettle"]))
    with pytest.raises(InvalidInput):
        memory.import_(path, user_id=" ")
    done = memory.import_(path, user_id="ana", nonsense="x")
    assert (done.stored, len(done.rejected)) == (0, 1)
