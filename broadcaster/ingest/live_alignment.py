"""Where live sound belongs in media time: a little ahead, held there against drift. Pure.

A source runs by a clock of its own. What it delivers is stretched or shortened by at most two
thousandths, so that what lies ahead stays what it should be; after a gap it begins anew. A source
that says nothing for three seconds, or brings nothing but silence, is no programme: nothing is
placed until there is sound again, and what lies below in the zone is heard meanwhile. A shorter
gap is bridged with silence, so that a stumbling network does not let music in for a moment.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from broadcaster.engine.ring import FADE, STALE
from zones.media_time import RATE, Sample

Samples = NDArray[np.int16]

AHEAD: Sample = RATE // 2
"""How much is kept ahead of air, against a network that comes in bursts."""
FURTHEST: Sample = 2 * RATE
"""More than so much ahead is thrown away; a source that was paused would be late for ever."""
SILENT_AFTER: Sample = 3 * RATE - STALE
"""So long nothing is waited for; what lies below is heard when the ring is stale as well, after
three seconds."""
BRIDGED: Sample = RATE // 5
"""So much silence is placed ahead of air while a gap is bridged."""
SILENCE_LEVEL = 33
"""-60 dBFS of 16 bit: quieter is silence."""
_MOST_STRETCH = 0.002
_PULL: Sample = 10 * RATE
"""A deviation is made good in about so long."""


class Alignment:
    """One live source on its way into media time."""

    def __init__(self) -> None:
        """Begin without any sound."""
        self._next: Sample | None = None
        self._silent: Sample = 0
        self._bridge_end: Sample = 0
        self._is_bridged = False
        self._tail: Samples = np.zeros(0, np.int16)

    @property
    def is_silent(self) -> bool:
        """Whether the source has said nothing for three seconds."""
        return self._silent >= SILENT_AFTER

    def ahead(self, now: Sample) -> Sample:
        """How much of the source lies ahead of air already."""
        return 0 if self._next is None else self._next - now

    def place(self, samples: Samples, now: Sample) -> tuple[Samples, Sample] | None:
        """What to write and for which sample, of sound that came in at `now`; None for nothing."""
        if not len(samples):
            return None
        if int(np.abs(samples.astype(np.int32)).max()) <= SILENCE_LEVEL:
            self._silent += len(samples)
        else:
            self._silent = 0
        if self.is_silent:
            self._next = None
            return None
        if self._next is None or self._next < now:
            self._next = now + AHEAD
        elif self._is_bridged:
            self._next = max(self._next, now + AHEAD)
        self._is_bridged = False
        ahead = self._next - now
        if ahead > FURTHEST:
            return None
        fitted = _stretched(samples, 1 + _limited((AHEAD - ahead) / _PULL))
        at = self._next
        self._next += len(fitted)
        self._bridge_end = self._next + SILENT_AFTER
        self._tail = fitted[: -FADE - 1 : -1]
        return fitted, at

    def bridge(self, now: Sample) -> tuple[Samples, Sample] | None:
        """The silence to write while nothing comes, and for which sample; None for nothing."""
        if self._next is None or self._next - now >= BRIDGED:
            return None
        begin, end = self._next, min(now + BRIDGED, self._bridge_end)
        if end <= begin:
            return None
        silence = np.zeros(end - begin, np.int16)
        if not self._is_bridged:
            # The last sound, mirrored in time, fades into the silence: no click.
            length = min(len(silence), len(self._tail))
            silence[:length] = self._tail[:length] * np.linspace(1.0, 0.0, length)
        self._next, self._is_bridged = end, True
        return silence, begin


def _limited(ratio: float) -> float:
    return min(max(ratio, -_MOST_STRETCH), _MOST_STRETCH)


def _stretched(samples: Samples, factor: float) -> Samples:
    """The sound made so many times as long, by straight lines between the samples."""
    length = round(len(samples) * factor)
    if length == len(samples) or length < 2:
        return samples
    places = np.linspace(0, len(samples) - 1, length)
    fitted: Samples = np.rint(np.interp(places, np.arange(len(samples)), samples)).astype(np.int16)
    return fitted
