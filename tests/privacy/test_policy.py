"""What is done with each type: the table, how settings change it, and who sees what again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from memguard import InvalidInput
from memguard.privacy import placeholders as shapes
from memguard.privacy.placeholders import PLACEHOLDER
from memguard.privacy.policy import DEFAULT_ACTIONS, GRANTS, KINDS, LITERAL, Level, Policy, grant_named, kind_of
from memguard.privacy.spans import Span
from tests.checks import MARKER
from tests.conftest import Places

DEFAULT = Policy()
WORD = "bcf234"
INVENTED = ["EMPLOYEE_NUMBER", "AB", "A", "9_A", "A_B_TEST", "x" * 60, "LONG_" * 20, "\u00df", "TYPE_9", "--", ""]


@pytest.mark.parametrize(
    ("type_", "action"),
    [
        ("PERSON", "placeholder"), ("LOCATION", "placeholder"), ("US_SSN", "placeholder"), ("HEALTH", "placeholder"),
        ("ORGANIZATION", "keep"), ("DATE_TIME", "keep"), ("URL", "keep"), ("PASSWORD", "drop"), ("API_KEY", "drop"),
        ("OTP", "drop"), ("SEED_PHRASE", "drop"), ("EMPLOYEE_NUMBER", "placeholder"), (LITERAL, "placeholder"),
    ],
)  # fmt: skip
def test_what_is_done_with_a_type_by_default(type_: str, action: str) -> None:
    assert DEFAULT.action(type_) == action


def test_every_type_that_opens_a_door_is_dropped_and_no_other() -> None:
    dropped = {type_ for type_ in KINDS if DEFAULT.action(type_) == "drop"}
    assert dropped == {"API_KEY", "PASSWORD", "OTP", "CONNECTION_STRING", "PRIVATE_KEY", "SEED_PHRASE"}


def test_a_type_nobody_has_heard_of_is_of_great_harm() -> None:
    assert DEFAULT.level("EMPLOYEE_NUMBER") == Level.HARMFUL
    assert kind_of("EMPLOYEE_NUMBER").word == "EmployeeNumber"


@pytest.mark.parametrize("type_", [*KINDS, LITERAL, *INVENTED])
def test_the_word_of_every_type_makes_a_placeholder(type_: str) -> None:
    assert PLACEHOLDER.fullmatch(f"<{kind_of(type_).word}_{WORD}>")


def test_settings_change_one_type_and_one_level_and_leave_the_rest() -> None:
    policy = Policy.of({"person": "1", "URL": "3"}, {"2": "keep"}, "seal")
    assert [policy.action(t) for t in ("PERSON", "URL", "API_KEY", "LOCATION", "HEALTH", "ORGANIZATION")] == [
        "keep", "placeholder", "placeholder", "keep", "placeholder", "keep"
    ]  # fmt: skip
    assert Policy.of({}, {}) == DEFAULT
    defaults = {str(int(level)): action for level, action in DEFAULT_ACTIONS.items() if level != Level.USABLE}
    same = Policy.of({}, defaults, "drop")
    assert {type_: same.action(type_) for type_ in KINDS} == {type_: DEFAULT.action(type_) for type_ in KINDS}


@pytest.mark.parametrize("level", ["0", "5", "PL2", "two", "", "2.0", " 2", "-1", MARKER])
def test_a_level_that_is_none_is_refused(level: str) -> None:
    with pytest.raises(InvalidInput, match="1, 2, 3 or 4") as raised:
        Policy.of({"PERSON": level}, {})
    assert MARKER not in str(raised.value)


@pytest.mark.parametrize(
    ("level", "action"), [("5", "keep"), ("PERSON", "keep"), ("3", "seal"), ("1", ""), ("2", MARKER)]
)
def test_an_action_that_is_none_is_refused(level: str, action: str) -> None:
    with pytest.raises(InvalidInput, match="keep, placeholder, drop") as raised:
        Policy.of({}, {level: action})
    assert MARKER not in str(raised.value)


@pytest.mark.parametrize("action", ["keep", "placeholder", "drop", MARKER])
def test_what_is_done_with_secrets_has_one_name(action: str) -> None:
    with pytest.raises(InvalidInput, match="secrets: drop or seal"):
        Policy.of({}, {"4": action})


SAY_NOTHING: list[dict[str, Any]] = [
    {"levels": {"PERSON": "9"}}, {"actions": {"3": "burn"}}, {"actions": {"4": "placeholder"}}, {"levels": "PERSON"},
    {"secrets": "keep"}, {"secrets": ""}, {"secrets": "Seal"},
]  # fmt: skip


@pytest.mark.parametrize("settings", SAY_NOTHING)
def test_a_memory_does_not_open_under_settings_that_say_nothing(home: Places, settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="setting (levels|actions|secrets)"):
        home.open(**settings)
    assert not home.home.exists()


def test_settings_come_from_the_environment_too(home: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMGUARD_LEVELS", "PERSON=1, URL=3")
    monkeypatch.setenv("MEMGUARD_ACTIONS", "3=drop")
    monkeypatch.setenv("MEMGUARD_SECRETS", "seal")
    with home.open() as memory:
        policy = memory._privacy.policy
    assert [policy.action(t) for t in ("PERSON", "URL", "OTP", "AGE")] == ["keep", "drop", "placeholder", "placeholder"]


def test_settings_come_from_a_table_of_the_settings_file_too(home: Places) -> None:
    Path(home.keys).mkdir()
    (home.keys / "settings.toml").write_text('secrets = "seal"\n[levels]\nPERSON = 1\n[actions]\n2 = "drop"\n')
    with home.open() as memory:
        policy = memory._privacy.policy
    assert [policy.action(t) for t in ("PERSON", "OTP", "LOCATION")] == ["keep", "placeholder", "drop"]


def test_each_grant_covers_less_than_the_one_before() -> None:
    assert list(GRANTS) == ["owner", "balanced", "strict"]
    assert GRANTS["owner"] > GRANTS["balanced"] > GRANTS["strict"] == frozenset()
    assert GRANTS["balanced"] == {Level.KEPT, Level.IDENTIFYING}


@pytest.mark.parametrize("name", ["", "Owner", "root", MARKER])
def test_a_grant_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="owner, balanced, strict") as raised:
        grant_named(name)
    assert MARKER not in str(raised.value)


@pytest.mark.parametrize("type_", [*KINDS, LITERAL, *INVENTED])
def test_a_question_and_a_memory_embed_the_same_words_for_a_type(type_: str) -> None:
    in_a_question = shapes.bare(shapes.written(type_, WORD)[1:-1])
    assert in_a_question == shapes.for_vectors(shapes.pieces("x", [Span(0, 1, type_)], Policy({type_: Level(2)})))


def test_types_that_share_a_word_share_the_words_that_are_embedded() -> None:
    said: dict[str, set[str]] = {}
    for kind in KINDS.values():
        said.setdefault(kind.word, set()).add(kind.plain)
    assert [word for word, plain in said.items() if len(plain) > 1] == []
