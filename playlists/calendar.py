"""The schedule as a calendar (iCalendar, RFC 5545), for calendars that people already have.

What a calendar can say (when, how long, how often, but for which days) is said its way, and read
back from there; the rest travels in a property of ours, so that a round trip loses nothing.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from icalendar import Calendar, Event, vRecur

from playlists.recurrence import OnHolidays, Recurrence, RecurrenceError
from playlists.schedule import Entry, EntryId, Fill, ScheduleError, Start

_OURS = "X-SORIGIL"
_AT = "@sorigil"


class CalendarError(ValueError):
    """A calendar, or an event in it, that cannot be taken over; the text says which and why."""


def calendar_text(entries: Iterable[Entry], zone_name: str, stamp: dt.datetime) -> str:
    """The entries as a calendar in wall time of the IANA zone `zone_name`.

    `stamp` (UTC) is when it is made (RFC 5545 section 3.8.7.2).
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Sorigil//schedule//EN")
    calendar.add("version", "2.0")
    for entry in entries:
        calendar.add_component(_event(entry, zone_name, stamp))
    text: bytes = calendar.to_ical()
    return text.decode("utf-8")


def _event(entry: Entry, zone_name: str, stamp: dt.datetime) -> Event:
    event, when = Event(), entry.when
    here = {"TZID": zone_name}
    event.add("uid", f"{entry.id}{_AT}")
    event.add("dtstamp", stamp)
    event.add("summary", entry.title)
    event.add("dtstart", when.first, parameters=here)
    event.add("duration", entry.length)
    if when.rule:
        event.add("rrule", vRecur.from_ical(when.rule))
    time = when.first.time()
    for key, days in (("exdate", when.without), ("rdate", when.also)):
        for day in sorted(days):
            event.add(key, dt.datetime.combine(day, time), parameters=here)
    event.add(
        _OURS,
        json.dumps(
            {
                "zones": entry.zones,
                "fill": entry.fill.value,
                "plays": entry.plays,
                "rank": entry.rank,
                "start": entry.start.value,
                "patience": entry.patience.total_seconds(),
                "holidays": when.holidays.value,
                "enabled": entry.is_enabled,
                "rule": when.rule,
            },
            ensure_ascii=False,
        ),
    )
    return event


def calendar_entries(text: str, zone: dt.tzinfo, usual: Entry | None = None) -> tuple[Entry, ...]:
    """The entries that a calendar's events are.

    `zone` is the site's; an event in another zone is moved to the site's wall as it first fires.
    Events that are not ours take zones and what they play from the entry `usual`.

    Raises:
        CalendarError: it is no calendar, or an event cannot be an entry; the first such is named.
    """
    try:
        calendar = Calendar.from_ical(text)
    except (ValueError, IndexError, KeyError) as error:
        raise CalendarError(f"this is no calendar: {error}") from None
    return tuple(_entry(event, zone, usual) for event in calendar.walk("VEVENT"))


def _entry(event: Any, zone: dt.tzinfo, usual: Entry | None) -> Entry:  # noqa: ANN401 - untyped
    name = str(event.get("uid", "")).removesuffix(_AT)
    title = str(event.get("summary", "")) or name
    try:
        ours = json.loads(str(event[_OURS])) if _OURS in event else None
        when = _when(event, zone, ours)
        length = _length(event)
        if ours is not None:
            return Entry(
                *(EntryId(name), title, tuple(ours["zones"]), when, length),
                *(Fill(ours["fill"]), ours["plays"], ours["rank"], Start(ours["start"])),
                dt.timedelta(seconds=ours["patience"]),
                is_enabled=ours["enabled"],
            )
        if usual is None:
            raise CalendarError("say what it plays and where: --zones and --playlist")
        return replace(usual, id=EntryId(_plain(name)), title=title, when=when, length=length)
    except (RecurrenceError, ScheduleError, KeyError, TypeError, ValueError) as error:
        raise CalendarError(f'event "{title}": {error}') from None


def _when(
    event: Any,  # noqa: ANN401 - icalendar gives what it finds
    zone: dt.tzinfo,
    ours: Mapping[str, Any] | None,
) -> Recurrence:
    first = _wall(event["dtstart"].dt, zone)
    rule = event["rrule"].to_ical().decode() if "rrule" in event else ""
    if ours is not None and _same_rule(rule, ours.get("rule", "")):
        rule = ours["rule"]  # as it was written; a calendar orders the parts its own way
    return Recurrence(
        first,
        rule,
        frozenset(_days(event, "exdate", zone)),
        frozenset(_days(event, "rdate", zone)),
        OnHolidays(ours["holidays"]) if ours is not None else OnHolidays.ALSO,
    )


def _same_rule(one: str, other: str) -> bool:
    return sorted(one.upper().split(";")) == sorted(other.upper().split(";"))


def _days(event: Any, key: str, zone: dt.tzinfo) -> Iterator[dt.date]:  # noqa: ANN401
    found = event.get(key, ())
    for listed in found if isinstance(found, list) else [found] if found else []:
        for one in listed.dts:
            yield _wall(one.dt, zone).date()


def _length(event: Any) -> dt.timedelta:  # noqa: ANN401
    begin = event["dtstart"].dt
    # RFC 5545 section 3.6.1: a day without a time lasts that day.
    length = dt.timedelta(hours=1) if isinstance(begin, dt.datetime) else dt.timedelta(days=1)
    if "duration" in event:
        length = event["duration"].dt
    elif "dtend" in event:
        length = event["dtend"].dt - begin
    return length


def _wall(at: dt.date | dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    if not isinstance(at, dt.datetime):
        return dt.datetime.combine(at, dt.time(0))
    return at if at.tzinfo is None else at.astimezone(zone).replace(tzinfo=None)


def _plain(name: str) -> str:
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower()).strip("-")
    return kept[:40].strip("-") or "event"
