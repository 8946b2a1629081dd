"""Find where a recording's sound begins and ends. Pure; fed piece by piece."""

import numpy as np
from numpy.typing import NDArray

from zones.media_time import RATE, Sample

HEAD_SILENCE_DBFS = -60.0
"""What is quieter than this at the head is not heard outdoors."""
MARGIN: Sample = RATE // 100
"""Left before the first and after the last sound, so that no onset is cut."""

_LOUD = round(32_768 * 10 ** (HEAD_SILENCE_DBFS / 20))


class CueFinder:
    """Remembers the first and the last sample that is not silence."""

    def __init__(self) -> None:
        self._length = 0
        self._first: Sample | None = None
        self._last: Sample = 0

    def add(self, samples: NDArray[np.int16]) -> None:
        """Look at the next piece."""
        loud = (samples > _LOUD) | (samples < -_LOUD)
        if loud.any():
            if self._first is None:
                self._first = self._length + int(loud.argmax())
            self._last = self._length + len(samples) - int(loud[::-1].argmax())
        self._length += len(samples)

    @property
    def length(self) -> Sample:
        """Samples seen."""
        return self._length

    @property
    def is_silent(self) -> bool:
        """Nothing above the threshold was seen."""
        return self._first is None

    @property
    def points(self) -> tuple[Sample, Sample]:
        """Cue-in and cue-out; the whole recording if all of it is silence."""
        if self._first is None:
            return 0, self._length
        return max(0, self._first - MARGIN), min(self._length, self._last + MARGIN)
