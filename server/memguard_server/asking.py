"""How a person is asked before something happens, through the client: in the call, or between two calls.

Clients that shake hands get an elicitation while the call waits; newer ones get their call back with the question in
it, and call again with the answer. Where a client has no way to ask, nothing happens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from memguard import PlanOutdated
from memguard_server.answers import Answer

CONFIRM, YES = "confirm", "yes"
FORM = {
    "type": "object",
    "properties": {YES: {"type": "boolean", "title": "Erase for good", "default": False}},
    "required": [YES],
}


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked, and what follows. `about` tells one question from another: an answer is to this one."""

    text: str
    about: str
    said_yes: Callable[[], Answer]
    said_no: Callable[[], Answer]
    not_asked: Callable[[], Answer]


async def ask(
    context: ServerRequestContext, call: types.CallToolRequestParams, question: Question
) -> types.InputRequiredResult | Callable[[], Answer]:
    """What follows from a person's answer; or, for a client that calls again with it, the question."""
    if not _can_ask(context):
        return question.not_asked
    if context.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        return await _asked_now(context, question)
    answer = (call.input_responses or {}).get(CONFIRM)
    if answer is None:
        asked = types.ElicitRequestFormParams(message=question.text, requested_schema=FORM)
        requests: types.InputRequests = {CONFIRM: types.ElicitRequest(params=asked)}
        return types.InputRequiredResult(input_requests=requests, request_state=question.about)
    if call.request_state != question.about:  # the person was asked about something else
        return _outdated
    return _follows(answer, question)


def _can_ask(context: ServerRequestContext) -> bool:
    """Whether the client shows forms: one that says nothing of modes does."""
    capabilities = context.session.client_capabilities
    asking = None if capabilities is None else capabilities.elicitation
    return asking is not None and (asking.form is not None or asking.url is None)


async def _asked_now(context: ServerRequestContext, question: Question) -> Callable[[], Answer]:
    try:
        answer = await context.session.elicit_form(question.text, FORM, related_request_id=context.request_id)
    except (MCPError, ValidationError):  # it cannot after all, or answers what is none
        return question.not_asked
    return _follows(answer, question)


def _follows(answer: types.InputResponse, question: Question) -> Callable[[], Answer]:
    """Only a plain yes is one: a form that was closed, or sent off with the box left empty, is not."""
    is_yes = isinstance(answer, types.ElicitResult) and answer.action == "accept" and (answer.content or {}).get(YES)
    return question.said_yes if is_yes is True else question.said_no


def _outdated() -> Answer:
    raise PlanOutdated
