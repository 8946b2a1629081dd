"""Faults as they are told: the worst first, bounded, and with the neighbours under a warning."""

import json
from datetime import UTC, datetime

import pytest

from broadcaster.link.frame import LONGEST_FRAME
from broadcaster.site_reader import read_site
from broadcaster.watch.control_link import warned_zones
from broadcaster.watch.health import Health, Look
from broadcaster.watch.told import MOST_TOLD, faults_told
from firmware_profiles.fault_kind import FaultKind
from tests.broadcaster.watch.test_place import CONFIG

NOW = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def site():
    return read_site(CONFIG)


def raised(*looks):
    health = Health({})
    for now in (0.0, 40.0, 80.0):
        health.look(looks, now, NOW)
    return health


def test_the_worst_comes_first(site):
    health = raised(
        Look("amp-01", FaultKind.FAN, True),
        Look("amp-02", FaultKind.LINE_SHORT, True, part="1"),
        Look("amp-03", FaultKind.MAINS, True),
    )
    told = faults_told(health, site, NOW, lambda name: False)
    assert [each["severity"] for each in told] == ["critical", "major", "minor"]


def test_under_a_warning_it_is_worse_and_the_zones_beside_it_are_named(site):
    health = raised(Look("amp-02", FaultKind.MULTICAST, True))
    (calm,) = faults_told(health, site, NOW, lambda name: False)
    (warned,) = faults_told(health, site, NOW, lambda name: name == "amp-02")
    assert (calm["severity"], calm["neighbours"]) == ("major", [])
    assert (warned["severity"], warned["neighbours"]) == ("critical", ["stream-1", "stream-3"])


def test_thousands_of_faults_fit_into_a_frame_beside_the_rest(site):
    looks = [
        Look(f"amp-{n:04}", FaultKind.LINE_SHORT, True, "x" * 120, str(part))
        for n in range(200)
        for part in range(10)
    ]
    told = faults_told(raised(*looks), site, NOW, lambda name: False)
    assert len(told) == MOST_TOLD
    assert len(json.dumps(told, ensure_ascii=False).encode()) < LONGEST_FRAME / 2


def test_a_warning_is_where_control_says_one_is_on_air():
    streams = [
        {"zone": "stream-1", "commanded": {"kind": "warning"}},
        {"zone": "stream-2", "commanded": {"kind": "programme"}},
        {"zone": "stream-3", "commanded": None},
    ]
    assert warned_zones({"streams": streams}) == {"stream-1"}
    assert warned_zones({}) == frozenset()
