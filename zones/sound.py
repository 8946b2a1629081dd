"""Sound as the plan names it: what a claim would play, sample by sample.

Nothing here holds audio. A `PcmId` names canonical PCM in a store (48 kHz, mono, 16 bit,
little-endian); segments cut it, sequences and timelines arrange the segments, and `pieces`
tells which part of which segment sounds at a given media time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NewType

from zones.media_time import Sample

PcmId = NewType("PcmId", str)
"""SHA-256 of canonical PCM, as 64 lower-case hex digits."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one recording, or of intended silence when `pcm` is None.

    Lengths are samples; `fade_in` and `fade_out` lie inside `length`; `gain_db` is applied to the
    samples (0 dB leaves them untouched, bit for bit).

    Raises:
        ValueError: a length out of range.
    """

    pcm: PcmId | None
    cue_in: Sample
    length: Sample
    gain_db: float = 0.0
    fade_in: Sample = 0
    fade_out: Sample = 0

    def __post_init__(self) -> None:
        """Refuse stretches that cannot be played."""
        if self.length <= 0:
            raise ValueError(f"a segment needs a length of at least 1 sample, not {self.length}")
        if self.cue_in < 0 or self.fade_in < 0 or self.fade_out < 0:
            raise ValueError("cue-in and fades of a segment cannot be negative")
        if self.fade_in + self.fade_out > self.length:
            raise ValueError("the fades of a segment are longer than the segment")
        if not -120.0 <= self.gain_db <= 40.0:
            raise ValueError(f"a gain of {self.gain_db} dB is outside -120 .. +40 dB")


def silence(length: Sample) -> Segment:
    """Intended silence of `length` samples: the ear expects it and raises no fault."""
    return Segment(None, 0, length)


@dataclass(frozen=True)
class Sequence:
    """A message: `once` is played first, then `loop` over and over.

    With an empty `loop` it ends after `once`. At least one of the two holds a segment.
    """

    once: tuple[Segment, ...] = ()
    loop: tuple[Segment, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a message without any sound."""
        if not self.once and not self.loop:
            raise ValueError("a sequence needs at least one segment")

    @cached_property
    def once_length(self) -> Sample:
        """Length of the part that is played once."""
        return sum(segment.length for segment in self.once)

    @cached_property
    def loop_length(self) -> Sample:
        """Length of one cycle of the loop; 0 when the message ends."""
        return sum(segment.length for segment in self.loop)

    @property
    def length(self) -> Sample | None:
        """Length until it ends by itself; None when it loops for ever."""
        return None if self.loop else self.once_length


@dataclass(frozen=True)
class Timeline:
    """A programme: segments at fixed media times; overlapping neighbours crossfade.

    Items are sorted by start, and end in the same order as they start.

    Raises:
        ValueError: items out of order.
    """

    items: tuple[tuple[Sample, Segment], ...]

    def __post_init__(self) -> None:
        """Keep the order that lets `pieces` search instead of scan."""
        for (start, segment), (after, next_segment) in pairwise(self.items):
            if after < start or after + next_segment.length < start + segment.length:
                raise ValueError("the items of a timeline must start and end in order")

    @cached_property
    def _ends(self) -> tuple[Sample, ...]:
        return tuple(start + segment.length for start, segment in self.items)

    @cached_property
    def stretches(self) -> tuple[tuple[Sample, Sample], ...]:
        """The half-open intervals in which something is planned, joined where they touch."""
        joined: list[tuple[Sample, Sample]] = []
        for start, segment in self.items:
            end = start + segment.length
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return tuple(joined)

    @cached_property
    def _stretch_ends(self) -> tuple[Sample, ...]:
        return tuple(end for _, end in self.stretches)

    def stretches_in(self, begin: Sample, end: Sample) -> Iterator[tuple[Sample, Sample]]:
        """The stretches that touch [begin, end), whole, in order."""
        for index in range(bisect_right(self._stretch_ends, begin), len(self.stretches)):
            if max(begin, self.stretches[index][0]) >= end:
                return
            yield self.stretches[index]

    def covering(self, begin: Sample, end: Sample) -> Iterator[tuple[Sample, Segment]]:
        """The items that touch [begin, end), in order."""
        for index in range(bisect_right(self._ends, begin), len(self.items)):
            start, segment = self.items[index]
            if max(begin, start) >= end:
                return
            yield start, segment


@dataclass(frozen=True, slots=True)
class Ring:
    """Live voice in the ring called `name`: sample s lies at s mod its size."""

    name: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Intended silence for as long as the claim holds."""


Source = Sequence | Timeline | Ring | Silence


@dataclass(frozen=True, slots=True)
class Piece:
    """`length` samples of `segment`, from `offset` within it, to sound at media time `at`."""

    at: Sample
    segment: Segment
    offset: Sample
    length: Sample


def pieces(source: Source, origin: Sample, begin: Sample, end: Sample) -> Iterator[Piece]:
    """What `source` plays in [begin, end) when its own zero lies at `origin`.

    A timeline lies at fixed media times, so `origin` does not move it. Rings and silence have no
    pieces. Pieces of a sequence follow one another; pieces of a timeline may overlap, and are then
    added together.
    """
    if isinstance(source, Timeline):
        for start, segment in source.covering(begin, end):
            yield from _cut(segment, start, begin, end)
    elif isinstance(source, Sequence):
        yield from _sequence_pieces(source, origin, max(begin, origin), end)


def _sequence_pieces(
    source: Sequence, origin: Sample, begin: Sample, end: Sample
) -> Iterator[Piece]:
    start = origin
    if begin < origin + source.once_length:
        for segment in source.once:
            yield from _cut(segment, start, begin, end)
            start += segment.length
    if not source.loop:
        return
    start = origin + source.once_length
    if begin > start:
        start += (begin - start) // source.loop_length * source.loop_length
    while start < end:
        for segment in source.loop:
            yield from _cut(segment, start, begin, end)
            start += segment.length


def _cut(segment: Segment, start: Sample, begin: Sample, end: Sample) -> Iterator[Piece]:
    at = max(start, begin)
    until = min(start + segment.length, end)
    if at < until:
        yield Piece(at, segment, at - start, until - at)
