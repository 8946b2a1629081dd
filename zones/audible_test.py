"""When the monthly audible test plays: a weekday of the month, as people remember it. Pure."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import Final

from zones.bus import ZoneId

WEEKDAYS: Final = tuple(name.lower() for name in calendar.day_name)
ORDINALS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
DAYS: Final = {
    f"{ordinal} {weekday}": (number, place)
    for ordinal, number in ORDINALS.items()
    for place, weekday in enumerate(WEEKDAYS)
}
"""Such as `first wednesday`: which one of the month (-1 the last), and the weekday (0 Monday)."""


@dataclass(frozen=True, slots=True)
class AudibleTest:
    """The test in these zones: on the `which`-th `weekday` of a month, at a time of the site."""

    which: int
    weekday: int
    at: dt.time
    zones: tuple[ZoneId, ...]

    def falls_on(self, day: dt.date) -> bool:
        """Whether a day is that of the test."""
        if day.weekday() != self.weekday:
            return False
        if self.which < 0:
            return (day + dt.timedelta(days=7)).month != day.month
        return (day.day - 1) // 7 == self.which - 1
