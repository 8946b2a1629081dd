"""Formats and the size of their packets."""

import pytest

from zones.media_time import samples
from zones.stream_format import FORMATS


@pytest.mark.parametrize(
    ("name", "milliseconds", "payload", "datagram"),
    [
        ("L16/48000", 5, 480, 520),
        ("L16/48000", 15, 1440, 1480),
        ("L16/48000", 20, 1920, 1960),
        ("L24/48000", 1, 144, 184),
        ("PCMU/8000", 20, 160, 200),
        ("PCMA/8000", 20, 160, 200),
        ("G722/8000", 20, 160, 200),
        ("opus/48000/2", 20, 160, 200),
    ],
)
def test_packet_sizes(name, milliseconds, payload, datagram):
    packet_time = samples(milliseconds / 1000)
    assert FORMATS[name].payload_bytes(packet_time) == payload
    assert FORMATS[name].datagram_bytes(packet_time) == datagram


def test_fixed_payload_types_are_those_of_rfc_3551():
    fixed = {name: each.static_payload_type for name, each in FORMATS.items()}
    assert fixed == {
        "L16/48000": None,
        "L24/48000": None,
        "PCMU/8000": 0,
        "PCMA/8000": 8,
        "G722/8000": 9,
        "opus/48000/2": None,
    }


def test_every_packet_time_is_a_whole_number_of_samples_and_of_clock_ticks():
    for each in FORMATS.values():
        for packet_time in each.packet_times:
            assert packet_time * each.clock_hz % 48_000 == 0
