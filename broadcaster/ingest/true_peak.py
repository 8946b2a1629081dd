"""True peaks: what a converter makes between the samples (ITU-R BS.1770-4 annex 2). Pure."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from zones.media_time import RATE

BLOCK: Final = RATE // 1000
"""Samples of which one peak is told: 1 ms."""
SPAN: Final = 12
"""Samples to either side that the interpolation between two samples looks at."""
_NEAR: Final = 0.6
"""4.4 dB: measured on music, true peaks lie up to 1.5 dB above their samples."""


class TruePeakMeter:
    """Fed piece by piece, it remembers the highest true peak."""

    def __init__(self) -> None:
        self.peak = 0.0
        """Relative to full scale (1.0), of all but the last few samples until `finish`."""
        self._tail = np.zeros(SPAN, np.float32)
        self._held = np.zeros(0, np.float32)

    def add(self, samples: NDArray[np.int16]) -> None:
        """Look at the next piece."""
        self._held = np.concatenate([self._held, samples * np.float32(1.0 / 32_768.0)])
        self._look((len(self._held) - SPAN) // BLOCK)

    def finish(self) -> float:
        """Look at the rest and return the peak."""
        self._look(-(-len(self._held) // BLOCK))
        return self.peak

    def _look(self, blocks: int) -> None:
        if blocks <= 0:
            return
        # Only what comes near the highest sample so far can be the highest peak.
        highest = max(self.peak, float(np.abs(self._held[: blocks * BLOCK]).max()))
        peaks = block_peaks(self._tail, self._held, blocks, near=_NEAR * highest)
        self.peak = max(self.peak, float(peaks.max()))
        count = blocks * BLOCK
        self._tail = np.concatenate([self._tail, self._held[:count]])[-SPAN:]
        self._held = self._held[count:]


def block_peaks(
    tail: NDArray[np.float32], held: NDArray[np.float32], blocks: int, near: float
) -> NDArray[np.float64]:
    """Return the largest absolute value in and between the samples of each block.

    Between the samples is looked only where they come `near`: no music rises 6 dB between two.

    Args:
        tail: the `SPAN` samples before `held`.
        held: samples from the first block on; what lies beyond their end counts as silence.
        blocks: how many blocks to judge.
        near: absolute value from which a block is interpolated, four-fold.
    """
    count = blocks * BLOCK
    silence = np.zeros(max(0, count + SPAN - len(held)), np.float32)
    line = np.concatenate([tail[1:], held, silence])[: count + 2 * SPAN - 1]
    on = np.abs(line[SPAN - 1 : SPAN - 1 + count]).reshape(blocks, BLOCK)
    peaks = on.max(axis=1)
    loud = np.flatnonzero(peaks > near)
    if len(loud):
        rows = np.lib.stride_tricks.sliding_window_view(line, BLOCK + 2 * SPAN - 1)
        windows = np.lib.stride_tricks.sliding_window_view(
            np.ascontiguousarray(rows[loud * BLOCK]), 2 * SPAN, axis=1
        )
        between = np.abs(windows.reshape(-1, 2 * SPAN) @ _FILTERS)
        peaks[loud] = np.maximum(peaks[loud], between.max(axis=1).reshape(-1, BLOCK).max(axis=1))
    return np.asarray(peaks, np.float64)


def _interpolators() -> NDArray[np.float32]:
    """Three windowed-sinc filters, for the points at 1/4, 1/2 and 3/4 between two samples."""
    taps = np.arange(-SPAN + 1, SPAN + 1)
    places = taps[:, None] - np.array([0.25, 0.5, 0.75])
    window = np.cos(np.pi * places / (2 * SPAN + 1)) ** 2
    filters = np.sinc(places) * window
    return np.asarray(filters / filters.sum(axis=0), np.float32)


_FILTERS: Final = _interpolators()
