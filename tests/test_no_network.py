"""No test reaches another machine, and neither does memguard. The guard itself is tried first: a guard that never
fires proves nothing.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

import pytest

from memguard import Memory
from tests.checks import one
from tests.conftest import NetworkUsed

ELSEWHERE = "192.0.2.1"
"""Reserved for documentation (RFC 5737): nobody answers there, should the guard ever fail."""


def connect() -> None:
    with socket.socket() as plain:
        plain.connect((ELSEWHERE, 443))


def connect_ex() -> None:
    with socket.socket() as plain:
        plain.connect_ex((ELSEWHERE, 443))


def create_connection() -> None:
    socket.create_connection((ELSEWHERE, 443), timeout=0.01)


def look_up() -> None:
    socket.getaddrinfo("example.org", 443)


@pytest.mark.parametrize("reach_out", [connect, connect_ex, create_connection, look_up])
def test_reaching_for_another_machine_is_refused_and_noticed(
    reach_out: Callable[[], None], network_attempts: list[str]
) -> None:
    with pytest.raises(NetworkUsed):
        reach_out()
    assert network_attempts
    network_attempts.clear()  # meant here; anywhere else it fails the test


def test_loopback_stays_usable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        assert socket.getaddrinfo("localhost", None)


def test_sockets_between_threads_stay_usable() -> None:
    first, second = socket.socketpair()
    with first, second:
        first.sendall(b"here")
        assert second.recv(4) == b"here"


def test_the_packaged_model_remembers_and_recalls_without_a_network(real_memory: Memory) -> None:
    lisbon = one(real_memory.add("Since May I have been living in Lisbon", user_id="ana"))
    real_memory.add("The build breaks when the cache is cold", user_id="ana")
    real_memory.add("Her dentist is on the second floor", user_id="ana")
    # No word in common: only the meaning leads there.
    assert real_memory.search("which town is my home?", user_id="ana")[0].id == lisbon.id


def test_settings_of_the_machine_do_not_reach_a_test() -> None:
    assert {name for name in os.environ if name.startswith("MEMGUARD_")} <= {"MEMGUARD_CACHE", "MEMGUARD_DETECTOR"}
