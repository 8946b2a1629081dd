"""Quiet hours and the level of the hour: what the wall clock does to every zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from playlists.wall_time import utc_at, wall_at
from zones.bus import ZoneId
from zones.site import Daypart, DaypartId, Zone

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LevelStep:
    """From `at` on (UTC) a zone's programme is played with `gain_db`."""

    zone: ZoneId
    at: dt.datetime
    gain_db: float


def daypart_at(dayparts: Iterable[Daypart], wall: dt.datetime) -> DaypartId | None:
    """The daypart that a wall time lies in; of two that hold it the first one listed."""
    return next((part.id for part in dayparts if part.holds(wall.time())), None)


def level_steps(
    zones: Iterable[Zone],
    dayparts: tuple[Daypart, ...],
    begin: dt.datetime,
    end: dt.datetime,
    zone: dt.tzinfo,
) -> tuple[LevelStep, ...]:
    """The level of each zone at `begin`, and every change of it before `end`, in order."""
    moments = [begin, *_day_edges({p.start for p in dayparts}, begin, end, zone)]
    parts = [(at, daypart_at(dayparts, wall_at(at, zone))) for at in moments]
    steps: list[LevelStep] = []
    for one in zones:
        levels = dict(one.levels_db)
        last: float | None = None
        for at, part in parts:
            level = levels.get(part, 0.0) if part is not None else 0.0
            if level != last:
                steps.append(LevelStep(one.id, at, level))
                last = level
    return tuple(sorted(steps, key=lambda step: step.at))


def quiet_spans(
    hours: tuple[dt.time, dt.time] | None,
    begin: dt.datetime,
    end: dt.datetime,
    zone: dt.tzinfo,
) -> tuple[tuple[dt.datetime, dt.datetime], ...]:
    """The quiet times, in UTC, that touch [begin, end), whole. Equal hours mean the whole day."""
    if hours is None:
        return ()
    found: list[tuple[dt.datetime, dt.datetime]] = []
    day = wall_at(begin, zone).date() - _DAY
    last = wall_at(end, zone).date() + _DAY
    while day <= last:
        until = day if hours[0] < hours[1] else day + _DAY
        span = (
            utc_at(dt.datetime.combine(day, hours[0]), zone),
            utc_at(dt.datetime.combine(until, hours[1]), zone),
        )
        if span[0] < end and span[1] > begin and span[0] < span[1]:
            found.append(span)
        day += _DAY
    return tuple(found)


def is_quiet(hours: tuple[dt.time, dt.time] | None, at: dt.datetime, zone: dt.tzinfo) -> bool:
    """Whether `at` (UTC) lies in the quiet hours."""
    return any(a <= at < b for a, b in quiet_spans(hours, at, at + dt.timedelta(seconds=1), zone))


def without_spans(
    begin: dt.datetime,
    end: dt.datetime,
    spans: Iterable[tuple[dt.datetime, dt.datetime]],
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """What of [begin, end) lies outside the spans, in order."""
    at = begin
    for a, b in sorted(spans):
        if a >= end:
            break
        if a > at:
            yield at, a
        at = max(at, b)
    if at < end:
        yield at, end


def _day_edges(
    times: set[dt.time], begin: dt.datetime, end: dt.datetime, zone: dt.tzinfo
) -> list[dt.datetime]:
    """When the wall shows one of `times`, within (begin, end), in order."""
    day = wall_at(begin, zone).date() - _DAY
    last = wall_at(end, zone).date() + _DAY
    found: set[dt.datetime] = set()
    while day <= last:
        found |= {utc_at(dt.datetime.combine(day, time), zone) for time in times}
        day += _DAY
    return sorted(at for at in found if begin < at < end)
