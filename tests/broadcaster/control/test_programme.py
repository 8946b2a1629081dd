"""The programme in the plan: quiet hours, levels, the schedule, and what a change may do."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from broadcaster.control.acts import RetakeAnchor, TakeLibrary, TakeOutline
from broadcaster.control.core import EXTEND_EVERY
from broadcaster.control.programme import ALWAYS, PROMISED, reach
from broadcaster.engine.render import mixes
from playlists.outline import outline
from playlists.playlist import FixedList, Pool
from playlists.premises import site_premises
from playlists.preview import preview
from playlists.recurrence import Recurrence
from playlists.rotation import Rotation
from playlists.schedule import Entry, EntryId, Fill, Schedule
from tests.broadcaster.control.bench import (
    NOON,
    answers,
    library,
    new_core,
    on_air,
    plans,
    play,
    recording,
    site,
    started,
    wall,
    written,
)
from zones.bus import Kind
from zones.media_time import RATE
from zones.sound import Ring, Silence, Timeline, pieces

SEOUL = ZoneInfo("Asia/Seoul")
LISTED = tuple(recording(number, 200) for number in range(50, 56))
POOL = Pool({one.id: one for one in (*LISTED, *(recording(n) for n in range(4)))})


def at(hours, minutes=0, seconds=0):
    """Seconds after noon UTC (nine in the evening in Seoul)."""
    return hours * 3600 + minutes * 60 + seconds


def entry(name, start, minutes, **fields):
    first = datetime.fromisoformat(f"2026-11-22T{start}")
    fields = {"plays": "evening", **fields}
    return Entry(
        *(EntryId(name), name, ("all",), Recurrence(first), timedelta(minutes=minutes)), **fields
    )


def outlined(*entries, the_site=None, now=NOON):
    lists = (FixedList("evening", "evening", tuple(one.id for one in LISTED)),)
    schedule = Schedule(entries, lists)
    premises = site_premises(the_site or site(), SEOUL, schedule, POOL, year=2026)
    return premises, outline(premises, now, reach(now))


def scheduled(*entries, now=0.0):
    core = started(now)
    _, found = outlined(*entries)
    core.handle(TakeOutline(outline=found, is_changed=True), now)
    return core


def track_at(core, now, zone="stream-1"):
    """Which recording the schedule's timeline plays."""
    sample = core.sample(now)
    claim = next(c for c in core.plan.claims if c.zone == zone and c.id == "schedule")
    return [int(p.segment.pcm or "0", 16) for p in pieces(claim.source, 0, sample, sample + 1)]


def play_until(core, now, end):
    while now < end:
        now = min(now + EXTEND_EVERY, end)
        core.expire(now)
    return now


# --- quiet hours and levels ---


def quiet_site():
    hours = (datetime.fromisoformat("2026-01-01T22:00").time(), datetime.min.time().replace(hour=6))
    return replace(site(), zones=tuple(replace(one, quiet_hours=hours) for one in site().zones))


def quiet_core():
    core = started()
    _, found = outlined(the_site=quiet_site())
    core.handle(TakeOutline(outline=found, is_changed=True), 0.0)
    return core


def test_quiet_hours_silence_the_programme_and_whatever_lies_below_it():
    core = quiet_core()
    assert on_air(core, at(0, 59)) == "schedule"
    core.expire(at(0, 59, 30))
    quiet = on_air(core, at(1, 0, 1))
    assert str(quiet).startswith("quiet-hours")
    play_until(core, at(0, 59, 30), at(8, 30))
    assert str(on_air(core, at(8, 59, 59))).startswith("quiet-hours")
    assert on_air(core, at(9, 0, 1)) == "schedule"
    claim = next(c for c in core.plan.claims if c.zone == "hill-1" and c.id == "schedule")
    starts = [start for start, _ in claim.source.items]
    assert core.sample(at(9)) in starts  # the morning begins with the beginning of a track


def test_the_night_stays_quiet_for_two_days_without_control():
    core = quiet_core()
    for hours in (2, 26, 49):
        assert str(on_air(core, at(hours))).startswith("quiet-hours")
    assert not str(on_air(core, at(12))).startswith("quiet-hours")


def test_a_warning_is_heard_in_quiet_hours_at_its_own_level():
    core = quiet_core()
    steps = [step for step in core.plan.gain_steps if step.zone == "stream-1"]
    assert {(s.at, s.gain_db) for s in steps if s.below_priority == 256} == {(ALWAYS, 0.0)}
    evening, night, morning, *_ = sorted(
        (s.at, s.gain_db) for s in steps if s.below_priority == 224
    )
    assert evening == (ALWAYS + 1, -15.0)
    assert night == (core.sample(at(1)), -30.0)
    assert morning == (core.sample(at(9)), -18.0)


def test_zones_of_one_programme_and_level_share_one_mix():
    core = quiet_core()
    mixed = mixes([core.plan], core.plan.streams)
    levels = {zone.id: (zone.levels_db, zone.warning_level_db) for zone in site().zones}
    alike = {(levels.get(one.zone), one.keep_alive, one.pre_roll) for one in core.plan.streams}
    assert len({id(mix) for mix in mixed.values()}) == len(alike)


# --- the schedule ---


def test_an_entry_begins_at_its_sample_and_gives_the_folder_back():
    core = scheduled(entry("half", "21:30", 15))
    assert track_at(core, at(0, 29, 50))[0] < 50
    assert track_at(core, at(0, 30)) == [50]
    assert track_at(core, at(0, 45))[0] < 50
    claim = next(c for c in core.plan.claims if c.zone == "hill-1" and c.id == "schedule")
    assert Timeline(claim.source.items).stretches == ((RATE // 2, claim.source.stretches[0][1]),)


def test_silence_by_schedule_and_live_sources_are_claims_of_their_own():
    core = scheduled(
        entry("hush", "21:10", 5, plays="", fill=Fill.SILENCE),
        entry("studio", "21:20", 5, plays="line", fill=Fill.LIVE),
    )
    assert str(on_air(core, at(0, 12))).startswith("hush")
    live = next(c for c in core.plan.claims if isinstance(c.source, Ring))
    assert (live.priority, live.kind, live.source) == (20, Kind.PROGRAMME, Ring("line"))
    assert on_air(core, at(0, 21)) == live.id
    assert on_air(core, at(0, 15, 1)) == "schedule"


def test_a_change_of_the_schedule_leaves_what_is_about_to_play():
    core = started()
    before = core.plan
    _, found = outlined(entry("soon", "21:00", 30))
    core.handle(TakeOutline(outline=found, is_changed=True), 5.0)
    assert track_at(core, 5.0) == [
        int(p.segment.pcm or "0", 16)
        for c in before.claims
        if c.zone == "stream-1" and c.id == "schedule"
        for p in pieces(c.source, 0, core.sample(5.0), core.sample(5.0) + 1)
    ]
    assert track_at(core, 5 + PROMISED / RATE + 200)[0] >= 50


def test_a_restart_in_the_middle_of_silence_is_not_heard():
    core = scheduled(entry("hush", "21:00", 60, plays="", fill=Fill.SILENCE))
    assert str(on_air(core, 30.0)).startswith("hush")
    again = new_core(30.0, written(core.plan), awaits_outline=True)
    again.handle(TakeLibrary(library=library()), 30.0)
    assert str(on_air(again, 31.0)).startswith("hush")
    assert again.plan.gain_steps == core.plan.gain_steps
    _, found = outlined(entry("hush", "21:00", 60, plays="", fill=Fill.SILENCE))
    again.handle(TakeOutline(outline=found, is_changed=True), 32.0)
    assert str(on_air(again, 33.0)).startswith("hush")
    assert any(isinstance(claim.source, Silence) for claim in again.plan.claims)


def test_a_clock_step_moves_the_future_and_cuts_nothing_that_runs():
    core = scheduled(entry("half", "21:30", 15))
    running = track_at(core, 100.0)
    step = replace(wall(100.0), utc=wall(100.0).utc + timedelta(minutes=10))
    (plan,) = plans(core.handle(RetakeAnchor(anchor=step), 100.0))
    assert track_at(core, 100.5) == running
    assert track_at(core, at(0, 20)) == [50]
    timeline = next(c.source for c in plan.claims if c.id == "schedule")
    assert len(Timeline(timeline.items).stretches) == 1


def test_a_clock_that_steps_into_quiet_hours_lets_the_track_end_and_is_quiet_then():
    core = quiet_core()
    running = track_at(core, 100.0)
    step = replace(wall(100.0), utc=wall(100.0).utc + timedelta(hours=2))
    core.handle(RetakeAnchor(anchor=step), 100.0)
    assert (on_air(core, 101.0), track_at(core, 101.0)) == ("schedule", running)
    play_until(core, 100.0, 200.0)
    assert (on_air(core, 149.0), track_at(core, 149.0)) == ("schedule", running)
    assert str(on_air(core, 151.0)).startswith("quiet-hours")
    assert str(on_air(core, at(6))).startswith("quiet-hours")


def test_a_clock_that_steps_back_into_the_end_of_quiet_hours_cuts_nothing_either():
    core = quiet_core()
    now = play_until(core, 0.0, at(9, 1))
    assert on_air(core, now) == "schedule"
    step = replace(wall(now), utc=wall(now).utc - timedelta(seconds=90))
    core.handle(RetakeAnchor(anchor=step), now)
    assert on_air(core, now + 1) == "schedule"


def test_what_the_preview_says_is_what_the_plan_plays():
    core = scheduled(entry("half", "21:30", 15), entry("later", "22:40", 30))
    premises, _ = outlined(entry("half", "21:30", 15), entry("later", "22:40", 30))
    standing = {c.zone: c.source.items for c in core.plan.claims if c.id == "schedule"}
    folder = site().programme[0].recordings
    rotations = {folder: Rotation(library().folders[folder], 0)}
    end = NOON + timedelta(hours=3)
    said = preview(premises, rotations, wall(0.0), NOON, end, standing=standing)
    heard = set()
    now = 0.0
    while now < at(3):
        claim = next(c for c in core.plan.claims if c.zone == "hill-2" and c.id == "schedule")
        heard |= {(start, segment.pcm) for start, segment in claim.source.items}
        now += 300
        core.expire(now)
    there = {
        (wall(0.0).sample_at(one.at), one.pcm) for one in said.planned if "hill-2" in one.zones
    }
    limit = core.sample(at(2, 59))
    assert {one for one in there if one[0] < limit} == {one for one in heard if one[0] < limit}


@pytest.mark.slow
def test_a_year_of_edits_missing_files_and_restarts_leaves_no_zone_silent():
    import random

    chance = random.Random(20261122)
    core, now = started(), 0.0
    entries: list[Entry] = []
    for number in range(1000):
        now += chance.uniform(60, 17 * 3600)
        # Control may have been dead for so long: what lies below has played, then it goes on.
        if chance.random() < 0.3:
            core = new_core(now, written(core.plan), awaits_outline=True)
        stock = library(chance.randint(0, 4) if chance.random() < 0.2 else 4)
        core.handle(TakeLibrary(library=stock), now)
        begin = NOON + timedelta(seconds=now)
        local = begin.astimezone(SEOUL)
        start = f"{(local + timedelta(minutes=chance.randint(-30, 300))):%H:%M}"
        one = entry(f"e{number}", start, chance.randint(1, 200), rank=chance.randint(0, 100))
        day = replace(one.when, first=one.when.first.replace(month=local.month, day=local.day,
                                                             year=local.year))  # fmt: skip
        entries = [*entries[-5:], replace(one, when=day)]
        lists = (FixedList("evening", "evening", tuple(x.id for x in LISTED), repeats=False),)
        pool = Pool({k: v for k, v in POOL.by_id.items() if chance.random() < 0.7})
        premises = site_premises(site(), SEOUL, Schedule(tuple(entries), lists), pool)
        found = outline(premises, begin, reach(begin))
        core.handle(TakeOutline(outline=found, is_changed=True), now)
        core.expire(now + 1)
        for zone in ("stream-1", "hill-3"):
            for later in (2, 100, 1800, 3500, 40_000):
                assert on_air(core, now + later, zone) is not None


def test_a_notice_in_quiet_hours_is_asked_about_and_a_warning_never():
    core = quiet_core()
    night = at(2)
    core.expire(night)
    (refused,) = answers(core.handle(play("one"), night))
    assert "it is quiet hours in stream-1" in refused.error
    meant = replace(play("two"), in_quiet_hours=True)
    assert plans(core.handle(meant, night))
    warned = play("three", priority=232, kind=Kind.WARNING, repeat=True)
    assert plans(core.handle(warned, night))
    assert plans(core.handle(play("four"), at(10)))


def test_a_first_start_waits_for_nobody():
    core = new_core(0.0, awaits_outline=True)
    core.handle(TakeLibrary(library=library()), 0.0)
    assert on_air(core, 1.0) == "schedule"
    assert {claim.id for claim in core.plan.claims} >= {"chime", "default-list"}
