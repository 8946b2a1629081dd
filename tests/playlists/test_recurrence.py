"""Rules as the wall shows them, and where the wall's clock jumps."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlists.holiday import HolidayError, holidays_of
from playlists.recurrence import OnHolidays, Recurrence, RecurrenceError
from playlists.wall_time import is_left_out, utc_at, wall_at

wall = dt.datetime.fromisoformat
PLACES = [ZoneInfo(name) for name in ("Asia/Seoul", "America/New_York", "Australia/Lord_Howe")]
WALLS = st.datetimes(wall("2024-01-01T00:00"), wall("2030-01-01T00:00"))


def days(recurrence, begin, end, holidays=()):
    begin, end = (dt.datetime.fromisoformat(day) for day in (begin, end))
    return [f"{at:%m-%d %H:%M}" for _, at in recurrence.starts(begin, end, holidays)]


def rule(text, first="2026-01-05T09:00", **fields):
    return Recurrence(dt.datetime.fromisoformat(first), text, **fields)


@settings(deadline=None, max_examples=200)
@given(WALLS, WALLS, st.sampled_from(PLACES))
def test_times_that_follow_on_the_wall_never_go_back_in_utc_but_within_the_hour_that_comes_twice(
    one, other, place
):
    first, second = sorted((one, other))
    assert utc_at(first, place) <= utc_at(second, place) + dt.timedelta(hours=1)
    if not is_left_out(first, place):
        assert wall_at(utc_at(first, place), place) == first


def test_the_missing_hour_and_the_double_one():
    new_york = PLACES[1]
    gap = wall("2026-03-08T02:30")
    assert is_left_out(gap, new_york)
    assert utc_at(gap, new_york) == dt.datetime(2026, 3, 8, 7, 30, tzinfo=dt.UTC)
    twice = wall("2026-11-01T01:30")
    assert utc_at(twice, new_york) == dt.datetime(2026, 11, 1, 5, 30, tzinfo=dt.UTC)
    half = PLACES[2]  # half an hour of summer time
    assert is_left_out(wall("2026-10-04T02:15"), half)
    with pytest.raises(ValueError, match="carries a zone"):
        utc_at(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), half)


def test_every_second_week_with_days_left_out_and_days_put_in():
    fortnight = rule(
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR",
        without=frozenset({dt.date(2026, 1, 19)}),
        also=frozenset({dt.date(2026, 1, 14)}),
    )
    assert days(fortnight, "2026-01-01", "2026-02-03") == [
        "01-05 09:00", "01-09 09:00", "01-14 09:00", "01-23 09:00", "02-02 09:00",
    ]  # fmt: skip


def test_an_exception_moves_no_later_number():
    plain = rule("FREQ=DAILY")
    less = rule("FREQ=DAILY", without=frozenset({dt.date(2026, 1, 7)}))
    begin, end = wall("2026-01-01T00:00"), wall("2026-02-01T00:00")
    assert set(less.starts(begin, end)) < set(plain.starts(begin, end))


def test_lunar_holidays_keep_an_entry_away_or_call_it():
    korean = holidays_of("KR", [2026])
    assert dt.date(2026, 2, 17) in korean  # Seollal
    assert dt.date(2026, 9, 25) in korean  # Chuseok
    off = rule("FREQ=DAILY", holidays=OnHolidays.NOT)
    assert "02-17 09:00" not in days(off, "2026-02-10", "2026-02-20", korean)
    only = rule("FREQ=DAILY", holidays=OnHolidays.ONLY)
    assert days(only, "2026-02-10", "2026-02-20", korean) == [
        "02-16 09:00", "02-17 09:00", "02-18 09:00",
    ]  # fmt: skip
    assert holidays_of("", [2026]) == {}
    with pytest.raises(HolidayError, match="XX"):
        holidays_of("XX", [2026])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("FREQ=SECONDLY", "BYHOUR=9,12,15"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "never fires"),
        ("FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29", "never fires"),
        ("FREQ=DAILY;UNTIL=20250101", "later UNTIL"),
        ("FREQ=DAILY;INTERVAL=0", "1 .. 9999"),
        ("FREQ=DAILY;BYHOUR=25", "no rule of RFC 5545"),
        ("FREQ=DAILY;BYEASTER=1", "not understood"),
        ("every day", "needs FREQ"),
        (
            "FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24)))
            + ";BYMINUTE=" + ",".join(map(str, range(60))),
            "1440 times a day",
        ),
    ],
)  # fmt: skip
def test_rules_that_cannot_be_kept_are_refused_with_a_reason(text, says):
    with pytest.raises(RecurrenceError, match=says):
        rule(text)


def test_a_first_time_is_wall_time_of_this_century():
    for first in (wall("1970-01-01T00:00"), dt.datetime(2026, 1, 1, tzinfo=dt.UTC)):
        with pytest.raises(RecurrenceError, match="first time"):
            Recurrence(first)
