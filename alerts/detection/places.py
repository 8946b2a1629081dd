"""Which zones are meant: by name, by a point, a circle, a polygon or a code of an area.

Matching errs on the side of warning: an area reaches a zone when it comes within 50 m of its path,
its outline or one of its loudspeakers.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from alerts.detection.event import DetectionEvent, SourceId
from alerts.detection.source import Source
from zones.bus import ZoneId
from zones.geometry import Point, along, bearing_deg, contains, distance_m
from zones.site import Site, Zone

BUFFER_M: Final = 50.0
"""How near to a zone an area counts as reaching it."""
POINT_RADIUS_M: Final = 100.0
"""How far round a bare point is meant."""
NEAREST_WITHIN_M: Final = 1_000.0
"""A point off every zone warns the nearest one if that is no further away."""
_METRES_PER_DEGREE: Final = 111_000.0
_STEP_M: Final = 50.0
"""Points of a path between its corners, so that a zone's stretch has some of its own."""


@dataclass(frozen=True, slots=True)
class Where:
    """The zones something concerns and, if it is known, the place itself.

    `is_known` is False when nothing said where: then all zones are meant, once somebody agrees.
    """

    zones: tuple[ZoneId, ...]
    at: Point | None
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class _Box:
    """All places near a zone, and some more: south, north, west and east, in degrees."""

    south: float
    north: float
    west: float
    east: float

    @classmethod
    def round(cls, points: tuple[Point, ...]) -> _Box:
        """The box round a zone's points and all that counts as reaching them."""
        latitudes = [point.latitude for point in points]
        longitudes = [point.longitude for point in points]
        margin = 2 * BUFFER_M / _METRES_PER_DEGREE
        wide = margin / max(0.01, math.cos(math.radians(latitudes[0])))
        return cls(
            min(latitudes) - margin,
            max(latitudes) + margin,
            min(longitudes) - wide,
            max(longitudes) + wide,
        )

    def meets(self, a: Point, b: Point) -> bool:
        """Whether the line from a to b may come into it; False is certain."""
        return not (
            (a.latitude < self.south and b.latitude < self.south)
            or (a.latitude > self.north and b.latitude > self.north)
            or (a.longitude < self.west and b.longitude < self.west)
            or (a.longitude > self.east and b.longitude > self.east)
        )


class Places:
    """The zones of a site on the map."""

    def __init__(self, site: Site, geocodes: Mapping[str, tuple[str, ...]] | None = None) -> None:
        """`geocodes` says which zones or groups a code of an area means."""
        self._site = site
        self._zones = {zone.id: zone for zone in site.zones}
        self._order = {zone.id: n for n, zone in enumerate(site.zones)}
        self._points = {zone.id: _points_of(site, zone) for zone in site.zones}
        self._boxes = {zone: _Box.round(points) for zone, points in self._points.items()}
        self._known = {*map(str, self._zones), *(str(group.id) for group in site.groups)}
        self._geocodes = dict(geocodes or {})
        self._of_source: dict[SourceId, tuple[ZoneId, ...]] = {}

    @property
    def all(self) -> tuple[ZoneId, ...]:
        """Every zone of the site, in its order."""
        return tuple(self._zones)

    def named(self, names: Iterable[str]) -> frozenset[ZoneId]:
        """The zones of the names of zones and groups; names that are neither mean none."""
        known = [name for name in names if name in self._known]
        return frozenset(self._site.zones_named(known))

    def existing(self, zones: Iterable[str]) -> tuple[ZoneId, ...]:
        """Those of some zones that the site still has."""
        return tuple(zone for zone in self._zones if zone in set(zones))

    def meant(self, event: DetectionEvent, source: Source) -> Where:
        """The zones an event concerns.

        A source's own list wins over geometry, then come the event's zones, polygon, point and
        codes, then what the source sees. An area that reaches no zone gives none; with no
        geometry at all, all zones are meant and `is_known` is False.
        """
        at = event.location.at if event.location is not None else None
        if source.zones:
            return Where(source.zones, at or source.at)
        if event.zones:
            named = self.named(event.zones)
            if named:
                return Where(self.in_order(named), at or source.at)
        if event.polygon:
            return Where(self.in_polygon(event.polygon), at or event.polygon[0])
        if event.location is not None:
            return Where(self.near(event.location.at, event.location.radius_m), at)
        if event.geocodes:
            coded = self.coded(event.geocodes)
            if coded is not None:
                return Where(coded, source.at)
        seen = self.seen_by(source)
        if seen:
            return Where(seen, source.at)
        return Where(self.all, source.at, is_known=False)

    def near(self, at: Point, radius_m: float = 0.0) -> tuple[ZoneId, ...]:
        """The zones within `radius_m` of a point; with 0, or none there, also the nearest one."""
        reach = max(radius_m, POINT_RADIUS_M if radius_m == 0 else 0.0) + BUFFER_M
        away = {zone: self._distance(zone, at) for zone in self._zones}
        found = [zone for zone, metres in away.items() if metres <= reach]
        if not found and radius_m < NEAREST_WITHIN_M:
            nearest = min(away, key=away.__getitem__)
            if away[nearest] <= NEAREST_WITHIN_M:
                found = [nearest]
        return tuple(found)

    def in_polygon(self, ring: tuple[Point, ...]) -> tuple[ZoneId, ...]:
        """The zones that a closed ring touches."""
        return tuple(zone for zone in self._zones if self._is_touched(zone, ring))

    def _is_touched(self, zone: ZoneId, ring: tuple[Point, ...]) -> bool:
        """Whether a ring holds a part of a zone or comes near it; far edges are not looked at."""
        box, points = self._boxes[zone], self._points[zone]
        near = [(a, b) for a, b in itertools.pairwise(ring) if box.meets(a, b)]
        if not near:
            # The zone lies on one side of the ring: one point speaks for all.
            return contains(ring, points[0])
        if any(self._distance(zone, a) <= BUFFER_M for a, _ in near if box.meets(a, a)):
            return True
        if any(_to_edge(point, a, b) <= BUFFER_M for a, b in near for point in points):
            return True
        return any(contains(ring, point) for point in points)

    def coded(self, codes: Iterable[str]) -> tuple[ZoneId, ...] | None:
        """The zones of the codes of areas; None if no code is known."""
        names = [name for code in codes for name in self._geocodes.get(code, ())]
        return self._site.zones_named(names) if names else None

    def seen_by(self, source: Source) -> tuple[ZoneId, ...]:
        """The zones with a loudspeaker in a source's view, else those beside it."""
        if source.id not in self._of_source:
            self._of_source[source.id] = self._seen_by(source)
        return self._of_source[source.id]

    def _seen_by(self, source: Source) -> tuple[ZoneId, ...]:
        if source.at is None:
            return ()
        if source.range_m:
            seen = {s.zone for s in self._site.speakers if _sees(source, s.at)}
            if seen:
                return tuple(zone for zone in self._zones if zone in seen)
        return self.near(source.at)

    def with_downstream(self, zones: Iterable[ZoneId], source: Source) -> tuple[ZoneId, ...]:
        """Zones and all those that lie downstream of the first of them, or of the gauge."""
        found = set(zones)
        starts: dict[str, float] = {}
        for zone in found:
            path = self._zones[zone].path
            starts[path] = min(starts.get(path, math.inf), self._zones[zone].end_m)
        if source.path is not None and source.path in starts:
            starts[source.path] = min(starts[source.path], source.distance_m)
        found.update(
            zone.id for zone in self._zones.values() if zone.end_m > starts.get(zone.path, math.inf)
        )
        return self.in_order(found)

    def with_neighbours(self, zones: Iterable[ZoneId]) -> tuple[ZoneId, ...]:
        """Zones and their neighbours."""
        found = set(zones)
        for zone in tuple(found):
            found.update(self._zones[zone].neighbours)
        return self.in_order(found)

    def in_order(self, zones: Iterable[ZoneId]) -> tuple[ZoneId, ...]:
        """Zones in the order of the site, each once."""
        return tuple(sorted(set(zones), key=self._order.__getitem__))

    def _distance(self, zone: ZoneId, at: Point) -> float:
        """Metres from a point to a zone; 0 inside its outline."""
        ring = self._zones[zone].polygon
        if ring and contains(ring, at):
            return 0.0
        points = self._points[zone]
        near = min(distance_m(point, at) for point in points)
        edges = min((_to_edge(at, a, b) for a, b in itertools.pairwise(ring)), default=math.inf)
        return min(near, edges)


def _points_of(site: Site, zone: Zone) -> tuple[Point, ...]:
    """The outline, the loudspeakers and points along the stretch of path of a zone."""
    line = next(path.line for path in site.paths if path.id == zone.path)
    steps = max(1, round((zone.end_m - zone.start_m) / _STEP_M))
    stretch = (
        along(line, zone.start_m + (zone.end_m - zone.start_m) * n / steps)
        for n in range(steps + 1)
    )
    return (*zone.polygon, *(s.at for s in site.speakers_of(zone.id)), *stretch)


def _sees(source: Source, at: Point) -> bool:
    if source.at is None or distance_m(source.at, at) > source.range_m:
        return False
    aside = (bearing_deg(source.at, at) - source.azimuth_deg + 180.0) % 360.0 - 180.0
    return abs(aside) <= source.field_of_view_deg / 2


def _to_edge(at: Point, a: Point, b: Point) -> float:
    """Metres from a point to the line between two others, on a flat map round the point."""
    east = math.cos(math.radians(at.latitude))
    ax, ay = (a.longitude - at.longitude) * east, a.latitude - at.latitude
    bx, by = (b.longitude - at.longitude) * east, b.latitude - at.latitude
    span = (bx - ax) ** 2 + (by - ay) ** 2
    share = 0.0 if span == 0 else max(0.0, min(1.0, -(ax * (bx - ax) + ay * (by - ay)) / span))
    near = Point(
        a.latitude + share * (b.latitude - a.latitude),
        a.longitude + share * (b.longitude - a.longitude),
    )
    return distance_m(at, near)
