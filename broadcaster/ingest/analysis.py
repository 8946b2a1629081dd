"""Everything that is found out about a recording while it passes by, once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broadcaster.ingest.cue_points import CueFinder
from broadcaster.ingest.forbidden_tones import ToneDetector
from broadcaster.ingest.loudness import Loudness, LoudnessMeter
from zones.media_time import Sample


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of a recording when all of it has been heard."""

    length: Sample
    cue_in: Sample
    cue_out: Sample
    is_silent: bool
    loudness: Loudness
    forbidden: str | None
    """A sound that must never be broadcast, in words."""


class Analysis:
    """Fed piece by piece; holds a few seconds of sound at most."""

    def __init__(self) -> None:
        self._cues = CueFinder()
        self._meter = LoudnessMeter()
        self._tones = ToneDetector()

    def add(self, samples: NDArray[np.int16]) -> None:
        """Listen to the next piece."""
        self._cues.add(samples)
        self._meter.add(samples)
        self._tones.add(samples)

    def findings(self) -> Findings:
        """Return what was found; nothing can be added after that."""
        cue_in, cue_out = self._cues.points
        return Findings(
            length=self._cues.length,
            cue_in=cue_in,
            cue_out=cue_out,
            is_silent=self._cues.is_silent,
            loudness=self._meter.result(),
            forbidden=self._tones.found,
        )
