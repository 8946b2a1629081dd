"""The ear's sockets beside a real engine: it hears what is sent, and nobody else counts."""

import contextlib
import socket
import struct
from contextlib import closing
from time import monotonic

import pytest

from broadcaster.ear.batch import EarLeg
from broadcaster.ear.listener import Listener, Place
from broadcaster.engine.codec import L16, encode
from broadcaster.engine.packet import sequence_number, timestamp
from tests.broadcaster.engine.studio import (
    LOOPBACK,
    PATIENCE,
    claim,
    make_stream,
    music,
    noise,
    sending_socket,
    whole,
)
from zones.bus import Kind
from zones.media_time import RATE
from zones.sound import Sequence, silence


@pytest.fixture
def air(studio, multicast_group, free_port):
    """Two zones on the air."""
    port = free_port()
    studio.streams = tuple(make_stream(i, multicast_group(), port) for i in range(2))
    studio.samples, studio.programme = music(studio)
    studio.began = studio.now()
    studio.sources = {"music": studio.programme}
    studio.claims = tuple(
        claim("programme", studio.programme, zone=each.zone, start=studio.began)
        for each in studio.streams
    )
    studio.plan(studio.streams, studio.sources, studio.claims)
    return studio


def places(studio):
    for stream in studio.streams:
        leg = EarLeg(stream.id, stream.zone, 0, f"zone {stream.id}", stream.format.clock_hz)
        yield Place(leg, LOOPBACK, stream.legs[0].address, stream.legs[0].port)


@contextlib.contextmanager
def listening(studio):
    pcm = studio.state / "pcm"
    listed = list(places(studio))
    with closing(Listener(listed, studio.run, pcm, studio.block, studio.clock)) as ear:
        yield ear


@pytest.fixture
def ear(air):
    """An ear that has heard two zones right."""
    with listening(air) as ear:
        air.start()
        hear(ear, lambda: values(ear) == [True, True], "both zones are heard")
        yield ear


def values(ear):
    return [witness.value for witness in ear.witnesses()]


def detail(ear, stream=0):
    return ear.witnesses()[stream].detail


def hear(ear, condition, what):
    """Listen until `condition()` is true."""
    deadline = monotonic() + PATIENCE
    while True:
        ear.tick()
        if condition():
            return
        assert monotonic() < deadline, f"gave up waiting until {what}: {ear.witnesses()}"


def hear_packets(ear, count):
    """Listen until so many packets more came."""
    until = detail(ear)["packets"] + count
    hear(ear, lambda: detail(ear)["packets"] >= until, f"{count} packets came")


def test_what_the_engine_sends_is_right(air, ear):
    hear_packets(ear, 300)
    hear(ear, lambda: values(ear) == [True, True], "both zones are heard")
    assert [detail(ear, i)["wrong"] for i in range(2)] == [0, 0]
    assert detail(ear)["level_dbfs"] == pytest.approx(-16.0, abs=1)


def test_every_splice_is_right_to_the_packet(air, ear):
    """Messages come and go while the ear listens; no packet of any plan is taken for wrong."""
    voice = noise(2, RATE // 8)
    message = Sequence((whole(air.put(voice), len(voice)), silence(480)))
    sources = {**air.sources, "message": message}
    for number in range(8):
        page = claim(f"m{number}", message, priority=100, kind=Kind.NOTICE)
        air.plan(air.streams, sources, (*air.claims, page))
        hear_packets(ear, 17 + number)
        air.plan(air.streams, sources, air.claims)
        hear_packets(ear, 5 + number)
    hear_packets(ear, 50)
    assert [detail(ear, i)["wrong"] for i in range(2)] == [0, 0]


def test_a_stranger_is_named_and_the_zone_is_still_heard(air, ear):
    leg = air.streams[0].legs[0]
    with sending_socket() as stranger:
        header = struct.pack("!BBHII", 0x80, 96, 7, 7, 0xDEADBEEF)
        stranger.sendto(header + bytes(480), (leg.address, leg.port))
        hear(ear, lambda: detail(ear)["strangers"], "the stranger is named")
        port = stranger.getsockname()[1]
    assert detail(ear)["strangers"] == [f"127.0.0.1:{port} (SSRC 0xdeadbeef)"]
    hear(ear, lambda: values(ear) == [True, True], "both zones are heard")


def test_forged_sound_never_counts_even_when_the_engine_is_gone(air, ear):
    stream = air.streams[0]
    with sending_socket() as forger:

        def forge():
            at = air.now() // 240 * 240
            header = struct.pack(
                "!BBHII",
                *(0x80, 96, sequence_number(at, 240), timestamp(at, RATE), stream.ssrc),
            )
            octets = header + encode(L16, noise(9, 240)).tobytes()
            forger.sendto(octets, (stream.legs[0].address, stream.legs[0].port))
            return bool(detail(ear)["strangers"])

        hear(ear, forge, "the forger is named")
        hear(ear, lambda: values(ear) == [True, True], "both zones are heard")
        air.kill()
        hear(ear, lambda: forge() and values(ear) == [False, False], "nothing is received")
        assert detail(ear)["wrong"] == 0
        assert "nothing received" in detail(ear)["fault"]


def test_a_killed_engine_is_noticed_and_so_is_its_successor(air, ear):
    air.kill()
    hear(ear, lambda: values(ear) == [False, False], "nothing is received")
    air.start()
    hear(ear, lambda: values(ear) == [True, True], "the successor is heard")
    assert detail(ear)["wrong"] == 0


def test_the_silence_inside_a_message_is_no_fault(air, ear):
    voice = noise(3, RATE // 8)
    source = Sequence(loop=(whole(air.put(voice), len(voice)), silence(2 * RATE)))
    warning = claim("warning", source, kind=Kind.WARNING, priority=240)
    air.plan(air.streams, {**air.sources, "w": source}, (*air.claims, warning))
    air.wait_stamp("warning")
    start = detail(ear)["packets"]
    faults = set()

    def look():
        faults.add(detail(ear)["fault"])
        return detail(ear)["packets"] > start + 400

    hear(ear, look, "a whole cycle was heard")
    assert not [fault for fault in faults if fault and "silent" in fault]
    assert detail(ear)["wrong"] == 0


def test_an_ear_that_comes_later_knows_the_plan_in_force(air, ear):
    with listening(air) as second:
        hear(second, lambda: values(second) == [True, True], "both zones are heard")


def test_without_an_engine_nothing_is_received(air):
    with listening(air) as ear:
        hear(ear, lambda: values(ear) == [False, False], "nothing is received")
        assert detail(ear)["fault"].startswith("nothing received")


def test_an_interface_that_is_away_does_not_keep_it_from_hearing_by_another(air):
    first, second = places(air)
    away = Place(second.leg, "192.0.2.1", second.address, second.port)
    air.start()
    listener = Listener([first, away], air.run, air.state / "pcm", air.block, air.clock)
    with closing(listener) as ear:
        hear(ear, lambda: values(ear) == [True, False], "one zone is heard")


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open(air):
    first, second = places(air)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((second.address, second.port))
        with pytest.raises(OSError, match="in use"):
            Listener([first, second], air.run, air.state / "pcm", air.block, air.clock)
