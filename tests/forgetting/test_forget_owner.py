"""Forgetting an owner: the key goes with the old master, old copies open nothing, the certificate says what it saw."""

from __future__ import annotations

import base64
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from memguard import KeyringError, Memory, UnknownOwner
from memguard.errors import VaultTooNew
from memguard.flows.forget_owner import NOT_TRIED, ROTATE
from memguard.forgetting.audit import AUDIT_LOG
from memguard.forgetting.certificate import proves
from memguard.vault.masters import ENVIRONMENT_KEY, ENVIRONMENT_NEXT_KEY
from tests.checks import one
from tests.conftest import Places
from tests.forgetting.forgetting_parts import open_at, weave

OWNER = "ana.brandt@example.org"


def new_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def test_the_certificate_says_how_much_went_and_that_no_key_opens_it(named: Memory) -> None:
    woven = weave(named, OWNER)
    named.add("bens", user_id="ben")
    plan = named.plan_forget(user_id=OWNER)
    certificate = named.forget(plan, reference="TICKET-7")

    erased = certificate.erased
    assert (certificate.state, erased.kind, erased.memories) == ("complete", "vault", len(woven))
    assert (erased.versions, erased.derived, erased.values) == (plan.versions, 0, plan.values) == (1, 0, 1)
    keys = certificate.checks[0]
    assert (keys.looked_at, keys.found, keys.planted, keys.planted_found) == (1, {}, 1, 1)
    assert proves(certificate, OWNER, {})
    assert named.users() == ["ben"]
    assert named.resume() == []
    assert named.verify(certificate).verdict == "sound"
    with pytest.raises(UnknownOwner):
        named.forget(plan)


def test_neither_certificate_nor_log_nor_any_file_name_holds_the_owner(named: Memory, home: Places) -> None:
    weave(named, OWNER)
    certificate = named.forget(user_id=OWNER)
    text = certificate.to_bytes().decode() + (home.home / AUDIT_LOG).read_text()
    text += " ".join(str(path.relative_to(home.home)) for path in home.home.rglob("*"))
    assert not [word for word in ("ana", "brandt", "example.org", "Zelda", "bakery") if word in text]
    assert OWNER not in str(named.home.contents())


def test_a_copy_from_before_opens_with_no_key_that_is_left(named: Memory, home: Places, tmp_path: Path) -> None:
    weave(named)
    named.add("bens", user_id="ben")
    named.close()
    shutil.copytree(home.home, tmp_path / "copy" / "home")
    shutil.copytree(home.keys, tmp_path / "copy" / "keys")
    named.forget(user_id="ana")
    for folder in (tmp_path / "copy" / "keys").iterdir():  # the keyring from before, and the masters that are left
        for path in folder.glob("master-*"):
            path.unlink()
        for path in (home.keys / folder.name).glob("master-*"):
            shutil.copy(path, folder)
    with (
        open_at(Places(tmp_path / "copy" / "home", tmp_path / "copy" / "keys", home.cache)) as copy,
        pytest.raises(KeyringError),
    ):
        copy.get_all(user_id="ana")


@pytest.mark.parametrize("verb", ["search", "add to the run", "update", "plan"])
def test_a_server_that_has_it_open_stops_at_its_next_call(named: Memory, home: Places, verb: str) -> None:
    woven = weave(named)
    with open_at(home) as server:
        assert server.search("bakery", user_id="ana")
        kept = one(server.add("a write that was acknowledged", user_id="ben")).id
        named.forget(user_id="ana")
        calls: dict[str, Callable[[], object]] = {
            "search": lambda: server.search("bakery", user_id="ana"),
            "add to the run": lambda: server.get(woven.secret, user_id="ana"),
            "update": lambda: server.update(woven.secret, "anew", user_id="ana"),
            "plan": lambda: server.plan_forget(user_id="ana"),
        }
        with pytest.raises(UnknownOwner):
            calls[verb]()
        assert server.get(kept, user_id="ben").text == "a write that was acknowledged"
    assert named.get(kept, user_id="ben").id == kept


def test_one_who_begins_anew_has_nothing_of_before(named: Memory) -> None:
    weave(named)
    named.hold(user_id="ana", reason="to be lifted")
    (hold_id,) = named.holds(user_id="ana")
    named.lift(hold_id, user_id="ana")
    named.forget(user_id="ana")
    named.add("after", user_id="ana")
    assert [hit.text for hit in named.search("Who has the brass key?", user_id="ana")] == ["after"]
    assert named.plan_forget(user_id="ana").values == 0


def test_an_empty_vault_is_forgotten_too(named: Memory) -> None:
    only = one(named.add("the only one", user_id="ana")).id
    named.delete(only, user_id="ana")
    certificate = named.forget(named.plan_forget(user_id="ana"))
    assert (certificate.state, certificate.erased.memories) == ("complete", 0)


@pytest.mark.parametrize("how", ["lost", "emptied", "overwritten"])
def test_a_vault_that_cannot_be_read_is_forgotten_and_the_certificate_says_what_was_not_tried(
    named: Memory, how: str
) -> None:
    named.add("lost", user_id="ana")
    vault = named.home.vault("ana")
    vault.close()
    size = vault.path.stat().st_size
    vault.path.unlink()
    if how != "lost":
        vault.path.write_bytes(b"" if how == "emptied" else secrets.token_bytes(size))
        vault.path.chmod(0o600)
    certificate = named.forget(user_id="ana")
    assert certificate.state == "complete"
    assert NOT_TRIED in certificate.not_checked
    assert certificate.erased.memories == 0
    assert named.users() == []


def test_a_vault_of_a_newer_memguard_is_not_forgotten_blindly(named: Memory) -> None:
    """It may hold what this version cannot see, a legal hold for one."""
    named.add("kept", user_id="ana")
    with named.home.vault("ana").upkeep() as session:
        session.execute("PRAGMA user_version = 99")
    named.close()
    with pytest.raises(VaultTooNew):
        named.forget(user_id="ana")
    assert named.users() == ["ana"]
    assert named.home.vault("ana").path.exists()


# -- the master in the environment ------------------------------------------------------------------------------------


def test_an_environment_master_that_stays_is_pending_until_it_is_rotated(
    home: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = new_key(), new_key()
    monkeypatch.setenv(ENVIRONMENT_KEY, first)
    with open_at(home) as memory:
        weave(memory)
        memory.add("bens", user_id="ben")
        certificate = memory.forget(user_id="ana")
        assert (certificate.state, certificate.pending) == ("pending", (ROTATE,))
        assert [each.state for each in memory.resume()] == ["pending"]
        assert memory.users() == ["ben"]
        monkeypatch.setenv(ENVIRONMENT_NEXT_KEY, second)
        with memory.home.keyring.changing() as contents:
            memory.home.keyring.rotate(contents)
    monkeypatch.setenv(ENVIRONMENT_KEY, second)
    monkeypatch.delenv(ENVIRONMENT_NEXT_KEY)
    with open_at(home) as memory:
        (finished,) = memory.resume()
        assert (finished.state, finished.erased) == ("complete", certificate.erased)
        assert memory.resume() == []
        assert memory.verify(finished).verdict == "sound"


def test_an_environment_master_with_its_next_is_complete(home: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = new_key(), new_key()
    monkeypatch.setenv(ENVIRONMENT_KEY, first)
    with open_at(home) as memory:
        memory.add("anas", user_id="ana")
        memory.add("bens", user_id="ben")
        monkeypatch.setenv(ENVIRONMENT_NEXT_KEY, second)
        assert memory.forget(user_id="ana").state == "complete"
        # The next key seals the keyring by now: putting it in force once more would rotate nothing.
        assert memory.forget(user_id="ben").pending == (ROTATE,)


def test_a_crash_under_an_environment_master_does_not_make_it_complete(
    home: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT_KEY, new_key())
    with open_at(home) as memory:
        memory.add("anas", user_id="ana")
        with monkeypatch.context() as patch:
            patch.setattr("memguard.flows.forget_owner.certify", _interrupted)
            with pytest.raises(KeyboardInterrupt):
                memory.forget(user_id="ana")
    with open_at(home) as memory:
        assert [(each.state, each.pending) for each in memory.resume()] == [("pending", (ROTATE,))]


def _interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
