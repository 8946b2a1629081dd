"""Header fields are functions of media time; wraps lose nothing."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from broadcaster.engine.codec import L16, L24, decode, encode
from broadcaster.engine.packet import (
    parse_packet,
    sample_near,
    sequence_number,
    stream_ssrc,
    timestamp,
)
from tests.broadcaster.engine.studio import noise
from zones.media_time import BootId
from zones.site import StreamId

SAMPLES = st.integers(-(2**40), 2**50)


@given(SAMPLES, st.sampled_from([48, 240, 480, 960]))
def test_sequence_and_timestamp_advance_by_one_packet_over_every_wrap(sample, packet_time):
    sample -= sample % packet_time
    after = sample + packet_time
    step = sequence_number(after, packet_time) - sequence_number(sample, packet_time)
    assert step % 2**16 == 1
    assert (timestamp(after, 48_000) - timestamp(sample, 48_000)) % 2**32 == packet_time


def test_the_wraps_themselves():
    assert sequence_number(240 * 65_535, 240) == 65_535
    assert sequence_number(240 * 65_536, 240) == 0
    assert timestamp(2**32 - 240, 48_000) == 2**32 - 240
    assert timestamp(2**32, 48_000) == 0


@given(SAMPLES, st.integers(-(2**30), 2**30), st.sampled_from([48_000, 8_000]))
def test_a_timestamp_finds_its_sample_again(sample, off, clock_hz):
    step = 48_000 // clock_hz
    sample -= sample % step
    assert sample_near(timestamp(sample, clock_hz), clock_hz, sample + off * step // 6) == sample


def test_an_ssrc_belongs_to_site_stream_format_and_boot():
    base = (b"secret", StreamId("s"), L16, BootId("b"))
    other = [
        (b"another", *base[1:]),
        (base[0], StreamId("t"), *base[2:]),
        (*base[:2], L24, base[3]),
        (*base[:3], BootId("c")),
    ]
    assert stream_ssrc(*base) == stream_ssrc(*base)
    assert len({stream_ssrc(*arguments) for arguments in [base, *other]}) == 5


def header(first: int, rest: bytes = b"") -> bytes:
    return struct.pack("!BBHII", first, 0x80 | 96, 7, 9, 11) + rest


def test_packets_are_read_with_csrcs_extension_and_padding():
    body = b"\0" * 8 + b"\xbe\xde\0\1" + b"\0" * 4 + b"sound" + b"\0\0\3"
    packet = parse_packet(header(0x80 | 0x20 | 0x10 | 2, body))
    assert packet is not None
    assert packet.payload == b"sound"
    assert (packet.marker, packet.payload_type, packet.sequence) == (True, 96, 7)


@given(st.binary(max_size=64))
def test_any_bytes_are_a_packet_or_none(datagram):
    packet = parse_packet(datagram)
    assert packet is None or len(packet.payload) <= len(datagram)


def test_what_is_no_packet():
    for datagram in (
        b"", header(0x40), header(0x90), header(0xA0, b"\0"), header(0xA0, b"\xff"), header(0x8F)
    ):  # fmt: skip
        assert parse_packet(datagram) is None


def test_linear_formats_lose_nothing():
    samples = noise(3, 960)
    assert bytes(encode(L16, samples)[:2]) == samples[:1].astype(">i2").tobytes()
    assert len(encode(L24, samples)) == L24.payload_bytes(960)
    for payload_format in (L16, L24):
        assert (decode(payload_format, encode(payload_format, samples)) == samples).all()
