"""The tool `forget`: what is wider than one memory of the agent's own is planned, and a person confirms it or not.

What it answers counts, and quotes no memory and no name but those that the agent gave or was told by `memory_status`.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from memguard import InvalidInput, LegalHold, Settings
from memguard_server.answers import Answer
from memguard_server.asking import Question
from memguard_server.session import NOWHERE, Refused, Session

if TYPE_CHECKING:
    from memguard import Memory, Plan
    from memguard_server.arguments import Forget

WHOLE = "this takes every memory of this owner: only a person can ask for that, on the command line"
SAID_NO = "the person did not confirm it: nothing was erased"
OPTIONS = {"run_id": "--run", "author": "--author", "environment": "--project", "since": "--since", "until": "--until"}


def forget(memory: Memory, session: Session, given: Forget) -> Question:
    """Nothing is erased here: what follows from a person's answer is in the question."""
    session.changes.check()
    scope = _scope(memory, session, given)
    chosen, command = _words(scope), _command(memory, session, scope)
    plan = memory.plan_forget(user_id=session.owner, **scope)
    if plan.hold:
        raise LegalHold(plan.hold)
    if plan.everything:
        raise Refused(WHOLE)

    def said_yes() -> Answer:
        session.changes.spend()
        certificate = memory.forget(plan)
        data = {"erased": True, "plan": _counts(plan), "certificate": certificate.id, "state": certificate.state}
        return Answer(data)

    def said_no() -> Answer:
        session.changes.spend()  # a person is not to be asked for ever, either
        raise Refused(SAID_NO)

    def not_asked() -> Answer:
        return Answer({"erased": False, "plan": _counts(plan), "a_person_runs": command})

    return Question(_text(plan, session, shlex.join(chosen)), plan.digest, said_yes, said_no, not_asked)


def _scope(memory: Memory, session: Session, given: Forget) -> dict[str, Any]:
    """What `plan_forget` is asked for: of this project, or of none where there is none, unless a person set otherwise.

    A project's reach is narrower than what it may see, so that an agent which was misled in one harms no other.
    """
    everywhere = memory.settings.forget_all_projects
    if given.ids:
        if given.model_fields_set != {"ids"}:
            raise InvalidInput("forget by ids, or by run, project, author and time: not both at once")
        for memory_id in given.ids:
            record = memory.get(memory_id, user_id=session.owner)
            if not everywhere:
                session.check_here(record.environment)
        return {"ids": given.ids}
    named = {"run_id": given.run, "author": given.author, "since": given.since, "until": given.until}
    within: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    if not within and not given.project:
        raise InvalidInput("say what to forget: ids, run, project, author, since or until")
    if given.project and session.environment is None:
        raise InvalidInput("there is no project here")
    if given.project or (session.environment is not None and not everywhere):
        within["environment"] = session.environment
    elif not everywhere:
        within["filters"] = NOWHERE
    return within


def _words(scope: dict[str, Any]) -> list[str]:
    """The scope as words of a command line."""
    words = [word for memory_id in scope.get("ids", ()) for word in ("--memory", memory_id)]
    for name, option in OPTIONS.items():
        if name in scope:
            value = scope[name]
            words += [option, value if isinstance(value, str) else value.isoformat()]
    return [*words, "--filter", json.dumps(scope["filters"])] if "filters" in scope else words


def _command(memory: Memory, session: Session, scope: dict[str, Any]) -> str:
    """The line that a person runs: it shows the plan and asks. What it takes from a name is quoted for a shell."""
    home = memory.settings.home
    elsewhere = [] if home == Settings.load().home else ["--home", str(home)]
    command = shlex.join(["memguard", "forget", "--user", session.owner, *_words(scope), *elsewhere])
    if not command.isprintable():  # pasted into a terminal, it would do what nobody saw
        raise InvalidInput("run and author must be visible characters on one line")
    return command


def _counts(plan: Plan) -> dict[str, int]:
    counts = {
        "memories": len(plan.memories),
        "derived_from_them_alone": len(plan.derived),
        "earlier_wordings": plan.versions,
        "values": plan.values,
        "current_again": len(plan.current_again),
        "staying_though_derived_in_part": len(plan.partly_derived),
        "staying_though_written_after_seeing_them": len(plan.shown_before),
        "staying_though_alike": len(plan.alike),
        "backups": len(plan.backups),
        "exports": len(plan.exports),
    }
    return {name: count for name, count in counts.items() if count or name == "memories"}


def _text(plan: Plan, session: Session, chosen: str) -> str:
    """What a person reads: who asks, for what, and how much that is."""
    counts = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in _counts(plan).items())
    return (
        f"The agent {session.agent_id} asks to erase for good what {session.owner} has in memory under {chosen}. "
        f"In numbers: {counts}. This cannot be undone."
    )
