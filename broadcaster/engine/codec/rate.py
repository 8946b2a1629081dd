"""From 48 000 Hz to the sampling rate of a format and back, by one linear-phase filter.

The filter's taps and the samples are whole numbers, carried in float64, where sums below 2^53 are
exact in any order: the result depends neither on how a stretch is cut into blocks nor on how a
machine adds. Engine, standby and ear agree bit for bit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from broadcaster.engine.codec.linear import Samples
from zones.media_time import RATE, Sample

_GRID: Sample = 48
_ONE = 1 << 20
"""The sum of the taps: a constant passes unchanged."""
_BETA = 6.5
"""Of the Kaiser window: stop band at -67 dB."""
_STRIP = 32
"""Milliseconds multiplied at once; few enough for the library to stay in the calling thread."""

_Matrix = NDArray[np.float64]


class RateFilter:
    """Samples at 48 000 Hz to `RATE / factor` and back; everything in whole milliseconds.

    Causal: each output depends on `lead` earlier samples at 48 000 Hz, and what goes through is
    late by `lead / 2` of them in each direction.
    """

    def __init__(self, factor: int, lead: Sample, edge_hz: float) -> None:
        """`edge_hz` is where the filter has fallen by 6 dB; the band folds there."""
        self.factor = factor
        self.lead = lead
        self.rate_hz = RATE // factor
        taps = _taps(lead + 1, edge_hz)
        each = _GRID // factor
        self._lower = np.zeros((_GRID + lead, each))
        for output in range(each):
            self._lower[output * factor : output * factor + lead + 1, output] = taps
        self.context = lead // factor
        """Samples at the lower rate that `raised` needs before the first."""
        self._raise = np.zeros((each + self.context, _GRID))
        for sample in range(each + self.context):
            for output in range(_GRID):
                tap = output + lead - sample * factor
                if 0 <= tap <= lead:
                    self._raise[sample, output] = taps[tap] * factor

    def lowered(self, samples: Samples) -> Samples:
        """The sound at the lower rate; `samples` begin `lead` before the stretch."""
        return _through(self._lower, samples, _GRID, self.lead)

    def raised(self, samples: Samples) -> Samples:
        """The sound at 48 000 Hz; `samples`, at the lower rate, begin `context` earlier."""
        return _through(self._raise, samples, _GRID // self.factor, self.context)


def _taps(count: int, edge_hz: float) -> _Matrix:
    position = np.arange(count) - (count - 1) / 2
    ideal = np.sinc(position * 2 * edge_hz / RATE) * np.kaiser(count, _BETA)
    taps: _Matrix = np.rint(ideal / ideal.sum() * _ONE)
    taps[count // 2] += _ONE - taps.sum()
    return taps


def _through(matrix: _Matrix, samples: Samples, step: int, before: int) -> Samples:
    rows, rest = divmod(len(samples) - before, step)
    if rest or rows < 1:
        raise ValueError("sound goes through a rate filter in whole milliseconds")
    windows = np.lib.stride_tricks.sliding_window_view(samples, step + before)[::step]
    filtered = np.empty((rows, matrix.shape[1]))
    for row in range(0, rows, _STRIP):
        np.matmul(
            windows[row : row + _STRIP].astype(np.float64), matrix, filtered[row : row + _STRIP]
        )
    whole = np.floor((filtered.reshape(-1) + _ONE // 2) / _ONE)
    found: Samples = np.clip(whole, -32768, 32767).astype(np.int16)
    return found


TELEPHONE = RateFilter(6, 288, 3_680.0)
"""8 000 Hz: flat to 3.3 kHz, gone at 4.05 kHz."""
WIDEBAND = RateFilter(3, 192, 7_450.0)
"""16 000 Hz: flat to 6.9 kHz, gone at 8.0 kHz."""
