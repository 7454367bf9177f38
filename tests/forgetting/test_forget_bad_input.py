"""What cannot be forgotten: one clear error each, nothing quoted, nothing half done."""

from __future__ import annotations

import contextlib
import resource
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from memguard import (
    InvalidInput,
    KeyringError,
    MemguardError,
    Memory,
    NotFound,
    PlanOutdated,
    UnknownMemory,
    UnknownOwner,
)
from memguard.errors import KeyringOutdated
from memguard.forgetting.certificate import Certificate
from tests.checks import MARKER, one, refused
from tests.conftest import Places
from tests.forgetting.forgetting_parts import Woven, open_at, weave

UNKNOWN = "00000000-0000-4000-8000-000000000000"
NAIVE = datetime(2024, 3, 4)  # noqa: DTZ001 - that is the point


SCOPES: dict[str, tuple[dict[str, Any], type[MemguardError], str]] = {
    "an unknown id": ({"ids": [UNKNOWN]}, UnknownMemory, UNKNOWN),
    "what is no id": ({"ids": [MARKER]}, UnknownMemory, "(not an id)"),
    "no ids": ({"ids": []}, InvalidInput, "must have a value"),
    "one id, not a list": ({"ids": UNKNOWN}, InvalidInput, "list of ids"),
    "ids that are numbers": ({"ids": [5]}, InvalidInput, "list of ids"),
    "a number for ids": ({"ids": 5}, InvalidInput, "list of ids"),
    "ids and a run": ({"ids": [UNKNOWN], "run_id": MARKER}, InvalidInput, "not both"),
    "an unknown run": ({"run_id": MARKER}, NotFound, "nothing to"),
    "an unknown author": ({"author": MARKER}, NotFound, "nothing to"),
    "an empty run": ({"run_id": ""}, NotFound, "nothing to"),
    "no run": ({"run_id": None}, InvalidInput, "must have a value"),
    "no filters": ({"filters": None}, InvalidInput, "must have a value"),
    "a filter that finds nothing": ({"filters": {"team": MARKER}}, NotFound, "nothing to"),
    "filters that are none": ({"filters": MARKER}, InvalidInput, "filters must be"),
    "an unknown filter": ({"filters": {"team": {MARKER: 1}}}, InvalidInput, "unknown filter operator"),
    "a time in filters": ({"filters": {"happened_at": {"gte": datetime.now(UTC)}}}, InvalidInput, "plain JSON"),
    "a set in filters": ({"filters": {"team": {MARKER}}}, InvalidInput, "plain JSON"),
    "an unknown name": ({"colour": MARKER}, InvalidInput, "unknown argument colour"),
    "a time without a zone": ({"since": NAIVE}, InvalidInput, "aware"),
    "a text for a time": ({"since": "2024-03-04"}, InvalidInput, "aware"),
    "a number for a time": ({"until": 5}, InvalidInput, "aware"),
    "a run that is a number": ({"run_id": object()}, InvalidInput, "plain JSON"),
}


@pytest.mark.parametrize("what", SCOPES)
def test_a_scope_that_is_none_is_refused_by_plan_and_hold(named: Memory, woven: Woven, what: str) -> None:
    scope, error, says = SCOPES[what]
    with refused(named, error, says):
        named.plan_forget(user_id="ana", **scope)
    with refused(named, error, says):
        named.hold(user_id="ana", reason=f"{MARKER} is suing", **scope)
    assert named.holds(user_id="ana") == {}


OWNERS: dict[str, Callable[[Memory], object]] = {
    "plan": lambda m: m.plan_forget(user_id=MARKER),
    "forget": lambda m: m.forget(user_id=MARKER),
    "hold": lambda m: m.hold(user_id=MARKER, reason="x"),
    "holds": lambda m: m.holds(user_id=MARKER),
    "lift": lambda m: m.lift(UNKNOWN, user_id=MARKER),
}


@pytest.mark.parametrize("verb", OWNERS)
def test_an_unknown_owner_is_refused_and_gets_no_vault(named: Memory, woven: Woven, verb: str) -> None:
    with refused(named, UnknownOwner):
        OWNERS[verb](named)
    assert named.users() == ["ana"]


CALLS: dict[str, tuple[Callable[[Memory], object], str]] = {
    "nothing": (lambda m: m.forget(), "a plan, or an owner"),
    "an empty owner": (lambda m: m.forget(user_id=""), "user_id"),
    # The wrong type is the point.
    # The wrong type is the point.
    "a document": (lambda m: m.forget({"owner": MARKER}), "takes a plan"),  # type: ignore[arg-type]  # on purpose
    "an owner for a plan": (lambda m: m.forget(MARKER), "takes a plan"),  # type: ignore[arg-type]  # on purpose
    "both": (lambda m: m.forget(m.plan_forget(user_id="ana"), user_id="ana"), "one of them"),
    "a reference of two lines": (lambda m: m.forget(user_id="ana", reference=f"{MARKER}\nx"), "one line"),
    "a reference for a plan": (
        lambda m: m.forget(m.plan_forget(user_id="ana", run_id="r-2"), reference=MARKER * 50),
        "one line",
    ),
    "an empty reason": (lambda m: m.hold(user_id="ana", reason=" "), "empty"),
}


@pytest.mark.parametrize("what", CALLS)
def test_a_call_that_says_too_little_or_too_much_is_refused(named: Memory, woven: Woven, what: str) -> None:
    call, says = CALLS[what]
    with refused(named, InvalidInput, says):
        call(named)


@pytest.mark.parametrize(
    "scope", [{"filters": {}}, {"filters": {"author": "*"}}, {"until": datetime(2999, 1, 1, tzinfo=UTC)}]
)
def test_a_scope_that_takes_everything_needs_the_word(named: Memory, woven: Woven, scope: dict[str, Any]) -> None:
    plan = named.plan_forget(user_id="ana", **scope)
    assert plan.everything
    assert "has to be asked for with the word everything" in plan.readable()
    with refused(named, InvalidInput, "say everything"):
        named.forget(plan)
    assert named.forget(plan, everything=True).state == "complete"
    assert named.get_all(user_id="ana") == []


def test_the_word_everything_adds_nothing_to_a_plan(named: Memory, woven: Woven) -> None:
    named.forget(named.plan_forget(user_id="ana", ids=[woven.kept]), everything=True)
    assert len(named.get_all(user_id="ana")) == len(woven) - 1


def test_more_ids_than_a_statement_takes_parameters(named: Memory, woven: Woven) -> None:
    plan = named.plan_forget(user_id="ana", ids=[woven.kept] * 40_000)
    assert plan.memories == (woven.kept,)


def test_twice_at_once_is_done_once(named: Memory, woven: Woven) -> None:
    plan = named.plan_forget(user_id="ana", ids=[woven.secret])

    def forgotten(_: int) -> Certificate | None:
        try:
            return named.forget(plan)
        except PlanOutdated:
            return None

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(forgotten, range(4)))
    done = [each for each in outcomes if each is not None]
    assert len(done) == 1
    assert done[0].erased.memories == 1
    assert [each.state for each in named.resume()] in ([], ["complete"])  # the others may have been reading


def test_an_owner_twice_at_once_is_done_once(named: Memory, woven: Woven) -> None:
    def forgotten(_: int) -> str:
        try:
            return named.forget(user_id="ana").state
        except MemguardError as error:
            return type(error).__name__

    with ThreadPoolExecutor(3) as pool:
        outcomes = sorted(pool.map(forgotten, range(3)))
    assert outcomes.count("complete") == 1
    assert {*outcomes} <= {"complete", "UnknownOwner", "VaultDestroyed"}
    assert named.users() == []
    assert named.home.contents().owed == ()


def test_an_import_that_brings_more_of_the_scope_makes_the_plan_stale(
    named: Memory, woven: Woven, tmp_path: Path
) -> None:
    plan = named.plan_forget(user_id="ana", run_id="r-2")
    path = tmp_path / "more.jsonl"
    path.write_text('{"text": "more of it", "run_id": "r-2"}\n')
    seen = []

    def progress(done: int, total: int) -> None:
        with contextlib.suppress(PlanOutdated):
            seen.append(named.forget(plan))

    assert named.import_(path, user_id="ana", progress=progress).stored == 1
    assert seen == []
    assert {record.text for record in named.get_all(user_id="ana", run_id="r-2")} >= {"more of it"}
    assert named.forget(named.plan_forget(user_id="ana", run_id="r-2")).erased.memories == 2


def test_an_import_goes_on_beside_it(named: Memory, woven: Woven, tmp_path: Path) -> None:
    path = tmp_path / "more.jsonl"
    path.write_text("".join(f'{{"text": "line {n}"}}\n' for n in range(600)))
    plan = named.plan_forget(user_id="ana", ids=[woven.secret])
    begun = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        account = pool.submit(named.import_, path, user_id="ana", progress=lambda *_: begun.set())
        begun.wait(timeout=60)
        certificate = named.forget(plan)
        assert account.result().stored == 600
    assert certificate.state in ("complete", "pending")
    assert len(named.get_all(user_id="ana", limit=1000)) == len(woven) - 3 + 600
    assert {each.state for each in named.resume()} <= {"complete"}


def test_a_backup_made_meanwhile_holds_it_whole_or_not_at_all(named: Memory, woven: Woven, tmp_path: Path) -> None:
    plan = named.plan_forget(user_id="ana", ids=[woven.secret])
    with ThreadPoolExecutor(1) as pool:
        backup = pool.submit(named.backup, tmp_path / "backup")
        certificate = named.forget(plan)
        assert backup.result() == 1
    assert certificate.state in ("complete", "pending")
    assert {each.state for each in named.resume()} <= {"complete"}
    named.restore_backup(tmp_path / "backup")
    assert len(named.get_all(user_id="ana")) in (len(woven), len(woven) - 3)


@contextlib.contextmanager
def file_size_max(size: int) -> Iterator[None]:
    """As on a full disk: no file gets longer than this."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_inside_the_transaction_erases_nothing(named: Memory, woven: Woven) -> None:
    vault = named.home.vault("ana")
    plan = named.plan_forget(user_id="ana", ids=[woven.secret])
    vault.truncate_log()
    with refused(named, MemguardError), file_size_max(4096):
        named.forget(plan)
    assert named.resume() == []
    assert named.forget(plan).state == "complete"


def test_a_full_disk_while_an_owner_is_forgotten_keeps_the_owner(named: Memory, woven: Woven) -> None:
    named.home.vault("ana").truncate_log()
    with refused(named, MemguardError), file_size_max(16):
        named.forget(user_id="ana")
    assert named.users() == ["ana"]
    assert named.resume() == []
    assert named.forget(user_id="ana").state == "complete"


def test_a_lost_master_forgets_nothing(home: Places) -> None:
    with open_at(home) as memory:
        woven = weave(memory)
    (master,) = home.keys.rglob("master-*")
    key = master.read_bytes()
    master.unlink()
    with open_at(home) as memory:
        verbs: list[Callable[[], object]] = [
            lambda: memory.plan_forget(user_id="ana"),
            lambda: memory.forget(user_id="ana"),
            memory.resume,
        ]
        for verb in verbs:
            with pytest.raises(KeyringError) as raised:
                verb()
            assert isinstance(raised.value, KeyringOutdated)
    master.write_bytes(key)
    with open_at(home) as memory:
        assert len(memory.get_all(user_id="ana")) == len(woven)


def test_where_there_is_no_home_there_is_nothing_to_finish(memory: Memory, home: Places) -> None:
    assert memory.resume() == []
    assert not home.home.exists()


def test_a_lifted_or_unknown_hold_is_said_to_be_unknown(named: Memory, woven: Woven) -> None:
    for hold_id in (UNKNOWN, MARKER, ""):
        with refused(named, NotFound, "no such legal hold"):
            named.lift(hold_id, user_id="ana")


def test_what_another_owner_holds_does_not_concern_this_one(named: Memory, woven: Woven) -> None:
    other = one(named.add("bens", user_id="ben")).id
    named.hold(user_id="ben", reason="Case 12")
    with refused(named, UnknownMemory):
        named.plan_forget(user_id="ana", ids=[other])
    assert named.forget(user_id="ana").state == "complete"
