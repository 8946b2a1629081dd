"""An interface that goes and comes back: sound is on it again, in the same streams."""

import asyncio
import os
import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from broadcaster.commands.status import look
from broadcaster.engine.packet import Packet, parse_packet
from broadcaster.engine.site_streams import SendingSocket
from broadcaster.interfaces import interfaces
from broadcaster.run_directory import RunDirectory
from broadcaster.supervisor.adoption import orphans
from broadcaster.supervisor.sending_sockets import open_sockets, source_of
from broadcaster.supervisor.steering import Steering
from tests.broadcaster.cable import cable, ip
from tests.broadcaster.engine.studio import receive, receiver, until
from tests.broadcaster.station import stop, write_site

IP_BYTES, UDP_BYTES = 20, 8


def packets(tap, group, count):
    """The next RTP packets of one stream out of the cable, and where they came from (RTCP: odd)."""
    found: list[tuple[bytes, Packet | None]] = []
    while len(found) < count:
        frame = tap.recv(4096)[14:]
        port = int.from_bytes(frame[IP_BYTES + 2 : IP_BYTES + 4], "big")
        is_rtp = frame[9] == socket.IPPROTO_UDP and port % 2 == 0
        if socket.inet_ntoa(frame[16:20]) == group and is_rtp:
            source = frame[12:16] + frame[IP_BYTES : IP_BYTES + 2]
            found.append((source, parse_packet(frame[IP_BYTES + UDP_BYTES :])))
    return found


@pytest.fixture
def on_the_cable(network, run_directory, tmp_path, multicast_group, free_port):
    """A station that sends by a cable: (cable, first group, its run directory)."""
    groups = multicast_group(), multicast_group()
    config = write_site(tmp_path, *groups, free_port())
    places = ["--config", config, "--run", run_directory, "--state", tmp_path / "state"]
    with cable(network) as plugged:
        command = [sys.executable, "-m", "broadcaster", "run", "--interface", plugged.near, *places]
        # Stopped while it imports, it may leave a draft behind.
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        process = subprocess.Popen([str(word) for word in command], env=environment)
        try:
            with plugged.tapped() as tap:
                packets(tap, groups[0], 1)
            yield plugged, groups[0], RunDirectory(run_directory)
        finally:
            stop(process)


def is_sent(run):
    """Whether the ear hears the right sound in every stream."""
    facts = asyncio.run(look(run)) or {"streams": []}
    return bool(facts["streams"]) and all(stream["sent"] for stream in facts["streams"])


@pytest.mark.slow
@pytest.mark.parametrize("fate", ["removed", "down"])
def test_sound_and_ear_come_back_with_an_interface(on_the_cable, fate):
    plugged, group, run = on_the_cable
    until(lambda: is_sent(run), "the ear hears it")
    with plugged.tapped() as tap:
        before = packets(tap, group, 20)
    if fate == "removed":
        plugged.pull()
        until(lambda: not is_sent(run), "the ear misses it")
        plugged.plug()
    else:
        ip("link", "set", plugged.near, "down")
        until(lambda: not is_sent(run), "the ear misses it")
        ip("link", "set", plugged.near, "up")
    with plugged.tapped() as tap:
        after = packets(tap, group, 20)
    until(lambda: is_sent(run), "the ear hears it again")
    assert len({source for source, _ in before + after}) == 1
    assert len({packet.ssrc for _, packet in before + after if packet}) == 1
    first, last = before[0][1], after[-1][1]
    assert first
    assert last
    steps = (last.timestamp - first.timestamp) % (1 << 32) // 240
    assert (last.sequence - first.sequence) % (1 << 16) == steps % (1 << 16)


@pytest.mark.slow
def test_a_service_starts_with_an_interface_missing_and_sends_by_it_once_it_is_there(
    network, run_directory, tmp_path, multicast_group, free_port
):
    here, there, port = multicast_group(), multicast_group(), free_port()
    config = write_site(tmp_path, here, there, port)
    with cable(network) as plugged:
        plugged.pull()
        text = config.read_text()
        text = text.replace("dayparts:", f"  far: {{interface: {plugged.near}}}\ndayparts:", 1)
        config.write_text(text.replace("{zone: lower, ", "{zone: lower, network: far, "))
        places = ["--config", config, "--run", run_directory, "--state", tmp_path / "state"]
        command = [sys.executable, "-m", "broadcaster", "run", "--keep-engines", *places]
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        process = subprocess.Popen([str(word) for word in command], env=environment)
        try:
            with receiver(here, port) as listening:
                first = receive(listening, 20)
                plugged.plug()
                with plugged.tapped() as tap:
                    ((source, _),) = packets(tap, there, 1)
                assert socket.inet_ntoa(source[:4]) == plugged.address
                assert {packet.ssrc for packet in receive(listening, 20) + first} == {first[0].ssrc}
            until(lambda: is_sent(RunDirectory(run_directory)), "the ear hears both")
        finally:
            stop(process)
            for orphan in orphans(RunDirectory(run_directory), None):
                orphan.end()


@pytest.fixture
def steered():
    """Two sockets on loopback and what steers them."""
    wanted = (SendingSocket("a", "lo", 8, 46), SendingSocket("b", "lo", 1, 0))
    sockets = open_sockets(wanted, {})
    yield Steering(wanted, sockets), sockets
    for one in sockets.values():
        one.close()


def test_nothing_is_said_while_nothing_changes(steered):
    steering, _ = steered
    assert steering.look(interfaces()) == []
    assert steering.look(interfaces()) == []


def test_going_and_coming_back_are_said_once_each(steered):
    steering, _ = steered
    there = interfaces()
    without = tuple(one for one in there if one.name != "lo")
    (gone,) = steering.look(without)
    assert gone.startswith("there is no interface lo; this machine has ")
    assert gone.endswith(": nothing is sent there until it is back")
    assert steering.look(without) == []
    assert steering.look(there) == ["interface lo is back and is sent by again"]
    assert steering.look(there) == []


def test_an_interface_that_is_gone_again_at_once_is_said(steered):
    steering, _ = steered
    there = tuple(replace(one, index=10**6) for one in interfaces())
    (said,) = steering.look(there)
    assert said.startswith("cannot send by interface lo: ")
    assert steering.look(interfaces()) == ["interface lo is back and is sent by again"]


def test_another_address_is_sent_from_under_the_same_descriptors(steered):
    steering, sockets = steered
    assert {source_of(one)[0] for one in sockets.values()} == {"127.0.0.1"}
    numbers = [one.fileno() for one in sockets.values()]
    there = interfaces()
    moved = tuple(replace(one, addresses=("127.0.0.2",)) for one in there)
    steering.look(())
    (said,) = steering.look(moved)
    assert said.startswith("interface lo has address 127.0.0.2 instead of 127.0.0.1: the engines ")
    assert {source_of(one)[0] for one in sockets.values()} == {"127.0.0.2"}
    assert [one.fileno() for one in sockets.values()] == numbers
    assert steering.renewed == ["a", "b"]
    assert steering.look(moved) == []
    assert {one.getsockopt(socket.IPPROTO_IP, socket.IP_TOS) >> 2 for one in sockets.values()} == {
        46, 0,
    }  # fmt: skip


@pytest.mark.slow
def test_sound_comes_back_with_another_address(on_the_cable):
    plugged, group, run = on_the_cable
    until(lambda: is_sent(run), "the ear hears it")
    with plugged.tapped() as tap:
        ((_, before),) = packets(tap, group, 1)
    plugged.pull()
    replace(plugged, address="10.77.0.9").plug()

    def is_moved() -> bool:
        with plugged.tapped() as tap:
            return socket.inet_ntoa(packets(tap, group, 1)[0][0][:4]) == "10.77.0.9"

    until(is_moved, "packets carry the new address")
    with plugged.tapped() as tap:
        after = packets(tap, group, 20)
    assert before
    assert {packet.ssrc for _, packet in after if packet} == {before.ssrc}
    until(lambda: is_sent(run), "the ear hears it again")
