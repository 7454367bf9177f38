"""Every format that import reads, on small inputs: what becomes a memory, with which fields."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from memguard import Memory
from memguard.exchange.readers import read
from memguard.records import Record
from tests.exchange.conftest import Write, lines
from tests.vault.age import quickly_sealed


def imported(memory: Memory, path: Path, **options: Any) -> list[Record]:
    """What an import that refuses nothing leaves in ana's vault."""
    done = memory.import_(path, user_id="ana", **options)
    assert done.rejected == ()
    found = memory.get_all(user_id="ana")
    assert done.stored == len(found)
    return found


def test_json_lines_carry_every_field_of_add(memory: Memory, write: Write) -> None:
    whole = {
        "text": "The wombat sleeps behind the observatory",
        "agent_id": "claude",
        "run_id": "r-1",
        "environment": "site",
        "source": "user",
        "origin": "chat",
        "actor": "Ana",
        "happened_at": "2026-05-03T10:00:00+02:00",
        "valid_from": "2026-05-03T10:00:00Z",
        "valid_to": "2030-05-03T10:00:00Z",
        "expires_at": "2100-01-01T00:00:00Z",
        "metadata": {"team": "web", "n": [1, {"deep": None}]},
        "key": "k-1",
    }
    (record,) = imported(memory, write(lines([whole])))
    for name in ("text", "agent_id", "run_id", "environment", "source", "origin", "actor", "metadata"):
        assert getattr(record, name) == whole[name]
    assert record.happened_at == datetime(2026, 5, 3, 10, tzinfo=timezone(timedelta(hours=2)))
    assert record.happened_at.utcoffset() == timedelta(hours=2)
    assert (record.valid_from, record.valid_to) == (
        datetime(2026, 5, 3, 10, tzinfo=UTC),
        datetime(2030, 5, 3, 10, tzinfo=UTC),
    )
    assert record.expires_at == datetime(2100, 1, 1, tzinfo=UTC)
    assert memory.import_(write(lines([{"text": whole["text"], "key": "k-1"}])), user_id="ana").duplicates == 1


def test_bare_strings_and_objects_may_be_mixed(memory: Memory, write: Write) -> None:
    values = ["A kettle whistles at seven", {"text": "The lantern hangs in the boat house"}, "Zürich, 東京 and 🚀"]
    assert [record.text for record in imported(memory, write(lines(values)))] == [
        "A kettle whistles at seven",
        "The lantern hangs in the boat house",
        "Zürich, 東京 and 🚀",
    ]


@pytest.mark.parametrize("line", ['"A kettle whistles at seven"', '{"text": "A kettle whistles at seven"}'])
def test_one_line_is_enough(memory: Memory, write: Write, line: str) -> None:
    assert imported(memory, write(line))[0].text == "A kettle whistles at seven"


def test_a_json_list_is_read_as_lines_are(memory: Memory, write: Write) -> None:
    found = imported(memory, write(["A kettle whistles", {"text": "The lantern hangs", "actor": "Ana"}]))
    assert [record.text for record in found] == ["A kettle whistles", "The lantern hangs"]
    assert [record.actor for record in found] == [None, "Ana"]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n\n  \n"])
def test_line_endings_blank_lines_and_a_byte_order_mark_do_not_matter(
    memory: Memory, write: Write, ending: str
) -> None:
    path = write("\ufeff" + ending.join(['"one kettle"', '{"text": "two kettles"}', ""]))
    assert [record.text for record in imported(memory, path)] == ["one kettle", "two kettles"]


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_a_line_ends_at_a_newline_and_at_no_other_character(memory: Memory, write: Write, separator: str) -> None:
    """JSON allows these inside a string; `str.splitlines` cuts there."""
    text = f"first{separator}second"
    path = write(json.dumps({"text": text}, ensure_ascii=False) + "\n" + '"a kettle"\n')
    assert [record.text for record in imported(memory, path)] == [text, "a kettle"]


def conversation(**sessions: Any) -> dict[str, Any]:
    return {"sample_id": "conv-1", "conversation": {"speaker_a": "Ana", "speaker_b": "Ben", **sessions}}


def turn(number: str, text: str, speaker: str = "Ana", **more: Any) -> dict[str, Any]:
    return {"speaker": speaker, "dia_id": number, "text": text, **more}


def test_a_conversation_becomes_one_memory_a_turn(memory: Memory, write: Write) -> None:
    record = conversation(
        session_1_date_time="1:56 pm on 8 May, 2023",
        session_1=[
            turn("D1:1", "I adopted a wombat"),
            turn("D1:2", "Look!", "Ben", blip_caption="a wombat in a hat", img_url=["x"], query="wombat"),
        ],
    )
    first, second = imported(memory, write(record))
    assert (first.text, first.actor, first.run_id, first.metadata) == (
        "I adopted a wombat",
        "Ana",
        "conv-1:session_1",
        {"dia_id": "D1:1"},
    )
    assert first.happened_at == datetime(2023, 5, 8, 13, 56, tzinfo=UTC)
    assert (second.text, second.actor) == ("Look! [photo: a wombat in a hat]", "Ben")


def test_sessions_come_in_the_order_of_their_numbers(memory: Memory, write: Write) -> None:
    sessions = {f"session_{number}": [turn(f"D{number}:1", f"kettle {number}")] for number in (10, 2, 1)}
    found = imported(memory, write(conversation(**sessions)))
    assert [record.text for record in found] == ["kettle 1", "kettle 2", "kettle 10"]
    assert found[0].happened_at is None  # the session says nothing about when


def test_roles_in_a_conversation_say_who_wrote_it(memory: Memory, write: Write) -> None:
    roles = {"user": "Ana", "assistant": "Helper", "tool": "weather"}
    turns = [turn(f"D1:{role}", f"a word of {role}", speaker, role=role) for role, speaker in roles.items()]
    found = imported(memory, write(conversation(session_1=turns)))
    assert [(record.source, record.author_kind, record.author) for record in found] == [
        ("user", "user", "Ana"),
        ("agent", "agent", "Helper"),
        ("tool", "tool", "weather"),
    ]


def test_a_list_of_conversations_is_read_whole(memory: Memory, write: Write) -> None:
    records = [{**conversation(session_1=[turn("D1:1", f"kettle {n}")]), "sample_id": f"c-{n}"} for n in (1, 2)]
    assert [record.run_id for record in imported(memory, write(records))] == ["c-1:session_1", "c-2:session_1"]


def test_mem0s_get_all_keeps_who_when_and_metadata(memory: Memory, write: Write) -> None:
    entry = {
        "id": "m-1",
        "memory": "Likes tea",
        "user_id": "somebody",
        "agent_id": "helper",
        "run_id": "r-9",
        "actor_id": "Ana",
        "role": "user",
        "hash": "0",
        "metadata": {"category": "taste"},
        "created_at": "2025-01-02T03:04:05-07:00",
        "updated_at": None,
    }
    (record,) = imported(memory, write({"results": [entry], "relations": []}))
    assert (record.text, record.agent_id, record.run_id, record.actor) == ("Likes tea", "helper", "r-9", "Ana")
    assert (record.source, record.metadata) == ("user", {"category": "taste"})
    assert record.happened_at == datetime(2025, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=-7)))


def test_mem0s_times_without_an_offset_are_utc(memory: Memory, write: Write) -> None:
    entry = {"id": "m-1", "memory": "Likes tea", "created_at": "2025-01-02T03:04:05", "metadata": None}
    assert imported(memory, write({"results": [entry]}))[0].happened_at == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_knowledge_graph_becomes_observations_and_sentences(memory: Memory, write: Write) -> None:
    graph = [
        {"type": "entity", "name": "Acme", "entityType": "company", "observations": ["Sells kettles", "Is in Porto"]},
        {"type": "entity", "name": "Ana", "entityType": "person", "observations": []},
        {"type": "relation", "from": "Ana", "to": "Acme", "relationType": "works at"},
    ]
    found = imported(memory, write(lines(graph)))
    assert [record.text for record in found] == [
        "Acme: Sells kettles",
        "Acme: Is in Porto",
        "Ana: person",
        "Ana works at Acme",
    ]
    assert found[0].metadata == {"kind": "observation", "entity": "Acme", "entity_type": "company"}
    assert found[3].metadata == {"kind": "relation"}


@pytest.mark.parametrize("passphrase", [None, "correct horse battery"])
def test_memguards_own_export_keeps_ids(memory: Memory, write: Write, passphrase: str | None) -> None:
    own = {"id": "7b1d2b0e-0000-4000-8000-000000000001", "text": "A kettle whistles", "metadata": {"n": 1}}
    data = json.dumps({"memguard_export": 1, "memories": [own]}).encode()
    path = write(data if passphrase is None else quickly_sealed(data, passphrase))
    (record,) = imported(memory, path, passphrase=passphrase)
    assert (record.id, record.text, record.metadata) == (own["id"], own["text"], own["metadata"])


def test_keys_depend_on_content_only_and_tell_equal_lines_apart() -> None:
    text = lines(["a kettle", "a lantern", "a kettle"])
    keys = [item["key"] for entry in read(text) for item in entry.items]
    assert len(set(keys)) == 3
    assert keys == [item["key"] for entry in read(text) for item in entry.items]
    moved = [item["key"] for entry in read(lines(["a lantern", "a kettle"])) for item in entry.items]
    assert set(moved) < set(keys)
