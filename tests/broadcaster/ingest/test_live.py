"""Live sources: held a little ahead of air, silent ones left out, broken ones tried again."""

import numpy as np
import pytest

from broadcaster.engine.ring_writer import RingWriter
from broadcaster.ingest.live_alignment import AHEAD, Alignment
from broadcaster.ingest.live_worker import SourceError, line_pieces, network_pieces, relay
from tests.scenarios.whole_station import write_sound
from zones.media_time import RATE

PIECE = RATE // 50


def sound(length=PIECE, level=8000):
    return (level * np.sin(np.arange(length) / 20)).astype(np.int16)


def fed(alignment, seconds, speed=1.0, level=8000, begin=0):
    """What is placed of a source whose clock runs `speed` times as fast as ours."""
    placed = []
    for number in range(int(seconds * 50 * speed)):
        now = begin + round(number * PIECE / speed)
        placed.append((now, alignment.place(sound(level=level), now)))
    return placed


@pytest.mark.parametrize("speed", [0.9995, 1.0, 1.0005])
def test_a_source_with_another_clock_stays_as_far_ahead_as_it_should(speed):
    placed = fed(Alignment(), 600, speed)
    ends = None
    for now, found in placed:
        assert found is not None
        samples, at = found
        assert ends in (None, at)  # without a gap, without an overlap
        ends = at + len(samples)
        assert abs(at - now - AHEAD) < RATE // 10


def test_three_seconds_of_silence_give_the_zone_back_until_there_is_sound():
    alignment = Alignment()
    fed(alignment, 2)
    quiet = fed(alignment, 5, level=20, begin=2 * RATE)
    last = max(now for now, found in quiet if found is not None)
    assert (last - 2 * RATE) / RATE == pytest.approx(3, abs=0.05)
    assert alignment.is_silent
    now, found = fed(alignment, 1, begin=7 * RATE)[0]
    assert found is not None
    assert found[1] == now + AHEAD


def test_what_comes_in_a_burst_is_not_kept_for_later():
    alignment = Alignment()
    burst = [alignment.place(sound(RATE // 2), 0) for _ in range(20)]
    taken = [found for found in burst if found is not None]
    assert 3 <= len(taken) <= 5
    assert alignment.place(sound(0), 0) is None


def test_a_gap_begins_anew_ahead_of_air():
    alignment = Alignment()
    alignment.place(sound(), 0)
    found = alignment.place(sound(), 60 * RATE)
    assert found is not None
    assert found[1] == 60 * RATE + AHEAD


def test_a_stream_goes_into_the_ring_sample_by_sample(tmp_path):
    file = write_sound(tmp_path / "stream.wav", 1.5, seed=1)
    with RingWriter(tmp_path, "studio") as ring:
        with pytest.raises(SourceError, match="it has ended"):
            relay(network_pieces(str(file)), ring, Alignment(), lambda: 0)
        assert ring.written_to - AHEAD == pytest.approx(1.5 * RATE, abs=RATE // 50)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/none", "/nowhere/at/all.mp3"])
def test_a_source_that_is_not_there_says_so(address):
    with pytest.raises(SourceError):
        next(network_pieces(address))


def test_a_machine_without_that_input_says_so():
    with pytest.raises(SourceError):
        next(line_pieces("no such input"))
