"""From rules to tracks: quiet hours, levels, previews, and a year of fourteen zones."""

import datetime as dt
from dataclasses import replace
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlists.deal import Dealer
from playlists.levels import level_steps, quiet_spans, without_spans
from playlists.news import NewsError, NewsItem, news_times
from playlists.outline import Premises, outline
from playlists.playlist import (
    Choice,
    FixedList,
    Playlist,
    Pool,
    RotatingList,
    Separation,
    lists_holding,
    playing_time,
)
from playlists.preview import preview
from playlists.recording import Recording, Role, plain_fields, recording_from
from playlists.rotation import Rotation
from playlists.schedule import Fill, Schedule
from tests.playlists.test_blocks import entry
from tests.zones.small_site import parsed as small_site
from zones.media_time import RATE, WallAnchor
from zones.sound import PcmId

SEOUL = ZoneInfo("Asia/Seoul")
PLACES = [SEOUL, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")]
MONDAY = dt.datetime(2026, 11, 23, tzinfo=SEOUL).astimezone(dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR


def track(number, seconds=200, artist="", **fields):
    pcm = PcmId(f"{number:064x}")
    length = seconds * RATE
    return Recording(
        *(f"r{number}", f"T{number}", artist or f"A{number % 17}", f"B{number % 23}", pcm),
        *(length, 0, length, -3.0),
        **fields,
    )


TRACKS = tuple(track(n, 150 + 7 * (n % 20)) for n in range(200))
NEWS = track(900, 30, role=Role.NEWS)
POOL = Pool({one.id: one for one in (*TRACKS, NEWS)}, {"music/": TRACKS})
"""Rotations of the folder are dealt from all its tracks."""
ROTATIONS = {"music/": Rotation(TRACKS, 1)}
MUSIC = RotatingList("music", "music", Choice(folders=("music/",)))
LISTS: dict[str, Playlist] = {"music": MUSIC}


def premises(schedule=None, pool=POOL, lists=None, zones=None, zone=SEOUL):
    site = small_site()
    zones = zones or tuple(replace(one, quiet_hours=None) for one in site.zones)
    members = {"all": tuple(one.id for one in zones)} | {one.id: (one.id,) for one in zones}
    dealer = Dealer(pool, 7, LISTS if lists is None else lists)
    base = {one.id: "music/" for one in zones}
    return Premises(
        *(zones, members, site.dayparts, base, zone), schedule or Schedule(), dealer=dealer
    )


def seen(found, begin=MONDAY, days=2, **more):
    anchor = WallAnchor(0, begin)
    return preview(found, ROTATIONS, anchor, begin, begin + days * DAY, **more)


# --- dealing ---


def dealt(playlist, number=0, hours=2, pool=POOL, seed=7, **more):
    lists = {playlist.id: playlist, **more}
    day = dt.date(2026, 11, 23)
    return Dealer(pool, seed, lists).deal(
        playlist.id, f"o{number}", number, MONDAY, hours * 3600 * RATE, (day, day)
    )


def test_a_rotation_goes_once_round_before_a_track_comes_again():
    daily = [one for n in range(6) for one in dealt(LISTS["music"], n).tracks]
    assert len({one.id for one in daily}) > 0.8 * len(daily)
    assert dealt(LISTS["music"], 3) == dealt(LISTS["music"], 3)
    assert dealt(LISTS["music"], 3) != dealt(LISTS["music"], 3, seed=8)


def test_a_daily_hour_plays_what_was_not_played_the_days_before():
    """Three hundred tracks, two hours a day: nothing of yesterday, and everything in its turn."""
    tracks = tuple(track(n, 150 + 7 * (n % 20)) for n in range(300))
    dealer = Dealer(Pool({one.id: one for one in tracks}), 1, {"all": RotatingList("all", "all")})
    days = []
    for number in range(60):
        begin = MONDAY + number * DAY
        day = begin.date()
        deal = dealer.deal("all", f"daily {number}", number, begin, 7200 * RATE, (day, day))
        days.append({one.id for one in deal.tracks})
    together = [len(before & after) for before, after in pairwise(days)]
    assert sum(together) <= len(days) // 4
    assert sum(len(one & two) for one, two in zip(days, days[2:], strict=False)) <= len(days) // 2
    assert len(set().union(*days)) >= 297
    # A few recordings more hardly move where a day begins.
    more = (*tracks, *(track(1000 + n, 200) for n in range(3)))
    other = Dealer(Pool({one.id: one for one in more}), 1, {"all": RotatingList("all", "all")})
    begin = MONDAY + 40 * DAY
    deal = other.deal("all", "daily 40", 40, begin, 7200 * RATE, (begin.date(), begin.date()))
    assert len(days[40] & {one.id for one in deal.tracks}) > len(days[40]) / 2


def test_an_artist_stays_away_for_as_long_as_is_asked():
    apart = replace(MUSIC, separation=Separation(artist=1800 * RATE))
    deal = dealt(apart, hours=6)
    last: dict[str, int] = {}
    for one, start in zip(deal.tracks, deal.starts, strict=True):
        assert start - last.get(one.artist, -(10**12)) >= 1800 * RATE
        last[one.artist] = start


def test_weights_marks_and_tags_shape_a_rotation():
    tagged = tuple(replace(one, tags=("new",)) if i < 10 else one for i, one in enumerate(TRACKS))
    marks = FixedList("marks", "marks", ("r900",))
    pool = Pool({one.id: one for one in (*tagged, NEWS)}, {"music/": tagged})
    heavy = replace(
        MUSIC, weights=(("NEW", 5),), marks="marks", marks_every=3,
        separation=Separation(0, 0, 0),
    )  # fmt: skip
    deal = dealt(heavy, hours=24, pool=pool, marks=marks)
    ids = [one.id for one in deal.tracks]
    assert ids[3::4] == ["r900"] * len(ids[3::4])
    assert ids.count("r3") > ids.count("r150")
    none = replace(MUSIC, choice=Choice(all_tags=("new",), no_tags=("NEW",)))
    assert dealt(none, pool=pool).tracks == ()


def test_the_last_track_fits_the_end_of_the_slot():
    deal = dealt(LISTS["music"], hours=1)
    assert 0 <= deal.length - 3600 * RATE <= 15 * RATE


def test_a_recording_is_not_used_after_its_last_day_or_in_another_daypart():
    gone = tuple(replace(one, valid_until=dt.date(2026, 11, 22)) for one in TRACKS[:100])
    late = tuple(replace(one, tags=("daypart:evening",)) for one in TRACKS[100:150])
    pool = Pool({one.id: one for one in (*gone, *late, *TRACKS[150:])})
    every = replace(MUSIC, choice=Choice())
    day = dt.date(2026, 11, 23)
    dealer = Dealer(pool, 7, {"music": every}, lambda _: "morning")
    deal = dealer.deal("music", "o", 0, MONDAY, 3600 * RATE, (day, day))
    assert {int(one.id[1:]) for one in deal.tracks} <= set(range(150, 200))
    fixed = dealt(FixedList("f", "f", ("r0", "nothing", "r180")), pool=pool)
    assert [one.id for one in fixed.tracks] == ["r180"]
    assert [one.recording for one in fixed.missing] == ["r0", "nothing"]
    assert "renew" in fixed.missing[0].remedy


def test_which_lists_hold_a_track_and_how_long_they_are():
    lists = (LISTS["music"], FixedList("f", "f", ("r900", "r900")))
    assert lists_holding(lists, TRACKS[0], POOL) == ["music"]
    assert lists_holding(lists, NEWS, POOL) == ["f"]
    assert playing_time(lists[1], POOL) == 60 * RATE


def test_a_recording_survives_being_written_down():
    whole = replace(
        TRACKS[0],
        role=Role.NEWS,
        tags=("가을",),
        valid_until=dt.date(2027, 1, 1),
        isrc="KRA012345678",
    )
    assert recording_from(plain_fields(whole)) == whole


# --- levels, quiet hours, news ---


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 900), st.sampled_from(PLACES))
def test_quiet_hours_and_levels_follow_the_wall_whatever_the_window(day, place):
    begin = dt.datetime(2025, 1, 1, tzinfo=dt.UTC) + day * DAY
    hours = (dt.time(22), dt.time(6))
    spans = quiet_spans(hours, begin, begin + 2 * DAY, place)
    assert all(a.astimezone(place).time() == hours[0] for a, _ in spans)
    assert all(b.astimezone(place).time() == hours[1] for _, b in spans)
    assert list(without_spans(begin - 9 * DAY, begin - 8 * DAY, spans)) == [
        (begin - 9 * DAY, begin - 8 * DAY)
    ]
    free = list(without_spans(begin, begin + 2 * DAY, spans))
    quiet = sum((min(b, begin + 2 * DAY) - max(a, begin) for a, b in spans), dt.timedelta())
    assert quiet + sum((b - a for a, b in free), dt.timedelta()) == 2 * DAY
    site = small_site()
    whole = level_steps(site.zones, site.dayparts, begin, begin + 2 * DAY, place)
    half = level_steps(site.zones, site.dayparts, begin + DAY, begin + 2 * DAY, place)
    assert {step for step in half if step.at > begin + DAY} == {
        step for step in whole if step.at > begin + DAY
    }


def test_news_is_spread_over_its_hours_and_ends_with_its_last_day():
    item = NewsItem("n", "r900", ("all",), dt.date(2026, 11, 23), dt.date(2026, 11, 24), 3)
    times = [at for at, _ in news_times([item], MONDAY, MONDAY + 9 * DAY, SEOUL)]
    assert [f"{at.astimezone(SEOUL):%d %H:%M}" for at in times] == [
        "23 10:30", "23 13:30", "23 16:30", "24 10:30", "24 13:30", "24 16:30",
    ]  # fmt: skip
    with pytest.raises(NewsError):
        replace(item, times_a_day=0)


# --- outline and preview ---


SCHEDULE = Schedule(
    (
        entry("morning", "07:00", 120, plays="music"),
        entry("news", "09:00", 5, plays="music", rank=70),
        entry("hush", "13:00", 30, plays="", fill=Fill.SILENCE),
        entry("studio", "15:00", 30, plays="studio", fill=Fill.LIVE),
    ),
    tuple(LISTS.values()),
    (NewsItem("n", "r900", ("all",), dt.date(2026, 11, 23), dt.date(2026, 11, 24), 3),),
)


def test_the_outline_does_not_depend_on_where_its_window_begins():
    found = premises(SCHEDULE)
    early = outline(found, MONDAY, MONDAY + 3 * DAY)
    late = outline(found, MONDAY + DAY, MONDAY + 3 * DAY)
    since = MONDAY + DAY
    for one, other in zip(early.lanes, late.lanes, strict=True):
        mine = [span for span in one.spans if span.begin > since]
        assert mine == [span for span in other.spans if span.begin > since]


def test_hard_starts_are_at_their_second_on_every_day_and_news_between_tracks():
    found = seen(premises(SCHEDULE))
    begins: dict[str, list[str]] = {one.entry: [] for one in found.planned}
    for before, after in pairwise(found.planned):
        if before.entry != after.entry:
            begins[after.entry].append(f"{after.at.astimezone(SEOUL):%d %H:%M:%S.%f}")
    assert begins["morning"] == ["23 07:00:00.000000", "24 07:00:00.000000"]
    assert begins["news"] == ["23 09:00:00.000000", "24 09:00:00.000000"]
    assert sum(one.pcm == NEWS.pcm for one in found.planned) == 6
    assert found.findings == ()
    assert {name.split()[0] for _, _, _, name in found.silences} == {"hush"}


def test_everything_unplayable_is_listed_today_with_its_remedy():
    schedule = Schedule(
        (entry("gone", "10:00", 60, plays="old"), entry("short", "12:00", 60, plays="once")),
    )
    lists = {
        "old": FixedList("old", "old", ("nothing",)),
        "once": FixedList("once", "once", ("r1", "lost"), repeats=False),
    }
    found = seen(premises(schedule, lists=lists), days=1)
    reasons = "\n".join(f"{one.entry}: {one.reason}; {one.remedy}" for one in found.findings)
    assert 'gone: playlist "old" has nothing that may be played then' in reasons
    assert "short: recording lost is not at hand; import its file again" in reasons
    assert "short: its list ends 57 min before its time" in reasons
    zones = len(premises().zones)
    assert found.unplayable_minutes == 60 * zones
    missing = seen(premises(), days=1, is_stored=lambda pcm: pcm != TRACKS[3].pcm)
    assert any("T3" in one.reason for one in missing.findings)


def test_an_empty_station_says_that_only_the_chime_sounds():
    found = preview(premises(pool=Pool()), {}, WallAnchor(0, MONDAY), MONDAY, MONDAY + DAY)
    assert found.planned == ()
    assert all(one.is_silent for one in found.findings)
    assert found.unplayable_minutes == 24 * 60 * len(premises().zones)


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_no_start_of_a_year_is_late_in_any_time_zone(place):
    begin = dt.datetime(2026, 1, 1, tzinfo=place).astimezone(dt.UTC)
    found = preview(
        premises(SCHEDULE, zone=place),
        ROTATIONS,
        WallAnchor(12345, begin),
        begin,
        begin + 365 * DAY,
    )
    first = {}
    for before, after in pairwise(found.planned):
        if before.entry != after.entry and after.entry == "morning":
            wall = after.at.astimezone(place)
            first[wall.date()] = wall - wall.replace(hour=7, minute=0, second=0, microsecond=0)
    assert len(first) >= 364
    assert max(abs(error) for error in first.values()) <= dt.timedelta(milliseconds=1)
