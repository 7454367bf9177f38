"""Words: what of a question is asked of FTS5, and what FTS5 answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard.retrieval import words
from memguard.retrieval.question import TERMS_MAX, terms
from memguard.retrieval.scope import scope
from memguard.retrieval.words import addressed, match
from memguard.vault.connection import Session
from tests.conftest import Places

TEXTS = (
    "The café walls were painted green",
    "Painting relaxes Marta",
    "A green lantern, a green gate, a green boat",
    "Marta's boat needs tar",
    "Nothing of the kind",
    "Thanks, Oskar, and hi Zoë: the kettle sings",
)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("words")
    with Places(folder / "home", folder / "keys", folder).open() as memory:
        memory.add_many([{"text": text, "run_id": f"r-{n}"} for n, text in enumerate(TEXTS, start=1)], user_id="ana")
        with memory.home.vault("ana").reading() as session:
            yield session


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Where does Ana live?", "ana live"),
        ("the the Boat, the BOAT!", "boat"),
        ("What's Marta’s boat's name?", "marta boat name"),
        ("don't won't", "don't won't"),
        ("who are you", "who are you"),
        ("snake_case_identifier and kebab-case", "snake_case_identifier kebab case"),
        ("naïve café 東京 Ωmega", "naïve café 東京 ωmega"),
        ('"exact phrase" -minus tag:value NEAR(a b)', "exact phrase minus tag value near b"),
        ("port 8080 v1.2", "port 8080 v1 2"),
        ("?!… — ***", ""),
        ("", ""),
    ],
)
def test_a_question_becomes_its_content_words(question: str, expected: str) -> None:
    assert terms(question) == expected.split()


def test_a_long_question_is_cut_to_its_first_words() -> None:
    question = " ".join(f"word{n}" for n in range(TERMS_MAX * 2))
    assert terms(question) == [f"word{n}" for n in range(TERMS_MAX)]


@given(st.text())
def test_no_term_holds_what_could_end_a_quoted_fts_string(question: str) -> None:
    found = terms(question)
    assert not [term for term in found if '"' in term or "\0" in term or not term]
    assert len(found) == len(set(found)) <= TERMS_MAX


@given(st.text(alphabet=st.sampled_from(list("\"'*()-:^{}+,. \tabNEARANDORNOTé_東")), max_size=40))
def test_whatever_is_typed_is_a_query_that_fts_takes(vault: Session, question: str) -> None:
    assert set(match(vault, question, 10, len(TEXTS))) <= set(range(1, len(TEXTS) + 1))


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("painting", {1, 2}),  # stemmed
        ("CAFE", {1}),  # without diacritics
        ("boats", {3, 4}),
        ("marta boat", {2, 3, 4}),  # any of the words
        ("nobody asked", set()),
        ("*", set()),
        ('green"', {1, 3}),
    ],
)
def test_a_question_finds_the_memories_with_its_words(vault: Session, question: str, found: set[int]) -> None:
    assert set(match(vault, question, 10, len(TEXTS))) == found


def test_scores_come_best_first_and_positive(vault: Session) -> None:
    result = match(vault, "green boat", 10, len(TEXTS))
    assert next(iter(result)) == 3
    assert list(result.values()) == sorted(result.values(), reverse=True)
    assert min(result.values()) > 0


def test_at_most_as_many_as_asked_for_come_and_they_are_the_best(vault: Session) -> None:
    assert (
        list(match(vault, "green boat", 1, len(TEXTS)).items())
        == list(match(vault, "green boat", 10, len(TEXTS)).items())[:1]
    )


def test_a_scope_narrows_what_is_matched_and_changes_no_score(vault: Session) -> None:
    whole = match(vault, "boat", 10, len(TEXTS))
    assert match(vault, "boat", 10, len(TEXTS), scope(run_id="r-4")) == {4: whole[4]}
    assert match(vault, "boat", 10, len(TEXTS), scope(run_id="nobody")) == {}


def test_an_empty_vault_matches_nothing(vault: Session) -> None:
    assert match(vault, "boat", 10, 0) == {} == match(vault, "?", 10, len(TEXTS))


def test_words_in_a_large_share_of_a_big_vault_are_left_out(vault: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    # "green" and "boat" stand in two rows, "tar", "gate" and "lantern" in one.
    monkeypatch.setattr(words, "FREQUENT_ROWS_MIN", 1)
    assert set(match(vault, "boat tar gate lantern", 10, len(TEXTS))) == {3, 4}
    assert set(match(vault, "green tar gate", 10, len(TEXTS))) == {3, 4}, "row 1 has only the frequent word"


def test_the_rarest_words_are_kept_where_all_are_frequent(vault: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "FREQUENT_ROWS_MIN", 0)
    monkeypatch.setattr(words, "FREQUENT_SHARE", 0.0)
    assert set(match(vault, "green tar gate", 10, len(TEXTS))) == {3, 4}
    assert set(match(vault, "green boat", 10, len(TEXTS))) == {1, 3, 4}, "two words are never too many"


def test_persons_are_those_whom_a_memory_greets(vault: Session) -> None:
    # Marta is spoken of, Oskar and Zoë are spoken to.
    assert addressed(vault, ["marta", "oskar", "zoe", "kettle"]) == ["oskar", "zoe"]


@pytest.mark.parametrize("name", ["x" * 5000, "o", "near"])
def test_a_name_that_nobody_has_is_nobodys(vault: Session, name: str) -> None:
    assert addressed(vault, [name]) == []


def test_without_names_nothing_is_asked(vault: Session) -> None:
    assert addressed(vault, []) == []
