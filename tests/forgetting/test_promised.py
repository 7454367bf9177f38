"""The promise in one story: what one run brought in is planned, erased, looked for by another hand, and certified."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.pages import decrypted
from memguard import LegalHold, Memory, NotFound, PlanOutdated
from tests.checks import one
from tests.conftest import Places
from tests.promises import promise
from tests.standins import NameList, TokenEmbedder

SAID = "Zelda keeps a gelatinous astrolabe in the pantry"
CANARIES = (b"gelatin", b"astrolab", b"pantry", b"Zelda")


@promise("P7")
def test_forgotten_is_gone_where_the_certificate_says_complete(home: Places, tmp_path: Path) -> None:
    with home.open(TokenEmbedder(), detector=NameList({"Zelda": "PERSON"})) as memory:
        going = one(memory.add(SAID, user_id="ana", run_id="r-1"))
        derived = one(memory.add("so there is an astrolabe", user_id="ana", derived_from=[going.id]))
        kept = one(memory.add("the kettle is blue", user_id="ana"))
        memory.update(going.id, SAID + ", and a kettle", user_id="ana")
        memory.backup(tmp_path / "backup.tar")
        assert [canary for canary in CANARIES if canary in decrypted(memory, "ana")] == list(CANARIES[:3])

        certificate = memory.forget(memory.plan_forget(user_id="ana", run_id="r-1"))

        assert certificate.state == "complete"
        assert (certificate.erased.memories, certificate.erased.derived, certificate.erased.versions) == (1, 1, 1)
        assert [canary for canary in CANARIES if canary in decrypted(memory, "ana")] == []
        assert [record.id for record in memory.get_all(user_id="ana")] == [kept.id]
        assert memory.verify(certificate).verdict == "sound"
        memory.restore_backup(tmp_path / "backup.tar")
        assert [record.id for record in memory.get_all(user_id="ana")] == [kept.id]
        for memory_id in (going.id, derived.id):
            with pytest.raises(NotFound):
                memory.get(memory_id, user_id="ana")


def test_a_plan_is_carried_out_once_and_not_once_the_vault_has_moved_on(memory: Memory) -> None:
    first = one(memory.add("a lantern", user_id="ana", run_id="r-1"))
    plan = memory.plan_forget(user_id="ana", run_id="r-1")
    memory.update(first.id, "another lantern", user_id="ana")
    with pytest.raises(PlanOutdated):
        memory.forget(plan, everything=True)
    memory.forget(memory.plan_forget(user_id="ana", run_id="r-1"), everything=True)
    with pytest.raises(NotFound):
        memory.plan_forget(user_id="ana", run_id="r-1")


def test_a_hold_keeps_what_it_names(memory: Memory) -> None:
    kept = one(memory.add("a lantern", user_id="ana", run_id="r-1"))
    hold_id = memory.hold(user_id="ana", reason="litigation", run_id="r-1")
    for erase in (
        lambda: memory.delete(kept.id, user_id="ana"),
        lambda: memory.forget(memory.plan_forget(user_id="ana", run_id="r-1"), everything=True),
        lambda: memory.forget(user_id="ana"),
    ):
        with pytest.raises(LegalHold, match=hold_id):
            erase()
    memory.lift(hold_id, user_id="ana")
    assert memory.delete(kept.id, user_id="ana").memories == 1


def test_what_was_found_once_is_not_unseen(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """An eraser that forgets to erase is found out, and resuming does not know better."""
    memory.add(SAID, user_id="ana", run_id="r-1")
    memory.add("the kettle is blue", user_id="ana")
    with monkeypatch.context() as patched:
        patched.setattr("memguard.flows.forget.erase_rows", lambda session, going: None)
        patched.setattr("memguard.forgetting.search._surviving", lambda *_: set())
        certificate = memory.forget(memory.plan_forget(user_id="ana", run_id="r-1"))
    assert certificate.state == "incomplete"
    assert [again.state for again in memory.resume()] == ["incomplete"]
