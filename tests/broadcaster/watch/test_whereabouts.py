"""Amplifiers that have another address now are followed there, if they prove who they are."""

import asyncio

from broadcaster.simulator.device_state import DeviceState
from broadcaster.simulator.snmp_agent import AgentKeys, SnmpAgent
from broadcaster.site_reader import read_site
from broadcaster.watch import whereabouts
from broadcaster.watch.access import Access, Credentials, Reach
from broadcaster.watch.inventory import Device
from broadcaster.watch.memory import Memory
from broadcaster.watch.whereabouts import Whereabouts
from tests.broadcaster.watch.net_snmp import until
from tests.broadcaster.watch.test_place import CONFIG


class Moved:
    """One amplifier that the files say is elsewhere."""

    def __init__(self, place, sweep=(), mdns=None):
        loop = asyncio.get_running_loop()
        self.keys = AgentKeys.of(b"x", "amp-01")
        self.state = DeviceState("amp-01", "127.0.78.9", 2, loop.time())
        self.agent = SnmpAgent(self.state, self.keys, "127.0.78.9", loop.time)
        reach = Reach(Credentials("v2c", self.keys.community), self.agent.port, "127.0.78.8")
        self.memory = Memory(place)
        self.memory.engines["amp-01"] = self.keys.engine_id
        self.news: list[tuple[str, str]] = []
        access = Access(amplifiers={"amp-01": reach}, sweep=sweep, mdns=mdns)
        self.where = Whereabouts(
            read_site(CONFIG), access, self.memory, lambda *news: self.news.append(news)
        )

    def announces(self, device):
        assert self.where.browser is not None
        self.where.browser._devices["one"] = device

    async def close(self):
        self.agent.close()
        await asyncio.sleep(0)


async def test_one_that_is_lost_is_looked_for_and_followed(tmp_path, monkeypatch):
    monkeypatch.setattr(whereabouts, "LOOK_EVERY", 0.01)
    moved = Moved(tmp_path, sweep=("127.0.78.8/30",))
    following = asyncio.create_task(moved.where.follow(lambda: True, dict))
    await until(lambda: moved.news)
    following.cancel()
    await moved.close()
    assert moved.news[0] == ("amp-01", "127.0.78.9")
    assert moved.where.address_of("amp-01") == "127.0.78.9"
    assert moved.where.amplifier_at("127.0.78.9") == "amp-01"
    assert moved.where.amplifier_at("127.0.78.8") is None
    assert moved.memory.addresses == {"amp-01": "127.0.78.9"}


async def test_while_nobody_is_lost_nobody_is_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(whereabouts, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(whereabouts, "_LEAST_BETWEEN", 0.0)
    moved = Moved(tmp_path, sweep=("127.0.78.8/30",))
    asked: list[int] = []

    def is_one_lost():
        asked.append(1)
        return False

    following = asyncio.create_task(moved.where.follow(is_one_lost, dict))
    await until(lambda: len(asked) > 5)
    following.cancel()
    await moved.close()
    assert moved.news == []


async def test_what_announces_itself_is_asked_who_it_is(tmp_path):
    moved = Moved(tmp_path, mdns="127.0.0.1")
    moved.announces(Device("127.0.78.9", "mdns", "some horn"))
    stock = await moved.where.take_stock({})
    await moved.close()
    assert stock["found"][0]["address"] == "127.0.78.9"
    assert moved.news == [("amp-01", "127.0.78.9")]


async def test_one_that_only_claims_a_name_by_mdns_is_not_followed(tmp_path):
    moved = Moved(tmp_path, mdns="127.0.0.1")
    await moved.close()
    moved.announces(Device("127.0.78.9", "mdns", "amp-01"))
    stock = await moved.where.take_stock({"amp-02": ""})
    assert moved.news == []
    assert "amp-01" in stock["missing"]
    assert [each["amplifier"] for each in stock["found"]] == ["amp-02"]


async def test_an_address_that_two_amplifiers_share_tells_neither(tmp_path):
    moved = Moved(tmp_path)
    await moved.close()
    moved.memory.addresses["amp-02"] = "127.0.78.8"
    assert moved.where.address_of("amp-01") == moved.where.address_of("amp-02")
    assert moved.where.amplifier_at("127.0.78.8") is None
