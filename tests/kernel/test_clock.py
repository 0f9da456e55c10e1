from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from haneul.kernel import clock

MOMENTS = st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC))


@given(MOMENTS)
def test_moments_are_written_as_strftime_writes_them(moment: datetime) -> None:
    assert clock.iso_seconds(moment) == moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert clock.iso_microseconds(moment) == moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert clock.iso_bare(moment) == moment.strftime("%Y-%m-%dT%H:%M:%S.%f")


@given(MOMENTS)
def test_microseconds_lose_nothing(moment: datetime) -> None:
    assert clock.from_microseconds(clock.to_microseconds(moment)) == moment


def test_a_whole_second_keeps_its_zeros() -> None:
    assert clock.iso_bare(datetime(2026, 1, 31, 9, 30, tzinfo=UTC)) == "2026-01-31T09:30:00.000000"
