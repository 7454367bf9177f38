"""Forgetting what a plan names: all of it, nothing else, and a certificate that says what was looked at."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memguard import LegalHold, Memory, NotFound, UnknownMemory, VaultError
from memguard.forgetting.audit import AUDIT_LOG
from memguard.forgetting.certificate import Certificate, proves
from memguard.forgetting.look import LOG_IN_USE
from memguard.vault.store import Vault
from tests.checks import column, one
from tests.conftest import Places
from tests.forgetting.forgetting_parts import Woven, bytes_of, open_at, weave


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite waits five seconds for a reader: not here."""

    def truncated(vault: Any) -> bool:
        with vault._session() as session:
            session.execute("PRAGMA busy_timeout = 0")
            busy = session.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            session.wait_when_busy()
            return not busy

    monkeypatch.setattr("memguard.vault.store.Vault.truncate_log", truncated)


def test_all_that_goes_is_gone_and_all_that_stays_is_there(named: Memory, woven: Woven) -> None:
    vault = named.home.vault("ana")
    assert b"with a golden key" in bytes_of(vault)
    certificate = named.forget(named.plan_forget(user_id="ana", ids=[woven.secret]), reference="TICKET-7")

    assert (certificate.state, certificate.reference) == ("complete", "TICKET-7")
    erased = certificate.erased
    assert (erased.kind, erased.memories, erased.derived) == ("memories", 1, 2)
    assert (erased.versions, erased.values) == (1, 1)
    left = {record.id: record for record in named.get_all(user_id="ana")}
    assert left.keys() == {woven.kept, woven.replaced, woven.half, woven.shown, woven.alike}
    assert left[woven.replaced].current
    assert left[woven.half].derived_from == (woven.kept,)
    pages = bytes_of(vault)
    for word in ("with a golden key", "worth stealing", "gets in", woven.secret, woven.child, "Zelda"):
        assert word.encode() not in pages
    with pytest.raises(UnknownMemory):
        named.get(woven.secret, user_id="ana")
    with pytest.raises(UnknownMemory):
        named.history(woven.secret, user_id="ana")


def test_the_certificate_holds_nothing_personal_and_proves_whose_it_is(named: Memory, home: Places) -> None:
    woven = weave(named, "ana.brandt@example.org")
    plan = named.plan_forget(user_id="ana.brandt@example.org", author="claude")
    certificate = named.forget(plan)
    log = (home.home / AUDIT_LOG).read_text()
    for word in ("ana", "brandt", "claude", "Zelda", woven.secret, "bakery"):
        assert word not in certificate.to_bytes().decode()
        assert word not in log
    assert proves(certificate, "ana.brandt@example.org", {"author": "claude"})
    assert not proves(certificate, "ana.brandt@example.org", {"author": "cursor"})
    assert named.verify(certificate).verdict == "sound"


def test_the_search_saw_what_went_before_it_went(named: Memory, woven: Woven) -> None:
    certificate = named.forget(named.plan_forget(user_id="ana", ids=[woven.secret]))
    search = certificate.checks[-1]
    assert (search.planted, search.planted_found, search.found) == (3, 3, {})


def test_nothing_is_owed_afterwards(named: Memory, woven: Woven) -> None:
    named.forget(named.plan_forget(user_id="ana", ids=[woven.secret]))
    assert column(named, "ana", "SELECT number FROM forgets") == []
    assert column(named, "ana", "SELECT number FROM memories WHERE screened = ''") == []
    assert named.resume() == []


def test_a_name_that_only_what_went_made_known_stands_open_again(named: Memory) -> None:
    known = one(named.add("Ask Oskar Brandt", user_id="ana")).id
    with open_at(Places(named.settings.home, named.settings.keys, named.settings.cache)) as other:
        other._privacy = type(other._privacy).of(other.settings, _Blind())
        other.add("oskar brandt paints", user_id="ana")
    assert all("<Person_" in text for text in column(named, "ana", "SELECT text FROM memories"))
    assert named.forget(named.plan_forget(user_id="ana", ids=[known])).state == "complete"
    assert column(named, "ana", "SELECT text FROM memories") == ["oskar brandt paints"]
    assert column(named, "ana", "SELECT number FROM placeholders") == []


class _Blind:
    """A detector that finds nothing: what it stores is masked by what the vault knows."""

    name = "standin-blind"

    def find(self, texts: Any) -> list[list[Any]]:
        return [[] for _ in texts]


def test_no_certificate_is_complete_while_a_memory_waits_to_be_looked_at(
    named: Memory, woven: Woven, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[int]] = []

    def noted(home: Any, statement: Any, **rest: Any) -> Certificate:
        seen.append(column(named, "ana", "SELECT number FROM memories WHERE screened = ''"))
        return certify(home, statement, **rest)

    from memguard.forgetting.audit import certify

    plan = named.plan_forget(user_id="ana", ids=[woven.secret])
    with named.home.vault("ana").writing() as session:
        session.execute("UPDATE memories SET screened = ''")
    monkeypatch.setattr("memguard.flows.forget.certify", noted)
    assert named.forget(plan).state == "complete"
    assert seen == [[]]


def test_a_reader_makes_it_pending_and_resume_completes_it(named: Memory, woven: Woven, impatient: None) -> None:
    plan = named.plan_forget(user_id="ana", ids=[woven.secret])
    vault = named.home.vault("ana")
    with vault.reading() as session:
        session.one("SELECT count(*) FROM memories")
        certificate = named.forget(plan)
        assert (certificate.state, certificate.pending) == ("pending", (LOG_IN_USE,))
        assert [each.state for each in named.resume()] == ["pending"]
    (finished,) = named.resume()
    assert (finished.state, finished.erased) == ("complete", certificate.erased)
    assert any("not known any more" in each for each in finished.not_checked)
    assert proves(finished, "ana", {"ids": [woven.secret]})
    assert named.resume() == []
    assert named.verify(finished).verdict == "sound"


def test_an_error_behind_the_transaction_says_that_it_is_erased(
    named: Memory, woven: Woven, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = named.plan_forget(user_id="ana", ids=[woven.secret])
    with monkeypatch.context() as patch:
        patch.setattr("memguard.flows.forget.looked", _full)
        with pytest.raises(VaultError, match=r"^erased, but not verified \(no room left.*--resume`$"):
            named.forget(plan)
    assert woven.secret not in {record.id for record in named.get_all(user_id="ana")}
    assert [each.state for each in named.resume()] == ["complete"]


def _full(*_: object) -> Any:
    from memguard import StorageFull

    raise StorageFull("no room left")


def test_an_unreadable_vault_does_not_keep_others_from_being_finished(
    named: Memory, woven: Woven, monkeypatch: pytest.MonkeyPatch
) -> None:
    named.add("not to be read", user_id="aaron")
    plan = named.plan_forget(user_id="ana", ids=[woven.secret])
    with monkeypatch.context() as patch, contextlib.suppress(VaultError):
        patch.setattr("memguard.flows.forget.looked", _full)
        named.forget(plan)
    broken = named.home.vault("aaron")
    broken.close()
    broken.path.write_bytes(b"")
    certificates = named.resume()
    assert [each.erased.derived for each in certificates] == [2]


# -- legal holds ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("held", ["secret", "child", "grandchild"])
def test_a_hold_blocks_a_plan_that_takes_what_is_held_or_what_that_was_derived_from(
    named: Memory, woven: Woven, held: str
) -> None:
    early = named.plan_forget(user_id="ana", ids=[woven.secret])
    hold_id = named.hold(user_id="ana", reason="Case 12 of Zelda", ids=[getattr(woven, held)])
    plan = named.plan_forget(user_id="ana", ids=[woven.secret])
    assert plan.hold == hold_id
    assert f"  BLOCKED by legal hold {hold_id}: lift it first" in plan.readable().splitlines()
    whole = named.plan_forget(user_id="ana")
    for each in (plan, early, whole):
        with pytest.raises(LegalHold, match=hold_id) as raised:
            named.forget(each)
        assert "Zelda" not in str(raised.value)
    with pytest.raises(LegalHold):
        named.forget(user_id="ana")
    with pytest.raises(LegalHold):
        named.delete(getattr(woven, held), user_id="ana")
    assert len(named.get_all(user_id="ana")) == len(woven)
    assert named.holds(user_id="ana") == {hold_id: "Case 12 of Zelda"}
    assert b"Case 12" not in bytes_of(named.home.vault("ana"))

    named.lift(hold_id, user_id="ana")
    assert named.holds(user_id="ana") == {}
    assert named.forget(early).state == "complete"


def test_a_hold_keeps_what_a_scope_holds_now_and_nothing_else(named: Memory, woven: Woven) -> None:
    named.hold(user_id="ana", reason="Case 12", environment="site")
    later = one(named.add("later", user_id="ana", environment="site")).id
    assert named.forget(named.plan_forget(user_id="ana", ids=[later, woven.secret])).state == "complete"
    with pytest.raises(LegalHold):
        named.delete(woven.kept, user_id="ana")


def test_a_hold_of_a_whole_vault_keeps_what_will_come_too(named: Memory, woven: Woven) -> None:
    hold_id = named.hold(user_id="ana", reason="Case 12")
    later = one(named.add("later", user_id="ana")).id
    for ids in ([later], [woven.secret]):
        assert named.plan_forget(user_id="ana", ids=ids).hold == hold_id
    named.add("bens", user_id="ben")
    assert named.forget(user_id="ben").state == "complete"


def test_holds_lie_over_each_other(named: Memory, woven: Woven) -> None:
    first = named.hold(user_id="ana", reason="one", ids=[woven.secret])
    second = named.hold(user_id="ana", reason="two", run_id="r-2")
    named.lift(first, user_id="ana")
    assert named.plan_forget(user_id="ana", ids=[woven.secret]).hold == second
    with pytest.raises(NotFound, match="no such legal hold"):
        named.lift(first, user_id="ana")


def test_a_hold_keeps_the_vault_from_being_replaced_by_an_older_one(
    named: Memory, woven: Woven, tmp_path: Path
) -> None:
    path = tmp_path / "backup"
    named.backup(path)
    later = one(named.add("later than the backup", user_id="ana")).id
    hold_id = named.hold(user_id="ana", reason="Case 12", ids=[later])
    with pytest.raises(LegalHold, match=hold_id):
        named.restore_backup(path)
    assert named.get(later, user_id="ana").text == "later than the backup"
    named.lift(hold_id, user_id="ana")
    assert named.restore_backup(path).vaults == 1


@pytest.mark.parametrize("versions", [0, 2])
def test_no_wording_of_what_is_held_is_dropped(home: Places, versions: int) -> None:
    with home.open(history_versions=versions) as memory:
        held, free = (one(memory.add("wording 0", user_id="ana", key=key)).id for key in "ab")
        hold_id = memory.hold(user_id="ana", reason="Case 12", ids=[held])
        for n in range(1, 5):
            memory.update(held, f"wording {n}", user_id="ana")
            memory.update(free, f"wording {n}", user_id="ana")
        assert len(memory.history(held, user_id="ana")) == 4
        assert len(memory.history(free, user_id="ana")) == versions
        memory.lift(hold_id, user_id="ana")
        memory.update(held, "wording 5", user_id="ana")
        assert len(memory.history(held, user_id="ana")) == versions


def test_a_hold_that_comes_while_an_owner_is_forgotten_keeps_the_vault(
    named: Memory, woven: Woven, monkeypatch: pytest.MonkeyPatch
) -> None:
    retiring = Vault.retiring

    @contextlib.contextmanager
    def late(vault: Vault, state: str) -> Iterator[Any]:
        named.hold(user_id="ana", reason="at the last moment")
        with retiring(vault, state) as session:
            yield session

    monkeypatch.setattr(Vault, "retiring", late)
    with pytest.raises(LegalHold):
        named.forget(user_id="ana")
    assert len(named.get_all(user_id="ana")) == len(woven)
    assert named.resume() == []
