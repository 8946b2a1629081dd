"""Find a recording that was made too loud: its peaks are cut flat. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FULL = 32_700
"""Just below full scale: converters and codecs do not cut exactly there."""
_FLAT = 4
"""So many samples in a row at full scale are no peak of a voice (0.08 ms)."""
_TOPS = 10
"""A few cut plosives are not heard."""


def is_clipped(samples: NDArray[np.int16]) -> bool:
    """Whether ten or more peaks are cut flat."""
    at_top = (samples >= _FULL) | (samples <= -_FULL)
    edges = np.flatnonzero(np.diff(at_top, prepend=False, append=False))
    begins, ends = edges[::2], edges[1::2]
    return int(np.count_nonzero(ends - begins >= _FLAT)) >= _TOPS
