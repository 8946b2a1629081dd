"""A message as zones hear it: tone and language parts, the same length in every zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NewType

from zones.bus import ZoneId
from zones.media_time import Sample
from zones.sound import Segment

MessageId = NewType("MessageId", str)
"""The name of a prepared message, such as `flood-evacuate`."""


@dataclass(frozen=True)
class Cycle:
    """One time through a message, without the quiet after it.

    `tone` is 40 ms of silence, the attention tone and the pause behind it; each of `parts` is one
    language with the pause behind it.
    """

    tone: tuple[Segment, ...]
    parts: tuple[tuple[Segment, ...], ...]

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """All of it, in the order in which it sounds."""
        return (*self.tone, *(segment for part in self.parts for segment in part))

    @cached_property
    def length(self) -> Sample:
        """Samples of the whole cycle."""
        return sum(segment.length for segment in self.segments)

    @cached_property
    def part_ends(self) -> tuple[Sample, ...]:
        """Where each language part ends, counted from the begin of the cycle."""
        begin = sum(segment.length for segment in self.tone)
        lengths = (sum(segment.length for segment in part) for part in self.parts)
        return tuple(begin + end for end in accumulate(lengths))


@dataclass(frozen=True)
class Spoken:
    """A message made ready for its zones.

    Zones differ in the names spoken, never in lengths: cycle k of one zone is as long as that of
    every other, part by part. Several cycles play in turn (languages by rotation); then the first
    comes again.

    Raises:
        ValueError: no zone, no cycle, or zones whose cycles differ in shape.
    """

    message: MessageId
    cycles: Mapping[ZoneId, tuple[Cycle, ...]]

    def __post_init__(self) -> None:
        """Refuse what would let zones drift apart."""
        shapes = {
            tuple((cycle.length, cycle.part_ends) for cycle in cycles)
            for cycles in self.cycles.values()
        }
        if len(shapes) != 1 or () in shapes:
            raise ValueError(f"message {self.message}: its zones are not of one length")
