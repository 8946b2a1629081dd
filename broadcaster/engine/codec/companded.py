"""Companded telephone formats: µ-law and A-law (ITU-T G.711), by table.

The tables are built from integers alone: logarithms round differently at the edges of the
segments, and then two encoders of one station disagree.
"""

from __future__ import annotations

import itertools

import numpy as np

from broadcaster.engine.codec.linear import Octets, Samples

_SIGN = 0x80
_BIAS = 0x84
"""What µ-law adds to the magnitude so that its segments double exactly."""


class Law:
    """One companding law: 16-bit samples to code words and back."""

    def __init__(self, levels: list[int], mask: int) -> None:
        """`levels` are the 128 positive output levels, rising; `mask` turns a code into its word.

        A sample becomes the nearest level, measured on the 14-bit scale of the recommendation.
        """
        thresholds = [(low + high + 4) >> 3 for low, high in itertools.pairwise(levels)]
        coarse = np.arange(-8192, 8192)
        codes = np.searchsorted(thresholds, np.abs(coarse), side="right")
        words = np.where(coarse < 0, codes ^ mask ^ _SIGN, codes ^ mask).astype(np.uint8)
        # By the sample read as an unsigned word, so that encoding is one look-up.
        self._words: Octets = np.repeat(np.roll(words, -8192), 4)
        both = np.array([*levels, *(-level for level in levels)], np.int16)
        self._levels: Samples = both[np.arange(256) ^ mask]

    def encode(self, samples: Samples) -> Octets:
        """One code word a sample."""
        return self._words[samples.view(np.uint16)]

    def decode(self, payload: Octets) -> Samples:
        """One sample a code word."""
        return self._levels[payload]


def _mu_level(code: int) -> int:
    """Output level of the positive µ-law code 0 .. 127."""
    segment, step = divmod(code, 16)
    return ((2 * step << 2 | _BIAS) << segment) - _BIAS


def _a_level(code: int) -> int:
    """Output level of the positive A-law code 0 .. 127."""
    segment, step = divmod(code, 16)
    level = (2 * step + 1) << 3
    return level if segment == 0 else (level + 0x100) << (segment - 1)


MU_LAW = Law([_mu_level(code) for code in range(128)], 0xFF)
A_LAW = Law([_a_level(code) for code in range(128)], 0xD5)
