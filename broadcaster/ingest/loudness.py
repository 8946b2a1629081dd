"""Measure loudness as EBU R128 says, with FFmpeg's own `ebur128` filter through PyAV."""

from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph
from numpy.typing import NDArray

from broadcaster.ingest.true_peak import TruePeakMeter
from zones.media_time import RATE

PROGRAMME_LUFS = -20.0
"""Every recording is played at this integrated loudness."""
PEAK_LIMIT_DBTP = -1.5
"""No recording is raised above this true peak."""
INAUDIBLE_LUFS = -60.0
"""Below this there is nothing to bring to a level: it would only raise noise."""
MOST_GAIN_DB = 20.0
MOST_LIMITING_DB = 10.0
"""More would flatten what is left of the music."""
WORTH_LIMITING_DB = 0.5
"""A recording that is so much too quiet is limited; less is not heard."""

_FEED = RATE
"""Samples given to the filter at once: measured, longer pieces are not faster."""


@dataclass(frozen=True, slots=True)
class Loudness:
    """What a measurement found; levels that cannot be told (too short, silence) are None."""

    integrated_lufs: float | None
    true_peak_dbtp: float | None


class LoudnessMeter:
    """Fed piece by piece, it holds no more than a second of sound."""

    def __init__(self) -> None:
        self._graph = Graph()
        source = self._graph.add_abuffer(
            sample_rate=RATE, format="s16", layout="mono", time_base=Fraction(1, RATE)
        )
        # dualmono=0: our zones are mono, so what we measure is one channel of EBU R128. Its own
        # true-peak measurement would cost three times as much as all the rest.
        meter = self._graph.add("ebur128", "metadata=1:dualmono=0")
        sink = self._graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        self._graph.configure()
        self._given = 0
        self._integrated: str | None = None
        self._peaks = TruePeakMeter()

    def add(self, samples: NDArray[np.int16]) -> None:
        """Measure on."""
        for begin in range(0, len(samples), _FEED):
            piece = np.ascontiguousarray(samples[begin : begin + _FEED]).reshape(1, -1)
            frame = AudioFrame.from_ndarray(piece, format="s16", layout="mono")
            frame.sample_rate = RATE
            frame.time_base = Fraction(1, RATE)
            frame.pts = self._given
            self._given += piece.size
            self._graph.push(frame)
            self._collect()
            self._peaks.add(piece[0])

    def result(self) -> Loudness:
        """Return the loudness of all that was added; the meter cannot be used after that."""
        self._graph.push(None)
        self._collect()
        integrated = float(self._integrated or "-inf")
        peak = self._peaks.finish()
        return Loudness(
            integrated if integrated > INAUDIBLE_LUFS else None,
            20.0 * float(np.log10(peak)) if peak > 0.0 else None,
        )

    def _collect(self) -> None:
        """Read what the filter wrote beside each 100 ms of sound."""
        while True:
            try:
                frame = self._graph.pull()
            except (BlockingIOError, av.EOFError):
                return
            self._integrated = frame.metadata.get("lavfi.r128.I", self._integrated)


def levelling_gain(loudness: Loudness, target_lufs: float = PROGRAMME_LUFS) -> float:
    """Return the gain in dB that brings a recording to the target.

    Never so much that its true peak passes the limit, never more than 20 dB up, and none for
    what is too quiet to be measured.
    """
    if loudness.integrated_lufs is None:
        return 0.0
    gain = min(target_lufs - loudness.integrated_lufs, MOST_GAIN_DB)
    if loudness.true_peak_dbtp is not None:
        gain = min(gain, PEAK_LIMIT_DBTP - loudness.true_peak_dbtp)
    return round(gain, 2)


def missing_loudness(loudness: Loudness, target_lufs: float = PROGRAMME_LUFS) -> float:
    """Return how many dB a limiter must add to what `levelling_gain` gives; 0 if not worth it."""
    if loudness.integrated_lufs is None:
        return 0.0
    wanted = min(target_lufs - loudness.integrated_lufs, MOST_GAIN_DB)
    missing = wanted - levelling_gain(loudness, target_lufs)
    return min(missing, MOST_LIMITING_DB) if missing > WORTH_LIMITING_DB else 0.0
