"""What a site and its schedule together are: the premises of every expansion."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from playlists.deal import Dealer
from playlists.holiday import HolidayError, holidays_of
from playlists.levels import daypart_at
from playlists.outline import Premises
from playlists.playlist import Pool
from playlists.schedule import Schedule, holidays_within
from playlists.wall_time import wall_at
from zones.bus import ZoneId
from zones.site import Site


def site_premises(
    site: Site,
    zone: dt.tzinfo,
    schedule: Schedule | None = None,
    pool: Pool | None = None,
    *,
    seed: int = 0,
    year: int | None = None,
) -> Premises:
    """The premises that a site gives, with a schedule or without.

    `zone` is the site's wall time, `pool` the recordings at hand; holidays are those of `year`,
    the one before it and the two after it.
    """
    schedule = schedule or Schedule()

    def daypart(at: dt.datetime) -> str:
        return str(daypart_at(site.dayparts, wall_at(at, zone)) or "")

    members = {str(group.id): group.zones for group in site.groups}
    members |= {str(one.id): (one.id,) for one in site.zones}
    members.setdefault("all", tuple(one.id for one in site.zones))
    base: dict[ZoneId, str] = {}
    for entry in site.programme:
        for one in entry.zones:
            base.setdefault(one, entry.recordings)
    lists = {playlist.id: playlist for playlist in schedule.playlists}
    return Premises(
        *(site.zones, members, site.dayparts, base, zone, schedule),
        holidays=_holidays(schedule, () if year is None else range(year - 1, year + 3)),
        dealer=Dealer(pool or Pool(), seed, lists, daypart),
    )


def _holidays(schedule: Schedule, years: Iterable[int]) -> frozenset[dt.date]:
    try:
        known = holidays_of(schedule.country, years)
    except HolidayError:
        known = {}  # told when the schedule is looked at; an entry is not lost over it
    return frozenset(holidays_within(schedule, known))
