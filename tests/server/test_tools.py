"""What each tool does in a vault: scope, authorship and limits. With real vaults and the stand-in embedder."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from memguard import MemguardError, Memory, UnknownMemory
from memguard_server import tools
from memguard_server.answers import LIST_TEXT_MAX, SEARCH_TEXT_MAX
from memguard_server.asking import Question
from memguard_server.frame import NOTICE
from memguard_server.project import project_of
from memguard_server.session import CHANGES_MAX, Refused, Session, agent_name
from memguard_server.tools import TOOLS
from tests.server.conftest import repository

ID = "00000000-0000-4000-8000-000000000001"


class Connection:
    """One session's calls, answered as data."""

    def __init__(self, memory: Memory, session: Session) -> None:
        self.memory = memory
        self.session = session

    def __call__(self, name: str, **given: Any) -> dict[str, Any]:
        tool = TOOLS[name]
        found = tool.run(self.memory, self.session, tool.arguments.model_validate(given))
        data = (found.not_asked() if isinstance(found, Question) else found).data
        assert json.loads(json.dumps(data)) == data
        return data

    def add(self, text: str, **given: Any) -> str:
        return str(self("add_memory", text=text, **given)["id"])

    def texts(self, name: str = "list_memories", **given: Any) -> list[str]:
        return [found["text"] for found in self(name, **given)["memories"]]


@pytest.fixture
def site(memory: Memory) -> Connection:
    return Connection(memory, Session("ana", "claude-code", "/site"))


@pytest.fixture
def shop(memory: Memory) -> Connection:
    return Connection(memory, Session("ana", "claude-code", "/shop"))


@pytest.fixture
def nowhere(memory: Memory) -> Connection:
    return Connection(memory, Session("ana", "claude-code", None))


@pytest.fixture
def other(memory: Memory) -> Connection:
    """Another agent in the same project."""
    return Connection(memory, Session("ana", "cursor", "/site"))


def test_what_an_agent_adds_is_of_its_connection(site: Connection) -> None:
    stored = site(
        "add_memory",
        text="The lantern hangs in the boat house",
        actor="Ana",
        source="user",
        origin="README.md",
        happened_at="2026-05-03T10:00:00+02:00",
        metadata={"n": 1},
    )
    assert stored | {"id": 0} == {"id": 0, "scope": "project", "duplicate": False, "superseded": []}
    record = site.memory.get(stored["id"], user_id="ana")
    assert (record.author, record.agent_id, record.run_id) == ("claude-code", "claude-code", site.session.run_id)
    assert (record.environment, record.actor, record.source, record.origin) == ("/site", "Ana", "user", "README.md")
    found = site("get_memory", id=stored["id"])
    assert found["notice"] == NOTICE
    assert found["metadata"] == {"n": 1}
    assert found["happened_at"] == "2026-05-03T10:00:00+02:00"
    assert "actor" not in site("get_memory", id=site.add("nobody said this"))


def test_a_project_sees_its_own_and_what_is_global(site: Connection, shop: Connection, nowhere: Connection) -> None:
    site.add("lantern of the site")
    shop.add("lantern of the shop")
    site.add("lantern everywhere", everywhere=True)
    nowhere.add("lantern from nowhere")
    expected = {
        site: {"lantern of the site", "lantern everywhere", "lantern from nowhere"},
        shop: {"lantern of the shop", "lantern everywhere", "lantern from nowhere"},
        nowhere: {"lantern everywhere", "lantern from nowhere"},
    }
    for connection, texts in expected.items():
        assert set(connection.texts()) == texts
        assert set(connection.texts("search_memories", query="lantern", limit=20)) == texts
        assert len(connection.texts(all_projects=True)) == 4
        assert len(connection.texts("search_memories", query="lantern", limit=20, all_projects=True)) == 4
    counts = [(c("memory_status")["in_project"], c("memory_status")["everywhere"]) for c in (site, shop, nowhere)]
    assert counts == [(1, 2), (1, 2), (0, 2)]


def test_an_answer_says_where_a_memory_belongs(site: Connection, shop: Connection) -> None:
    site.add("lantern of the site")
    site.add("lantern everywhere", everywhere=True)
    found = shop("search_memories", query="lantern", all_projects=True)["memories"]
    scopes = {each["text"]: (each["scope"], each.get("project")) for each in found}
    assert scopes == {"lantern of the site": ("other", "/site"), "lantern everywhere": ("everywhere", None)}


def test_before_the_first_memory_there_is_nothing_and_no_error(site: Connection) -> None:
    assert site.texts("search_memories", query="lantern") == site.texts() == []
    assert site("memory_status")["in_project"] == 0
    for name in ("get_memory", "delete_memory"):
        with pytest.raises(UnknownMemory, match=ID):
            site(name, id=ID)


def test_an_id_opens_any_project_to_reading_only(site: Connection, shop: Connection) -> None:
    stored = site.add("lantern of the site")
    assert shop("get_memory", id=stored)["scope"] == "other"
    for name, given in (("update_memory", {"text": "changed"}), ("delete_memory", {})):
        with pytest.raises(Refused, match="belongs to another project"):
            shop(name, id=stored, **given)
    with pytest.raises(Refused, match="belongs to another project"):
        shop.add("no lantern at all", supersedes=[stored])
    assert site.texts() == ["lantern of the site"]
    assert site("get_memory", id=stored)["current"] is True


def test_an_agent_changes_only_what_it_wrote(site: Connection, other: Connection) -> None:
    stored = site.add("lantern of the site")
    for name, given in (("update_memory", {"text": "changed"}), ("delete_memory", {})):
        with pytest.raises(Refused, match="only a person can change or delete it"):
            other(name, id=stored, **given)
    assert other.session.changes.left() == CHANGES_MAX  # what is refused costs nothing
    assert site("update_memory", id=stored, text="lantern, repainted") == {"updated": stored}
    assert other.texts() == ["lantern, repainted"]
    assert site("delete_memory", id=stored) == {"deleted": stored, "pending": False}
    assert other.texts() == []


def test_names_are_the_same_however_they_are_typed(memory: Memory, tmp_path: Path) -> None:
    """A folder or a client may spell its accents in two characters; the vault keeps them in one."""
    project = project_of(str(repository(tmp_path / "cafe\u0301 ")))
    site = Connection(memory, Session("ana", agent_name("cafe\u0301"), project))
    stored = site.add("lantern of the site")
    assert site("get_memory", id=stored)["scope"] == "project"
    assert site.texts() == ["lantern of the site"]
    assert site("delete_memory", id=stored)["deleted"] == stored


def test_what_a_person_wrote_is_no_agents(site: Connection) -> None:
    stored = site.memory.add("typed by hand", user_id="ana", environment="/site")
    assert not isinstance(stored, list)
    with pytest.raises(Refused):
        site("delete_memory", id=stored.id)


def test_a_runaway_agent_is_stopped(site: Connection) -> None:
    ids = [site.add(f"lantern {n}") for n in range(CHANGES_MAX + 1)]
    for stored in ids[:-1]:
        site("delete_memory", id=stored)
    with pytest.raises(Refused, match="within an hour"):
        site("delete_memory", id=ids[-1])
    assert site.texts() == [f"lantern {CHANGES_MAX}"]
    assert site("memory_status")["changes_left"] == 0


def test_a_later_fact_replaces_an_earlier_one(site: Connection, other: Connection) -> None:
    old = site.add("CI runs on Jenkins")
    new = other("add_memory", text="CI runs on Buildkite", supersedes=[old])  # of another agent, in the same project
    assert new["superseded"] == [old]
    found = site("get_memory", id=old)
    assert (found["current"], found["superseded_by"]) == (False, [new["id"]])


def test_a_key_stores_once_for_its_agent(site: Connection, other: Connection) -> None:
    first, again = (site("add_memory", text="lantern", key="k") for _ in range(2))
    assert (again["id"], again["duplicate"]) == (first["id"], True)
    assert other("add_memory", text="no lantern", key="k")["duplicate"] is False


def test_what_a_run_was_shown_is_recorded_behind_what_it_adds(site: Connection) -> None:
    shown = site.add("the lantern is red")
    assert site.texts("search_memories", query="lantern")
    site.add("paint the boat house red")
    with site.memory.home.vault("ana").reading() as session:
        parents = session.all("SELECT p.id FROM lineage l JOIN memories p ON p.number = l.parent")
    assert [tuple(row) for row in parents] == [(shown,)]


def test_long_texts_are_cut_and_it_is_said(site: Connection) -> None:
    stored = site.add("lantern " * 1_000)
    (found,) = site("search_memories", query="lantern")["memories"]
    assert (len(found["text"]), found["cut"]) == (SEARCH_TEXT_MAX, 8_000 - SEARCH_TEXT_MAX)
    (listed,) = site("list_memories")["memories"]
    assert (len(listed["text"]), listed["cut"]) == (LIST_TEXT_MAX, 8_000 - LIST_TEXT_MAX)
    whole = site("get_memory", id=stored)
    assert (len(whole["text"]), whole.get("cut")) == (8_000, None)


def test_what_has_expired_is_not_there(site: Connection) -> None:
    past = datetime.now(UTC) - timedelta(minutes=1)
    stored = site.memory.add("gone", user_id="ana", agent_id="claude-code", environment="/site", expires_at=past)
    assert not isinstance(stored, list)
    for name in ("get_memory", "delete_memory"):
        with pytest.raises(UnknownMemory):
            site(name, id=stored.id)


def test_search_is_narrowed_by_actor_and_time(site: Connection) -> None:
    site.add("lantern in May", actor="Ana", happened_at="2026-05-03")
    site.add("lantern in June", actor="Ben", happened_at="2026-06-03")
    assert site.texts("search_memories", query="lantern", actor="ana") == ["lantern in May"]
    assert site.texts("search_memories", query="lantern", since="2026-06-01") == ["lantern in June"]
    assert site.texts("search_memories", query="lantern", until="2026-06-01") == ["lantern in May"]


def test_an_update_of_nothing_is_refused(site: Connection) -> None:
    with pytest.raises(MemguardError, match="nothing to update"):
        site("update_memory", id=site.add("lantern"))


def test_status_counts_no_further_than_it_says(site: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "COUNTED_MAX", 2)
    for n in range(3):
        site.add(f"lantern {n}")
    status = site("memory_status")
    assert (status["in_project"], status["note"]) == (2, "counts stop at 2")
    assert (status["owner"], status["agent"], status["project"]) == ("ana", "claude-code", "/site")


def test_status_says_that_there_is_no_project(nowhere: Connection) -> None:
    status = nowhere("memory_status")
    assert "project" not in status
    assert status["note"] == "no repository here: what is added holds everywhere"


def test_owners_share_nothing(memory: Memory, site: Connection) -> None:
    stored = site.add("lantern of the site", everywhere=True)
    ben = Connection(memory, Session("ben", "claude-code", "/site"))
    ben.add("something")
    assert ben.texts("search_memories", query="lantern", all_projects=True) == ["something"]
    with pytest.raises(UnknownMemory):
        ben("get_memory", id=stored)
