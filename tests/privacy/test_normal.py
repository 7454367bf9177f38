"""What the patterns see of odd writing, and the way back to where it stood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard.privacy.normal import normal


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("4\u200b1\u200b1", "411"),
        ("\uff14\uff11\uff11", "411"),
        ("\u0664\u0661\u0661", "411"),
        ("Ame\u0301lie", "Am\u00e9lie"),
        ("Ann\u0430", "Anna"),
        ("\u0410\u043d\u043d\u0430", "\u0410\u043d\u043d\u0430"),
        ("O\u2019Brien", "O'Brien"),
        ("+49\u00a030", "+49 30"),
        ("\u202eabc\u202c", "abc"),
    ],
)
def test_it_is_set_right(text: str, seen: str) -> None:
    assert normal(text).text == seen


def test_a_stretch_leads_back_to_all_it_came_from() -> None:
    text = "id 4\u200b1\u200b1 end"
    found = normal(text)
    assert text[slice(*found.original(3, 6))] == "4\u200b1\u200b1"


def test_plain_text_is_handed_on() -> None:
    assert normal("plain").starts is None


@given(st.text())
def test_every_stretch_leads_back_into_the_text(text: str) -> None:
    found = normal(text)
    edges = [found.original(i, i + 1) for i in range(len(found.text))]
    assert all(0 <= start < end <= len(text) for start, end in edges)
    assert all(a[1] <= b[0] for a, b in zip(edges, edges[1:], strict=False))
