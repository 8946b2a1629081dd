"""Dealing: which tracks an occurrence of an entry plays, in order, worked out from itself alone.

A deal depends on the playlist, the recordings at hand, the seed and the occurrence, and on nothing
that was played before. So today's preview of next week is what next week plays, a restart changes
nothing, and an edit of Thursday leaves Friday as it is.

That a track comes again only after the others is kept without memory, too: a rotating list is a
circle, divided into the portions of as many occurrences as fit into it, and the occurrences of an
entry play one portion after the other. What a portion has left over comes first a round later.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, islice

from playlists.playlist import FixedList, Playlist, Pool, RotatingList
from playlists.recording import Recording
from zones.media_time import RATE, Sample

CROSSFADE: Sample = 3 * RATE
"""How long neighbours overlap; a quarter of the shorter one if that is less."""
SHORTEST: Sample = RATE
"""Recordings shorter than this are no programme: an hour of them would be a plan too long."""
DAYPART_TAG = "daypart:"
"""A recording with the tag `daypart:evening` plays in that daypart only."""
MOST_TRACKS = 4_000
_AHEAD = 60
"""Tracks of a round that are looked at for one place."""
_MOST_STEPS = 8
"""Rounds after which a portion of a rotation begins where the next one did."""
_FITS: Sample = 15 * RATE
"""A last track may run so much beyond the end, where it is faded out."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A recording that a list names and that cannot be played, with the reason in words."""

    playlist: str
    recording: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class Deal:
    """Tracks in order; `starts` are their nominal beginnings, in samples since the first.

    `is_endless` tells that it goes on from the beginning.
    """

    tracks: tuple[Recording, ...] = ()
    starts: tuple[Sample, ...] = ()
    is_endless: bool = False
    missing: tuple[Missing, ...] = ()

    @property
    def length(self) -> Sample:
        """Samples until the last track has ended."""
        return self.starts[-1] + self.tracks[-1].playing_length if self.tracks else 0

    def index_after(self, pcm: str | None, at: Sample) -> int:
        """The place of what follows the track `pcm` that began at about `at` since the start.

        With None, or a track that is not of this deal, the first one due at `at` or later.
        """
        places = self._places.get(pcm, ()) if pcm is not None else ()
        if places:
            return 1 + min(places, key=lambda place: abs(self.starts[place] - at))
        return bisect_left(self.starts, at)

    @cached_property
    def _places(self) -> dict[str | None, list[int]]:
        found: dict[str | None, list[int]] = {}
        for place, track in enumerate(self.tracks):
            found.setdefault(track.pcm, []).append(place)
        return found

    def track(self, place: int) -> Recording | None:
        """The track at a place; None when it is over."""
        if not self.tracks or (place >= len(self.tracks) and not self.is_endless):
            return None
        return self.tracks[place % len(self.tracks)]


def fade_of(recording: Recording, crossfade: Sample = CROSSFADE) -> Sample:
    """How long its end may lie under what follows: to its segue point, else a crossfade."""
    if recording.segue is not None:
        return recording.cue_out - recording.segue
    return entry_of(recording, crossfade)


def entry_of(recording: Recording, crossfade: Sample = CROSSFADE) -> Sample:
    """How much of its beginning may lie over what went before; nothing of what is spoken."""
    return 0 if recording.is_spoken else min(crossfade, recording.playing_length // 4)


def overlap_of(before: Recording, after: Recording, crossfade: Sample = CROSSFADE) -> Sample:
    """How long two neighbours sound together, in samples."""
    if before.segue is not None and not after.is_spoken:
        return min(fade_of(before), after.playing_length // 4, before.playing_length // 4)
    return min(fade_of(before, crossfade), entry_of(after, crossfade))


@dataclass
class Dealer:
    """Deals for one library and one seed; what it worked out once it keeps.

    `daypart_at` names the daypart at a moment (UTC), for recordings that are bound to one.
    """

    pool: Pool
    seed: int = 0
    lists: dict[str, Playlist] = field(default_factory=dict)
    daypart_at: Callable[[dt.datetime], str] | None = None
    _circles: dict[object, tuple[Recording, ...]] = field(default_factory=dict)
    _deals: dict[object, Deal] = field(default_factory=dict)

    def deal(
        self,
        name: str,
        occurrence: str,
        number: int,
        begin: dt.datetime,
        length: Sample,
        days: tuple[dt.date, dt.date],
    ) -> Deal:
        """What the playlist `name` plays in an occurrence.

        Args:
            name: the playlist's; an unknown one plays nothing.
            occurrence: its name, for chance.
            number: its number since the entry's first time.
            begin: when it begins, in UTC.
            length: in samples.
            days: its first and last day on the wall, for rights.
        """
        key = (name, occurrence, length)
        if key not in self._deals:
            playlist = self.lists.get(name)
            self._deals[key] = (
                Deal()
                if playlist is None
                else self._fixed(playlist, days)
                if isinstance(playlist, FixedList)
                else self._rotating(playlist, number, begin, length, days)
            )
        return self._deals[key]

    # --- fixed lists ---

    def _fixed(self, playlist: FixedList, days: tuple[dt.date, dt.date]) -> Deal:
        tracks: list[Recording] = []
        missing: list[Missing] = []
        for name in playlist.items:
            recording = self.pool.by_id.get(name)
            said = _unplayable(name, recording, days)
            if said is None and recording is not None:
                tracks.append(recording)
            elif said is not None:
                missing.append(Missing(playlist.id, name, *said))
        return Deal(tuple(tracks), _starts(tracks), playlist.repeats, tuple(missing))

    # --- rotating lists ---

    def _rotating(
        self,
        playlist: RotatingList,
        number: int,
        begin: dt.datetime,
        length: Sample,
        days: tuple[dt.date, dt.date],
    ) -> Deal:
        circle = [
            one
            for one in self._circle(playlist)
            if one.is_valid_on(days[0]) and one.is_valid_on(days[1])
        ]
        if not circle:
            return Deal()
        order = deque(_turned(circle, number, length))
        marks = self._marks(playlist, days)
        tracks: list[Recording] = []
        starts: list[Sample] = []
        spread = _Spread(playlist)
        at: Sample = 0
        while at < length and len(tracks) < MOST_TRACKS:
            chosen = self._next(order, spread, at, length - at, begin)
            order.append(chosen)
            for track in (chosen, *_due_mark(marks, playlist, len(tracks))):
                if tracks:
                    at -= min(overlap_of(tracks[-1], track), at)
                tracks.append(track)
                starts.append(at)
                at += track.playing_length
            spread.note(chosen, starts[-1])
        return Deal(tuple(tracks), tuple(starts), is_endless=True)

    def _circle(self, playlist: RotatingList) -> tuple[Recording, ...]:
        """One round, dealt by the seed; the place of a track depends on itself alone."""
        if playlist not in self._circles:
            unique = {one.pcm: one for one in self.pool.chosen(playlist.choice)}
            placed = sorted(
                (_place(self.seed, playlist.id, one.pcm, copy), one.pcm)
                for one in unique.values()
                if one.playing_length >= SHORTEST
                for copy in range(playlist.copies(one))
            )
            self._circles[playlist] = tuple(unique[pcm] for _, pcm in placed)
        return self._circles[playlist]

    def _marks(
        self, playlist: RotatingList, days: tuple[dt.date, dt.date]
    ) -> tuple[Recording, ...]:
        listed = self.lists.get(playlist.marks)
        return self._fixed(listed, days).tracks if isinstance(listed, FixedList) else ()

    def _next(
        self,
        order: deque[Recording],
        spread: _Spread,
        at: Sample,
        left: Sample,
        begin: dt.datetime,
    ) -> Recording:
        """Take the next track off the round: one that keeps its distance, and fits the end."""
        listed = list(islice(order, _AHEAD))
        daypart = self._daypart(listed, begin, at)
        free = [one for one in listed if _suits(one, daypart)] or listed
        good = [one for one in free if spread.allows(one, at - CROSSFADE)]
        good = good or [one for one in free if one.pcm != spread.last] or free
        fitting = [one for one in good if left <= one.playing_length <= left + _FITS]
        chosen = fitting[0] if fitting else good[0]
        order.remove(chosen)
        return chosen

    def _daypart(self, listed: Sequence[Recording], begin: dt.datetime, at: Sample) -> str:
        if self.daypart_at is None or not any(
            tag.startswith(DAYPART_TAG) for one in listed for tag in one.tags
        ):
            return ""
        return self.daypart_at(begin + dt.timedelta(seconds=at / RATE))


class _Spread:
    """When artist, album and title were last used in this deal."""

    def __init__(self, playlist: RotatingList) -> None:
        kept = playlist.separation
        self._limits = (kept.artist, kept.album, kept.title)
        self._used: dict[tuple[int, str], Sample] = {}
        self.last = ""

    def allows(self, recording: Recording, at: Sample) -> bool:
        return recording.pcm != self.last and all(
            at - self._used.get(key, -limit) >= limit
            for key, limit in zip(_names(recording), self._limits, strict=True)
            if key[1]
        )

    def note(self, recording: Recording, at: Sample) -> None:
        self._used.update(dict.fromkeys(_names(recording), at))
        self.last = recording.pcm


def _names(recording: Recording) -> tuple[tuple[int, str], tuple[int, str], tuple[int, str]]:
    artist = recording.artist.casefold()
    album = f"{artist} {recording.album.casefold()}" if recording.album else ""
    return (0, artist), (1, album), (2, recording.title.casefold())


def _suits(recording: Recording, daypart: str) -> bool:
    bound = [tag for tag in recording.tags if tag.startswith(DAYPART_TAG)]
    return not bound or f"{DAYPART_TAG}{daypart}" in bound


def _turned(circle: Sequence[Recording], number: int, length: Sample) -> Iterator[Recording]:
    """The circle as an occurrence plays it: its own portion first, what is farthest from it next.

    A round has as many portions as whole occurrences fit into it. What is left at their ends comes
    first a round later: each round begins a part of a portion further on. Where an occurrence
    begins is a share of the circle, so that a few recordings more or less hardly move it.
    """
    ends = list(accumulate(one.playing_length for one in circle))
    taken = length + CROSSFADE * length * len(circle) // max(1, ends[-1])
    portions = max(1, ends[-1] // max(1, taken))
    left = ends[-1] // portions - taken
    steps = min(_MOST_STEPS, max(1, ends[-1] // portions // left)) if left > 0 else _MOST_STEPS
    share = number % portions * steps + number // portions

    def place(at: int) -> int:
        return bisect_left(ends, at % (portions * steps) * ends[-1] // (portions * steps) + 1)

    first, count = place(share), len(circle)
    own = (place(share + steps) - first) % count or count
    turned = (*circle[first:], *circle[:first])
    middle = own + (count - own) // 2
    return iter((*turned[:own], *turned[middle:], *turned[own:middle]))


def _due_mark(
    marks: Sequence[Recording], playlist: RotatingList, placed: int
) -> Iterator[Recording]:
    """The mark that follows the track now being placed, if one is due."""
    if marks:
        rounds, rest = divmod(placed, playlist.marks_every + 1)
        if rest == playlist.marks_every - 1:
            yield marks[rounds % len(marks)]


def _starts(tracks: Iterable[Recording]) -> tuple[Sample, ...]:
    starts: list[Sample] = []
    at: Sample = 0
    before: Recording | None = None
    for track in tracks:
        if before is not None:
            at -= overlap_of(before, track)
        starts.append(at)
        at += track.playing_length
        before = track
    return tuple(starts)


def _unplayable(
    name: str, recording: Recording | None, days: tuple[dt.date, dt.date]
) -> tuple[str, str] | None:
    if recording is None:
        return f"recording {name} is not at hand", "import its file again, or take it off the list"
    if recording.playing_length < SHORTEST:
        return f'"{recording.title}" is shorter than a second', "take it off the list"
    for day in days:
        if not recording.is_valid_on(day):
            return (
                f'"{recording.title}" may not be played on {day}',
                "renew its rights, or take it off the list",
            )
    return None


def _place(seed: int, playlist: str, pcm: str, copy: int) -> bytes:
    return hashlib.blake2b(f"{seed}|{playlist}|{pcm}|{copy}".encode(), digest_size=16).digest()
