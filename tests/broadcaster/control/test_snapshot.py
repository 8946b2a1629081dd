"""What control shows: commanded, sent and arrived, each by its own witness."""

import json
from dataclasses import replace

import pytest

from broadcaster.control.acts import EngineAdopted, Witnessed
from broadcaster.control.snapshot import Look, Snapshots
from broadcaster.engine.shared_block import EngineState, LegCount
from broadcaster.witness import Fact, Witness
from tests.broadcaster.control.bench import adopt, play, started
from zones.media_time import RATE
from zones.site import StreamId
from zones.sound import Ring

NS = 1_000_000_000


def look(now, beat=None, legs=None, faults=()):
    beat_ns = round((now if beat is None else beat) * NS)
    engine = EngineState(
        pid=7,
        beat_ns=beat_ns,
        sent_until=0,
        late_ticks=0,
        skipped_packets=0,
        real_time=True,
        locked=True,
        unstaged=0,
        fault="",
    )
    return Look(now, round(now * NS), engine, legs or {}, None, faults)


@pytest.fixture
def core():
    return started()


def stream(snapshot, name="stream-1"):
    return next(one for one in snapshot["streams"] if one["id"] == name)


def see(core, by, fact, value, now, **detail):
    zone = StreamId("stream-1")
    witness = Witness(by, zone, zone, fact, value, core.sample(now), detail)  # type: ignore[arg-type]
    core.handle(Witnessed(key="w", witnesses=(witness,)), now)


def test_without_witnesses_nothing_but_the_command_is_known(core):
    shown = stream(Snapshots(core).take(look(5.0)))
    assert shown["commanded"]["claim"] == "schedule"
    assert shown["commanded"]["title"].startswith("Track")
    assert shown["sent"] is None
    assert shown["arrived"] is None
    assert shown["arrived_detail"] == [{"amplifier": "amp-01", "value": None}]


def test_what_was_seen_is_shown_and_grows_old(core):
    see(core, "ear", Fact.SENT, True, 5.0, level_dbfs=-20.0)
    see(core, "amp-01", Fact.ARRIVED, True, 5.0, lost=0)
    snapshots = Snapshots(core)
    shown = stream(snapshots.take(look(5.5)))
    assert (shown["sent"], shown["arrived"]) == (True, True)
    assert shown["sent_detail"] == {"level_dbfs": -20.0, "by": "ear", "age_s": 0.5}
    shown = stream(snapshots.take(look(7.5)))
    assert (shown["sent"], shown["arrived"]) == (None, None)


def test_one_amplifier_without_sound_is_a_no(core):
    see(core, "amp-01", Fact.ARRIVED, False, 5.0)
    assert stream(Snapshots(core).take(look(5.0)))["arrived"] is False


def test_a_message_is_shown_where_it_is_with_what_it_took(core):
    core.handle(play(title="Bridge closed", at=core.sample(5.0)), 5.0)
    snapshots = Snapshots(core)
    assert snapshots.take(look(5.0))["claims"][0]["start"] is None
    adopt(core, 5.0, core.sample(5.0) + 480)
    shown = snapshots.take(look(6.0))
    assert stream(shown)["commanded"]["title"] == "Bridge closed"
    assert stream(shown, "stream-2")["commanded"]["claim"] == "schedule"
    assert shown["claims"][0]["first_packet_ms"] == 10.0
    assert snapshots.take(look(9.0))["claims"] == []


def test_the_chime_and_the_list_have_names_too(core):
    shown = stream(Snapshots(core).take(look(0.1)))
    assert shown["commanded"]["title"] == "chime"
    later = stream(Snapshots(core).take(look(5 * 3600.0)))
    assert later["commanded"]["claim"] == "default-list"
    assert later["commanded"]["title"].startswith("Track")


def test_an_engine_that_does_not_beat_does_not_speak(core):
    snapshots = Snapshots(core)
    assert snapshots.take(look(5.0))["engine"]["speaking"] is True
    assert snapshots.take(look(5.0, beat=3.0))["engine"]["speaking"] is False
    assert snapshots.take(look(5.0, beat=0.0))["engine"]["beat_age_ms"] is None


def test_packets_faults_and_adoptions_are_passed_on(core):
    core.handle(EngineAdopted(revision=1), 5.0)
    legs = {(StreamId("stream-1"), 0): LegCount(11, 2, 0)}
    shown = Snapshots(core).take(look(5.0, legs=legs, faults=("the disk is full",)))
    assert (stream(shown)["packets"], stream(shown)["refused"]) == (11, 2)
    assert shown["faults"] == ["the disk is full"]
    assert shown["engine"]["adopted"] == 1
    assert shown["music"]["planned_until"] > 3600 * RATE


def test_what_plays_now_and_next_is_told_with_its_names(core):
    known = {one.pcm: one for listed in core.library.folders.values() for one in listed}
    (first, *_) = Snapshots(core).playing(look(60.0), known, ())
    assert (first["zone"], first["kind"], first["sent"]) == ("stream-1", "music", None)
    assert first["title"] == stream(Snapshots(core).take(look(60.0)))["commanded"]["title"]
    assert first["began"] < first["next"]["at"] <= first["ends"]
    (later, *_) = Snapshots(core).playing(look(5 * 3600.0), known, ())
    assert later["next"]["at"] == later["ends"]
    core.handle(play(title="Bridge closed", at=core.sample(60.0)), 60.0)
    adopt(core, 60.0, core.sample(60.0) + 480)
    (first, *_) = Snapshots(core).playing(look(61.0), known, ())
    assert (first["kind"], first["title"]) == ("announcement", "Bridge closed")


def test_a_live_source_without_sound_is_not_what_plays(core):
    claims = tuple(
        replace(claim, source=Ring("studio")) if claim.id == "schedule" else claim
        for claim in core.plan.claims
    )
    core.plan = replace(core.plan, claims=claims)
    (first, *_) = Snapshots(core).playing(look(60.0), {}, ())
    assert (first["kind"], first["title"]) == ("live", "studio")
    (first, *_) = Snapshots(core).playing(look(60.0), {}, ("studio",))
    assert first["title"] != "studio"


def test_it_is_json(core):
    assert json.loads(json.dumps(Snapshots(core).take(look(5.0))))["revision"] == 1
