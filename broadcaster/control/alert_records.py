"""What the journal, an answer and a screen say of alerts. Values only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from alerts.alert import Alert, Instant, Move
from alerts.exercise import Exercise
from alerts.life_cycle import SOUNDING, State
from alerts.message import Message
from alerts.moving import AnyMove, may
from alerts.record import facts, subject
from broadcaster.control.acts import Recorded
from broadcaster.control.alert_path import AlertPath
from broadcaster.control.warnings import Warnings
from broadcaster.journal.entry import Entry, Kind
from zones.media_time import WallAnchor


def moved(
    moves: Iterable[AnyMove],
    kept_open: tuple[str, ...],
    now: float,
    anchor: WallAnchor,
    key: str = "",
) -> Recorded:
    """The journal entries of moves, in one commit; the answer to the act `key` waits for it."""
    return Recorded(
        tuple(
            Entry(
                kind=Kind.ALERT,
                subject=subject(move),
                utc=anchor.utc,
                at=anchor.sample,
                facts=facts(move, now, anchor.utc, kept_open),
            )
            for move in moves
        ),
        key,
    )


def missed(unrecorded: Mapping[str, Mapping[str, Any]], anchor: WallAnchor) -> list[Recorded]:
    """What the journal lacks of alerts that an earlier control moved and did not live to record."""
    entries = tuple(
        Entry(kind=Kind.ALERT, subject=name, utc=anchor.utc, at=anchor.sample, facts=facts)
        for name, facts in unrecorded.items()
    )
    return [Recorded(entries)] if entries else []


def measured(alert: str, path: AlertPath, anchor: WallAnchor) -> Recorded:
    """The journal entry of a warning's measured path."""
    said = {"alert": alert, "path": path.shown()}
    entry = Entry(kind=Kind.AS_RUN, subject=alert, utc=anchor.utc, at=anchor.sample, facts=said)
    return Recorded((entry,))


def begins_to_sound(move: Move) -> bool:
    """Whether a warning begins, or begins anew, with this move."""
    before, after = move.before, move.after
    if after.state is not State.AIRING:
        return False
    sounded = before is not None and before.state in SOUNDING
    return not sounded or (before is not None and before.restarts != after.restarts)


# --- what is answered and shown ---


def answer(subject: str, warnings: Warnings) -> dict[str, Any]:
    """What the answer to an act says of its alert or exercise."""
    alert = warnings.book.alert(subject)
    if alert is not None:
        speech = warnings.speech(warnings.message(alert), alert.place, words=alert.words)
        unsaid = warnings.unsaid(alert)
        notes = (*speech.notes, *unsaid)
        return {
            "alert": subject,
            "state": alert.state.value,
            "revision": alert.revision,
            "message": alert.message,
            "level_name": alert.level.name.lower(),
            "zones": list(alert.ending_zones if alert.parting else alert.zones),
            "notes": list(notes),
            "may": list(may(alert)),
        }
    for exercise in warnings.book.exercises:
        if exercise.id == subject:
            return {
                "alert": subject,
                "state": exercise.state.value,
                "revision": exercise.revision,
                "message": exercise.message,
                "level_name": "exercise",
                "zones": list(exercise.zones),
            }
    return {"alert": subject, "state": ""}


def shown(alert: Alert, warnings: Warnings, path: AlertPath | None, at: Instant) -> dict[str, Any]:
    """A real alert as JSON."""
    message = warnings.message(alert)
    hazard = warnings.hazard(alert.hazard)
    flags = [name for name in ("degraded", "overridden") if getattr(alert, name)]
    return {
        "id": alert.id,
        "nature": "real",
        "hazard": alert.hazard,
        "hazard_name": {"ko": hazard.name.ko, "en": hazard.name.en},
        "level": int(alert.level),
        "level_name": alert.level.name.lower(),
        "response": alert.content.response.name.lower(),
        "state": alert.state.value,
        "flags": flags,
        **_said(message),
        "words": {phrase.language: phrase.text for phrase in alert.words},
        "zones": list(alert.ending_zones if alert.parting else alert.zones),
        "sounded": list(alert.sounded),
        "overridden": list(alert.overridden),
        "degraded": list(alert.degraded),
        "conflicting": list(alert.conflicting),
        "raised_by": alert.origin.by,
        "is_automatic": alert.origin.is_automatic,
        "raised_at": alert.origin.at.isoformat(),
        "source": alert.origin.source,
        "camera": alert.origin.camera or None,
        "place": None
        if alert.place is None
        else {"lat": alert.place.latitude, "lon": alert.place.longitude},
        "window": _window(alert, at),
        "rise": _rise(alert, at),
        "limit_left_s": _left(alert.limit, at),
        "parting": None if alert.parting is None else alert.parting.word.value,
        "calling": _calling(alert),
        "evidence": list(alert.evidence),
        "why": alert.origin.why,
        "steps": [
            {
                "event": step.event.value,
                "by": step.by,
                "state": step.state.value,
                "utc": step.utc.isoformat(),
                "reason": step.reason,
            }
            for step in alert.steps
        ],
        "revision": alert.revision,
        "path": None if path is None else path.shown(),
        "may": list(may(alert)),
    }


def shown_exercise(exercise: Exercise, warnings: Warnings, at: Instant) -> dict[str, Any]:
    """An exercise as JSON; it can be taken for no warning."""
    message = warnings.practised(exercise)
    return {
        "id": exercise.id,
        "nature": "exercise",
        "hazard": message.hazard,
        "level": 120,
        "level_name": "exercise",
        "state": exercise.state.value,
        **_said(message),
        "zones": list(exercise.zones),
        "raised_by": exercise.by,
        "left_s": _left(exercise.ends, at),
        "why": exercise.reason,
        "revision": exercise.revision,
        "may": ["end-exercise"] if exercise.state.value == "running" else [],
    }


def _said(message: Message) -> dict[str, Any]:
    return {
        "message": message.id,
        "title": {"ko": message.title.ko, "en": message.title.en},
        "text": {
            language: " ".join(phrase.text for phrase in wording.plain())
            for language, wording in message.wordings.items()
        },
    }


def _window(alert: Alert, at: Instant) -> Mapping[str, Any] | None:
    window = alert.window
    if window is None:
        return None
    return {
        "purpose": window.purpose.value,
        "length_s": window.length,
        "ends_utc": window.ends.utc.isoformat(),
        "left_s": _left(window.ends, at),
        "on_timeout": alert.on_timeout.value,
    }


def _rise(alert: Alert, at: Instant) -> Mapping[str, Any] | None:
    """An escalation that waits for somebody's decision."""
    rise = alert.rise
    if rise is None or rise.is_rejected:
        return None
    return {
        "message": rise.content.message,
        "level_name": rise.content.level.name.lower(),
        "left_s": _left(rise.ends, at),
        "on_timeout": rise.on_timeout.value,
    }


def _calling(alert: Alert) -> Mapping[str, Any] | None:
    call = alert.call
    return None if call is None else {"why": call.why.value, "step": call.step}


def _left(ends: Instant | None, at: Instant) -> float | None:
    return None if ends is None else round(max(0.0, ends.now - at.now), 1)
