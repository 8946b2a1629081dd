"""config.yaml, the reference site: right, whole, and as large as it says."""

import itertools
from pathlib import Path

import pytest

from broadcaster.site_reader import read_site
from zones.geometry import along, contains, distance_m, length_m
from zones.site import ZoneId

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site():
    return read_site(ROOT / "config.yaml")


def test_it_is_right_without_a_warning(site):
    assert site.warnings == ()


def test_it_has_the_size_of_the_real_one(site):
    assert len(site.amplifiers) == 14
    assert len(site.speakers) == 171
    assert len(site.zones) == 14
    assert [len(site.zones_named([group])) for group in ("stream", "hill", "all")] == [11, 3, 14]
    assert {path.id: path.length_m for path in site.paths} == {"stream": 2400, "hill": 600}


def test_every_zone_has_one_stream_to_a_group_of_its_own(site):
    addresses = [stream.legs[0].address for stream in site.streams]
    assert addresses == [f"239.192.77.{n}" for n in range(1, 15)]
    for stream in site.streams:
        assert (stream.format, stream.packet_time, stream.payload_type) == ("L16/48000", 240, 96)
        assert stream.dscp == 46
        assert [leg.port for leg in stream.legs] == [5004]
    assert [stream.zone for stream in site.streams] == [zone.id for zone in site.zones]


def test_out_of_the_box_no_packet_leaves_the_machine(site):
    assert {network.interface for network in site.networks} == {"127.0.0.1"}


def test_zones_cover_their_path_without_a_gap(site):
    for path in site.paths:
        zones = [zone for zone in site.zones if zone.path == path.id]
        assert zones[0].start_m == 0
        assert zones[-1].end_m == path.length_m
        for before, after in itertools.pairwise(zones):
            assert before.end_m == after.start_m
            assert after.id in before.neighbours


def test_every_speaker_stands_in_its_zone(site):
    for speaker in site.speakers:
        zone = site.zone(speaker.zone)
        assert zone.start_m <= speaker.distance_m <= zone.end_m
        assert contains(zone.polygon, speaker.at)
        assert speaker.output in zone.outputs


def test_speakers_stand_where_their_distance_says(site):
    paths = {path.id: path for path in site.paths}
    for speaker in site.speakers:
        place = along(paths[speaker.path].line, speaker.distance_m)
        assert distance_m(place, speaker.at) < 8


def test_every_amplifier_drives_about_twelve_speakers(site):
    for amplifier in site.amplifiers:
        driven = [speaker for speaker in site.speakers if speaker.output in amplifier.outputs]
        assert len(driven) in {12, 13}


def test_lines_are_as_long_as_their_paths(site):
    for path in site.paths:
        assert length_m(path.line) == pytest.approx(path.length_m, abs=5)


def test_everything_invented_is_marked(site):
    for places in (site.paths, site.speakers, site.exits, site.zones, site.gauges, site.cameras):
        assert all(place.approximate for place in places)


def test_every_zone_has_a_way_out_on_its_own_path(site):
    exits = {way_out.id: way_out for way_out in site.exits}
    for zone in site.zones:
        assert zone.exits
        assert {exits[name].path for name in zone.exits} == {zone.path}


def test_every_zone_is_watched_and_has_a_programme(site):
    watched = set(itertools.chain.from_iterable(camera.zones for camera in site.cameras))
    playing = set(itertools.chain.from_iterable(entry.zones for entry in site.programme))
    everything = {zone.id for zone in site.zones}
    assert watched == playing == everything
    assert ZoneId("stream-1") in everything


def test_both_languages_are_there_everywhere(site):
    named = (*site.zones, *site.groups, *site.exits, *site.amplifiers, *site.cameras, *site.gauges)
    for each in named:
        assert each.name.en.isascii()
        assert any("가" <= letter <= "힣" for letter in each.name.ko)
