"""A week at a glance: blocks of the outline, day by day of the site's wall."""

import datetime as dt
from zoneinfo import ZoneInfo

from playlists.news import NewsItem
from playlists.outline import Premises
from playlists.schedule import Fill, Schedule
from playlists.week import days_from, week_blocks
from tests.playlists.test_blocks import entry
from tests.playlists.test_outline import MONDAY, premises

NEW_YORK = ZoneInfo("America/New_York")
MONDAY_THERE = dt.date(2026, 11, 23)


def test_a_day_on_which_the_clocks_change_is_longer():
    here = Premises((), {}, (), {}, NEW_YORK, holidays=frozenset({dt.date(2026, 11, 2)}))
    days = days_from(here, dt.date(2026, 11, 1), 2)
    assert [(one.end - one.begin).total_seconds() / 3600 for one in days] == [25, 24]
    assert [one.is_holiday for one in days] == [False, True]


def test_zones_that_have_the_same_are_in_one_block_and_news_is_among_them():
    morning = entry("morning", "07:00", 120, fill=Fill.SILENCE, plays="")
    item = NewsItem("flu", "r900", ("all",), MONDAY_THERE, MONDAY_THERE, 1, dt.time(9), dt.time(10))
    here = premises(Schedule(entries=(morning,), news=(item,)))
    found = week_blocks(here, MONDAY, MONDAY + dt.timedelta(days=1))
    assert [(one.source, one.name) for one in found] == [
        ("folder", ""), ("silence", "morning"), ("folder", ""), ("news", "flu"),
    ]  # fmt: skip
    assert all(one.zones == tuple(zone.id for zone in here.zones) for one in found)
