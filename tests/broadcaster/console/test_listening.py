"""What a page that listens in is given: what came from the network, gaps as silence."""

import socket
import struct

import numpy as np
import pytest

from broadcaster.console.listening import Tuned
from broadcaster.engine.plan import Leg, Stream, socket_name
from zones.bus import ZoneId
from zones.stream_format import FORMATS, StreamId

SSRC = 0x1234_5678
PACKET = 240


def stream(group, port, name="L16/48000"):
    leg = Leg(socket_name("127.0.0.1", 1, 46), group, port)
    return Stream(StreamId("one"), ZoneId("one"), FORMATS[name], PACKET, 96, SSRC, (leg,))


@pytest.fixture
def place(multicast_group, free_port):
    return multicast_group(), free_port()


@pytest.fixture
def send(place):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)

        def packet(sequence, payload, ssrc=SSRC):
            sender.sendto(struct.pack("!BBHII", 0x80, 96, sequence, 0, ssrc) + payload, place)

        yield packet


@pytest.fixture
def tuned(place):
    made = Tuned(stream(*place))
    yield made
    made.close()


def sound(value):
    return np.full(PACKET, value, ">i2").tobytes()


def heard(tuned, samples):
    """What came, once as much as expected has."""
    found = np.zeros(0, np.int16)
    for _ in range(100_000):
        found = np.concatenate((found, tuned.heard()))
        if len(found) >= samples:
            return found
    raise AssertionError(f"only {len(found)} samples came")


def test_packets_in_order_are_their_samples(tuned, send):
    for number in range(3):
        send(number, sound(number + 1))
    assert list(heard(tuned, 3 * PACKET)[::PACKET]) == [1, 2, 3]


def test_what_is_missing_is_silence_and_what_comes_late_is_left_out(tuned, send):
    for sequence in (0xFFFE, 1, 0, 2):
        send(sequence, sound(sequence & 0xFF))
    assert list(heard(tuned, 5 * PACKET)[::PACKET]) == [0xFE, 0, 0, 1, 2]


def test_after_a_long_gap_it_goes_on_without_filling_it(tuned, send):
    send(0, sound(1))
    send(5000, sound(2))
    assert list(heard(tuned, 2 * PACKET)[::PACKET]) == [1, 2]


def test_another_sender_in_the_group_and_what_is_no_packet_are_not_heard(tuned, send, place):
    send(0, sound(7), ssrc=SSRC + 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noise:
        noise.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        noise.sendto(b"nonsense", place)
    send(1, sound(3))
    assert list(heard(tuned, PACKET)[::PACKET]) == [3]


def test_a_telephone_format_comes_at_48_khz(place, send):
    group, port = place
    tuned = Tuned(stream(group, port, "PCMA/8000"))
    try:
        for number in range(4):
            send(number, bytes([0xD5] * (PACKET // 6)))
        assert abs(heard(tuned, 3 * PACKET)).max() < 100
    finally:
        tuned.close()
