"""A week at a glance: which entry, folder or silence each zone has when, without its tracks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from playlists.news import news_times
from playlists.outline import QUIET_HOURS, Premises, Span, outline
from playlists.schedule import Entry, Fill
from playlists.wall_time import utc_at
from zones.bus import ZoneId

FOLDER = "folder"
QUIET = "quiet"
NEWS = "news"


@dataclass(frozen=True, slots=True)
class WeekDay:
    """A day of the site's wall time: [begin, end) in UTC."""

    date: dt.date
    begin: dt.datetime
    end: dt.datetime
    is_holiday: bool


@dataclass(frozen=True, slots=True)
class WeekBlock:
    """[begin, end) in UTC in which `zones` have the same.

    `source` is playlist, live, silence, folder, quiet (hours) or news, which lasts as long as its
    recording and begins after the running track: its `end` is its begin. `plays` names playlist,
    live source, folder or recording. `entry` is None of folders, quiet hours and news; `name` is
    the entry's or the news item's.
    """

    begin: dt.datetime
    end: dt.datetime
    zones: tuple[ZoneId, ...]
    source: str
    plays: str = ""
    name: str = ""
    entry: Entry | None = None


def days_from(premises: Premises, first: dt.date, count: int) -> tuple[WeekDay, ...]:
    """So many days from one on; a day on which the clocks change has 23 or 25 hours."""
    midnight = dt.datetime.combine(first, dt.time())
    edges = [utc_at(midnight + dt.timedelta(days=n), premises.zone) for n in range(count + 1)]
    found = []
    for n in range(count):
        day = first + dt.timedelta(days=n)
        found.append(WeekDay(day, edges[n], edges[n + 1], day in premises.holidays))
    return tuple(found)


def week_blocks(premises: Premises, begin: dt.datetime, end: dt.datetime) -> tuple[WeekBlock, ...]:
    """Every block in [begin, end), in order; zones that have the same are in one."""
    # No track is dealt: which entry has a zone when does not depend on it.
    found = outline(replace(premises, dealer=None), begin, end)
    together: dict[WeekBlock, list[ZoneId]] = {}
    for lane in found.lanes:
        for span in lane.spans:
            if span.begin < end and span.end > begin:
                block = _of_span(span, lane.base or "", max(span.begin, begin), min(span.end, end))
                together.setdefault(block, []).extend(lane.zones)
    for at, item in news_times(premises.schedule.news, begin, end, premises.zone):
        zones = {zone: None for name in item.zones for zone in premises.members.get(name, ())}
        together[WeekBlock(at, at, (), NEWS, item.recording, item.id)] = list(zones)
    order = {one.id: place for place, one in enumerate(premises.zones)}
    listed = (
        replace(block, zones=tuple(sorted(zones, key=order.__getitem__)))
        for block, zones in together.items()
    )
    return tuple(
        sorted(listed, key=lambda one: (one.begin, *(order[zone] for zone in one.zones[:1])))
    )


def _of_span(span: Span, base: str, begin: dt.datetime, end: dt.datetime) -> WeekBlock:
    if span.occurrence is not None:
        entry = span.occurrence.entry
        return WeekBlock(begin, end, (), entry.fill.value, entry.plays, str(entry.id), entry)
    if span.fill is Fill.SILENCE:
        is_quiet = span.name.startswith(QUIET_HOURS)
        return WeekBlock(begin, end, (), QUIET if is_quiet else Fill.SILENCE.value)
    return WeekBlock(begin, end, (), FOLDER, base)
