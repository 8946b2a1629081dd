"""The device's packet counter against what was sent: arrived, cut off, flooded, not to be told."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.watch.arrival import ArrivalCount

RATE = 200.0


def counted(arrival, *, share=1.0, extra=0.0, seconds=60, period=10.0, start=0.0, jitter=0.0):
    """Count for some seconds while `share` of what is sent arrives; the last judgement."""
    chance = random.Random(3)
    at = start
    while at <= start + seconds:
        read = at + chance.uniform(-jitter, jitter)
        received = int(share * RATE * read + extra * read) if read > 0 else 0
        arrival.count(received, RATE * at, at)
        at += period
    return arrival.judge(is_urgent=period < 5)


@pytest.mark.parametrize(
    ("share", "arrived"), [(0.0, False), (0.5, False), (0.89, False), (0.95, True), (1.0, True)]
)
def test_nine_in_ten_packets_count_as_arrived(share, arrived):
    assert counted(ArrivalCount(), share=share).arrived is arrived
    assert counted(ArrivalCount(), share=share, period=2.0).arrived is arrived


def test_one_count_alone_says_nothing():
    arrival = ArrivalCount()
    assert arrival.judge().arrived is None
    arrival.count(1000, 1000, 0.0)
    assert arrival.judge().arrived is None


def test_far_more_than_was_sent_is_a_flood_and_proves_nothing():
    judged = counted(ArrivalCount(), extra=13 * RATE)
    assert (judged.arrived, judged.flooded) == (None, True)


def test_somewhat_more_cannot_be_told_apart_and_is_no_flood():
    judged = counted(ArrivalCount(), extra=0.2 * RATE)
    assert (judged.arrived, judged.flooded) == (None, False)


def test_a_few_packets_of_discovery_do_not_hide_a_slow_stream():
    arrival = ArrivalCount()
    for second in range(0, 61, 10):
        arrival.count(int(14 * second), 10.0 * second, float(second))
    assert arrival.judge().arrived is True


def test_arrival_that_was_too_little_needs_more_to_be_believed_again():
    arrival = ArrivalCount()
    assert counted(arrival, share=0.5).arrived is False
    assert counted(arrival, share=0.93, start=1000).arrived is False
    assert counted(arrival, share=0.99, start=2000).arrived is True


def test_a_counter_that_goes_back_begins_the_comparison_anew():
    arrival = ArrivalCount()
    counted(arrival)
    arrival.count(5, RATE * 70, 70.0)
    assert arrival.judge().arrived is None
    arrival.count(5 + 2000, RATE * 80, 80.0)
    assert arrival.judge().arrived is True


def test_while_nothing_is_sent_nothing_is_said():
    arrival = ArrivalCount()
    for second in range(0, 60, 10):
        arrival.count(7, 5000.0, float(second))
    judged = arrival.judge()
    assert (judged.arrived, judged.flooded, judged.ratio) == (None, None, None)


def test_a_cut_under_a_warning_is_seen_within_six_seconds():
    arrival = ArrivalCount()
    for second in range(0, 21, 2):
        arrival.count(int(RATE * second), RATE * second, float(second))
    assert arrival.judge(is_urgent=True).arrived is True
    seen = None
    for second in range(22, 40, 2):
        arrival.count(int(RATE * 20.5), RATE * second, float(second))
        if seen is None and arrival.judge(is_urgent=True).arrived is False:
            seen = second - 20.5
    assert seen is not None
    assert seen <= 6


def test_counts_read_some_milliseconds_off_are_no_fault():
    assert counted(ArrivalCount(), seconds=600, period=2.0, jitter=0.05).arrived is True


@given(
    st.lists(st.tuples(st.integers(0, 2**64), st.floats(0, 1e9), st.floats(0, 1e6)), max_size=80)
)
def test_no_counter_breaks_it(counts):
    arrival = ArrivalCount()
    for received, sent, at in counts:
        arrival.count(received, sent, at)
        judged = arrival.judge()
        assert judged.arrived in (True, False, None)
