"""Warnings in control's snapshot, in words: what they wait for, and who heard them when. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from alerts.life_cycle import ENDED, UNHEARD
from broadcaster.control.commands import count

_OVER: Final = frozenset(state.value for state in ENDED)
_UNHEARD: Final = frozenset(state.value for state in UNHEARD)
Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Heard:
    """How far a warning has come on its way: in ms after it was received, None where unknown.

    `heard_by` of `of` amplifiers said themselves that its sound arrived, the last after `heard_ms`.
    """

    first_packet_ms: float | None = None
    sent_ms: float | None = None
    heard_ms: float | None = None
    heard_by: int = 0
    of: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether every amplifier heard it."""
        return 0 < self.of == self.heard_by

    @property
    def sentence(self) -> str:
        """Who heard it after how many milliseconds."""
        if self.first_packet_ms is None:
            return "not on the wire yet"
        words = f"first packet {self.first_packet_ms:.0f} ms"
        if self.heard_ms is None:
            return f"{words}, heard by none of {self.of} yet"
        return f"{words}, heard by {self.heard_by} of {self.of} after {self.heard_ms:.0f} ms"


def heard(alert: Facts, streams: list[Facts]) -> Heard:
    """Who heard an alert of a snapshot, whose streams say which amplifiers a zone has."""
    zones: Mapping[str, Facts] = (alert.get("path") or {}).get("zones") or {}
    amplifiers = {stream["zone"]: len(stream["arrived_detail"]) for stream in streams}
    of = sum(amplifiers.get(zone, 0) for zone in alert["zones"])
    first = _known(zones, "first_packet_ms")
    sent, arrived = _known(zones, "sent_ms"), _known(zones, "arrived_ms")
    return Heard(
        first_packet_ms=max(first.values(), default=None),
        sent_ms=max(sent.values(), default=None),
        heard_ms=max(arrived.values(), default=None),
        heard_by=sum(amplifiers.get(zone, 0) for zone in arrived),
        of=of,
    )


def _known(zones: Mapping[str, Facts], step: str) -> dict[str, float]:
    return {zone: path[step] for zone, path in zones.items() if path.get(step) is not None}


def called(alert: Facts) -> str:
    """An alert in a few words."""
    return f"{alert['title']['en']} ({alert['level_name']})"


def is_living(alert: Facts) -> bool:
    """Whether a real warning lives."""
    return alert.get("nature") == "real" and alert["state"] not in _OVER


def waits_s(alert: Facts) -> float | None:
    """Seconds until an alert sounds or rises unless somebody decides; None if it won't."""
    for wait in (alert.get("window"), alert.get("rise")):
        if wait and wait.get("left_s") is not None:
            return float(wait["left_s"])
    return None


def _where(alert: Facts) -> str:
    zones = alert["zones"]
    return count(len(zones), "zone") if len(zones) > 3 else ", ".join(zones)


def standing(alert: Facts, streams: list[Facts]) -> str:
    """An alert in one line: what it is, where, and how far it came."""
    words = f"{called(alert)} {alert['state'].replace('_', ' ')} in {_where(alert)}"
    left = waits_s(alert)
    if left is not None and alert["state"] in _UNHEARD:
        becomes = (
            "sounds" if (alert.get("window") or {}).get("on_timeout") == "air" else "is dropped"
        )
        return f"{words}: {becomes} in {left:.0f} s unless somebody decides"
    if alert.get("path") and not alert.get("parting"):
        words += f": {heard(alert, streams).sentence}"
    if left is not None and alert.get("rise"):
        words += f"; becomes {alert['rise']['level_name']} in {left:.0f} s"
    return words


@dataclass(slots=True)
class WarningNews:
    """Tells what is new of warnings, each thing once."""

    _known: dict[str, tuple[str, str]] = field(default_factory=dict)
    _heard: set[tuple[str, str]] = field(default_factory=set)
    _is_begun: bool = False

    def of(self, snapshot: Facts) -> list[str]:
        """The sentences that a snapshot adds; what lived before the first one is no news."""
        lines: list[str] = []
        for alert in snapshot.get("alerts", ()):
            if alert.get("nature") != "real":
                continue
            lines += self._of(alert, snapshot["streams"])
        is_first, self._is_begun = not self._is_begun, True
        return [] if is_first else lines

    def _of(self, alert: Facts, streams: list[Facts]) -> list[str]:
        name, lines = str(alert["id"]), []
        now = (str(alert["state"]), str(alert["level_name"]))
        if self._known.get(name) != now:
            self._known[name] = now
            if alert["state"] in _OVER:
                lines.append(f"alert {name}: {called(alert)} is over ({alert['state']})")
            elif alert["state"] != "airing":
                lines.append(f"alert {name}: {standing(alert, streams)}")
        way = heard(alert, streams)
        mark = (name, str((alert.get("path") or {}).get("received_utc")))
        if way.is_whole and mark not in self._heard:
            self._heard.add(mark)
            lines.append(f"alert {name}: {called(alert)} in {_where(alert)}: {way.sentence}")
        return lines
