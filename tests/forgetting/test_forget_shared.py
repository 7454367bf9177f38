"""Another process has the vault open while memories are forgotten: it never sees one after `forget` returned."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from memguard import Memory
from tests.checks import one
from tests.conftest import Places
from tests.forgetting.forgetting_parts import Woven
from tests.house import ROOT


class Other:
    """The other process."""

    def __init__(self, home: Places) -> None:
        words = [str(home.home), str(home.keys), str(home.cache)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.forgetting.reading", *words],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __call__(self, *words: str) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture
def other(home: Places, woven: Woven) -> Iterator[Other]:
    other = Other(home)
    yield other
    assert other.process.stdin is not None
    assert other.process.stdout is not None
    other.process.stdin.close()
    other.process.wait(timeout=30)
    other.process.stdout.close()


def test_it_sees_nothing_of_it_at_its_next_call(named: Memory, woven: Woven, other: Other) -> None:
    gone = {woven.secret, woven.child, woven.grandchild}
    assert gone <= {*other("search", "the brass golden key of the bakery vault, worth stealing: who gets in?")}
    assert named.forget(named.plan_forget(user_id="ana", ids=[woven.secret])).state == "complete"
    assert not gone & {*other("search", "the brass golden key of the bakery vault, worth stealing: who gets in?")}
    assert other("get", woven.secret) == "UnknownMemory"
    assert other("get", woven.kept) == "The ladder leans in the shed of Acme"


def test_it_goes_on_searching_and_writing_while_memories_are_forgotten(
    named: Memory, woven: Woven, other: Other
) -> None:
    ids = [one(named.add(f"A lantern, number {n}", user_id="ana", run_id="r-7")).id for n in range(6)]
    forgotten: list[str] = []
    wrong: list[Any] = []
    done = threading.Event()

    def asks() -> None:
        written = 0
        while not done.is_set() or written < 3:
            before = {*forgotten}  # of these `forget` had returned before the question was asked
            seen = other("search", "a lantern")
            if not isinstance(seen, list) or before & {*seen}:
                wrong.append(seen)
            other("add", f"A lantern that is written meanwhile, {written}")
            written += 1

    asking = threading.Thread(target=asks)
    asking.start()
    try:
        for memory_id in ids:
            named.forget(named.plan_forget(user_id="ana", ids=[memory_id]))
            forgotten.append(memory_id)
    finally:
        done.set()
        asking.join()
    assert wrong == []
    assert not {*ids} & {*other("search", "a lantern")}
    named.resume()
    assert named.resume() == []
    written = [record for record in named.get_all(user_id="ana") if "meanwhile" in record.text]
    assert len(written) >= 3


def test_a_snapshot_that_it_holds_makes_it_pending_until_it_lets_go(
    named: Memory, woven: Woven, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memguard.vault.connection.BUSY_MS_MAX", 50)
    named.close()  # connections that are warm would wait longer
    plan = named.plan_forget(user_id="ana", ids=[woven.secret])
    assert other("hold a snapshot") == len(woven)
    certificate = named.forget(plan)
    assert certificate.state == "pending"
    other("let go")
    (finished,) = named.resume()
    assert (finished.state, finished.erased) == ("complete", certificate.erased)
    assert named.resume() == []


def test_an_owner_forgotten_is_unknown_to_it(named: Memory, woven: Woven, other: Other) -> None:
    assert woven.secret in other("search", "bakery")
    assert named.forget(user_id="ana").state == "complete"
    assert other("search", "bakery") == "UnknownOwner"
    assert other("get", woven.kept) == "UnknownOwner"
