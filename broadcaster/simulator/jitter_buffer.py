"""A jitter buffer: sound goes in when it arrives, and comes out when it is due.

Pure. Positions are samples on the stream's own RTP clock, unwrapped; times are seconds of any one
monotonic clock. What has not arrived when it is due is played as silence and counted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zones.media_time import RATE, Sample

ROOM: Sample = 1 << 18
"""How much sound it can hold: 5.4 s."""

_Samples = NDArray[np.int16]


class JitterBuffer:
    """Begins to play `delay` samples after the first packet came."""

    def __init__(self, delay: Sample, position: Sample, at: float) -> None:
        """The first packet begins at `position` and came at `at`."""
        self._delay = delay
        self._first = position
        self._at = at
        self._played = position
        self._sound = np.zeros(ROOM, np.int16)
        self._is_here = np.zeros(ROOM, np.bool_)

    def due(self, now: float) -> Sample:
        """The position that leaves the loudspeaker at `now`."""
        return self._first + round((now - self._at) * RATE) - self._delay

    def holds(self, position: Sample) -> bool:
        """Whether sound at `position` is near enough to belong to what is playing."""
        return self._played - ROOM // 2 <= position < self._played + ROOM // 2

    def put(self, position: Sample, samples: _Samples, at: float) -> bool:
        """Take sound that came at `at`; False when it came too late to be played whole."""
        end = position + len(samples)
        begin = max(position, self.due(at), self._played)
        for place, offset, length in _stretches(begin, end):
            start = begin - position + offset
            self._sound[place : place + length] = samples[start : start + length]
            self._is_here[place : place + length] = True
        return begin == position

    def play(self, now: float) -> tuple[_Samples, Sample]:
        """What was played since the last call until `now`, and how many samples were missing."""
        end = min(self.due(now), self._played + ROOM // 2)
        sound = np.zeros(max(0, end - self._played), np.int16)
        here = 0
        for place, offset, length in _stretches(self._played, end):
            stretch = slice(place, place + length)
            sound[offset : offset + length] = self._sound[stretch]
            here += int(np.count_nonzero(self._is_here[stretch]))
            self._sound[stretch] = 0
            self._is_here[stretch] = False
        self._played = max(end, self._played)
        return sound, len(sound) - here


def _stretches(begin: Sample, end: Sample) -> list[tuple[int, int, int]]:
    """Where [begin, end) lies in the ring: (place, offset from `begin`, length) of one or two."""
    if begin >= end:
        return []
    place = begin % ROOM
    first = min(end - begin, ROOM - place)
    if first == end - begin:
        return [(place, 0, first)]
    return [(place, 0, first), (0, first, end - begin - first)]
