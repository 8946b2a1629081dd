"""The judge of what arrived, on arrivals made by hand."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.arrivals import (
    ARRIVAL,
    between,
    contents_at_each_instant,
    continuity,
    deviation,
    first_change,
    stream_of,
)

RATE, SAMPLES = 48_000, 240
PERIOD_NS = 5_000_000


def sent(packets, stream=0, sequence=0, timestamp=0):
    """A stream as a perfect sender would send it."""
    made = np.zeros(packets, ARRIVAL)
    turns = np.arange(packets)
    made["at_ns"] = 10_000_000_000 + turns * PERIOD_NS
    made["sequence"] = (sequence + turns) % 2**16
    made["timestamp"] = (timestamp + turns * SAMPLES) % 2**32
    made["stream"], made["ssrc"], made["is_rtp"] = stream, 7 + stream, 1
    return made


def pacing_of(arrivals):
    pacing = deviation(arrivals, RATE)
    assert pacing is not None
    return pacing


@settings(deadline=None, max_examples=50)  # a busy machine takes its time
@given(st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1))
def test_a_perfect_stream_is_unbroken_over_every_wrap(sequence, timestamp):
    arrivals = np.concatenate([sent(300, 0, sequence, timestamp), sent(300, 1, 5, 9)])
    assert continuity(arrivals, SAMPLES).is_unbroken
    pacing = pacing_of(arrivals)
    assert pacing.p99 < 0.01
    assert pacing.latest < 0.01


@settings(deadline=None, max_examples=50)  # a busy machine takes its time
@given(st.sets(st.integers(1, 298), min_size=1, max_size=50), st.integers(0, 2**16 - 1))
def test_every_missing_packet_is_counted_and_breaks_no_timestamp(missing, sequence):
    arrivals = np.delete(sent(300, 0, sequence), sorted(missing))
    judged = continuity(arrivals, SAMPLES)
    assert judged.lost == len(missing)
    assert (judged.timestamp_breaks, judged.reordered, judged.doubled) == (0, 0, 0)
    assert not judged.is_unbroken
    assert pacing_of(arrivals).p99 < 0.01


def test_a_packet_that_overtakes_another_is_reordered_and_not_lost():
    arrivals = sent(300)
    arrivals["at_ns"][[100, 101]] = arrivals["at_ns"][[101, 100]]
    judged = continuity(arrivals, SAMPLES)
    assert (judged.lost, judged.reordered) == (0, 1)


def test_a_doubled_packet_is_counted():
    arrivals = sent(300)
    arrivals = np.concatenate([arrivals, arrivals[100:101]])
    judged = continuity(arrivals, SAMPLES)
    assert (judged.lost, judged.doubled) == (0, 1)


def test_a_new_source_a_jump_in_time_a_marker_and_a_stranger_are_each_named():
    arrivals = sent(300)
    arrivals["ssrc"][200:] = 99
    arrivals["timestamp"][100:] += 960
    arrivals["marker_and_type"][50] = 0x80 | 96
    arrivals["is_rtp"][299] = 0
    judged = continuity(arrivals, SAMPLES)
    assert (judged.ssrc_changes, judged.timestamp_breaks) == (1, 1)
    assert (judged.markers, judged.not_rtp) == (1, 1)


def test_nothing_received_is_not_unbroken():
    assert not continuity(sent(0), SAMPLES).is_unbroken


@settings(deadline=None, max_examples=50)  # a busy machine takes its time
@given(st.lists(st.integers(-2_000_000, 2_000_000), min_size=200, max_size=200))
def test_the_deviation_is_that_from_the_streams_own_median(late_ns):
    arrivals = sent(200)
    arrivals["at_ns"] += np.array(late_ns)
    expected = np.array(late_ns) / 1e3
    expected = np.abs(expected - np.median(expected))
    in_order = np.all(np.diff(arrivals["at_ns"]) >= 0)
    assert in_order  # the period is longer than twice the largest deviation
    pacing = pacing_of(arrivals)
    assert np.isclose(pacing.p99, np.percentile(expected, 99), atol=0.01)
    assert pacing.over_a_millisecond == (expected > 1000).sum()


def test_a_streams_place_in_the_tick_is_no_deviation():
    second = sent(200, stream=1)
    second["at_ns"] += 800_000
    assert pacing_of(np.concatenate([sent(200), second])).p99 < 0.01


def test_too_few_packets_have_no_percentile():
    assert deviation(sent(99), RATE) is None


def test_the_change_is_found_in_the_first_packet_with_the_other_tone():
    arrivals = sent(300)
    arrivals["tone_a"][:150], arrivals["tone_b"][150:] = 8000, 8000
    arrivals["tone_b"][149] = 300  # a click below what counts as there
    one = stream_of(arrivals, 0)
    begin = int(arrivals["at_ns"][10])
    assert first_change(one, begin, to_b=True, audible=800) == arrivals["at_ns"][150]
    assert first_change(one, int(arrivals["at_ns"][151]), to_b=False, audible=800) is None


def test_different_contents_at_one_instant_are_counted():
    arrivals = np.concatenate([sent(100, stream) for stream in range(6)])
    arrivals["content"] = arrivals["stream"] % 3
    assert set(contents_at_each_instant(arrivals)) == {3}


def test_a_window_takes_only_what_was_received_in_it():
    arrivals = sent(100)
    window = between(arrivals, int(arrivals["at_ns"][10]), int(arrivals["at_ns"][20]))
    assert len(window) == 10
