"""What only a real file system shows: one that is read-only, and one that is full.

Each test runs in a process with mounts of its own, so nothing of this machine changes.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Places

START = """
import json, subprocess, sys
from pathlib import Path
from memguard.errors import MemguardError
from tests.conftest import Places

home = Places(*map(Path, sys.argv[1:]))

def mount(*words):
    subprocess.run(["mount", *words], check=True)

def outcome(call):
    try:
        return repr(call())
    except MemguardError as error:
        return type(error).__name__
"""

READ_ONLY = """
mount("--bind", home.home, home.home)
mount("-o", "remount,ro,bind", home.home)
with home.open() as memory:
    answers = {
        "add": outcome(lambda: memory.add("A kettle whistles at seven", user_id="ana")),
        "delete_all": outcome(lambda: memory.delete_all(user_id="ana")),
        "new owner": outcome(lambda: memory.add("A kettle whistles at seven", user_id="zoe")),
        "get_all": outcome(lambda: len(memory.get_all(user_id="ana"))),
        "search": outcome(lambda: len(memory.search("lantern", user_id="ana"))),
    }
print(json.dumps(answers))
"""

FULL = """
mount("-t", "tmpfs", "-o", "size=900k", "tmpfs", home.home.parent)
with home.open() as memory:
    memory.add("The lantern hangs in the boat house", user_id="ana")
    stored = 1
    story = "a long story " * 2000
    while (answer := outcome(lambda: memory.add(f"{stored} {story}", user_id="ana"))).startswith("Stored("):
        stored += 1
    again = outcome(lambda: memory.add("A kettle whistles at seven " * 9000, user_id="ana"))
    new_owner = outcome(lambda: memory.add("A kettle whistles at seven", user_id="zoe"))
    counts = [len(memory.get_all(user_id="ana"))]
    found = memory.search("lantern", user_id="ana")[0].text
with home.open() as memory:
    counts.append(len(memory.get_all(user_id="ana")))
    owners = memory.users()
mount("-o", "remount,size=8m", home.home.parent)
with home.open() as memory:
    memory.add("A kettle whistles at seven", user_id="zoe")
    memory.add("A kettle whistles at seven", user_id="ana")
    counts.append(len(memory.get_all(user_id="ana")))
    strays = memory.home.strays()
names = ["stored", "answer", "again", "new_owner", "counts", "found", "owners", "strays"]
print(json.dumps({name: globals()[name] for name in names}))
"""


@functools.cache
def own_mounts() -> tuple[str, ...]:
    """The words before a command that give it mounts of its own; none where this machine does not allow it."""
    if shutil.which("unshare") is None:
        return ()
    words = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--mount", "--map-root-user")
    allowed = subprocess.run([*words, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False)
    return words if allowed.returncode == 0 else ()


needs_mounts = pytest.mark.skipif(not own_mounts(), reason="this machine lets no process have mounts of its own")


def told(script: str, home: Places) -> Any:
    """What a script prints as JSON."""
    command = [*own_mounts(), sys.executable, "-c", START + script, *map(str, home)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_mounts
def test_a_home_on_a_read_only_file_system_says_so(three: Places) -> None:
    """Not that the vault was destroyed: nothing was, and nobody should look for a backup."""
    answers = told(READ_ONLY, three)
    assert {answers[call] for call in ("add", "delete_all", "new owner")} == {"HomeError"}


@needs_mounts
def test_a_home_on_a_read_only_file_system_is_read_or_says_why_not(three: Places) -> None:
    answers = told(READ_ONLY, three)
    assert answers["get_all"] in ("1", "HomeError")
    assert answers["search"] in ("1", "HomeError")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What happened on a disk of 900 kB."""
    folder = tmp_path_factory.mktemp("full")
    (folder / "small").mkdir()
    return told(FULL, Places(folder / "small" / "home", folder / "keys", folder / "cache"))


@needs_mounts
def test_a_full_disk_refuses_the_write_and_keeps_all_that_was_acknowledged(full: Any) -> None:
    assert full["stored"] > 1
    assert (full["answer"], full["again"]) == ("StorageFull", "StorageFull")
    assert full["counts"] == [full["stored"], full["stored"], full["stored"] + 1]
    assert full["found"] == "The lantern hangs in the boat house"


@needs_mounts
def test_a_full_disk_makes_no_half_of_a_vault(full: Any) -> None:
    assert full["new_owner"] == "StorageFull"
    assert full["owners"] == ["ana"]
    assert full["strays"] == []
