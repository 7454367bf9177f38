"""Every promise has a test, and no test holds what nobody promised; and the promises that no other file is about."""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from memguard import Conflict, MemguardError, Memory, UnknownMemory, VaultError
from tests.checks import MARKER, one
from tests.conftest import Places
from tests.house import ROOT
from tests.promises import PROMISES, promise

NO_UUID = "00000000-0000-4000-8000-000000000000"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def marks(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(promise, test) for every mark in a file."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).split(".")[-1] == "promise":
                    for argument in decorator.args:
                        yield ast.literal_eval(argument), node.name


def marked() -> dict[str, set[str]]:
    """The tests that hold each promise, in the whole tree: also those that this run leaves out."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name, test in marks(ast.parse(path.read_text())):
            found.setdefault(name, set()).add(f"{path.stem}::{test}")
    return found


@pytest.mark.parametrize("name", PROMISES)
def test_every_promise_is_held_by_a_test(name: str) -> None:
    held_by = {test for test in marked().get(name, set()) if test.split("::")[1].lower().startswith("test")}
    assert held_by, f"{name} is promised and no test holds it: mark one with @promise({name!r})"


def test_no_test_holds_what_nobody_promised() -> None:
    unknown = {name: tests for name, tests in marked().items() if name not in PROMISES}
    assert not unknown, "add the promise to tests/promises.py, or take the mark away"


@pytest.mark.parametrize("name", ["P0", "p1", ""])
def test_a_mark_with_an_unknown_promise_fails_at_once(name: str) -> None:
    with pytest.raises(ValueError, match="no such promise"):
        promise(name)


def test_a_mark_without_a_promise_fails_at_once() -> None:
    with pytest.raises(ValueError, match="none named"):
        promise()


def test_marks_are_seen_wherever_they_stand() -> None:
    code = "@promises.promise('P1', 'P2')\nclass TestA:\n    @promise('P9')\n    @other\n    def test_b(self): ..."
    assert sorted(marks(ast.parse(code))) == [("P1", "TestA"), ("P2", "TestA"), ("P9", "test_b")]


# -- P3: one owner, one vault, one file, one key ----------------------------------------------------------------------


@promise("P3")
def test_no_file_of_a_vault_opens_in_the_place_of_another(home: Places) -> None:
    """Not even for somebody who may write to the home: the key decides, not the place."""
    with home.open() as memory:
        memory.add("The lantern hangs in the boat house", user_id="ana")
        memory.add("Ben keeps his ladder in the shed", user_id="ben")
        ana, ben = memory.home.vault("ana").path, memory.home.vault("ben").path
    assert ana.parent != ben.parent
    for other in ana.parent.iterdir():
        other.unlink()
    shutil.copytree(ben.parent, ana.parent, dirs_exist_ok=True)
    with home.open() as memory:
        with pytest.raises(VaultError):
            memory.get_all(user_id="ana")
        with pytest.raises(VaultError):
            memory.search("ladder", user_id=["ben", "ana"])
        assert [record.text for record in memory.get_all(user_id="ben")] == ["Ben keeps his ladder in the shed"]


@promise("P3")
def test_every_owner_has_a_key_of_its_own(memory: Memory) -> None:
    for number in range(5):
        memory.add("the same words for all", user_id=f"owner {number}")
    entries = memory.home.contents().vaults.values()
    assert len({entry.key for entry in entries}) == len({entry.vault_id for entry in entries}) == 5
    files = [memory.home.file_of(entry.vault_id).read_bytes() for entry in entries]
    assert len({file[:16] for file in files}) == 5, "SQLCipher's salt stands first: it is random in every file"


# -- P6: nothing is lost silently --------------------------------------------------------------------------------------


@promise("P6")
def test_an_import_accounts_for_every_line(memory: Memory, tmp_path: Path) -> None:
    memory.add("stored before", user_id="ana", key="k-1")
    lines = [
        {"text": "plain"},
        {"text": ""},
        {"text": "stored before", "key": "k-1"},
        {"text": "another text", "key": "k-1"},
        {"text": "with a time", "happened_at": "2026-05-03T10:00:00"},
        {"words": "no text"},
        "a bare string",
        17,
        {"text": "kept", "metadata": {"n": 1}},
    ]
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    done = memory.import_(path, user_id="ana")
    assert done.stored + done.duplicates + len(done.rejected) == len(lines)
    assert [refused.position for refused in done.rejected] == [2, 4, 5, 6, 8]
    assert all(refused.reason.strip() for refused in done.rejected)
    kept = ["stored before", "plain", "a bare string", "kept"]
    assert [record.text for record in memory.get_all(user_id="ana")] == kept
    again = memory.import_(path, user_id="ana")
    assert (again.stored, again.duplicates, again.rejected) == (0, 4, done.rejected)


@promise("P6")
@pytest.mark.parametrize("batch", [256, 1])
@pytest.mark.parametrize("owner", ["new", "ana"])
def test_a_batch_that_is_refused_leaves_nothing_behind(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, owner: str, batch: int
) -> None:
    """Not even a vault for an owner who had none, nor the batches before the one that is at fault."""
    monkeypatch.setattr("memguard.memory.BATCH", batch)
    there = one(memory.add("the first", user_id="ana", key="k-1"))
    refusals: list[tuple[type[MemguardError], dict[str, object]]] = [
        (UnknownMemory, {"text": "last", "supersedes": [NO_UUID]}),
        (UnknownMemory, {"text": "last", "derived_from": [NO_UUID]}),
        (Conflict, {"text": "last", "key": "k-2"}),
    ]
    for error, last in refusals:
        with pytest.raises(error):
            memory.add_many([{"text": "fine"}, {"text": "fine too", "key": "k-2"}, last], user_id=owner)
        assert memory.users() == ["ana"]
        assert [record.id for record in memory.get_all(user_id="ana")] == [there.id]


@promise("P6")
def test_what_has_expired_hides_nothing_that_has_not(memory: Memory) -> None:
    """The candidates of a search are counted: those that nobody may see must not take the places of the others."""
    old = [{"text": f"meeting {MARKER} {n}", "expires_at": LONG_AGO} for n in range(250)]
    memory.add_many(old, user_id="ana")
    live = one(memory.add(f"a meeting about {MARKER} in the boat house at seven", user_id="ana"))
    assert [hit.id for hit in memory.search(f"meeting {MARKER}", user_id="ana")] == [live.id]
