"""Who is let in over HTTP: the right page, the right token, and a session of its own."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest

from memguard.vault.tokens import revoke_token
from tests.commands import Command
from tests.conftest import Places
from tests.server.conftest import HANDSHAKE
from tests.server.web import CANARY, Site, request, serving


@pytest.fixture(scope="module")
def site(places: Places) -> Iterator[Site]:
    with serving(places) as served:
        yield served


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer mg_", f"Bearer {CANARY}", "Basic YTpi"])
def test_without_a_token_there_is_nothing(site: Site, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header}
    for version in ({}, {"mcp_protocol_version": "2026-07-28"}):
        answer = site.post(request(0, "initialize", **HANDSHAKE), **headers, **version)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert "resource_metadata" not in answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1"}, 403),
        ({"origin": "http://127.0.0.1:1"}, 403),
        ({"origin": "https://127.0.0.1:{port}"}, 403),
        ({"origin": "http://127.0.0.1:{port}.evil.example"}, 403),
        ({"origin": "http://127.0.0.1:{port}"}, 200),
        ({"origin": "http://localhost:{port}"}, 200),
        ({"host": "evil.example"}, 421),
        ({"host": "evil.example:{port}"}, 421),
        ({"host": "127.0.0.1"}, 421),
        ({"host": "127.0.0.1:1"}, 421),
        ({"host": "127.0.0.1.evil.example:{port}"}, 421),
        ({"host": "localhost:{port}"}, 200),
        ({"host": "127.0.0.1:{port}"}, 200),
    ],
)
def test_a_foreign_page_gets_nothing(site: Site, headers: dict[str, str], status: int) -> None:
    sent = {name: value.format(port=urlsplit(site.url).port) for name, value in headers.items()}
    for token in (site.tokens["cursor"], None):
        for version in ({}, {"mcp_protocol_version": "2026-07-28"}):
            answer = site.post(request(0, "initialize", **HANDSHAKE), token, **sent, **version)
            if status != 200:
                assert answer.status_code == status
            else:
                assert answer.status_code not in (403, 421)
            assert "access-control-allow-origin" not in answer.headers


def test_a_session_serves_only_the_token_that_began_it(site: Site) -> None:
    mine, other = site.tokens["cursor"], site.token("cursor-2", "ana")
    named = site.session(mine)
    ping = request(1, "ping")
    assert site.post(ping, mine, mcp_session_id=named).status_code == 200
    for token in (site.tokens["codex"], other):
        assert site.post(ping, token, mcp_session_id=named).status_code == 404
    assert site.post(ping, mine, mcp_session_id="0" * 32).status_code == 404
    assert site.post(ping, mine).status_code == 400


def test_a_revoked_token_ends_at_the_next_request(site: Site) -> None:
    token = site.token("short-lived", "ana")
    named = site.session(token)
    ping = request(1, "ping")
    assert site.post(ping, token, mcp_session_id=named).status_code == 200
    revoke_token(site.keyring, "short-lived")
    assert site.post(ping, token, mcp_session_id=named).status_code == 401
    again = site.token("short-lived", "ana")  # the same name is another token: it does not inherit the session
    assert site.post(ping, again, mcp_session_id=named).status_code == 404


def test_elsewhere_there_is_nothing(site: Site) -> None:
    with httpx2.Client(trust_env=False) as client:
        for path in ("/", "/sse", "/.well-known/oauth-protected-resource", "/mcp/x"):
            assert client.post(site.origin + path).status_code == 404


def test_a_port_that_is_taken_is_said_in_one_line(site: Site, home: Places) -> None:
    port = str(urlsplit(site.url).port)
    said = Command(home).run("serve", "--http", "--port", port)
    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines()[-1] == f"memguard: port {port} cannot be had: Address already in use"
