"""What evidence owes: a warning that lives, or a person who ended it (SAFETY C1, C3, C6). Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from alerts.alert import Alert
from alerts.detection import DetectionEvent
from alerts.detection.event import Kind, Phase
from alerts.hazard import Level
from alerts.life_cycle import ENDED, Event, Who
from broadcaster.operation.truth import FIRES, SILENT_S
from zones.geometry import Point, distance_m
from zones.site import Evidence, Site

Facts = Mapping[str, Any]
WITHIN_S: Final = 35.0
"""How long after evidence began an alert of it must live; a state has to hold for 20 s of them."""
JUDGED_S: Final = 720.0
"""What a person ended is asked again, or no longer held up by its cool-down, after so long."""
_SURE: Final = 0.8
_SMOKE: Final = 0.6
_HIGH_M: Final = 1.5
_APART_M: Final = 100.0
_ENDED: Final = frozenset(state.value for state in ENDED)
_LOWERS: Final = frozenset(
    {
        Event.REJECT,
        Event.REJECT_ESCALATION,
        Event.STEP_DOWN,
        Event.CORRECT,
        Event.ALL_CLEAR,
    }
)


@dataclass(frozen=True, slots=True)
class _Held:
    """Something that one source reports without a break."""

    since: float
    heard: float
    sure_since: float | None


@dataclass(frozen=True, slots=True)
class _Judged:
    """A person lowered or ended a warning, or it ended since."""

    hazard: str
    zones: frozenset[str]
    at: float


class Owed:
    """The evidence that must have a warning; moments are monotonic seconds."""

    def __init__(self, site: Site) -> None:
        self._zones = {str(camera.id): frozenset(map(str, camera.zones)) for camera in site.cameras}
        self._zones |= {str(gauge.id): frozenset(map(str, gauge.zones)) for gauge in site.gauges}
        self._at: dict[str, Point] = {str(camera.id): camera.at for camera in site.cameras}
        self._states = {str(c.id) for c in site.cameras if c.evidence is Evidence.STATE}
        self._held: dict[tuple[str, Kind], _Held] = {}
        self._judged: deque[_Judged] = deque(maxlen=200)
        self._lowered: set[str] = set()

    def take(self, events: Iterable[DetectionEvent], now: float) -> bool:
        """Take what came in and counts; whether anything is owed for it."""
        owing = [event for event in events if self._take(event, now)]
        return bool(owing)

    def _take(self, event: DetectionEvent, now: float) -> bool:
        key = (event.source, event.kind)
        if event.kind is Kind.WATER_LEVEL:
            is_believed = event.quality is None or event.quality >= 0.5
            if event.value is None or event.value < _HIGH_M or not is_believed:
                self._held.pop(key, None)
                return False
            known = self._held.get(key)
            self._held[key] = _Held(known.since if known else now, now, None)
            return known is None
        if event.kind not in FIRES or event.source not in self._states:
            return False
        sure = event.confidence or 0.0
        if event.phase is Phase.END or sure < _SMOKE:
            self._held.pop(key, None)
            return False
        known = self._held.get(key)
        sure_since = known.sure_since if known else None
        if sure >= _SURE and sure_since is None:
            sure_since = now
        self._held[key] = _Held(known.since if known else now, now, sure_since)
        return known is None or sure_since != known.sure_since

    def judged(self, facts: Facts, now: float) -> None:
        """Note a move of a real alert: people may end or lower what evidence asks for."""
        alert = facts["alert"]
        if Who(facts["who"]) is Who.OPERATOR and Event(facts["event"]) in _LOWERS:
            self._lowered.add(alert["id"])
        elif facts["to"] not in _ENDED or alert["id"] not in self._lowered:
            return
        self._judged.append(_Judged(alert["hazard"], frozenset(alert["zones"]), now))

    def missing(self, alerts: Collection[Alert], now: float, since: float) -> Iterator[str]:
        """A sentence for each piece of evidence without its warning; control is back `since`."""
        sure: list[str] = []
        for (source, kind), held in self._held.items():
            if kind in FIRES and now - held.heard >= SILENT_S:
                continue
            hazard = "wildfire" if kind in FIRES else "flood"
            zones = self._zones.get(source, frozenset())
            if self._is_early(held.since, now, since) or self._is_judged(hazard, zones, now):
                continue
            level = Level.CAUTION if kind in FIRES else Level.EVACUATE
            if not _is_warned(alerts, hazard, zones, level):
                yield f"{source} reports {kind.value} and no {level.name.lower()} lives for it"
            if held.sure_since is not None and not self._is_early(held.sure_since, now, since):
                sure.append(source)
        yield from self._missing_of_two(alerts, sure)

    def _missing_of_two(self, alerts: Collection[Alert], sure: list[str]) -> Iterator[str]:
        """Two cameras apart that are sure ask for evacuation."""
        for n, one in enumerate(sure):
            for other in sure[:n]:
                zones = self._zones[one] & self._zones[other]
                is_apart = distance_m(self._at[one], self._at[other]) >= _APART_M
                if zones and is_apart and not _is_warned(alerts, "wildfire", zones, Level.EVACUATE):
                    yield f"{one} and {other} are sure of a fire and no evacuate lives for it"

    @staticmethod
    def _is_early(begun: float, now: float, since: float) -> bool:
        return now - max(begun, since) < WITHIN_S

    def _is_judged(self, hazard: str, zones: frozenset[str], now: float) -> bool:
        return any(
            one.hazard == hazard and now - one.at < JUDGED_S and one.zones & zones
            for one in self._judged
        )


def _is_warned(alerts: Collection[Alert], hazard: str, zones: frozenset[str], level: Level) -> bool:
    """Whether such an alert lives in one of these zones, or waits to be made one there."""
    return any(
        alert.is_living
        and alert.hazard == hazard
        and (alert.level >= level or (alert.rise is not None and alert.rise.content.level >= level))
        and not zones.isdisjoint(alert.zones)
        for alert in alerts
    )
