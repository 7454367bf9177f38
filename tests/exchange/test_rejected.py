"""What an import refuses: named by its position with a reason, never with its content; the rest is stored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from memguard import Memory
from memguard.errors import BundleError, InvalidInput
from tests.checks import MARKER
from tests.exchange.conftest import Write, lines

GOOD = "A kettle whistles at seven"


def refusals(memory: Memory, path: Any) -> dict[int, str]:
    """Position and reason of what was refused. One good memory is in every file, and is stored."""
    done = memory.import_(path, user_id="ana")
    assert GOOD in [record.text for record in memory.get_all(user_id="ana")]
    assert MARKER not in str(done)
    reasons = {refused.position: refused.reason for refused in done.rejected}
    assert len(reasons) == len(done.rejected)  # no position twice: nobody could tell which is meant
    assert all(reason.strip() and "\n" not in reason and len(reason) < 300 for reason in reasons.values())
    return reasons


BAD_LINES: dict[str, Any] = {
    "a number": 5,
    "null": None,
    "a list": [MARKER],
    "no text": {"actor": MARKER},
    "empty text": {"text": "  "},
    "text that is none": {"text": [MARKER]},
    "text too long": {"text": MARKER * 40_000},
    "NUL": {"text": f"{MARKER}\x00"},
    "lone surrogate": {"text": f"{MARKER}\ud800"},
    "an unknown field": {"text": "x", "colour": MARKER},
    "a time without offset": {"text": "x", "happened_at": "2026-05-03T10:00:00"},
    "no time": {"text": "x", "happened_at": MARKER},
    "metadata that is none": {"text": "x", "metadata": MARKER},
    "metadata too long": {"text": "x", "metadata": {"a": MARKER * 10_000}},
    "an actor that is none": {"text": "x", "actor": {"name": MARKER}},
    "an actor too long": {"text": "x", "actor": MARKER * 100},
    "an empty actor": {"text": "x", "actor": " "},
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_bad_line_is_refused_by_its_position_and_the_others_are_stored(
    memory: Memory, write: Write, name: str
) -> None:
    assert list(refusals(memory, write(lines([GOOD, BAD_LINES[name], "The lantern hangs"])))) == [2]
    assert len(memory.get_all(user_id="ana")) == 2


def test_a_line_that_is_no_json_is_refused(memory: Memory, write: Write) -> None:
    assert list(refusals(memory, write(f'"{GOOD}"\n{{"text": "{MARKER}\nnonsense\n'))) == [2, 3]


def test_a_field_name_is_content_too_and_is_not_quoted(memory: Memory, write: Write) -> None:
    """A table of facts by person, handed in by mistake, would end up in logs."""
    assert list(refusals(memory, write(lines([GOOD, {"text": "x", f"{MARKER} takes insulin": True}])))) == [2]


def test_a_reason_names_the_field_that_is_wrong(memory: Memory, write: Write) -> None:
    bad = [{"text": "x", "happened_at": "soon"}, {"text": "x", "metadata": 3}, {"actor": "Ana"}]
    reasons = refusals(memory, write(lines([GOOD, *bad])))
    assert ["happened_at" in reasons[2], "metadata" in reasons[3], "text" in reasons[4]] == [True, True, True]


def test_positions_are_those_of_lines_also_where_a_line_becomes_several_memories(memory: Memory, write: Write) -> None:
    graph = [
        {"type": "entity", "name": "Acme", "entityType": "company", "observations": ["a", "b", "c"]},
        {"type": "relation", "from": 1, "to": MARKER, "relationType": "knows"},
        {"type": "entity", "name": MARKER, "entityType": "company", "observations": ["x" * 300_000]},
        {"type": "entity", "name": [MARKER], "entityType": "company"},
        {"text": GOOD},
        {"text": " "},
    ]
    assert list(refusals(memory, write(lines(graph)))) == [2, 3, 4, 6]


def test_positions_go_on_counting_over_a_list_of_conversations(memory: Memory, write: Write) -> None:
    def session(*turns: Any) -> Any:
        return {"conversation": {"session_1": list(turns)}}

    def turn(number: int, text: Any) -> Any:
        return {"speaker": "Ana", "dia_id": f"D1:{number}", "text": text}

    first = session(turn(1, GOOD), turn(2, 5), turn(3, "The lantern hangs"))
    second = session(turn(4, "A third one"), turn(5, [MARKER]), turn(6, " "))
    assert list(refusals(memory, write([first, second]))) == [2, 5, 6]


def test_two_conversations_without_a_name_do_not_shadow_each_other(memory: Memory, write: Write) -> None:
    records = [
        {"conversation": {"session_1": [{"speaker": "Ana", "dia_id": "D1:1", "text": text}]}}
        for text in (GOOD, "The lantern hangs")
    ]
    assert refusals(memory, write(records)) == {}
    assert len(memory.get_all(user_id="ana")) == 2


@pytest.mark.parametrize(
    "sessions",
    [
        {"session_1": {"speaker": MARKER}},
        {"session_1": MARKER},
        {"session_1": [MARKER, 5, None]},
        {"session_01": [{"speaker": "Ana", "dia_id": "D1", "text": MARKER}]},
        {"session_٣": [{"speaker": "Ana", "dia_id": "D1", "text": MARKER}]},
        {"session_" + "9" * 5000: [{"speaker": "Ana", "dia_id": "D1", "text": MARKER}]},
    ],
    ids=["an object", "a text", "no turns", "a leading zero", "other digits", "a huge number"],
)
def test_a_session_of_another_form_is_refused_and_not_passed_over(memory: Memory, write: Write, sessions: Any) -> None:
    good = {"session_2": [{"speaker": "Ana", "dia_id": "D2:1", "text": GOOD}]}
    done = memory.import_(write({"conversation": {**sessions, **good}}), user_id="ana")
    read = {record.text for record in memory.get_all(user_id="ana")}
    assert GOOD in read
    assert done.rejected or MARKER in read  # nothing is lost silently
    assert MARKER not in str(done)


def test_bad_entries_of_mem0_and_of_an_export_are_refused_by_position(memory: Memory, write: Write) -> None:
    results = [{"id": "1", "memory": GOOD}, {"id": 2, "memory": MARKER}, {"id": "3"}, MARKER, {"id": "5", "memory": ""}]
    assert list(refusals(memory, write({"results": results}))) == [2, 3, 4, 5]
    good, other = (f"7b1d2b0e-0000-4000-8000-00000000000{n}" for n in (1, 2))
    own = [
        {"id": good, "text": GOOD},
        {"id": MARKER, "text": "x"},
        {"text": "x"},
        {"id": other, "text": "x", "derived_from": [f"7b1d2b0e-0000-4000-8000-0000000000{n:02}" for n in (98, 99)]},
        {"id": other, "text": "x", "supersedes": [MARKER]},
        {"id": good, "text": f"another {MARKER}"},
    ]
    assert list(refusals(memory, write({"memguard_export": 1, "memories": own}))) == [2, 3, 4, 5, 6]


def test_a_key_that_was_used_for_another_text_is_refused(memory: Memory, write: Write) -> None:
    memory.add("The lantern hangs", user_id="ana", key="k")
    assert list(refusals(memory, write(lines([{"text": MARKER, "key": "k"}, GOOD])))) == [1]


def test_an_export_of_a_newer_memguard_is_named_as_such(memory: Memory, write: Write) -> None:
    document = {"memguard_export": 99, "memories": [{"id": "x", "text": "y", "invented later": 1}]}
    with pytest.raises((BundleError, InvalidInput), match="newer"):
        memory.import_(write(document), user_id="ana")


NO_FORMAT = [b"", b"  \n\n", b"plain words\nand more of them\n", b"<html>\n</html>\n", b"a,b\n1 2,3\n"]


@pytest.mark.parametrize("data", NO_FORMAT)
def test_a_file_of_no_known_format_is_refused_whole(memory: Memory, write: Write, data: bytes) -> None:
    with pytest.raises(InvalidInput, match="memories|formats") as raised:
        memory.import_(write(data), user_id="ana")
    assert "words" not in str(raised.value)
    assert memory.users() == []


def test_the_account_adds_up(memory: Memory, write: Write) -> None:
    values = [GOOD, GOOD, 5, {"text": "The lantern hangs", "key": "k"}, {"text": "The lantern hangs", "key": "k"}, {}]
    done = memory.import_(write(lines(values)), user_id="ana")
    assert (done.stored, done.duplicates, len(done.rejected)) == (3, 1, 2)
    assert done.stored + done.duplicates + len(done.rejected) == len(values)


def test_a_field_given_for_all_does_not_replace_a_lines_own(memory: Memory, write: Write) -> None:
    path = write(json.dumps({"text": GOOD, "run_id": "own"}) + "\n" + '"The lantern hangs"\n')
    memory.import_(path, user_id="ana", run_id="given", environment="site")
    assert [(r.run_id, r.environment) for r in memory.get_all(user_id="ana")] == [("own", "site"), ("given", "site")]
