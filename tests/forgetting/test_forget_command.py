"""`memguard forget` and `memguard hold`, through the installed script."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from memguard.retrieval.embedder import PackagedEmbedder
from tests.checks import one
from tests.commands import Command
from tests.conftest import CACHE, Places
from tests.forgetting.forgetting_parts import Woven, open_at, weave


@pytest.fixture(scope="module")
def woven_folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Woven]:
    folder = tmp_path_factory.mktemp("woven")
    with open_at(Places(folder / "home", folder / "keys", CACHE)) as memory:
        woven = weave(memory)
        memory.add("bens ladder", user_id="ben", run_id="r-2")
    return folder, woven


@pytest.fixture
def woven(home: Places, woven_folder: tuple[Path, Woven]) -> Woven:
    shutil.copytree(woven_folder[0], home.home.parent, dirs_exist_ok=True)
    return woven_folder[1]


@pytest.fixture
def command(home: Places, woven: Woven) -> Command:
    return Command(home)


def left(home: Places, owner: str = "ana") -> set[str]:
    with open_at(home) as memory:
        return {record.id for record in memory.get_all(user_id=owner)}


def plan_of(home: Places, path: Path, **scope: Any) -> Path:
    """A plan as `--dry-run --json` writes it, of a vault that a stand-in embedded."""
    with open_at(home) as memory:
        path.write_text(json.dumps(memory.plan_forget(user_id="ana", **scope).to_json()))
    return path


def test_a_plan_in_a_file_is_carried_out_with_a_certificate(
    command: Command, home: Places, woven: Woven, tmp_path: Path
) -> None:
    plan = plan_of(home, tmp_path / "plan.json", run_id="r-2")
    shown = command.run("forget", "--plan", plan, "--dry-run")
    assert f"  goes: {woven.secret}" in shown.out.splitlines()
    assert left(home) == {*woven}

    file = tmp_path / "certificate.json"
    document = command.json("forget", "--plan", plan, "--yes", "--certificate", file, "--reference", "TICKET-7")
    assert document == json.loads(file.read_text())
    assert document["signed"]["state"] == "complete"
    assert document["signed"]["reference"] == "TICKET-7"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert left(home) == {*woven} - {woven.secret, woven.child, woven.grandchild}
    assert len(left(home, "ben")) == 1
    assert command.run("verify", file).code == 0

    assert "carried out already" in command.refused("forget", "--plan", plan, "--yes")
    assert command.run("forget", "--resume").out == "nothing was left to finish\n"


def test_what_a_person_types_is_planned_shown_and_forgotten(
    home: Places, packaged_model: PackagedEmbedder, tmp_path: Path
) -> None:
    with home.open(packaged_model) as memory:
        memory.add("The build breaks when the cache is cold", user_id="ana", run_id="r-1", environment="site")
        kept = one(memory.add("Her dentist is on the second floor", user_id="ana")).id
        again = one(memory.add("The build breaks when the cache is too cold", user_id="ana", agent_id="claude")).id
    command = Command(home)
    plan = command.json("forget", "--project", "site", "--dry-run")
    assert (plan["kind"], len(plan["memories"]), plan["alike"]) == ("environment", 1, [again])
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan))
    assert command.json("forget", "--plan", file, "--yes")["signed"]["erased"]["kind"] == "environment"
    assert command.json("forget", "--memory", again, "--yes")["signed"]["erased"]["memories"] == 1
    assert [each["id"] for each in command.json("list")] == [kept]
    for words in (["--run", "r-1"], ["--memory", again]):
        command.refused("forget", *words, "--yes")
    assert "say everything" in command.refused("forget", "--since", "2001-01-01T00:00:00Z", "--yes")
    assert command.json("forget", "--user", "ana", "--yes")["signed"]["erased"]["kind"] == "vault"
    assert command.run("users").out == ""


def test_an_owner_is_forgotten_and_the_page_says_complete(command: Command, home: Places, tmp_path: Path) -> None:
    ran = command.run("forget", "--plan", plan_of(home, tmp_path / "plan.json"), "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert "COMPLETE" in ran.out
    for word in ("ana", "Zelda", "bakery"):
        assert word not in ran.out
    assert command.run("users").out.split() == ["ben"]


def test_without_yes_a_program_is_told_to_say_so(command: Command, home: Places, woven: Woven, tmp_path: Path) -> None:
    line = command.refused("forget", "--plan", plan_of(home, tmp_path / "plan.json"))
    assert "--dry-run" in line
    assert "--yes" in line
    assert left(home) == {*woven}


NOT_KEPT = "The certificate will be shown, and not kept"


@pytest.mark.parametrize("answer", ["n", "", "maybe"])
def test_a_person_sees_the_plan_and_says_no(
    command: Command, home: Places, woven: Woven, tmp_path: Path, answer: str
) -> None:
    said = f"{answer}\nn" if answer == "maybe" else answer
    ran = command.typed(said, "forget", "--plan", plan_of(home, tmp_path / "plan.json", run_id="r-2"))
    assert (ran.code, ran.out) == (1, "")
    assert f"goes: {woven.secret}" in ran.err
    assert NOT_KEPT in ran.err
    assert left(home) == {*woven}


def test_a_person_says_yes(command: Command, home: Places, woven: Woven, tmp_path: Path) -> None:
    plan, file = plan_of(home, tmp_path / "plan.json", run_id="r-2"), tmp_path / "certificate.json"
    ran = command.typed("y", "forget", "--plan", plan, "--certificate", file)
    assert ran.code == 0
    assert "COMPLETE" in ran.out
    assert NOT_KEPT not in ran.err
    assert woven.secret not in left(home)
    assert command.run("verify", file).code == 0


def test_a_whole_vault_goes_with_its_owners_name(command: Command, home: Places, woven: Woven, tmp_path: Path) -> None:
    plan = plan_of(home, tmp_path / "plan.json")
    for answer in ("y", "Ana"):
        ran = command.typed(answer, "forget", "--plan", plan)
        assert (ran.code, ran.out) == (1, "")
        assert "that is not the owner's name: nothing was erased" in ran.err
    assert left(home) == {*woven}
    assert command.typed("ana", "forget", "--plan", plan).code == 0
    assert command.run("users").out.split() == ["ben"]


def test_everything_has_to_be_said(command: Command, home: Places, woven: Woven, tmp_path: Path) -> None:
    plan = plan_of(home, tmp_path / "plan.json", ids=[*woven])
    assert "say everything" in command.refused("forget", "--plan", plan, "--yes")
    assert left(home) == {*woven}
    assert command.run("forget", "--plan", plan, "--yes", "--everything").code == 0
    assert left(home) == set()


def test_a_hold_blocks_until_it_is_lifted(command: Command, home: Places, woven: Woven, tmp_path: Path) -> None:
    hold_id = command.json("hold", "add", "Case 12", "--run", "r-2")["hold"]
    assert command.json("hold", "list") == {hold_id: "Case 12"}
    plan = plan_of(home, tmp_path / "plan.json", ids=[woven.secret])
    assert hold_id in command.refused("forget", "--plan", plan, "--yes")
    assert command.run("hold", "lift", hold_id).out == f"lifted {hold_id}\n"
    assert "no such legal hold" in command.refused("hold", "lift", hold_id)
    assert "nothing to hold" in command.refused("hold", "add", "Case 13", "--run", "no such run")
    assert left(home) == {*woven}


def test_a_hold_keeps_a_single_memory(command: Command, home: Places, woven: Woven) -> None:
    command.run("hold", "add", "Case 12", "--memory", woven.kept)
    with open_at(home) as memory:
        assert memory.plan_forget(user_id="ana", ids=[woven.kept]).hold
        assert not memory.plan_forget(user_id="ana", ids=[woven.alike]).hold


def test_a_certificate_that_cannot_be_written_is_told_before(
    command: Command, home: Places, woven: Woven, tmp_path: Path
) -> None:
    plan = plan_of(home, tmp_path / "plan.json", run_id="r-2")
    for place in (tmp_path, tmp_path / "no such folder" / "file"):
        line = command.refused("forget", "--plan", plan, "--yes", "--certificate", place)
        assert "nothing was erased" in line
    assert left(home) == {*woven}


def test_bad_words_are_one_line_each_and_change_nothing(
    command: Command, home: Places, woven: Woven, tmp_path: Path
) -> None:
    plan = plan_of(home, tmp_path / "plan.json", run_id="r-2")
    broken = tmp_path / "broken.json"
    broken.write_bytes(b"\xff" + b"[" * 5_000)
    altered = tmp_path / "altered.json"
    altered.write_text(plan.read_text().replace('"r-2"', '"r-1"'))
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 100_000)
    for words, says in (
        (["--plan", broken], "cannot be read"),
        (["--plan", deep], "cannot be read"),
        (["--plan", tmp_path / "none.json"], "cannot be read"),
        (["--plan", altered, "--yes"], "altered"),
        (["--plan", plan, "--run", "r-1", "--yes"], "no scope beside it"),
        (["--plan", plan, "--yes", "--certificate", tmp_path / "none" / "c.json"], "cannot be written there"),
        (["--plan", plan, "--yes", "--reference", "a\nb"], "one line"),
        (["--resume", "--run", "r-2"], "neither a scope"),
        (["--since", "yesterday", "--yes"], "ISO 8601"),
    ):
        assert says in command.refused("forget", *words)
    assert "no vault for this owner" in command.refused("forget", "--yes", MEMGUARD_USER="nobody")
    assert left(home) == {*woven}
