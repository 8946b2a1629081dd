"""The lane: what follows what on zones that hear the same, laid out in media time.

The one expansion: preview and plan are both made here. What a lane holds is never moved and never
changed, except that a track may be cut where a later decision wants its time; what is on the wire
was promised. A longer lane is the shorter one with more at its end.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from playlists.deal import CROSSFADE, Deal, overlap_of
from playlists.recording import Recording
from playlists.rotation import Rotation
from zones.media_time import RATE, Sample
from zones.sound import PcmId, Segment

Item = tuple[Sample, Segment]

CUT_FADE: Sample = 2 * RATE
"""How a track is faded out that gives way to a hard start."""
SHORTEST_PART: Sample = RATE // 2
"""Less than this of a track is not begun."""
_HOLE: Sample = 3600 * RATE
"""After a longer hole nothing that was due in it is made up for."""
HEADROOM_DBTP = -3.02
"""True peak of an item with its gain: two of them in a crossfade then never exceed full scale."""
_GAINS_DB = (-120.0, 40.0)


class Supply(Protocol):
    """Where a stretch takes its tracks from."""

    def place_after(self, pcm: PcmId | None, at: Sample) -> int:
        """The place of what follows `pcm`, which began `at` samples after the stretch's zero."""

    def track(self, place: int) -> Recording | None:
        """The track at a place; None when there is none any more."""


@dataclass(frozen=True)
class Dealt:
    """The tracks of an occurrence; `skipped` is the playing time of its earlier blocks."""

    deal: Deal
    skipped: Sample = 0

    def place_after(self, pcm: PcmId | None, at: Sample) -> int:
        """See `Supply`."""
        return self.deal.index_after(pcm, at + self.skipped)

    def track(self, place: int) -> Recording | None:
        """See `Supply`."""
        return self.deal.track(place)


@dataclass(frozen=True)
class Circle:
    """A rotation that goes round without an end; where it begins depends on `name`."""

    rotation: Rotation
    name: str = ""

    def place_after(self, pcm: PcmId | None, at: Sample) -> int:
        """See `Supply`."""
        first = PcmId(self.name) if self.name else None
        return self.rotation.place_after(first if pcm is None else pcm)

    def track(self, place: int) -> Recording | None:
        """See `Supply`."""
        order = self.rotation.order
        return order[place % len(order)] if order else None


@dataclass(frozen=True)
class Stretch:
    """[start, until) of a lane and where its tracks come from.

    With a `patience` it waits so long for the track before it to end. `filler` plays when
    `supply` has nothing more. `zero` is where the supply's own time begins.
    """

    start: Sample
    until: Sample
    supply: Supply
    name: str = ""
    patience: Sample = 0
    filler: Supply | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A recording to be put between two tracks, as soon as one ends after `at`."""

    at: Sample
    recording: Recording


def laid_out(
    items: Iterable[Item],
    stretches: Sequence[Stretch],
    until: Sample,
    *,
    start: Sample,
    keep_from: Sample,
    crossfade: Sample = CROSSFADE,
    due: Sequence[Due] = (),
) -> tuple[Item, ...]:
    """The items with enough at their end to reach `until`, as the stretches say.

    Nothing new begins before `start`. Items that ended before `keep_from` are dropped. What
    follows depends on the last items, the stretches and what is due alone, so laying out in one
    step or in many gives the same.
    """
    work = _Work(list(items), crossfade, sorted(due, key=lambda one: one.at))
    for number, stretch in enumerate(stretches):
        if stretch.start >= until:
            break
        following = stretches[number + 1] if number + 1 < len(stretches) else None
        work.fill(stretch, following, until, start)
    return tuple(item for item in work.items if item[0] + item[1].length > keep_from)


def cut_off(items: Iterable[Item], at: Sample, fade: Sample) -> tuple[Item, ...]:
    """The items with whatever sounds at `at` faded out from there; nothing follows it.

    Of two that cross, the first goes on fading as it did, and the second not before it.
    """
    begun = [item for item in items if item[0] < at]
    end = max([at + fade, *(start + segment.length for start, segment in begun[:-1])])
    if begun and begun[-1][0] + begun[-1][1].length > end:
        work = _Work(begun, CROSSFADE, [])
        work.cut(end, end - at)
    return tuple(begun)


def followed_by(items: Iterable[Item], recording: Recording, now: Sample) -> tuple[Item, ...]:
    """The items up to the one that sounds at `now`, and after it the recording, whole."""
    begun = [item for item in items if item[0] <= now]
    work = _Work(begun, CROSSFADE, [])
    at = work.boundary(now) if begun else now
    fade_in = 0
    if begun and not recording.is_spoken:
        began, last = begun[-1]
        fade_in = min(began + last.length - at, recording.playing_length // 4)
    elif begun:
        at = max(now, begun[-1][0] + begun[-1][1].length)
    return (*begun, (at, _segment(recording, recording.playing_length, max(0, fade_in), 0)))


class _Work:
    """A lane being laid out."""

    def __init__(self, items: list[Item], crossfade: Sample, due: list[Due]) -> None:
        self.items = items
        self._crossfade = crossfade
        self._due = due
        self._due_at = [one.at for one in due]
        self._inserted = {one.recording.pcm for one in due}

    def fill(
        self, stretch: Stretch, following: Stretch | None, until: Sample, start: Sample
    ) -> None:
        """Lay out one stretch as far as `until`."""
        begin = self._beginning(stretch, start)
        limit = stretch.until
        if following is not None and following.start == stretch.until:
            limit += following.patience
        source = stretch.supply
        while begin is not None and begin < min(stretch.until, until):
            recording = self._next(stretch, source, begin)
            if recording is None:
                if source is stretch.filler or stretch.filler is None:
                    return
                source = stretch.filler
                continue
            self._place(stretch, source, recording, begin, limit)
            begin = self._beginning(stretch, start)

    def _beginning(self, stretch: Stretch, start: Sample) -> Sample | None:
        """Where the next item of a stretch begins; None when it is laid out to its end."""
        at = max(stretch.start, start)
        if not self.items:
            return at
        began, last = self.items[-1]
        end = began + last.length
        if began >= stretch.start and end >= stretch.until:
            return None
        if began >= stretch.start:
            return max(at, self.boundary(start))
        if end <= at:
            return at
        if end <= stretch.start + stretch.patience:
            return self.boundary(start)
        if at == stretch.start:
            self.cut(at)
            return at
        return self.boundary(start)

    def cut(self, at: Sample, fade: Sample = CUT_FADE) -> None:
        """End the last item at `at`, faded."""
        began, last = self.items[-1]
        length = at - began
        if length < SHORTEST_PART:
            self.items.pop()
            return
        fade_in = min(last.fade_in, length // 2)
        fade_out = min(fade, length - fade_in)
        self.items[-1] = (began, replace(last, length=length, fade_in=fade_in, fade_out=fade_out))

    def boundary(self, start: Sample) -> Sample:
        """Where the item after the last one begins: under its fade, but not before it or now."""
        began, last = self.items[-1]
        end = began + last.length
        return max(start, began, end - last.fade_out) if end > start else start

    def _next(self, stretch: Stretch, supply: Supply, boundary: Sample) -> Recording | None:
        """What begins at `boundary`: what is due, else the next track."""
        since, waiting = self._waiting(boundary)
        pending = self._due[
            bisect_right(self._due_at, since) : bisect_right(self._due_at, boundary)
        ]
        if len(pending) > waiting:
            return pending[waiting].recording
        return supply.track(self._place_after_last(stretch, supply, boundary))

    def _place_after_last(self, stretch: Stretch, supply: Supply, boundary: Sample) -> int:
        """Where the supply goes on: after the last track that the stretch holds."""
        for began, segment in reversed(self.items):
            if began < stretch.start:
                break
            if segment.pcm not in self._inserted:
                return supply.place_after(segment.pcm, began - stretch.start)
        late = boundary - stretch.start
        return supply.place_after(None, 0 if late <= stretch.patience else late)

    def _waiting(self, boundary: Sample) -> tuple[Sample, int]:
        """Since when what is due waits, and how much of that has been put in already.

        It waits since the last track began, if no long hole is between.
        """
        since, count = boundary - 1, 0
        for began, segment in reversed(self.items):
            if began + segment.length < since - _HOLE:
                break
            since = began
            if segment.pcm not in self._inserted:
                break
            count += 1
        return since, count

    def _place(
        self,
        stretch: Stretch,
        supply: Supply,
        recording: Recording,
        boundary: Sample,
        limit: Sample,
    ) -> None:
        """Put a track at `boundary`, laid over the end of the last one if both can bear it."""
        at, overlap = boundary, 0
        if self.items:
            began, last = self.items[-1]
            overlap = max(0, min(began + last.length - boundary, last.fade_out))
        fade_in = min(overlap, _longest_entry(recording))
        if self.items and fade_in < overlap:
            at = boundary + overlap - fade_in
        length = recording.playing_length
        if at + length > limit:
            length = stretch.until - at
        if length < SHORTEST_PART:
            self.items.append((at, Segment(None, 0, max(1, stretch.until - at))))
            return
        if length < recording.playing_length:
            fade_in = min(fade_in, length // 2)
        self.items.append((at, _segment(recording, length, fade_in, 0)))
        self._fade_out(stretch, supply, recording, limit)

    def _fade_out(
        self, stretch: Stretch, supply: Supply, recording: Recording, limit: Sample
    ) -> None:
        """Give the last item the fade under which its successor will begin."""
        at, segment = self.items[-1]
        end = at + segment.length
        if segment.length < recording.playing_length:
            fade = min(CUT_FADE, segment.length - segment.fade_in)
        else:
            follower = self._next(stretch, supply, end)
            if follower is None and stretch.filler is not None:
                follower = self._next(stretch, stretch.filler, end)
            ends_here = follower is None or end >= stretch.until
            fade = 0 if ends_here or follower is None else self._overlap(recording, follower)
        fade = max(0, min(fade, segment.length - segment.fade_in))
        self.items[-1] = (at, replace(segment, fade_out=fade))

    def _overlap(self, before: Recording, after: Recording) -> Sample:
        return overlap_of(before, after, self._crossfade)


def _longest_entry(recording: Recording) -> Sample:
    return 0 if recording.is_spoken else recording.playing_length // 4


def _segment(recording: Recording, length: Sample, fade_in: Sample, fade_out: Sample) -> Segment:
    return Segment(
        *(recording.pcm, recording.cue_in, length, gain_of(recording)), fade_in, fade_out
    )


def gain_of(recording: Recording) -> float:
    """The gain that brings a recording to the station's loudness and leaves room to crossfade."""
    lowest, highest = _GAINS_DB
    gain_db = recording.gain_db
    if recording.true_peak_dbtp is not None:
        room = math.floor((HEADROOM_DBTP - recording.true_peak_dbtp) * 100) / 100
        gain_db = min(gain_db, room)
    return min(max(gain_db, lowest), highest)
