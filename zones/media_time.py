"""Media time: the one clock of plan, engine, ear and as-run log.

A `Sample` counts 48 kHz samples since an arbitrary zero that is fixed once a boot. It follows
CLOCK_MONOTONIC exactly: it is never slewed and never stepped, whatever the wall clock does
(SAFETY H1). Wall time enters only through a `WallAnchor`, for the schedule and for RTCP.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NewType

Sample = int
"""A position in media time, or a length, in samples at `RATE`."""

RATE = 48_000
"""Samples a second of media time and of canonical PCM."""

BootId = NewType("BootId", str)

_NS = 1_000_000_000
_US = 1_000_000


def samples(seconds: float) -> Sample:
    """The nearest whole number of samples in `seconds`."""
    return round(seconds * RATE)


def seconds(length: Sample) -> float:
    """`length` samples as seconds."""
    return length / RATE


@dataclass(frozen=True, slots=True)
class MediaClock:
    """Maps CLOCK_MONOTONIC to media time; made once a boot and kept in the run directory.

    `offset_ns` is the monotonic time, in ns, of sample 0. It may be negative, so that the first
    RTP timestamp of a boot is not guessable (RFC 3550 section 5.1).
    """

    boot: BootId
    offset_ns: int

    def sample_at(self, monotonic_ns: int) -> Sample:
        """The sample that is due at `monotonic_ns`, rounded down."""
        return (monotonic_ns - self.offset_ns) * RATE // _NS

    def monotonic_ns_at(self, sample: Sample) -> int:
        """The first nanosecond at which `sample` is due."""
        return self.offset_ns - (-sample * _NS // RATE)


@dataclass(frozen=True, slots=True)
class WallAnchor:
    """One instant known in both times: `sample` is `utc`.

    Re-taken when the wall clock stepped; a new anchor re-plans the future and never moves what
    already runs. Times may be written in any zone; what lies between them is counted in UTC, so
    an hour that is missing or comes twice on the wall is neither in media time.

    Raises:
        ValueError: `utc` is naive.
    """

    sample: Sample
    utc: datetime

    def __post_init__(self) -> None:
        """Refuse wall time without a zone: it would be read as local time somewhere."""
        _in_utc(self.utc)

    def utc_at(self, sample: Sample) -> datetime:
        """The first microsecond of wall time, in UTC, at which `sample` is due."""
        microseconds = -((self.sample - sample) * _US // RATE)
        return _in_utc(self.utc) + timedelta(microseconds=microseconds)

    def sample_at(self, utc: datetime) -> Sample:
        """The sample that is due at wall time `utc`, rounded down.

        Raises:
            ValueError: `utc` is naive.
        """
        microseconds = (_in_utc(utc) - _in_utc(self.utc)) // timedelta(microseconds=1)
        return self.sample + microseconds * RATE // _US


def _in_utc(moment: datetime) -> datetime:
    """`moment` in UTC: two times of one local zone would be subtracted as the wall shows them."""
    if moment.utcoffset() is None:
        raise ValueError(
            f"{moment.isoformat()} has no time zone; wall time needs an aware datetime"
        )
    return moment.astimezone(UTC)
