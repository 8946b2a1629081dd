"""Steering by hand: skip, next, hold, take over, hand back; and what it never does."""

from dataclasses import replace
from pathlib import Path

import pytest

from broadcaster.control.acts import Recorded
from broadcaster.control.core import EXTEND_EVERY
from broadcaster.control.play_order import RefusedError
from broadcaster.control.programme import LEAD
from broadcaster.control.steering import HOLD_LIMIT, Steer, Steering, read_steer
from broadcaster.engine.ring import ring_path
from playlists.recording import Role
from tests.broadcaster.control.bench import answers, on_air, plans, play, recording, started
from tests.broadcaster.control.test_programme import at, entry, quiet_core, scheduled, track_at
from zones.media_time import RATE
from zones.sound import Ring, Timeline

NEWS = replace(recording(90, 30), role=Role.NEWS)


def steer(core, act, now, zones=("stream-1",), **fields):
    order = Steer(key=f"{act.value} {now}", zones=zones, steering=act, **fields)
    return core.handle(order, now)


def whole(core, zone="stream-1"):
    """The timeline of a zone has no hole."""
    claim = next(c for c in core.plan.claims if c.zone == zone and c.id == "schedule")
    assert len(Timeline(claim.source.items).stretches) == 1
    return claim.source


def test_a_skip_brings_the_next_track_and_leaves_the_other_zones_alone():
    core = started()
    before = whole(core, "hill-1")
    running = track_at(core, 60.0)
    following = track_at(core, 200.0)
    (plan,) = plans(steer(core, Steering.SKIP, 60.0))
    assert track_at(core, 60.2) == running
    assert following[0] in track_at(core, 61.0)
    assert track_at(core, 63.0) == following
    assert whole(core, "hill-1").items[:10] == before.items[:10]
    assert plan.revision == 2


def test_a_recording_played_next_waits_for_the_running_one_and_is_heard_whole():
    core = started()
    running = track_at(core, 60.0)
    steer(core, Steering.NEXT, 60.0, recording=NEWS)
    assert track_at(core, 140.0) == running
    items = whole(core).items
    place = next(i for i, (_, s) in enumerate(items) if s.pcm == NEWS.pcm)
    start, segment = items[place]
    assert segment.length == NEWS.length
    assert start == items[place - 1][0] + items[place - 1][1].length
    assert items[place + 1][0] == start + NEWS.length


def test_a_hold_begins_when_the_track_ends_and_never_lasts_for_ever():
    core = started()
    steer(core, Steering.HOLD, 60.0)
    assert on_air(core, 100.0) == "schedule"
    assert on_air(core, 151.0) == "hold"
    assert on_air(core, 151.0, "hill-1") == "schedule"
    assert on_air(core, 160 + HOLD_LIMIT / RATE) == "schedule"
    core.handle(play(), 155.0)
    steer(core, Steering.HAND_BACK, 160.0)
    assert on_air(core, 161.0) == "schedule"


def test_a_live_take_over_lasts_over_extensions_until_it_is_handed_back():
    core = started()
    steer(core, Steering.TAKE_OVER, 60.0, source="studio", zones=("stream",))
    now = 60.0
    while now < 600:
        now += EXTEND_EVERY
        core.expire(now)
    claim = next(c for c in core.plan.claims if c.id == "take-over studio")
    assert claim.source == Ring("studio")
    assert on_air(core, now) == claim.id
    assert on_air(core, now, "hill-1") == "schedule"
    steer(core, Steering.HAND_BACK, now, zones=("all",))
    assert on_air(core, now + 1) == "schedule"
    core.expire(now + EXTEND_EVERY)
    assert all(c.id != claim.id for c in core.plan.claims)


def test_nobody_takes_over_a_zone_that_is_silent_by_schedule():
    core = quiet_core()
    (refused,) = answers(steer(core, Steering.TAKE_OVER, at(1, 5), source="studio"))
    assert "silent by schedule" in refused.error
    steer(core, Steering.TAKE_OVER, at(0, 50), source="studio")
    assert on_air(core, at(0, 59)) == "take-over studio"
    assert str(on_air(core, at(1, 0, 1))).startswith("quiet-hours")


def test_a_skip_within_an_entry_goes_on_with_its_list_and_the_next_start_is_kept():
    core = scheduled(entry("half", "21:30", 15), entry("then", "21:45", 15))
    core.expire(at(0, 31))
    assert track_at(core, at(0, 31)) == [50]
    steer(core, Steering.SKIP, at(0, 31))
    assert track_at(core, at(0, 31, 5)) == [51]
    starts = [start for start, _ in whole(core).items]
    assert core.sample(at(0, 45)) in starts


def test_every_act_is_recorded_with_who_did_it():
    core = started()
    effects = steer(core, Steering.NEXT, 60.0, recording=NEWS, who="kim")
    (recorded,) = [one for one in effects if isinstance(one, Recorded)]
    facts = recorded.entries[0].facts
    assert (facts["act"], facts["by"], facts["title"]) == ("next", "kim", "Track 90")
    assert LEAD < RATE


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"act": "stop"}, "steers nothing"),
        ({"act": "skip", "zones": "all"}, "not a list"),
        ({"act": "next", "zones": ["all"], "recording": "x"}, "no recording 'x'"),
        ({"act": "take-over", "zones": ["all"], "source": "../x"}, "no name of a ring"),
    ],
)
def test_orders_that_make_no_sense_are_refused(fields, says):
    with pytest.raises(RefusedError, match=says):
        read_steer(fields, [NEWS], 0, lambda name: ring_path(Path("/run"), name))


def test_an_order_of_the_link_is_read_whole():
    fields = {"act": "next", "zones": ["all"], "recording": "r9", "key": "k", "who": "kim"}
    order = read_steer(fields, [NEWS], 5, str)
    assert (order.recording, order.key, order.who, order.at) == (NEWS, "k", "kim", 5)
