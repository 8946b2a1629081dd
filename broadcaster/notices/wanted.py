"""What a board, beacon or gate is to show: a pure function of the alerts that live in its zones.

The wanted state is level-triggered: whoever comes to it late, or a second time, finds the same. A
warning that only waits for a decision is shown nowhere; one whose ending is being spoken says so,
and keeps a gate closed until it has been spoken.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from alerts.hazard import Level
from alerts.life_cycle import ENDING
from broadcaster.notices.alert_view import AlertView
from zones.notices_settings import Device, DeviceKind

COLOURS: Final[Mapping[int, str]] = {
    Level.CAUTION: "yellow",
    Level.WARNING: "orange",
    Level.EVACUATE: "red",
}
"""The colour of each level, as the national crisis levels have them."""
_PARTING: Final[Mapping[str, Mapping[str, str]]] = {
    "correction": {"ko": "경보 정정", "en": "warning corrected"},
    "hazard over": {"ko": "상황 종료", "en": "over"},
    "path open": {"ko": "통행 재개", "en": "path open again"},
    "hazard over and path open": {"ko": "상황 종료, 통행 재개", "en": "over, path open again"},
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a device is to show, as JSON `fields`; `alerts` are those it shows.

    `switch` is the field that a relay can carry, with its value.
    """

    fields: Mapping[str, Any]
    alerts: tuple[str, ...]
    switch: tuple[str, bool] | None = None

    @property
    def is_at_rest(self) -> bool:
        """Whether it shows no warning."""
        return not self.alerts

    @property
    def state(self) -> str:
        """A short name of what is shown: equal for what is equal."""
        return fingerprint(self.fields)

    def contradicts(self, feedback: Mapping[str, Any]) -> str | None:
        """Where a device's answer differs from what is wanted; None when it agrees.

        Raises:
            NoFeedbackError: the answer says nothing about what is shown.
        """
        wanted = {**self.fields, "state": self.state}
        known = [name for name in feedback if name in wanted]
        if not known:
            raise NoFeedbackError
        for name in known:
            if feedback[name] != wanted[name]:
                return f"it says {name}: {_short(feedback[name])}, not {_short(wanted[name])}"
        return None


class NoFeedbackError(Exception):
    """An answer that tells nothing about what is shown."""


def wanted(device: Device, alerts: Iterable[AlertView]) -> Wanted | None:
    """What a device is to show now; None when it is to be left as it is.

    A gate that only people open is left alone once no warning closes it.
    """
    there = [one for one in alerts if one.is_heard and one.concerns(device)]
    there.sort(key=lambda one: one.rank, reverse=True)
    names = tuple(one.id for one in there)
    highest = there[0] if there else None
    level = {
        "level": 0 if highest is None else highest.level,
        "level_name": "none" if highest is None else highest.level_name,
    }
    colour = "off" if highest is None else COLOURS.get(highest.level, "red")
    match device.kind:
        case DeviceKind.BOARD:
            pages = [_page(one) for one in there]
            return Wanted({**level, "colour": colour, "pages": pages}, names)
        case DeviceKind.BEACON:
            is_lit = bool(there)
            fields = {**level, "colour": colour, "lit": is_lit}
            return Wanted(fields, names, ("lit", is_lit))
        case DeviceKind.GATE:
            is_closed = bool(there)
            if not is_closed and not device.opens_itself:
                return None
            return Wanted({**level, "closed": is_closed}, names, ("closed", is_closed))


def _page(alert: AlertView) -> dict[str, Any]:
    """What a board shows of one alert: title and text by language."""
    said, parting = alert.said, _PARTING.get(alert.parting or "")
    page = {"alert": alert.id, "hazard": alert.hazard, "level": alert.level}
    if alert.state in ENDING and parting is not None:
        names = said["hazard_name"]
        ended = {language: f"{names[language]}: {word}" for language, word in parting.items()}
        return {**page, "title": ended, "text": ended}
    return {**page, "title": said["title"], "text": said["text"]}


def fingerprint(fields: Mapping[str, Any]) -> str:
    """A short name for JSON: equal for what is equal."""
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:39]}…"
