"""What screens are told of the site: enough to draw it, and another version when it changes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from broadcaster.catalogue_reader import read_messages
from broadcaster.control.site_description import SiteDescription, described
from broadcaster.site_reader import read_site
from zones.site import Name

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def site():
    return read_site(ROOT / "config.yaml")


@pytest.fixture(scope="module")
def messages():
    return read_messages(None)


def test_the_reference_site_can_be_drawn_from_it(site, messages):
    said = json.loads(json.dumps(described(site, messages)))
    lengths = {path["id"]: path["length_m"] for path in said["paths"]}
    assert lengths == {"stream": 2400.0, "hill": 600.0}
    assert len(said["zones"]) == 14
    assert len(said["speakers"]) == 171
    for zone in said["zones"]:
        assert 0 <= zone["start_m"] < zone["end_m"] <= lengths[zone["path"]]
    camera = next(one for one in said["cameras"] if one["id"] == "cam-214")
    assert camera["zones"][0] == "stream-1"
    assert set(camera["at"]) == {37.58842, 126.9419}


def test_only_what_a_person_raises_is_offered(site, messages):
    said = described(site, messages)
    assert {one["purpose"] for one in said["messages"]} == {"warning", "exercise"}
    evacuation = next(one for one in said["messages"] if one["id"] == "flood-evacuate")
    assert evacuation["level"] == "evacuate"
    assert evacuation["second_person"] is True
    assert said["hazards"]["wildfire"]["name"] == {"ko": "산불", "en": "wildfire"}


def test_it_is_worked_out_once_and_anew_for_another_site(site, messages):
    description = SiteDescription()
    first = description.of(site, messages)
    assert description.of(site, messages) is first
    other = description.of(replace(site, name=Name("다른 곳", "Elsewhere")), messages)
    assert other["version"] != first["version"]
    assert other["name"]["en"] == "Elsewhere"
