"""Spare amplifiers: they take a zone over and give it back, and nothing else changes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from broadcaster.control.acts import Recorded, SparesKept, TakeLibrary, TakeSite, TakeZone
from broadcaster.control.core import Core
from broadcaster.control.ground import ground_of
from broadcaster.control.play_order import RefusedError
from broadcaster.control.snapshot import Look, Snapshots
from broadcaster.control.spares import Spares, spares_found_again, taken_in
from broadcaster.control.wire import read_command
from broadcaster.engine.shared_block import EngineState
from broadcaster.witness import Fact
from tests.broadcaster.control.bench import (
    CLOCK,
    adopt,
    answers,
    detections,
    library,
    plans,
    play,
    site,
    wall,
    warnings,
)
from zones.bus import Kind
from zones.site import AmplifierId, Spare, StreamId, resting_zone

UTC_NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AMP, SPARE = AmplifierId("amp-15"), StreamId("spare-1")
SOURCES = {"127.0.0.1/ttl8/dscp46": ("192.0.2.1", 40_000)}


def with_spare():
    like = site().streams[0]
    leg = replace(like.legs[0], address="239.192.77.200")
    stream = replace(like, id=SPARE, zone=resting_zone(AMP), legs=(leg,))
    amplifier = replace(site().amplifiers[0], id=AMP, address="10.77.0.25", outputs=())
    spares = (Spare(SPARE, AMP, stream),)
    return replace(site(), amplifiers=(*site().amplifiers, amplifier), spares=spares)


def ground(of=None):
    sources = {f"{one.interface}/ttl8/dscp46": ("192.0.2.1", 40_000) for one in site().networks}
    return ground_of(of or with_spare(), bytes(32), CLOCK, sources, 1)


def core_of(**more):
    core = Core(ground(), wall(0.0), warnings(), detections(0.0), **more)
    core.handle(TakeLibrary(library=library(4)), 0.0)
    return core


def taken(core, now=1.0, spare="spare-1", zone="stream-5", **fields):
    order = TakeZone(key=f"{spare} {zone} {now}", who="kim", spare=spare, zone=zone, **fields)
    return core.handle(order, now)


def zone_of(core):
    (stream,) = [one for one in core.plan.streams if one.id == SPARE]
    return stream.zone


def test_a_resting_spare_is_sent_to_in_a_zone_of_nobody():
    core = core_of()
    assert zone_of(core) == "spare amp-15"
    assert not [claim for claim in core.plan.claims if claim.zone == "spare amp-15"]
    assert len(core.plan.streams) == 14 + 1 + 1


def test_a_take_over_changes_the_zone_of_one_stream_and_nothing_else():
    core = core_of()
    core.handle(play(kind=Kind.WARNING, priority=240, repeat=True, zones=("stream",)), 0.5)
    adopt(core, 0.6)
    before = core.plan
    (plan,) = plans(taken(core, reason="amp-05 is dead"))
    assert replace(plan, revision=before.revision, streams=before.streams) == before
    (old, new) = [next(one for one in which.streams if one.id == SPARE) for which in (before, plan)]
    assert new == replace(old, zone="stream-5")
    assert [one for one in plan.streams if one.id != SPARE] == [
        one for one in before.streams if one.id != SPARE
    ]


def test_it_is_undone_again_and_each_act_is_recorded_and_kept():
    core = core_of()
    effects = taken(core, reason="amp-05 is dead")
    (recorded,) = [one for one in effects if isinstance(one, Recorded)]
    facts = recorded.entries[0].facts
    assert (facts["spare"], facts["zone"], facts["by"]) == ("spare-1", "stream-5", "kim")
    (kept,) = [one for one in effects if isinstance(one, SparesKept)]
    assert taken_in(kept.memory["spare-1"]).reason == "amp-05 is dead"
    effects = core.handle(TakeZone(key="back", who="kim", spare="amp-15"), 2.0)
    assert zone_of(core) == "spare amp-15"
    (kept,) = [one for one in effects if isinstance(one, SparesKept)]
    assert kept.memory == {}
    *_, answer = answers(adopt(core, 2.1))
    assert answer.fields["adopted"] is True


def test_an_amplifier_stands_for_its_one_zone():
    core = core_of()
    taken(core, spare="amp-15", zone="amp-05")
    assert zone_of(core) == "stream-5"


@pytest.mark.parametrize(
    ("spare", "zone", "said"),
    [
        ("spare-2", "stream-5", "no spare"),
        ("spare-1", "pond", "no zone or amplifier"),
        ("spare-1", "amp-15", "no zone or amplifier"),
    ],
)
def test_what_makes_no_sense_is_refused(spare, zone, said):
    core = core_of()
    (answer,) = answers(taken(core, spare=spare, zone=zone))
    assert said in answer.error
    assert zone_of(core) == "spare amp-15"


def test_a_spare_at_work_is_not_taken_away_in_silence():
    core = core_of()
    taken(core)
    (answer,) = answers(taken(core, 2.0, zone="stream-6"))
    assert "give-back spare-1" in answer.error
    taken(core, 3.0, zone="stream-5")
    assert zone_of(core) == "stream-5"


def test_a_new_control_finds_the_spare_as_the_engine_plays_it():
    core = core_of()
    taken(core, reason="dead")
    memory = core.spares.memory()
    again = spares_found_again(memory, core.plan.streams, with_spare(), UTC_NOW)
    assert again.memory() == memory
    unwritten = spares_found_again({}, core.plan.streams, with_spare(), UTC_NOW)
    found = unwritten.of(SPARE)
    assert found is not None
    assert found.zone == "stream-5"
    rebooted = spares_found_again(memory, (), with_spare(), UTC_NOW)
    assert rebooted.memory() == memory
    given_back = spares_found_again(memory, core_of().plan.streams, with_spare(), UTC_NOW)
    assert given_back.memory() == {}
    entries: tuple[object, ...] = (7, {"zone": 3}, {})
    for entry in entries:
        spoilt = {"spare-1": entry}
        assert spares_found_again(spoilt, (), with_spare(), UTC_NOW).memory() == {}


def test_a_plan_of_the_next_control_is_the_same():
    core = core_of()
    taken(core)
    spares = spares_found_again(core.spares.memory(), core.plan.streams, with_spare(), UTC_NOW)
    again = Core(ground(), wall(9.0), warnings(), detections(9.0), core.plan, 1, spares=spares)
    again.handle(TakeLibrary(library=library(4)), 9.0)
    assert zone_of(again) == "stream-5"


def test_a_site_without_the_spare_or_its_zone_lets_it_rest():
    core = core_of()
    taken(core)
    effects = core.handle(TakeSite(key="r", who="kim", ground=ground(site())), 2.0)
    assert [one.memory for one in effects if isinstance(one, SparesKept)] == [{}]
    assert all(stream.id != SPARE for stream in core.plan.streams)


def test_without_a_take_over_the_streams_stay_the_same_object():
    where = ground()
    assert Spares().sent(where) is where.sent


def test_the_commands_of_the_link_are_read():
    fields = {"key": "k", "who": "kim", "spare": "spare-1"}
    order = read_command(
        {**fields, "name": "spare-take-over", "zone": "stream-5", "reason": "dead"},
        *(with_spare(), CLOCK, 0),
    )
    assert order == TakeZone(key="k", who="kim", spare="spare-1", zone="stream-5", reason="dead")
    order = read_command({**fields, "name": "spare-give-back"}, with_spare(), CLOCK, 0)
    assert isinstance(order, TakeZone)
    assert order.zone is None
    with pytest.raises(RefusedError, match="zone"):
        read_command({**fields, "name": "spare-take-over"}, with_spare(), CLOCK, 0)
    with pytest.raises(RefusedError, match="may not spare-take-over"):
        read_command(
            {**fields, "name": "spare-take-over", "zone": "stream-5", "roles": ["radio"]},
            *(with_spare(), CLOCK, 0),
        )


def test_a_witness_of_a_spare_is_taken_whichever_zone_he_believes_it_plays():
    core = core_of()
    taken(core)
    for zone in ("stream-5", "spare amp-15"):
        entry = {"zone": zone, "stream": "spare-1", "fact": "arrived", "value": True, "at": 7}
        fields = {"name": "witness", "key": "", "who": "w", "by": "amp-15", "witnesses": [entry]}
        core.handle(read_command(fields, with_spare(), CLOCK, 48_000), 1.0)
    look = Look(1.0, 10**9, EngineState(0, 0, 0, 0, 0, False, False, 0, ""), {}, None, ())
    (shown,) = Snapshots(core).take(look)["spares"]
    assert (shown["zone"], shown["arrived"], shown["sent"]) == ("stream-5", True, None)
    assert core.witnesses.seen(SPARE, Fact.ARRIVED, 48_000)[0].by == "amp-15"
