"""Live sources: held a little ahead of air, silent ones left out, broken ones tried again."""

from itertools import pairwise

import numpy as np
import pytest

from broadcaster.engine.ring import STALE
from broadcaster.engine.ring_writer import RingWriter
from broadcaster.ingest.live_alignment import AHEAD, Alignment
from broadcaster.ingest.live_worker import (
    Relay,
    SourceError,
    described_stream,
    line_pieces,
    network_pieces,
)
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
    # With the time in which a ring becomes stale that is three seconds.
    assert (last - 2 * RATE + STALE) / RATE == pytest.approx(3, abs=0.05)
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


def bridged(alignment, begin, seconds):
    """What is placed while nothing comes."""
    looks = range(begin, begin + round(seconds * RATE), RATE // 20)
    return [found for now in looks if (found := alignment.bridge(now)) is not None]


def test_a_short_gap_is_bridged_with_silence_that_the_last_sound_fades_into():
    alignment = Alignment()
    placed = fed(alignment, 2)
    end = placed[-1][1][1] + len(placed[-1][1][0])
    filled = bridged(alignment, 2 * RATE, 2)
    assert filled[0][1] == end
    for (one, at), (_, following) in pairwise(filled):
        assert at + len(one) == following
    first = np.concatenate([placed[-1][1][0][-1:], filled[0][0]]).astype(int)
    assert np.abs(np.diff(first)).max() < 500  # no click
    assert not filled[1][0].any()
    found = alignment.place(sound(), 4 * RATE)
    assert found is not None
    assert found[1] == 4 * RATE + AHEAD


def test_nothing_is_bridged_for_longer_than_three_seconds():
    alignment = Alignment()
    placed = fed(alignment, 2)
    end = placed[-1][1][1] + len(placed[-1][1][0])
    filled = bridged(alignment, 2 * RATE, 10)
    last, at = filled[-1]
    assert at + len(last) + STALE == end + 3 * RATE


def test_nothing_is_bridged_before_the_first_sound():
    assert Alignment().bridge(5 * RATE) is None


def test_a_stream_goes_into_the_ring_sample_by_sample(tmp_path):
    file = write_sound(tmp_path / "stream.wav", 1.5, seed=1)
    with RingWriter(tmp_path, "studio") as ring:
        relay = Relay(ring, lambda: 0)
        with pytest.raises(SourceError, match="it has ended"):
            relay.take(network_pieces(str(file)))
        while ring.written_to - AHEAD < 1.4 * RATE:
            relay.pass_on()
        for _ in range(5):
            relay.pass_on()
        assert ring.written_to - AHEAD == pytest.approx(1.5 * RATE, abs=RATE // 50)


def test_an_rtp_address_may_say_its_format():
    found = described_stream("rtp://239.1.2.3:5004?format=L16/48000/2&payload_type=97")
    assert found is not None
    assert found.split(b"\r\n")[3:] == [
        b"c=IN IP4 239.1.2.3",
        b"t=0 0",
        b"m=audio 5004 RTP/AVP 97",
        b"a=rtpmap:97 L16/48000/2",
        b"",
    ]
    assert described_stream("rtp://239.1.2.3:5004") is None
    assert described_stream("http://radio.example/live?format=mp3") is None


@pytest.mark.parametrize(
    "address", ["rtp://239.1.2.3?format=L16/48000", "rtp://[::1]:9?format=L16/8000&payload_type=x"]
)
def test_an_rtp_address_that_makes_no_sense_says_so(address):
    with pytest.raises(SourceError):
        next(network_pieces(address))


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/none", "/nowhere/at/all.mp3"])
def test_a_source_that_is_not_there_says_so(address):
    with pytest.raises(SourceError):
        next(network_pieces(address))


def test_a_machine_without_that_input_says_so():
    with pytest.raises(SourceError):
        next(line_pieces("no such input"))
