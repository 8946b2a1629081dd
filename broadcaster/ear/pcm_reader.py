"""The PCM store as the ear reads it: mapped files, nothing copied, nothing written."""

from __future__ import annotations

import mmap
from collections import OrderedDict
from pathlib import Path
from time import monotonic

import numpy as np

from broadcaster.engine.codec import Samples
from zones.media_time import Sample
from zones.sound import PcmId

_MOST_MAPPED = 256
_RETRY = 1.0
"""Seconds until a missing file is looked for again."""


class PcmReader:
    """Gives samples of canonical PCM; the least used files are let go."""

    def __init__(self, directory: Path) -> None:
        """`directory` is the PCM store's."""
        self._directory = directory
        self._mapped: OrderedDict[PcmId, Samples] = OrderedDict()
        self._missing: dict[PcmId, float] = {}

    def samples(self, pcm: PcmId, begin: Sample, end: Sample) -> Samples | None:
        """Samples [begin, end), or None when the store has no such audio or it is shorter."""
        mapped = self._mapped.get(pcm)
        if mapped is None:
            mapped = self._map(pcm)
            if mapped is None:
                return None
        else:
            self._mapped.move_to_end(pcm)
        return mapped[begin:end] if begin >= 0 and end <= len(mapped) else None

    def ring(self, name: str, begin: Sample, end: Sample) -> Samples | None:
        """No live voice is connected to this ear."""
        return None

    def written_to(self, name: str) -> Sample | None:
        """No live voice is connected to this ear."""
        return None

    def _map(self, pcm: PcmId) -> Samples | None:
        now = monotonic()
        if now < self._missing.get(pcm, 0.0):
            return None
        try:
            with (self._directory / pcm[:2] / f"{pcm}.pcm").open("rb") as file:
                octets = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):
            self._missing[pcm] = now + _RETRY
            return None
        self._missing.pop(pcm, None)
        # Unmapped when the last array that looks at it is gone.
        samples = np.frombuffer(octets, np.dtype("<i2"), count=len(octets) // 2)
        self._mapped[pcm] = samples
        if len(self._mapped) > _MOST_MAPPED:
            self._mapped.popitem(last=False)
        return samples
