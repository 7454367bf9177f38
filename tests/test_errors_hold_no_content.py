"""Every error of memguard is provoked, with a marker word in all that is content: none lets it out (promise P9).

Looked through are the message, the traceback as a log would print it, log records, whatever was printed, and the names
and the bytes of all files in the home and the keys folder.
"""

from __future__ import annotations

import base64
import inspect
import json
import logging
import shutil
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from memguard import Memory, errors
from tests.checks import MARKER, one
from tests.conftest import Places
from tests.promises import promise

OWNER = f"{MARKER} limited"
ONLY_AS_A_PARENT = {errors.MemguardError, errors.NotFound}
NO_UUID = "00000000-0000-4000-8000-000000000000"
KEY = base64.b64encode(bytes(32)).decode()


@dataclass
class Scene:
    """A home whose every field holds the marker, and what a recipe needs to spoil it."""

    memory: Memory
    places: Places
    patch: pytest.MonkeyPatch
    aside: Path
    """A folder for the caller's own files, beside home and keys."""

    @property
    def keys(self) -> Path:
        return self.memory.home.keyring.folder

    @property
    def vault(self) -> Path:
        return self.memory.home.vault(OWNER).path

    def again(self) -> None:
        """What a new process would do first."""
        with self.places.open() as other:
            other.get_all(user_id=OWNER)

    def import_(self, data: bytes, **options: Any) -> None:
        path = self.aside / "bundle"
        path.write_bytes(data)
        self.memory.import_(path, user_id=OWNER, **options)


def run_sql(scene: Scene, sql: str) -> None:
    with scene.memory.home.vault(OWNER).writing() as session:
        session.execute(sql)


def older_keyring(scene: Scene) -> None:
    before = (scene.keys / "keyring").read_bytes()
    scene.memory.add("more", user_id="another owner")
    (scene.keys / "keyring").write_bytes(before)
    scene.again()


def wrong_master(scene: Scene) -> None:
    (scene.keys / "master-1").write_bytes(bytes(32))
    scene.again()


def second_master(scene: Scene) -> None:
    scene.patch.setenv("MEMGUARD_MASTER_KEY", KEY)
    scene.again()


def damaged_keyring(scene: Scene) -> None:
    (scene.keys / "keyring").write_bytes(b"{}")
    scene.again()


def no_keyring(scene: Scene) -> None:
    shutil.rmtree(scene.keys)
    scene.again()


def no_marker(scene: Scene) -> None:
    (scene.places.home / "home.json").unlink()
    with scene.places.open() as other:
        other.add(MARKER, user_id=OWNER)


def vault_gone(scene: Scene) -> None:
    scene.vault.unlink()
    scene.again()


def vault_spoiled(scene: Scene) -> None:
    path = scene.vault
    scene.memory.close()
    path.write_bytes(bytes(8192))
    scene.again()


def newer_schema(scene: Scene) -> None:
    run_sql(scene, "PRAGMA user_version = 99")
    scene.again()


def missing_table(scene: Scene) -> None:
    run_sql(scene, "DROP TABLE words")
    scene.memory.search(MARKER, user_id=OWNER)


def busy(scene: Scene) -> None:
    scene.patch.setattr("memguard.vault.store.WRITE_WAIT_SECONDS_MAX", 0)
    with closing(scene.places.open()) as other, other.home.vault(OWNER).writing():
        scene.memory.add(MARKER, user_id=OWNER)


def outdated_plan(scene: Scene) -> None:
    plan = scene.memory.plan_forget(user_id=OWNER, run_id=MARKER)
    scene.memory.add(MARKER, user_id=OWNER, run_id=MARKER)
    scene.memory.forget(plan, everything=True)


def legal_hold(scene: Scene) -> None:
    scene.memory.hold(user_id=OWNER, reason=MARKER)
    scene.memory.forget(user_id=OWNER)


def full(scene: Scene) -> None:
    run_sql(scene, "PRAGMA max_page_count = 90")
    scene.memory.add(f"{MARKER} " * 20_000, user_id=OWNER)


def no_model(scene: Scene) -> None:
    with Memory(scene.places.home, keys=scene.places.keys, model=str(scene.aside / MARKER)) as other:
        other.search(MARKER, user_id=OWNER)


def export_nowhere(scene: Scene) -> None:
    scene.memory.export(user_id=OWNER, path=scene.aside / "no folder" / MARKER, readable=True)


def no_certificate(scene: Scene) -> None:
    path = scene.aside / MARKER
    path.write_text(json.dumps({"signed": {"format": 1, "reference": MARKER}, MARKER: MARKER}))
    scene.memory.verify(path)


Recipe = Callable[[Scene], object]


def reveal_without_a_grant(scene: Scene) -> None:
    name = f"{MARKER} Barrow"
    scene.memory.add("x", user_id=OWNER, actor=name)
    masked = scene.memory.mask(name, user_id=OWNER).text
    with scene.places.open(grant="strict") as reader:
        reader.reveal(masked, user_id=OWNER)


RECIPES: list[tuple[type[errors.MemguardError], str, Recipe]] = [
    (errors.InvalidInput, "text", lambda s: s.memory.add(f"{MARKER}\x00", user_id=OWNER)),
    (errors.InvalidInput, "metadata", lambda s: s.memory.add("x", user_id=OWNER, metadata={MARKER: {MARKER}})),
    (errors.InvalidInput, "field", lambda s: s.memory.add("x", user_id=OWNER, **{MARKER: MARKER})),
    (errors.InvalidInput, "time", lambda s: s.memory.add(MARKER, user_id=OWNER, happened_at=datetime(2026, 5, 3))),
    (
        errors.InvalidInput,
        "operator",
        lambda s: s.memory.search("x", user_id=OWNER, filters={MARKER: {MARKER: MARKER}}),
    ),
    (errors.InvalidInput, "role", lambda s: s.memory.add([{"role": MARKER, "content": MARKER}], user_id=OWNER)),
    (errors.InvalidInput, "import", lambda s: s.import_(MARKER.encode())),
    (errors.UnknownOwner, "get", lambda s: s.memory.get(NO_UUID, user_id=f"not {OWNER}")),
    (errors.UnknownMemory, "get", lambda s: s.memory.get(MARKER, user_id=OWNER)),
    (errors.UnknownMemory, "supersedes", lambda s: s.memory.add(MARKER, user_id=OWNER, supersedes=[MARKER])),
    (errors.UnknownPlaceholder, "reveal", lambda s: s.memory.reveal("<Person_bcf234>", user_id=OWNER)),
    (errors.NotGranted, "reveal", reveal_without_a_grant),
    (errors.Conflict, "key", lambda s: s.memory.add(f"not {MARKER}", user_id=OWNER, key=MARKER)),
    (errors.InvalidInput, "owner twice", lambda s: s.memory.search("x", user_id=OWNER, filters={"user_id": OWNER})),
    (errors.HomeError, "no marker", no_marker),
    (errors.HomeError, "export", export_nowhere),
    (errors.HomeError, "backup", lambda s: s.memory.backup(s.aside / "no folder" / MARKER)),
    (errors.KeyringError, "damaged", damaged_keyring),
    (errors.KeyringMissing, "gone", no_keyring),
    (errors.KeyringOutdated, "older", older_keyring),
    (errors.MasterWrong, "replaced", wrong_master),
    (errors.MasterAmbiguous, "two", second_master),
    (errors.VaultError, "no table", missing_table),
    (errors.VaultDestroyed, "gone", vault_gone),
    (errors.VaultUnreadable, "spoiled", vault_spoiled),
    (errors.VaultTooNew, "schema", newer_schema),
    (errors.VaultBusy, "locked", busy),
    (errors.StorageFull, "pages", full),
    (errors.BundleError, "no file", lambda s: s.memory.import_(s.aside / MARKER, user_id=OWNER)),
    (
        errors.BundleError,
        "sealed",
        lambda s: s.import_(b"age-encryption.org/v1\n" + MARKER.encode(), passphrase=MARKER),
    ),
    (errors.BundleError, "encoding", lambda s: s.import_(b"\xff" + MARKER.encode())),
    (errors.BundleError, "backup", lambda s: s.memory.restore_backup(s.aside / f"{MARKER}.jsonl")),
    (errors.CertificateError, "form", no_certificate),
    (errors.CertificateError, "no file", lambda s: s.memory.verify(s.aside / "no folder" / MARKER)),
    (errors.InvalidInput, "public key", lambda s: s.memory.verify(s.aside / f"{MARKER}.jsonl", public=MARKER)),
    (errors.PlanOutdated, "plan", outdated_plan),
    (errors.LegalHold, "hold", legal_hold),
    (errors.ModelError, "model", no_model),
]


def every_error() -> set[type[errors.MemguardError]]:
    return {e for e in vars(errors).values() if inspect.isclass(e) and issubclass(e, errors.MemguardError)}


def test_there_is_a_recipe_for_every_error() -> None:
    assert {error for error, _, _ in RECIPES} == every_error() - ONLY_AS_A_PARENT


@pytest.fixture
def scene(home: Places, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Scene]:
    aside = tmp_path / "aside"
    aside.mkdir()
    (aside / f"{MARKER}.jsonl").write_text(MARKER)
    with home.open() as memory:
        names = dict.fromkeys(("agent_id", "run_id", "environment", "origin", "actor", "key"), MARKER)
        stored = one(memory.add(MARKER, user_id=OWNER, source="web", metadata={MARKER: MARKER}, **names))
        memory.update(stored.id, f"{MARKER} again", user_id=OWNER)
        memory.update(stored.id, MARKER, user_id=OWNER)
        yield Scene(memory, home, monkeypatch, aside)


@promise("P9")
@pytest.mark.parametrize(
    ("error", "recipe"), [(e, r) for e, _, r in RECIPES], ids=[f"{e.__name__}-{n}" for e, n, _ in RECIPES]
)
def test_an_error_holds_no_content(
    scene: Scene,
    error: type[errors.MemguardError],
    recipe: Recipe,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.NOTSET)
    with pytest.raises(error) as raised:
        recipe(scene)
    assert type(raised.value) is error
    message = str(raised.value)
    assert message
    assert "\n" not in message
    printed = capfd.readouterr()
    looked_through = (message, repr(raised.value), *traceback.format_exception(raised.value), caplog.text, *printed)
    assert not [text for text in looked_through if MARKER in text]
    for path in (path for folder in scene.places[:2] for path in folder.rglob("*")):
        assert MARKER not in path.name
        assert path.is_dir() or MARKER.encode() not in path.read_bytes()
