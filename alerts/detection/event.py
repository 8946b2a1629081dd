"""A detection as a source reports it: the canonical event, and what its values can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Final, NewType

from zones.geometry import Point

SourceId = NewType("SourceId", str)
"""The name of a source: of a camera or gauge as in the site file, or of one in the rules file."""
EventId = NewType("EventId", str)
"""The name a source gives to one of its events; it and the source's name make an event unique."""


class EventError(ValueError):
    """What came is no event: `pointer` says where (RFC 6901), `sentence` what is wrong."""

    def __init__(self, pointer: str, sentence: str) -> None:
        super().__init__(f"{pointer or 'the body'}: {sentence}")
        self.pointer = pointer
        self.sentence = sentence


class Kind(Enum):
    """What was detected or measured."""

    SMOKE = "smoke"
    FIRE = "fire"
    THERMAL = "thermal"
    WATER_LEVEL = "water_level"
    RAIN = "rain"
    FLOOD_FORECAST = "flood_forecast"
    FLOOD = "flood"
    CROWD = "crowd"
    PERSON = "person"
    FLOW = "flow"
    WIND = "wind"
    TEMPERATURE = "temperature"
    SOIL_MOISTURE = "soil_moisture"
    MANUAL = "manual"
    CAP = "cap"
    HEALTH = "health"


class Phase(Enum):
    """Which part of something the event tells of."""

    START = "start"
    UPDATE = "update"
    END = "end"
    READING = "reading"


class Mode(Enum):
    """Whether an event is meant in earnest; only a live one can raise a real alert."""

    LIVE = "live"
    EXERCISE = "exercise"
    TEST = "test"


UNITS: Final[Mapping[Kind, Mapping[str, float]]] = {
    Kind.WATER_LEVEL: {"m": 1.0, "cm": 0.01, "mm": 0.001},
    Kind.FLOOD_FORECAST: {"m": 1.0, "cm": 0.01, "mm": 0.001},
    Kind.RAIN: {"mm/h": 1.0},
    Kind.FLOW: {"m3/s": 1.0, "l/s": 0.001},
    Kind.WIND: {"m/s": 1.0, "km/h": 1 / 3.6},
    Kind.TEMPERATURE: {"C": 1.0},
    Kind.THERMAL: {"C": 1.0},
    Kind.SOIL_MOISTURE: {"%": 1.0},
}
"""The units a value may come in; the first is the one it is kept in."""
MEASURED: Final = frozenset(UNITS) - {Kind.THERMAL}
"""The kinds whose events say nothing without a value."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where it is: a point and how far round it, in metres; 0 means the point alone."""

    at: Point
    radius_m: float = 0.0


@dataclass(frozen=True, slots=True)
class DetectionEvent:
    """One report of one source.

    `time` is the source's own clock. `value` is in `unit`, the first of `UNITS` for its kind;
    `confidence` and `quality` are 0 to 1. `evidence` are links for the operator that nobody ever
    fetches, `pictures` the names under which pictures that came along are kept. `is_retained` marks
    a state that a broker or gateway sends again after a reconnect.
    """

    id: EventId
    source: SourceId
    kind: Kind
    phase: Phase
    time: datetime
    seq: int | None = None
    confidence: float | None = None
    value: float | None = None
    unit: str = ""
    datum: str = ""
    quality: float | None = None
    horizon_s: float = 0.0
    location: Location | None = None
    polygon: tuple[Point, ...] = ()
    geocodes: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    bbox: tuple[float, float, float, float] | None = None
    evidence: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    mode: Mode = Mode.LIVE
    is_retained: bool = False
    vendor: Mapping[str, Any] = field(default_factory=dict)

    def message(self) -> dict[str, Any]:
        """The event as JSON; `event_in` reads it back."""
        fields: dict[str, Any] = {
            "v": 1,
            "id": self.id,
            "source": self.source,
            "kind": self.kind.value,
            "phase": self.phase.value,
            "time": self.time.isoformat(),
        }
        optional = {
            "seq": self.seq,
            "confidence": self.confidence,
            "value": self.value,
            "unit": self.unit or None,
            "datum": self.datum or None,
            "quality": self.quality,
            "horizon_s": self.horizon_s or None,
            "location": _location_message(self.location),
            "polygon": [[p.latitude, p.longitude] for p in self.polygon] or None,
            "geocodes": list(self.geocodes) or None,
            "zones": list(self.zones) or None,
            "bbox": list(self.bbox) if self.bbox else None,
            "evidence": list(self.evidence) or None,
            "pictures": list(self.pictures) or None,
            "mode": None if self.mode is Mode.LIVE else self.mode.value,
            "retained": self.is_retained or None,
            "vendor": dict(self.vendor) or None,
        }
        fields.update((key, value) for key, value in optional.items() if value is not None)
        return fields


def _location_message(location: Location | None) -> dict[str, float] | None:
    if location is None:
        return None
    at = location.at
    return {"lat": at.latitude, "lon": at.longitude, "radius_m": location.radius_m}
