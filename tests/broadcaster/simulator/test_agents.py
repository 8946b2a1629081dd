"""The agents of virtual amplifiers: what is broken shows in their objects and at their doors."""

import asyncio
import contextlib
import stat
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from broadcaster.simulator.agents import Agents, Door
from broadcaster.simulator.device_state import OWN, DeviceState, next_after
from broadcaster.watch.access import Credentials, parse_access
from broadcaster.watch.reachability import is_reachable
from broadcaster.watch.snmp_client import Agent, NoAnswerError, SnmpClient
from firmware_profiles.oid import ENGINE_BOOTS, SYS_UPTIME

LINE_2 = (*OWN, 1, 9, 1, 2)


@dataclass
class Player:
    packets: int = 0
    counts: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(packets=70))

    def is_receiving(self, now):
        return True


@dataclass
class Amplifier:
    """What the agents need of a racked amplifier."""

    id: str
    is_plugged: bool = True

    def __post_init__(self):
        self.amplifier = SimpleNamespace(outputs=(f"{self.id}/1", f"{self.id}/2"))
        self.connections = (SimpleNamespace(player=Player()),)


AMPLIFIERS = [Amplifier("amp-01"), Amplifier("amp-02")]


def test_a_device_shows_what_is_broken_in_the_output_it_is_in():
    state = DeviceState("amp-01", "127.0.0.1", 2, 100.0)
    assert state.objects(101.0)[LINE_2] == ("integer", 1)
    state.broken["line.ground"] = 2
    objects = state.objects(101.0)
    assert objects[LINE_2] == ("integer", 4)
    assert objects[(*OWN, 1, 9, 1, 1)] == ("integer", 1)
    assert objects[SYS_UPTIME] == ("ticks", 100)
    state.restart(200.0)
    assert state.objects(200.5)[ENGINE_BOOTS] == ("integer", 2)


def test_the_objects_can_be_walked_to_their_end():
    objects = DeviceState("amp-01", "127.0.0.1", 2, 0.0).objects(1.0)
    at: tuple[int, ...] = (1,)
    seen = []
    while (found := next_after(objects, at)) is not None:
        seen.append(found)
        at = found
    assert seen == list(objects)


async def test_a_door_is_shut_while_the_device_is_off_the_network():
    door = Door("127.0.0.1")
    door.open()
    port = door.port
    assert await is_reachable("127.0.0.1", (port,), 20)
    door.close()
    assert not await is_reachable("127.0.0.1", (port,), 20)
    door.open()
    assert await is_reachable("127.0.0.1", (port,), 20)
    door.close()


@pytest.fixture
async def agents(tmp_path):
    made = Agents(tmp_path)
    await made.start(AMPLIFIERS)  # type: ignore[arg-type]
    yield made
    await made.close()
    await asyncio.sleep(0)


async def test_the_file_of_access_is_closed_to_others_and_opens_every_agent(agents, tmp_path):
    path = tmp_path / "agents.yaml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    site = SimpleNamespace(amplifiers=[SimpleNamespace(id=f"amp-0{n}") for n in (1, 2)])
    access = parse_access(path.read_text(), "agents.yaml", site)  # type: ignore[arg-type]
    assert access.traps is not None
    client = SnmpClient(timeout=10)
    with contextlib.closing(client):
        for name, reach in access.amplifiers.items():
            agent = Agent(reach.address or "", reach.port, reach.credentials, reach.engine_id)
            agents.follow()
            assert (await client.fetch(agent, [LINE_2]))[LINE_2] == 1
            await agents.break_(name, "line.open", 2)
            assert (await client.fetch(agent, [LINE_2]))[LINE_2] == 2
            agents.mend(name)
            assert (await client.fetch(agent, [LINE_2]))[LINE_2] == 1
    await asyncio.sleep(0)


async def test_an_unplugged_amplifier_answers_nobody(agents):
    AMPLIFIERS[0].is_plugged = False
    agents.follow()
    assert agents.broken("amp-01") == {"unplugged": 0}
    client = SnmpClient(timeout=0.2, retries=0)
    with contextlib.closing(client):
        first = agents._agents["amp-01"]
        credentials = Credentials("v2c", first.keys.community)
        with pytest.raises(NoAnswerError):
            await client.fetch(Agent(first.address, first.port, credentials), [LINE_2])
    await asyncio.sleep(0)
    AMPLIFIERS[0].is_plugged = True
    agents.follow()
    assert agents.broken("amp-01") == {}


async def test_what_cannot_be_broken_is_told(agents):
    with pytest.raises(KeyError, match=r"line\.open"):
        await agents.break_("amp-01", "soul")
    with pytest.raises(KeyError):
        await agents.break_("amp-99", "fan")
