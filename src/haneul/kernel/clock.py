"""Time, in one place: aware UTC datetimes inside, each service's format at the edge."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


# msgspec writes a moment as RFC 3339 in a tenth of strftime's time; a fraction of zero is left out.
_rfc3339: Callable[[datetime], str] = msgspec.to_builtins


def now() -> datetime:
    """The present moment, UTC, to the microsecond."""
    return datetime.now(UTC)


def to_microseconds(moment: datetime) -> int:
    """Microseconds since the epoch; exact, unlike `timestamp()`."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_microseconds(value: int) -> datetime:
    return EPOCH + timedelta(0, 0, value)


def from_iso(written: str) -> datetime:
    """The moment that somebody has written in ISO 8601, UTC where he names no zone; ValueError if it is none.

    A `+` that has come through a URL as a space counts as what it was.
    """
    moment = datetime.fromisoformat(written.replace(" ", "+") if "T" in written else written)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def iso_seconds(moment: datetime) -> str:
    """`2026-01-31T09:30:00Z`, as Nova and Glance write it."""
    return _rfc3339(moment)[:19] + "Z"


def iso_microseconds(moment: datetime) -> str:
    """`2026-01-31T09:30:00.000000Z`, as Keystone writes it."""
    return iso_bare(moment) + "Z"


def iso_bare(moment: datetime) -> str:
    """`2026-01-31T09:30:00.000000`, without a zone, as older Nova and Cinder resources write it."""
    written = _rfc3339(moment)
    return written[:26] if moment.microsecond else written[:19] + ".000000"
