"""The key that signs a home's certificates: made once, sealed in the keyring, carried by kits, shown to nobody."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from memguard import Chain, HomeError
from memguard.errors import BundleError
from memguard.forgetting.audit import certify, examine, home_key
from memguard.forgetting.certificate import check_signature
from memguard.vault import kit
from memguard.vault.home import Home
from memguard.vault.keyfile import Contents, Logged, parsed_header, sealed
from memguard.vault.keyfile import opened as unsealed
from tests.conftest import Places
from tests.forgetting.certificates import OWNER, SCOPE, statement
from tests.vault.age import quickly_sealed
from tests.vault.parts import ENVIRONMENT_KEY, NEXT_KEY, files_of, keyring_of, new_master, opened

HOME_ID = "00000000-0000-4000-8000-000000000001"
PASSPHRASE = "correct horse battery"
ASK = """
import sys
from memguard.forgetting.audit import home_key
from memguard.settings import Settings
from memguard.vault.home import Home
print(home_key(Home(Settings.load(home=sys.argv[1], keys=sys.argv[2]))).hex())
"""


@pytest.fixture
def one(home: Places) -> Home:
    """A home with one memory of each of two owners, and no certificate yet."""
    with home.open() as memory:
        memory.add("The wombat sleeps behind the observatory", user_id=OWNER)
        memory.add("The wombat sleeps elsewhere", user_id="ben")
        return memory.home


@pytest.fixture(autouse=True)
def _quick_seal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kits are real ones, made with a small work factor: age takes seconds over a passphrase, on purpose."""
    monkeypatch.setattr(kit, "sealed", quickly_sealed)


def log(home: Home) -> Any:
    return certify(home, statement(), owner=OWNER, scope=SCOPE)


def seed_of(home: Home) -> bytes:
    return home.contents().signing_seed


def test_processes_that_ask_at_the_same_time_get_one_key(one: Home, home: Places) -> None:
    command = [sys.executable, "-c", ASK, str(home.home), str(home.keys)]
    asked = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = {process.communicate()[0].strip() for process in asked}
    assert answers == {home_key(one).hex()}


def test_a_home_that_is_not_there_gets_no_key(home: Places) -> None:
    with pytest.raises(HomeError, match="no home here yet"):
        home_key(opened(home))
    assert not home.home.exists()
    assert not home.keys.exists()


def test_the_key_outlives_rotations_new_owners_and_forgotten_ones(one: Home, home: Places) -> None:
    certificate, key = log(one), home_key(one)
    with one.keyring.changing() as contents:
        one.keyring.rotate(contents)
    one.vault_or_new("dora")
    one.destroy("ben")
    after = opened(home)
    assert home_key(after) == key
    assert examine(after, certificate) == Chain(entries=1, entry=1, end_known=True)
    check_signature(certificate, home_key(after))


def test_a_new_home_has_a_key_of_its_own(one: Home, tmp_path: Path, home: Places) -> None:
    other = Places(tmp_path / "other" / "home", tmp_path / "other" / "keys", home.cache)
    with other.open() as memory:
        memory.add("The wombat sleeps elsewhere", user_id=OWNER)
        assert home_key(memory.home) != home_key(one)


def test_the_seed_stands_nowhere_in_clear(one: Home, home: Places) -> None:
    log(one)
    seed = seed_of(one)
    assert len(seed) == 32
    for path, data in files_of(home.home, home.keys).items():
        assert seed not in data, path
        assert seed.hex().encode() not in data, path
    shown = repr(one.contents())
    assert repr(seed) not in shown
    assert seed.hex() not in shown
    assert "signing_seed" not in shown


def resealed(contents: Contents, key: bytes, without: tuple[str, ...]) -> bytes:
    """A keyring as memguard wrote it before: the same, without these members."""
    header, _, body = sealed(contents, key, HOME_ID).partition(b"\n")
    payload = json.loads(AESGCM(key).decrypt(body[:12], body[12:], header))
    for name in without:
        del payload[name]
    return header + b"\n" + bytes(12) + AESGCM(key).encrypt(bytes(12), json.dumps(payload).encode(), header)


def test_a_keyring_from_before_there_were_certificates_opens() -> None:
    key = bytes(32)
    contents = Contents(
        sequence=3, generation=1, source="file", vaults={}, signing_seed=b"s" * 32, logged=Logged(2, '{"é":1}')
    )
    for without, expected in (
        ((), contents),
        (("signing_seed", "logged"), replace(contents, signing_seed=b"", logged=None)),
    ):
        header, _, body = resealed(contents, key, without).partition(b"\n")
        assert unsealed(header, body, key, parsed_header(header)) == expected


# -- the recovery kit -------------------------------------------------------------------------------------------------


def regained(home: Places, path: Path) -> Home:
    """The home, after its keyring was lost and made again from a kit."""
    shutil.rmtree(home.keys)
    kit.read_kit(opened(home), path, PASSPHRASE)
    return opened(home)


@pytest.mark.parametrize("certified", ["before the kit", "after the kit"])
def test_a_kit_brings_the_key_back(one: Home, home: Places, tmp_path: Path, certified: str) -> None:
    """A kit has one even if nothing was certified before: made later, it would be lost with the keyring."""
    made = [log(one)] if certified == "before the kit" else []
    kit.write_kit(one, tmp_path / "kit", PASSPHRASE)
    made += [] if made else [log(one)]
    key = home_key(one)
    after = regained(home, tmp_path / "kit")
    assert home_key(after) == key
    check_signature(made[0], home_key(after))
    assert examine(after, made[0]) == Chain(entries=1, entry=1, end_known=False)
    assert examine(after, log(after)) == Chain(entries=2, entry=2, end_known=True)


def test_a_certificate_makes_no_kit_stale_and_a_new_owner_does(one: Home, tmp_path: Path) -> None:
    kit.write_kit(one, tmp_path / "kit", PASSPHRASE)
    log(one)
    log(one)
    assert not kit.stale(one)
    one.vault_or_new("dora")
    log(one)
    assert kit.stale(one)


def document(path: Path) -> dict[str, Any]:
    from memguard.vault.passphrase import unsealed

    held: dict[str, Any] = json.loads(unsealed(path.read_bytes(), PASSPHRASE))
    return held


def test_a_kit_from_before_there_were_certificates_is_of_use(one: Home, home: Places, tmp_path: Path) -> None:
    old, path = home_key(one), tmp_path / "kit"
    kit.write_kit(one, path, PASSPHRASE)
    held = document(path)
    del held["signing_seed"]
    path.write_bytes(quickly_sealed(json.dumps(held).encode(), PASSPHRASE))
    after = regained(home, path)
    assert after.owners() == sorted([OWNER, "ben"])
    assert home_key(after) != old  # lost with the keyring


@pytest.mark.parametrize("seed", ["00", "zz" * 32, 7, None, ["00"], "00" * 33])
def test_a_kit_with_a_key_that_is_none_is_refused(one: Home, home: Places, tmp_path: Path, seed: Any) -> None:
    path = tmp_path / "kit"
    kit.write_kit(one, path, PASSPHRASE)
    path.write_bytes(quickly_sealed(json.dumps({**document(path), "signing_seed": seed}).encode(), PASSPHRASE))
    shutil.rmtree(home.keys)
    with pytest.raises(BundleError, match="not a recovery kit"):
        kit.read_kit(opened(home), path, PASSPHRASE)
    assert not home.keys.exists()


# -- a master in the environment --------------------------------------------------------------------------------------


def test_what_led_to_a_rotation_in_the_environment_is_certified_after_it(
    home: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An owner's vault is destroyed first and certified then, by a process that has the old key and the next one."""
    monkeypatch.setenv(ENVIRONMENT_KEY, new_master())
    following = new_master()
    with home.open() as memory:
        memory.add("The wombat sleeps behind the observatory", user_id=OWNER)
        monkeypatch.setenv(NEXT_KEY, following)
        assert memory.home.destroy(OWNER)
        certificate = log(memory.home)
    monkeypatch.setenv(ENVIRONMENT_KEY, following)
    monkeypatch.delenv(NEXT_KEY)
    contents = keyring_of(home).contents()
    assert (contents.generation, dict(contents.vaults)) == (2, {})
    assert examine(opened(home), certificate) == Chain(entries=1, entry=1, end_known=True)
    check_signature(certificate, home_key(opened(home)))
