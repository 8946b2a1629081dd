"""Reasons to doubt a source: they add a window that ends in airing, and never block (SAFETY C3)."""

from __future__ import annotations

from collections import deque
from typing import Final

from alerts.detection.admitted import Admitted
from alerts.detection.event import MEASURED, Kind, Phase, SourceId
from alerts.detection.gate import Judged, Standing
from alerts.detection.gauge import Readings
from alerts.detection.incident import Suspicion
from alerts.detection.source import Source, Sources

JUMP_WINDOW_S: Final = 30.0
DOUBT_WINDOW_S: Final = 60.0
MOST_TRIGGERS: Final = 6
"""Begins in an hour, outside of live incidents, that a source may report and be believed."""
_HOUR_S: Final = 3_600.0
_BELIEVED_QUALITY: Final = 0.5
"""A reading of lower quality is doubted; night and heavy rain blind a camera that reads a staff."""


class Doubts:
    """What is known of each source that could make one doubt it."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._readings: dict[tuple[SourceId, Kind], Readings] = {}
        self._begins: dict[SourceId, deque[float]] = {}

    def readings(self, source: SourceId, kind: Kind) -> Readings:
        """The readings of an instrument."""
        return self._readings.setdefault((source, kind), Readings())

    def add_reading(self, admitted: Admitted) -> bool:
        """Take the value of an event; False if a newer one was here before."""
        event = admitted.event
        if event.value is None or event.kind not in MEASURED or event.phase is Phase.END:
            return True
        readings = self.readings(event.source, event.kind)
        return readings.add(event.time.timestamp(), event.value)

    def began(self, source: SourceId, now: float) -> None:
        """Note that a source began to report something, outside of a live incident."""
        begins = self._begins.setdefault(source, deque(maxlen=MOST_TRIGGERS + 1))
        begins.append(now)

    def about(
        self, admitted: Admitted, source: Source, judged: Judged, now: float
    ) -> Suspicion | None:
        """Why the newest event of a source is doubted; None if it is believed."""
        event = admitted.event
        if judged.standing is Standing.CLOCK_SUSPECT:
            return Suspicion("our clock or its own is wrong", DOUBT_WINDOW_S)
        if event.quality is not None and event.quality < _BELIEVED_QUALITY:
            return Suspicion(f"{source.id} says itself that it sees badly", DOUBT_WINDOW_S)
        begins = self._begins.get(source.id)
        if begins and len(begins) > MOST_TRIGGERS and now - begins[0] <= _HOUR_S:
            return Suspicion(
                f"{source.id} has begun more than {MOST_TRIGGERS} times in an hour", DOUBT_WINDOW_S
            )
        if event.kind not in MEASURED:
            return None
        readings = self.readings(source.id, event.kind)
        if event.kind is Kind.WATER_LEVEL and readings.jumped():
            return Suspicion(f"{source.id} jumped faster than water can move", JUMP_WINDOW_S)
        if self.is_frozen(source, event.kind):
            return Suspicion(f"{source.id} stands still while others move", DOUBT_WINDOW_S)
        return None

    def is_frozen(self, source: Source, kind: Kind) -> bool:
        """Whether an instrument stands still while rain falls or a neighbour on its path moves."""
        others = [
            readings
            for (other, what), readings in self._readings.items()
            if other != source.id
            and (what is Kind.RAIN or (what is kind and self._is_beside(source, other)))
        ]
        return self.readings(source.id, kind).is_frozen_beside(others)

    def _is_beside(self, source: Source, other: SourceId) -> bool:
        neighbour = self._sources.named(other)
        return neighbour is not None and (
            neighbour.path == source.path
            if source.path is not None
            else not set(neighbour.zones).isdisjoint(source.zones)
        )
