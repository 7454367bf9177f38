"""P1 under kill -9, through the code of `bench.crash`: what was acknowledged is there, and nothing by halves."""

from __future__ import annotations

import pytest

from bench.crash import BAD, killed


@pytest.mark.slow
def test_homes_survive_being_killed_at_random_moments() -> None:
    rows, _, notes = killed(12, seed=20261122)

    assert [row["kind"] for row in rows] == ["writes", "rotation", "migration", "owners"]
    assert [row["opened"] for row in rows] == [3, 3, 3, 3], notes
    assert not [(row["kind"], name) for row in rows for name in BAD if row[name]], notes
    assert sum(row["acknowledged"] for row in rows) > 0
