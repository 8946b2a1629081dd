"""Where a fault is, in words."""

from pathlib import Path

import pytest

from broadcaster.site_reader import read_site
from broadcaster.watch.place import neighbours_of, place_of, zones_of

CONFIG = Path(__file__).parents[3] / "config.yaml"


@pytest.fixture(scope="module")
def site():
    return read_site(CONFIG)


def test_an_amplifier_is_told_with_its_speakers_and_metres(site):
    place = place_of(site, "amp-01")
    assert place.en == "amp-01, speakers 1–12, 9–211 m"
    assert place.ko == "홍제천 앰프 1, 스피커 1–12, 9–211 m"


def test_an_output_is_told_with_its_own_speakers(site):
    assert place_of(site, "amp-01", "2").en == "amp-01, output 2, speakers 7–12, 119–211 m"


def test_a_part_that_is_no_output_is_told_as_it_is(site):
    assert place_of(site, "amp-01", "sensor 3").en.startswith("amp-01, sensor 3, speakers 1–12")


def test_what_the_site_does_not_have_is_told_as_it_is(site):
    assert place_of(site, "sw-1").en == "sw-1"


def test_zones_and_neighbours_are_found(site):
    assert zones_of(site, "amp-02") == ("stream-2",)
    assert zones_of(site, "amp-02", "1") == ("stream-2",)
    assert zones_of(site, "nobody") == ()
    assert neighbours_of(site, zones_of(site, "amp-02")) == ("stream-1", "stream-3")
