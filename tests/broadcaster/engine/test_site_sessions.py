"""The reference site, told to strangers."""

from pathlib import Path

import pytest

from broadcaster.engine.announcement import PORT, deletion
from broadcaster.engine.farewell import hand_on_or_take_leave
from broadcaster.engine.plan import Part, Plan
from broadcaster.engine.plan_lines import PlanDecoder, encode_plan
from broadcaster.engine.site_sessions import announcements_of, cname_of, session_of
from broadcaster.engine.site_streams import streams_of
from broadcaster.engine.speaking import Right
from broadcaster.site_reader import read_site
from tests.broadcaster.engine.studio import ANCHOR
from zones.media_time import RATE, BootId
from zones.site import with_interface

SECRET = b"s" * 32


@pytest.fixture(scope="module")
def site():
    return with_interface(read_site(Path("config.yaml").absolute()), "10.0.0.1")


@pytest.fixture(scope="module")
def streams(site):
    return streams_of(site, SECRET, BootId("b"))


def test_every_stream_is_announced_once_and_the_plan_takes_it(site, streams):
    told = announcements_of(site, streams, lambda interface: interface)
    assert len(told) == len(streams) == 14
    assert {datagram.port for datagram in told} == {PORT}
    assert {datagram.interval for datagram in told} == {30 * RATE}
    assert len({datagram.payload for datagram in told}) == len(told)
    assert all(d.at_stop[1:] == d.payload[1:] for d in told)
    plan = Plan(Part.CONTROL, 1, ANCHOR, streams, datagrams=told, cname=cname_of(SECRET))
    assert PlanDecoder().decode(encode_plan(plan)) == plan


def test_a_session_is_entitled_with_site_and_zone(site, streams):
    text = session_of(site, streams[0], lambda interface: interface, version=3)
    zone = site.zone(streams[0].zone).name.ko
    assert f"s={site.name.ko} · {zone}\r\n" in text
    assert f"o=- {streams[0].ssrc} 3 IN IP4 10.0.0.1\r\n" in text
    assert deletion(text, "10.0.0.1") == announcements_of(site, streams, str, 3)[0].at_stop


def test_the_name_of_a_station_stays_and_tells_nothing():
    assert cname_of(SECRET) == cname_of(SECRET) != cname_of(b"t" * 32)
    assert len(cname_of(SECRET)) == 16


class Sender:
    said_goodbye = False

    def say_goodbye(self) -> None:
        self.said_goodbye = True


class FakeRight:
    def __init__(self, after) -> None:
        self.after, self.given = after, 0

    def hand_on(self) -> None:
        self.given += 1

    def wait(self, seconds):
        return self.after


@pytest.mark.parametrize(
    ("after", "leaves"), [(Right.ANOTHERS, False), (Right.OURS, True), (Right.INHERITED, True)]
)
def test_only_the_last_engine_takes_leave(after, leaves):
    right, sender = FakeRight(after), Sender()
    hand_on_or_take_leave(right, sender)
    assert sender.said_goodbye == leaves
    assert right.given == 1 + leaves
