"""Session descriptions say what a receiver needs and nothing that isn't so."""

from dataclasses import replace

import pytest

from broadcaster.engine.codec import OPUS, SPOKEN, packet_times
from broadcaster.engine.plan import Leg
from broadcaster.engine.session import sdp
from tests.broadcaster.engine.studio import SOCKET, make_stream

SOURCE = "10.0.0.1"


def described(stream, **fields) -> list[str]:
    values = {"title": "소리길 — 1구역", "sources": [SOURCE] * len(stream.legs), "ttl": 8}
    text = sdp(stream, **{**values, **fields})
    assert text.endswith("\r\n")
    return text.split("\r\n")[:-1]


def test_a_stream_is_described_line_by_line():
    assert described(make_stream(0, "239.1.2.3", 5004), version=7) == [
        "v=0",
        "o=- 1000 7 IN IP4 10.0.0.1",
        "s=소리길 — 1구역",
        "t=0 0",
        "a=recvonly",
        "m=audio 5004 RTP/AVP 96",
        "c=IN IP4 239.1.2.3/8",
        "a=rtpmap:96 L16/48000",
        "a=ptime:5",
        "a=maxptime:5",
        "a=source-filter: incl IN IP4 239.1.2.3 10.0.0.1",
        "a=ts-refclk:local",
        "a=mediaclk:sender",
    ]


@pytest.mark.parametrize("chosen", SPOKEN, ids=lambda chosen: chosen.name)
def test_every_format_has_its_name_and_packet_time(chosen):
    payload_type = 97 if chosen.static_payload_type is None else chosen.static_payload_type
    for time in packet_times(chosen):
        stream = make_stream(
            0, "239.1.2.3", 5004, format=chosen, packet_time=time, payload_type=payload_type
        )
        lines = described(stream)
        assert f"a=rtpmap:{payload_type} {chosen.name}" in lines
        assert f"a=ptime:{time // 48}" in lines


def test_opus_is_written_with_two_channels_and_said_to_be_mono():
    lines = described(make_stream(0, "239.1.2.3", 5004, format=OPUS, packet_time=960))
    assert "a=fmtp:96 sprop-stereo=0; sprop-maxcapturerate=48000" in lines


def test_two_legs_are_duplicates_with_a_source_each():
    legs = (Leg(SOCKET, "239.1.2.3", 5004), Leg("other", "239.9.2.3", 5006))
    lines = described(
        make_stream(0, "239.1.2.3", 5004, legs=legs), sources=["10.0.0.1", "10.9.0.1"]
    )
    assert lines[5] == "a=group:DUP 1 2"
    assert [line for line in lines if line.startswith(("m=", "a=mid", "a=source"))] == [
        "m=audio 5004 RTP/AVP 96",
        "a=source-filter: incl IN IP4 239.1.2.3 10.0.0.1",
        "a=mid:1",
        "m=audio 5006 RTP/AVP 96",
        "a=source-filter: incl IN IP4 239.9.2.3 10.9.0.1",
        "a=mid:2",
    ]


def test_a_leg_that_is_repeated_is_described_once():
    stream = make_stream(0, "239.1.2.3", 5004)
    assert described(replace(stream, legs=stream.legs * 2)) == described(stream)


def test_a_unicast_leg_has_neither_ttl_nor_source_filter():
    lines = described(make_stream(0, "10.0.0.9", 5004))
    assert "c=IN IP4 10.0.0.9" in lines
    assert not any("source-filter" in line for line in lines)


def test_no_title_can_add_a_line():
    for title in ("a\r\nm=audio 1 RTP/AVP 0", "\0\n", ""):
        lines = described(make_stream(0, "239.1.2.3", 5004), title=title)
        assert len([line for line in lines if line.startswith("m=")]) == 1
    assert "s=-" in lines


def test_every_leg_needs_its_source():
    with pytest.raises(ValueError, match="stream s0: 1 legs, 2 addresses"):
        described(make_stream(0, "239.1.2.3", 5004), sources=[SOURCE] * 2)
    with pytest.raises(ValueError, match="eth0"):
        described(make_stream(0, "239.1.2.3", 5004), sources=["eth0"])
