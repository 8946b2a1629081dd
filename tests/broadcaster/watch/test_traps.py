"""Notifications: those of net-snmp's own senders, floods, and what is not authentic."""

import asyncio
import socket

import pytest

from broadcaster.watch.access import Credentials
from broadcaster.watch.trap_gate import MOST_OF_ONE, MOST_OF_STRANGERS, TrapGate
from broadcaster.watch.trap_listener import TrapListener
from tests.broadcaster.watch.net_snmp import AUTH, PRIV, USER, needs_net_snmp, send, until

ENGINE = "8000000001020304"
V3 = ("-v3", "-u", USER, "-l", "authPriv", "-a", "SHA-256", "-A", AUTH, "-x", "AES", "-X", PRIV)
LINE_TRAP = ".1.3.6.1.4.1.32473.77.2.1"


class Listening:
    def __init__(self):
        self.heard = []
        self.news = asyncio.Event()
        users = [
            (Credentials("v2c", "public"), ""),
            (Credentials("v3", "", USER, "sha256", AUTH, "aes", PRIV), ENGINE),
        ]
        self.listener = TrapListener(("127.0.0.1", 0), users, ["127.0.0.1"], self.take)

    def take(self, said):
        self.heard.append(said)
        self.news.set()

    async def until(self, count, limit=20):
        async with asyncio.timeout(limit):
            while len(self.heard) < count:
                self.news.clear()
                await self.news.wait()
        return self.heard


@pytest.fixture
async def listening():
    made = Listening()
    running = asyncio.create_task(made.listener.run())
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def sent(listening, program, *words, **how):
    return asyncio.to_thread(send, program, listening.listener.port, *words, **how)


@needs_net_snmp
async def test_traps_of_every_version_arrive_with_the_agents_own_address(listening, tmp_path):
    assert await sent(listening, "snmptrap", "", LINE_TRAP) == 0
    (said,) = await listening.until(1)
    assert said.oid == (1, 3, 6, 1, 4, 1, 32473, 77, 2, 1)
    assert said.agent == said.source == "127.0.0.1"
    old = ("-v1", "-c", "public")
    words = (".1.3.6.1.4.1.32473.77", "10.77.0.15", "0", "0", "")
    assert await sent(listening, "snmptrap", *words, version=old) == 0
    said = (await listening.until(2))[1]
    assert said.oid == (1, 3, 6, 1, 6, 3, 1, 1, 5, 1)
    assert (said.agent, said.source) == ("10.77.0.15", "127.0.0.1")
    safe = (*V3, "-e", ENGINE)
    assert await sent(listening, "snmptrap", "", LINE_TRAP, version=safe, place=tmp_path) == 0
    assert (await listening.until(3))[2].oid[-1] == 1


@needs_net_snmp
async def test_an_inform_is_answered(listening):
    assert await sent(listening, "snmpinform", "", LINE_TRAP) == 0
    await listening.until(1)


@needs_net_snmp
async def test_an_inform_of_version_3_is_answered(listening, tmp_path):
    """An inform is made for the engine of who receives it, which snmpinform asks for first."""
    assert await sent(listening, "snmpinform", "", LINE_TRAP, version=V3, place=tmp_path) == 0
    assert (await listening.until(1))[0].oid[-1] == 1


@needs_net_snmp
async def test_a_device_whose_engine_was_learnt_later_is_believed_from_then_on(listening, tmp_path):
    other = Credentials("v3", "", "other", "sha256", AUTH, "aes", PRIV)
    words = [word if word != USER else "other" for word in (*V3, "-e", "80000000010203ff")]
    await sent(listening, "snmptrap", "", LINE_TRAP, version=words, place=tmp_path)
    await until(lambda: listening.listener.refused == 1)
    listening.listener.know(other, "80000000010203ff")
    await sent(listening, "snmptrap", "", LINE_TRAP, version=words, place=tmp_path)
    assert len(await listening.until(1)) == 1


@needs_net_snmp
async def test_what_is_not_authentic_is_counted_and_not_heard(listening, tmp_path):
    wrong = [word if word != AUTH else "quite-another-key" for word in (*V3, "-e", ENGINE)]
    await sent(listening, "snmptrap", "", LINE_TRAP, version=wrong, place=tmp_path)
    await sent(listening, "snmptrap", "", LINE_TRAP, version=("-v2c", "-c", "private"))
    await sent(listening, "snmptrap", "", LINE_TRAP)
    await listening.until(1)
    assert len(listening.heard) == 1
    assert listening.listener.refused == 2


async def test_a_burst_of_a_thousand_is_counted_whole(listening):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(1000):
            sender.sendto(bytes(80), ("127.0.0.1", listening.listener.port))
    await until(lambda: listening.listener.gate.received == 1000)
    assert listening.listener.gate.dropped == 0


async def test_nonsense_ends_nothing(listening):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for octets in (b"", b"\x30", b"\x30\x84\xff\xff\xff\xff", bytes(60_000), b"\x30\x80" * 400):
            sender.sendto(octets, ("127.0.0.1", listening.listener.port))
    gate = listening.listener.gate
    await until(lambda: gate.received == 5 and not len(gate))
    assert listening.heard == []


# --- the gate ---


def test_one_sender_that_floods_delays_only_itself():
    gate = TrapGate(["10.0.0.1", "10.0.0.2"])
    for number in range(100_000):
        gate.offer(("10.0.0.1", 162), b"%d" % number)
    assert gate.offer(("10.0.0.2", 162), b"real")
    assert len(gate) == MOST_OF_ONE + 1
    assert [gate.take() for _ in range(2)][1] == (("10.0.0.2", 162), b"real")
    assert gate.received == 100_001
    assert gate.dropped == 100_000 - MOST_OF_ONE


def test_strangers_share_one_small_room():
    gate = TrapGate(["10.0.0.1"])
    for number in range(10_000):
        gate.offer((f"172.16.{number % 250}.{number // 250}", 162), b"x")
    assert len(gate) == MOST_OF_STRANGERS
    assert gate.offer(("10.0.0.1", 162), b"real")
    taken = [gate.take(), gate.take()]
    assert (("10.0.0.1", 162), b"real") in taken


def test_what_is_too_long_for_a_notification_is_dropped():
    gate = TrapGate([])
    assert not gate.offer(("10.0.0.1", 162), bytes(9000))
    assert gate.take() is None
