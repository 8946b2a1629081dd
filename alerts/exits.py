"""Which exit a message may name (SAFETY F2).

A named exit draws people to it. So it is named only when the incident's position is known, and when
both the exit and the way to it lie far enough from that position and do not lead past it. In any
other case the message says "away from the smoke, to the nearest exit".

Points are metres east and north of the incident, as complex numbers: a site is small enough to be
flat, and a warning for hundreds of zones waits for this.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from zones.bus import ZoneId
from zones.geometry import EARTH_RADIUS_M, Point
from zones.site import Exit, Path, Site, Zone

CLEARANCE_M: Final = 200.0
"""How far from the incident an exit and the way to it must stay."""
_STEP_M: Final = 20.0
"""The way is looked at so often."""
_TOWARDS: Final = math.cos(math.radians(60.0))
"""An incident within 60 degrees of the direction of the exit, and nearer, is passed on the way."""


def choose(site: Site, zone: ZoneId, place: Point | None) -> Exit | None:
    """The exit to name in a zone: the nearest along its path that is safe from everywhere in it.

    None when the incident's position is unknown, the site has no such zone, or no exit is safe.
    """
    if place is None:
        return None
    here = next((one for one in site.zones if one.id == zone), None)
    if here is None:
        return None
    path = next(one for one in site.paths if one.id == here.path)
    own = [one for one in site.exits if one.id in here.exits and one.path == here.path]
    line = _Line(path, place)
    middle = (here.start_m + here.end_m) / 2
    safe = [one for one in own if _is_safe(here, line, one)]
    return min(safe, key=lambda one: abs(one.distance_m - middle), default=None)


@dataclass(frozen=True, slots=True, init=False)
class _Line:
    """A path seen from the incident."""

    corners: tuple[complex, ...]
    lengths: tuple[float, ...]
    scale: float
    """Drawn metres for each metre of the path: the two differ a little."""
    place: Point

    def __init__(self, path: Path, place: Point) -> None:
        corners = tuple(_seen(point, place) for point in path.line)
        lengths = tuple(abs(b - a) for a, b in pairwise(corners))
        object.__setattr__(self, "corners", corners)
        object.__setattr__(self, "lengths", lengths)
        object.__setattr__(self, "scale", sum(lengths) / path.length_m)
        object.__setattr__(self, "place", place)

    def between(self, begin_m: float, end_m: float) -> Iterator[complex]:
        """Points of the path, 20 m or less apart, both ends included."""
        steps = max(1, math.ceil((end_m - begin_m) / _STEP_M))
        for step in range(steps + 1):
            yield self._along((begin_m + (end_m - begin_m) * step / steps) * self.scale)

    def _along(self, metres: float) -> complex:
        for (a, b), length in zip(pairwise(self.corners), self.lengths, strict=True):
            if metres <= length and length > 0.0:
                return a + (b - a) * (max(0.0, metres) / length)
            metres -= length
        return self.corners[-1]


def _seen(point: Point, place: Point) -> complex:
    """Metres east (real) and north (imaginary) of the incident."""
    east = math.radians(point.longitude - place.longitude) * math.cos(math.radians(place.latitude))
    return EARTH_RADIUS_M * complex(east, math.radians(point.latitude - place.latitude))


def _is_safe(zone: Zone, line: _Line, way_out: Exit) -> bool:
    exit_at = _seen(way_out.at, line.place)
    if abs(exit_at) < CLEARANCE_M:
        return False
    # Everybody in the zone hears it, so the way begins at its far end.
    begin = min(zone.start_m, way_out.distance_m)
    end = max(zone.end_m, way_out.distance_m)
    return all(
        abs(point) >= CLEARANCE_M and not _leads_past(point, exit_at)
        for point in line.between(begin, end)
    )


def _leads_past(point: complex, exit_at: complex) -> bool:
    """Whether who goes from `point` to the exit goes towards the incident and past it."""
    way, off = abs(exit_at - point), abs(point)
    if way < _STEP_M or way <= off:
        return False
    towards = ((exit_at - point) * (-point).conjugate()).real
    return towards > _TOWARDS * way * off
