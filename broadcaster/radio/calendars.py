"""The week as an iCalendar file, out and in: for commands and API alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from broadcaster.radio.station import RadioStation
from playlists.calendar import CalendarError, calendar_entries, calendar_text
from playlists.recurrence import Recurrence
from playlists.schedule import Entry, EntryId, Schedule
from playlists.schedule_edit import Edit
from playlists.schedule_file import schedule_fields


def week_text(station: RadioStation) -> tuple[str, int]:
    """The entries as an iCalendar file (RFC 5545), and how many there are."""
    entries = station.schedules.schedule().entries
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return calendar_text(entries, station.site.time_zone, now), len(entries)


def calendar_edit(
    station: RadioStation, text: str, zones: Iterable[str], plays: str | None
) -> Edit:
    """The edit that adds a calendar's events as entries; those of the same name are replaced.

    Events of other calendars play the playlist `plays` in `zones`.

    Raises:
        LookupError: it is no calendar, or an event cannot be an entry.
    """
    usual = None
    if plays is not None:
        first = Recurrence(dt.datetime.combine(dt.date(2026, 1, 1), dt.time(0)))
        usual = Entry(EntryId("x"), "", tuple(zones), first, dt.timedelta(hours=1), plays=plays)
    try:
        found = calendar_entries(text, station.zone, usual)
    except CalendarError as error:
        raise LookupError(str(error)) from None
    return Edit({"entries": schedule_fields(Schedule(entries=found)).get("entries", {})})
