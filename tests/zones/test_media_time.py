"""Media time: one clock, two maps, no surprises over years."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zones.media_time import RATE, BootId, MediaClock, WallAnchor, samples, seconds

NS = 1_000_000_000
CENTURY_S = 100 * 366 * 86_400

CLOCKS = st.integers(-CENTURY_S * NS, CENTURY_S * NS).map(lambda ns: MediaClock(BootId("b"), ns))
MONOTONIC_NS = st.integers(0, CENTURY_S * NS)
SAMPLES = st.integers(-CENTURY_S * RATE, CENTURY_S * RATE)
UTC_TIMES = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001 - the bounds of a strategy are naive
    datetime(2120, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def test_a_second_is_48000_samples():
    assert samples(1) == 48_000
    assert samples(0.005) == 240
    assert seconds(24_000) == 0.5


def test_the_nearest_sample_is_taken_not_the_one_before():
    assert samples(0.1 + 0.2) == 14_400
    assert samples(1.6 / RATE) == 2
    assert samples(-1.6 / RATE) == -2


@given(st.integers(-CENTURY_S * RATE, CENTURY_S * RATE))
def test_seconds_and_samples_are_inverse_over_a_century(length):
    assert samples(seconds(length)) == length


class TestMediaClock:
    @given(CLOCKS, SAMPLES)
    def test_a_sample_is_due_at_the_instant_given_for_it(self, clock, sample):
        assert clock.sample_at(clock.monotonic_ns_at(sample)) == sample

    @given(CLOCKS, SAMPLES)
    def test_and_not_a_nanosecond_earlier(self, clock, sample):
        assert clock.sample_at(clock.monotonic_ns_at(sample) - 1) == sample - 1

    @given(CLOCKS, MONOTONIC_NS)
    def test_an_instant_lies_within_its_sample(self, clock, now_ns):
        sample = clock.sample_at(now_ns)
        assert clock.monotonic_ns_at(sample) <= now_ns < clock.monotonic_ns_at(sample + 1)

    @given(CLOCKS, MONOTONIC_NS, st.integers(0, NS))
    def test_media_time_never_runs_backwards(self, clock, now_ns, later_ns):
        assert clock.sample_at(now_ns) <= clock.sample_at(now_ns + later_ns)

    @given(CLOCKS, MONOTONIC_NS, st.integers(0, CENTURY_S))
    def test_every_second_is_exactly_48000_samples_for_a_century(self, clock, now_ns, later_s):
        passed = clock.sample_at(now_ns + later_s * NS) - clock.sample_at(now_ns)
        assert passed == later_s * RATE

    @given(CLOCKS, SAMPLES)
    def test_due_times_do_not_drift(self, clock, sample):
        # The exact due time is a fraction; the whole nanosecond is never more than one late.
        late = (clock.monotonic_ns_at(sample) - clock.offset_ns) * RATE - sample * NS
        assert 0 <= late < RATE

    def test_sample_zero_is_due_at_the_offset(self):
        assert MediaClock(BootId("b"), 5_000).sample_at(5_000) == 0
        assert MediaClock(BootId("b"), 5_000).sample_at(4_999) == -1
        assert MediaClock(BootId("b"), -NS).sample_at(0) == RATE


class TestWallAnchor:
    @given(UTC_TIMES, SAMPLES, st.integers(-10 * 366 * 86_400 * RATE, 10 * 366 * 86_400 * RATE))
    def test_the_wall_time_of_a_sample_leads_back_to_it(self, utc, sample, apart):
        anchor = WallAnchor(sample, utc)
        assert anchor.sample_at(anchor.utc_at(sample + apart)) == sample + apart

    @given(UTC_TIMES, SAMPLES, UTC_TIMES)
    def test_a_wall_time_lies_within_its_sample(self, utc, sample, then):
        anchor = WallAnchor(sample, utc)
        due = anchor.sample_at(then)
        assert anchor.utc_at(due) <= then < anchor.utc_at(due + 1)

    def test_wall_time_is_told_to_the_microsecond_and_in_utc(self):
        noon = datetime(2026, 6, 1, 12, tzinfo=ZoneInfo("Asia/Seoul"))
        told = WallAnchor(0, noon).utc_at(24_000)
        assert told == datetime(2026, 6, 1, 3, 0, 0, 500_000, tzinfo=UTC)
        assert told.tzinfo is UTC

    @given(
        UTC_TIMES,
        SAMPLES,
        UTC_TIMES,
        st.sampled_from([UTC, ZoneInfo("Europe/Berlin"), timezone(timedelta(hours=9))]),
        st.sampled_from([UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Seoul")]),
    )
    def test_the_zone_a_time_is_written_in_does_not_matter(self, utc, sample, then, one, other):
        plain = WallAnchor(sample, utc)
        zoned = WallAnchor(sample, utc.astimezone(one))
        assert zoned.sample_at(then.astimezone(other)) == plain.sample_at(then)
        assert zoned.utc_at(sample + 1) == plain.utc_at(sample + 1)

    def test_the_night_the_clocks_go_forward_is_an_hour_shorter(self):
        berlin = ZoneInfo("Europe/Berlin")
        anchor = WallAnchor(0, datetime(2026, 3, 28, 12, tzinfo=berlin))
        assert anchor.sample_at(datetime(2026, 3, 29, 12, tzinfo=berlin)) == samples(23 * 3600)

    def test_the_hour_that_comes_twice_is_two_hours(self):
        berlin = ZoneInfo("Europe/Berlin")
        anchor = WallAnchor(0, datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=0))
        second = datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=1)
        assert anchor.sample_at(second) == samples(3600)

    def test_an_anchor_without_a_time_zone_is_refused(self):
        with pytest.raises(ValueError, match="time zone"):
            WallAnchor(0, datetime(2026, 6, 1, 12))  # noqa: DTZ001

    def test_a_wall_time_without_a_time_zone_is_refused(self):
        anchor = WallAnchor(0, datetime(2026, 6, 1, 12, tzinfo=UTC))
        with pytest.raises(ValueError, match="time zone"):
            anchor.sample_at(datetime(2026, 6, 1, 12))  # noqa: DTZ001
