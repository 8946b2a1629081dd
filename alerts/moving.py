"""One move of one alert: checked against the table, counted, and remembered by the alert."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from alerts.alert import MOST_STEPS, Alert, AlertId, Instant, Move, Purpose, Step, words
from alerts.exercise import ExerciseMove, SelfTestMove
from alerts.hazard import Level, Response
from alerts.life_cycle import ENDED, MOVES, Event, State, Who
from alerts.message import AlertError

ACTS: Final = {
    Event.CONFIRM: "confirm",
    Event.BREAK_GLASS: "break-glass",
    Event.REJECT: "reject",
    Event.HOLD: "hold",
    Event.ESCALATE: "escalate",
    Event.ADD_ZONES: "add-zones",
    Event.STEP_DOWN: "step-down",
    Event.CORRECT: "correct",
    Event.ALL_CLEAR: "all-clear",
    Event.RECONFIRM: "reconfirm",
    Event.ACKNOWLEDGE: "acknowledge",
}
"""The operator's events by the names of their acts."""

_PAST: Final = {
    Event.RAISE: "was raised",
    Event.RAISE_FOR_SECOND: "was raised",
    Event.CONFIRM: "was confirmed",
    Event.BREAK_GLASS: "was sent by breaking the glass",
    Event.REJECT: "was rejected",
    Event.HOLD: "was held",
    Event.TIME_OUT_AIR: "sounded when its window ended",
    Event.TIME_OUT_DROP: "was dropped when its window ended",
    Event.ASK: "was detected",
    Event.AIR: "was detected",
    Event.DETECT: "was detected",
    Event.LOSE: "was lost or withdrawn before it sounded",
    Event.ASK_AGAIN: "was asked again",
    Event.ESCALATE: "was escalated",
    Event.PROPOSE_CLEAR: "got an all-clear proposed",
    Event.RECONFIRM: "was reconfirmed",
    Event.ALL_CLEAR: "got the all-clear",
    Event.CORRECT: "was corrected",
    Event.STEP_DOWN: "was stepped down",
    Event.MERGE: "became part of another",
}

AnyMove = Move | ExerciseMove | SelfTestMove
"""What changes the book of alerts."""

_HIGHEST = (Level.EVACUATE, Response.EVACUATE)


class AlertRefusedError(AlertError):
    """An act that isn't possible; the text says what is, `where` names the field at fault.

    `alert` is the alert it was about, `moves` what fell due before it and was done.
    """

    def __init__(self, text: str, where: str = "", alert: AlertId | None = None) -> None:
        super().__init__(text)
        self.where = where
        self.alert = alert
        self.moves: tuple[AnyMove, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """Who moves an alert, by which command, and why."""

    who: Who
    by: str
    key: str = ""
    reason: str = ""


ENGINE: Final = Cause(Who.ENGINE, "engine")


def moved(alert: Alert, event: Event, cause: Cause, at: Instant, **changes: Any) -> Alert:  # noqa: ANN401 - the fields of an alert, as `replace` takes them
    """The alert after `event`, with `changes` to its other fields.

    An operator's move stops the calling of people, unless the all-clear stays proposed; an end
    takes away whatever was still to come.

    Raises:
        AlertRefusedError: the table has no such move for this cause.
    """
    row = MOVES.get((alert.state, event))
    if row is None or cause.who not in row.who:
        raise AlertRefusedError(cannot(alert, ACTS.get(event, event.value)), "alert", alert.id)
    state = row.to or alert.state
    if state in ENDED:
        nothing = dict.fromkeys(
            ("window", "rise", "settles", "limit", "expires", "parting", "call"), None
        )
        changes = nothing | changes
    elif cause.who is Who.OPERATOR and state is not State.CLEAR_PROPOSED:
        changes = {"call": None} | changes
    return _stepped(replace(alert, state=state, **changes), event, cause, at)


def begun(alert: Alert, event: Event, cause: Cause, at: Instant) -> Alert:
    """A new alert, its first move made; the table must know how one of its state begins."""
    row = MOVES[None, event]
    if row.to is not alert.state or cause.who not in row.who:
        raise ValueError(f"no alert begins {alert.state.value} by {event.value!r} of {cause.who}")
    return _stepped(alert, event, cause, at)


def _stepped(alert: Alert, event: Event, cause: Cause, at: Instant) -> Alert:
    revision = alert.revision + 1
    by, reason = words(cause.by), words(cause.reason)
    step = Step(event, cause.who, by, alert.state, at.utc, revision, cause.key, reason)
    steps = (*alert.steps, step)[-MOST_STEPS:]
    return replace(alert, revision=revision, steps=steps)


def may(alert: Alert) -> tuple[str, ...]:
    """The acts a person can do on an alert now, by the names a screen or a command uses."""
    return tuple(name for event, name in ACTS.items() if _is_possible(alert, event))


def _is_possible(alert: Alert, event: Event) -> bool:
    if event in (Event.CONFIRM, Event.REJECT) and alert.has_open_rise and alert.is_living:
        return True
    row = MOVES.get((alert.state, event))
    if row is None or Who.OPERATOR not in row.who:
        return False
    window = alert.window.purpose if alert.window else None
    match event:
        case Event.HOLD:
            return window is Purpose.CONFIRM and not alert.was_held
        case Event.BREAK_GLASS:
            return window is Purpose.SECOND_PERSON
        case Event.ESCALATE:
            return alert.content.rank < _HIGHEST
        case Event.STEP_DOWN:
            return alert.level > Level.CAUTION
        case Event.ACKNOWLEDGE:
            return alert.call is not None
        case _:
            return True


def standing(alert: Alert) -> str:
    """How an alert stands, and how it came to, as a clause."""
    name = f"alert {alert.id} ({alert.hazard}, {alert.level.name.lower()})"
    told = f"{name} is {alert.state.value.replace('_', ' ')}"
    step = next((step for step in reversed(alert.steps) if step.event in _PAST), None)
    if step is None:
        return told
    told += f": it {_PAST[step.event]} by {step.by} at {step.utc:%H:%M:%S} UTC"
    if step.reason:
        told += f" ({step.reason})"
    if alert.merged_into:
        told += f", alert {alert.merged_into}"
    return told


def cannot(alert: Alert, act: str) -> str:
    """Why an act is refused, and what is possible instead."""
    possible = ", ".join(may(alert)) or "nothing; raise a warning if there is need of one"
    return f"{act} is not possible: {standing(alert)}; possible now: {possible}"
