"""`doctor` says what is wrong: each fault is made for real, and found."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from memguard import Memory
from memguard.doctor import Finding, examine
from memguard.forgetting.audit import AUDIT_LOG
from memguard.privacy import tagger
from memguard.vault.kit import write_kit
from tests.conftest import Places


def found(home: Places) -> dict[str, Finding]:
    def opened() -> Memory:
        return home.open()

    return {finding.what: finding for finding in examine(opened)}


def test_a_sound_home_has_no_fault(seeded: Memory, home: Places) -> None:
    assert [f for f in found(home).values() if not f.ok] == []


def test_a_home_that_does_not_exist_yet_has_no_fault(home: Places) -> None:
    assert [f for f in found(home).values() if not f.ok] == []
    assert not home.home.exists()


def _lose_keyring(home: Places) -> None:
    shutil.rmtree(home.keys)


def _stray(home: Places) -> None:
    (home.home / "vaults" / "left-behind").mkdir(mode=0o700)


def _open_to_all(home: Places) -> None:
    next(home.home.rglob("vault.db")).chmod(0o644)


def _cut(home: Places) -> None:
    file = next(home.home.rglob("vault.db"))
    file.write_bytes(file.read_bytes()[:5000])


def _forge_log(home: Places) -> None:
    (home.home / AUDIT_LOG).touch(0o600)
    (home.home / AUDIT_LOG).write_bytes(b"{}\n")


@pytest.mark.parametrize(
    ("harm", "what"),
    [(_lose_keyring, "home"), (_stray, "strays"), (_open_to_all, "modes"), (_cut, "vault"), (_forge_log, "audit")],
)
def test_a_fault_is_found_and_nobody_is_named(
    seeded: Memory, home: Places, harm: Callable[[Places], None], what: str
) -> None:
    owners = seeded.users()
    seeded.close()
    harm(home)
    finding = found(home)[what]
    assert not finding.ok
    assert not [owner for owner in owners if owner in finding.says.split()]


def test_it_says_which_detector_looks(home: Places, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "rules alone" in found(home)["detector"].says  # what the tests' settings say
    monkeypatch.setenv("MEMGUARD_DETECTOR", str(tmp_path))
    assert f"the model in {tmp_path}" in found(home)["detector"].says


@pytest.mark.parametrize("altered", [False, True])
def test_the_packaged_tagger_is_checked(
    home: Places, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, altered: bool
) -> None:
    monkeypatch.delenv("MEMGUARD_DETECTOR")
    if altered:
        shutil.copytree(tagger.folder(), tmp_path / "model")
        (tmp_path / "model" / "ner" / "model").write_bytes(b"another one")
        monkeypatch.setattr(tagger, "folder", lambda: tmp_path / "model")
    finding = found(home)["detector"]
    assert finding.ok is not altered
    assert ("altered" if altered else tagger.MODEL) in finding.says


def test_what_no_detector_has_looked_at_is_counted(seeded: Memory, home: Places) -> None:
    assert found(home)["screening"].ok
    for owner in ("ana", "ben"):
        with seeded.home.vault(owner).writing() as session:  # as before there were detectors
            session.execute("UPDATE memories SET screened = NULL")
    finding = found(home)["screening"]
    assert not finding.ok
    assert finding.says.startswith("3 memories")
    assert "memguard pii migrate" in finding.says
    for owner in ("ana", "ben"):
        seeded.mask_stored(user_id=owner)
    assert found(home)["screening"].ok


def test_a_kit_that_lacks_an_owner_is_a_fault(seeded: Memory, home: Places, tmp_path: Path) -> None:
    write_kit(seeded.home, tmp_path / "kit", "a long enough phrase")
    assert found(home)["recovery kit"].ok
    seeded.add("The lantern hangs in the boat house", user_id="a new owner")
    assert not found(home)["recovery kit"].ok
