"""What detections tell: orders for the book of alerts, verdicts, and what people should know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from alerts.alert import IncidentId
from alerts.commands import Detected, Quieted, SensorLost
from alerts.detection.event import EventId, Kind, SourceId
from zones.bus import ZoneId

Order = Detected | Quieted | SensorLost


class Taken(Enum):
    """What became of an event."""

    EVIDENCE = "evidence"
    """It counts, for or against an incident."""
    REPEATED = "repeated"
    STALE = "stale"
    """Too old to count; the operator sees it."""
    EARLY = "early"
    """Dated ahead of our clock; the operator sees it."""
    UNKNOWN_SOURCE = "unknown_source"
    """From a source the site doesn't know; the operator sees it."""
    NO_RULE = "no_rule"
    """No rule looks at such events."""
    EXERCISE = "exercise"
    """Meant as exercise or test: it can't raise a real alert."""
    HEALTH = "health"
    """About the source itself."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one event, and the incident it belongs to if that was raised."""

    source: SourceId
    event: EventId
    taken: Taken
    incident: IncidentId | None = None
    sentence: str = ""

    def message(self) -> dict[str, Any]:
        """As JSON, for the answer to whoever sent it."""
        fields: dict[str, Any] = {"source": self.source, "id": self.event, "is": self.taken.value}
        if self.incident is not None:
            fields["incident"] = self.incident
        if self.sentence:
            fields["why"] = self.sentence
        return fields


@dataclass(frozen=True, slots=True)
class Suspected:
    """An authentic event that raises nothing by itself; a person should look at it."""

    source: SourceId
    kind: Kind
    zones: tuple[ZoneId, ...]
    sentence: str
    at: datetime
    evidence: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceFault:
    """Something is wrong with a source, or with our clock, in words; or no longer."""

    id: str
    sentence: str
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """All that came of some events, or of time going by."""

    orders: tuple[Order, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    """One for each event, in the order given."""
    suspected: tuple[Suspected, ...] = ()
    faults: tuple[SourceFault, ...] = ()
    is_worth_keeping: bool = False
    """Whether `Detections.memory` changed so that it should be written down."""


@dataclass(slots=True)
class Collected:
    """What comes of one call."""

    orders: list[Order] = field(default_factory=list)
    suspected: list[Suspected] = field(default_factory=list)
    faults: list[SourceFault] = field(default_factory=list)
    is_changed: bool = False
    """Whether a state began or ended, which must be known after a restart."""

    def told(self, verdicts: Sequence[Verdict] = ()) -> Told:
        """All of it, with a verdict for each event that was taken."""
        return Told(
            tuple(self.orders),
            tuple(verdicts),
            tuple(self.suspected),
            tuple(self.faults),
            bool(self.orders) or self.is_changed,
        )
