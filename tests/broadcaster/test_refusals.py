"""A leg that cannot be sent is counted on that leg; all others lose nothing (SAFETY G3)."""

import errno
import shutil
import socket
import subprocess

import pytest

from broadcaster.engine.plan import Leg
from broadcaster.engine.site_streams import SendingSocket
from broadcaster.supervisor.sending_sockets import open_sockets
from tests.broadcaster.cable import cable, ip
from tests.broadcaster.engine.studio import (
    SOCKET,
    Studio,
    claim,
    make_stream,
    music,
    receive,
    receiver,
    until,
)
from tests.network_namespace import Network

NEAR = "near"
PACKETS = 200


@pytest.fixture
def studio(run_directory, state_directory):
    made = Studio(run_directory, state_directory)
    yield made
    made.close()


def begin(studio, streams):
    _, programme = music(studio)
    claims = [
        claim(f"programme {stream.id}", programme, zone=stream.zone, start=studio.now())
        for stream in streams
    ]
    studio.plan(streams, {"music": programme}, claims)
    studio.start()


def assert_unbroken(studio, packets):
    """Nothing is missing but what the engine had to skip, being late."""
    steps = (packets[-1].sequence - packets[0].sequence) % (1 << 16)
    assert steps + 1 - len(packets) <= studio.block.state().skipped_packets


def refusal(studio, stream, leg):
    """The error of a leg once it has refused something, 0 before."""
    count = studio.block.leg_counts({stream.id: len(stream.legs)}).get((stream.id, leg))
    return count.errno if count is not None and count.refused else 0


ROUTES = {
    "prohibit": errno.EACCES,
    "unreachable": errno.EHOSTUNREACH,
    "blackhole": errno.EINVAL,
    "none": errno.ENETUNREACH,
}


@pytest.mark.parametrize("route", ROUTES)
def test_a_destination_without_a_way_silences_nobody_else(
    studio, network, multicast_group, free_port, route
):
    if network is not Network.OWN or shutil.which("ip") is None:
        pytest.skip("needs iproute2 and a network namespace of its own")
    group, port, lost = multicast_group(), free_port(), "10.99.0.1"
    refused = make_stream(0, lost, port)
    heard = make_stream(1, group, port, legs=(Leg(SOCKET, lost, port), Leg(SOCKET, group, port)))
    if route != "none":
        ip("route", "add", route, lost)
    try:
        with receiver(group, port) as listening:
            begin(studio, (refused, heard))
            assert_unbroken(studio, receive(listening, PACKETS))
            for stream in (refused, heard):
                until(lambda one=stream: refusal(studio, one, 0), "the refusal is counted")
                assert refusal(studio, stream, 0) == ROUTES[route]
            assert not refusal(studio, heard, 1)
    finally:
        if route != "none":
            ip("route", "delete", route, lost)


def stall(plugged, sending):
    """Let the interface send a packet a minute, and its socket hold two."""
    rate = ["tbf", "rate", "64bit", "burst", "1540", "limit", "1000000"]
    command = ["tc", "qdisc", "add", "dev", plugged.near, "root", *rate]
    subprocess.run(command, check=True, capture_output=True)
    sending.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 0)


FATES = {
    "takes no more": (stall, {errno.EAGAIN}),
    "is down": (lambda plugged, _: ip("link", "set", plugged.near, "down"), {errno.ENETUNREACH}),
    "is removed": (lambda plugged, _: plugged.pull(), {errno.ENETUNREACH, errno.ENODEV}),
}


@pytest.mark.parametrize("fate", FATES)
def test_an_interface_that_fails_silences_no_other(
    studio, network, multicast_group, free_port, fate
):
    fail, errors = FATES[fate]
    group, port = multicast_group(), free_port()
    stream = make_stream(0, group, port, legs=(Leg(NEAR, group, port), Leg(SOCKET, group, port)))
    with cable(network) as plugged, receiver(group, port) as listening:
        if shutil.which("tc") is None:
            pytest.skip("needs tc of iproute2")
        studio.sockets.update(open_sockets([SendingSocket(NEAR, plugged.near, 8, 46)], {}))
        with plugged.tapped() as tap:
            begin(studio, (stream,))
            tap.recv(4096)
        packets = receive(listening, 20)
        assert not refusal(studio, stream, 0)
        fail(plugged, studio.sockets[NEAR])
        packets += receive(listening, PACKETS)
        until(lambda: refusal(studio, stream, 0), "the refusal is counted")
        assert refusal(studio, stream, 0) in errors
        assert_unbroken(studio, packets)
        assert not refusal(studio, stream, 1)
