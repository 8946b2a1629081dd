"""What a death leaves in the streams, on arrivals made by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.silences import longest_silence_ms, missing_after
from benchmarks.takeovers import summed_up
from tests.benchmarks.test_arrivals import PERIOD_NS, sent

WITHIN_NS = 250_000_000
START_NS = 10_000_000_000


def death_before(packet):
    """A kill just before this packet was due."""
    return START_NS + packet * PERIOD_NS - 1


@settings(deadline=None, max_examples=50)  # a busy machine takes its time
@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 2**16 - 1))
def test_each_death_is_charged_with_what_it_took_from_each_stream(first, second, sequence):
    one = np.delete(sent(600, 0, sequence), range(100, 100 + first))
    two = np.delete(sent(600, 1, sequence), range(400, 400 + second))
    deaths = [death_before(100), death_before(400)]
    missing, elsewhere = missing_after(np.concatenate([one, two]), deaths, WITHIN_NS)
    assert missing.tolist() == [[first, 0], [0, second]]
    assert elsewhere == 0


def test_what_goes_missing_before_a_death_or_long_after_it_is_not_the_deaths():
    arrivals = np.delete(sent(600), [50, 300])
    missing, elsewhere = missing_after(arrivals, [death_before(100)], WITHIN_NS)
    assert missing.tolist() == [[0]]
    assert elsewhere == 2


def test_the_silence_is_that_of_the_stream_that_waits_longest():
    short = np.delete(sent(600, 0), range(100, 103))
    long = np.delete(sent(600, 1), range(100, 120))
    arrivals = np.concatenate([short, long])
    assert longest_silence_ms(arrivals, death_before(100), WITHIN_NS) == pytest.approx(105)


def test_a_silence_is_measured_from_the_last_packet_also_when_one_came_after_the_kill():
    arrivals = np.delete(sent(600), range(101, 111))
    assert longest_silence_ms(arrivals, death_before(100), WITHIN_NS) == pytest.approx(55)


@pytest.mark.parametrize("heard", [0, 100])
def test_who_never_comes_back_is_silent_to_the_end(heard):
    silence = longest_silence_ms(sent(600)[:heard], death_before(100), WITHIN_NS)
    assert silence == pytest.approx(WITHIN_NS / 1e6, abs=6)


def test_kills_are_counted_by_the_stream_that_lost_most():
    said = summed_up(np.array([[0, 1], [0, 0], [1, 0]]))
    assert said == {"kills": 3, "kills_by_most_packets_missing_in_a_stream": {0: 1, 1: 2}}
