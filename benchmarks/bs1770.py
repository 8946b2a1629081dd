"""Integrated loudness, written from ITU-R BS.1770-4 for one channel at 48 kHz.

The second implementation ours is held against; it knows the whole recording at once.
"""

import numpy as np
from numpy.typing import NDArray

_RATE = 48_000
_BLOCK, _HOP = 2 * _RATE // 5, _RATE // 10
_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0
_CHUNK = 1 << 20
_SETTLED = 1 << 16
"""Samples after which the filters have forgotten what was before."""


def integrated_lufs(samples: NDArray[np.int16]) -> float:
    """Return the gated loudness of 16-bit samples in LUFS."""
    weighted = _weighted(samples)
    sums = np.concatenate([[0.0], np.cumsum(weighted**2)])
    starts = np.arange(0, len(weighted) - _BLOCK + 1, _HOP)
    power = (sums[starts + _BLOCK] - sums[starts]) / _BLOCK
    levels = _level(power)
    heard = levels > _ABSOLUTE_GATE
    relative = float(_level(power[heard].mean(keepdims=True))[0]) + _RELATIVE_GATE
    gated = power[heard & (levels > relative)]
    return float(_level(gated.mean(keepdims=True))[0])


def _level(power: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(-0.691 + 10.0 * np.log10(power + 1e-20))


def _weighted(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    """The two filters of tables 1 and 2, in the spectrum, in chunks that overlap."""
    size = _CHUNK + 2 * _SETTLED
    turn = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    shelf = (1.53512485958697 - 2.69169618940638 * turn + 1.19839281085285 * turn**2) / (
        1.0 - 1.69065929318241 * turn + 0.73248077421585 * turn**2
    )
    high_pass = (1.0 - turn) ** 2 / (1.0 - 1.99004745483398 * turn + 0.99007225036621 * turn**2)
    padded = np.concatenate([np.zeros(_SETTLED), samples / 32_768.0])
    pieces = []
    for begin in range(0, len(samples), _CHUNK):
        spectrum = np.fft.rfft(padded[begin : begin + _CHUNK + _SETTLED], size)
        pieces.append(np.fft.irfft(spectrum * shelf * high_pass, size)[_SETTLED:][:_CHUNK])
    return np.concatenate(pieces)[: len(samples)]
