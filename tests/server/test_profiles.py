"""What an agent sees of personal data under each profile, over real stdio; and that at rest all profiles are the same.

The detector is the packaged one, in the server's own process.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.pages import decrypted
from memguard.privacy.placeholders import PLACEHOLDER
from tests.checks import column
from tests.conftest import Places
from tests.server.conftest import Agent, agent_of, repository, text_of

TEXT = "My sister Margaret Whitfield moved to Leeds and was diagnosed with lupus, password: hunter2xyz9!"
KEPT = TEXT.replace("hunter2xyz9!", "<Secret>")
STRICT = "My sister <Person> moved to <Place> and was diagnosed with <Health>, password: <Secret>"
SEEN = {"owner": KEPT, "balanced": KEPT.replace("lupus", "<Health>"), "strict": STRICT}
"""By profile, codes left out."""
PERSONAL = ("Margaret", "Whitfield", "Leeds", "lupus", "bogdan@example.org", "hunter2")
PACKAGED = {"MEMGUARD_DETECTOR": ""}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("profiles")


@pytest.fixture(scope="module", params=SEEN)
def served(request: pytest.FixtureRequest, folder: Path, places: Places) -> Iterator[tuple[str, Agent, Places]]:
    """An agent under each profile, which writes one memory into a home of its own."""
    own = places._replace(home=folder / request.param / "home", keys=folder / request.param / "keys")
    directory = repository(folder / request.param / "site")
    settings = {**PACKAGED, "MEMGUARD_PROFILE": request.param}
    with agent_of(own, directory, folder / f"{request.param}.log", **settings) as agent:
        mail = {"mail": "bogdan@example.org", "n": 1}
        answer = agent.done("add_memory", text=TEXT, actor="Bogdan Okafor", metadata=mail, key="k")
        assert answer["not_kept"] == {"PASSWORD": 1}
        yield request.param, agent, own


def without_codes(text: str) -> str:
    return PLACEHOLDER.sub(lambda match: f"<{match[1]}>", text)


def seen_by(agent: Agent) -> list[dict[str, Any]]:
    """The memory as each tool gives it out."""
    found = agent.done("search_memories", query="what happened to whitfield?")["memories"]
    listed = agent.done("list_memories")["memories"]
    return [*found, *listed, agent.done("get_memory", id=listed[0]["id"])]


def test_each_profile_sees_as_much_as_it_may(served: tuple[str, Agent, Places]) -> None:
    profile, agent, _ = served
    who = "<Person>" if profile == "strict" else "Bogdan Okafor"
    mail = "<Email>" if profile == "strict" else "bogdan@example.org"
    for memory in seen_by(agent):
        assert without_codes(memory["text"]) == SEEN[profile]
        assert without_codes(memory["actor"]) == who
        assert without_codes(json.dumps(memory.get("metadata", {"mail": mail}))).count(mail) == 1


def test_no_answer_holds_more_than_that(served: tuple[str, Agent, Places]) -> None:
    profile, agent, _ = served
    hidden = {"owner": ("hunter2",), "balanced": ("lupus", "hunter2"), "strict": (*PERSONAL, "Bogdan", "Okafor")}
    given = [text_of(agent.call("search_memories", query=query)) for query in ("lupus", "Margaret", "password")]
    given += [text_of(agent.call("list_memories")), text_of(agent.call("memory_status"))]
    assert [word for word in hidden[profile] for text in given if word in text] == []
    assert agent.stderr == ""


def test_a_part_of_a_name_finds_it_under_every_profile(served: tuple[str, Agent, Places]) -> None:
    """Whoever knows a name may ask for it; what is answered is what the profile shows."""
    _, agent, _ = served
    assert len(agent.done("search_memories", query="whitfield")["memories"]) == 1
    assert len(agent.done("search_memories", query="sister", actor="bogdan okafor")["memories"]) == 1


def test_at_rest_all_profiles_are_the_same(served: tuple[str, Agent, Places]) -> None:
    _, agent, own = served
    agent.done("add_memory", text="The kettle whistles at seven")
    with own.open() as memory:
        texts = column(memory, "ana", "SELECT text FROM memories ORDER BY number LIMIT 1")
        actors = column(memory, "ana", "SELECT actor FROM memories WHERE actor IS NOT NULL")
        pages = decrypted(memory, "ana")
    assert [without_codes(text) for text in texts] == [STRICT]
    assert [without_codes(actor) for actor in actors] == ["<Person>"]
    assert b"kettle" in pages
    assert [word for word in PERSONAL if word.encode() in pages] == []


def test_what_an_agent_may_not_see_is_not_lost_when_it_updates(served: tuple[str, Agent, Places]) -> None:
    _, agent, own = served
    stored = agent.done("list_memories")["memories"][0]["id"]
    assert agent.done("update_memory", id=stored, metadata={"n": 2})["updated"] == stored
    with own.open() as memory:
        record = memory.get(stored, user_id="ana")
    assert (record.text, record.actor) == (KEPT, "Bogdan Okafor")
