"""Clicks where one sound gives way to another: what is heard above the tones, beside the splice.

Both sounds are low tones. Their fades stay near them; a click reaches all frequencies. So what
passes a high-pass filter above both is the click, and what the format adds to a steady tone.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.float64]
"""Samples; 1.0 is full scale."""

EDGE_HZ: Final = 1500.0
"""Half amplitude of the high-pass filter. More than two octaves above both tones."""
WINDOW_S: Final = 0.02
NEAR_S: Final = 0.05
"""A click is looked for this far on both sides of where the tones change places."""
FAR_S: Final = 0.15
"""Sound farther than this from every splice is steady."""
LOWEST_DBFS: Final = -120.0
"""Given for a splice that nothing is heard of; below a step of 16 bits in 20 ms."""

_TAP_S: Final = 0.01
_TONE_S: Final = 0.02
_HOP_S: Final = 0.0025
_SINE_POWER: Final = 0.5
"""0 dBFS is a sine of full scale (AES17)."""


@dataclass(frozen=True, slots=True)
class Clicks:
    """Of one format: the worst splice's energy above the floor, and the floor, in dBFS."""

    worst_dbfs: float
    floor_dbfs: float
    splices: int
    every_dbfs: tuple[float, ...]

    def detail(self) -> dict[str, Any]:
        """For the row's detail, in tenths of a decibel."""
        return {
            "worst_dbfs": round(self.worst_dbfs, 1),
            "steady_floor_dbfs": round(self.floor_dbfs, 1),
            "splices": self.splices,
            "every_splice_dbfs": [round(one, 1) for one in self.every_dbfs],
        }


def clicks(sound: Sound, rate: int, tones_hz: tuple[float, float]) -> Clicks | None:
    """Judge every splice between two tones; None if there is none, or nothing steady.

    Of each splice it takes the 20 ms with the most energy, less the median of the steady sound's.
    """
    places = splices(sound, rate, tones_hz)
    power = _power_in_windows(_above(sound, rate, EDGE_HZ), round(WINDOW_S * rate))
    # power[i] is that of the window beginning at sample i.
    middle = np.arange(len(power)) + WINDOW_S * rate / 2
    is_steady = np.ones(len(power), np.bool_)
    is_steady[: round(FAR_S * rate)] = False
    is_steady[len(power) - round(FAR_S * rate) :] = False
    for place in places:
        is_steady &= np.abs(middle - place) > FAR_S * rate
    if not places or not is_steady.any():
        return None
    floor = float(np.median(power[is_steady]))
    every = tuple(
        _dbfs(float(power[np.abs(middle - place) <= NEAR_S * rate].max()) - floor)
        for place in places
    )
    return Clicks(max(every), _dbfs(floor), len(places), every)


def splices(sound: Sound, rate: int, tones_hz: tuple[float, float]) -> list[int]:
    """The samples around which one tone gives way to the other.

    The first and the last tenths of a second are left out: there is no room for a judgement.
    """
    length, hop = round(_TONE_S * rate), round(_HOP_S * rate)
    frames = np.lib.stride_tricks.sliding_window_view(sound, length)[::hop]
    turns = np.arange(length) / rate
    waves = np.exp(-2j * np.pi * np.outer(turns, tones_hz)) * np.hanning(length)[:, np.newaxis]
    first, second = np.abs(frames @ waves).T
    changes = np.flatnonzero(np.diff(second > first)) + 1
    middles = [int(change) * hop + length // 2 for change in changes]
    margin = round(FAR_S * rate)
    return [place for place in middles if margin < place < len(sound) - margin]


def _above(sound: Sound, rate: int, edge_hz: float) -> Sound:
    """Through a linear-phase high-pass filter, its delay taken away."""
    half = round(_TAP_S * rate / 2)
    position = np.arange(-half, half + 1)
    low = np.sinc(2 * edge_hz / rate * position) * np.blackman(2 * half + 1)
    taps = -low / low.sum()
    taps[half] += 1.0
    return np.convolve(sound, taps, mode="same")


def _power_in_windows(sound: Sound, length: int) -> Sound:
    total = np.concatenate(([0.0], np.cumsum(sound * sound)))
    mean: Sound = (total[length:] - total[:-length]) / length
    return mean


def _dbfs(power: float) -> float:
    lowest = 10 ** (LOWEST_DBFS / 10)
    return float(10 * np.log10(max(power / _SINE_POWER, lowest)))
