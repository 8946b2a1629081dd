"""What every way into sound has in common: by people, by rules, by a window's end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from alerts.alert import (
    Alert,
    Call,
    Content,
    IncidentId,
    Instant,
    LastWord,
    Parting,
    Purpose,
    Why,
    Window,
)
from alerts.hazard import HazardId, Level, Response
from alerts.life_cycle import Times, Who
from alerts.message import Message, UnknownMessageError
from alerts.message import Purpose as MessagePurpose
from alerts.message_book import MessageBook
from alerts.moving import AlertRefusedError
from alerts.spoken import MessageId


@dataclass(frozen=True, slots=True)
class House:
    """What the station knows beside its alerts: its messages and its times."""

    messages: MessageBook
    times: Times = field(default_factory=Times)
    asked_again: Callable[[IncidentId], Level | None] = lambda _: None
    """What evidence asks for now that people are asked again; None where nobody knows."""

    def backed(self, content: Content, alert: Alert) -> Content:
        """No more than the evidence of an alert asks for now, where that is known (SAFETY C4)."""
        levels = [level for one in alert.going if (level := self.asked_again(one)) is not None]
        if not levels or max(levels) >= content.level:
            return content
        return self.content(alert.hazard, max(levels))[1]

    def warning(self, name: MessageId) -> Message:
        """The warning of that name; raises AlertRefusedError when there is none."""
        try:
            message = self.messages.named(name)
        except UnknownMessageError as error:
            raise AlertRefusedError(str(error), "message") from None
        if message.purpose is not MessagePurpose.WARNING:
            raise AlertRefusedError(
                f"message {name} is no warning but says {message.purpose.value}; "
                "use the act of that name, or a warning's message",
                "message",
            )
        return message

    def content(
        self,
        hazard: HazardId | None,
        level: Level | None,
        response: Response | None = None,
        message: MessageId | None = None,
    ) -> tuple[HazardId, Content, Message]:
        """What is to be said about a hazard at a level, or by a named message.

        Raises:
            AlertRefusedError: neither a message nor both of the others are given.
        """
        if message is not None:
            found = self.warning(message)
        elif hazard is None or level is None:
            raise AlertRefusedError("name a message, or a hazard and a level", "message")
        else:
            found = self.messages.warning(hazard, level, response)
        at = level or found.level or Level.CAUTION
        asked = found.response if response is None else response
        content = Content(found.id, at, asked, found.direction)
        return hazard or found.hazard, content, found


def least(judged: Content | None, content: Content) -> Content | None:
    """What still counts as judged where evidence asks for `content`: nothing beyond that."""
    return None if judged is None else min(judged, content, key=lambda one: one.rank)


def asked(length: float, at: Instant, purpose: Purpose = Purpose.CONFIRM) -> dict[str, Any]:
    """The changes of an alert that begins to wait `length` seconds for people."""
    why = Why.SECOND_PERSON if purpose is Purpose.SECOND_PERSON else Why.PENDING
    return {
        "window": Window(purpose, length, at.after(length)),
        "was_held": False,
        "asks_again": None,
        "call": Call(why, 0, at.after(length / 2)),
    }


def aired(
    alert: Alert, at: Instant, times: Times, why: Why | None = None, step: int = 0
) -> dict[str, Any]:
    """The changes of an alert whose warning begins to sound, or begins anew.

    `why` people are called from step `step` on; None when it was a person who made it sound.
    """
    return _higher(alert, alert.content) | {
        "window": None,
        "parting": None,
        "asks_again": None,
        "aired_at": alert.aired_at or at.utc,
        "settles": None,
        "limit": at.after(times.hard_limit),
        "call": None if why is None else Call(why, step, at.after(times.calls_every)),
    }


def risen(
    alert: Alert, content: Content, at: Instant, times: Times, why: Why | None
) -> dict[str, Any]:
    """The changes of an alert that is escalated to `content`."""
    changes = aired(alert, at, times, why) | _higher(alert, content)
    return changes | {"content": content, "restarts": alert.restarts + alert.sounds}


def _higher(alert: Alert, content: Content) -> dict[str, Any]:
    """What is still to be judged once `content` sounds: only what ranks higher."""
    rise, judged = alert.rise, alert.judged
    return {
        "rise": rise if rise and rise.content.rank > content.rank else None,
        "judged": judged if judged and judged.rank > content.rank else None,
    }


def parting(alert: Alert, word: LastWord, who: Who, house: House) -> Parting:
    """The last word about an alert; one that is being spoken sinks into it."""
    before = alert.parting
    level = max(alert.level, before.level) if before else alert.level
    response = max(alert.content.response, before.response) if before else alert.content.response
    return Parting(word, level, response, who, house.times.spoken)
