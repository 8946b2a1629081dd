"""Queriers that fall silent are named; what is no query does not count."""

import asyncio
import socket
import struct

import pytest

from broadcaster.control.querier_watch import QuerierWatch
from broadcaster.control.queriers import Queriers, checksum, is_query
from broadcaster.interfaces import Interface
from tests.broadcaster.cable import cable
from tests.broadcaster.station import PATIENCE

LO = Interface("lo", ("127.0.0.1",), True, 1, is_loopback=True)
ETH0 = Interface("eth0", ("10.1.1.1",), True, 2)
ETH1 = Interface("eth1", ("10.1.2.1",), True, 3)


def query(kind=0x11, source="10.77.0.254"):
    """A general query of IGMPv3 as a router sends it: TTL 1, router alert (RFC 3376 section 4)."""
    message = struct.pack("!BBH4sBBH", kind, 100, 0, bytes(4), 2, 125, 0)
    message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
    ends = socket.inet_aton(source) + socket.inet_aton("224.0.0.1")
    header = struct.pack("!BBHHHBBH", 0x46, 0xC0, 24 + len(message), 0, 0, 1, 2, 0) + ends
    header += b"\x94\x04\0\0"
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + message


def test_a_query_is_known():
    assert is_query(query())


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\x46",
        query()[:24],
        query()[:30],
        query()[:-1] + b"!",
        query(kind=0x16),
        b"\x60" + query()[1:],
        b"\x4f" + query()[1:],
        bytes(40),
    ],
)
def test_what_is_no_query_is_known(datagram):
    assert not is_query(datagram)


def test_an_interface_without_queries_is_named_after_the_limit():
    queriers = Queriers(["eth0", "10.1.2.1", "127.0.0.1"], 1000.0, limit=260.0)
    there = (LO, ETH0, ETH1)
    queriers.hear("eth1", 1100.0)
    assert queriers.look(there, 1260.0) == ()
    assert queriers.look(there, 1261.0) == (
        "no IGMP querier on eth0: switches will flood or cut the sound; enable an IGMP querier",
    )
    queriers.hear("eth0", 1262.0)
    assert queriers.look(there, 1262.0) == ()
    assert [sentence.split()[4] for sentence in queriers.look(there, 1400.0)] == ["eth1:"]


def test_an_interface_that_was_down_is_given_time():
    queriers = Queriers(["eth0"], 0.0, limit=260.0)
    down = Interface("eth0", (), False, 2)
    assert queriers.look((LO, down), 1000.0) == ()
    assert queriers.look((LO, ETH0), 1200.0) == ()
    assert len(queriers.look((LO, ETH0), 1261.0)) == 1


def test_interfaces_the_station_does_not_use_are_not_its_concern():
    assert Queriers(["lo"], 0.0).look((LO, ETH0), 1e6) == ()


async def until(condition):
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0)


async def test_a_querier_that_falls_silent_is_a_fault_until_it_is_back(network):
    with cable(network) as plugged:
        frame = bytes.fromhex("01005e000001 020000000001 0800") + query()
        watch = QuerierWatch([plugged.near, "lo"], limit=0.2)
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watch.run())
            await until(lambda: watch.faults)
            assert watch.faults[0].startswith(f"no IGMP querier on {plugged.near}: ")

            def is_heard():
                plugged.send(frame)
                return not watch.faults

            await until(is_heard)
            await until(lambda: watch.faults)
            watching.cancel()


async def test_loopback_needs_no_querier():
    watch = QuerierWatch(["lo", "127.0.0.1"])
    async with asyncio.timeout(PATIENCE):
        await watch.run()
    assert watch.faults == ()


async def test_without_the_right_to_listen_it_is_said_once(monkeypatch, caplog):
    def refused(*arguments):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("broadcaster.control.querier_watch._open", refused)
    async with asyncio.timeout(PATIENCE):
        await QuerierWatch(["eth0"]).run()
    assert [record.message for record in caplog.records] == [
        "IGMP queriers are not watched: that needs CAP_NET_RAW (in the service unit: "
        "AmbientCapabilities=CAP_NET_RAW)"
    ]
