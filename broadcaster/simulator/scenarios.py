"""Whole scenarios: what every camera and gauge of a site reports, and when. Pure.

A scenario is a function of the site, its settings and a seed, and says what the instruments see,
never what ought to come of it. Times are seconds from its begin, as in life; whoever plays it may
go faster.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from alerts.detection.event import MEASURED, DetectionEvent, EventId, Kind, Phase, SourceId
from broadcaster.simulator.cameras import camera_places
from broadcaster.simulator.scenario_settings import (
    Calm,
    Flood,
    Fog,
    ScenarioError,
    ScenarioSettings,
    Storm,
    Wildfire,
)
from zones.geometry import Point, along, distance_m
from zones.site import Camera, Evidence, PathId, Site

CALM_S: Final = 600.0
"""How long a stretch of an ordinary day is."""
_SEERS: Final = 3
"""Cameras that see a fire."""
_ALONG_M: Final = 10.0
"""How exactly a camera's place along the stream is told."""
_GONE: Final = 0.05
"""The confidence of a look at what is no longer there."""
_BLIND_QUALITY: Final = 0.3


@dataclass(frozen=True, slots=True)
class Report:
    """What one source reports at `at` seconds; `name` is the event's name within the scenario.

    `from_state` is true for a source that reports begin and end only, and for those alone a
    hurried play may date a report back.
    """

    at: float
    source: SourceId
    kind: Kind
    phase: Phase
    name: str
    confidence: float | None = None
    value: float | None = None
    unit: str = ""
    quality: float | None = None
    from_state: bool = False

    def event(self, time: datetime, run: str) -> DetectionEvent:
        """The event it makes, dated `time`; `run` tells the events of one play from another's."""
        return DetectionEvent(
            id=EventId(f"sim-{run}-{self.name}"),
            source=self.source,
            kind=self.kind,
            phase=self.phase,
            time=time,
            confidence=self.confidence,
            value=self.value,
            unit=self.unit,
            quality=self.quality,
            vendor={"simulated": run},
        )


def district(site: Site, seed: int, cameras: int | None = None) -> Site:
    """The site with as many cameras as that, invented ones added to its own; None: all there are.

    Raises:
        ScenarioError: it has more itself, or its places can't bear so many.
    """
    try:
        places = camera_places(site, seed)
        if cameras is not None and cameras < len(site.cameras):
            raise ValueError(f"the site itself has {len(site.cameras)} cameras")
        every = [camera for place in places for camera in place.cameras]
        if cameras is not None and cameras > len(every):
            raise ValueError(f"the district has {len(every)} cameras")
    except ValueError as error:
        raise ScenarioError(str(error)) from None
    return replace(site, cameras=tuple(every[:cameras]))


def calm(site: Site, settings: ScenarioSettings, seed: int) -> tuple[Report, ...]:
    """Ten minutes of an ordinary day: every instrument reads what it reads in dry weather."""
    return _in_order(_calm(site, settings.calm, random.Random(seed)))


def _calm(site: Site, told: Calm, chance: random.Random) -> Iterator[Report]:
    for instrument in _instruments(site):
        for at in instrument.times(CALM_S, chance):
            level = _around(told.level_m, told.waves_m, chance)
            yield instrument.report(at, 0.0 if instrument.kind is Kind.RAIN else level)


def wildfire(site: Site, settings: ScenarioSettings, seed: int) -> tuple[Report, ...]:
    """A fire before three cameras: smoke that grows, then flames, then heat, until it is out.

    Raises:
        ScenarioError: fewer than three cameras that look for smoke speak for zones.
    """
    return _in_order(_wildfire(site, settings.wildfire, random.Random(seed)))


def _wildfire(site: Site, told: Wildfire, chance: random.Random) -> Iterator[Report]:
    watching = [camera for camera in _smoke_cameras(site) if camera.zones]
    if len(watching) < _SEERS:
        raise ScenarioError(
            f"the fire is seen by {_SEERS} cameras, and the site has {len(watching)} that look "
            "for smoke and speak for zones"
        )
    first = chance.choice(watching)
    seers = sorted(watching, key=lambda each: distance_m(each.at, first.at))[:_SEERS]
    gain = (told.surest - told.noticed) / told.grows_s
    for number, camera in enumerate(seers):
        begin = number * told.second_s

        def sureness(at: float, begin: float = begin) -> float:
            grown = told.noticed + gain * (at - begin)
            return _around(min(told.surest, grown), told.noise, chance)

        sees = _Episode(begin, told.out_s, told.look_s, sureness)
        yield from sees.reports(camera, Kind.SMOKE, "smoke")
    surest = _Episode(
        told.flames_s, told.out_s, told.look_s, lambda _: _around(told.surest, told.noise, chance)
    )
    yield from surest.reports(seers[0], Kind.FIRE, "flames")
    yield from replace(surest, begin=told.heat_s).reports(seers[1], Kind.THERMAL, "heat")


def flood(site: Site, settings: ScenarioSettings, seed: int) -> tuple[Report, ...]:
    """Rain, then a wave that passes the instruments along the stream one after the other.

    Raises:
        ScenarioError: nothing at the site measures the water.
    """
    return _in_order(_flood(site, settings.flood, random.Random(seed)))


def _flood(site: Site, told: Flood, chance: random.Random) -> Iterator[Report]:
    instruments = _instruments(site)
    places = [one.distance_m for one in instruments if one.kind is Kind.WATER_LEVEL]
    if not places:
        raise ScenarioError("no gauge or camera of the site measures the water")
    for instrument in instruments:
        comes = told.arrives_s + (instrument.distance_m - min(places)) / told.runs_m_per_s
        for at in instrument.times(told.ends_s, chance):
            if instrument.kind is Kind.RAIN:
                yield instrument.report(at, told.rain_mm_per_h if at < told.rains_s else 0.0)
                continue
            level = told.level_m + told.height_m * _wave(told, at - comes)
            is_blind = instrument.is_camera and chance.random() < told.blind
            quality = _BLIND_QUALITY if is_blind else None
            yield instrument.report(at, _around(level, told.waves_m, chance), quality)


def _wave(told: Flood, since: float) -> float:
    """The height of the wave at one place, 0 to 1, so many seconds after it came there."""
    if since <= told.rises_s:
        return max(0.0, since / told.rises_s)
    falling = since - told.rises_s - told.stays_s
    return max(0.0, 1.0 - max(0.0, falling) / told.falls_s)


def fog(site: Site, settings: ScenarioSettings, seed: int) -> tuple[Report, ...]:
    """Fog over neighbouring cameras and single hits everywhere: what looks like smoke is none."""
    return _in_order(_fog(site, settings.fog, random.Random(seed)))


def _fog(site: Site, told: Fog, chance: random.Random) -> Iterator[Report]:
    watching = _smoke_cameras(site)
    if not watching:
        raise ScenarioError("no camera of the site looks for smoke")
    centre = chance.choice(watching).at
    hidden = sorted(watching, key=lambda each: distance_m(each.at, centre))
    for camera in hidden[: told.cameras_count]:
        for number in range(chance.randint(1, told.runs_count)):
            looks = chance.randint(told.shortest_count, told.longest_count)
            begin = chance.uniform(0.0, told.lasts_s)
            run = _Episode(
                begin,
                begin + looks * told.look_s,
                told.look_s,
                lambda _: chance.uniform(told.least, told.most),
            )
            yield from run.reports(camera, Kind.SMOKE, f"fog{number}")
    for camera in watching:
        for number in range(told.hits_count):
            begin = chance.uniform(0.0, told.lasts_s)
            hit = _Episode(
                begin,
                begin + chance.uniform(1.0, told.look_s),
                told.look_s,
                lambda _: chance.uniform(told.least, told.surest),
            )
            yield from hit.reports(camera, Kind.SMOKE, f"hit{number}")


def storm(site: Site, settings: ScenarioSettings, seed: int) -> tuple[Report, ...]:
    """Every camera reports all that it can, at once and again and again."""
    return _in_order(_storm(site, settings.storm, random.Random(seed)))


def _storm(site: Site, told: Storm, chance: random.Random) -> Iterator[Report]:
    for camera in site.cameras:
        seen = [kind for kind in map(Kind, camera.detects) if kind not in MEASURED]
        for kind in seen or [Kind.PERSON]:
            begin = chance.uniform(0.0, told.begins_s)
            screams = _Episode(
                begin, told.lasts_s, told.look_s, lambda _: chance.uniform(told.least, told.most)
            )
            yield from screams.reports(camera, kind, f"storm-{kind.value}")


Scenario = Callable[[Site, ScenarioSettings, int], tuple[Report, ...]]
SCENARIOS: Final[Mapping[str, Scenario]] = {
    "wildfire": wildfire,
    "flood": flood,
    "fog": fog,
    "storm": storm,
}
"""What can be played, by name; `calm` is what lies between."""


# --- instruments ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Instrument:
    """A gauge, or a camera that reads a staff; `distance_m` is where along its path."""

    source: SourceId
    kind: Kind
    unit: str
    period_s: float
    distance_m: float
    is_camera: bool = False

    def times(self, lasts_s: float, chance: random.Random) -> Iterator[float]:
        """When it reports: at its period, beginning anywhere within the first."""
        begin = chance.uniform(0.0, min(self.period_s, lasts_s))
        for number in range(int((lasts_s - begin) / self.period_s) + 1):
            yield begin + number * self.period_s

    def report(self, at: float, value: float, quality: float | None = None) -> Report:
        """One reading."""
        return Report(
            at,
            self.source,
            self.kind,
            Phase.READING,
            f"{self.source}-{self.kind.value}-{round(at * 1000)}",
            value=round(max(0.0, value), 3),
            unit=self.unit,
            quality=quality,
        )


def _instruments(site: Site) -> list[_Instrument]:
    """What measures water or rain, gauges first."""
    measured = {Kind.WATER_LEVEL.value: "m", Kind.RAIN.value: "mm/h"}
    found = [
        _Instrument(
            SourceId(gauge.id),
            Kind(gauge.measures),
            measured[gauge.measures],
            gauge.period_s,
            gauge.distance_m,
        )
        for gauge in site.gauges
        if gauge.measures in measured
    ]
    stream = next((gauge.path for gauge in site.gauges), None)
    for camera in site.cameras:
        if Kind.WATER_LEVEL.value in camera.detects and camera.period_s:
            place = _place_along(site, stream, camera.at)
            found.append(
                _Instrument(
                    SourceId(camera.id), Kind.WATER_LEVEL, "m", camera.period_s, place, True
                )
            )
    return found


def _place_along(site: Site, path: PathId | None, at: Point) -> float:
    """How far along a path a point lies, to 10 m; 0 without a path."""
    line = next((each for each in site.paths if each.id == path), None)
    if line is None:
        return 0.0
    steps = [_ALONG_M * n for n in range(int(line.length_m / _ALONG_M) + 1)]
    return min(steps, key=lambda metres: distance_m(along(line.line, metres), at))


def _around(value: float, swing: float, chance: random.Random) -> float:
    return value + chance.uniform(-swing, swing)


# --- cameras ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Episode:
    """Something a camera sees from `begin` to `end`, as sure as `sureness` says at a time."""

    begin: float
    end: float
    look_s: float
    sureness: Callable[[float], float]

    def reports(self, camera: Camera, kind: Kind, name: str) -> Iterator[Report]:
        """What the camera reports of it, in the way it reports: states or looks."""
        is_state = camera.evidence is Evidence.STATE
        look_s = self.look_s if is_state or not camera.period_s else camera.period_s
        called = f"{camera.id}-{name}"
        looks = max(1, int((self.end - self.begin) / look_s))
        for number in range(looks):
            at = self.begin + number * look_s
            sure = round(min(1.0, max(0.0, self.sureness(at))), 2)
            phase = Phase.START if number == 0 else Phase.UPDATE
            yield self._report(camera, kind, at, phase, called, sure)
        yield self._report(
            camera,
            kind,
            self.end,
            Phase.END if is_state else Phase.UPDATE,
            called,
            None if is_state else _GONE,
        )

    def _report(
        self, camera: Camera, kind: Kind, at: float, phase: Phase, name: str, sure: float | None
    ) -> Report:
        source, is_state = SourceId(camera.id), camera.evidence is Evidence.STATE
        return Report(at, source, kind, phase, name, confidence=sure, from_state=is_state)


def _smoke_cameras(site: Site) -> list[Camera]:
    return [camera for camera in site.cameras if Kind.SMOKE.value in camera.detects]


def _in_order(reports: Iterable[Report]) -> tuple[Report, ...]:
    return tuple(sorted(reports, key=lambda report: report.at))
