"""What one placeholder stands for: told to whom it may be, and on record without its value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bench.pages import decrypted
from memguard import InvalidInput, MemguardError, Memory, NotFound, NotGranted, UnknownOwner, UnknownPlaceholder
from memguard.privacy.placeholders import PLACEHOLDER
from tests.checks import MARKER, column, one
from tests.commands import Command
from tests.conftest import Places
from tests.privacy.conftest import NAMES
from tests.standins import NameList, TokenEmbedder


def placeholders(memory: Memory) -> list[str]:
    text = column(memory, "ana", "SELECT text FROM memories")[0]
    return [match[0] for match in PLACEHOLDER.finditer(text)]


@pytest.fixture
def filled(naming: Memory) -> Memory:
    naming.add("Zelda of Wexford has lupus", user_id="ana")
    return naming


def test_its_owner_is_told_and_each_time_is_on_record(filled: Memory) -> None:
    before, (person, place, health) = datetime.now(UTC), placeholders(filled)
    assert [filled.reveal(asked, user_id="ana") for asked in (person, health, person)] == ["Zelda", "lupus", "Zelda"]
    listed = filled.reveals(user_id="ana")
    assert [each.placeholder for each in listed] == [person, health, person]
    assert all(before <= each.at <= datetime.now(UTC) + timedelta(seconds=1) for each in listed)
    assert place not in repr(listed)


def test_the_record_has_no_value(filled: Memory) -> None:
    filled.reveal(placeholders(filled)[0], user_id="ana")
    assert b"zelda" not in decrypted(filled, "ana").lower()
    assert "Zelda" not in repr(filled.reveals(user_id="ana"))


def test_it_goes_with_the_placeholder(filled: Memory) -> None:
    other = one(filled.add("Oskar is here", user_id="ana"))
    filled.reveal(placeholders(filled)[0], user_id="ana")
    text = column(filled, "ana", "SELECT text FROM memories WHERE id = ?", other.id)[0]
    filled.reveal(text.split()[0], user_id="ana")
    assert len(filled.reveals(user_id="ana")) == 2
    filled.delete(other.id, user_id="ana")
    assert [each.placeholder for each in filled.reveals(user_id="ana")] == placeholders(filled)[:1]
    assert column(filled, "ana", "SELECT count(*) FROM reveals") == [1]


@pytest.mark.parametrize(("grant", "told"), [("owner", 3), ("balanced", 2), ("strict", 0)])
def test_a_grant_says_what_may_be_asked_and_a_refusal_is_no_reveal(
    filled: Memory, home: Places, grant: str, told: int
) -> None:
    with home.open(TokenEmbedder(), detector=NameList(NAMES), grant=grant) as reader:
        asked = placeholders(filled)
        assert [reader.reveal(each, user_id="ana") for each in asked[:told]] == ["Zelda", "Wexford", "lupus"][:told]
        for each in asked[told:]:
            with pytest.raises(NotGranted, match=grant):
                reader.reveal(each, user_id="ana")
    assert len(filled.reveals(user_id="ana")) == told


def test_a_value_that_is_harmful_here_is_not_told_because_it_was_a_name_there(filled: Memory, home: Places) -> None:
    filled.add("hello", user_id="ana", actor="lupus")
    with home.open(TokenEmbedder(), detector=NameList(NAMES), grant="balanced") as reader, pytest.raises(NotGranted):
        reader.reveal(placeholders(filled)[2], user_id="ana")


WRONG: dict[str, tuple[str, type[MemguardError]]] = {
    "another vault's": ("<Person_bcf234>", UnknownPlaceholder),
    "a dropped one": ("<Secret>", InvalidInput),
    "no placeholder": (f"{MARKER} x", InvalidInput),
    "two": ("<Person_bcf234> <Person_bcf235>", InvalidInput),
    "nothing": (" ", InvalidInput),
    "a NUL": ("<Person_bcf234>\0", InvalidInput),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_placeholder_of_this_vault_is_refused(filled: Memory, case: str) -> None:
    text, error = WRONG[case]
    with pytest.raises(error) as raised:
        filled.reveal(text, user_id="ana")
    assert MARKER not in str(raised.value)
    assert filled.reveals(user_id="ana") == []


def test_one_owners_placeholder_is_nothing_to_another(filled: Memory) -> None:
    filled.add("x", user_id="ben")
    with pytest.raises(NotFound):
        filled.reveal(placeholders(filled)[0], user_id="ben")
    for verb in (lambda: filled.reveal("<Person_bcf234>", user_id="nobody"), lambda: filled.reveals(user_id="nobody")):
        with pytest.raises(UnknownOwner):
            verb()


def test_on_the_command_line(home: Places) -> None:
    command = Command(home)
    masked = command.run("pii", "mask", stdin="write to zelda@barrow.example").out
    placeholder = masked.split()[-1]
    assert command.json("pii", "reveals") == []
    assert command.run("pii", "reveal", placeholder).out == "zelda@barrow.example\n"
    assert command.json("pii", "reveal", placeholder.strip("<>")) == {"value": "zelda@barrow.example"}
    assert [each["placeholder"] for each in command.json("pii", "reveals")] == [placeholder] * 2
    lines = command.run("pii", "reveals").out.splitlines()
    assert [line.split()[1] for line in lines] == [placeholder] * 2
    assert "no such placeholder" in command.refused("pii", "reveal", "<Person_bcf234>")
    assert MARKER not in command.refused("pii", "reveal", MARKER)
