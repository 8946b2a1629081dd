"""The administrator's manual: its examples work and its tables are the parser's."""

import re
from pathlib import Path

import pytest
import yaml

from broadcaster.site_reader import read_site
from firmware_profiles.profile import parse_profile
from tests.zones.site_manual import reference
from zones.site_change import _WIRE_FIELDS
from zones.sitefile import SiteError

MANUAL = (Path(__file__).parents[2] / "docs" / "site-file.md").read_text("utf-8")


def examples(marker):
    """The fenced blocks below `<!-- marker -->`."""
    return re.findall(rf"<!-- {re.escape(marker)} -->\n```\w*\n(.*?)```", MANUAL, re.S)


SMALLEST = examples("a whole site")[0]


@pytest.fixture
def check(tmp_path):
    """Reads a site of these files; the answer is the site, or what `check` would print."""

    def read(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".yaml").write_text(text, encoding="utf-8")
        try:
            return read_site(tmp_path / "config.yaml")
        except SiteError as error:
            return error.rendered()

    return read


def test_the_smallest_site_is_right(check):
    site = check(config=SMALLEST)
    assert site.warnings == ()
    assert len(site.zones) == len(site.streams) == 1


def test_the_example_of_a_mistake_is_what_check_prints(check):
    shown = examples("output of broadcaster check")[0]
    wrong = shown.splitlines()[1].strip()
    right = wrong.replace("levle", "level")
    assert right in SMALLEST
    assert f"{check(config=SMALLEST.replace(right, wrong))}\n" == shown


def test_every_part_fits_into_the_smallest_site(check):
    defaults, files = examples("part of a site")
    [speakers] = examples("zones/speakers.yaml")
    text = SMALLEST.replace(
        "    levels: {day: -12 dB, night: -30 dB}\n    warning_level: 0 dB\n", ""
    )
    exits = "gate: {name: {ko: 문, en: Gate}, path: round, distance: 0 m, at: [37.581, 126.937]}\n"
    site = check(
        config=text + defaults + files,
        zones__speakers=speakers,
        **{"zones__exits-north": exits, "zones__exits-south": exits.replace("gate", "steps")},
    )
    assert site.zones[0].quiet_hours is not None
    assert len(site.speakers) == 2
    assert len(site.exits) == 2
    assert site.warnings == ()


def test_the_stream_with_two_legs_is_right(check):
    [stream] = examples("a stream of the smallest site")
    start = SMALLEST.index("streams:\n") + len("streams:\n")
    site = check(config=SMALLEST[:start] + re.sub("(?m)^", "  ", stream))
    assert [leg.address for leg in site.streams[0].legs] == ["239.192.77.1", "10.77.0.11"]
    assert site.warnings == ()


def test_the_profile_is_right_and_can_be_used(check):
    [profile] = examples("firmware_profiles/horn.yaml")
    assert parse_profile(profile, "firmware_profiles/horn.yaml").unverified == ("stream.buffer",)
    text = SMALLEST.replace("profile: generic-rtp", "profile: horn")
    site = check(config=text, firmware_profiles__horn=profile)
    assert site.streams[0].pre_roll == 38_400


def test_the_reference_is_the_parsers():
    assert MANUAL.partition("defaults instead.\n\n")[2] == reference()


def test_the_values_on_the_right_are_what_other_readers_make_of_them():
    assert yaml.safe_load("{a: 12:30, on: 0777, a: 750}") == {"a": 750, True: 511}


def test_the_manual_names_every_reason_for_a_gap():
    sentence = MANUAL[MANUAL.index("A stream starts anew") : MANUAL.index("the others don't")]
    named = " ".join(sentence.lower().split())
    for field in _WIRE_FIELDS - {"legs"}:
        assert field.replace("_", " ") in named
    assert "addresses" in named


def test_every_example_is_tried():
    fenced = len(re.findall(r"^```\w*\n", MANUAL, re.M)) // 2
    marked = len(re.findall(r"^<!-- .* -->\n```", MANUAL, re.M))
    assert fenced == marked
