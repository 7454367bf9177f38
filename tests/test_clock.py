"""Time: exact to the microsecond, aware at the edge, the caller's offset kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard import InvalidInput
from memguard.clock import from_micros, now, offset_minutes, to_micros

offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=offsets)  # noqa: DTZ001 - naive bounds


@given(moments)
def test_a_moment_survives_the_round_trip_with_its_offset(moment: datetime) -> None:
    back = from_micros(to_micros(moment), offset_minutes(moment))
    assert back == moment
    assert back.isoformat() == moment.isoformat()


@given(moments, moments)
def test_order_is_kept(first: datetime, second: datetime) -> None:
    assert (to_micros(first) < to_micros(second)) == (first < second)


@pytest.mark.parametrize(
    ("moment", "micros"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC), 1),
        (datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), -1),
        (datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 0),
        # A float of seconds since 1970 has no room for this many digits: it would come back 1 microsecond off.
        (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), 253_402_300_799_999_999),
        (datetime.min.replace(tzinfo=UTC), -62_135_596_800_000_000),
    ],
)
def test_microseconds_are_exact(moment: datetime, micros: int) -> None:
    assert to_micros(moment) == micros
    assert from_micros(micros) == moment


def test_without_an_offset_a_moment_comes_back_in_utc() -> None:
    assert from_micros(0).tzinfo is UTC
    assert from_micros(0, 330).utcoffset() == timedelta(hours=5, minutes=30)


@pytest.mark.parametrize("function", [to_micros, offset_minutes])
def test_a_naive_moment_is_refused_with_the_remedy(function: object) -> None:
    assert callable(function)
    with pytest.raises(InvalidInput, match="tzinfo=UTC"):
        function(datetime(2026, 5, 3))  # noqa: DTZ001 - the point of it


def test_an_offset_with_seconds_keeps_the_moment_exact() -> None:
    # Amsterdam until 1937: the offset is rounded to minutes, the moment is not.
    amsterdam = timezone(timedelta(minutes=19, seconds=32))
    moment = datetime(1900, 1, 1, 12, tzinfo=amsterdam)
    assert offset_minutes(moment) == 20
    assert from_micros(to_micros(moment), offset_minutes(moment)) == moment


def test_now_is_now_in_utc() -> None:
    before, moment, after = datetime.now(UTC), from_micros(now()), datetime.now(UTC)
    assert before <= moment <= after
