"""What evidence does to an alert: rules and sources make it, strengthen it, and propose its end."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

from alerts.alert import (
    MOST_EVIDENCE,
    Alert,
    AlertId,
    Call,
    Content,
    IncidentId,
    Instant,
    LastWord,
    Origin,
    Rise,
    Why,
    alert_id,
    united,
    with_place,
    words,
)
from alerts.commands import Cancelled, Detected, Quieted, SensorLost, Updated
from alerts.hazard import Level
from alerts.life_cycle import ENDED, ENDING, LIVING, Event, State, Who
from alerts.moving import AlertRefusedError, Cause, begun, moved, standing
from alerts.sounding import House, aired, asked, least, parting, risen

_ON = (State.AIRING, State.SUSTAINED)
_ASKED = (State.PENDING, State.HELD)


def cause(command: Detected | Quieted | SensorLost) -> Cause:
    """The rule as the cause of a move."""
    return Cause(Who.ENGINE, command.who.name, command.key, command.reason)


def content(seen: Detected, house: House) -> Content:
    """What evidence asks to be said: its rule's message, or the best one if there is none such."""
    if seen.message is not None:
        with contextlib.suppress(AlertRefusedError):
            return house.content(seen.hazard, seen.level, seen.response, seen.message)[1]
    return house.content(seen.hazard, seen.level, seen.response)[1]


def detected(
    seen: Detected, at: Instant, house: House, number: int, follows: AlertId | None = None
) -> Alert:
    """A new alert of an incident; it waits for people, or sounds, or has not lasted yet.

    Raises:
        AlertRefusedError: it names no zone.
    """
    if not seen.zones:
        raise AlertRefusedError("name at least one zone: without a place it is all zones", "zones")
    alert = Alert(
        id=alert_id(seen.key),
        order=number,
        hazard=seen.hazard,
        content=content(seen, house),
        zones=united((), seen.zones),
        state=State.DETECTED,
        origin=Origin(
            seen.who.name,
            True,
            at.utc,
            seen.source,
            seen.rule,
            seen.camera,
            seen.reason,
            follows,
        ),
        clears_itself=not seen.needs_person_to_clear,
        window_length=seen.window,
        on_timeout=seen.on_timeout,
    )
    alert = replace(alert, **_gathered(alert, seen, at))
    if not seen.has_lasted:
        return begun(alert, Event.DETECT, cause(seen), at)
    if seen.window > 0:
        waiting = replace(alert, state=State.PENDING, **asked(seen.window, at))
        return begun(waiting, Event.ASK, cause(seen), at)
    changes = aired(alert, at, house.times, Why.SOUNDS)
    return begun(replace(alert, state=State.AIRING, **changes), Event.AIR, cause(seen), at)


def strengthened(alert: Alert, seen: Detected, at: Instant, house: House) -> Alert | None:
    """The alert of an incident with more evidence of it; None when that changes nothing.

    Stronger evidence (a higher rank, or the same one without a window for what has not sounded)
    opens it again wherever it stands; nothing blocks it but that a person judged this very
    strength.
    """
    changes = _gathered(alert, seen, at)
    if alert.state is State.DETECTED:
        return _lasted(alert, seen, changes, at, house)
    if not seen.has_lasted:
        return None
    said = content(seen, house)
    if alert.state not in ENDED - {State.REJECTED} and _is_stronger(alert, said, seen):
        changes["zones"] = united(alert.zones, seen.zones)
        return _risen(alert, said, seen, changes, at, house)
    if alert.state is State.CLEARING and alert.parting and alert.parting.who is Who.ENGINE:
        changes |= aired(alert, at, house.times, Why.SOUNDS)
        return moved(alert, Event.REOPEN, cause(seen), at, **changes)
    if alert.state in ENDED | ENDING:
        # A person ended it. That its evidence goes on is all that matters, until it is asked again.
        changes = {"going": changes["going"]}
    changes = {name: value for name, value in changes.items() if getattr(alert, name) != value}
    if not changes and alert.state is not State.CLEAR_PROPOSED:
        return None
    if alert.state is State.CLEAR_PROPOSED:
        changes["call"] = None
    return moved(alert, Event.STRENGTHEN, cause(seen), at, **changes)


def is_only_words(before: Alert, after: Alert) -> bool:
    """Whether nothing but sentences of evidence, and an expiry, tells one from the other."""
    return after.last.event is Event.STRENGTHEN and before == replace(
        after,
        evidence=before.evidence,
        expires=before.expires,
        revision=before.revision,
        steps=before.steps,
    )


def quieted(alert: Alert, order: Quieted, at: Instant, house: House) -> Alert | None:
    """The alert without the evidence of an incident.

    When that was the last of it the all-clear is proposed; at caution a rule may have it given.
    None when nothing changes.
    """
    going = _without(alert, order.incident)
    if not going:
        # What comes after this is new evidence, which nobody judged.
        alert = replace(alert, judged=None)
    if alert.state is State.DETECTED:
        return moved(alert, Event.LOSE, cause(order), at, going=going)
    if alert.state not in _ON or going:
        if going == alert.going:
            return None
        return moved(alert, Event.QUIET, cause(order), at, going=going)
    if alert.clears_itself and alert.level is Level.CAUTION and not alert.rise:
        last = parting(alert, LastWord.HAZARD_OVER, Who.ENGINE, house)
        changes = {"going": going, "parting": last, "settles": None}
        return moved(alert, Event.ALL_CLEAR, cause(order), at, **changes)
    return proposed(replace(alert, going=going), cause(order), at, house)


def sensor_lost(alert: Alert, order: SensorLost, at: Instant, house: House) -> Alert | None:
    """The alert, with a sentence that a sensor is lost and with people called: no all-clear."""
    said = words(f"lost: {order.reason or order.incident}; that is no all-clear")
    if alert.state not in LIVING or said in alert.evidence:
        return None
    evidence = (*alert.evidence, said)[-MOST_EVIDENCE:]
    call = alert.call or Call(Why.SENSOR_LOST, 0, at.after(house.times.calls_every))
    return moved(alert, Event.LOSE_SENSOR, cause(order), at, evidence=evidence, call=call)


def proposed(alert: Alert, why: Cause, at: Instant, house: House) -> Alert:
    """The alert with the all-clear proposed, unless evidence goes on: then people are called."""
    if alert.going:
        call = Call(Why.LIMIT, 0, at.after(house.times.calls_every))
        return moved(alert, Event.BLOCK_PROPOSAL, why, at, call=call)
    call = Call(Why.CLEAR_PROPOSED, 0, at.after(house.times.proposal_calls_every))
    return moved(alert, Event.PROPOSE_CLEAR, why, at, call=call, settles=None, expires=None)


def updated(alert: Alert, order: Updated, at: Instant, house: House) -> Alert | None:
    """The alert with what its authority says now; None when nothing changes.

    Raises:
        AlertRefusedError: it asks for more than the alert, or the alert doesn't sound.
    """
    told = house.content(alert.hazard, order.level, order.response, order.message)[1]
    why = Cause(Who.SOURCE, order.who.name, order.key, order.reason)
    if told.rank > alert.content.rank:
        raise AlertRefusedError(
            f"an update does not escalate; give it as a detection: {standing(alert)}", "level"
        )
    if told.rank < alert.content.rank:
        reason = order.reason or f"{order.who.name} says {told.level.name.lower()} now"
        return _withdrawn(alert, order.incident, replace(why, reason=reason), at, house)
    changes = aired(alert, at, house.times) | {
        "content": told,
        "zones": united(alert.zones, order.zones),
        "evidence": _more(alert.evidence, order.evidence),
        "expires": None if order.expires_in is None else at.after(order.expires_in),
        # Only a person, or a real escalation, extends the limit.
        "limit": alert.limit,
        "call": alert.call,
        "parting": alert.parting,
        "restarts": alert.restarts + (told.message != alert.message),
    }
    return moved(alert, Event.UPDATE, why, at, **changes)


def cancelled(alert: Alert, order: Cancelled, at: Instant, house: House) -> Alert | None:
    """The alert that its authority withdrew: an all-clear is proposed, never given.

    One that has not sounded is dropped, unless other evidence goes on. None when nothing changes.
    """
    why = Cause(Who.SOURCE, order.who.name, order.key, order.reason)
    return _withdrawn(alert, order.incident, why, at, house)


def _withdrawn(
    alert: Alert, incident: IncidentId, why: Cause, at: Instant, house: House
) -> Alert | None:
    going = _without(alert, incident)
    if alert.state in _ON:
        return proposed(replace(alert, going=going), why, at, house)
    if alert.state in _ASKED and not going:
        return moved(alert, Event.LOSE, why, at, going=going)
    if going == alert.going:
        return None
    return moved(alert, Event.QUIET, why, at, going=going)


def _lasted(
    alert: Alert, seen: Detected, changes: dict[str, Any], at: Instant, house: House
) -> Alert | None:
    if not seen.has_lasted:
        return None
    changes |= {
        "content": content(seen, house),
        "window_length": seen.window,
        "on_timeout": seen.on_timeout,
        "clears_itself": not seen.needs_person_to_clear,
    }
    if seen.window > 0:
        return moved(alert, Event.ASK, cause(seen), at, **changes, **asked(seen.window, at))
    changes |= aired(alert, at, house.times, Why.SOUNDS)
    return moved(alert, Event.AIR, cause(seen), at, **changes)


def _is_stronger(alert: Alert, said: Content, seen: Detected) -> bool:
    strength = (said.rank, seen.window <= 0)
    if strength <= (alert.content.rank, alert.sounds):
        return False
    waits = alert.rise.content if alert.rise else None
    known = alert.judged if seen.window <= 0 else waits
    return known is None or said.rank > known.rank


def _risen(
    alert: Alert,
    said: Content,
    seen: Detected,
    changes: dict[str, Any],
    at: Instant,
    house: House,
) -> Alert:
    """Escalated at once, or after the window that the rule gives people."""
    if seen.window <= 0:
        changes |= risen(alert, said, at, house.times, Why.ESCALATED) | {"evidenced": None}
        return moved(alert, Event.ESCALATE, cause(seen), at, **changes)
    if alert.state is State.REJECTED:
        changes |= {"content": said, "window_length": seen.window, "on_timeout": seen.on_timeout}
        changes |= asked(seen.window, at)
        return moved(alert, Event.ASK_AGAIN, cause(seen), at, **changes)
    rise = Rise(said, seen.window, at.after(seen.window), seen.on_timeout)
    call = Call(Why.ESCALATION_PENDING, 0, at.after(seen.window / 2))
    return moved(alert, Event.ASK_TO_ESCALATE, cause(seen), at, **changes, rise=rise, call=call)


def asked_anew(alert: Alert, at: Instant, house: House, number: int) -> Alert:
    """A new alert that asks about one a person ended, or nobody answered: it goes on.

    An escalation that waited for its window goes on waiting for it.
    """
    # Nobody decides again what a person added to the evidence, and it may sound by itself.
    content, on_timeout = alert.evidenced or alert.content, alert.on_timeout
    length = alert.window_length or house.times.asked_window
    if alert.rise and alert.has_open_rise:
        content, on_timeout = alert.rise.content, alert.rise.on_timeout
        length = max(0.0, alert.rise.ends.now - at.now)
    else:
        content = house.backed(content, alert)
    judged = alert.content if alert.aired_at else alert.judged
    origin = replace(alert.origin, at=at.utc, follows=alert.id, is_automatic=True)
    follower = Alert(
        id=alert_id(f"{alert.id} asked again"),
        order=number,
        hazard=alert.hazard,
        content=content,
        zones=alert.zones,
        state=State.PENDING,
        origin=origin,
        places=alert.places,
        incidents=alert.incidents,
        going=alert.going,
        evidence=alert.evidence,
        clears_itself=alert.clears_itself,
        window_length=alert.window_length,
        on_timeout=on_timeout,
        judged=least(judged, content),
    )
    follower = replace(follower, **asked(length, at))
    said = Cause(Who.ENGINE, "engine", reason=f"the evidence of alert {alert.id} goes on")
    return begun(follower, Event.ASK_AGAIN, said, at)


def absorbed(keeper: Alert, alert: Alert, at: Instant) -> Alert:
    """`keeper` with all of an equal warning of its hazard; it goes on without a restart."""
    places = keeper.places
    for place in alert.places:
        places = with_place(places, place)
    ends = [one.expires for one in (keeper, alert) if one.expires is not None]
    rises = [one.rise for one in (keeper, alert) if one.rise is not None]
    said = Cause(Who.ENGINE, "engine", reason=f"alert {alert.id} is an equal warning of its hazard")
    return moved(
        keeper,
        Event.ABSORB,
        said,
        at,
        zones=united(keeper.zones, alert.zones),
        sounded=united(keeper.sounded, alert.sounded),
        incidents=tuple(dict.fromkeys((*keeper.incidents, *alert.incidents))),
        going=tuple(dict.fromkeys((*keeper.going, *alert.going))),
        evidence=_more(keeper.evidence, alert.evidence),
        places=places,
        clears_itself=keeper.clears_itself and alert.clears_itself,
        expires=max(ends, key=lambda end: end.now) if len(ends) > 1 else None,
        rise=min(rises, key=lambda rise: (rise.is_rejected, rise.ends.now), default=None),
    )


def _gathered(alert: Alert, seen: Detected, at: Instant) -> dict[str, Any]:
    """What a detection adds to what is known; zones only where the warning lives."""
    known = alert.places and seen.incident in alert.incidents
    changes: dict[str, Any] = {
        "incidents": tuple(dict.fromkeys((*alert.incidents, seen.incident))),
        "going": tuple(dict.fromkeys((*alert.going, seen.incident))),
        "evidence": _more(alert.evidence, seen.evidence),
        "places": alert.places if known else with_place(alert.places, seen.place),
    }
    if alert.state not in ENDING | ENDED:
        changes["zones"] = united(alert.zones, seen.zones)
    if seen.expires_in is not None:
        changes["expires"] = at.after(seen.expires_in)
    return changes


def _more(evidence: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*evidence, *map(words, more))))[-MOST_EVIDENCE:]


def _without(alert: Alert, incident: IncidentId) -> tuple[IncidentId, ...]:
    return tuple(one for one in alert.going if one != incident)
