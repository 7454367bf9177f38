"""What the tests of copies share: a run that is killed, and what lies where copies are written."""

from __future__ import annotations

import signal
import subprocess
import sys
import tarfile
from pathlib import Path

from memguard import Memory
from memguard.flows.forget import erase_ids
from memguard.forgetting.copies import Attempt, Copy, copies_of, erase_in_backup
from memguard.vault.forgotten import note_forgotten
from memguard.vault.store import Vault
from tests.conftest import Places
from tests.house import ROOT

LANTERN, KETTLE = "The lantern hangs in the boat house", "A kettle whistles at eight"
NAME = "Zoe Quokkaword"
"""Of a folder: a person's."""
START = """
import os, signal, sys
from pathlib import Path
from memguard import Memory
from memguard.flows.forget import erase_ids
from memguard.forgetting import copies as step
from memguard.vault import archive, files
home, keys, folder = sys.argv[1:4]
def killed(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
def then_killed(done):
    def call(*words):
        done(*words)
        killed()
    return call
memory = Memory(home, keys=keys, embedder=object())
"""


def run_killed(script: str, places: Places, folder: Path) -> None:
    """Run lines in a process that kills itself on the way; what it had open is left as it was."""
    words = [sys.executable, "-c", START + script, str(places.home), str(places.keys), str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == -signal.SIGKILL, done.stderr


def copies(memory: Memory, owner: str = "ana", lowest: int = 0) -> list[Copy]:
    return copies_of(memory.home, memory.home.vault(owner), lowest)


def states(memory: Memory, owner: str = "ana") -> list[tuple[str, str]]:
    """Kind and state of each copy."""
    return [(copy.kind, copy.state) for copy in copies(memory, owner)]


def texts(memory: Memory, owner: str = "ana") -> set[str]:
    return {record.text for record in memory.get_all(user_id=owner)}


def id_of(memory: Memory, text: str, owner: str = "ana") -> str:
    (found,) = (record.id for record in memory.get_all(user_id=owner) if record.text == text)
    return found


def forget(vault: Vault, *ids: str) -> None:
    """Erase memories for good, as forgetting does."""
    with vault.writing() as session:
        note_forgotten(session, vault.seals, ids)
    erase_ids(vault, ids)


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        files = [(info.name, archive.extractfile(info)) for info in archive.getmembers()]
        return {name: file.read() for name, file in files if file is not None}


def names(folder: Path) -> list[str]:
    """Everything in a folder, hidden or not."""
    return sorted(path.name for path in folder.iterdir())


def erase_from(memory: Memory, text: str, copy: Copy | None = None, owner: str = "ana") -> Attempt:
    """Erase one memory in a backup, by default in the only copy there is."""
    memory_id = id_of(memory, text, owner)
    copy = copy or copies(memory, owner)[0]
    entry = memory.home.contents().vaults[owner]
    return erase_in_backup(memory.home, entry, copy, lambda vault: erase_ids(vault, [memory_id]))
