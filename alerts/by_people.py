"""What people do to an alert: each act is one move, or is refused with what is possible."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from alerts.alert import (
    Alert,
    Call,
    Content,
    Instant,
    LastWord,
    Origin,
    Purpose,
    Rise,
    Why,
    Window,
    alert_id,
    united,
)
from alerts.commands import (
    Acknowledge,
    AddZones,
    AllClear,
    BreakGlass,
    Confirm,
    Correct,
    Escalate,
    Hold,
    OnAlert,
    Raise,
    Reconfirm,
    Reject,
    StepDown,
    Stop,
)
from alerts.life_cycle import UNHEARD, WARNING, Event, State, Who
from alerts.moving import AlertRefusedError, Cause, begun, cannot, moved, standing
from alerts.sounding import House, aired, asked, parting, risen

Act = (
    Confirm
    | BreakGlass
    | Reject
    | Hold
    | Escalate
    | AddZones
    | StepDown
    | Correct
    | AllClear
    | Stop
    | Reconfirm
    | Acknowledge
)


def cause(command: Raise | OnAlert) -> Cause:
    """The person as the cause of a move."""
    return Cause(Who.OPERATOR, command.who.name, command.key, command.reason)


def raised(order: Raise, at: Instant, house: House, number: int) -> Alert:
    """A new alert, made by hand; it sounds, or waits a bounded time for its second person.

    Raises:
        AlertRefusedError: no zone, no such message, or a broken glass without a reason.
    """
    hazard, content, message = house.content(
        order.hazard, order.level, order.response, order.message
    )
    zones = united((), order.zones)
    if not zones:
        raise AlertRefusedError("name at least one zone, or all of them", "zones")
    if order.break_glass:
        _with_reason(order, "break-glass sends a warning without its second person")
    waits = message.needs_second_person and not order.break_glass
    alert = Alert(
        id=alert_id(order.key),
        order=number,
        hazard=hazard,
        content=content,
        zones=zones,
        state=State.PENDING if waits else State.AIRING,
        origin=Origin(
            order.who.name, False, at.utc, order.source, camera=order.camera, why=order.reason
        ),
        places=() if order.place is None else (order.place,),
        words=order.words,
        window_length=house.times.second_wait,
    )
    if waits:
        wait = asked(house.times.second_wait, at, Purpose.SECOND_PERSON)
        return begun(replace(alert, **wait), Event.RAISE_FOR_SECOND, cause(order), at)
    event = Event.BREAK_GLASS if order.break_glass else Event.RAISE
    changes = aired(alert, at, house.times)
    if order.break_glass:
        changes["call"] = Call(Why.BREAK_GLASS, 0, None)
    return begun(replace(alert, **changes), event, cause(order), at)


def acted(alert: Alert, act: Act, at: Instant, house: House) -> Alert:
    """The alert after a person's act.

    Raises:
        AlertRefusedError: it isn't possible now, or the act lacks something.
    """
    match act:
        case Confirm():
            return _confirmed(alert, act, at, house)
        case BreakGlass():
            return _sent_alone(alert, act, at, house)
        case Reject():
            return _rejected(alert, act, at, house)
        case Hold():
            return _held(alert, act, at, house)
        case Escalate():
            return _escalated(alert, act, at, house)
        case AddZones():
            return _spread(alert, act, at)
        case StepDown():
            return _lowered(alert, act, at, house)
        case Correct():
            if alert.state in WARNING:
                _with_reason(act, "a correction is told to everybody")
            last = parting(alert, LastWord.CORRECTION, Who.OPERATOR, house)
            return moved(alert, Event.CORRECT, cause(act), at, parting=last, settles=None)
        case AllClear():
            return _cleared(alert, act, at, house)
        case Stop():
            raise _which(alert)
        case Reconfirm():
            limit = at.after(house.times.hard_limit)
            return moved(alert, Event.RECONFIRM, cause(act), at, limit=limit, expires=None)
        case Acknowledge():
            return _acknowledged(alert, act, at, house)
        case _:
            assert_never(act)


def joined(alert: Alert, order: Raise, at: Instant, house: House) -> Alert:
    """The alert, raised once more by hand while it waits or sounds: confirmed, and wider."""
    zones = united(alert.zones, order.zones)
    if alert.state not in UNHEARD:
        return moved(alert, Event.ADD_ZONES, cause(order), at, zones=zones)
    changes = aired(alert, at, house.times)
    if not _is_alone(alert, order.who.name):
        return moved(alert, Event.CONFIRM, cause(order), at, zones=zones, **changes)
    if order.break_glass:
        changes["call"] = Call(Why.BREAK_GLASS, 0, None)
        return moved(alert, Event.BREAK_GLASS, cause(order), at, zones=zones, **changes)
    return moved(alert, Event.ADD_ZONES, cause(order), at, zones=zones, call=alert.call)


def _confirmed(alert: Alert, act: Confirm, at: Instant, house: House) -> Alert:
    if alert.rise and alert.has_open_rise and alert.sounds:
        changes = risen(alert, alert.rise.content, at, house.times, None)
        return moved(alert, Event.ESCALATE, cause(act), at, **changes)
    if _is_alone(alert, act.who.name):
        raise _alone(alert, "confirm", at)
    changes = aired(alert, at, house.times)
    if alert.rise and alert.has_open_rise:
        changes |= {"content": alert.rise.content, "rise": None}
    return moved(alert, Event.CONFIRM, cause(act), at, **changes)


def _sent_alone(alert: Alert, act: BreakGlass, at: Instant, house: House) -> Alert:
    if alert.window is not None and alert.window.purpose is not Purpose.SECOND_PERSON:
        raise AlertRefusedError(cannot(alert, "break-glass"), "alert", alert.id)
    if alert.state in UNHEARD:
        _with_reason(act, "break-glass sends a warning without its second person")
    changes = aired(alert, at, house.times) | {"call": Call(Why.BREAK_GLASS, 0, None)}
    return moved(alert, Event.BREAK_GLASS, cause(act), at, **changes)


def _rejected(alert: Alert, act: Reject, at: Instant, house: House) -> Alert:
    again = at.after(house.times.asks_again)
    if alert.rise and alert.has_open_rise and alert.sounds:
        _with_reason(act, "a rejection is part of the record")
        rise = replace(alert.rise, is_rejected=True, ends=again)
        return moved(alert, Event.REJECT_ESCALATION, cause(act), at, rise=rise)
    if alert.state in UNHEARD:
        _with_reason(act, "a rejection is part of the record")
    # Whoever rejects it rejects the stronger evidence too that waited beside it.
    highest = alert.rise.content if alert.rise else alert.content
    return moved(alert, Event.REJECT, cause(act), at, content=highest, asks_again=again)


def _held(alert: Alert, act: Hold, at: Instant, house: House) -> Alert:
    longest = house.times.longest_hold
    if not 0 < act.seconds <= longest:
        raise AlertRefusedError(
            f"a hold of {act.seconds:g} s is not possible: above 0 and up to {longest:g} s is",
            "seconds",
            alert.id,
        )
    if alert.was_held or (alert.window and alert.window.purpose is Purpose.SECOND_PERSON):
        raise AlertRefusedError(cannot(alert, "hold"), "alert", alert.id)
    ends = at.after(act.seconds)
    if alert.window and alert.window.ends.now > ends.now:
        ends = alert.window.ends
    window = Window(Purpose.HOLD, act.seconds, ends)
    return moved(alert, Event.HOLD, cause(act), at, window=window, was_held=True)


def _escalated(alert: Alert, act: Escalate, at: Instant, house: House) -> Alert:
    content = _content(alert, act, house)
    if content.rank <= alert.content.rank:
        raise AlertRefusedError(
            f"{_told(content)} is no escalation: {standing(alert)}, {_told(alert.content)}", "level"
        )
    if _is_alone(alert, act.who.name):
        raise _alone(alert, "escalate", at)
    changes = risen(alert, content, at, house.times, None)
    if alert.origin.is_automatic:
        changes["evidenced"] = alert.evidenced or alert.content
    zones = united(alert.zones, act.zones)
    return moved(alert, Event.ESCALATE, cause(act), at, zones=zones, **changes)


def _spread(alert: Alert, act: AddZones, at: Instant) -> Alert:
    zones = united(alert.zones, act.zones)
    if zones == alert.zones and alert.is_living:
        raise AlertRefusedError("it is in these zones already; name others", "zones", alert.id)
    # Nobody decided what a window waits for by naming more zones.
    call = alert.call if alert.state in UNHEARD else None
    return moved(alert, Event.ADD_ZONES, cause(act), at, zones=zones, call=call)


def _lowered(alert: Alert, act: StepDown, at: Instant, house: House) -> Alert:
    content = _content(alert, act, house)
    if content.rank >= alert.content.rank:
        raise AlertRefusedError(
            f"{_told(content)} is no step down: {standing(alert)}, {_told(alert.content)}", "level"
        )
    last = parting(alert, LastWord.STEP_DOWN, Who.OPERATOR, house)
    changes = aired(alert, at, house.times) | {"parting": last, "content": content}
    # The evidence that was judged here doesn't raise it again until it is asked about.
    if alert.going:
        again = at.after(house.times.asks_again)
        changes["rise"] = Rise(alert.content, house.times.asked_window, again, is_rejected=True)
        changes["judged"] = alert.content
    return moved(alert, Event.STEP_DOWN, cause(act), at, **changes)


def _cleared(alert: Alert, act: AllClear, at: Instant, house: House) -> Alert:
    if act.word not in (LastWord.HAZARD_OVER, LastWord.PATH_OPEN, LastWord.BOTH):
        raise AlertRefusedError(
            f"{act.word.value!r} is no all-clear; say hazard over, path open or both",
            "word",
            alert.id,
        )
    if alert.going and alert.state in WARNING:
        _with_reason(act, "its evidence is still above the threshold")
    last = parting(alert, act.word, Who.OPERATOR, house)
    return moved(alert, Event.ALL_CLEAR, cause(act), at, parting=last, settles=None)


def _acknowledged(alert: Alert, act: Acknowledge, at: Instant, house: House) -> Alert:
    if alert.call is None:
        raise AlertRefusedError(f"nobody is being called: {standing(alert)}", "alert", alert.id)
    call = None
    if alert.state is State.CLEAR_PROPOSED:
        call = replace(alert.call, again=at.after(house.times.after_acknowledged))
    return moved(alert, Event.ACKNOWLEDGE, cause(act), at, call=call)


def _content(alert: Alert, act: Escalate | StepDown, house: House) -> Content:
    if act.level is None and act.message is None:
        raise AlertRefusedError("name the level or the message", "level", alert.id)
    return house.content(alert.hazard, act.level, None, act.message)[1]


def _told(content: Content) -> str:
    return f"{content.message} ({content.level.name.lower()}, {content.response.name.lower()})"


def _is_alone(alert: Alert, name: str) -> bool:
    """Whether this person is the one whose warning waits for a second."""
    second = alert.window is not None and alert.window.purpose is Purpose.SECOND_PERSON
    return second and name == alert.origin.by


def _alone(alert: Alert, act: str, at: Instant) -> AlertRefusedError:
    left = alert.window.ends.now - at.now if alert.window else 0.0
    return AlertRefusedError(
        f"{act} needs a second person: {alert.origin.by} raised it; it sounds by itself in "
        f"{max(0.0, left):.0f} s, or at once by break-glass",
        "who",
        alert.id,
    )


def _which(alert: Alert) -> AlertRefusedError:
    if alert.state not in WARNING:
        return AlertRefusedError(cannot(alert, "stop"), "alert", alert.id)
    return AlertRefusedError(
        "which stop is it: correct (it was false), all-clear (it is over), or step-down (it is "
        f"less)? {standing(alert)}",
        "act",
        alert.id,
    )


def _with_reason(act: Raise | OnAlert, why: str) -> None:
    if not act.reason.strip():
        raise AlertRefusedError(f"say why: {why}", "reason")
