"""The site as a value: what the parser makes of the small site, and questions to it."""

import dataclasses
import datetime as dt

import pytest

from tests.zones.small_site import PROFILES, SMALL_SITE, parsed, spoilt
from zones.geometry import Point
from zones.media_time import samples
from zones.reception import KeepAlive
from zones.site import Daypart, DaypartId, Leg, Name, NetworkId, UnknownNameError, with_interface
from zones.sitefile import parse_site

SITE = parsed()


def test_a_stream_has_its_defaults_and_what_its_amplifiers_need():
    stream = SITE.stream("upper")
    assert dataclasses.asdict(stream) == {
        "id": "upper",
        "zone": "upper",
        "format": "L16/48000",
        "packet_time": 240,
        "payload_type": 96,
        "legs": ({"network": "audio", "address": "239.192.77.1", "port": 5004, "repeat": 1},),
        "ttl": 8,
        "dscp": 46,
        "delay": 0,
        "min_priority": 0,
        "pre_roll": samples(0.8),
        "keep_alive": KeepAlive.DITHER,
    }


def test_a_stream_may_say_otherwise():
    text = spoilt(
        "77.2, port: 5004}",
        "77.2, port: 5004, delay: 200 ms, min_priority: caution, dscp: AF41, ttl: 1}",
    )
    stream = parsed(text).stream("lower")
    assert (stream.delay, stream.min_priority) == (9600, 224)
    assert (stream.dscp, stream.ttl) == (34, 1)


def test_a_stream_may_go_several_ways():
    text = spoilt(
        "address: 239.192.77.2, port: 5004}",
        "legs: [{network: audio, address: 239.192.77.2, port: 5004}, "
        "{network: spare, address: 239.192.77.2, port: 5006}]}",
    )
    assert parsed(text).stream("lower").legs == (
        Leg(NetworkId("audio"), "239.192.77.2", 5004),
        Leg(NetworkId("spare"), "239.192.77.2", 5006),
    )


def test_a_leg_may_carry_every_packet_twice():
    text = spoilt(
        "address: 239.192.77.2, port: 5004}",
        "legs: [{network: audio, address: 239.192.77.2, port: 5004, repeat: 2}, "
        "{network: spare, address: 239.192.77.2, port: 5006}]}",
    )
    stream = parsed(text).stream("lower")
    assert [leg.repeat for leg in stream.legs] == [2, 1]
    assert stream.sent == (*stream.legs, stream.legs[0])


def test_a_fixed_payload_type_needs_no_writing():
    text = spoilt("  format: L16/48000", "  format: PCMU/8000")
    text = spoilt("  packet_time: 5 ms\n  payload_type: 96\n", "  packet_time: 20 ms\n", text)
    assert {stream.payload_type for stream in parsed(text).streams} == {0}


def test_zones_keep_order_levels_and_quiet_hours():
    upper, lower = SITE.zones
    assert upper.name == Name("상류", "Upper")
    assert (upper.start_m, upper.end_m, lower.end_m) == (0, 200, 400)
    assert upper.levels_db == (("day", -12), ("night", -30))
    assert upper.warning_level_db == 0
    assert upper.quiet_hours is None
    assert lower.quiet_hours == (dt.time(22), dt.time(6))
    assert upper.polygon[0] == upper.polygon[-1] == Point(37.59, 126.93)
    assert lower.polygon == ()


def test_what_hangs_on_a_zone():
    assert [stream.id for stream in SITE.streams_of("upper")] == ["upper"]
    assert [amplifier.id for amplifier in SITE.amplifiers_of("upper")] == ["amp-1"]
    assert [speaker.id for speaker in SITE.speakers_of("lower")] == ["rock-2"]
    assert SITE.speakers_of("lower")[0].path == "stream"
    assert SITE.amplifier("amp-1").outputs == ("amp-1/1", "amp-1/2")
    assert SITE.network("audio").mtu == 1500


def test_groups_are_followed_and_zones_keep_the_order_of_the_site():
    assert SITE.zones_named(["all"]) == ("upper", "lower")
    assert SITE.zones_named(["lower", "upper", "all"]) == ("upper", "lower")
    assert SITE.zones_named([]) == ()
    text = spoilt("groups:\n", "groups:\n  outer: {name: {ko: 밖, en: Outer}, zones: [all]}\n")
    assert parsed(text).zones_named(["outer"]) == ("upper", "lower")


def test_a_name_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(UnknownNameError, match='no zone or group "uper" here; groups are all'):
        SITE.zones_named(["uper"])
    with pytest.raises(UnknownNameError, match='no amplifier "amp-9" here; there are amp-1, amp-2'):
        SITE.amplifier("amp-9")


def test_places_are_approximate_where_the_file_says_so():
    assert not SITE.speakers[0].approximate
    text = spoilt("schema: 1\n", "schema: 1\napproximate: true\n")
    assert parsed(text).speakers[0].approximate
    text = spoilt("distance: 20 m,", "distance: 20 m, approximate: false,", text)
    assert not parsed(text).speakers[0].approximate
    assert parsed(text).speakers[1].approximate


def test_one_interface_for_everything_leaves_the_rest_as_it_is():
    alone = with_interface(SITE, "127.0.0.2")
    assert {network.interface for network in alone.networks} == {"127.0.0.2"}
    assert dataclasses.replace(alone, networks=SITE.networks) == SITE


def test_without_profiles_nothing_is_asked_of_them():
    stream = parse_site({"c": SMALL_SITE}, "c").streams[0]
    assert stream.pre_roll == 0
    assert stream.keep_alive is KeepAlive.NONE
    assert PROFILES


@pytest.mark.parametrize(
    ("start", "until", "time", "is_held"),
    [
        (6, 22, 6, True),
        (6, 22, 22, False),
        (22, 6, 23, True),
        (22, 6, 0, True),
        (22, 6, 6, False),
        (0, 12, 0, True),
        (12, 0, 23, True),
        (12, 0, 0, False),
    ],
)
def test_dayparts_are_half_open_and_may_run_past_midnight(start, until, time, is_held):
    daypart = Daypart(DaypartId("x"), dt.time(start), dt.time(until))
    assert daypart.holds(dt.time(time)) is is_held
