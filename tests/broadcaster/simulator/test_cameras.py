"""The invented cameras of the district."""

import json
from pathlib import Path

import pytest

from broadcaster.simulator.cameras import CAMERAS, PLACES, camera_places, geojson, sees
from broadcaster.site_reader import read_site
from tests.zones.small_site import parsed
from zones.geometry import Point, distance_m, moved

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def site():
    return read_site(ROOT / "config.yaml")


@pytest.fixture(scope="module")
def places(site):
    return camera_places(site, seed=1)


def cameras_of(places):
    return [camera for place in places for camera in place.cameras]


def test_there_are_893_cameras_at_376_places(places):
    assert (len(cameras_of(places)), len(places)) == (CAMERAS, PLACES) == (893, 376)
    assert len({camera.id for camera in cameras_of(places)}) == 893
    assert len({place.id for place in places}) == 376
    assert all(1 <= len(place.cameras) <= 4 for place in places)


def test_they_are_numbered_to_893_with_the_sites_own_among_them(site, places):
    by_id = {camera.id: camera for camera in cameras_of(places)}
    assert set(by_id) == {f"cam-{number:03}" for number in range(1, 894)}
    for camera in site.cameras:
        assert by_id[camera.id] == camera


def test_the_same_seed_makes_the_same_cameras(site, places):
    assert camera_places(site, seed=1) == places
    assert camera_places(site, seed=2) != places


def test_they_stand_in_the_district(site, places):
    corners = [point for path in site.paths for point in path.line]
    for place in places:
        assert min(distance_m(place.at, corner) for corner in corners) <= 2500


def test_invented_cameras_speak_for_the_zones_they_see(site, places):
    own = {camera.id for camera in site.cameras}
    for camera in cameras_of(places):
        if camera.id in own:
            continue
        assert camera.approximate
        seen = {speaker.zone for speaker in site.speakers if sees(camera, speaker.at)}
        assert set(camera.zones) == seen
    speaking = [camera for camera in cameras_of(places) if camera.zones]
    assert 14 < len(speaking) < 300


def test_what_a_camera_sees(site):
    camera = site.cameras[0]
    ahead = moved(camera.at, camera.azimuth_deg, camera.range_m / 2)
    assert sees(camera, ahead)
    assert not sees(camera, moved(camera.at, camera.azimuth_deg + 180, camera.range_m / 2))
    assert not sees(camera, moved(camera.at, camera.azimuth_deg, camera.range_m * 1.1))
    edge = camera.azimuth_deg + camera.field_of_view_deg / 2
    assert sees(camera, moved(camera.at, edge - 1, 50))
    assert not sees(camera, moved(camera.at, edge + 1, 50))


def test_they_are_written_as_geojson(places):
    collection = json.loads(json.dumps(geojson(places), ensure_ascii=False))
    assert collection["type"] == "FeatureCollection"
    assert len(collection["features"]) == 893
    for feature in collection["features"]:
        longitude, latitude = feature["geometry"]["coordinates"]
        assert 126 < longitude < 128
        assert 37 < latitude < 38
        assert feature["properties"]["approximate"] is True


def test_a_district_of_another_size():
    small = parsed()
    places = camera_places(small, seed=1, cameras=20, places=9)
    assert (len(cameras_of(places)), len(places)) == (20, 9)
    assert places[0].cameras[0].id == "cam-214"
    assert places[0].at == Point(37.58, 126.94)


@pytest.mark.parametrize(("cameras", "places"), [(0, 0), (1, 9), (60, 9), (5, 0)])
def test_a_district_that_cannot_be(cameras, places):
    with pytest.raises(ValueError, match="the site has 1 at 1"):
        camera_places(parsed(), seed=1, cameras=cameras, places=places)
