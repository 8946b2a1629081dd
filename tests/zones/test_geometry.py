"""Places on the map: lengths, directions, rings."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zones.geometry import (
    Point,
    along,
    area_m2,
    bearing_deg,
    contains,
    crossing_edges,
    distance_m,
    is_closed,
    length_m,
    moved,
)

SEOUL = Point(37.5665, 126.9780)
BUSAN = Point(35.1796, 129.0756)

near = st.builds(Point, st.floats(37.5, 37.6), st.floats(126.9, 127.0))
anywhere = st.builds(Point, st.floats(-85, 85), st.floats(-180, 180))


def ring(*corners):
    return tuple(Point(lat, lon) for lat, lon in (*corners, corners[0]))


SQUARE = ring((0, 0), (0, 1), (1, 1), (1, 0))
BOW_TIE = ring((0, 0), (1, 1), (0, 1), (1, 0))


def test_the_distance_from_seoul_to_busan():
    # 325 km by any map; the sphere is right to half a per cent.
    assert distance_m(SEOUL, BUSAN) == pytest.approx(325_000, rel=0.005)


def test_a_degree_of_latitude_is_111_km():
    assert distance_m(Point(37, 127), Point(38, 127)) == pytest.approx(111_195, rel=0.001)


@given(anywhere, anywhere)
def test_distance_is_the_same_both_ways_and_zero_only_at_home(a, b):
    assert distance_m(a, b) == pytest.approx(distance_m(b, a), abs=1e-6)
    assert distance_m(a, a) == 0


@given(near, near, near)
def test_no_detour_is_shorter(a, b, c):
    assert distance_m(a, c) <= distance_m(a, b) + distance_m(b, c) + 1e-6


@pytest.mark.parametrize(
    ("to", "bearing"),
    [(Point(38, 127), 0), (Point(37, 128), 90), (Point(36, 127), 180), (Point(37, 126), 270)],
)
def test_bearings_of_the_compass(to, bearing):
    assert bearing_deg(Point(37, 127), to) == pytest.approx(bearing, abs=0.5)


@given(near, st.floats(0, 359.9), st.floats(1, 5000))
def test_moving_goes_that_far_in_that_direction(start, bearing, metres):
    end = moved(start, bearing, metres)
    assert distance_m(start, end) == pytest.approx(metres, rel=1e-4, abs=1e-3)
    turned = (bearing_deg(start, end) - bearing + 180) % 360 - 180
    assert abs(turned) < 0.5


def test_moving_across_the_date_line_stays_on_the_map():
    assert moved(Point(0, 179.999), 90, 1000).longitude == pytest.approx(-179.992, abs=0.001)


def test_along_a_line_goes_round_its_corners_and_stops_at_its_ends():
    line = (Point(37.58, 126.94), Point(37.58, 126.95), Point(37.57, 126.95))
    assert along(line, 0) == line[0]
    assert along(line, -5) == line[0]
    assert along(line, 1e9) == line[-1]
    corner = distance_m(line[0], line[1])
    assert distance_m(along(line, corner), line[1]) < 0.01
    assert along(line, corner + 100).longitude == pytest.approx(126.95)
    assert length_m(line) == pytest.approx(corner + distance_m(line[1], line[2]))


@given(st.lists(near, min_size=2, max_size=6), st.floats(0, 1), st.floats(0, 1))
def test_two_points_along_a_line_are_no_further_apart_than_the_way_between(points, a, b):
    line = tuple(points)
    whole = length_m(line)
    apart = distance_m(along(line, a * whole), along(line, b * whole))
    assert apart <= abs(a - b) * whole * 1.001 + 0.01


def test_a_ring_holds_what_is_inside_it():
    assert contains(SQUARE, Point(0.5, 0.5))
    assert not contains(SQUARE, Point(1.5, 0.5))
    assert not contains(SQUARE, Point(0.5, -0.5))


def test_even_odd_leaves_the_middle_of_a_doubled_ring_out():
    doubled = (*SQUARE[:-1], *SQUARE)
    assert not contains(doubled, Point(0.5, 0.5))


@given(st.integers(3, 9), st.floats(0, 6.2), st.floats(0, 0.99))
def test_a_regular_polygon_holds_exactly_its_inner_circle(corners, turn, share):
    angles = [turn + 2 * math.pi * n / corners for n in range(corners)]
    polygon = ring(*((math.sin(angle), math.cos(angle)) for angle in angles))
    inner = math.cos(math.pi / corners) * share
    assert contains(polygon, Point(inner * math.sin(1.0), inner * math.cos(1.0)))
    assert not contains(polygon, Point(1.01 * math.sin(1.0), 1.01 * math.cos(1.0)))
    assert crossing_edges(polygon) is None
    assert is_closed(polygon)


def test_a_ring_that_crosses_itself_names_both_edges():
    assert crossing_edges(BOW_TIE) == (0, 2)
    assert crossing_edges(SQUARE) is None


def test_a_ring_that_touches_itself_counts_as_crossing():
    touching = ring((0, 0), (0, 2), (1, 1), (0, 1), (1, 0))
    assert crossing_edges(touching) is not None


def test_only_a_ring_of_four_points_with_equal_ends_is_closed():
    assert not is_closed(SQUARE[:-1])
    assert not is_closed((SQUARE[0], SQUARE[1], SQUARE[0]))


def test_the_area_of_a_hectare():
    start = Point(37.58, 126.94)
    corners = [start]
    for bearing in (0, 90, 180):
        corners.append(moved(corners[-1], bearing, 100))
    square = (*corners, start)
    assert area_m2(square) == pytest.approx(10_000, rel=0.001)
    assert area_m2(tuple(reversed(square))) == pytest.approx(10_000, rel=0.001)
    assert area_m2(()) == 0
    assert all(distance_m(a, b) < 101 for a, b in itertools.pairwise(square))
