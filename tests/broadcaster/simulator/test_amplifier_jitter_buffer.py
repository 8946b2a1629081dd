"""Sound in when it comes, out when it is due."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.simulator.jitter_buffer import ROOM, JitterBuffer
from tests.broadcaster.engine.studio import noise
from zones.media_time import RATE

DELAY = 480
BEGIN = 1_000_000


def buffer():
    return JitterBuffer(DELAY, BEGIN, 0.0)


def test_what_came_in_time_is_played_whole_and_after_the_delay():
    made, sound = buffer(), noise(1, 240)
    assert made.put(BEGIN, sound, 0.0)
    early, missing = made.play(DELAY / RATE)
    assert (len(early), missing) == (0, 0)
    played, missing = made.play((DELAY + 240) / RATE)
    assert missing == 0
    np.testing.assert_array_equal(played, sound)


def test_what_did_not_come_is_silence_and_counted():
    made = buffer()
    made.put(BEGIN, noise(1, 240), 0.0)
    made.put(BEGIN + 480, noise(2, 240), 0.01)
    played, missing = made.play((DELAY + 720) / RATE)
    assert missing == 240
    assert not played[240:480].any()
    assert played[480:].any()


def test_what_comes_too_late_is_not_played_even_if_the_buffer_looks_later():
    """Late is decided by when a packet came, not by when somebody looked."""
    made = buffer()
    made.put(BEGIN, noise(1, 240), 0.0)
    assert not made.put(BEGIN + 240, noise(2, 240), (DELAY + 240 + 240) / RATE)
    played, missing = made.play((DELAY + 480) / RATE)
    assert missing == 240
    assert not played[240:].any()


def test_half_late_is_half_played():
    made, sound = buffer(), noise(2, 240)
    made.put(BEGIN, noise(1, 240), 0.0)
    assert not made.put(BEGIN + 240, sound, (DELAY + 240 + 120) / RATE)
    played, missing = made.play((DELAY + 480) / RATE)
    assert missing == 120
    np.testing.assert_array_equal(played[360:], sound[120:])


@settings(deadline=None)
@given(st.permutations(range(8)), st.integers(1, 5))
def test_order_on_the_wire_does_not_matter(order, looks):
    made, sound = buffer(), noise(3, 8 * 240)
    for packet in order:
        made.put(BEGIN + packet * 240, sound[packet * 240 :][:240], 0.0)
    played = []
    for look in range(1, looks + 1):
        block, missing = made.play((DELAY + 8 * 240) / RATE * look / looks)
        assert missing == 0
        played.append(block)
    np.testing.assert_array_equal(np.concatenate(played), sound)


def test_it_goes_on_for_ever():
    """Sound is right long after the ring has gone round."""
    made, sound = buffer(), noise(4, 960)
    for packet in range(2 * ROOM // 960):
        at = packet * 960
        made.put(BEGIN + at, sound, at / RATE)
        played, missing = made.play((at + DELAY) / RATE)
        assert missing == 0
        assert len(played) == (960 if packet else 0)


def test_what_is_far_away_does_not_belong_to_it():
    made = buffer()
    assert made.holds(BEGIN + RATE)
    assert not made.holds(BEGIN + ROOM)
    assert not made.holds(BEGIN - ROOM)
