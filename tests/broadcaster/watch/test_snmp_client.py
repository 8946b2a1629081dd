"""The client against net-snmp's agent, which shares no code with us, and against our own."""

import asyncio
import socket
from contextlib import suppress

import pytest

from broadcaster.simulator.device_state import OWN, DeviceState
from broadcaster.simulator.snmp_agent import USER as OWN_USER
from broadcaster.simulator.snmp_agent import AgentKeys, SnmpAgent
from broadcaster.watch.access import Credentials
from broadcaster.watch.engine_id import EngineIdError, engine_id_in, question
from broadcaster.watch.fast_client import FastClient
from broadcaster.watch.snmp_client import Agent, NoAnswerError, RefusedError, SnmpClient, SnmpError
from firmware_profiles.oid import IF_TYPE, SYS_DESCR, SYS_OBJECT_ID, SYS_UPTIME
from tests.broadcaster.watch.net_snmp import AUTH, PRIV, USER, needs_net_snmp, running_snmpd

OBJECTS = {
    ".1.3.6.1.4.1.32473.77.1.1.0": ("string", "1.2"),
    ".1.3.6.1.4.1.32473.77.1.2.0": ("gauge", 415),
    ".1.3.6.1.4.1.32473.77.1.9.1.1": ("integer", 1),
    ".1.3.6.1.4.1.32473.77.1.9.1.2": ("integer", 3),
}
HEAT, LINES = (*OWN, 1, 2, 0), (*OWN, 1, 9, 1)
NOTHING = (*OWN, 9, 9, 0)
V3 = Credentials("v3", "", USER, "sha256", AUTH, "aes", PRIV)


@pytest.fixture
def judge(tmp_path):
    with running_snmpd(tmp_path, OBJECTS) as running:
        yield running


def made_client(kind, timeout):
    if kind == "pysnmp":
        return SnmpClient(timeout=timeout, retries=0)
    pytest.importorskip("gufo.snmp", reason="gufo-snmp (the extra `thousands`) is not installed")
    return FastClient(timeout=timeout)


@pytest.fixture(params=["pysnmp", "gufo-snmp"])
def kind(request):
    return request.param


@pytest.fixture
async def client(kind):
    made = made_client(kind, 10)
    yield made
    made.close()
    await asyncio.sleep(0)


@pytest.fixture
async def hasty(kind):
    """For those who do not answer."""
    made = made_client(kind, 0.3)
    yield made
    made.close()
    await asyncio.sleep(0)


async def up(client, agent, limit=60):
    """Wait until an agent that has just been started answers."""
    async with asyncio.timeout(limit):
        while True:
            try:
                return await client.fetch(agent, [SYS_UPTIME])
            except NoAnswerError:
                continue


@needs_net_snmp
@pytest.mark.parametrize(
    "credentials", [V3, Credentials("v2c", "public"), Credentials("v1", "public")], ids=str
)
async def test_every_version_reads_what_net_snmp_answers(judge, client, credentials):
    agent = Agent("127.0.0.1", judge.port, credentials)
    await up(client, agent)
    found = await client.fetch(agent, [SYS_DESCR, SYS_OBJECT_ID, HEAT, NOTHING, (*LINES, 2)])
    assert found[SYS_DESCR] == b"Sorigil virtual amplifier 1.2"
    assert found[SYS_OBJECT_ID] == (*OWN, 10)
    assert found[HEAT] == 415
    assert found[NOTHING] is None
    assert found[(*LINES, 2)] == 3
    assert await client.rows(agent, LINES) == {1: 1, 2: 3}
    assert await client.rows(agent, IF_TYPE)


@needs_net_snmp
async def test_what_one_object_lacks_spoils_no_request_of_version_1(judge, client):
    agent = Agent("127.0.0.1", judge.port, Credentials("v1", "public"))
    await up(client, agent)
    for _ in range(2):
        found = await client.fetch(agent, [NOTHING, HEAT, (*OWN, 8, 8, 0)])
        assert (found[NOTHING], found[HEAT]) == (None, 415)
    assert len(agent.missing) == 2


@needs_net_snmp
async def test_wrong_credentials_are_told_apart_from_silence(judge, client, hasty):
    await up(client, Agent("127.0.0.1", judge.port, Credentials("v2c", "public")))
    for wrong in (
        Credentials("v3", "", USER, "sha256", "not-this-key", "aes", PRIV),
        Credentials("v3", "", "nobody", "sha256", AUTH, "aes", PRIV),
    ):
        with pytest.raises(RefusedError):
            await client.fetch(Agent("127.0.0.1", judge.port, wrong), [HEAT])
    with pytest.raises(NoAnswerError):
        await hasty.fetch(Agent("127.0.0.1", judge.port, Credentials("v2c", "private")), [HEAT])


@needs_net_snmp
async def test_a_changed_value_is_seen_and_a_giant_one_is_cut(judge, client):
    agent = Agent("127.0.0.1", judge.port, V3)
    await up(client, agent)
    judge.answer({**OBJECTS, ".1.3.6.1.4.1.32473.77.1.1.0": ("string", "x" * 20_000)})
    found = await client.fetch(agent, [(*OWN, 1, 1, 0)])
    version = found[(*OWN, 1, 1, 0)]
    assert version is None or (isinstance(version, bytes) and len(version) <= 4096)


# --- our own agents ---


def own_agents(count, loop):
    made = []
    for number in range(count):
        state = DeviceState(f"amp-{number:02}", "127.0.0.1", 2, loop.time())
        keys = AgentKeys.of(b"secret", state.name)
        made.append(SnmpAgent(state, keys, "127.0.0.1", loop.time))
    return made


def asked(agent, **changed):
    keys = agent.keys
    fields = {
        "version": "v3", "user": OWN_USER, "authentication": "sha256", "privacy": "aes",
        "authentication_key": keys.authentication_key, "privacy_key": keys.privacy_key,
    }  # fmt: skip
    return Agent(agent.address, agent.port, Credentials(**{**fields, **changed}))


@pytest.fixture
async def agents(request):
    made = own_agents(getattr(request, "param", 2), asyncio.get_running_loop())
    await asyncio.sleep(0)
    yield made
    for each in made:
        each.close()
    await asyncio.sleep(0)


@pytest.mark.parametrize("agents", [14], indirect=True)
async def test_fourteen_devices_with_one_user_name_and_different_keys_all_answer(agents, client):
    targets = [asked(each) for each in agents]
    answers = await asyncio.gather(*(client.fetch(each, [SYS_DESCR, HEAT]) for each in targets))
    assert [answer[HEAT] for answer in answers] == [415] * 14
    assert [each.engine_id for each in targets] == [each.keys.engine_id for each in agents]


@pytest.mark.parametrize("fault", ["deaf", "garbage", "slow"])
async def test_an_agent_that_talks_nonsense_or_nothing_is_no_answer(agents, hasty, fault):
    agents[0].state.broken[fault] = 0
    with pytest.raises(NoAnswerError):
        await hasty.fetch(asked(agents[0]), [HEAT])
    target = Agent(agents[0].address, agents[0].port, Credentials("v2c", agents[0].keys.community))
    with pytest.raises(NoAnswerError):
        await hasty.fetch(target, [HEAT])


async def test_an_agent_that_talked_nonsense_is_believed_when_it_talks_sense(agents, hasty, client):
    target = Agent(agents[0].address, agents[0].port, Credentials("v2c", agents[0].keys.community))
    agents[0].state.broken["garbage"] = 0
    with pytest.raises(NoAnswerError):
        await hasty.fetch(target, [HEAT])
    agents[0].state.broken.clear()
    assert (await client.fetch(target, [HEAT]))[HEAT] == 415


async def test_an_agent_that_was_restarted_answers_version_3_at_once(agents, client):
    target = asked(agents[0])
    assert (await client.fetch(target, [HEAT]))[HEAT] == 415
    agents[0].state.boots += 5
    agents[0].note_restart()
    assert (await client.fetch(target, [HEAT]))[HEAT] == 415


async def test_an_agent_whose_restarts_are_counted_anew_answers_again(agents, client):
    """As after a dead battery: boots fall, which RFC 3414 would never believe."""
    agents[0].state.boots = 9
    agents[0].note_restart()
    target = asked(agents[0])
    assert (await client.fetch(target, [HEAT]))[HEAT] == 415
    agents[0].state.lose_its_clock()
    agents[0].note_restart()
    with suppress(RefusedError):
        await client.fetch(target, [HEAT])
    assert (await client.fetch(target, [HEAT]))[HEAT] == 415


async def test_what_is_too_big_for_an_agent_is_asked_for_in_parts(agents, client):
    agents[0].state.broken["toobig"] = 0
    wanted = [SYS_DESCR, SYS_UPTIME, HEAT, (*LINES, 1), (*LINES, 2), NOTHING]
    found = await client.fetch(asked(agents[0]), wanted)
    assert (found[HEAT], found[(*LINES, 2)], found[NOTHING]) == (415, 1, None)


async def test_an_answer_from_another_address_is_believed_only_if_it_is_authentic(agents, hasty):
    """A device with two addresses may answer so; whoever has no key may not."""
    agents[0].state.broken["elsewhere"] = 0
    target = asked(agents[0])
    target.engine_id = agents[1].keys.engine_id
    with pytest.raises(SnmpError):
        await hasty.fetch(target, [HEAT])


async def test_values_of_another_type_and_giant_ones_are_handed_on_as_they_are(agents, client):
    agents[0].state.broken["strange"] = 0
    found = await client.fetch(asked(agents[0]), [HEAT])
    assert found[HEAT] == b"x" * 900


async def test_a_walk_ends_at_the_end_of_what_an_agent_has(agents, client):
    target = asked(agents[0])
    assert await client.rows(target, LINES) == {1: 1, 2: 1}
    assert await client.rows(target, (*OWN, 99)) == {}


async def test_answers_that_come_twice_count_once(agents, client):
    agents[0].state.broken["twice"] = 0
    for _ in range(5):
        assert (await client.fetch(asked(agents[0]), [HEAT]))[HEAT] == 415


async def test_another_engine_in_the_place_of_a_device_is_noticed(agents, client, hasty):
    target = asked(agents[0])
    target.engine_id = agents[1].keys.engine_id
    with pytest.raises((RefusedError, NoAnswerError)):
        await hasty.fetch(target, [HEAT])
    target.forget_engine()
    assert await client.learn_engine_id(target) == agents[0].keys.engine_id
    assert (await client.fetch(target, [HEAT]))[HEAT] == 415


async def test_an_answer_of_a_stranger_is_not_believed_by_version_3(agents, client, hasty):
    """The stranger repeats a true answer, from another address and to another question."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.setblocking(False)
        target = Agent("127.0.0.1", stranger.getsockname()[1], asked(agents[0]).credentials)
        target.engine_id = agents[0].keys.engine_id
        asking = asyncio.create_task(hasty.fetch(target, [HEAT]))
        octets, source = await loop.sock_recvfrom(stranger, 4096)
        await loop.sock_sendto(stranger, octets, source)
        with pytest.raises((NoAnswerError, RefusedError)):
            await asking


@pytest.mark.parametrize("octets", [b"", b"\x30", b"\x30\x84" + b"\xff" * 40, bytes(2000)])
def test_what_is_no_answer_gives_no_engine_id(octets):
    with pytest.raises(EngineIdError):
        engine_id_in(octets)
    with pytest.raises(EngineIdError):
        engine_id_in(question(b"\x01\x02\x03\x04"))
