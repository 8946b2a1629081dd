"""Recorded events played through rules in virtual time: what would have been raised, and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from alerts.commands import Detected, Quieted
from alerts.detection.admitted import Admitted, admitted_in
from alerts.detection.event import EventError
from alerts.detection.event_json import decoded, event_in
from alerts.detection.rules import Rules
from alerts.detection.told import Order, Suspected
from alerts.detection.watch import Detections
from alerts.life_cycle import OnTimeout
from zones.site import Site

AFTERWARDS: Final = timedelta(hours=2)
"""How long the replay goes on after the last event: states last, and incidents become quiet."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An order, and when in the recording it was given."""

    at: datetime
    order: Order

    @property
    def sounds_at(self) -> datetime | None:
        """When it would sound if nobody did anything; None if it wouldn't."""
        order = self.order
        if not isinstance(order, Detected) or order.on_timeout is not OnTimeout.AIR:
            return None
        return self.at + timedelta(seconds=order.window)

    def message(self) -> dict[str, Any]:
        """As JSON."""
        order = self.order
        fields: dict[str, Any] = {
            "at": self.at.isoformat(),
            "incident": order.incident,
            "is": type(order).__name__.lower(),
        }
        if isinstance(order, Detected):
            sounds = self.sounds_at
            fields |= {
                "rule": order.rule,
                "hazard": order.hazard,
                "level": order.level.name.lower(),
                "zones": list(order.zones),
                "window_s": order.window,
                "sounds_at": sounds.isoformat() if sounds else None,
                "evidence": list(order.evidence),
            }
        else:
            fields["why"] = order.reason
        return fields


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a recording; `stories` explains each incident, raised or not."""

    asked: tuple[Asked, ...]
    suspected: tuple[Suspected, ...]
    counts: dict[str, int]
    stories: dict[str, tuple[str, ...]]

    @property
    def raised(self) -> tuple[Asked, ...]:
        """The orders that make an alert or strengthen one."""
        return tuple(each for each in self.asked if isinstance(each.order, Detected))

    def message(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "asked": [each.message() for each in self.asked],
            "suspected": [
                {"source": s.source, "at": s.at.isoformat(), "why": s.sentence}
                for s in self.suspected
            ],
            "events": self.counts,
            "stories": {incident: list(story) for incident, story in self.stories.items()},
        }


def recorded(lines: Iterable[bytes]) -> tuple[Admitted, ...]:
    """The events of a recording: JSON lines, each an event or what a door made of one.

    A bare event came when it happened. Blank lines are skipped.

    Raises:
        EventError: with the number of the line in its pointer.
    """
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            fields = decoded(line)
            if isinstance(fields, dict) and "event" in fields:
                found.append(admitted_in(fields))
            else:
                event = event_in(fields)
                found.append(Admitted(event, event.time))
        except EventError as error:
            raise EventError(f"line {number}{error.pointer}", error.sentence) from None
    return tuple(found)


def replay(events: Sequence[Admitted], site: Site, rules: Rules) -> Replayed:
    """Play events through rules, in the order in which they came, without air or people."""
    if not events:
        return Replayed((), (), {}, {})
    ordered = sorted(events, key=lambda admitted: admitted.received)
    begin = ordered[0].received
    detections = Detections(site, rules, 0.0, begin)
    play = _Play(detections, begin)
    for admitted in ordered:
        now = (admitted.received - begin).total_seconds()
        play.until(now)
        play.take(admitted, now)
    play.until(((ordered[-1].received - begin) + AFTERWARDS).total_seconds())
    stories = {str(each.id): detections.explain(each.id) for each in detections.incidents}
    return Replayed(
        tuple(play.asked), tuple(play.suspected), play.counts, {**play.stories, **stories}
    )


class _Play:
    def __init__(self, detections: Detections, begin: datetime) -> None:
        self.asked: list[Asked] = []
        self.suspected: list[Suspected] = []
        self.counts: dict[str, int] = {}
        self.stories: dict[str, tuple[str, ...]] = {}
        self._ended: set[str] = set()
        self._detections = detections
        self._begin = begin

    def until(self, now: float) -> None:
        """Let time go by."""
        while (due := self._detections.deadline()) is not None and due < now:
            told = self._detections.expire(due, self._at(due))
            self._note(told.orders, due)

    def take(self, admitted: Admitted, now: float) -> None:
        told = self._detections.take((admitted,), now, self._at(now))
        for verdict in told.verdicts:
            self.counts[verdict.taken.value] = self.counts.get(verdict.taken.value, 0) + 1
        self.suspected += told.suspected
        self._note(told.orders, now)

    def _note(self, orders: Iterable[Order], now: float) -> None:
        for order in orders:
            self.asked.append(Asked(self._at(now), order))
            self.stories[order.incident] = self._detections.explain(order.incident)
            if isinstance(order, Quieted) and order.incident not in self._ended:
                # Nobody is here to give the all-clear; the next detection is a new incident.
                self._ended.add(order.incident)
                self._detections.ended(order.incident, now)

    def _at(self, now: float) -> datetime:
        return self._begin + timedelta(seconds=now)
