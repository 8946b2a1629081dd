"""The two tones that senders play and the probe listens for."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

RATE: Final = 48_000
PROGRAMME_HZ: Final = 400
WARNING_HZ: Final = 2000
AMPLITUDE: Final = 8000
"""As in floor.c; probe.c measures amplitudes at these frequencies."""


@dataclass(frozen=True, slots=True)
class Tones:
    """What a programme and the warning over it sound like, in Hz; amplitude of 32,768."""

    programme_hz: int
    warning_hz: int
    amplitude: int


TONES: Final = Tones(PROGRAMME_HZ, WARNING_HZ, AMPLITUDE)


def tone(hz: int, amplitude: int) -> npt.NDArray[np.int16]:
    """One second: a whole number of turns, so that it can be repeated without a click."""
    turns = np.arange(RATE) * (hz / RATE)
    samples: npt.NDArray[np.int16] = np.rint(amplitude * np.sin(2 * np.pi * turns)).astype(np.int16)
    return samples
