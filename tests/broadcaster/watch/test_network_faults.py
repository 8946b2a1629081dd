"""Missing queriers, rogue senders, and spares that could take over, as the watch tells them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from broadcaster.watch.fault import Fault, FaultKey
from broadcaster.watch.health import Health, Look
from broadcaster.watch.network_faults import network_looks
from broadcaster.watch.place import place_of, zones_of
from broadcaster.watch.spare_proposals import heard_by, proposals, taken_zones
from broadcaster.watch.told import faults_told
from firmware_profiles.fault_kind import FaultKind
from tests.broadcaster.control.bench import site
from tests.broadcaster.control.test_spares import with_spare

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def snapshot(strangers=(), age=0.1, querier=True):
    detail = {"strangers": list(strangers), "age_s": age}
    return {
        "streams": [{"id": "stream-5", "zone": "stream-5", "sent_detail": detail}],
        "queriers": {"audio": querier},
    }


def told(health, is_warned=lambda name: False, where=None, taken=None):
    return faults_told(health, where or site(), NOON, is_warned, taken or {})


def looked(*snapshots):
    health = Health({})
    for second, each in enumerate(snapshots):
        health.look(network_looks(each), float(second), NOON)
    return health


def test_a_rogue_sender_is_a_fault_with_a_place_until_it_is_silent():
    health = looked(*[snapshot(["10.9.9.9:4000 SSRC 1234"])] * 2)
    (fault,) = told(health)
    assert (fault["id"], fault["severity"]) == ("stream-5/sender", "critical")
    assert "10.9.9.9:4000" in fault["sentence"]["en"]
    assert fault["zones"] == ["stream-5"]
    assert fault["place"]["en"] == site().zone("stream-5").name.en
    health.look(network_looks(snapshot()), 5.0, NOON)
    health.look(network_looks(snapshot()), 6.0, NOON)
    assert not told(health)[0]["there"]


def test_what_the_ear_said_long_ago_says_nothing():
    assert told(looked(*[snapshot(["10.9.9.9:4000"], age=9.0)] * 3)) == []
    assert [each.kind for each in network_looks({"streams": [{"id": "a"}]})] == []


@pytest.mark.parametrize(("heard", "count"), [(True, 0), (None, 0), (False, 1)])
def test_a_network_without_a_querier_is_a_fault(heard, count):
    found = told(looked(snapshot(querier=heard)))
    assert [each["id"] for each in found] == ["network audio/querier"] * count


def test_a_stream_is_placed_in_its_zone_and_an_amplifier_as_before():
    assert zones_of(site(), "hill-1") == ("hill-1",)
    assert zones_of(site(), "amp-05") == ("stream-5",)
    assert zones_of(site(), "network audio") == ()
    assert place_of(site(), "network audio").en == "network audio"


# --- spares ---


def fault(amplifier="amp-05", kind=FaultKind.LINK, **changes):
    return Fault(FaultKey(amplifier, kind), NOON, "gone", "snmp", **changes)


def test_a_fault_that_silences_an_amplifier_names_the_free_spare():
    health = Health({})
    looks = [Look("amp-05", FaultKind.LINK, True), Look("amp-05", FaultKind.LINK, True)]
    health.look(looks, 1.0, NOON)
    (found,) = told(health, where=with_spare())
    assert found["spares"] == ["spare-1"]
    (found,) = told(health, where=with_spare(), taken={"spare-1": "stream-6"})
    assert found["spares"] == []


@pytest.mark.parametrize(
    "faults",
    [
        [fault(kind=FaultKind.FAN)],
        [fault(kind=FaultKind.LINE_OPEN)],
        [fault(over=NOON)],
        [fault(), fault("amp-15")],
        [fault("network audio", FaultKind.QUERIER)],
    ],
)
def test_nothing_is_proposed_that_would_not_help(faults):
    assert proposals(faults, with_spare(), {}) == {}


def test_a_zone_that_has_its_spare_needs_no_other():
    second = replace(with_spare().spares[0], id="spare-2")
    two = replace(with_spare(), spares=(*with_spare().spares, second))
    assert proposals([fault()], two, {}) == {"amp-05/link": ("spare-1", "spare-2")}
    assert proposals([fault()], two, {"spare-1": "stream-5"}) == {}
    assert proposals([fault()], two, {"spare-1": "hill-1"}) == {"amp-05/link": ("spare-2",)}


def test_a_spare_at_work_hears_the_warnings_of_its_zone():
    assert heard_by(with_spare(), "amp-15", {}) == set()
    assert heard_by(with_spare(), "amp-15", {"spare-1": "stream-5"}) == {"stream-5"}
    assert heard_by(with_spare(), "amp-05", {"spare-1": "stream-6"}) == {"stream-5"}


def test_who_plays_what_stands_in_the_snapshot():
    spares = [{"id": "spare-1", "zone": "stream-5"}, {"id": "spare-2", "zone": None}]
    assert taken_zones({"spares": spares}) == {"spare-1": "stream-5"}
    assert taken_zones({}) == {}
