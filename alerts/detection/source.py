"""Who reports: the cameras, gauges and services whose events are evidence, and how they report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from alerts.detection.event import Kind, SourceId
from zones.bus import ZoneId
from zones.geometry import Point, distance_m
from zones.site import Camera, Evidence, Gauge, Name, PathId, Site

STREAMING_LIMIT_S: Final = 15.0
"""Seconds without a sign of life after which a source that streams counts as lost."""
LATENESS_S: Final = 15.0
"""Seconds beyond two periods after which a source that reports at a period counts as lost."""
STATE_FRESH_S: Final = 30.0
"""Seconds for which the begin of a state is fresh, its declared delay apart."""


@dataclass(frozen=True, slots=True)
class Source:
    """One source of events.

    A *sample* source reports every `period_s` and `delay_s` late, a *state* source only when
    something starts and stops. `heartbeat_s` is how often it shows that it lives, 0 if it never
    does. Sources of one `gateway` (a key, a gateway, an analytics server) count as one. `path` and
    `distance_m` say where a gauge stands along a stream.
    camera sees.
    """

    id: SourceId
    name: Name
    evidence: Evidence
    period_s: float = 0.0
    delay_s: float = 0.0
    heartbeat_s: float = 0.0
    kinds: frozenset[Kind] = frozenset()
    at: Point | None = None
    azimuth_deg: float = 0.0
    field_of_view_deg: float = 360.0
    range_m: float = 0.0
    zones: tuple[ZoneId, ...] = ()
    path: PathId | None = None
    distance_m: float = 0.0
    gateway: str = ""
    may_evacuate: bool = False

    @property
    def fresh_s(self) -> float:
        """How old an event may be and still be acted on: two periods and the declared delay."""
        if self.evidence is Evidence.SAMPLE and self.period_s:
            return 2 * self.period_s + self.delay_s
        return STATE_FRESH_S + self.delay_s

    @property
    def lost_after_s(self) -> float | None:
        """Seconds of silence after which it is lost; None if its silence says nothing."""
        if self.heartbeat_s:
            return max(STREAMING_LIMIT_S, 2 * self.heartbeat_s + self.delay_s)
        if self.evidence is Evidence.SAMPLE and self.period_s:
            return 2 * self.period_s + self.delay_s + LATENESS_S
        return None


def are_independent(a: Source, b: Source, apart_m: float, via_a: str = "", via_b: str = "") -> bool:
    """Whether two sources can't be wrong for one reason: other gateways, and apart in space.

    `via_a` and `via_b` are the keys they came by. A source without a place is apart from none.
    """
    if a.id == b.id or (via_a and via_a == via_b) or (a.gateway and a.gateway == b.gateway):
        return False
    return a.at is not None and b.at is not None and distance_m(a.at, b.at) >= apart_m


class Sources:
    """All sources of a site by name: its cameras, its gauges, and those the rules file adds."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._by_id = {source.id: source for source in sources}

    def __iter__(self) -> Iterator[Source]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, source: SourceId) -> bool:
        return source in self._by_id

    def named(self, source: SourceId) -> Source | None:
        """The source of that name, None if there is none."""
        return self._by_id.get(source)

    def reporting(self, kinds: frozenset[Kind]) -> tuple[Source, ...]:
        """The sources that report one of these kinds."""
        return tuple(source for source in self if source.kinds & kinds)


def sources_of(site: Site) -> Mapping[SourceId, Source]:
    """The cameras and gauges of a site as sources; a gauge that shares a camera's name is first."""
    found = {SourceId(camera.id): _camera(camera) for camera in site.cameras}
    found.update({SourceId(gauge.id): _gauge(gauge) for gauge in site.gauges})
    return found


def _camera(camera: Camera) -> Source:
    return Source(
        id=SourceId(camera.id),
        name=camera.name,
        evidence=camera.evidence,
        period_s=camera.period_s,
        delay_s=camera.delay_s,
        kinds=frozenset(map(Kind, camera.detects)),
        at=camera.at,
        azimuth_deg=camera.azimuth_deg,
        field_of_view_deg=camera.field_of_view_deg,
        range_m=camera.range_m,
        zones=camera.zones,
    )


def _gauge(gauge: Gauge) -> Source:
    return Source(
        id=SourceId(gauge.id),
        name=gauge.name,
        evidence=Evidence.SAMPLE,
        period_s=gauge.period_s,
        delay_s=gauge.delay_s,
        kinds=frozenset({Kind(gauge.measures)}),
        at=gauge.at,
        zones=gauge.zones,
        path=gauge.path,
        distance_m=gauge.distance_m,
    )
