"""The tool `forget`: an agent plans, a person confirms or runs a command, and nothing goes that neither asked for."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp.client import ClientRequestContext

from memguard import InvalidInput, LegalHold, Memory, NotFound, UnknownMemory
from memguard_server.asking import CONFIRM, YES, Question
from memguard_server.frame import one_line
from memguard_server.session import CHANGES_MAX, Refused, Session
from memguard_server.tools import TOOLS
from tests.checks import one
from tests.commands import Command
from tests.conftest import Places
from tests.server.conftest import LEGACY, MODERN, Agent, agent_of, repository

CANARY = "xylophone-canary"
AWKWARD = '-it\'s; rm "$(x)" `y`'


class Person:
    """Answers what a server asks, and keeps the questions."""

    def __init__(self) -> None:
        self.questions: list[str] = []
        self.answer: types.ElicitResult | types.ErrorData = types.ElicitResult(action="cancel")
        self.before: Callable[[], object] = list

    async def __call__(
        self, context: ClientRequestContext, params: types.ElicitRequestParams
    ) -> types.ElicitResult | types.ErrorData:
        del context
        self.questions.append(params.message)
        self.before()
        return self.answer

    def says(self, action: str, **content: Any) -> None:
        self.answer = types.ElicitResult.model_validate({"action": action, "content": content or None})


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture(params=[LEGACY, MODERN])
def agent(request: pytest.FixtureRequest, home: Places, person: Person, tmp_path: Path) -> Iterator[Agent]:
    """An agent in a repository, whose client can ask a person, for each of the protocol's two ways."""
    site = repository(tmp_path / "site")
    with agent_of(home, site, tmp_path / "stderr", mode=request.param, person=person) as connected:
        yield connected


@pytest.fixture
def mute(home: Places, tmp_path: Path) -> Iterator[Agent]:
    """An agent whose client cannot ask anybody."""
    with agent_of(home, repository(tmp_path / "site"), tmp_path / "stderr") as connected:
        yield connected


def texts(agent: Agent) -> list[str]:
    return [found["text"] for found in agent.done("list_memories", limit=50, all_projects=True)["memories"]]


def filled(agent: Agent) -> list[str]:
    """Three memories of a project and one that holds everywhere."""
    added: list[dict[str, Any]] = [{"text": f"{CANARY} {n}", "actor": f"{CANARY} {n}"} for n in range(3)]
    return [agent.done("add_memory", **each)["id"] for each in (*added, {"text": "all over", "everywhere": True})]


def test_a_person_says_yes_and_the_certificate_answers(agent: Agent, person: Person) -> None:
    filled(agent)
    person.says("accept", **{YES: True})
    done = agent.done("forget", project=True)
    assert (done["erased"], done["state"], done["plan"]["memories"]) == (True, "complete", 3)
    assert done["certificate"]
    assert texts(agent) == ["all over"]
    (question,) = person.questions
    assert "memories 3" in question
    assert CANARY not in question
    assert CANARY not in one_line(done)


@pytest.mark.parametrize(
    ("action", "content"),
    [("decline", {}), ("cancel", {}), ("accept", {}), ("accept", {YES: False}), ("accept", {YES: "true"})],
)
def test_anything_but_a_yes_erases_nothing(agent: Agent, person: Person, action: str, content: dict[str, Any]) -> None:
    ids = filled(agent)
    person.says(action, **content)
    assert agent.refused("forget", ids=ids[:2]) == "the person did not confirm it: nothing was erased"
    assert len(texts(agent)) == 4
    assert agent.done("memory_status")["changes_left"] == CHANGES_MAX - 1


def test_what_changed_while_a_person_thought_is_planned_again(agent: Agent, person: Person) -> None:
    filled(agent)
    person.says("accept", **{YES: True})
    person.before = lambda: Command(agent_places(agent)).run("add", "late", "--project", site_of(agent))
    assert "the vault has changed since this plan was made" in agent.refused("forget", project=True)
    assert len(texts(agent)) == 5


def agent_places(agent: Agent) -> Places:
    folder = agent._stderr.parent
    return Places(folder / "home", folder / "keys", Path())


def site_of(agent: Agent) -> Path:
    return agent._stderr.parent / "site"


def test_a_client_that_answers_with_an_error_gets_the_command(home: Places, person: Person, tmp_path: Path) -> None:
    person.answer = types.ErrorData(code=-32600, message="no forms here")
    with agent_of(home, repository(tmp_path / "site"), tmp_path / "stderr", person=person) as agent:
        filled(agent)
        assert agent.done("forget", project=True)["a_person_runs"].startswith("memguard forget --user ana ")
        assert len(texts(agent)) == 4


def test_without_a_way_to_ask_the_answer_is_a_command_that_does_it(mute: Agent, home: Places, tmp_path: Path) -> None:
    filled(mute)
    planned = mute.done("forget", project=True, since="2001-01-01T00:00:00+00:00")
    assert (planned["erased"], planned["plan"]["memories"]) == (False, 3)
    site = str(tmp_path / "site")
    words = ["--project", site, "--since", "2001-01-01T00:00:00+00:00"]
    assert shlex.split(planned["a_person_runs"]) == ["memguard", "forget", "--user", "ana", *words]
    assert CANARY not in one_line(planned)
    assert len(texts(mute)) == 4
    _, *command = shlex.split(planned["a_person_runs"])
    assert Command(home, user="").run(*command, "--yes").code == 0
    assert texts(mute) == ["all over"]


def test_a_legal_hold_is_named_and_nobody_is_asked(agent: Agent, person: Person) -> None:
    filled(agent)
    hold = Command(agent_places(agent)).json("hold", "add", "a lawsuit")["hold"]
    assert agent.refused("forget", project=True).startswith(f"legal hold {hold} keeps it")
    assert person.questions == []


# -- what may be planned, without a server --------------------------------------------------------------------------


def planned(memory: Memory, session: Session, **given: Any) -> Question:
    tool = TOOLS["forget"]
    found = tool.run(memory, session, tool.arguments.model_validate(given))
    assert isinstance(found, Question)
    return found


def command(question: Question) -> list[str]:
    return shlex.split(str(question.not_asked().data["a_person_runs"]))


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, memory: Memory) -> Session:
    monkeypatch.setenv("MEMGUARD_HOME", str(memory.settings.home))
    return Session("ana", "claude-code", "/site")


def add(memory: Memory, text: str, **fields: Any) -> str:
    return one(memory.add(text, user_id="ana", **fields)).id


def test_a_plan_reaches_this_project_only(memory: Memory, site: Session) -> None:
    for environment in ("/site", "/shop", None):
        add(memory, f"of {environment}", environment=environment, run_id="r", agent_id="bot")
    for given in ({"run": "r"}, {"author": "bot"}, {"since": "2001-01-01"}, {"project": True}):
        question = planned(memory, site, **given)
        assert question.not_asked().data["plan"]["memories"] == 1
        assert "--project /site" in " ".join(command(question))
    question = planned(memory, Session("ana", "claude-code", None), run="r")
    assert command(question)[4:] == ["--run", "r", "--filter", '{"NOT": {"environment": "*"}}']
    question.said_yes()
    assert [record.text for record in memory.get_all(user_id="ana")] == ["of /site", "of /shop"]


def test_ids_of_another_project_are_refused(memory: Memory, site: Session) -> None:
    here, there = add(memory, "here", environment="/site"), add(memory, "there", environment="/shop")
    with pytest.raises(Refused, match="belongs to another project"):
        planned(memory, site, ids=[here, there])
    with pytest.raises(UnknownMemory):
        planned(memory, site, ids=[here, "00000000-0000-4000-8000-000000000001"])
    assert command(planned(memory, site, ids=[here]))[4:] == ["--memory", here]


def test_a_person_may_let_agents_plan_beyond_their_project(
    home: Places, monkeypatch: pytest.MonkeyPatch, site: Session
) -> None:
    monkeypatch.setenv("MEMGUARD_FORGET_ALL_PROJECTS", "yes")
    with home.open() as memory:
        there = add(memory, "there", environment="/shop", run_id="r")
        add(memory, "stays")
        assert command(planned(memory, site, run="r"))[4:] == ["--run", "r"]
        assert command(planned(memory, site, ids=[there]))[4:] == ["--memory", there]
        with pytest.raises(NotFound):
            planned(memory, site, project=True)  # this one all the same


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "say what to forget"),
        ({"project": False}, "say what to forget"),
        ({"ids": ["x"], "run": "r"}, "not both at once"),
        ({"run": "r\x1b[2J"}, "visible characters"),
        ({"author": "a\nb"}, "visible characters"),
    ],
)
def test_what_cannot_be_planned(memory: Memory, site: Session, given: dict[str, Any], says: str) -> None:
    add(memory, "one", environment="/site")
    with pytest.raises(InvalidInput, match=says):
        planned(memory, site, **given)


def test_no_project_is_none_to_forget(memory: Memory, site: Session) -> None:
    add(memory, "one")
    with pytest.raises(InvalidInput, match="there is no project here"):
        planned(memory, Session("ana", "claude-code", None), project=True)


def test_never_all_that_an_owner_has(memory: Memory, site: Session) -> None:
    ids = [add(memory, "one", environment="/site"), add(memory, "two", environment="/site")]
    for given in ({"project": True}, {"ids": ids}, {"since": "2001-01-01"}):
        with pytest.raises(Refused, match="only a person"):
            planned(memory, site, **given)


def test_a_hold_is_lifted_by_persons_only(memory: Memory, site: Session) -> None:
    add(memory, "one", environment="/site")
    add(memory, "two")
    memory.hold(user_id="ana", reason="a lawsuit", environment="/site")
    with pytest.raises(LegalHold):
        planned(memory, site, project=True)


def test_nobody_is_asked_once_the_hours_changes_are_used_up(memory: Memory, site: Session) -> None:
    add(memory, "one", environment="/site")
    add(memory, "two")
    for _ in range(CHANGES_MAX):
        with pytest.raises(Refused, match="did not confirm"):
            planned(memory, site, project=True).said_no()
    with pytest.raises(Refused, match="within an hour"):
        planned(memory, site, project=True)


def test_names_are_quoted_for_a_shell_and_read_back_by_the_command(
    home: Places, real_memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMGUARD_HOME", str(home.home))
    add(real_memory, "one", environment="/site", run_id=AWKWARD)
    add(real_memory, "two")
    words = command(planned(real_memory, Session("ana", "claude-code", "/site"), run=AWKWARD))
    assert words[4:] == ["--run", AWKWARD, "--project", "/site"]
    assert len(Command(home).json(*words[1:], "--dry-run")["memories"]) == 1


def test_another_home_stands_in_the_command(
    memory: Memory, site: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    add(memory, "one", environment="/site")
    add(memory, "two")
    monkeypatch.setenv("MEMGUARD_HOME", str(tmp_path / "default"))
    assert command(planned(memory, site, project=True))[-2:] == ["--home", str(memory.settings.home)]


def test_an_answer_to_another_question_is_none(home: Places, person: Person, tmp_path: Path) -> None:
    """A client that hands in a yes without the question, or one for another plan."""
    with agent_of(home, repository(tmp_path / "site"), tmp_path / "stderr", mode=MODERN, person=person) as agent:
        filled(agent)
        yes: types.InputResponses = {CONFIRM: types.ElicitResult(action="accept", content={YES: True})}
        for state in (None, "0" * 64):
            call = partial(agent.client.call_tool, input_responses=yes, request_state=state)
            assert agent.portal.call(call, "forget", {"project": True}).is_error
        assert len(texts(agent)) == 4
