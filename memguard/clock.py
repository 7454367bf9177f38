"""Time in one place: aware at the edge, integer microseconds since 1970 UTC inside, the given offset kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from memguard.errors import InvalidInput

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def now() -> int:
    """Microseconds since 1970-01-01 UTC."""
    return to_micros(datetime.now(UTC))


def to_micros(moment: datetime) -> int:
    """Exact microseconds since 1970-01-01 UTC of an aware datetime; a naive one raises `InvalidInput`."""
    offset_minutes(moment)
    micros = (moment - _EPOCH) // timedelta(microseconds=1)
    if not _FIRST <= micros <= _LAST:
        raise InvalidInput("must lie in the years 1 to 9999, in UTC too")
    return micros


def offset_minutes(moment: datetime) -> int:
    """The UTC offset the caller gave, in minutes."""
    offset = moment.utcoffset()
    if offset is None:
        raise InvalidInput("datetimes must be aware: give a time zone, for instance datetime(..., tzinfo=UTC)")
    return max(-1439, min(1439, round(offset.total_seconds() / 60)))


def from_micros(micros: int, offset: int = 0) -> datetime:
    """The aware datetime of `micros`, at an offset in minutes."""
    zone = UTC if offset == 0 else timezone(timedelta(minutes=offset))
    return (_EPOCH + timedelta(microseconds=micros)).astimezone(zone)
