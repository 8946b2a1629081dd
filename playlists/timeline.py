"""Expansion: recordings become a timeline, from one sample to another, always the same way.

What a timeline holds is never moved and never changed: what is on the wire was promised. A longer
timeline is the shorter one with more at its end, and without what is long past.
"""

from __future__ import annotations

from collections.abc import Iterable

from playlists.recording import Recording
from playlists.rotation import Rotation
from zones.media_time import RATE, Sample, samples
from zones.sound import PcmId, Segment, Sequence, Timeline

CROSSFADE: Sample = samples(3.0)
"""How long neighbours overlap; a quarter of the shorter one if that is less."""
SHORTEST: Sample = RATE
"""Recordings shorter than this are no programme: an hour of them would be a plan too long."""
MOST_LISTED = 200
"""Recordings in an endless list, some ten hours: a plan need not hold a whole collection."""
_GAINS_DB = (-120.0, 40.0)


def playable(recordings: Iterable[Recording]) -> tuple[Recording, ...]:
    """The recordings long enough to be programme."""
    return tuple(one for one in recordings if one.playing_length >= SHORTEST)


def extended(
    timeline: Timeline,
    rotation: Rotation,
    until: Sample,
    *,
    start: Sample,
    keep_from: Sample,
    crossfade: Sample = CROSSFADE,
) -> Timeline:
    """The timeline with enough of `rotation` at its end to reach `until`.

    Nothing begins before `start`. Items that ended before `keep_from` are dropped, all others stay
    as they are. What follows the last item depends on that item and the rotation alone, so
    extending in one step or in many gives the same. The rotation must hold playable recordings; an
    empty one adds nothing.
    """
    items = [item for item in timeline.items if item[0] + item[1].length > keep_from]
    last = timeline.items[-1] if timeline.items else None
    while len(rotation) and (last is None or last[0] + last[1].length < until):
        last = _follower(last, rotation, start, crossfade)
        items.append(last)
    return Timeline(tuple(items))


def endless(rotation: Rotation) -> Sequence | None:
    """The recordings one after the other, over and over, whole; None if there are none.

    Of a large collection only the first `MOST_LISTED` of the round.
    """
    if not len(rotation):
        return None
    return Sequence(loop=tuple(_segment(one, 0, 0) for one in rotation.order[:MOST_LISTED]))


def _follower(
    last: tuple[Sample, Segment] | None, rotation: Rotation, start: Sample, crossfade: Sample
) -> tuple[Sample, Segment]:
    """The item after `last`: it overlaps with it, or begins at `start` if `last` ended before."""
    previous: PcmId | None = None
    earliest, overlap = start, 0
    if last is not None:
        began, segment = last
        previous = segment.pcm
        end = began + segment.length
        overlap = segment.fade_out if end > start else 0
        earliest = max(start, began) if end > start else start
    recording = rotation.after(previous)
    fade_in = min(overlap, _longest_fade(recording, crossfade))
    following = rotation.after(recording.pcm)
    fade_out = min(_longest_fade(recording, crossfade), _longest_fade(following, crossfade))
    at = earliest
    if last is not None:
        at = max(earliest, last[0] + last[1].length - fade_in)
    return at, _segment(recording, fade_in, fade_out)


def _longest_fade(recording: Recording, crossfade: Sample) -> Sample:
    return min(crossfade, recording.playing_length // 4)


def _segment(recording: Recording, fade_in: Sample, fade_out: Sample) -> Segment:
    lowest, highest = _GAINS_DB
    gain_db = min(max(recording.gain_db, lowest), highest)
    length = recording.playing_length
    return Segment(recording.pcm, recording.cue_in, length, gain_db, fade_in, fade_out)
