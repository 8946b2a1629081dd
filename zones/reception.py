"""What an amplifier can receive: the part of its firmware profile that a site must agree with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from zones.media_time import Sample


class KeepAlive(Enum):
    """What an amplifier needs between sounds to stay awake."""

    NONE = "none"
    DITHER = "dither"
    """A noise below hearing instead of digital silence."""


@dataclass(frozen=True, slots=True)
class ReceivableFormat:
    """One payload format, with the packet times (samples at 48 000 Hz) and payload types taken."""

    format: str
    packet_times: tuple[Sample, ...]
    payload_types: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reception:
    """How an amplifier receives.

    `groups` is how many streams it listens to at once. `pre_roll` is how long it needs to wake
    after silence, in samples at 48 000 Hz.
    """

    formats: tuple[ReceivableFormat, ...]
    multicast: bool
    groups: int
    needs_even_port: bool
    pre_roll: Sample
    keep_alive: KeepAlive

    def takes(self, name: str, packet_time: Sample, payload_type: int) -> bool:
        """Whether it plays packets of this format, length and payload type."""
        return any(
            each.format == name
            and packet_time in each.packet_times
            and payload_type in each.payload_types
            for each in self.formats
        )
