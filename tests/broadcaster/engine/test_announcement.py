"""SAP messages byte by byte, and how often they may be repeated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.engine.announcement import (
    LONGEST_BYTES,
    announced_at,
    announcement,
    deletion,
    interval,
)
from broadcaster.engine.session import sdp
from tests.broadcaster.engine.studio import make_stream
from zones.media_time import RATE

SESSION = sdp(make_stream(0, "239.1.2.3", 5004), title="소리길", sources=["10.0.0.1"], ttl=8)


def test_an_announcement_has_the_header_of_rfc_2974():
    message = announcement(SESSION, "10.0.0.1")
    assert message[0] == 0b001_0_0_0_0_0  # version 1, IPv4, announcement, plain
    assert message[1] == 0  # no authentication
    assert message[2:4] != b"\0\0"
    assert message[4:8] == bytes((10, 0, 0, 1))
    assert message[8:] == b"application/sdp\0" + SESSION.encode()
    assert len(message) <= LONGEST_BYTES


def test_a_deletion_differs_in_one_bit():
    message, taken_back = announcement(SESSION, "10.0.0.1"), deletion(SESSION, "10.0.0.1")
    assert taken_back[0] == message[0] | 0b100
    assert taken_back[1:] == message[1:]


@given(st.text(), st.text())
def test_another_description_has_another_message_id(one, other):
    first, second = (announcement(text, "10.0.0.1")[2:4] for text in (one, other))
    assert first != b"\0\0"
    assert first == second or one != other


@pytest.mark.parametrize(
    ("group", "address"),
    [
        ("239.255.3.4", "239.255.255.255"),
        ("239.192.0.1", "239.195.255.255"),
        ("239.195.255.1", "239.195.255.255"),
        ("239.1.2.3", "239.255.255.255"),
        ("224.5.6.7", "224.2.127.254"),
    ],
)
def test_a_session_is_announced_where_its_scope_says(group, address):
    assert announced_at(group) == address


def test_half_a_minute_unless_there_are_too_many():
    assert interval([500] * 14) == 30 * RATE
    assert interval([500] * 100) == 100 * RATE


@given(st.lists(st.integers(1, 1024), max_size=500))
def test_all_announcements_together_take_at_most_4000_bits_a_second(sizes):
    assert sum(sizes) * 8 * RATE <= 4_000 * interval(sizes)
