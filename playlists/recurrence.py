"""When something comes again: a first time and a rule, both as the wall shows them.

The rule is an RRULE of RFC 5545 section 3.3.10, worked out by dateutil. Rules that could never
fire, or so often that they would be noise, are refused when they are written.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from dateutil.rrule import rrule, rrulestr

EARLIEST_YEAR = 2000
LATEST_YEAR = 2200
MOST_A_DAY = 288
"""Starts a day, one in five minutes: more is a mistake."""
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_PARTS = frozenset(
    {
        "FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH", "BYMONTHDAY",
        "BYYEARDAY", "BYWEEKNO", "BYSETPOS", "BYHOUR", "BYMINUTE",
    }
)  # fmt: skip
_CALENDAR_YEARS = 400
"""After so many years the Gregorian calendar is the same, weekdays too."""
_LAST_YEARS = 9999 - _CALENDAR_YEARS


class RecurrenceError(ValueError):
    """A rule that cannot be kept; the text says why and what to write."""


class OnHolidays(Enum):
    """What a holiday does to an entry."""

    ALSO = "also"
    NOT = "not"
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Naive wall times: `first`, then by `rule`; without one it is once only.

    `without` are days on which it does not come, `also` days on which it comes besides, at the
    time of `first`.

    Raises:
        RecurrenceError: the rule is none, never fires, or fires too often.
    """

    first: dt.datetime
    rule: str = ""
    without: frozenset[dt.date] = frozenset()
    also: frozenset[dt.date] = frozenset()
    holidays: OnHolidays = OnHolidays.ALSO

    def __post_init__(self) -> None:
        """Refuse what could not be kept."""
        if self.first.tzinfo is not None:
            raise RecurrenceError("a first time carries no zone: it is the site's wall time")
        if not EARLIEST_YEAR <= self.first.year <= LATEST_YEAR:
            raise RecurrenceError(
                f"the first time is in {self.first.year}; use {EARLIEST_YEAR} .. {LATEST_YEAR}"
            )
        if self.rule:
            _check(self.rule, self.first)

    def starts(
        self, begin: dt.datetime, end: dt.datetime, holidays: Collection[dt.date] = ()
    ) -> Iterator[tuple[int, dt.datetime]]:
        """The wall times in [begin, end), in order, each with its number since the first (0).

        A day left out keeps its number, so that an exception moves nothing after it.
        """
        by_rule = {at: number for number, at in enumerate(self._by_rule(end)) if begin <= at < end}
        time_of_day = self.first.time()
        for day in self.also:
            at = dt.datetime.combine(day, time_of_day)
            if begin <= at < end:
                by_rule.setdefault(at, day.toordinal())
        for at in sorted(by_rule):
            if at.date() in self.also or self._comes_on(at.date(), holidays):
                yield by_rule[at], at

    def _comes_on(self, day: dt.date, holidays: Collection[dt.date]) -> bool:
        if day in self.without:
            return False
        if self.holidays is OnHolidays.ALSO:
            return True
        return (day in holidays) == (self.holidays is OnHolidays.ONLY)

    def _by_rule(self, end: dt.datetime) -> Iterator[dt.datetime]:
        if not self.rule:
            yield self.first
            return
        for at in _parsed(self.rule, self.first):
            if at >= end:
                return
            yield at


@lru_cache(maxsize=1024)
def _parsed(rule: str, first: dt.datetime) -> rrule:
    try:
        found = rrulestr(_for_naive(rule), dtstart=first, cache=True)
    except (ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
        raise RecurrenceError(f'"{rule}" is no rule of RFC 5545: {error}') from None
    if not isinstance(found, rrule):
        raise RecurrenceError(f'"{rule}" is more than one rule; write FREQ=...;... alone')
    return found


def _for_naive(rule: str) -> str:
    """The rule with its UNTIL as wall time: calendars write it in UTC or as a day."""

    def as_wall(found: re.Match[str]) -> str:
        day, time = found[1], found[2] or "T235959"
        return f"UNTIL={day}{time}"

    return re.sub(r"UNTIL=(\d{8})(T\d{6})?Z?", as_wall, rule.upper())


def _check(rule: str, first: dt.datetime) -> None:
    parts = dict(part.partition("=")[::2] for part in rule.upper().split(";"))
    if parts.get("FREQ") not in _FREQUENCIES:
        raise RecurrenceError(
            f'"{rule}": needs FREQ= one of {", ".join(_FREQUENCIES)}; for several times a day '
            "write FREQ=DAILY;BYHOUR=9,12,15"
        )
    for name in parts:
        if name not in _PARTS:
            raise RecurrenceError(f'"{rule}": {name or "an empty part"} is not understood')
    if not re.fullmatch(r"[1-9]\d{0,3}", parts.get("INTERVAL", "1")):
        raise RecurrenceError(f'"{rule}": INTERVAL is a whole number 1 .. 9999')
    a_day = [len(parts.get(name, "0").split(",")) for name in ("BYHOUR", "BYMINUTE")]
    if a_day[0] * a_day[1] > MOST_A_DAY:
        raise RecurrenceError(
            f'"{rule}": fires {a_day[0] * a_day[1]} times a day; {MOST_A_DAY} most'
        )
    _parsed(rule, first)
    _refuse_idle(rule, first)


def _refuse_idle(rule: str, first: dt.datetime) -> None:
    """Refuse a rule that never fires.

    It is tried at the end of the calendar that dateutil knows, where looking in vain ends soon:
    moved by whole cycles of the Gregorian calendar a rule does the same.
    """
    unbounded = re.sub(r"(^|;)(UNTIL|COUNT)=[^;]*", "", rule.upper()).lstrip(";")
    years = (_LAST_YEARS - first.year) // _CALENDAR_YEARS * _CALENDAR_YEARS + _CALENDAR_YEARS
    late = first.replace(year=first.year + years)
    if next(iter(rrulestr(unbounded, dtstart=late)), None) is None:
        raise RecurrenceError(f'"{rule}" from {first:%Y-%m-%d} on never fires; no such day exists')
    if next(iter(_parsed(rule, first)), None) is None:
        raise RecurrenceError(f'"{rule}": ends before it first fires; write a later UNTIL')
