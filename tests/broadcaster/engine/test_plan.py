"""The plan as bytes: what is written is read, and nothing else is taken."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.engine.plan import (
    Datagram,
    GainStep,
    Part,
    Plan,
    PlanError,
)
from broadcaster.engine.plan_lines import PlanDecoder, encode_plan
from tests.broadcaster.engine.studio import ANCHOR, SOCKET, claim, make_stream
from tests.strategies import buses, sources
from zones.bus import ZoneId
from zones.media_time import RATE
from zones.sound import PcmId, Segment, Sequence, Timeline

PCM = PcmId("ab" * 32)
STREAMS = (
    make_stream(0, "239.1.2.3", 5004),
    make_stream(1, "239.1.2.4", 5004, delay=96, pre_roll=38_400),
)
NEWS = Datagram(SOCKET, "239.255.255.255", 9875, 30 * RATE, b"\x20announced", b"\x24gone")


@given(buses(), st.lists(sources(), max_size=3), st.integers(1, 2**40))
def test_a_plan_survives_being_written_and_read(bus, spare, revision):
    kept = {f"spare-{i}": source for i, source in enumerate(spare)}
    named = {f"source-{i}": c.source for i, c in enumerate(bus)}
    step = GainStep(ZoneId("z0"), 480, -6.0)
    plan = Plan(Part.CONTROL, revision, ANCHOR, STREAMS, {**kept, **named}, tuple(bus), (step,))
    plan = replace(plan, datagrams=(NEWS,), cname="sorigil@10.0.0.1")
    assert PlanDecoder().decode(encode_plan(plan)) == plan


def test_a_long_timeline_is_cut_into_lines_and_joined_again():
    timeline = Timeline(tuple((i * 10, Segment(PCM, 0, 10)) for i in range(1000)))
    plan = Plan(Part.LOCAL, 1, ANCHOR, (), {"music": timeline}, (claim("c", timeline, start=0),))
    text = encode_plan(plan)
    assert max(len(line) for line in text.split(b"\n")) < 10_000
    assert PlanDecoder().decode(text) == plan


def test_what_two_plans_share_is_parsed_once():
    music = Timeline(tuple((i * 10, Segment(PCM, 0, 10)) for i in range(100)))
    first = Plan(Part.CONTROL, 1, ANCHOR, STREAMS, {"music": music}, (claim("c", music, start=0),))
    message = Sequence((Segment(PCM, 0, 10),))
    second = replace(
        first,
        revision=2,
        sources={"music": music, "m": message},
        claims=(*first.claims, claim("m", message, priority=100)),
    )
    longer = Timeline((*music.items, (1000, Segment(PCM, 0, 10))))
    third = replace(
        first, revision=3, sources={"music": longer}, claims=(claim("c", longer, start=0),)
    )
    decoder = PlanDecoder()
    a, b, c = (decoder.decode(encode_plan(plan)) for plan in (first, second, third))
    assert (a, b, c) == (first, second, third)
    assert b.claims[0] is a.claims[0]
    assert b.streams[0] is a.streams[0]
    assert c.claims[0].source is c.sources["music"]


def test_a_claim_in_many_zones_is_one_line():
    source = Sequence((Segment(PCM, 0, 10),))
    zones = [f"z{number}" for number in range(14)]
    claims = tuple(claim("c", source, zone=zone) for zone in zones)
    other = claim("c", source, zone="z14", priority=30)
    plan = Plan(Part.CONTROL, 1, ANCHOR, STREAMS, {"m": source}, (*claims, other))
    text = encode_plan(plan)
    assert text.count(b'"claim"') == 2
    assert PlanDecoder().decode(text) == plan


def small_plan() -> Plan:
    source = Sequence((Segment(PCM, 0, 10),))
    claims = (claim("c", source, start=0),)
    return Plan(Part.CONTROL, 1, ANCHOR, STREAMS, {"m": source}, claims, datagrams=(NEWS,))


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('"plan":2', '"plan":1', "layout 1"),
        ('"L16/48000"', '"MP3"', "format 'MP3' is unknown"),
        ("239.1.2.3", "239.1.2", "cannot be read"),
        ("5004", "0", "port 0"),
        ('["z0"],"m"', '["z0"],"x"', "source 'x' is not in the plan"),
        ('["z0"],"m"', '"z0","m"', "'z0' is no list of zones"),
        ("ab" * 32, "zz" * 32, "names no PCM"),
        ("[[", "[", "cannot be read"),
        ('"claim"', '"clam"', "says nothing known"),
        ('"programme",20', '"programme",256', "priority 256"),
        ("239.1.2.4", "239.1.2.4 ", "cannot be read"),
        (",0,10,", f",0,{10**40},", "no position in media time"),
        (",0,10,", ",0,-1,", "at least 1 sample"),
        (",240,", ",241,", "packet time of 241 samples; use 1, 5, 10, 20 ms for L16/48000"),
        ('"L16/48000",240', '"PCMU/8000",48', "use 5, 10, 20 ms for PCMU/8000"),
        (",38400]", ",-1]", "a pre-roll of -1"),
        ('"cname":""', '"cname":"' + "x" * 256 + '"', "CNAME is longer than 255"),
        (",9875,1440000", ",9875,480", "a datagram every 480 samples"),
        (",9875,1440000", ",0,1440000", "datagram: port 0"),
        (",9875,1440000", ",9875,1440000,4", "cannot be read"),
    ],
)
def test_a_plan_that_breaks_a_rule_is_refused_with_the_reason(before, after, says):
    text = encode_plan(small_plan()).decode()
    assert before in text
    with pytest.raises(PlanError, match=says):
        PlanDecoder().decode(text.replace(before, after, 1).encode())


@given(st.data())
def test_damaged_bytes_are_refused_or_still_make_a_plan(data):
    text = bytearray(encode_plan(small_plan()))
    for _ in range(data.draw(st.integers(1, 4))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(PlanError):
        assert isinstance(PlanDecoder().decode(bytes(text)), Plan)


def test_nothing_stands_twice():
    with pytest.raises(PlanError, match="stream s0 stands twice"):
        Plan(Part.CONTROL, 1, ANCHOR, (STREAMS[0], STREAMS[0]))
    plan = small_plan()
    with pytest.raises(PlanError, match="stands twice"):
        replace(plan, claims=plan.claims * 2)


def test_a_claim_needs_its_source_in_the_plan():
    stray = claim("c", Sequence((Segment(PCM, 0, 10),)))
    with pytest.raises(PlanError, match="not among the plan's sources"):
        encode_plan(Plan(Part.CONTROL, 1, ANCHOR, claims=(stray,)))
