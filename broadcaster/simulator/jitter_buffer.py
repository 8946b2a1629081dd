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
        if begin < end:
            places = np.arange(begin, end) % ROOM
            self._sound[places] = samples[begin - position :]
            self._is_here[places] = True
        return begin == position

    def play(self, now: float) -> tuple[_Samples, Sample]:
        """What was played since the last call until `now`, and how many samples were missing."""
        end = min(self.due(now), self._played + ROOM // 2)
        if end <= self._played:
            return np.zeros(0, np.int16), 0
        places = np.arange(self._played, end) % ROOM
        sound = self._sound[places]
        missing = len(places) - int(np.count_nonzero(self._is_here[places]))
        self._sound[places] = 0
        self._is_here[places] = False
        self._played = end
        return sound, missing
