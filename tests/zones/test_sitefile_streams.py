"""Streams and the amplifiers that must play them."""

from dataclasses import replace

import pytest

from tests.zones.small_site import HORN, SMALL_SITE, TIME_ZONES, spoilt
from zones.media_time import samples
from zones.reception import KeepAlive, ReceivableFormat, Reception
from zones.site import ProfileId
from zones.sitefile import SiteError, parse_site

BELL = Reception(
    formats=(ReceivableFormat("PCMU/8000", (samples(0.02),), (0,)),),
    multicast=True,
    groups=1,
    needs_even_port=True,
    pre_roll=samples(0.1),
    keep_alive=KeepAlive.NONE,
)
LINEAR = replace(HORN, formats=HORN.formats[:1])
TWO_FAMILIES = spoilt(
    "  amp-2: {name", "  amp-2: {profile: bell, name", spoilt("[amp-2/1]", "[amp-2/1, amp-1/2]")
).replace("outputs: [amp-1/1, amp-1/2]", "outputs: [amp-1/1]")


def parsed(text, **profiles):
    known = {ProfileId(name): reception for name, reception in profiles.items()}
    return parse_site({"c": text}, "c", profiles=known, time_zones=TIME_ZONES)


def complaints(text, **profiles):
    with pytest.raises(SiteError) as caught:
        parsed(text, **profiles)
    return [str(problem).removeprefix("c:") for problem in caught.value.problems]


def test_an_amplifier_that_cannot_join_groups():
    assert complaints(SMALL_SITE, horn=replace(HORN, multicast=False)) == [
        '53:33: stream "upper": address: amplifier "amp-1" can\'t receive multicast; '
        "send to its own address",
        '54:33: stream "lower": address: amplifier "amp-2" can\'t receive multicast; '
        "send to its own address",
    ]
    text = SMALL_SITE.replace("239.192.77.1", "10.0.0.1").replace("239.192.77.2", "10.0.0.2")
    assert parsed(text, horn=replace(HORN, multicast=False)).warnings == ()


def test_an_amplifier_that_takes_even_ports_only():
    text = spoilt("77.2, port: 5004", "77.2, port: 5005")
    assert complaints(text, horn=replace(HORN, needs_even_port=True)) == [
        '54:53: stream "lower": port: amplifier "amp-2" takes even ports only'
    ]


def test_an_amplifier_with_more_streams_than_it_can_receive():
    text = spoilt(
        "streams:\n",
        "streams:\n"
        "  more: {zone: upper, address: 239.192.77.3, port: 5004, min_priority: caution}\n",
    )
    assert parsed(text, horn=HORN).warnings == ()
    assert complaints(text, horn=replace(HORN, groups=1)) == [
        '15:3: amplifier "amp-1": its zones have 2 streams, it can receive 1 at once'
    ]


def test_two_families_in_a_zone_need_a_stream_each():
    assert complaints(TWO_FAMILIES, horn=LINEAR, bell=BELL) == [
        '54:3: stream "lower": amplifier "amp-2" in zone "lower" can\'t play it; '
        "its profile takes PCMU/8000 at 20 ms"
    ]
    text = spoilt(
        "streams:\n",
        "streams:\n  bells: {zone: lower, address: 239.192.77.3, port: 5004, "
        "format: PCMU/8000, packet_time: 20 ms, payload_type: 0}\n",
        TWO_FAMILIES,
    )
    site = parsed(text, horn=LINEAR, bell=BELL)
    assert site.stream("bells").pre_roll == samples(0.1)
    assert site.stream("bells").keep_alive is KeepAlive.NONE
    assert site.stream("lower").pre_roll == samples(0.8)
    assert site.stream("lower").keep_alive is KeepAlive.DITHER


def test_a_stream_that_goes_past_an_amplifier_of_its_zone():
    text = spoilt("[amp-2/1]", "[amp-2/1, amp-1/2]").replace("[amp-1/1, amp-1/2]", "[amp-1/1]")
    text = spoilt("239.192.77.2", "10.0.0.1", text)
    assert complaints(text, horn=HORN) == [
        '54:3: stream "lower": goes past amplifier "amp-2" in zone "lower"; '
        "add a leg to 10.0.0.2, or use a multicast group"
    ]
    both = "legs: [{network: audio, address: 10.0.0.1, port: 5004}, "
    both += "{network: audio, address: 10.0.0.2, port: 5004}]"
    text = spoilt("address: 10.0.0.1, port: 5004}\ngauges", f"{both}}}\ngauges", text)
    assert parsed(text, horn=HORN).warnings == ()


def test_a_stream_that_nobody_plays_is_odd():
    text = spoilt(
        "streams:\n",
        "streams:\n  more: {zone: upper, address: 239.192.77.3, port: 5004, format: PCMA/8000, "
        "packet_time: 20 ms, payload_type: 8}\n",
    )
    assert [str(warning) for warning in parsed(text, horn=HORN).warnings] == [
        'c:53:3: warning: stream "more": no amplifier of its zone plays it'
    ]


def test_a_stream_that_no_profile_is_asked_for_has_only_its_own_problems():
    text = spoilt("packet_time: 5 ms", "packet_time: 7 ms")
    [problem] = complaints(text, horn=HORN)
    assert problem.startswith("48:16: stream_defaults: packet_time: 7 ms is no packet time")


def test_the_slowest_amplifier_sets_the_pre_roll_of_its_stream():
    text = spoilt("  amp-2: {name", "  amp-2: {profile: slow, name")
    text = spoilt("[amp-2/1]", "[amp-2/1, amp-1/2]", text)
    text = text.replace("outputs: [amp-1/1, amp-1/2]", "outputs: [amp-1/1]")
    site = parsed(text, horn=HORN, slow=replace(HORN, pre_roll=samples(2)))
    assert site.stream("upper").pre_roll == samples(0.8)
    assert site.stream("lower").pre_roll == samples(2)


def test_jumbo_frames_carry_long_packets():
    text = spoilt("packet_time: 5 ms", "packet_time: 20 ms", SMALL_SITE)
    text = spoilt("{interface: 127.0.0.1}", "{interface: 127.0.0.1, mtu: 9000}", text)
    assert parsed(text, horn=HORN).stream("upper").packet_time == 960


def test_two_zones_may_share_a_group_on_two_networks():
    text = spoilt("address: 239.192.77.2, port: 5004", "address: 239.64.77.1, port: 5004")
    text = spoilt("239.64.77.1,", "239.64.77.1, network: spare,", text)
    assert parsed(text, horn=HORN).warnings == ()


def test_an_exit_of_another_path_is_odd():
    line = "line: [[37.58, 126.94], [37.577, 126.9375]]"
    hill = f"  hill: {{name: {{ko: 산, en: Hill}}, length: 400 m, {line}}}\n"
    text = spoilt("amplifier_defaults", f"{hill}amplifier_defaults")
    text = spoilt("path: stream, distance: 0 m", "path: hill, distance: 0 m", text)
    [warning] = parsed(text, horn=HORN).warnings
    assert warning.message == 'zone "upper": exits: "bridge" leads off another path, "hill"'


AMP_3 = "  amp-3: {name: {ko: 예비, en: Spare}, address: 10.0.0.3}\nspeakers:"
IDLE = "streams:\n  idle: {spare: amp-3, address: 239.192.77.99, port: 5004}\n"
WITH_SPARE = SMALL_SITE.replace("speakers:", AMP_3, 1).replace("streams:\n", IDLE, 1)


def test_a_spare_has_a_stream_and_no_zone():
    site = parsed(WITH_SPARE, horn=HORN)
    (spare,) = site.spares
    assert (spare.id, spare.amplifier, spare.stream.zone) == ("idle", "amp-3", "spare amp-3")
    assert spare.stream.pre_roll == HORN.pre_roll
    assert site.warnings == ()
    assert "idle" not in [stream.id for stream in site.streams]
    assert site.spare("amp-3") is spare is site.spare("idle")


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("{spare: amp-3,", "{", 'stream "idle": lacks "zone"; or spare'),
        ("{spare: amp-3,", "{zone: upper, spare: amp-3,", "has both zone and spare"),
        ("{spare: amp-3,", "{spare: amp-9,", 'no amplifier "amp-9"'),
        ("{spare: amp-3,", "{spare: amp-1,", 'spare: "amp-1" plays zone "upper"'),
        (
            "  idle:",
            "  busy: {spare: amp-3, address: 239.192.77.98, port: 5004}\n  idle:",
            'spare: "amp-3" has stream "busy" already',
        ),
    ],
)
def test_what_is_wrong_about_spares(before, after, complaint):
    assert before in WITH_SPARE
    found = complaints(WITH_SPARE.replace(before, after), horn=HORN)
    assert any(complaint in each for each in found), found
