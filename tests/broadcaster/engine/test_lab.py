"""Over a switch that snoops IGMP: who asked hears it, nobody else; a cable that was cut heals."""

import contextlib
import os
import select
import shutil
import subprocess
from time import monotonic

import pytest

from broadcaster.engine.packet import parse_packet
from broadcaster.engine.plan import Leg, socket_name
from tests.broadcaster.engine.lab import PREFIX, laboratory
from tests.broadcaster.engine.studio import PATIENCE, claim, make_stream, music, until

GROUP, PORT = "239.77.1.1", 5004

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="namespaces with a switch need root"),
    pytest.mark.skipif(shutil.which("nsenter") is None, reason="nsenter is not installed"),
]


@pytest.fixture
def site(studio):
    """A controller with an engine on the air, a switch, and three more hosts."""
    try:
        lab_context = laboratory(4)
        lab = lab_context.__enter__()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no switch can be made here: {error.stderr}")
    try:
        controller, *hosts = lab.hosts
        name = socket_name(controller.address, 8, 46)
        studio.sockets[name] = controller.sending_socket()
        _, programme = music(studio)
        stream = make_stream(0, GROUP, PORT, legs=(Leg(name, GROUP, PORT),))
        studio.plan([stream], {"m": programme}, [claim("p", programme, start=studio.now())])
        studio.start()
        yield lab, controller, hosts
    finally:
        lab_context.__exit__(None, None, None)


def hear(s, count=20) -> list:
    """The next packets; whatever was waiting before is thrown away."""
    throw_away(s)
    found: list = []

    def more():
        with contextlib.suppress(TimeoutError):
            found.append(parse_packet(s.recv(4096)))
        return len(found) >= count

    until(more, "the sound arrives")
    return found


def throw_away(s) -> None:
    while select.select([s], [], [], 0)[0]:
        s.recv(65_536)


def seen(tap) -> int:
    """How many packets of the group have come along this cable since the last look."""
    count = 0
    while select.select([tap], [], [], 0)[0]:
        count += tap.recv(65_536)[16:20] == bytes(map(int, GROUP.split(".")))
    return count


def until_silent(tap, member, what) -> None:
    """Wait until a cable carries nothing while a member hears the sound."""

    def nothing():
        seen(tap)
        hear(member, 100)
        return seen(tap) == 0

    until(nothing, what)


def test_members_hear_it_and_nobody_else(site):
    _, _, (first, second, third) = site
    with first.member(GROUP, PORT) as a, third.tap() as tap:
        packets = hear(a)
        assert {packet.ssrc for packet in packets} == {1000}
        until_silent(tap, a, "the switch has learnt who is a member")
        with second.member(GROUP, PORT) as b:
            hear(b)
            assert seen(tap) == 0
        with second.tap() as left:
            until_silent(left, a, "the switch has let the second one go")
        hear(a)


def test_a_receivers_cable_is_cut_and_heals(site):
    lab, _, (first, second, _) = site
    with first.member(GROUP, PORT) as a, second.member(GROUP, PORT) as b:
        hear(a)
        lab.cable(first, "down")
        throw_away(a)
        hear(b, 100)
        assert not select.select([a], [], [], 0)[0]
        lab.cable(first, "up")
        hear(a)


def test_the_controllers_cable_is_cut_and_heals(site, studio):
    lab, controller, (first, _, _) = site
    with first.member(GROUP, PORT) as a:
        before = hear(a)[-1]
        lab.cable(controller, "down")
        quiet(a)
        lab.cable(controller, "up")
        after = hear(a)[-1]
    assert after.ssrc == before.ssrc
    packets = ((after.timestamp - before.timestamp) & 0xFFFF_FFFF) // 240
    assert (after.sequence - before.sequence) & 0xFFFF == packets & 0xFFFF
    assert studio.process.poll() is None


def test_the_controllers_interface_is_restarted(site, studio):
    _, controller, (first, _, _) = site
    stream = make_stream(0, GROUP, PORT)

    def refused():
        return studio.block.leg_counts({stream.id: 1})[stream.id, 0].refused

    with first.member(GROUP, PORT) as a:
        before = hear(a)[-1]
        controller.place.ip("link", "set", "eth0", "down")
        quiet(a)
        until(lambda: refused() > 0, "refused packets are counted")
        controller.place.ip("link", "set", "eth0", "up")
        after = hear(a)[-1]
    assert after.ssrc == before.ssrc
    assert studio.process.poll() is None


def test_a_receivers_interface_is_restarted(site):
    _, _, (first, second, _) = site
    with first.member(GROUP, PORT) as a, second.member(GROUP, PORT) as b:
        hear(a)
        first.place.ip("link", "set", "eth0", "down")
        quiet(a)
        hear(b)
        first.place.ip("link", "set", "eth0", "up")
        first.place.ip("addr", "replace", f"{PREFIX}.2/24", "dev", "eth0")
        hear(a)


def quiet(s) -> None:
    """Wait until a second has passed without a packet."""
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        throw_away(s)
        try:
            s.recv(4096)
        except TimeoutError:
            return
    pytest.fail("packets still arrive")
