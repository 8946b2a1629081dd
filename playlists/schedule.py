"""The schedule: what shall play where and when, as rules; and when these rules fire.

Everything here is wall time of the site until it fires; an occurrence is UTC, half-open.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NewType, Protocol, TypeVar

from playlists.news import NewsItem
from playlists.playlist import Playlist
from playlists.recurrence import Recurrence
from playlists.wall_time import utc_at, wall_at

EntryId = NewType("EntryId", str)

MOST_ENTRIES = 2_000
LONGEST = dt.timedelta(days=7)
LONGEST_PATIENCE = dt.timedelta(minutes=30)
LOWEST_RANK, USUAL_RANK, HIGHEST_RANK = 0, 50, 100
_LATEST_WALL = dt.timedelta(days=2)


class ScheduleError(ValueError):
    """An entry that cannot be kept; the text says which, why and what to do."""


class Fill(Enum):
    """What an entry fills its time with."""

    PLAYLIST = "playlist"
    LIVE = "live"
    """A studio line or a network stream."""
    SILENCE = "silence"
    """Intended: nothing plays, nobody is alarmed."""


class Start(Enum):
    """What gives way at the start of an entry."""

    HARD = "hard"
    """It begins at its time; the track before it is faded out."""
    SOFT = "soft"
    """It begins when the track before it has ended, within the entry's patience."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the schedule.

    `zones` are names of zones and groups. `plays` names the playlist or the live source; it is
    empty for silence. `length` is as the wall shows it: 22:00 and eight hours end at 06:00.
    Of entries at the same time the one of higher `rank` (0 .. 100) plays.

    Raises:
        ScheduleError: a length, a rank or a patience out of range, or nothing to play.
    """

    id: EntryId
    title: str
    zones: tuple[str, ...]
    when: Recurrence
    length: dt.timedelta
    fill: Fill = Fill.PLAYLIST
    plays: str = ""
    rank: int = USUAL_RANK
    start: Start = Start.HARD
    patience: dt.timedelta = dt.timedelta(minutes=5)
    is_enabled: bool = True

    def __post_init__(self) -> None:
        """Refuse what no time table could hold."""
        if not dt.timedelta(seconds=1) <= self.length <= LONGEST:
            raise ScheduleError(
                f'entry "{self.id}": a length of {self.length} is not 1 s .. 7 days'
            )
        if not LOWEST_RANK <= self.rank <= HIGHEST_RANK:
            raise ScheduleError(f'entry "{self.id}": rank {self.rank} is not 0 .. 100')
        if not dt.timedelta(0) <= self.patience <= LONGEST_PATIENCE:
            raise ScheduleError(
                f'entry "{self.id}": a patience of {self.patience} is not 0 .. 30 min'
            )
        if not self.zones:
            raise ScheduleError(f'entry "{self.id}": names no zone; write zones: all')
        if (self.fill is Fill.SILENCE) == bool(self.plays):
            wanted = "a name to play" if not self.plays else "nothing to play beside silence"
            raise ScheduleError(f'entry "{self.id}": needs {wanted}')


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that an entry fires: [begin, end) in UTC; `number` counts from its first time."""

    entry: Entry
    number: int
    begin: dt.datetime
    end: dt.datetime

    @property
    def name(self) -> str:
        """What this occurrence is called: the same in preview, plan and as-run log."""
        return f"{self.entry.id} {self.begin:%Y%m%dT%H%M%SZ}"


@dataclass(frozen=True, slots=True)
class LiveSource:
    """A studio line or a network stream that an entry may play.

    `address` is an http(s) or rtp URL, or `line:NAME` of a sound card's input.
    """

    id: str
    title: str
    address: str


@dataclass(frozen=True)
class Schedule:
    """All that the radio staff lay down; one value, so that a version is a copy.

    Raises:
        ScheduleError: two entries of one name, or too many.
    """

    entries: tuple[Entry, ...] = ()
    playlists: tuple[Playlist, ...] = ()
    news: tuple[NewsItem, ...] = ()
    sources: tuple[LiveSource, ...] = ()
    country: str = ""
    """Whose holidays count (ISO 3166-1), such as KR."""
    own_holidays: tuple[tuple[dt.date, str], ...] = ()
    not_holidays: frozenset[dt.date] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        """Refuse what could not be addressed."""
        for what, listed in (
            ("entry", self.entries),
            ("playlist", self.playlists),
            ("news item", self.news),
            ("source", self.sources),
        ):
            seen: set[str] = set()
            for one in listed:
                if one.id in seen:
                    raise ScheduleError(f'{what} "{one.id}" stands twice in the schedule')
                seen.add(one.id)
        if len(self.entries) > MOST_ENTRIES:
            raise ScheduleError(f"{len(self.entries)} entries; the most is {MOST_ENTRIES}")

    def entry(self, name: str) -> Entry:
        """The entry of that name; raises LookupError without one."""
        return _named(self.entries, name, "entry")

    def playlist(self, name: str) -> Playlist:
        """The playlist of that name; raises LookupError without one."""
        return _named(self.playlists, name, "playlist")


def occurrences(
    entries: Iterable[Entry],
    begin: dt.datetime,
    end: dt.datetime,
    zone: dt.tzinfo,
    holidays: Collection[dt.date] = (),
) -> tuple[Occurrence, ...]:
    """Every occurrence that touches [begin, end), in order of its begin.

    One that the clocks leave no time for (an entry of one hour within the missing one) is not
    among them.
    """
    found = [
        one
        for entry in entries
        if entry.is_enabled
        for one in _of_entry(entry, begin, end, zone, holidays)
    ]
    return tuple(sorted(found, key=lambda one: (one.begin, one.entry.id)))


def _of_entry(
    entry: Entry,
    begin: dt.datetime,
    end: dt.datetime,
    zone: dt.tzinfo,
    holidays: Collection[dt.date],
) -> Iterator[Occurrence]:
    first = wall_at(begin, zone) - entry.length - _LATEST_WALL
    last = wall_at(end, zone) + _LATEST_WALL
    for number, wall in entry.when.starts(first, last, holidays):
        starts, stops = utc_at(wall, zone), utc_at(wall + entry.length, zone)
        if starts < stops and starts < end and stops > begin:
            yield Occurrence(entry, number, starts, stops)


def lost_to_the_clocks(
    entries: Iterable[Entry],
    begin: dt.datetime,
    end: dt.datetime,
    zone: dt.tzinfo,
    holidays: Collection[dt.date] = (),
) -> tuple[tuple[Entry, dt.datetime], ...]:
    """The wall times in which an entry should play and the clocks leave it no time."""
    return tuple(
        (entry, wall)
        for entry in entries
        if entry.is_enabled
        for _, wall in entry.when.starts(wall_at(begin, zone), wall_at(end, zone), holidays)
        if utc_at(wall, zone) >= utc_at(wall + entry.length, zone)
    )


def holidays_within(schedule: Schedule, known: Mapping[dt.date, str]) -> Mapping[dt.date, str]:
    """The holidays that count: those known of the country, and the station's own changes."""
    kept = {day: name for day, name in known.items() if day not in schedule.not_holidays}
    return kept | dict(schedule.own_holidays)


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


_Item = TypeVar("_Item", bound=_HasId)


def _named(listed: tuple[_Item, ...], name: str, what: str) -> _Item:
    for one in listed:
        if one.id == name:
            return one
    known = ", ".join(one.id for one in listed) or "none"
    raise LookupError(f'there is no {what} "{name}"; there are: {known}')
