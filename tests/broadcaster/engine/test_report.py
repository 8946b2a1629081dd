"""RTCP: what is written is read, one mapping for all, and bad bytes are nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.engine.packet import timestamp
from broadcaster.engine.report import (
    NtpMapping,
    Report,
    goodbye,
    parse_report,
    sender_report,
    source_description,
)
from zones.media_time import RATE, WallAnchor

WORD = st.integers(0, 2**32 - 1)


@given(WORD, st.integers(0, 2**64 - 1), WORD, WORD, WORD, st.text(min_size=1, max_size=60))
def test_what_is_reported_is_read(ssrc, ntp, rtp, packets, octets, cname):
    compound = sender_report(ssrc, ntp, rtp, packets, octets) + source_description(ssrc, cname)
    assert len(compound) % 4 == 0
    assert parse_report(compound) == Report(ssrc, ntp, rtp, packets, octets, cname)
    leaving = parse_report(compound + goodbye(ssrc))
    assert leaving is not None
    assert leaving.is_leaving


def test_the_bytes_are_those_of_the_standard():
    assert sender_report(0x01020304, 5 << 32 | 6, 7, 8, 9).hex() == (
        "80c80006" "01020304" "00000005" "00000006" "00000007" "00000008" "00000009"
    )  # fmt: skip
    assert source_description(1, "ab").hex() == "81ca0003000000010102616200000000"
    assert goodbye(1).hex() == "81cb000100000001"


@pytest.mark.parametrize("length", range(1, 9))
def test_a_description_ends_with_a_null_and_whole_words(length):
    packet = source_description(1, "x" * length)
    assert len(packet) % 4 == 0
    assert len(packet) == 4 + 4 * int.from_bytes(packet[2:4], "big")
    assert packet[8 + 2 + length] == 0


def test_a_name_too_long_for_its_length_octet_is_refused():
    with pytest.raises(ValueError, match="not 256"):
        source_description(1, "x" * 256)


@given(st.integers(-(2**45), 2**45), st.integers(-(2**45), 2**45))
def test_the_mapping_agrees_with_the_anchor(at, sample):
    anchor = WallAnchor(at, datetime(2026, 11, 22, 3, 4, 5, 678_901, tzinfo=UTC))
    ntp = NtpMapping.by(anchor).ntp_at(at + sample % (86_400 * RATE))
    since = anchor.utc_at(at + sample % (86_400 * RATE)) - datetime(1900, 1, 1, tzinfo=UTC)
    assert abs(ntp / 2**32 - since / timedelta(seconds=1)) < 2e-6


def test_streams_of_all_rates_are_tied_to_one_instant():
    mapping = NtpMapping.by(WallAnchor(0, datetime(2026, 11, 22, tzinfo=UTC)))
    sample = 123 * RATE + 960
    for rate in (8_000, 48_000):
        elapsed = (mapping.ntp_at(sample) - mapping.ntp_at(0)) / 2**32
        assert abs(elapsed - timestamp(sample, rate) / rate) < 1e-6


def test_ntp_seconds_wrap_in_2036():
    mapping = NtpMapping.by(WallAnchor(0, datetime(2036, 2, 7, 6, 28, 15, tzinfo=UTC)))
    assert mapping.ntp_at(0) >> 32 == 2**32 - 1
    assert mapping.ntp_at(RATE) >> 32 == 0


@given(st.binary(max_size=80))
def test_any_bytes_are_a_report_or_none(datagram):
    assert parse_report(datagram) is None or len(datagram) >= 8


@given(st.data())
def test_a_damaged_report_raises_nothing(data):
    whole = bytearray(sender_report(1, 2, 3, 4, 5) + source_description(1, "sorigil"))
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    parse_report(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
