"""What the station reports about an alert on air: how long it is, where it sounds, what failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from alerts.alert import Alert, Call, Instant, Why
from alerts.life_cycle import ENDING, SOUNDING, Event, State, Who
from alerts.moving import ENGINE, Cause, moved
from alerts.sounding import House
from zones.bus import ZoneId


def timed(alert: Alert, cycle: float, at: Instant, house: House) -> Alert | None:
    """The alert with the time of its first cycles, `cycle` seconds each, counted from now."""
    if alert.state is not State.AIRING:
        return None
    return moved(alert, Event.TIME, ENGINE, at, settles=at.after(house.times.cycles * cycle))


def spoken(alert: Alert, at: Instant, house: House) -> Alert | None:
    """The alert whose last word has been spoken: closed, or on at its lower level."""
    if alert.parting is None:
        return None
    if alert.state not in ENDING:
        return moved(alert, Event.SPOKEN, ENGINE, at, parting=None)
    by_person = alert.parting.who is Who.OPERATOR
    again = at.after(house.times.asks_again) if by_person else None
    return moved(alert, Event.SPOKEN, ENGINE, at, asks_again=again)


def observed(
    alert: Alert,
    at: Instant,
    house: House,
    *,
    sounded: Iterable[ZoneId] | None = None,
    overridden: Iterable[ZoneId] | None = None,
    degraded: Iterable[ZoneId] | None = None,
    conflicting: Iterable[ZoneId] | None = None,
) -> Iterator[Alert]:
    """The alert after each change of what is seen of its zones; None leaves a set as it is.

    Zones that sounded are added to those that did, the others replace what was known.
    """
    if alert.state not in SOUNDING:
        return
    heard = None if sounded is None else {*alert.sounded, *sounded}
    seen = (
        (Event.SOUND, "sounded", heard, ENGINE),
        (Event.OVERRIDE, "overridden", overridden, ENGINE),
        (Event.DEGRADE, "degraded", degraded, Cause(Who.HEALTH, "health")),
        (Event.CONFLICT, "conflicting", conflicting, ENGINE),
    )
    for event, name, given, cause in seen:
        if given is None:
            continue
        wanted = set(given)
        zones = tuple(zone for zone in alert.zones if zone in wanted)
        if zones == getattr(alert, name):
            continue
        changes: dict[str, object] = {name: zones}
        if event is Event.CONFLICT and set(zones) - set(alert.conflicting):
            changes["call"] = Call(Why.CONFLICT, 0, at.after(house.times.calls_every))
        alert = moved(alert, event, cause, at, **changes)
        yield alert
