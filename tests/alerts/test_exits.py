"""An exit is named only where nobody is drawn towards the incident (SAFETY F2)."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import exits
from broadcaster.site_reader import read_site
from zones.bus import ZoneId
from zones.geometry import Point, along, distance_m, length_m, moved

SITE = read_site(Path(__file__).parents[2] / "config.yaml")
STREAM = next(path for path in SITE.paths if path.id == "stream")
ZONES = [zone.id for zone in SITE.zones]


def on_stream(metres):
    return along(STREAM.line, metres * length_m(STREAM.line) / STREAM.length_m)


def named(zone, place):
    found = exits.choose(SITE, ZoneId(zone), place)
    return found and found.id


def test_without_a_position_no_exit_is_named():
    assert all(exits.choose(SITE, zone, None) is None for zone in ZONES)


def test_a_zone_the_site_does_not_have_names_none():
    assert named("nowhere", Point(37.5, 126.8)) is None


def test_far_from_the_incident_the_nearest_exit_is_named():
    far = moved(on_stream(0), 0, 3_000)
    assert named("stream-6", far) in {"hongyeon-bridge", "falls-plaza", "stairs-3"}
    assert all(exits.choose(SITE, zone, far) is not None for zone in ZONES)


def test_in_the_zone_of_the_incident_no_exit_is_named():
    zone = SITE.zone(ZoneId("stream-6"))
    assert named("stream-6", on_stream((zone.start_m + zone.end_m) / 2)) is None


def test_nobody_is_sent_past_the_incident():
    # Between the zone and its further exit, off the path by less than the clearance.
    zone = SITE.zone(ZoneId("stream-6"))
    for metres in range(0, 2_400, 25):
        place = on_stream(metres)
        found = exits.choose(SITE, zone.id, place)
        if found is not None:
            begin = min(zone.start_m, found.distance_m)
            end = max(zone.end_m, found.distance_m)
            assert not begin - 150 < metres < end + 150


PLACES = st.builds(
    lambda metres, bearing, off: moved(on_stream(metres), bearing, off),
    st.floats(-200, 2_600),
    st.floats(0, 360),
    st.floats(0, 900),
)


@settings(max_examples=150)
@given(st.sampled_from(ZONES), PLACES)
def test_a_named_exit_and_the_way_to_it_keep_their_distance(zone, place):
    found = exits.choose(SITE, zone, place)
    if found is None:
        return
    here = SITE.zone(zone)
    path = next(path for path in SITE.paths if path.id == here.path)
    scale = length_m(path.line) / path.length_m
    assert found.id in here.exits
    assert distance_m(found.at, place) >= exits.CLEARANCE_M * 0.99
    begin, end = min(here.start_m, found.distance_m), max(here.end_m, found.distance_m)
    for step in range(51):
        point = along(path.line, (begin + (end - begin) * step / 50) * scale)
        assert distance_m(point, place) >= exits.CLEARANCE_M * 0.99 - 12


@pytest.mark.parametrize("zone", ZONES)
def test_an_incident_behind_the_exit_forbids_it(zone):
    # 250 m beyond each exit in the direction of the way: near enough to walk towards it.
    here = SITE.zone(zone)
    for way_out in (one for one in SITE.exits if one.id in here.exits):
        found = exits.choose(SITE, zone, moved(way_out.at, 0, 100))
        assert found is None or found.id != way_out.id
