"""What `search` answers: the best first, the current before what it replaced, and only of the owners named (P3)."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from memguard import Memory, ModelError, UnknownOwner
from tests.checks import column, one
from tests.conftest import Places
from tests.standins import HashEmbedder

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


def found(memory: Memory, query: str, owner: str = "ana") -> list[str]:
    return [hit.text for hit in memory.search(query, user_id=owner)]


def test_the_memory_with_the_words_of_the_question_comes_first(memory: Memory) -> None:
    memory.add_many([{"text": f"Filler about {word}"} for word in ("rain", "bread", "chess", "tar")], user_id="ana")
    stored = one(memory.add("The spare key lies under the oleander", user_id="ana", source="user", metadata={"n": 1}))
    hit = memory.search("where is the spare key?", user_id="ana")[0]
    assert (hit.id, hit.text, hit.source, hit.metadata) == (stored.id, hit.record.text, "user", {"n": 1})
    assert hit.score == pytest.approx(sum(hit.why.values()), abs=0.001)


def test_words_are_found_in_any_form_and_by_who_and_when(memory: Memory) -> None:
    memory.add("Painted the café walls", user_id="ana", actor="Zelda", happened_at=datetime(2003, 3, 4, tzinfo=UTC))
    memory.add_many([{"text": f"Something else {n}"} for n in range(5)], user_id="ana")
    for query in ("painting", "CAFE", "wall", "zelda", "march 2003", "tuesday"):
        by_words = [hit.text for hit in memory.search(query, user_id="ana") if hit.why["words"] > 0]
        assert by_words == ["Painted the café walls"], query


def test_a_search_returns_at_most_the_limit_best_first(memory: Memory) -> None:
    memory.add_many([{"text": f"lantern {'boat ' * n}"} for n in range(9)], user_id="ana")
    hits = memory.search("lantern", user_id="ana", limit=4)
    assert len(hits) == 4
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert [hit.id for hit in hits] == [hit.id for hit in memory.search("lantern", user_id="ana")[:4]]


def test_an_empty_vault_answers_nothing(memory: Memory) -> None:
    memory.delete(one(memory.add("gone", user_id="ana")).id, user_id="ana")
    assert memory.search("gone", user_id="ana") == []
    assert memory.get_all(user_id="ana") == []


def test_the_neighbours_of_a_hit_in_its_run_gain_from_it(memory: Memory) -> None:
    memory.add_many([{"text": f"Filler number {n}"} for n in range(8)], user_id="ana")
    memory.add("Did you ever see the oleander bloom?", user_id="ana", run_id="r")
    answer = one(memory.add("Twice", user_id="ana", run_id="r"))
    hits = {hit.id: hit for hit in memory.search("oleander bloom", user_id="ana")}
    assert hits[answer.id].why["context"] > 0


def test_the_actor_named_in_the_question_is_favoured(memory: Memory) -> None:
    memory.add("I keep bees", user_id="ana", actor="Marta")
    memory.add("I keep bees", user_id="ana", actor="Oskar")
    assert memory.search("what does Oskar keep?", user_id="ana")[0].record.actor == "Oskar"


def test_several_owners_are_answered_as_one_and_nobody_else(memory: Memory) -> None:
    for owner in ("ana", "team:web", "ben"):
        memory.add("The lantern hangs in the boat house", user_id=owner)
        memory.add(f"Filler of {owner}", user_id=owner)
    hits = memory.search("lantern boat house", user_id=["ana", "team:web", "ana"])
    assert {hit.user_id for hit in hits} == {"ana", "team:web"}
    assert len(hits) == len({hit.id for hit in hits}) == 4
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len(memory.search("lantern", user_id=["ana", "team:web"], limit=2)) == 2
    for hit in hits:
        assert memory.get(hit.id, user_id=hit.user_id) == hit.record


def test_one_unknown_owner_among_several_answers_nothing_at_all(memory: Memory) -> None:
    # Half an answer would look like a whole one.
    memory.add("lantern", user_id="ana")
    with pytest.raises(UnknownOwner):
        memory.search("lantern", user_id=["ana", "nobody"])


def test_what_has_expired_is_not_shown_any_more(memory: Memory) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    memory.add("the lantern code is 1", user_id="ana", run_id="r", expires_at=LONG_AGO)
    memory.add("the lantern code is 2", user_id="ana", run_id="r", expires_at=soon)
    memory.add("the lantern has no code", user_id="ana", run_id="r")
    assert sorted(found(memory, "lantern code")) == ["the lantern code is 2", "the lantern has no code"]
    assert len(memory.get_all(user_id="ana")) == 2
    assert len(memory.get_all(user_id="ana", filters={"run_id": "r"})) == 2


def test_what_expires_while_the_vault_is_open_is_hidden_at_once(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.add("the lantern code is 1", user_id="ana", expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert found(memory, "lantern") == ["the lantern code is 1"]
    from memguard import clock

    later = clock.now() + 3_600_000_000
    for module in ("memguard.clock", "memguard.flows.recall", "memguard.memory"):
        monkeypatch.setattr(f"{module}.now", lambda: later)
    assert found(memory, "lantern") == []
    assert memory.get_all(user_id="ana") == []


def test_what_a_caller_says_is_superseded_follows_what_replaced_it(memory: Memory) -> None:
    memory.add_many([{"text": f"Filler number {n}"} for n in range(5)], user_id="ana")
    old = one(memory.add("Parcels go to Elm Road 4, ask for Ines", user_id="ana"))
    new = one(memory.add("Deliveries arrive at the harbour office", user_id="ana", supersedes=[old.id]))
    assert new.superseded == (old.id,)

    hits = memory.search("where do parcels go, elm road?", user_id="ana")
    assert [hit.id for hit in hits[:2]] == [new.id, old.id]
    assert [hit.record.current for hit in hits[:2]] == [True, False]
    record = memory.get(old.id, user_id="ana")
    assert (record.text, record.superseded_by) == ("Parcels go to Elm Road 4, ask for Ines", (new.id,))


def test_a_chain_of_replacements_leads_to_its_end(memory: Memory) -> None:
    first = one(memory.add("Parcels go to Elm Road 4", user_id="ana"))
    second = one(memory.add("Deliveries: the harbour office", user_id="ana", supersedes=[first.id]))
    third = one(memory.add("Post: locker nine", user_id="ana", supersedes=[second.id]))
    memory.add("Filler", user_id="ana")
    assert memory.search("parcels elm road", user_id="ana", limit=1)[0].id == third.id


def test_restating_a_fact_with_another_value_makes_the_later_one_current(memory: Memory) -> None:
    old = one(memory.add("My dentist is Dr Alvarez", user_id="ana"))
    new = one(memory.add("My dentist is Dr Brandt", user_id="ana"))
    assert new.superseded == (old.id,)
    assert found(memory, "who is my dentist?") == ["My dentist is Dr Brandt", "My dentist is Dr Alvarez"]


def test_one_call_can_restate_what_it_said_before(memory: Memory) -> None:
    items = [{"text": "My dentist is Dr Alvarez"}, {"text": "Rain again"}, {"text": "My dentist is Dr Brandt"}]
    stored = memory.add_many(items, user_id="ana")
    assert [outcome.superseded for outcome in stored] == [(), (), (stored[0].id,)]


def test_another_owners_fact_is_never_superseded(memory: Memory) -> None:
    memory.add("My dentist is Dr Alvarez", user_id="ben")
    assert one(memory.add("My dentist is Dr Brandt", user_id="ana")).superseded == ()


def lineage(memory: Memory, child: str) -> set[tuple[str, str]]:
    """(parent id, kind) of a memory, as the vault holds it."""
    sql = """SELECT json_array(p.id, l.kind) FROM lineage l JOIN memories c ON c.number = l.child
             JOIN memories p ON p.number = l.parent WHERE c.id = ?"""
    return {(parent, kind) for parent, kind in map(json.loads, column(memory, "ana", sql, child))}


def test_parents_that_a_caller_gives_are_kept(memory: Memory) -> None:
    parents = [one(memory.add(text, user_id="ana")).id for text in ("one", "two")]
    child = one(memory.add("sum", user_id="ana", derived_from=parents))
    assert set(memory.get(child.id, user_id="ana").derived_from) == set(parents)
    assert lineage(memory, child.id) == {(parent, "given") for parent in parents}


def test_what_a_run_was_shown_becomes_a_possible_parent_of_what_it_adds(memory: Memory) -> None:
    shown = one(memory.add("The lantern hangs in the boat house", user_id="ana"))
    memory.add("A kettle whistles", user_id="ana")
    memory.search("lantern", user_id="ana", limit=1, for_run="r-1")
    child = one(memory.add("So the boat house has light", user_id="ana", run_id="r-1"))
    other = one(memory.add("So the boat house has light", user_id="ana", run_id="r-2"))
    assert lineage(memory, child.id) == {(shown.id, "recalled")}
    assert lineage(memory, other.id) == set()
    # Only what a caller gives is shown as a parent: a possible one is evidence for forgetting, not a statement.
    assert memory.get(child.id, user_id="ana").derived_from == ()


def test_what_a_run_was_shown_is_noted_by_id_only(memory: Memory) -> None:
    memory.add("The lantern hangs", user_id="ana")
    memory.search("the zanzibar question", user_id="ana", for_run="r-1")
    memory.search("the zanzibar question", user_id="ana", for_run="r-1")
    with memory.home.vault("ana").reading() as session:
        assert session.all("SELECT * FROM recalls") == [("r-1", 1)]
        tables = [row[0] for row in session.all("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        everything = str([session.all(f'SELECT * FROM "{table}"') for table in tables])
    assert "zanzibar" not in everything


def test_a_vault_written_with_another_model_is_not_half_searched(home: Places) -> None:
    # Vectors of two models cannot be compared: an answer from the new ones only would look like a whole one.
    with home.open(HashEmbedder("before")) as memory:
        old = one(memory.add("The lantern hangs in the boat house", user_id="ana"))
    with home.open(HashEmbedder("after")) as memory:
        with pytest.raises(ModelError, match="reembed"):
            memory.search("lantern", user_id="ana")
        assert memory.get(old.id, user_id="ana").text == "The lantern hangs in the boat house"

        assert memory.reembed(user_id="ana") == 1
        new = one(memory.add("The lantern fell", user_id="ana"))
        assert {hit.id for hit in memory.search("lantern", user_id="ana")} == {old.id, new.id}
        assert column(memory, "ana", "SELECT name FROM models") == ["after"]
        assert memory.reembed(user_id="ana") == 0


def test_the_same_question_gives_the_same_answer(memory: Memory) -> None:
    # Ids are random, the order must not be: ties go to what was written first.
    items = [{"text": hashlib.sha256(bytes([n % 5])).hexdigest()} for n in range(20)]
    memory.add_many(items, user_id="ana")
    memory.add_many(items, user_id="ben")
    answers = [memory.search(items[0]["text"], user_id=owner) for owner in ("ana", "ben")]
    assert [(h.text, h.score) for h in answers[0]] == [(h.text, h.score) for h in answers[1]]
