"""Recorded walks: read as values, read by profiles, and turned into drafts of profiles."""

from pathlib import Path

import pytest

from firmware_profiles.choice import Identity, chosen, items_of
from firmware_profiles.draft import draft
from firmware_profiles.oid import SYS_DESCR, SYS_OBJECT_ID, Index, Oid, oid
from firmware_profiles.profile import parse_profile
from firmware_profiles.reading import Raw, judged, shown
from firmware_profiles.walk import WalkError, below, parse_walk
from tests.firmware_profiles.test_supervision import PROFILES

WALKS = {path.stem: path for path in (Path(__file__).parents[1] / "data/walks").glob("*.walk")}

BY_NAME = {str(name): profile for name, profile in PROFILES.items()}


def walk(name):
    return parse_walk(WALKS[name].read_text())


def test_every_sort_of_value_is_read():
    found = parse_walk(
        '.1.3.6.1.2.1.1.1.0 = STRING: "a horn\nof two lines"\n'
        ".1.3.6.1.2.1.1.2.0 = OID: .1.3.6.1.4.1.99\n"
        ".1.3.6.1.2.1.1.3.0 = Timeticks: (8640000) 1 day, 0:00:00.00\n"
        ".1.3.6.1.2.1.2.2.1.8.1 = INTEGER: up(1)\n"
        ".1.3.6.1.2.1.2.2.1.6.1 = Hex-STRING: 00 08 E1 00 00 01 \n"
        ".1.3.6.1.2.1.31.1.1.1.8.1 = Counter64: 18446744073709551615\n"
        ".1.3.6.1.4.1.99.7.0 = INTEGER: -12\n"
        '.1.3.6.1.4.1.99.8.0 = ""\n'
        ".1.3.6.1.4.1.99.9.0 = No Such Object available on this agent at this OID\n"
    )
    assert list(found.values()) == [
        "a horn\nof two lines",
        (1, 3, 6, 1, 4, 1, 99),
        8_640_000,
        bytes.fromhex("0008e1000001"),
        1,
        2**64 - 1,
        -12,
    ]


@pytest.mark.parametrize("text", ["", "hello", "SNMPv2-MIB::sysDescr.0 = STRING: x", "\n\n"])
def test_what_is_no_walk_is_refused_with_the_way_to_record_one(text):
    with pytest.raises(WalkError, match="snmpwalk"):
        parse_walk(text)


def test_a_walk_of_an_amplifier_shows_its_faults():
    values = walk("zenitel_ip_station")
    choice = chosen(PROFILES.values(), Identity(values[SYS_OBJECT_ID], values[SYS_DESCR]))
    assert choice.profile is not None
    assert choice.profile.id == "zenitel-ip-station"
    line = next(i for i in items_of(choice.profile, PROFILES) if i.name == "line")
    bad = [
        judgement.kind.value
        for raw in below(values, line.place.oid).values()
        for judgement in judged(line, raw)
        if judgement.is_bad
    ]
    assert bad == ["line.short"]


def test_a_walk_recorded_from_a_virtual_amplifier_gets_its_profile_and_shows_its_faults():
    values = walk("virtual_amplifier")
    choice = chosen(PROFILES.values(), Identity(values[SYS_OBJECT_ID], values[SYS_DESCR]))
    assert choice.profile is not None
    assert (choice.profile.id, choice.firmware) == ("virtual-amplifier", "1.2")
    bad = {
        judgement.kind.value
        for item in items_of(choice.profile, PROFILES)
        for raw in (
            below(values, item.place.oid).values()
            if item.place.index is not Index.NONE
            else [values.get(item.place.oid)]
        )
        for judgement in judged(item, raw)
        if judgement.is_bad
    }
    assert bad == {"line.short", "mains"}


@pytest.mark.parametrize("name", WALKS)
def test_what_a_profile_names_is_in_its_walk(name):
    values = walk(name)
    profile = BY_NAME.get(name.replace("_", "-"), BY_NAME["generic-mib2"])
    there = [
        item.name
        for item in profile.supervision.items
        if (
            below(values, item.place.oid)
            if item.place.index is not Index.NONE
            else values.get(item.place.oid)
        )
    ]
    assert len(there) >= min(4, len(profile.supervision.items))


@pytest.mark.parametrize("name", WALKS)
def test_a_draft_is_a_profile_that_never_alarms(name):
    text = draft("my-horn", walk(name))
    profile = parse_profile(text, "firmware_profiles/my_horn.yaml")
    assert profile.supervision.items or name == "net_snmp"
    assert not any(item.is_verified for item in profile.supervision.items)
    assert profile.supervision.includes == "generic-mib2"
    for item in profile.supervision.items:
        assert item.place.index is Index.NONE
        assert shown(item, walk(name)[item.place.oid])


def test_a_draft_of_a_talkative_device_stays_a_text():
    noise: dict[Oid, Raw] = {
        oid(f"1.3.6.1.4.1.99.{n}.0"): 'it\'s "quoted": {a: [b]} # c' for n in range(200)
    }
    noise[SYS_DESCR] = "x: 'y' #z " * 50
    noise[SYS_OBJECT_ID] = oid("1.3.6.1.4.1.99.1")
    profile = parse_profile(draft("noisy", noise), "noisy.yaml")
    assert len(profile.supervision.items) == 40
