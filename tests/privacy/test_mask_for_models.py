"""The loop around any model: it reads placeholders, whoever asked what they stand for, as far as a grant goes."""

from __future__ import annotations

import pytest

from memguard import InvalidInput, Memory, ModelError, UnknownOwner
from memguard.privacy.placeholders import PLACEHOLDER, codes_in
from tests.checks import MARKER, column, one, table_sizes
from tests.conftest import Places
from tests.standins import Breaks

TEXT = "Zelda of Wexford (Acme) has lupus, pw hunter2xyz; zelda@barrow.example"


def masked(memory: Memory, text: str, owner: str = "ana") -> str:
    return memory.mask(text, user_id=owner).text


def test_what_a_model_reads_names_nobody(naming: Memory) -> None:
    answer = naming.mask(TEXT, user_id="ana")
    assert PLACEHOLDER.sub(lambda m: f"<{m[1]}>", answer.text) == (
        "<Person> of <Place> (Acme) has <Health>, pw <Secret>; <Email>"
    )
    assert dict(answer.masked) == {"PERSON": 1, "LOCATION": 1, "HEALTH": 1, "EMAIL_ADDRESS": 1}
    assert dict(answer.dropped) == {"PASSWORD": 1}
    assert table_sizes(naming, "ana")["memories"] == 0


def test_its_answer_is_restored_and_what_was_dropped_is_not(naming: Memory) -> None:
    assert naming.restore(masked(naming, TEXT), user_id="ana") == TEXT.replace("hunter2xyz", "<Secret>")


def test_the_same_value_has_the_same_placeholder_from_call_to_call_and_in_memories(
    naming: Memory, home: Places
) -> None:
    first = masked(naming, "Zelda")
    naming.add("hello", user_id="ana", actor="ZELDA")
    assert masked(naming, "Zelda") == first == column(naming, "ana", "SELECT actor FROM memories")[0]
    naming.close()
    assert masked(naming, "Zelda") == first


BENDS = {
    "as it was": "{0}", "lower case": "{0:l}", "upper case": "{0:u}", "no brackets": "{0:b}", "square ones": "[{0:b}]",
    "bold": "**{0}**", "code": "`{0}`", "a space": "{0:s}", "an escaped underscore": "{0:e}", "a possessive": "{0}'s",
    "beside each other": "{0}{0}",
}  # fmt: skip


class Bent(str):
    """A placeholder that `format` bends."""

    def __format__(self, how: str) -> str:
        ways = {
            "l": self.lower(),
            "u": self.upper(),
            "b": self[1:-1],
            "s": self.replace("_", " "),
            "e": self.replace("_", r"\_"),
        }
        return ways.get(how, str(self))


@pytest.mark.parametrize("bend", BENDS)
def test_a_placeholder_is_restored_however_a_model_bends_it(naming: Memory, bend: str) -> None:
    placeholder = Bent(masked(naming, "Zelda"))
    answer = naming.restore(f"Dear {BENDS[bend].format(placeholder)}, hello", user_id="ana")
    assert codes_in(answer) == []
    assert answer.replace("`", "").replace("*", "").startswith("Dear Zelda")


@pytest.mark.parametrize(
    ("grant", "restored"),
    [
        ("owner", "Zelda, Wexford, lupus"),
        ("balanced", "Zelda, Wexford, <Health>"),
        ("strict", "<Person>, <Place>, <Health>"),
    ],
)
def test_a_grant_says_how_much_is_restored(naming: Memory, grant: str, restored: str) -> None:
    answer = naming.restore(masked(naming, "Zelda, Wexford, lupus"), user_id="ana", grant=grant)
    assert PLACEHOLDER.sub(lambda m: f"<{m[1]}>", answer) == restored


def test_a_grant_that_is_none_is_refused(naming: Memory) -> None:
    masked(naming, "Zelda")
    with pytest.raises(InvalidInput, match="owner, balanced, strict"):
        naming.restore("x", user_id="ana", grant="all")


def test_a_value_that_is_harmful_here_is_not_shown_because_it_was_a_name_there(naming: Memory) -> None:
    naming.add("hello", user_id="ana", actor="lupus")
    answer = naming.restore(masked(naming, "Zelda has lupus"), user_id="ana", grant="balanced")
    assert "lupus" not in answer


def test_an_owner_without_a_vault_has_nothing_to_restore(naming: Memory) -> None:
    with pytest.raises(UnknownOwner):
        naming.restore("<Person_bcf234>", user_id="nobody")
    assert naming.users() == []


def test_one_owners_placeholders_are_nothing_to_another(naming: Memory) -> None:
    of_ana, of_ben = masked(naming, "Zelda"), masked(naming, "Zelda", "ben")
    assert of_ana != of_ben
    assert naming.restore(f"{of_ana} {of_ben}", user_id="ben") == f"{of_ana} Zelda"


def test_what_was_written_as_a_placeholder_comes_back_as_that(naming: Memory) -> None:
    persons = [masked(naming, "Zelda"), masked(naming, "Oskar")]
    for text in (f"it says {persons[0]}", f"it says {persons[1][1:-1]}", "it says <Person_bcf234>"):
        shown = masked(naming, text)
        assert shown != text
        assert naming.restore(shown, user_id="ana") == text


@pytest.mark.parametrize(
    "text",
    [
        "\u05d6\u05d0\u05ea Zelda \u202e\u05d1\u05beWexford\u202c", "Ze\u0301lda and Zelda\u0301 and Zelda",
        "\u200bZelda\u200b \u200dWexford\ufeff", "\U0001f469\u200d\U0001f680 Zelda \U0001f1ee\U0001f1ea Wexford",
        "Zelda\r\nWexford\ttab\x0b\x85 end", "\u0417elda Zelda", "  Zelda  ", "Zelda <Person_> <_>",
        "\ufdfa Zelda \ufb01",
    ],
)  # fmt: skip
def test_what_surrounds_a_value_comes_back_byte_for_byte(naming: Memory, text: str) -> None:
    shown = masked(naming, text)
    assert "<Person_" in shown
    assert naming.restore(shown, user_id="ana") == text


OTHERWISE = {
    "another case": ("Zelda, then", "ZELDA"),
    "a phone number grouped otherwise": ("555 123 4567", "555-123-4567"),
    "a possessive of what is only known": ("Zelda", "Mirembe's boat"),
    "parentheses": ("Zelda", "the captain (Zelda) left"),
    "a link": ("Zelda", "see [Zelda](https://example.org)"),
    "code": ("Zelda", "the user `Zelda` and <Zelda>"),
    "brackets in brackets": ("Zelda", "[[Zelda]] {<Zelda>} <<Zelda>> <b>Zelda</b>"),
}


@pytest.mark.parametrize("case", OTHERWISE)
def test_so_does_a_value_in_another_wording_or_in_brackets(naming: Memory, case: str) -> None:
    before, text = OTHERWISE[case]
    naming.add_many([{"text": "x", "actor": actor} for actor in (before, "Zelda", "Mirembe")], user_id="ana")
    assert naming.restore(masked(naming, text), user_id="ana") == text


def test_of_two_wordings_in_one_text_the_first_is_restored(naming: Memory) -> None:
    """One value, one placeholder: a model that answers about her says one of the two."""
    naming.add("x", user_id="ana", actor="zelda")
    shown = masked(naming, "ZELDA rang. Zelda!")
    assert naming.restore(shown, user_id="ana") == "ZELDA rang. ZELDA!"
    assert naming.get_all(user_id="ana")[0].actor == "zelda"


def test_the_next_text_changes_no_memory_and_is_restored_to_its_own_wording(naming: Memory) -> None:
    stored = naming.add("Zelda is here", user_id="ana")
    texts = ["Zelda?", "ZELDA!", "Zelda."]
    naming.add("x", user_id="ana", actor="ZELDA")
    assert [naming.restore(masked(naming, text), user_id="ana") for text in texts] == texts
    assert naming.get(one(stored).id, user_id="ana").text == "Zelda is here"


def test_a_long_text_is_masked_whole(naming: Memory) -> None:
    text = "Zelda rowed to Wexford, and nobody saw it. " * 4_700
    assert len(text) > 200_000
    answer = naming.mask(text, user_id="ana")
    assert dict(answer.masked) == {"PERSON": 4_700, "LOCATION": 4_700}
    assert len({match[0] for match in PLACEHOLDER.finditer(answer.text)}) == 2


def test_scan_says_where_what_stands_and_stores_nothing(naming: Memory) -> None:
    found = [(TEXT[f.start : f.end], f.type, f.level, f.action) for f in naming.scan(TEXT)]
    assert found == [
        ("Zelda", "PERSON", 2, "placeholder"), ("Wexford", "LOCATION", 2, "placeholder"),
        ("Acme", "ORGANIZATION", 1, "keep"),
        ("lupus", "HEALTH", 3, "placeholder"), ("hunter2xyz", "PASSWORD", 4, "drop"),
        ("zelda@barrow.example", "EMAIL_ADDRESS", 2, "placeholder"),
    ]  # fmt: skip
    assert naming.users() == []


@pytest.mark.parametrize("text", ["", "  ", "a\x00b", "\ud800", 5])
@pytest.mark.parametrize("verb", ["mask", "restore", "scan"])
def test_a_text_that_is_none_is_refused(naming: Memory, verb: str, text: str) -> None:
    masked(naming, "Zelda")
    with pytest.raises(InvalidInput):
        getattr(naming, verb)(text, **({} if verb == "scan" else {"user_id": "ana"}))


@pytest.mark.parametrize("verb", ["mask", "scan"])
def test_a_detector_that_fails_is_told_without_the_text(home: Places, verb: str) -> None:
    with home.open(detector=Breaks()) as memory:
        with pytest.raises(ModelError, match="ValueError") as raised:
            getattr(memory, verb)(MARKER, **({} if verb == "scan" else {"user_id": "ana"}))
        assert MARKER not in str(raised.value)
