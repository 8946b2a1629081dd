"""The monthly test that people hear: when it is due, and where it must not sound. Pure.

It says itself that it is a test, is spoken once, is ended by every warning, and never sounds in
quiet hours (SAFETY F4), whoever asks; nor does an exercise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from alerts.commands import Person, StartExercise
from alerts.message_book import MessageBook
from broadcaster.control.acts import Alerting
from broadcaster.control.play_order import RefusedError
from broadcaster.control.programme import quiet_zones
from zones.bus import Claim
from zones.media_time import Sample
from zones.site import Site

LATE = dt.timedelta(minutes=10)
"""A control that was away when the test was due plays it up to so much later; then not at all."""
_CONTROL = Person("control", frozenset())


class AudibleTests:
    """Gives the order when the test of a site is due; once, also after a restart."""

    def __init__(self) -> None:
        """None was given yet; one that was before has the same key, and is not played again."""
        self._given: dt.date | None = None

    def due(self, site: Site, messages: MessageBook, utc: dt.datetime) -> Iterator[Alerting]:
        """The order for the test, if it is time."""
        test = site.audible_test
        if test is None:
            return
        local = utc.astimezone(ZoneInfo(site.time_zone))
        begin = dt.datetime.combine(local.date(), test.at, local.tzinfo)
        is_time = dt.timedelta(0) <= local - begin < LATE
        if not is_time or not test.falls_on(local.date()) or self._given == local.date():
            return
        self._given = local.date()
        order = StartExercise(
            key=f"audible-test {local.date()}",
            who=_CONTROL,
            reason="the monthly test",
            message=messages.audible_test().id,
            zones=test.zones,
        )
        yield Alerting(key=order.key, who=order.who.name, name="exercise", order=order)


def refuse_in_quiet_hours(order: object, claims: Iterable[Claim], now: Sample) -> None:
    """Refuse an exercise or an audible test where it is quiet.

    Raises:
        RefusedError: it is one, and one of its zones has quiet hours now.
    """
    if not isinstance(order, StartExercise):
        return
    quiet = quiet_zones(claims, order.zones, now)
    if quiet:
        raise RefusedError(
            f"it is quiet hours in {', '.join(quiet)}: tests and exercises wait for the day",
            "zones",
        )
