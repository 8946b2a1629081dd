"""Looking for devices: what counts as proof, a sweep, and mDNS."""

import asyncio
import socket

import pytest
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from broadcaster.simulator.device_state import DeviceState
from broadcaster.simulator.snmp_agent import AgentKeys, SnmpAgent
from broadcaster.watch.inventory import Device, Expected, taken_stock
from broadcaster.watch.mdns_browser import MdnsBrowser
from broadcaster.watch.sweep import swept
from tests.broadcaster.watch.net_snmp import free_port, needs_net_snmp, running_snmpd, until

EXPECTED = {"amp-01": Expected("10.0.0.1", "aa"), "amp-02": Expected("10.0.0.2")}


def test_found_missing_and_unknown():
    stock = taken_stock(
        EXPECTED, [Device("10.0.0.1", "snmp", engine_id="aa"), Device("10.0.0.9", "mdns", "tv")]
    )
    assert list(stock.found) == ["amp-01"]
    assert stock.missing == ("amp-02",)
    assert [each.address for each in stock.unknown] == ["10.0.0.9"]
    assert stock.moved == {}


def test_an_engine_id_is_followed_to_another_address():
    stock = taken_stock(EXPECTED, [Device("10.0.0.7", "snmp", engine_id="aa")])
    assert stock.moved == {"amp-01": "10.0.0.7"}


def test_another_engine_at_its_address_is_not_the_amplifier():
    stock = taken_stock(EXPECTED, [Device("10.0.0.1", "snmp", engine_id="bb")])
    assert "amp-01" in stock.missing


def test_a_name_in_mdns_alone_moves_nothing():
    stock = taken_stock(EXPECTED, [Device("10.0.0.8", "mdns", "amp-02")])
    assert stock.moved == {}
    assert stock.missing == ("amp-01", "amp-02")


def test_a_name_or_engine_claimed_twice_proves_nothing():
    liars = [Device(f"10.0.0.{n}", "snmp", "amp-02", engine_id="aa") for n in (7, 8)]
    stock = taken_stock(EXPECTED, liars)
    assert stock.missing == ("amp-01", "amp-02")
    assert len(stock.unknown) == 2


async def test_a_sweep_finds_every_agent_of_a_network():
    loop, port = asyncio.get_running_loop(), free_port()
    agents = []
    for number in (1, 2):
        state = DeviceState(f"amp-{number}", f"127.0.78.{number}", 1, loop.time())
        keys = AgentKeys.of(b"x", state.name)
        agents.append(SnmpAgent(state, keys, state.address, loop.time, port=port))
    try:
        found = await swept(["127.0.78.0/29"], [("v2c", agents[0].keys.community)], [port])
    finally:
        for agent in agents:
            agent.close()
        await asyncio.sleep(0)
    by_address = {each.address: each for each in found}
    assert by_address["127.0.78.1"].engine_id == agents[0].keys.engine_id
    assert by_address["127.0.78.1"].name == "amp-1"
    assert by_address["127.0.78.2"].engine_id == agents[1].keys.engine_id
    assert by_address["127.0.78.2"].description == ""
    assert len(found) == 2


@needs_net_snmp
async def test_an_agent_is_asked_by_version_1_too(tmp_path):
    with running_snmpd(tmp_path, {}) as judge:
        async with asyncio.timeout(60):
            while not (found := await swept([], [("v1", "public")], [judge.port], ["127.0.0.1"])):
                continue
    assert found[0].description == "Sorigil virtual amplifier 1.2"
    assert found[0].engine_id


@pytest.mark.parametrize("networks", [["10.0.0.0/8"], ["here"], ["10.0.0.1/24"]])
async def test_a_network_that_is_none_or_too_large_is_refused(networks):
    with pytest.raises(ValueError, match=r"addresses|IPv4|host bits|Expected"):
        await swept(networks, [])


async def test_devices_that_announce_themselves_are_found_and_lost_again():
    browser = MdnsBrowser("127.0.0.1", ("_sorigil-test._tcp.local.",))
    browsing = asyncio.create_task(browser.run())
    device = AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
    info = AsyncServiceInfo(
        "_sorigil-test._tcp.local.",
        "amp-01._sorigil-test._tcp.local.",
        addresses=[socket.inet_aton("127.0.0.1")],
        port=80,
        properties={"vendor": "Sorigil", "model": "horn\x07", "id": "amp-01"},
    )
    try:
        await device.async_register_service(info)
        await until(lambda: browser.devices)
        (found,) = browser.devices
        assert found == Device("127.0.0.1", "mdns", "amp-01", "horn", "Sorigil")
        await device.async_unregister_service(info)
        await until(lambda: not browser.devices)
    finally:
        await device.async_close()
        browsing.cancel()
        await asyncio.gather(browsing, return_exceptions=True)
