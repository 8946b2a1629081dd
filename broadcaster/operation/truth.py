"""What the instruments of a simulated site really reported: the evidence a warning may rest on."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from typing import Final

from alerts.detection import DetectionEvent
from alerts.detection.event import Kind, Phase
from zones.site import Site

FIRES: Final = frozenset({Kind.SMOKE, Kind.FIRE, Kind.THERMAL})
WATERS: Final = frozenset({Kind.WATER_LEVEL, Kind.FLOOD})
_KINDS: Final = {"wildfire": FIRES, "flood": WATERS}
_REMEMBERED_S: Final = 3600.0
SILENT_S: Final = 3600.0
"""A begin of which nothing was heard for so long is evidence only where a warning lives for it."""
_SURE: Final = 0.8
"""The confidence that counts towards an evacuation without a person, in the rules that ship."""
_HIGH_M: Final = 1.5
_RISE_M: Final = 0.3
_RISES_WITHIN_S: Final = 1260.0
"""Ten minutes, and a reading before and after."""


class Truth:
    """The reports that reached the station, by source."""

    def __init__(self, site: Site) -> None:
        self._zones = {str(camera.id): frozenset(camera.zones) for camera in site.cameras}
        self._zones |= {str(gauge.id): frozenset(gauge.zones) for gauge in site.gauges}
        self._above: dict[tuple[str, Kind], bool] = {}
        self._heard: dict[tuple[str, Kind], float] = {}
        self._reports: deque[tuple[float, DetectionEvent]] = deque()
        self._levels: dict[str, float] = {}
        """What each gauge read last: losing one is no all-clear (SAFETY C5)."""

    def take(self, events: Iterable[DetectionEvent], now: float, *, counts: bool = True) -> None:
        """Remember what came in; a begin that doors or gate find too old does not count."""
        for event in events:
            self._reports.append((now, event))
            if event.kind is Kind.WATER_LEVEL and event.value is not None:
                self._levels[event.source] = event.value
            is_above = _is_above(event)
            self._heard[event.source, event.kind] = now
            if is_above is not None and (counts or not is_above):
                self._above[event.source, event.kind] = is_above
        while self._reports and self._reports[0][0] < now - _REMEMBERED_S:
            self._reports.popleft()

    def above(self, hazard: str, zones: Collection[str], since: float) -> str:
        """A source that last reported what this hazard is warned of, in these zones; or empty.

        One that fell silent long before a warning began, at `since`, has no part in it.
        """
        kinds = _KINDS.get(hazard, frozenset())
        for (source, kind), is_above in self._above.items():
            seen = self._zones.get(source, frozenset(zones))
            is_old = kind in FIRES and self._heard[source, kind] + SILENT_S <= since
            if is_above and not is_old and kind in kinds and seen & set(zones):
                return source
        return ""

    def against_evacuation(self, hazard: str, now: float) -> str:
        """Why nothing but a person may tell people to leave (SAFETY C4); empty if that is wrong."""
        recent = [event for at, event in self._reports if at >= now - _REMEMBERED_S]
        if hazard == "wildfire":
            sure = {
                event.source
                for event in recent
                if event.kind in FIRES and (event.confidence or 0.0) >= _SURE
            }
            return "" if len(sure) > 1 else f"sources that are sure: {sorted(sure) or 'none'}"
        levels = [e for e in recent if e.kind is Kind.WATER_LEVEL and e.value is not None]
        if any((e.value or 0.0) >= _HIGH_M for e in levels) or _rises(levels):
            return ""
        if any(level >= _HIGH_M for level in self._levels.values()):
            return ""
        return "no level so high, and none that rises so fast"


def _is_above(event: DetectionEvent) -> bool | None:
    """Whether a report says that the hazard is there; None when it says neither."""
    if event.quality is not None and event.quality < 0.5:
        return None
    if event.kind is Kind.WATER_LEVEL and event.value is not None:
        return True if event.value >= 0.6 else False if event.value < 0.5 else None
    if event.phase is Phase.END:
        return False
    if event.confidence is None or event.kind not in FIRES | WATERS:
        return None
    return True if event.confidence >= 0.6 else False if event.confidence < 0.48 else None


def _rises(levels: list[DetectionEvent]) -> bool:
    by_source: dict[str, list[tuple[float, float]]] = {}
    for event in levels:
        at = event.time.timestamp()
        by_source.setdefault(event.source, []).append((at, event.value or 0.0))
    return any(
        later - earlier >= _RISE_M and 0 < then - before <= _RISES_WITHIN_S
        for readings in by_source.values()
        for then, later in readings
        for before, earlier in readings
    )
