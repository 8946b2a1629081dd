"""What time does to an alert: windows end, messages settle, limits pass, people are called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from enum import IntEnum

from alerts.alert import Alert, Call, Instant, Why
from alerts.by_rules import proposed
from alerts.life_cycle import ENDING, LIVING, Event, OnTimeout, State, Who
from alerts.moving import ENGINE, Cause, moved
from alerts.sounding import House, aired, asked, least, risen

_ON = (State.AIRING, State.SUSTAINED)


class Due(IntEnum):
    """What can fall due; of two at one moment the first is done first."""

    WINDOW = 0
    ESCALATION = 1
    ASK_AGAIN = 2
    SETTLE = 3
    EXPIRY = 4
    LIMIT = 5
    CALL = 6


def due(alert: Alert) -> tuple[float, Due] | None:
    """What falls due next for an alert, and when, in monotonic seconds; None when nothing does."""
    return min(((end.now, what) for end, what in _ends(alert) if end is not None), default=None)


def _ends(alert: Alert) -> Iterator[tuple[Instant | None, Due]]:
    if alert.is_watched:
        yield alert.asks_again, Due.ASK_AGAIN
    if alert.state not in LIVING:
        return
    if alert.window is not None:
        yield alert.window.ends, Due.WINDOW
    if alert.rise is not None:
        yield alert.rise.ends, Due.ESCALATION
    if alert.state is State.AIRING:
        yield alert.settles, Due.SETTLE
    if alert.state in _ON:
        yield alert.expires, Due.EXPIRY
        yield alert.limit, Due.LIMIT
    if alert.call is not None:
        yield alert.call.again, Due.CALL


def passed(alert: Alert, what: Due, at: Instant, house: House) -> Alert:
    """The alert after what fell due."""
    times = house.times
    match what:
        case Due.WINDOW:
            return _timed_out(alert, at, house)
        case Due.ESCALATION:
            return _escalated(alert, at, house)
        case Due.ASK_AGAIN:
            return _asked_again(alert, at, house)
        case Due.SETTLE:
            return moved(alert, Event.SETTLE, ENGINE, at, settles=None)
        case Due.EXPIRY:
            said = Cause(Who.ENGINE, "engine", reason="its source said that it ends now")
            return proposed(replace(alert, expires=None), said, at, house)
        case Due.LIMIT:
            said = Cause(Who.ENGINE, "engine", reason=f"{times.hard_limit / 3600:g} h are over")
            later = at.after(times.asks_again)
            return proposed(replace(alert, limit=later), said, at, house)
        case Due.CALL:
            return _called(alert, at, house)


def _timed_out(alert: Alert, at: Instant, house: House) -> Alert:
    step = alert.call.step + 1 if alert.call else 0
    if alert.on_timeout is OnTimeout.DROP:
        again = at.after(house.times.asks_again)
        call = Call(Why.UNAIRED, step, None)
        return moved(alert, Event.TIME_OUT_DROP, ENGINE, at, call=call, asks_again=again)
    changes = aired(alert, at, house.times, Why.SOUNDS, step)
    return moved(alert, Event.TIME_OUT_AIR, ENGINE, at, **changes)


def _escalated(alert: Alert, at: Instant, house: House) -> Alert:
    """What waited is done; what was rejected is asked again if its evidence goes on."""
    rise = alert.rise
    if rise is None:
        raise ValueError(f"alert {alert.id}: no escalation waits")
    if not rise.is_rejected and rise.on_timeout is OnTimeout.AIR:
        changes = risen(alert, rise.content, at, house.times, Why.ESCALATED)
        return moved(alert, Event.ESCALATE, ENGINE, at, **changes)
    content = house.backed(rise.content, alert) if rise.is_rejected else rise.content
    is_more = content.rank > alert.content.rank
    if rise.is_rejected and is_more and alert.going and alert.state not in ENDING:
        again = replace(rise, content=content, ends=at.after(rise.length), is_rejected=False)
        call = Call(Why.ESCALATION_PENDING, 0, at.after(rise.length / 2))
        asks = {"rise": again, "call": call, "judged": least(alert.judged, content)}
        return moved(alert, Event.ASK_TO_ESCALATE, ENGINE, at, **asks)
    judged = least(alert.judged, content)
    return moved(alert, Event.DROP_ESCALATION, ENGINE, at, rise=None, judged=judged)


def _asked_again(alert: Alert, at: Instant, house: House) -> Alert:
    """A rejected alert waits for people again; one that ended is followed by another."""
    if alert.state is not State.REJECTED:
        return moved(alert, Event.ASK_AGAIN, ENGINE, at, asks_again=None)
    said = Cause(Who.ENGINE, "engine", reason="its evidence goes on")
    waiting = asked(alert.window_length or house.times.asked_window, at)
    content = house.backed(alert.content, alert)
    return moved(alert, Event.ASK_AGAIN, said, at, content=content, **waiting)


def _called(alert: Alert, at: Instant, house: House) -> Alert:
    call = alert.call
    if call is None:
        raise ValueError(f"alert {alert.id}: nobody is being called")
    again: Instant | None = at.after(house.times.calls_every)
    if call.why is Why.CLEAR_PROPOSED:
        again = at.after(house.times.proposal_calls_every)
    elif call.why in (Why.PENDING, Why.SECOND_PERSON, Why.ESCALATION_PENDING):
        # The window ends soon, and with it this call.
        again = None
    return moved(alert, Event.CALL, ENGINE, at, call=Call(call.why, call.step + 1, again))
