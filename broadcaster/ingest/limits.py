"""How much a file may ask of us before it is refused."""

from __future__ import annotations

from dataclasses import dataclass

from zones.media_time import RATE, Sample


@dataclass(frozen=True, slots=True)
class Limits:
    """What one import may use; the defaults suit a station, tests take smaller ones."""

    longest: Sample = 6 * 3600 * RATE
    """Samples; longer files are a mistake or an attack on the disk."""
    shortest: Sample = RATE // 10
    """Audible samples; less is a click."""
    largest_bytes: int = 8 << 30
    """Of the file: six hours of 48 kHz stereo in 24 bit are 6.2 GB."""
    cpu_seconds: int = 900
    """Of the reading process: six hours take about a minute on a desktop, ten on a small board."""
    memory_bytes: int = 512 << 20
    """Private memory of the reading process beyond what it has at its start."""
    idle_seconds: float = 60.0
    """The reading process is ended when it says nothing for so long."""
