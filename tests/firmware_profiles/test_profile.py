"""Firmware profiles: those shipped, and everything that can be wrong in one."""

import importlib.resources

import pytest

from firmware_profiles.profile import ProfileError, parse_profile
from zones.media_time import samples
from zones.reception import KeepAlive

SHIPPED = {
    path.name: path.read_text(encoding="utf-8")
    for path in importlib.resources.files("firmware_profiles").iterdir()
    if path.name.endswith(".yaml")
}

HORN = """\
schema: 1
id: horn
vendor: Hornmaker
models: [H1, H2]
firmware: {family: horn, min: "1.0", max: "2.9"}
stream:
  formats:
    - {format: L16/48000, packet_times: [5 ms, 10 ms], payload_types: [96], source: manual}
    - {format: PCMU/8000, packet_times: [20 ms], payload_types: [0], source: unverified}
  receive: {multicast: true, groups: 4, even_port: true, source: manual}
  buffer: {default: 100 ms, min: 20 ms, max: 1 s, source: manual}
  waking: {keep_alive: dither, pre_roll: 800 ms, source: measured}
  on_stop: {timeout: 2 s, source: manual}
sources:
  - {id: manual, text: "manual 2.9, page 12"}
  - {id: measured, text: our own measurement}
"""


def complaints(text, file="firmware_profiles/horn.yaml"):
    with pytest.raises(ProfileError) as caught:
        parse_profile(text, file)
    return [str(problem).removeprefix(f"{file}:") for problem in caught.value.problems]


def test_a_profile_says_how_its_amplifiers_receive():
    horn = parse_profile(HORN, "firmware_profiles/horn.yaml")
    assert horn.models == ("H1", "H2")
    assert (horn.firmware.least, horn.firmware.most) == ("1.0", "2.9")
    assert horn.reception.pre_roll == samples(0.8)
    assert horn.reception.keep_alive is KeepAlive.DITHER
    assert horn.buffer.default == samples(0.1)
    assert horn.on_stop == samples(2)
    assert horn.unverified == ("stream.formats.PCMU/8000",)
    assert horn.sources["manual"] == "manual 2.9, page 12"
    assert not horn.is_simulated


@pytest.mark.parametrize(
    ("name", "packet_time", "payload_type", "is_taken"),
    [
        ("L16/48000", 0.005, 96, True),
        ("L16/48000", 0.02, 96, False),
        ("L16/48000", 0.005, 97, False),
        ("PCMU/8000", 0.02, 0, True),
        ("G722/8000", 0.02, 9, False),
    ],
)
def test_an_amplifier_takes_what_its_profile_lists(name, packet_time, payload_type, is_taken):
    reception = parse_profile(HORN, "horn.yaml").reception
    assert reception.takes(name, samples(packet_time), payload_type) is is_taken


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("id: horn", "id: trumpet", ['2:5: id: "trumpet" is not the file\'s name; write horn']),
        ("vendor", "vender", ['3:1: unknown key "vender"; did you mean "vendor"?']),
        (
            "models: [H1, H2]",
            "models: H1",
            ['4:9: models: needs a list; write [first, second], or lines that begin with "- "'],
        ),
        (
            'max: "2.9"}',
            "max: [2]}",
            ["5:43: firmware: max: has a list, needs a text"],
        ),
        (
            "[5 ms, 10 ms]",
            "[5 ms, 7 ms]",
            ["8:41: stream: formats: 7 ms is no packet time of L16/48000"],
        ),
        (
            "[5 ms, 10 ms]",
            "[5, 10 ms]",
            ['8:42: stream: formats: packet_times: "5" has no unit; write it like 5 ms'],
        ),
        ("PCMU/8000", "L16/48000", None),
        (
            "timeout: 2 s, source: manual",
            "timeout: 2 s",
            ['13:12: stream: on_stop: lacks "source"'],
        ),
        (
            "timeout: 2 s, source: manual",
            "timeout: 2 s, source: manaul",
            ['13:35: stream.on_stop: no source "manaul"; did you mean "manual"?'],
        ),
        (
            "source: measured",
            "source: manual",
            ['16:10: sources: no fact is from "measured"'],
        ),
        (
            "id: measured",
            "id: manual",
            [
                '12:58: stream.waking: no source "measured"; there is only "manual"',
                '15:10: sources: "manual" is there twice',
                '16:10: sources: "manual" is there twice',
            ],
        ),
        (
            "default: 100 ms",
            "default: 2 s",
            ["11:21: stream: buffer: default: is not between min and max"],
        ),
        (
            "pre_roll: 800 ms",
            "pre_roll: 4 s",
            ["12:42: stream: waking: pre_roll: 4 s is outside 0 ms to 3 s"],
        ),
        (
            "keep_alive: dither",
            "keep_alive: on",
            [
                '12:24: stream: waking: keep_alive: "on" is not a way to keep it awake; '
                "there are none, dither"
            ],
        ),
        ("multicast: true", "multicast: yes", None),
        ("schema: 1", "schema: 1\nschema: 1", None),
        ("sources:", "sources: {", None),
    ],
)
def test_a_spoilt_profile_is_told_exactly(old, new, expected):
    assert old in HORN
    found = complaints(HORN.replace(old, new, 1))
    assert found
    if expected is not None:
        assert found == expected


def test_problems_are_shown_with_a_caret():
    with pytest.raises(ProfileError) as caught:
        parse_profile(HORN.replace("vendor", "vender"), "horn.yaml")
    assert caught.value.rendered().splitlines()[1:] == ["    vender: Hornmaker", "    ^"]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_is_right(name):
    profile = parse_profile(SHIPPED[name], name)
    assert profile.reception.formats


def test_the_virtual_amplifier_is_simulated_and_wholly_known():
    profile = parse_profile(SHIPPED["virtual_amplifier.yaml"], "virtual_amplifier.yaml")
    assert profile.is_simulated
    assert profile.unverified == ()
    assert profile.reception.takes("L16/48000", samples(0.005), 96)


def test_the_generic_receiver_is_treated_with_care():
    profile = parse_profile(SHIPPED["generic_rtp.yaml"], "generic_rtp.yaml")
    assert profile.reception.keep_alive is KeepAlive.DITHER
    assert profile.reception.pre_roll > 0
    assert "stream.waking" in profile.unverified
