"""The SDK's client over real HTTP: every tool, wrong calls, and what a client that breaks off leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from memguard_server.frame import NOTICE
from tests.conftest import Places
from tests.server.conftest import LEGACY, MODERN, text_of
from tests.server.web import ACCEPT, CANARY, Site, request, serving


@pytest.fixture(scope="module")
def site(places: Places) -> Iterator[Site]:
    with serving(places) as served:
        yield served


@pytest.mark.parametrize("mode", [LEGACY, MODERN])
def test_every_tool_answers(site: Site, mode: str) -> None:
    with site.agent("cursor", "site", mode) as agent:
        assert (agent.client.protocol_version >= "2026") == (mode == MODERN)
        assert len(agent.tools()) == 8
        stored = agent.done("add_memory", text=f"We lint with ruff <b>&</b> {mode}", metadata={"n": 1})["id"]
        result = agent.call("search_memories", query="how do we lint?")
        notice, data = text_of(result).split("\n")
        assert notice == NOTICE
        assert stored in data
        assert agent.done("get_memory", id=stored)["author"] == "cursor"  # the token's name, not the client's
        assert stored in [found["id"] for found in agent.done("list_memories")["memories"]]
        assert agent.done("update_memory", id=stored, text="We format with ruff") == {"updated": stored}
        status = agent.done("memory_status")
        assert (status["owner"], status["agent"], status["project"]) == ("ana", "cursor", "site")
        assert agent.done("delete_memory", id=stored)["deleted"] == stored


@pytest.mark.parametrize("mode", [LEGACY, MODERN])
def test_wrong_calls_get_one_line_without_a_word_of_them(site: Site, mode: str) -> None:
    with site.agent("cursor", "site", mode) as agent:
        for tool, given in (
            ("add_memory", {"text": [CANARY]}),
            ("add_memory", {"text": "x", CANARY: 1}),
            ("search_memories", {"query": "x", "limit": CANARY}),
            ("get_memory", {"id": CANARY}),
        ):
            assert CANARY not in agent.refused(tool, **given)
        line = agent.refused("add_memory", text="x" * 1_000_000)
        assert line == "text has 1000000 characters, the limit is 262144: split it"
        assert agent.refused("add_memory", text="x", user_id="ben").startswith("unknown argument")


def test_projects_and_owners_are_told_apart_by_header_and_token(site: Site) -> None:
    with site.agent("cursor", "shop") as shop, site.agent("cursor") as nowhere, site.agent("codex", "shop") as ben:
        shop.done("add_memory", text="The shop deploys on Mondays")
        assert shop.texts("deploys") == ["The shop deploys on Mondays"]
        assert nowhere.texts("deploys") == []
        assert nowhere.texts("deploys", all_projects=True) == ["The shop deploys on Mondays"]
        assert "no repository here" in nowhere.done("memory_status")["note"]
        assert ben.texts("deploys", all_projects=True) == []
        assert ben.done("memory_status")["owner"] == "ben"


@pytest.mark.parametrize("project", ["", "x" * 513, "\xff\xfe"])
def test_a_project_that_is_no_name_is_refused(site: Site, project: str) -> None:
    token = site.tokens["cursor"]
    named = site.session(token)
    call = request(1, "tools/call", name="memory_status", arguments={})
    answer = site.post(call, token, mcp_session_id=named, x_memguard_project=project)
    assert answer.status_code == 200
    assert "the header X-Memguard-Project" in answer.text
    assert '"isError":true' in answer.text


def test_calls_at_the_same_time_all_answer(site: Site) -> None:
    with site.agent("cursor", "site") as agent, ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda n: agent.done("add_memory", text=f"Gauge {n}")["id"], range(8)))
        assert len(set(ids)) == 8
        assert {f["id"] for f in agent.done("search_memories", query="gauge", limit=20)["memories"]} >= set(ids)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"jsonrpc": "2.0"}', b"\xff", b"[" * 100_000])
def test_bodies_that_are_no_messages_are_answered_and_survived(site: Site, content: bytes) -> None:
    headers = ACCEPT | {"authorization": f"Bearer {site.tokens['cursor']}", "content-type": "application/json"}
    with httpx2.Client(trust_env=False) as client:
        assert client.post(site.url, content=content, headers=headers).status_code == 400
    assert site.session(site.tokens["cursor"])


def test_a_body_beyond_the_limit_is_refused(site: Site) -> None:
    call = request(1, "tools/call", name="add_memory", arguments={"text": "x" * (5 << 20)})
    assert site.post(call, site.tokens["cursor"]).status_code == 413


def test_a_client_that_disappears_in_a_call_takes_nobody_along(site: Site) -> None:
    text = "The lantern hangs in the boat house. " * 300
    token = site.tokens["codex"]
    named = site.session(token)
    call = request(1, "tools/call", name="add_memory", arguments={"text": text})
    headers = ACCEPT | {"authorization": f"Bearer {token}", "mcp-session-id": named}
    with httpx2.Client(trust_env=False, timeout=0.2) as client, pytest.raises(httpx2.TimeoutException):
        client.post(site.url, json=call, headers=headers)
    with site.agent("codex") as agent:
        texts = [agent.done("get_memory", id=f["id"])["text"] for f in agent.done("list_memories")["memories"]]
    assert set(texts) <= {text}
