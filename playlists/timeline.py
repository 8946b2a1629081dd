"""What may be programme at all, and the endless list that plays when nothing else does."""

from __future__ import annotations

from collections.abc import Iterable

from playlists.deal import SHORTEST
from playlists.lane import gain_of
from playlists.recording import Recording
from playlists.rotation import Rotation
from zones.sound import Segment, Sequence

MOST_LISTED = 200
"""Recordings in an endless list, some ten hours: a plan need not hold a whole collection."""


def playable(recordings: Iterable[Recording]) -> tuple[Recording, ...]:
    """The recordings long enough to be programme."""
    return tuple(one for one in recordings if one.playing_length >= SHORTEST)


def endless(rotation: Rotation) -> Sequence | None:
    """The recordings one after the other, over and over, whole; None if there are none.

    Of a large collection only the first `MOST_LISTED` of the round.
    """
    if not len(rotation):
        return None
    return Sequence(
        loop=tuple(
            Segment(one.pcm, one.cue_in, one.playing_length, gain_of(one))
            for one in rotation.order[:MOST_LISTED]
        )
    )
