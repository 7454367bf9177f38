"""The certificate as a page: all that it says, in a size that a person reads, and nothing hidden behind the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard import Check
from memguard.forgetting.rendering import LINES_MAX, WIDTH, page
from memguard.forgetting.statement import Extent, Versions
from tests.forgetting.certificates import issued

WORDS = st.text("abc é漢-–", min_size=1, max_size=200).filter(str.isprintable).filter(str.strip)
HUGE = (1 << 63) - 1


def flat(text: str) -> str:
    """Without the breaks of lines."""
    return " ".join(text.split())


def test_it_says_what_went_what_was_looked_at_and_what_was_not() -> None:
    text = page(issued(pending=("a reader that holds the log",)))
    for said in (
        "PENDING",
        "ticket 4711",
        "one run: 7 memories, 3 earlier wordings, 2 memories derived only from them, 4 values behind placeholders",
        "pages of the vault: 15000 looked at, nothing found; control: 20 of 20 planted were seen",
        "NOT checked - copies that other programs made",
        "Waited for - a reader that holds the log",
        "that the host was honest",
        "`memguard verify FILE` in that home; elsewhere with `--public KEY`",
    ):
        assert said in flat(text), said


def test_what_was_found_stands_first_and_in_capitals() -> None:
    checks = (*(Check(f"check {n}", 1) for n in range(60)), Check("terms", 912, {"stale term": 3, "other": 0}))
    lines = page(issued(checks=checks)).splitlines()
    first = lines[lines.index("Looked at") + 1]
    assert first == "  - terms: 912 looked at, FOUND stale term: 3"
    assert any(line.startswith("INCOMPLETE") for line in lines)


def test_what_is_left_out_is_counted_and_no_list_hides_another() -> None:
    """Promise P7: what was not checked stands in the same size as the checks."""
    checks = tuple(Check(f"check {n:03}", 1) for n in range(100))
    lines = page(issued(checks=checks, not_checked=tuple(f"thing {n:03}" for n in range(100)))).splitlines()
    shown = {word: sum(1 for line in lines if line.startswith(f"  - {word} ")) for word in ("check", "thing")}
    assert shown["check"] == shown["thing"] > 5
    assert lines.count(f"  … {100 - shown['check']} more stand in the file") == 2


def test_a_list_without_anything_says_so() -> None:
    text = flat(page(issued(not_checked=())))
    assert "NOT checked nothing Waited for nothing" in text


@given(
    st.lists(st.builds(Check, WORDS, st.integers(0, HUGE), st.dictionaries(WORDS, st.integers(0, HUGE))), max_size=80),
    st.lists(WORDS, max_size=80),
    st.lists(WORDS, max_size=80),
    st.text("ab ", max_size=200),
)
def test_it_is_one_page_whatever_it_says(
    checks: list[Check], unchecked: list[str], pending: list[str], reference: str
) -> None:
    certificate = issued(
        checks=tuple(checks), not_checked=tuple(unchecked), pending=tuple(pending), reference=reference
    )
    lines = page(certificate).splitlines()
    assert len(lines) <= LINES_MAX == 60
    assert max(map(len, lines)) <= WIDTH == 100
    for title, items in (("Looked at", checks), ("NOT checked", unchecked), ("Waited for", pending)):
        below = lines[lines.index(title) + 1]
        assert below.startswith(("  - ", "  … ") if items else "  nothing")


def test_the_greatest_head_leaves_room_for_the_lists() -> None:
    longest = Versions("m" * 200, "s" * 200, HUGE)
    certificate = issued(versions=longest, reference="r" * 200, erased=Extent("vault", HUGE, HUGE, HUGE, HUGE))
    lines = page(certificate).splitlines()
    assert len(lines) <= LINES_MAX
    assert "  - copies that other programs made" in lines


@pytest.mark.parametrize(
    "kind", ["memories", "run", "environment", "author", "time span", "filter", "request", "vault"]
)
def test_every_kind_has_words(kind: str) -> None:
    assert "Erased" in page(issued(erased=Extent(kind, 1)))  # type: ignore[arg-type]  # one kind of them, as a string
