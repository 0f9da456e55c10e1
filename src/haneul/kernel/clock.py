"""Time, in one place: aware UTC datetimes inside, each service's format at the edge."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """The present moment, UTC, to the microsecond."""
    return datetime.now(UTC)


def to_microseconds(moment: datetime) -> int:
    """Microseconds since the epoch; exact, unlike `timestamp()`."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_microseconds(value: int) -> datetime:
    return EPOCH + timedelta(microseconds=value)


def iso_seconds(moment: datetime) -> str:
    """`2026-01-31T09:30:00Z`, as Nova and Glance write it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_microseconds(moment: datetime) -> str:
    """`2026-01-31T09:30:00.000000Z`, as Keystone writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def iso_bare(moment: datetime) -> str:
    """`2026-01-31T09:30:00.000000`, without a zone, as older Nova and Cinder resources write it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")
