"""The SDK's own client over real stdio: every tool, every wrong call, and agents beside each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from mcp import MCPError

from memguard_server.frame import NOTICE
from tests.conftest import Places
from tests.server.conftest import LEGACY, MODERN, Agent, agent_of, repository, text_of

CANARY = "xylophone-canary"
NAME_BEHIND = {LEGACY: "claude-code", MODERN: "cursor"}


@pytest.fixture(scope="module", params=[LEGACY, MODERN])
def agent(
    request: pytest.FixtureRequest, places: Places, site: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Agent]:
    """One agent in the repository `site`, for each of the protocol's two ways to begin."""
    stderr = tmp_path_factory.mktemp("log") / "stderr"
    with agent_of(places, site, stderr, name=NAME_BEHIND[request.param], mode=request.param) as connected:
        yield connected


def test_every_tool_answers(agent: Agent, site: Path) -> None:
    assert len(agent.tools()) == 8
    stored = agent.done("add_memory", text="We lint with ruff: it is fast <b>&</b>", metadata={"n": 1}, actor="Ana")[
        "id"
    ]
    result = agent.call("search_memories", query="how do we lint?")
    notice, data = text_of(result).split("\n")
    assert notice == NOTICE
    assert not set(data) & set("<>&")
    assert stored in [found["id"] for found in json.loads(data)["memories"]]
    assert agent.done("get_memory", id=stored)["metadata"] == {"n": 1}
    assert stored in [found["id"] for found in agent.done("list_memories", limit=50)["memories"]]
    assert agent.done("update_memory", id=stored, text="We lint and format with ruff") == {"updated": stored}
    assert agent.done("get_memory", id=stored)["version"] == 2
    status = agent.done("memory_status")
    assert (status["owner"], status["project"]) == ("ana", str(site))
    assert agent.done("delete_memory", id=stored) == {"deleted": stored, "pending": False}
    assert agent.refused("get_memory", id=stored) == f"no memory {stored} in this owner's vault"


def test_the_server_says_how_it_is_to_be_used(agent: Agent) -> None:
    assert (agent.client.protocol_version >= "2026") == (agent.client.mode == MODERN)
    instructions = agent.client.instructions
    assert instructions
    assert "search_memories" in instructions
    assert "this project" in instructions


def test_the_agent_is_what_the_client_calls_itself(agent: Agent) -> None:
    name = agent.done("memory_status")["agent"]
    assert name in NAME_BEHIND.values()
    stored = agent.done("add_memory", text="written by the connection")["id"]
    assert agent.done("get_memory", id=stored)["author"] == name
    for field in ("agent_id", "author", "user_id", "run_id", "environment"):
        assert agent.refused("add_memory", text="x", **{field: "root"}).startswith("unknown argument: there are text,")


def wrong_calls() -> list[tuple[str, dict[str, Any]]]:
    return [
        ("add_memory", {}),
        ("add_memory", {"text": [CANARY]}),
        ("add_memory", {"text": "x", "source": CANARY}),
        ("add_memory", {"text": "x", CANARY: 1}),
        ("add_memory", {"text": "x", "happened_at": CANARY}),
        ("add_memory", {"text": "x", "metadata": CANARY}),
        ("add_memory", {"text": "x", "supersedes": [CANARY]}),
        ("add_memory", {"text": "x", "actor": CANARY * 100}),
        ("add_memory", {"text": "   "}),
        ("add_memory", {"text": f"{CANARY}\x00"}),
        ("add_memory", {"text": (CANARY * 70_000)[:1_000_000]}),
        ("search_memories", {"query": CANARY * 70_000}),
        ("search_memories", {"query": "x", "limit": CANARY}),
        ("search_memories", {"query": "x", "since": CANARY}),
        ("get_memory", {"id": CANARY}),
        ("list_memories", {"offset": CANARY}),
        ("update_memory", {"id": CANARY}),
        ("update_memory", {"id": CANARY, "text": CANARY}),
        ("delete_memory", {"id": CANARY}),
        ("memory_status", {CANARY: CANARY}),
    ]


def test_a_wrong_call_gets_one_line_without_a_word_of_it(agent: Agent) -> None:
    for tool, arguments in wrong_calls():
        line = agent.refused(tool, **arguments)
        assert CANARY not in line
        assert "internal error" not in line, (tool, line)
    line = agent.refused("add_memory", text="x" * 1_000_000)
    assert line == "text has 1000000 characters, the limit is 262144: split it"
    with pytest.raises(MCPError, match="unknown tool: there are add_memory") as caught:
        agent.call(CANARY)
    assert CANARY not in str(caught.value)
    assert agent.stderr == ""
    assert agent.done("memory_status")


def test_calls_at_the_same_time_all_answer(agent: Agent) -> None:
    def add_and_find(n: int) -> bool:
        stored = agent.done("add_memory", text=f"Gauge {n} in the boiler room shows pressure", key=f"gauge {n}")
        found = agent.done("search_memories", query=f"gauge {n} pressure", limit=20)["memories"]
        return stored["id"] in [each["id"] for each in found]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(add_and_find, range(8)))


def test_two_servers_share_a_home_and_three_projects_share_nothing(
    places: Places, agent: Agent, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("beside")
    with agent_of(places, repository(folder / "shop"), folder / "stderr", name="codex") as shop:
        mine = agent.done("add_memory", text="The site deploys on Fridays")["id"]
        theirs = shop.done("add_memory", text="The shop deploys on Mondays")["id"]
        both = shop.done("add_memory", text="The user wants short deploys", everywhere=True)["id"]
        seen = {f["id"] for f in agent.done("search_memories", query="when do we deploy?", limit=20)["memories"]}
        assert {mine, both} <= seen
        assert theirs not in seen
        seen = {f["id"] for f in shop.done("search_memories", query="when do we deploy?", limit=20)["memories"]}
        assert {theirs, both} <= seen
        assert mine not in seen
        assert mine in {f["id"] for f in shop.done("search_memories", query="deploys", all_projects=True)["memories"]}
        assert "only a person" in agent.refused("delete_memory", id=both)
        shop.done("delete_memory", id=both)  # gone at the next call of the other
        assert both not in {f["id"] for f in agent.done("search_memories", query="deploys", limit=20)["memories"]}
        assert (folder / "stderr").read_text() == ""


def test_outside_a_repository_everything_is_global(places: Places, tmp_path: Path) -> None:
    (tmp_path / "loose").mkdir()
    with agent_of(places, tmp_path / "loose", tmp_path / "stderr", user="ben") as loose:
        assert "no repository here" in str(loose.client.instructions)
        assert loose.texts("anything") == []  # the very first call, before there is a vault
        assert loose.done("add_memory", text="Ben likes tea")["scope"] == "everywhere"
        assert loose.texts("tea") == ["Ben likes tea"]
        status = loose.done("memory_status")
        assert (status["in_project"], status["everywhere"]) == (0, 1)
        assert "no repository" in status["note"]
