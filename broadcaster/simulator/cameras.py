"""The CCTV centre of a simulated district: every camera of it, invented from a seed.

The reference district has 893 cameras at 376 places. A site file names only those whose detections
rules use; the others are made up here, always the same ones for the same site and seed. They give
alerts something to be picked out of, and storms something to come from.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from zones.geometry import Point, bearing_deg, distance_m, moved
from zones.site import Camera, CameraId, Evidence, Name, Site, ZoneId

CAMERAS: Final = 893
PLACES: Final = 376

_MOST_AT_A_PLACE: Final = 4
"""A pole bears at most a dome and three fixed cameras."""
_NEAREST_M: Final = 60.0
_FURTHEST_M: Final = 2500.0
_SHARE_NEAR_PATHS: Final = 0.25
"""The part of the places that lie along the paths; the others are spread over the district."""
_ANALYTICS: Final = (
    # What runs on a camera, and on which part of them.
    (0.10, ("smoke", "fire")),
    (0.25, ("person",)),
    (0.35, ("crowd", "person")),
    (1.00, ()),
)


@dataclass(frozen=True, slots=True)
class CameraPlace:
    """One pole or wall with its cameras."""

    id: str
    at: Point
    cameras: tuple[Camera, ...]


def camera_places(
    site: Site, seed: int, cameras: int = CAMERAS, places: int = PLACES
) -> tuple[CameraPlace, ...]:
    """The places of a district round a site: the site's own cameras first, the others invented.

    Invented cameras are numbered `cam-001` upwards, past the numbers that the site uses, and speak
    for the zones that have a loudspeaker in their view, often none.

    Raises:
        ValueError: if there are fewer cameras or places than the site itself has, or more cameras
            than the places can bear.
    """
    own = _own_places(site)
    invented = cameras - sum(len(cameras_there) for _, cameras_there in own)
    free = places - len(own)
    if invented < free or free < 0 or invented > free * _MOST_AT_A_PLACE:
        raise ValueError(
            f"{cameras} cameras at {places} places: the site has {len(site.cameras)} at "
            f"{len(own)}, and the other {max(free, 0)} places bear 1 to {_MOST_AT_A_PLACE} each"
        )
    chance = random.Random(seed)
    names = _free_names(site)
    spots = _spread(site, chance, free)
    counts = _counts(chance, free, invented)
    found = [CameraPlace(f"place-{n:03}", at, there) for n, (at, there) in enumerate(own, 1)]
    for n, (at, count) in enumerate(zip(spots, counts, strict=True), len(own) + 1):
        there = tuple(_cameras_at(site, chance, at, [next(names) for _ in range(count)]))
        found.append(CameraPlace(f"place-{n:03}", at, there))
    return tuple(found)


def geojson(places: tuple[CameraPlace, ...]) -> dict[str, object]:
    """The cameras as a GeoJSON FeatureCollection (RFC 7946): longitude before latitude."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": camera.id,
                "geometry": {
                    "type": "Point",
                    "coordinates": [round(camera.at.longitude, 6), round(camera.at.latitude, 6)],
                },
                "properties": {
                    "place": place.id,
                    "name": {"ko": camera.name.ko, "en": camera.name.en},
                    "approximate": camera.approximate,
                    "azimuth": round(camera.azimuth_deg, 1),
                    "field_of_view": camera.field_of_view_deg,
                    "range_m": camera.range_m,
                    "zones": list(camera.zones),
                    "detects": list(camera.detects),
                },
            }
            for place in places
            for camera in place.cameras
        ],
    }


def sees(camera: Camera, point: Point) -> bool:
    """Whether a point lies in a camera's view: near enough, and within its angle."""
    if distance_m(camera.at, point) > camera.range_m:
        return False
    aside = (bearing_deg(camera.at, point) - camera.azimuth_deg + 180.0) % 360.0 - 180.0
    return abs(aside) <= camera.field_of_view_deg / 2


def _own_places(site: Site) -> list[tuple[Point, tuple[Camera, ...]]]:
    """The site's cameras, those at one spot together."""
    found: dict[Point, list[Camera]] = {}
    for camera in site.cameras:
        found.setdefault(camera.at, []).append(camera)
    return [(at, tuple(cameras)) for at, cameras in found.items()]


def _free_names(site: Site) -> Iterator[CameraId]:
    taken = {camera.id for camera in site.cameras}
    number = 0
    while True:
        number += 1
        name = CameraId(f"cam-{number:03}")
        if name not in taken:
            yield name


def _spread(site: Site, chance: random.Random, count: int) -> list[Point]:
    """Spots for poles: some along the paths, the others anywhere in the district round them."""
    corners = [point for path in site.paths for point in path.line]
    spots = []
    for n in range(count):
        start = corners[int(chance.random() * len(corners))]
        is_near = n < count * _SHARE_NEAR_PATHS
        furthest = 4 * _NEAREST_M if is_near else _FURTHEST_M
        # The root spreads them evenly over the circle instead of heaping them in its middle.
        metres = _NEAREST_M + (furthest - _NEAREST_M) * chance.random() ** 0.5
        spots.append(moved(start, 360.0 * chance.random(), metres))
    return spots


def _counts(chance: random.Random, places: int, cameras: int) -> list[int]:
    """How many cameras each place bears: 1 to the most, together `cameras`."""
    counts = [1] * places
    open_places = list(range(places)) if places else []
    for _ in range(cameras - places):
        n = int(chance.random() * len(open_places))
        place = open_places[n]
        counts[place] += 1
        if counts[place] == _MOST_AT_A_PLACE:
            open_places[n] = open_places[-1]
            open_places.pop()
    return counts


def _cameras_at(
    site: Site, chance: random.Random, at: Point, names: list[CameraId]
) -> Iterator[Camera]:
    """The cameras of one pole, looking apart from each other."""
    first = 360.0 * chance.random()
    for n, name in enumerate(names):
        roll = chance.random()
        detects = next(what for share, what in _ANALYTICS if roll < share)
        blind = Camera(
            id=name,
            name=Name(f"카메라 {name.removeprefix('cam-')}", f"Camera {name.removeprefix('cam-')}"),
            at=at,
            approximate=True,
            azimuth_deg=round((first + 360.0 * n / len(names)) % 360.0, 1),
            field_of_view_deg=60.0,
            range_m=80.0 + 20.0 * int(7 * chance.random()),
            zones=(),
            detects=detects,
            evidence=Evidence.STATE,
            period_s=0.0,
            delay_s=2.0,
        )
        yield replace(blind, zones=_zones_in_view(site, blind))


def _zones_in_view(site: Site, camera: Camera) -> tuple[ZoneId, ...]:
    seen = {speaker.zone for speaker in site.speakers if sees(camera, speaker.at)}
    return tuple(zone.id for zone in site.zones if zone.id in seen)
