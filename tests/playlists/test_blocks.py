"""Which entry has a zone: conflicts, and the rule that decides."""

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlists.blocks import Decides, blocks, by_zone, conflicts, deciding
from playlists.recurrence import Recurrence
from playlists.schedule import (
    Entry,
    Fill,
    Schedule,
    ScheduleError,
    lost_to_the_clocks,
    occurrences,
)
from zones.bus import ZoneId

wall = dt.datetime.fromisoformat
SEOUL, NEW_YORK = ZoneInfo("Asia/Seoul"), ZoneInfo("America/New_York")
DAY = dt.datetime(2026, 11, 23, tzinfo=SEOUL).astimezone(dt.UTC)


def entry(name, start="09:00", minutes=60, zones=("all",), rule="FREQ=DAILY", **fields):
    first = dt.datetime.fromisoformat(f"2026-01-01T{start}")
    fields = {"plays": "music", **fields}
    return Entry(
        *(name, name, zones, Recurrence(first, rule), dt.timedelta(minutes=minutes)), **fields
    )


def fired(*entries, days=1, zone=SEOUL):
    return occurrences(entries, DAY, DAY + dt.timedelta(days=days), zone)


def shown(found):
    return [(b.occurrence.entry.id, f"{b.begin.astimezone(SEOUL):%H:%M}") for b in found]


def test_the_higher_rank_interrupts_and_what_was_interrupted_goes_on():
    found = blocks(fired(entry("long", minutes=180), entry("news", "10:00", 10, rank=60)))
    assert shown(found) == [("long", "09:00"), ("news", "10:00"), ("long", "10:10")]
    assert found[2].before == dt.timedelta(hours=1)
    assert not found[2].is_whole_start


@pytest.mark.parametrize(
    ("one", "other", "by"),
    [
        (entry("a", rank=10), entry("b"), Decides.RANK),
        (entry("a"), entry("b", "09:30"), Decides.LATER),
        (entry("a", minutes=90), entry("b"), Decides.SHORTER),
        (entry("b"), entry("a"), Decides.NAME),
    ],
)
def test_a_conflict_names_the_rule_that_decides(one, other, by):
    found = fired(one, other)
    (conflict,) = conflicts(ZoneId("z"), found)
    assert (conflict.winner.entry, conflict.loser.entry, conflict.by) == (other, one, by)
    assert deciding(*reversed(found)) == deciding(*found)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(0, 1400), st.integers(1, 900), st.integers(0, 3)),
        max_size=6,
        unique=True,
    )
)
def test_each_moment_has_the_best_of_those_that_want_it(plans):
    entries = [
        entry(f"e{n}", f"{at // 60:02d}:{at % 60:02d}", minutes, rank=rank)
        for n, (at, minutes, rank) in enumerate(plans)
    ]
    found = fired(*entries)
    cut = blocks(found)
    assert all(a.end <= b.begin for a, b in pairwise(cut))
    for hour in range(24):
        at = DAY + dt.timedelta(hours=hour, minutes=7)
        wanting = [one for one in found if one.begin <= at < one.end]
        here = [block.occurrence for block in cut if block.begin <= at < block.end]
        assert bool(wanting) == bool(here)
        assert all(deciding(here[0], one)[0] is here[0] for one in wanting if one is not here[0])


def test_zones_with_the_same_entries_share_them():
    a, b, c = map(ZoneId, "abc")
    members = {"all": (a, b, c), "b": (b,)}
    found = fired(entry("music"), entry("own", "12:00", zones=("b",)))
    mine = by_zone(found, (a, b, c), members)
    assert mine[a] is mine[c]
    assert [one.entry.id for one in mine[b]] == ["music", "own"]


def test_nine_o_clock_stays_nine_o_clock_over_a_change_of_the_clocks():
    morning = entry("morning")
    begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    year = occurrences([morning], begin, begin + dt.timedelta(days=365), NEW_YORK)
    assert {f"{one.begin.astimezone(NEW_YORK):%H:%M}" for one in year} == {"09:00"}
    assert len({one.begin.hour for one in year}) == 2


def test_an_hour_that_is_missing_is_told_and_not_played():
    night = entry("night", "02:00", 60)
    begin = dt.datetime(2026, 3, 7, tzinfo=dt.UTC)
    span = (begin, begin + dt.timedelta(days=3), NEW_YORK)
    assert len(occurrences([night], *span)) == 2
    ((lost, at),) = lost_to_the_clocks([night], *span)
    assert (lost, at) == (night, wall("2026-03-08T02:00"))


def test_an_entry_that_touches_the_window_is_there_whole():
    late = entry("late", "23:00", 180)
    (one, _) = fired(late)
    assert one.begin < DAY < one.end
    assert one.name == "late 20261122T140000Z"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"minutes": 0}, "1 s"),
        ({"rank": 101}, "0 .. 100"),
        ({"zones": ()}, "no zone"),
        ({"plays": ""}, "a name to play"),
        ({"fill": Fill.SILENCE}, "nothing to play"),
        ({"patience": dt.timedelta(hours=1)}, "30 min"),
    ],
)
def test_entries_that_make_no_sense_are_refused(fields, says):
    with pytest.raises(ScheduleError, match=says):
        entry("a", **fields)


def test_a_name_stands_once_in_a_schedule():
    with pytest.raises(ScheduleError, match="twice"):
        Schedule((entry("a"), entry("a")))
    with pytest.raises(LookupError, match='no entry "b"; there are: a'):
        Schedule((entry("a"),)).entry("b")
