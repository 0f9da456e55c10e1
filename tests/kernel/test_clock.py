from datetime import UTC, datetime

import pytest
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


@pytest.mark.parametrize(
    "written",
    [
        "2026-01-31T09:30:00Z",
        "2026-01-31T09:30:00",
        "2026-01-31 09:30:00",
        "2026-01-31T10:30:00+01:00",
        "2026-01-31T10:30:00 01:00",
        "2026-01-31T09:30:00.000000Z",
    ],
)
def test_one_moment_is_read_from_all_its_forms(written: str) -> None:
    assert clock.from_iso(written) == datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("written", ["", "yesterday", "2026-02-31", "2026-01-31T25:00:00Z", "9" * 40])
def test_what_is_no_moment_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        clock.from_iso(written)
