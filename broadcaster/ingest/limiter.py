"""Raise or lower PCM by a gain and keep its true peak under a ceiling. Pure; piece by piece.

A look-ahead limiter at a resolution of 1 ms: the gain falls before a peak comes (4 dB/ms) and
recovers slowly after it (0.06 dB/ms), so nothing clips and little is heard of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from broadcaster.ingest.true_peak import BLOCK, SPAN, block_peaks

Pcm = NDArray[np.int16]
_Levels = NDArray[np.float64]

_ATTACK_DB = 4.0
"""A block."""
_RELEASE_DB = 0.06
"""A block."""
_AHEAD = 10
"""Blocks that must be known before a gain is final: enough to fall by 40 dB."""
_MARGIN_DB = 0.1
"""Four-fold interpolation can miss this much of a peak (BS.1770-4 annex 2, for our band)."""


def limited(pieces: Iterable[Pcm], gain_db: float, ceiling_dbtp: float) -> Iterator[Pcm]:
    """Yield the same number of samples, with the gain, and no true peak above the ceiling.

    Args:
        pieces: consecutive pieces of any length.
        gain_db: applied first.
        ceiling_dbtp: dB relative to full scale.
    """
    limiter = _Limiter(gain_db, ceiling_dbtp - _MARGIN_DB)
    for piece in pieces:
        yield limiter.passed(piece, is_last=False)
    yield limiter.passed(np.zeros(0, np.int16), is_last=True)


class _Limiter:
    def __init__(self, gain_db: float, ceiling_db: float) -> None:
        self._gain = np.float32(10.0 ** (gain_db / 20.0) / 32_768.0)
        self._ceiling_db = ceiling_db
        self._near = 10.0 ** ((ceiling_db - 6.0) / 20.0)
        self._held = np.zeros(0, np.float32)
        self._tail = np.zeros(SPAN, np.float32)
        """Samples before the held ones, for the interpolation."""
        self._released = 0.0
        """Attenuation in dB that the release has reached, before the held blocks."""
        self._last = 0.0
        """Attenuation in dB of the last block that was given out."""

    def passed(self, piece: Pcm, *, is_last: bool) -> Pcm:
        self._held = np.concatenate([self._held, piece * self._gain])
        size = len(self._held)
        blocks = -(-size // BLOCK) if is_last else (size - SPAN) // BLOCK
        ready = blocks if is_last else blocks - _AHEAD
        if ready <= 0:
            return np.zeros(0, np.int16)
        count = min(ready * BLOCK, size)
        attenuation = self._attenuation(blocks)
        following = attenuation[ready : ready + 1] if ready < blocks else attenuation[-1:]
        curve = _curve(self._last, attenuation[:ready], float(following[0]))
        sound = self._held[:count] * curve[:count]
        self._last = float(attenuation[ready - 1])
        self._tail = np.concatenate([self._tail, self._held[:count]])[-SPAN:]
        self._held = self._held[count:]
        return np.asarray(np.rint(np.clip(sound, -1.0, 1.0) * 32_767.0), np.int16)

    def _attenuation(self, blocks: int) -> _Levels:
        """Attenuation in dB (0 or less) of each held block."""
        peaks = block_peaks(self._tail, self._held, blocks, self._near)
        wanted = np.minimum(0.0, self._ceiling_db - 20.0 * np.log10(np.maximum(peaks, 1e-9)))
        steps = np.arange(blocks)
        rising = np.minimum.accumulate(
            np.concatenate([[self._released], wanted - _RELEASE_DB * (steps + 1)])
        )[1:]
        released = np.minimum(0.0, rising + _RELEASE_DB * (steps + 1))
        falling = np.minimum.accumulate((released + _ATTACK_DB * steps)[::-1])[::-1]
        # What is given out now is final; the release goes on from its end.
        given = blocks - _AHEAD
        if given > 0:
            self._released = float(released[given - 1])
        return np.asarray(falling - _ATTACK_DB * steps)


def _curve(before: float, attenuation: _Levels, after: float) -> NDArray[np.float32]:
    """The gain of each sample: between two blocks the lower one, straight lines between those."""
    padded = np.concatenate([[before], attenuation, [after]])
    corners = 10.0 ** (np.minimum(padded[:-1], padded[1:]) / 20.0)
    ramp = np.arange(BLOCK) / BLOCK
    lines = corners[:-1, None] + (corners[1:] - corners[:-1])[:, None] * ramp
    return np.asarray(lines, np.float32).ravel()
