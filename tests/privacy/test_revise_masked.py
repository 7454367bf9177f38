"""Updates and deletions of what is masked: nothing is lost, nothing mixed up, and no value outlives its last use."""

from __future__ import annotations

from memguard import Memory
from tests.checks import column, one, table_sizes
from tests.conftest import Places
from tests.privacy.conftest import NAMES
from tests.privacy.contents import in_the_vault, values
from tests.privacy.test_remember_masked import FIELDS, TEXT
from tests.standins import NameList, TokenEmbedder


def test_earlier_wordings_are_masked_and_read_as_they_were(naming: Memory) -> None:
    stored = one(naming.add("Zelda in Wexford", user_id="ana", metadata={"who": "zelda@barrow.example"}))
    naming.update(stored.id, "Oskar in Wexford", user_id="ana")
    naming.update(stored.id, metadata={"who": "nobody"}, user_id="ana")
    versions = [(v.text, v.metadata["who"]) for v in naming.history(stored.id, user_id="ana")]
    assert versions == [("Zelda in Wexford", "zelda@barrow.example"), ("Oskar in Wexford", "zelda@barrow.example")]
    assert naming.get(stored.id, user_id="ana").text == "Oskar in Wexford"
    assert "zelda" not in in_the_vault(naming)["versions"]


def test_an_update_masks_again_and_counts(naming: Memory) -> None:
    stored = one(naming.add("a boat", user_id="ana"))
    changed = naming.update(stored.id, "Zelda has hunter2xyz", user_id="ana", metadata={"a": "zelda@barrow.example"})
    assert changed.masked == {"PERSON": 1, "EMAIL_ADDRESS": 1}
    assert changed.dropped == {"PASSWORD": 1}
    record = naming.get(stored.id, user_id="ana")
    assert (record.text, record.metadata) == ("Zelda has <Secret>", {"a": "zelda@barrow.example"})


def test_other_metadata_leave_the_text_as_it_was_when_a_name_has_become_known_since(naming: Memory) -> None:
    stored = one(naming.add("Ben met Zelda", user_id="ana", run_id="Ben"))
    naming.add("hello", user_id="ana", actor="Ben")
    naming.update(stored.id, metadata={"x": 1}, user_id="ana")
    record = naming.get(stored.id, user_id="ana")
    assert (record.text, record.run_id, record.metadata) == ("Ben met Zelda", "Ben", {"x": 1})


def test_an_update_under_another_policy_loses_nothing(naming: Memory, home: Places) -> None:
    stored = one(naming.add(TEXT, user_id="ana", **FIELDS))
    naming.close()
    kept = {"EMAIL_ADDRESS": "1", "LOCATION": "1", "PERSON": "1"}
    with home.open(TokenEmbedder(), detector=NameList(NAMES), levels=kept) as memory:
        memory.update(stored.id, metadata={"b": "c"}, user_id="ana")
        memory.update(stored.id, f"{TEXT}!", user_id="ana")
        record = memory.get(stored.id, user_id="ana")
        assert record.text == f"{TEXT}!"
        assert {n: getattr(record, n) for n in FIELDS if n != "metadata"} == {
            n: FIELDS[n] for n in FIELDS if n != "metadata"
        }


def test_a_deletion_takes_the_values_that_nothing_else_uses(naming: Memory) -> None:
    first = one(naming.add("Zelda in Wexford", user_id="ana", actor="Quentin Barrow"))
    second = one(naming.add("Oskar in Wexford", user_id="ana"))
    assert values(naming) == {"Zelda", "Wexford", "Quentin Barrow", "Oskar"}
    naming.delete(first.id, user_id="ana")
    assert values(naming) == {"Wexford", "Oskar"}
    assert table_sizes(naming, "ana")["memories"] == 1
    naming.delete(second.id, user_id="ana")
    assert values(naming) == set()
    assert column(naming, "ana", "SELECT count(*) FROM name_parts") == [0]


def test_a_value_that_a_model_was_shown_stays(naming: Memory) -> None:
    stored = one(naming.add("Zelda in Wexford", user_id="ana"))
    masked = naming.mask("ask Zelda", user_id="ana").text
    naming.delete(stored.id, user_id="ana")
    assert values(naming) == {"Zelda"}
    assert naming.restore(masked, user_id="ana") == "ask Zelda"


def test_a_name_that_only_a_run_has_stays_as_long_as_what_the_run_was_shown(naming: Memory) -> None:
    shown = one(naming.add("the boat", user_id="ana", actor="Oskar"))
    other = one(naming.add("the shed", user_id="ana", actor="Quentin Barrow"))
    naming.search("boat", user_id="ana", limit=1, for_run="run of zelda@barrow.example")
    naming.update(shown.id, "the ship", user_id="ana")
    naming.delete(other.id, user_id="ana")
    assert values(naming) == {"Oskar", "zelda@barrow.example"}
    naming.delete(shown.id, user_id="ana")
    assert values(naming) == set()


def test_a_run_that_was_shown_nothing_leaves_no_value(naming: Memory) -> None:
    naming.add("the boat", user_id="ana", environment="here")
    assert naming.search("boat", user_id="ana", environment="elsewhere", for_run="zelda@barrow.example") == []
    assert values(naming) == set()


def test_a_value_that_only_an_earlier_wording_has_goes_with_the_memory(naming: Memory) -> None:
    stored = one(naming.add("Zelda in Wexford", user_id="ana"))
    naming.update(stored.id, "a boat", user_id="ana")
    assert naming.history(stored.id, user_id="ana")[0].text == "Zelda in Wexford"
    naming.delete(stored.id, user_id="ana")
    assert values(naming) == set()
