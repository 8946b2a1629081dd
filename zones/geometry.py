"""Places on the map: points, distances, lines and polygons of a few kilometres.

Coordinates are WGS 84 degrees. A site is small, so lengths use the haversine formula on a sphere
and polygons are treated as flat; both are wrong by less than 0.5 % over 10 km.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Final

EARTH_RADIUS_M: Final = 6_371_008.8
"""Mean radius of the earth (IUGG R1), metres."""


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A place: latitude -90..90 and longitude -180..180, in degrees (WGS 84)."""

    latitude: float
    longitude: float


def distance_m(a: Point, b: Point) -> float:
    """The great-circle distance between two points, in metres."""
    lat_a, lat_b = math.radians(a.latitude), math.radians(b.latitude)
    half_lat = math.sin((lat_b - lat_a) / 2)
    half_lon = math.sin(math.radians(b.longitude - a.longitude) / 2)
    chord = half_lat**2 + math.cos(lat_a) * math.cos(lat_b) * half_lon**2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord)))


def bearing_deg(a: Point, b: Point) -> float:
    """The direction from `a` to `b`: 0 is north, 90 east, in [0, 360)."""
    lat_a, lat_b = math.radians(a.latitude), math.radians(b.latitude)
    east = math.radians(b.longitude - a.longitude)
    y = math.sin(east) * math.cos(lat_b)
    x = math.cos(lat_a) * math.sin(lat_b) - math.sin(lat_a) * math.cos(lat_b) * math.cos(east)
    return math.degrees(math.atan2(y, x)) % 360.0


def moved(start: Point, bearing: float, metres: float) -> Point:
    """The point `metres` away from `start` in the direction `bearing` (degrees)."""
    angle = metres / EARTH_RADIUS_M
    lat, lon, turn = (math.radians(v) for v in (start.latitude, start.longitude, bearing))
    sin_lat = math.sin(lat) * math.cos(angle) + math.cos(lat) * math.sin(angle) * math.cos(turn)
    new_lat = math.asin(max(-1.0, min(1.0, sin_lat)))
    new_lon = lon + math.atan2(
        math.sin(turn) * math.sin(angle) * math.cos(lat),
        math.cos(angle) - math.sin(lat) * sin_lat,
    )
    return Point(math.degrees(new_lat), (math.degrees(new_lon) + 540.0) % 360.0 - 180.0)


def length_m(line: tuple[Point, ...]) -> float:
    """The length of an open line through its points, in metres."""
    return sum(distance_m(a, b) for a, b in itertools.pairwise(line))


def along(line: tuple[Point, ...], metres: float) -> Point:
    """The point `metres` from the start of a line, clamped to its two ends."""
    left = metres
    for a, b in itertools.pairwise(line):
        span = distance_m(a, b)
        if left <= span and span > 0:
            return _between(a, b, max(0.0, left) / span)
        left -= span
    return line[-1]


def contains(ring: tuple[Point, ...], point: Point) -> bool:
    """Whether a closed ring holds the point, by the even-odd rule."""
    inside = False
    for a, b in itertools.pairwise(ring):
        if (a.latitude > point.latitude) != (b.latitude > point.latitude):
            share = (point.latitude - a.latitude) / (b.latitude - a.latitude)
            crossing = a.longitude + share * (b.longitude - a.longitude)
            if point.longitude < crossing:
                inside = not inside
    return inside


def is_closed(ring: tuple[Point, ...]) -> bool:
    """Whether the last point repeats the first, as GeoJSON asks (RFC 7946 section 3.1.6)."""
    return len(ring) >= 4 and ring[0] == ring[-1]


def crossing_edges(ring: tuple[Point, ...]) -> tuple[int, int] | None:
    """The first two edges (counted from 0) of a closed ring that cross or touch, else None."""
    edges = tuple(itertools.pairwise(ring))
    last = len(edges) - 1
    for i, (a, b) in enumerate(edges):
        for j in range(i + 1, len(edges)):
            are_neighbours = j == i + 1 or (i == 0 and j == last)
            c, d = edges[j]
            if not are_neighbours and _meet(a, b, c, d):
                return i, j
    return None


def area_m2(ring: tuple[Point, ...]) -> float:
    """The area inside a closed ring, in square metres (flat, by the shoelace formula)."""
    if not ring:
        return 0.0
    metres_per_degree = math.pi * EARTH_RADIUS_M / 180.0
    east = metres_per_degree * math.cos(math.radians(ring[0].latitude))
    first = ring[0]
    corners = [
        ((p.longitude - first.longitude) * east, (p.latitude - first.latitude) * metres_per_degree)
        for p in ring
    ]
    return abs(sum(xa * yb - xb * ya for (xa, ya), (xb, yb) in itertools.pairwise(corners))) / 2


def _between(a: Point, b: Point, share: float) -> Point:
    return Point(
        a.latitude + share * (b.latitude - a.latitude),
        a.longitude + share * (b.longitude - a.longitude),
    )


def _turn(a: Point, b: Point, c: Point) -> float:
    """Positive if a-b-c turns left, negative if right, 0 if the three lie on one line."""
    return (b.longitude - a.longitude) * (c.latitude - a.latitude) - (b.latitude - a.latitude) * (
        c.longitude - a.longitude
    )


def _within(a: Point, b: Point, c: Point) -> bool:
    """Whether c, known to lie on the line through a and b, lies between them."""
    return min(a.latitude, b.latitude) <= c.latitude <= max(a.latitude, b.latitude) and min(
        a.longitude, b.longitude
    ) <= c.longitude <= max(a.longitude, b.longitude)


def _meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    abc, abd, cda, cdb = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if abc * abd < 0 and cda * cdb < 0:
        return True
    return (
        (abc == 0 and _within(a, b, c))
        or (abd == 0 and _within(a, b, d))
        or (cda == 0 and _within(c, d, a))
        or (cdb == 0 and _within(c, d, b))
    )
