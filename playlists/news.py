"""Cultural news: items that are spoken between tracks, some times a day, for some days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from playlists.wall_time import utc_at

MOST_TIMES = 48
_DAY = dt.timedelta(days=1)


class NewsError(ValueError):
    """An item that cannot be kept; the text says why."""


@dataclass(frozen=True, slots=True)
class NewsItem:
    """A recording that is played `times_a_day` from `first` to `last`, both included.

    Its times are spread evenly over the hours from `after` to `before`; at each of them the
    running track is played to its end first. `zones` are names of zones and groups.

    Raises:
        NewsError: a number or an order of days that makes no sense.
    """

    id: str
    recording: str
    zones: tuple[str, ...]
    first: dt.date
    last: dt.date
    times_a_day: int = 4
    after: dt.time = dt.time(9)
    before: dt.time = dt.time(18)

    def __post_init__(self) -> None:
        """Refuse what would never be heard, or always."""
        if not 1 <= self.times_a_day <= MOST_TIMES:
            raise NewsError(f'news "{self.id}": {self.times_a_day} times a day is not 1 .. 48')
        if self.last < self.first:
            raise NewsError(f'news "{self.id}": its last day {self.last} is before {self.first}')
        if self.before <= self.after:
            raise NewsError(f'news "{self.id}": its hours end before they begin')

    def walls(self, day: dt.date) -> Iterator[dt.datetime]:
        """Its times on one day, as the wall shows them."""
        if not self.first <= day <= self.last:
            return
        begin = dt.datetime.combine(day, self.after)
        hours = dt.datetime.combine(day, self.before) - begin
        for number in range(self.times_a_day):
            yield begin + hours * (2 * number + 1) / (2 * self.times_a_day)


def news_times(
    items: Iterable[NewsItem], begin: dt.datetime, end: dt.datetime, zone: dt.tzinfo
) -> tuple[tuple[dt.datetime, NewsItem], ...]:
    """When which item is due in [begin, end), in UTC, in order."""
    found = []
    for item in items:
        day = max((begin - _DAY).astimezone(zone).date(), item.first)
        last = min((end + _DAY).astimezone(zone).date(), item.last)
        while day <= last:
            dues = (utc_at(wall, zone) for wall in item.walls(day))
            found += [(due, item) for due in dues if begin <= due < end]
            day += _DAY
    return tuple(sorted(found, key=lambda one: (one[0], one[1].id)))
