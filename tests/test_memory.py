"""`Memory`, verb by verb: what is added is there as given, what is updated keeps its past, a retry stores once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from memguard import Memory, Stored, UnknownMemory
from tests.checks import column, one
from tests.conftest import Places
from tests.standins import HashEmbedder

AT = datetime(2026, 5, 3, 22, 30, 15, 123456, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))


def texts(memory: Memory, **within: Any) -> list[str]:
    return [record.text for record in memory.get_all(**{"user_id": "ana", **within})]


def test_everything_a_caller_says_of_a_memory_is_read_back(memory: Memory) -> None:
    parent = one(memory.add("the parent", user_id="ana"))
    given = {
        "actor": "Ana",
        "agent_id": "claude-code",
        "run_id": "r-17",
        "environment": "project:site",
        "source": "user",
        "origin": "https://example.org/a",
        "happened_at": AT,
        "valid_from": AT,
        "valid_to": AT + timedelta(days=1),
        "expires_at": datetime.now(UTC) + timedelta(days=1),
        "metadata": {"team": "web", "nested": {"n": [1, 2.5, None, True, "ü"]}},
        "derived_from": [parent.id],
    }
    stored = one(memory.add("  Kept as it is,\n\twith its spaces ", user_id="ana", **given))

    record = memory.get(stored.id, user_id="ana")
    read_back = {name: getattr(record, name) for name in given}
    assert read_back == {**given, "derived_from": (parent.id,)}
    assert record.text == "  Kept as it is,\n\twith its spaces "
    assert (record.author, record.author_kind, record.version, record.current) == ("claude-code", "agent", 1, True)
    assert stored == Stored(stored.id, run_id="r-17", masked={"PERSON": 1})


def test_the_offset_in_which_a_time_was_given_is_kept(memory: Memory) -> None:
    stored = one(memory.add("late in Newfoundland", user_id="ana", happened_at=AT))
    happened = memory.get(stored.id, user_id="ana").happened_at
    assert happened is not None
    assert happened.isoformat() == AT.isoformat()


def test_one_memory_a_message_with_the_role_as_its_source(memory: Memory) -> None:
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "I take my tea without milk"},
        {"role": "assistant", "content": [{"type": "text", "text": "Noted:"}, {"type": "text", "text": "no milk"}]},
        {"role": "tool", "name": "kettle", "content": "boiled"},
    ]
    stored = memory.add(messages, user_id="ana", run_id="r-1", agent_id="butler")
    assert isinstance(stored, list)
    records = [memory.get(outcome.id, user_id="ana") for outcome in stored]
    assert [record.text for record in records] == ["I take my tea without milk", "Noted:\nno milk", "boiled"]
    assert [record.source for record in records] == ["user", "agent", "tool"]
    assert [record.actor for record in records] == [None, None, "kettle"]
    assert {record.run_id for record in records} == {"r-1"}


def test_add_many_stores_in_order_and_embeds_each_text_once(home: Places) -> None:
    embedder = HashEmbedder()
    with home.open(embedder) as memory:
        stored = memory.add_many([{"text": f"note {n}", "actor": "Ana"} for n in range(300)], user_id="ana")
        assert texts(memory, limit=1000) == [f"note {n}" for n in range(300)]
        assert len({outcome.id for outcome in stored}) == 300
        assert embedder.texts_embedded == 300
        assert memory.add_many([], user_id="nobody") == []
        assert memory.users() == ["ana"]


def test_one_name_typed_on_two_systems_is_one_owner(memory: Memory) -> None:
    memory.add("composed", user_id="Jos\u00e9")
    memory.add("decomposed", user_id=" Jose\u0301 ")
    assert memory.users() == ["Jos\u00e9"]
    assert texts(memory, user_id="Jose\u0301") == ["composed", "decomposed"]


def test_the_same_key_stores_once(home: Places) -> None:
    embedder = HashEmbedder()
    with home.open(embedder) as memory:
        first = one(memory.add("once", user_id="ana", key="k"))
        again = one(memory.add("once", user_id="ana", key="k"))
        assert (again.id, again.duplicate) == (first.id, True)
        assert embedder.texts_embedded == 1
        assert one(memory.add("once", user_id="ben", key="k")).duplicate is False
    with home.open() as memory:  # as after a crash
        assert one(memory.add("once", user_id="ana", key="k")).id == first.id
        assert texts(memory) == ["once"]


def test_the_same_key_twice_in_one_call_stores_once(memory: Memory) -> None:
    items = [{"text": "once", "key": "k"}, {"text": "between"}, {"text": "once", "key": "k"}]
    stored = memory.add_many(items, user_id="ana")
    assert stored[0].id == stored[2].id
    assert [outcome.duplicate for outcome in stored] == [False, False, True]
    assert texts(memory) == ["once", "between"]


def test_messages_can_be_sent_again_under_one_key(memory: Memory) -> None:
    messages = [{"role": "user", "content": "one"}, {"role": "user", "content": "two"}]
    memory.add(messages, user_id="ana", key="chat")
    memory.add([*messages, {"role": "user", "content": "three"}], user_id="ana", key="chat")
    assert texts(memory) == ["one", "two", "three"]


def test_an_update_is_found_by_its_new_words_and_no_longer_by_its_old_ones(memory: Memory) -> None:
    memory.add("The gate is painted green", user_id="ana")
    stored = one(memory.add("The piano stands in the attic", user_id="ana"))
    memory.update(stored.id, "The violin hangs in the hall", user_id="ana")

    assert memory.search("violin hall", user_id="ana")[0].id == stored.id
    assert column(memory, "ana", "SELECT rowid FROM words WHERE words MATCH 'piano OR attic'") == []
    vectors = column(memory, "ana", "SELECT vector FROM embeddings ORDER BY memory DESC LIMIT 1")
    assert vectors == [HashEmbedder().embed(["The violin hangs in the hall"])[0].tobytes()]
    # The index in memory follows too: nothing of the old vector is left to lead there.
    hits = memory.search("piano stands attic", user_id="ana")
    assert next(hit for hit in hits if hit.id == stored.id).why["meaning"] <= 0


def test_history_holds_the_earlier_wordings_with_when_they_held(memory: Memory) -> None:
    stored = one(memory.add("first", user_id="ana", metadata={"v": 1}, actor="Ana"))
    assert memory.history(stored.id, user_id="ana") == []
    memory.update(stored.id, "second", user_id="ana")
    memory.update(stored.id, user_id="ana", metadata={"v": 2})

    record = memory.get(stored.id, user_id="ana")
    assert (record.text, record.metadata, record.version, record.actor) == ("second", {"v": 2}, 3, "Ana")
    versions = memory.history(stored.id, user_id="ana")
    assert [(v.version, v.text, v.metadata) for v in versions] == [(1, "first", {"v": 1}), (2, "second", {"v": 1})]
    assert versions[0].recorded_at == record.recorded_at
    assert versions[0].replaced_at == versions[1].recorded_at


@pytest.mark.parametrize(
    ("kept", "expected"), [(0, []), (1, ["w3"]), (2, ["w2", "w3"]), (20, ["w0", "w1", "w2", "w3"])]
)
def test_history_keeps_as_many_wordings_as_the_setting_says(home: Places, kept: int, expected: list[str]) -> None:
    with home.open(history_versions=kept) as memory:
        stored = one(memory.add("w0", user_id="ana"))
        for n in range(1, 5):
            memory.update(stored.id, f"w{n}", user_id="ana")
        assert [version.text for version in memory.history(stored.id, user_id="ana")] == expected
        assert memory.get(stored.id, user_id="ana").version == 5


def test_a_lower_setting_takes_effect_at_the_next_update(home: Places) -> None:
    with home.open() as memory:
        stored = one(memory.add("w0", user_id="ana"))
        for n in range(1, 4):
            memory.update(stored.id, f"w{n}", user_id="ana")
    with home.open(history_versions=0) as memory:
        memory.update(stored.id, "w4", user_id="ana")
        assert memory.history(stored.id, user_id="ana") == []
        assert column(memory, "ana", "SELECT count(*) FROM versions") == [0]


def test_a_page_of_a_list_starts_where_the_last_one_ended(memory: Memory) -> None:
    memory.add_many([{"text": f"note {n}"} for n in range(5)], user_id="ana")
    assert texts(memory, limit=2) == ["note 0", "note 1"]
    assert texts(memory, limit=2, offset=2) == ["note 2", "note 3"]
    assert texts(memory, limit=2, offset=4) == ["note 4"]
    assert texts(memory, offset=5) == []


def test_a_memory_can_be_closed_and_used_again(memory: Memory) -> None:
    stored = one(memory.add("still here", user_id="ana"))
    memory.close()
    assert memory.get(stored.id, user_id="ana").text == "still here"


def test_nothing_is_made_on_disk_before_the_first_write(home: Places, memory: Memory) -> None:
    assert memory.users() == []
    with pytest.raises(LookupError):
        memory.search("anything", user_id="ana")
    assert not home.home.exists()


def test_no_file_or_folder_is_named_after_anything_a_caller_said(home: Places, memory: Memory) -> None:
    stored = one(memory.add("Quokka", user_id="quokka", run_id="quokka", agent_id="quokka", environment="quokka"))
    names = " ".join(str(path.relative_to(home.home.parent)) for path in home.home.parent.rglob("*"))
    assert "quokka" not in names.lower()
    assert stored.id not in names


def test_an_id_is_unknown_once_its_memory_is_deleted(memory: Memory) -> None:
    stored = one(memory.add("gone soon", user_id="ana"))
    memory.delete(stored.id, user_id="ana")
    with pytest.raises(UnknownMemory, match=stored.id):
        memory.delete(stored.id, user_id="ana")
