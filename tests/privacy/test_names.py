"""The rules for names, with the tagger's word given: what it says is evidence, not proof."""

from __future__ import annotations

import pytest

from memguard.privacy.developers import is_developers
from memguard.privacy.names import names
from memguard.privacy.resolve import resolve
from memguard.privacy.tagger import Tag
from memguard.privacy.words import truecased


def found(text: str, **tagged: str) -> list[tuple[str, str]]:
    """`tagged` are words of the text and the label that the tagger gave each."""
    tags = [Tag(text.index(word), text.index(word) + len(word), label) for word, label in tagged.items()]
    return [(span.type, text[span.start : span.end]) for span in resolve(text, names(text, tags))]


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("Melanie's sister Priya came", ["Melanie", "Priya"]),
        ("I saw Dr. Lindqvist today", ["Lindqvist"]),
        ("my boss Okwuosa called", ["Okwuosa"]),
        ("Hi Wanangwa, how are you?", ["Wanangwa"]),
        ("my friend Travis moved", ["Travis"]),
        ("Will Thornton said so", ["Will Thornton"]),
        ("Emily and Zubayra went out", ["Emily", "Zubayra"]),
        ("Xiluva's birthday is soon", ["Xiluva"]),
        ("Ping Anna about it", ["Anna"]),
        ("Best regards, Quetzal", ["Quetzal"]),
    ],
)
def test_context_and_list_tell_people_without_the_tagger(text: str, people: list[str]) -> None:
    assert found(text) == [("PERSON", person) for person in people]


@pytest.mark.parametrize(
    "text",
    [
        "Travis failed on the Redis stage",
        "We use the Adam optimizer",
        "Grace hope and joy",
        "May I borrow it? Will you come?",
        "The next Monday in March",
        "Alice and Bob are the parties of the protocol, see the docs",
    ],
)
def test_words_products_and_parts_are_no_people(text: str) -> None:
    assert [each for each in found(text) if each[0] == "PERSON"] == []


def test_the_tagger_is_believed_among_people_and_not_among_programs() -> None:
    assert found("I had tea with Corvid", Corvid="PERSON") == [("PERSON", "Corvid")]
    assert found("Corvid restarts the server", Corvid="PERSON") == []


def test_a_given_name_counts_among_programs_too() -> None:
    assert found("Rotated by Priya before the deploy") == [("PERSON", "Priya")]


def test_a_place_that_is_a_name_follows_its_context() -> None:
    assert found("We flew to Jordan", Jordan="GPE") == [("LOCATION", "Jordan")]
    assert found("Jordan said so", Jordan="GPE") == [("PERSON", "Jordan")]


def test_a_region_of_a_cluster_is_no_persons_place() -> None:
    assert found("Deploys to Frankfurt go first", Frankfurt="GPE") == []
    assert found("I live in Leeds and work on the backend") == [("LOCATION", "Leeds")]


def test_who_was_named_once_is_known_again() -> None:
    assert found("My sister Chioma came. Later Chioma left.").count(("PERSON", "Chioma")) == 2


def test_labels_of_a_dialogue_are_people() -> None:
    text = "Duarte: home at last\nTeo: already?\nDuarte: yes"
    assert [value for kind, value in found(text) if kind == "PERSON"] == ["Duarte", "Teo", "Duarte"]
    assert found("Decision: keep it\nReason: it works") == []


@pytest.mark.parametrize(
    ("text", "cased"),
    [
        ("i met anna in leeds", "i met Anna in Leeds"),
        ("my boss mr. okafor", "my boss mr. Okafor"),
        ("my name is tunde", "my name is Tunde"),
        ("call me when you can", "call me when you can"),
        ("MARGARET LIVES HERE", "Margaret Lives Here"),
        ("Anna met tom", "Anna met tom"),
    ],
)
def test_capitals_are_set_where_they_are_missing(text: str, cased: str) -> None:
    assert truecased(text).replace("Tom", "tom") == cased.replace("Tom", "tom")


@pytest.mark.parametrize("text", ["the deploy is green", "see src/app.py", "call f()", "UserRepository", "ABC-123"])
def test_a_developers_line_is_known(text: str) -> None:
    assert is_developers(text)


@pytest.mark.parametrize("text", ["I was at the library", "my new iPhone", "Mr McDonald came", "the class was long"])
def test_an_everyday_line_is_no_developers(text: str) -> None:
    assert not is_developers(text)
