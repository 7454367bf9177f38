"""After whatever verbs, nothing is left that belongs to nothing: what SQLite leaves in its pages goes too."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from memguard import Memory
from memguard.forgetting.closed_world import look
from memguard.forgetting.files import files
from tests.checks import one
from tests.conftest import Places
from tests.forgetting.conftest import NAMES, NOUNS, cleaned, found, open_at
from tests.standins import HashEmbedder, NameList
from tests.vault.test_migrate import FIXTURES, place

Verb = Callable[[Memory, list[str]], object]


def text(n: int, words: int = 8) -> str:
    """A text that no other number has, in which some names stand."""
    drawn = random.Random(n).choices([*NOUNS, *NAMES], k=words)
    return f"{' '.join(drawn)} zq{n:05d}zq"


VERBS: dict[str, Verb] = {
    "add": lambda memory, ids: memory.add("The harbour is far", user_id="ana", key="k", metadata={"who": "Zelda"}),
    "add messages": lambda memory, ids: memory.add([{"role": "user", "content": "Zelda is here"}], user_id="ana"),
    "add what was derived": lambda memory, ids: memory.add("So be it", user_id="ana", derived_from=ids[:3]),
    "update a text": lambda memory, ids: memory.update(ids[0], "Nothing of Zelda's any more", user_id="ana"),
    "update twice": lambda memory, ids: [memory.update(ids[0], text(n), user_id="ana") for n in range(2)],
    "update metadata": lambda memory, ids: memory.update(ids[0], metadata={"by": "Oskar Brandt"}, user_id="ana"),
    "delete": lambda memory, ids: memory.delete(ids[0], user_id="ana"),
    "delete the last": lambda memory, ids: memory.delete(ids[-1], user_id="ana"),
    "delete one with versions": lambda memory, ids: memory.delete(ids[3], user_id="ana"),
    "delete one with overflow pages": lambda memory, ids: memory.delete(ids[-2], user_id="ana"),
    "delete a run": lambda memory, ids: memory.delete_all(user_id="ana", run_id="r-2"),
    "delete an actor": lambda memory, ids: memory.delete_all(user_id="ana", actor="Oskar Brandt"),
    "delete all, one by one": lambda memory, ids: [
        memory.delete(record.id, user_id="ana") for record in memory.get_all(user_id="ana")
    ],
    "search": lambda memory, ids: memory.search("Where is Zelda?", user_id="ana", for_run="r-9"),
    "mask": lambda memory, ids: memory.mask("Zelda went to Wexford", user_id="ana"),
}


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_is_left_after(filled: Memory, verb: str) -> None:
    ids = [record.id for record in filled.get_all(user_id="ana")]
    VERBS[verb](filled, ids)
    assert cleaned(filled) == []
    assert files(filled.home).residues == ()


def test_every_check_has_looked_at_something(filled: Memory) -> None:
    looked_at = {checked.what: checked.looked_at for checked in look(filled.home.vault("ana"))}
    assert looked_at.keys() == {"pages", "schema", "words", "relations", "sealed values", "log"}
    assert all(count for what, count in looked_at.items() if what != "log")


def test_nothing_is_left_after_another_model_embedded_all(filled: Memory, home: Places) -> None:
    with home.open(HashEmbedder("another"), detector=NameList(NAMES)) as memory:
        assert memory.reembed(user_id="ana") == len(memory.get_all(user_id="ana"))
        assert cleaned(memory) == []


@pytest.mark.parametrize("schema", ["schema1", "schema2"])
def test_nothing_is_left_after_an_old_vault_was_masked(home: Places, schema: str) -> None:
    place(home, lambda path: shutil.copyfile(FIXTURES / f"{schema}.db", path))
    with home.open(HashEmbedder(), detector=NameList({"wombat": "LOCATION"})) as memory:
        assert found(memory) == []
        memory.mask_stored(user_id="ana")
        assert cleaned(memory) == []


def test_nothing_is_left_after_a_backup_came_back(filled: Memory, tmp_path: Path) -> None:
    filled.backup(tmp_path / "backup.tar")
    filled.delete_all(user_id="ana", run_id="r-1")
    filled.restore_backup(tmp_path / "backup.tar")
    assert cleaned(filled) == []
    assert files(filled.home).residues == ()


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_left_after_any_history(home: Places, seed: int) -> None:
    """Adding, rewording at any length and erasing, in any order: nothing but copies in pages, and these go."""
    draw = random.Random(seed)
    with open_at(home) as memory:
        alive = [one(memory.add(text(n), user_id="ana")).id for n in range(12)]
        for step in range(100, 180):
            words = draw.choice((1, 8, 8, 40, 500))
            match draw.choice("aaruuddm"):
                case "a":
                    run = draw.choice((None, "r-1", "r-2"))
                    alive.append(one(memory.add(text(step, words), user_id="ana", run_id=run)).id)
                case "u":
                    memory.update(draw.choice(alive), text(step, words), user_id="ana")
                case "d" if len(alive) > 1:
                    memory.delete(alive.pop(draw.randrange(len(alive))), user_id="ana")
                case "m":
                    memory.mask(text(step), user_id="ana")
                case "r":
                    memory.search(text(step), user_id="ana", for_run="r-2")
        assert cleaned(memory) == []
