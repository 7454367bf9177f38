"""`memguard pii`: scan, and the filters on both sides of a model, as a person or a program runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from memguard.privacy.placeholders import PLACEHOLDER
from tests.checks import MARKER
from tests.commands import Command
from tests.conftest import Places

MAIL, KEY = "zelda@barrow.example", "AKIA" + "Q7ZP2MXW4LRT6VKB"
TEXT = f"write to {MAIL}\n  card 4929 7226 5379 7141, key {KEY}\n"


@pytest.fixture
def command(home: Places) -> Command:
    return Command(home)


def test_scan_shows_where_what_stands_and_what_is_done_but_no_secret(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text(TEXT)
    ran = command.run("pii", "scan", file)
    lines = [line.split() for line in ran.out.splitlines()]
    assert (ran.code, ran.err) == (0, "")
    assert [line[:5] for line in lines] == [
        ["1:10", "level", "2", "EMAIL_ADDRESS", "placeholder"],
        ["2:8", "level", "3", "CREDIT_CARD", "placeholder"],
        ["2:33", "level", "4", "API_KEY", "drop"],
    ]
    assert lines[0][5] == MAIL
    assert KEY not in ran.out
    assert not command.home.home.exists()


def test_scan_reads_standard_input(command: Command) -> None:
    assert command.run("pii", "scan", "-", stdin="a boat").out == "nothing found\n"
    found = command.json("pii", "scan", "-", stdin=TEXT)
    assert [(f["type"], TEXT[f["start"] : f["end"]]) for f in found][0] == ("EMAIL_ADDRESS", MAIL)
    assert {f["level"] for f in found} == {2, 3, 4}


def test_mask_and_restore_are_filters(command: Command) -> None:
    ran = command.run("pii", "mask", stdin=TEXT)
    assert (ran.code, ran.err) == (0, "API_KEY: 1 not kept\n")
    assert PLACEHOLDER.sub(lambda m: f"<{m[1]}>", ran.out) == "write to <Email>\n  card <Card>, key <Secret>\n"
    back = command.run("pii", "restore", stdin=ran.out)
    assert (back.code, back.out, back.err) == (0, TEXT.replace(KEY, "<Secret>"), "")


def test_restore_shows_as_much_as_its_grant(command: Command) -> None:
    masked = command.run("pii", "mask", stdin=TEXT).out
    balanced = command.run("pii", "restore", "--grant", "balanced", stdin=masked).out
    assert MAIL in balanced
    assert "4929" not in balanced
    assert command.run("pii", "restore", "--grant", "strict", stdin=masked).out == masked
    assert command.run("pii", "restore", "--grant", "all", stdin=masked).code == 2


def test_as_json(command: Command) -> None:
    masked = command.json("pii", "mask", stdin=f"write to {MAIL}")
    assert set(masked) == {"text", "masked", "dropped"}
    assert (masked["masked"], masked["dropped"]) == ({"EMAIL_ADDRESS": 1}, {})
    assert command.json("pii", "restore", stdin=masked["text"]) == {"text": f"write to {MAIL}"}


def test_each_user_has_a_vault_of_their_own(command: Command) -> None:
    masked = command.run("pii", "mask", stdin=MAIL).out
    command.run("pii", "mask", "--user", "ben", stdin="x")
    assert command.run("pii", "restore", "--user", "ben", stdin=masked).out == masked
    assert command.refused("pii", "restore", "--user", "nobody", stdin=masked)


@pytest.mark.parametrize("verb", [("scan", "-"), ("mask",), ("restore",)])
@pytest.mark.parametrize("stdin", [b"\xff\xfe" + MARKER.encode(), MARKER.encode() + b"\xc3", b"", b" \n", b"\0"])
def test_what_is_no_text_is_refused_in_one_line(command: Command, verb: tuple[str, ...], stdin: bytes) -> None:
    line = command.refused("pii", *verb, stdin=stdin)
    assert MARKER not in line


def test_a_file_that_is_not_there_is_refused(command: Command, tmp_path: Path) -> None:
    ran = command.run("pii", "scan", tmp_path / "none.txt")
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err


def test_line_ends_and_odd_characters_pass_through(command: Command) -> None:
    text = f"\ufeffa\r\nb \u202e{MAIL}\u202c\U0001f600 e\u0301"
    masked = command.run("pii", "mask", stdin=text).out
    assert "<Email_" in masked
    assert command.run("pii", "restore", stdin=masked).out == text
