"""Find the US attention signals, which must never be broadcast (47 CFR 11.45 and 10.520). Pure.

Two are looked for: 853 and 960 Hz together, as the Emergency Alert System and Wireless Emergency
Alerts use them, for a second; and bursts of the SAME header (520.83 baud, 2083.3 and 1562.5 Hz).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zones.media_time import RATE

_BLOCK = RATE // 20
"""50 ms: fine enough for the cadence, long enough to tell 853 from 960 Hz."""
_ATTENTION_HZ = (853.0, 960.0)
_ATTENTION_BLOCKS = 20
"""One second, in blocks; gaps between are allowed, for the cadence of WEA."""
_WITHIN_BLOCKS = 60

_BIT = 92
"""Samples of one SAME bit at 48 kHz: 92.16."""
_SAME_HZ = (2083.33, 1562.5)
_SAME_BITS = 96
"""Of 128 in a preamble of sixteen bytes."""
_WITHIN_BITS = 128

_DOMINATES = 0.7
"""Share of a block's power the tones must hold."""
_QUIET = 100.0**2
"""Mean square below which a block is not looked at (-50 dBFS)."""


class ToneDetector:
    """Fed piece by piece; remembers only the last three seconds' judgements."""

    def __init__(self) -> None:
        self.found: str | None = None
        """What was found, in words."""
        self._attention = _Run(_BLOCK, _ATTENTION_HZ, 0.1, _ATTENTION_BLOCKS, _WITHIN_BLOCKS)
        self._same = _Run(_BIT, _SAME_HZ, 0.0, _SAME_BITS, _WITHIN_BITS)

    def add(self, samples: NDArray[np.int16]) -> None:
        """Look at the next piece."""
        if self.found:
            return
        if self._attention.sees(samples):
            self.found = "the US attention signal (853 and 960 Hz)"
        elif self._same.sees(samples):
            self.found = "a US SAME header"


class _Run:
    """So many blocks dominated by two tones, within so many."""

    def __init__(
        self, block: int, hertz: tuple[float, float], each: float, blocks: int, within: int
    ) -> None:
        turn = 2.0 * np.pi * np.outer(np.arange(block), hertz) / RATE
        self._basis = np.concatenate([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)
        self._block, self._each, self._blocks, self._within = block, each, blocks, within
        self._rest = np.zeros(0, np.int16)
        self._recent = np.zeros((0, 2), bool)

    def sees(self, samples: NDArray[np.int16]) -> bool:
        given = np.concatenate([self._rest, samples])
        count = len(given) // self._block
        self._rest = given[count * self._block :]
        rows = given[: count * self._block].reshape(count, self._block).astype(np.float32)
        power = np.mean(rows**2, axis=1)
        cosine_sine = (rows @ self._basis).reshape(count, 2, 2)
        # A sine of amplitude a projects to a * block / 2 and has the power a * a / 2.
        shares = 2.0 * np.sum((cosine_sine / self._block) ** 2, axis=1)
        shares /= np.maximum(power, 1.0)[:, None]
        dominated = (shares.sum(axis=1) > _DOMINATES) & (power > _QUIET)
        dominated &= (shares > self._each).all(axis=1)
        # Which tone leads: a bit of a header is one of them, a header has both.
        marks = np.stack([dominated, dominated & (shares[:, 0] > shares[:, 1])], axis=1)
        return self._judge(np.concatenate([self._recent, marks]))

    def _judge(self, marks: NDArray[np.bool_]) -> bool:
        self._recent = marks[-self._within :]
        sums = np.cumsum(np.concatenate([np.zeros((1, 2), int), marks]), axis=0)
        width = min(self._within, len(marks))
        windows = sums[width:] - sums[:-width]
        held, first = windows[:, 0], windows[:, 1]
        mixed = (first >= 0.25 * held) & (first <= 0.75 * held)
        return bool(np.any((held >= self._blocks) & (mixed | (self._each > 0.0))))
