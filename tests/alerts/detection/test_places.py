import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.detection.event import SourceId
from alerts.detection.places import BUFFER_M, Places, _to_edge
from alerts.detection.source import Source
from tests.alerts.detection.ground import event, rules, site
from zones.bus import ZoneId
from zones.geometry import Point, contains, distance_m, moved
from zones.site import Evidence, Name

PLACES = Places(site(), {"11410": ("stream",)})
HJ5 = next(s.at for s in site().speakers if s.zone == "stream-5")
NINTH = (ZoneId("stream-9"),)


def meant(source="cam-031", **fields):
    return PLACES.meant(event(source, **fields), rules().sources.named(source))


def unplaced(**fields):
    source = Source(SourceId("radar"), Name("레이더", "radar"), Evidence.STATE)
    return PLACES.meant(event("radar", **fields), source)


def test_a_cameras_own_list_wins_over_geometry():
    where = meant(location={"lat": HJ5.latitude, "lon": HJ5.longitude})
    assert where.zones == ("hill-1", "hill-2")
    assert where.at == HJ5


def test_a_point_means_the_zones_round_it():
    zones = unplaced(location={"lat": HJ5.latitude, "lon": HJ5.longitude}).zones
    assert "stream-5" in zones
    assert "stream-9" not in zones


def test_a_circle_means_all_it_reaches():
    location = {"lat": HJ5.latitude, "lon": HJ5.longitude, "radius_m": 5_000}
    assert len(unplaced(location=location).zones) == 14


def test_a_point_off_the_path_means_the_nearest_zone_and_one_far_away_none():
    near = moved(HJ5, 180.0, 400.0)
    assert unplaced(location={"lat": near.latitude, "lon": near.longitude}).zones
    far = unplaced(location={"lat": 35.1, "lon": 129.0})
    assert (far.zones, far.is_known) == ((), True)


def test_a_code_means_what_the_rules_say_and_an_unknown_one_everything_once_confirmed():
    assert unplaced(geocodes=["11410"]).zones == PLACES.in_order(PLACES.named(["stream"]))
    nowhere = unplaced(geocodes=["99999"])
    assert (len(nowhere.zones), nowhere.is_known) == (14, False)
    assert unplaced().is_known is False


def test_downstream_is_everything_below_the_first_zone():
    source = rules().sources.named("hongyeon-level")
    zones = PLACES.with_downstream(NINTH, source)
    assert zones == tuple(f"stream-{n}" for n in range(7, 12))
    camera = rules().sources.named("cam-206")
    assert PLACES.with_downstream(NINTH, camera) == ("stream-9", "stream-10", "stream-11")


def test_neighbours_are_one_ring():
    assert PLACES.with_neighbours([ZoneId("stream-2")]) == ("stream-1", "stream-2", "stream-3")


def touched_slowly(ring):
    """The same by the letter: every point against every edge."""
    for zone, points in PLACES._points.items():
        if (
            any(contains(ring, point) for point in points)
            or any(PLACES._distance(zone, corner) <= BUFFER_M for corner in ring)
            or any(
                _to_edge(point, a, b) <= BUFFER_M
                for a, b in itertools.pairwise(ring)
                for point in points
            )
        ):
            yield zone


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(37.55, 37.61), st.floats(126.90, 126.97)), min_size=3, max_size=9)
)
def test_leaving_out_far_edges_changes_no_answer(corners):
    ring = tuple(Point(lat, lon) for lat, lon in (*corners, corners[0]))
    assert PLACES.in_polygon(ring) == tuple(touched_slowly(ring))


def test_a_polygon_with_a_thousand_corners_is_answered():
    ring = [[37.5 + 0.1 * random.random(), 126.9 + 0.1 * random.random()] for _ in range(999)]
    assert unplaced(polygon=ring).zones


def test_a_thin_polygon_between_the_points_of_a_zone_touches_it():
    a, b = moved(HJ5, 0, 300), moved(HJ5, 180, 300)
    thin = [[a.latitude, a.longitude], [b.latitude, b.longitude], [a.latitude, a.longitude + 1e-6]]
    assert "stream-5" in unplaced(polygon=thin).zones


@pytest.mark.parametrize("zone", [zone.id for zone in site().zones])
def test_every_loudspeaker_lies_in_its_zone(zone):
    for speaker in site().speakers_of(zone):
        assert zone in PLACES.near(speaker.at)


@settings(deadline=None)
@given(st.floats(37.55, 37.60), st.floats(126.91, 126.96), st.floats(1, 3_000))
def test_a_circle_reaches_exactly_the_zones_with_a_point_in_it_and_a_border(lat, lon, radius):
    at = Point(lat, lon)
    found = set(PLACES.near(at, radius))
    for zone, points in PLACES._points.items():
        nearest = min(distance_m(at, point) for point in points)
        if nearest <= radius:
            assert zone in found


@settings(deadline=None)
@given(st.floats(37.56, 37.59), st.floats(126.92, 126.95), st.floats(0.0005, 0.02))
def test_a_larger_square_never_means_fewer_zones(lat, lon, half):
    def square(size):
        corners = itertools.product((-size, size), repeat=2)
        south_west, north_west, south_east, north_east = (
            Point(lat + b, lon + a) for a, b in corners
        )
        return (south_west, north_west, north_east, south_east, south_west)

    assert set(PLACES.in_polygon(square(half))) <= set(PLACES.in_polygon(square(2 * half)))
