"""kill -9 at each step of forgetting, in a process of its own: another one finds it done or undone, and finishes it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from memguard import Memory, UnknownOwner
from memguard.forgetting.closed_world import look
from memguard.forgetting.files import files
from memguard.vault.files import part_of
from memguard.vault.home import MARKER
from tests.checks import column
from tests.conftest import CACHE, Places
from tests.forgetting.forgetting_parts import Woven, bytes_of, in_another_process, open_at, weave

KILLED = -9
FORGET = "memguard.flows.forget"
OWNER = "memguard.flows.forget_owner"
UNDONE = (
    (f"{FORGET}:erase_rows", "after"),
    (f"{FORGET}:owed.note_forget", "after"),
)
"""Steps of a plan inside its transaction, and when the kill comes."""
DONE = (
    ("memguard.forgetful:Forgetful._settle", "before"),
    ("memguard.forgetful:Forgetful._settle", "after"),
    (f"{FORGET}:looked", "before"),
    (f"{FORGET}:looked", "after"),
    ("memguard.forgetting.audit:Keyring.save", "after"),
    (f"{FORGET}:certify", "after"),
    (f"{FORGET}:owed.drop_forget", "after"),
)
"""Steps behind it."""


@pytest.fixture(scope="module")
def woven_folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Woven]:
    folder = tmp_path_factory.mktemp("woven")
    with open_at(Places(folder / "home", folder / "keys", CACHE)) as memory:
        woven = weave(memory)
        memory.add("bens ladder", user_id="ben")
        memory.forget(memory.plan_forget(user_id="ana", ids=[woven.alike]))  # there is a key that signs by now
    return folder, woven


@pytest.fixture
def woven(home: Places, woven_folder: tuple[Path, Woven]) -> Woven:
    shutil.copytree(woven_folder[0], home.home.parent, dirs_exist_ok=True)
    return woven_folder[1]


def killed(home: Places, step: tuple[str, str], verb: str) -> None:
    done = in_another_process(home, step[0], verb, when=step[1])
    assert done.returncode == KILLED, done.stderr


@pytest.mark.parametrize("step", UNDONE)
def test_a_kill_inside_the_transaction_leaves_everything(home: Places, woven: Woven, step: tuple[str, str]) -> None:
    killed(home, step, "memories")
    with open_at(home) as memory:
        assert memory.resume() == []
        assert {r.id for r in memory.get_all(user_id="ana")} == {*woven} - {woven.alike}
        assert memory.forget(memory.plan_forget(user_id="ana", run_id="r-2")).state == "complete"


def half_written(part: Path) -> None:
    part.touch(0o600)
    part.write_bytes(b'{"format": 1, "ho')


def test_a_marker_that_a_crash_has_left_half_written_is_taken_away(home: Places, woven: Woven) -> None:
    """The keyring writes it with each change, those of other owners too."""
    part = part_of(home.home / MARKER)
    with open_at(home) as memory:
        half_written(part)
        assert memory.forget(memory.plan_forget(user_id="ana", ids=[woven.half])).state == "complete"
        assert not part.exists()
    killed(home, (f"{FORGET}:looked", "before"), "memories")
    half_written(part)
    with open_at(home) as memory:
        assert [certificate.state for certificate in memory.resume()] == ["complete"]
        half_written(part)
        assert memory.resume() == []
        assert not files(memory.home).residues


@pytest.mark.parametrize("step", DONE)
def test_a_kill_behind_the_transaction_is_finished_by_whoever_resumes(
    home: Places, woven: Woven, step: tuple[str, str]
) -> None:
    killed(home, step, "memories")
    with open_at(home) as memory:
        left = {r.id for r in memory.get_all(user_id="ana")}
        assert left == {woven.kept, woven.replaced, woven.half, woven.shown}
        (certificate,) = memory.resume()
        erased = certificate.erased
        assert (certificate.state, certificate.reference) == ("complete", "TICKET-7")
        assert (erased.kind, erased.memories, erased.derived, erased.versions, erased.values) == ("run", 1, 2, 1, 1)
        assert any("not known any more" in each for each in certificate.not_checked)
        assert_nothing_is_left(memory, woven)
        report = memory.verify(certificate)
        assert (report.verdict, report.chain is not None and report.chain.broken_at) == ("sound", None)


def assert_nothing_is_left(memory: Memory, woven: Woven) -> None:
    vault = memory.home.vault("ana")
    assert memory.resume() == []
    assert column(memory, "ana", "SELECT number FROM forgets") == []
    assert column(memory, "ana", "SELECT number FROM placeholders WHERE type = 'PERSON'") == []
    pages = bytes_of(vault)
    for word in ("with a golden key", "with a brass key", "worth stealing", woven.secret, woven.child):
        assert word.encode() not in pages
    assert [residue for checked in look(vault) for residue in checked.residues] == []


OWNER_UNDONE = (
    (f"{OWNER}:extent", "after"),
    (f"{OWNER}:_check_no_hold", "after"),
    ("memguard.vault.masters:FileMaster.write", "after"),
    ("memguard.vault.keyring:Keyring._write", "before"),
)
OWNER_DONE = (
    ("memguard.vault.keyring:Keyring._write", "after"),
    ("memguard.vault.keyring:Keyring.rotate", "after"),
    ("memguard.vault.home:Home._remove_leaving", "before"),
    ("memguard.vault.home:shutil.rmtree", "after"),
    ("memguard.vault.home:Home.destroy", "after"),
    (f"{OWNER}:lasting_files", "after"),
    (f"{OWNER}:certify", "after"),
)


@pytest.mark.parametrize("step", OWNER_UNDONE)
def test_a_kill_before_the_keyring_changed_leaves_the_owner(home: Places, woven: Woven, step: tuple[str, str]) -> None:
    killed(home, step, "owner")
    with open_at(home) as memory:
        assert memory.resume() == []
        assert {r.id for r in memory.get_all(user_id="ana")} == {*woven} - {woven.alike}
        assert memory.forget(user_id="ana").state == "complete"


@pytest.mark.parametrize("step", OWNER_DONE)
def test_a_kill_behind_the_keyrings_change_is_finished_by_whoever_resumes(
    home: Places, woven: Woven, step: tuple[str, str]
) -> None:
    killed(home, step, "owner")
    with open_at(home) as memory:
        with pytest.raises(UnknownOwner):
            memory.get_all(user_id="ana")
        (certificate,) = memory.resume()
        assert (certificate.state, certificate.reference) == ("complete", "TICKET-7")
        assert (certificate.erased.kind, certificate.erased.memories) == ("vault", len(woven) - 1)
        assert memory.resume() == []
        assert memory.home.contents().owed == memory.home.contents().leaving == ()
        assert files(memory.home).residues == ()
        assert memory.verify(certificate).verdict == "sound"
        assert [r.text for r in memory.get_all(user_id="ben")] == ["bens ladder"]
        assert len(list((home.home / "vaults").iterdir())) == 1
    assert [path.name for path in home.keys.rglob("master-*")] == ["master-2"], "an old keyring opens nothing"
