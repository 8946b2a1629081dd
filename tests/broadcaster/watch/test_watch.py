"""The whole watch against simulated amplifiers: what breaks is shown, and what mends is over."""

import asyncio

import pytest

from broadcaster.link import CommandRefusedError, connect
from broadcaster.run_directory import RunDirectory
from broadcaster.simulator.agents import Door
from broadcaster.simulator.device_state import DeviceState
from broadcaster.simulator.snmp_agent import USER, AgentKeys, SnmpAgent
from broadcaster.site_reader import read_profiles, read_site
from broadcaster.watch.access import Access, Credentials, Reach
from broadcaster.watch.app import Watch
from broadcaster.watch.memory import Memory
from tests.broadcaster.watch.net_snmp import free_port, until
from tests.broadcaster.watch.test_place import CONFIG


class Station:
    """A watch of two amplifiers whose agents a test may break."""

    def __init__(self, place):
        self.site = read_site(CONFIG)
        self.profiles = read_profiles(CONFIG.parent)
        self.place = place
        self.loop = asyncio.get_running_loop()
        self.agents, self.doors, reaches = {}, {}, {}
        self.traps = ("127.0.0.1", free_port())
        for number, name in enumerate(("amp-01", "amp-02"), 1):
            state = DeviceState(name, f"127.0.77.{number}", 2, self.loop.time())
            keys = AgentKeys.of(b"secret", name)
            agent = SnmpAgent(state, keys, state.address, self.loop.time)
            self.agents[name] = agent
            self.doors[name] = Door(state.address)
            self.doors[name].open()
            reaches[name] = Reach(
                Credentials(
                    "v3", "", USER, "sha256", keys.authentication_key, "aes", keys.privacy_key
                ),
                agent.port, agent.address, keys.engine_id, (self.doors[name].port,),
            )  # fmt: skip
        self.access = Access(period=2.0, amplifiers=reaches, traps=self.traps)

    def start(self):
        memory = Memory(self.place)
        memory.read()
        run = RunDirectory(self.place)
        self.watch = Watch(self.site, self.profiles, self.access, run, memory, None)
        # Twelve amplifiers of the site are not simulated here.
        for name in list(self.watch.amplifiers):
            if name not in self.agents:
                del self.watch.amplifiers[name]
        self.running = asyncio.create_task(self.watch.run())

    async def stop(self):
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)

    def there(self):
        return {fault.key.id for fault in self.watch.health.faults if fault.is_there}

    async def until(self, condition):
        await until(condition)

    async def enrolled(self):
        await self.until(
            lambda: all(w.enrolment and w.readings for w in self.watch.amplifiers.values())
        )

    async def ask(self, name, **fields):
        async with connect(self.place / "watch.sock", "test") as link:
            return await link.command(name, who="kim", **fields)


@pytest.fixture
async def station(tmp_path):
    made = Station(tmp_path)
    made.start()
    await made.enrolled()
    yield made
    await made.stop()
    for agent in made.agents.values():
        agent.close()
    for door in made.doors.values():
        door.close()
    await asyncio.sleep(0)


async def test_readings_are_kept_by_the_hour(station):
    heat = next(name for name in station.watch.amplifiers["amp-01"].readings if "heat" in name)
    answer = await station.ask("history", amplifier="amp-01", reading=heat, hours=1)
    assert answer["hours"] == []
    spans = station.watch._readings.take()
    await asyncio.to_thread(station.watch.reading_store.write, spans, spans[0].hour)
    answer = await station.ask("history", amplifier="amp-01", reading=heat, hours=1)
    assert answer["hours"][-1]["least"] <= answer["hours"][-1]["mean"]
    with pytest.raises(CommandRefusedError, match=r"it has .*heat"):
        await station.ask("history", amplifier="amp-01", reading="colour", hours=1)


async def test_an_amplifier_that_is_well_is_supervised_and_has_no_fault(station):
    said = (await station.ask("report", amplifier="amp-01"))["amplifier"]
    assert station.there() == set()
    assert (said["firmware"], said["address"]) == ("1.2", "127.0.77.1")
    assert {reading["title"]["en"] for reading in said["readings"]} >= {
        "amplifier temperature", "speaker line", "network port",
    }  # fmt: skip
    assert "multicast" in said["unsupervised"]
    assert "line.short" not in said["unsupervised"]


@pytest.mark.slow
async def test_a_short_is_shown_with_its_place_and_what_to_do_and_is_over_when_mended(station):
    agent = station.agents["amp-02"]
    agent.state.broken["line.short"] = 2
    await station.until(lambda: "amp-02/line.short/2" in station.there())
    (fault,) = (await station.ask("faults"))["faults"]
    assert (
        fault["sentence"]["en"] == "amp-02, output 2, speakers 19–24, 339–431 m: speaker line short"
    )
    assert fault["zones"] == ["stream-2"]
    assert fault["rings"]
    await station.ask("ack", fault="amp-02/line.short/2")
    with pytest.raises(CommandRefusedError, match="is still there"):
        await station.ask("reset", fault="amp-02/line.short/2")


async def test_a_trap_is_confirmed_by_a_poll_at_once(station):
    agent = station.agents["amp-01"]
    agent.state.broken["mains"] = 0
    await agent.trap(station.traps, 3)
    begun = station.loop.time()
    await station.until(lambda: "amp-01/mains" in station.there())
    assert station.loop.time() - begun < 20
    assert station.watch.notified.counts["verified"] == 1


async def test_a_trap_that_a_poll_denies_sets_nothing(station):
    await station.agents["amp-01"].trap(station.traps, 2)
    await station.until(lambda: station.watch.notified.counts["verified"] == 1)
    polls = station.watch.amplifiers["amp-01"].polls
    await station.until(lambda: station.watch.amplifiers["amp-01"].polls >= polls + 2)
    assert station.there() == set()


@pytest.mark.slow
async def test_a_dead_agent_is_told_apart_from_a_dead_device(station):
    station.agents["amp-01"].state.broken["deaf"] = 0
    station.agents["amp-02"].state.broken["deaf"] = 0
    station.doors["amp-02"].close()
    await station.until(lambda: {"amp-01/agent", "amp-02/link"} <= station.there())
    assert "amp-01/link" not in station.there()
    assert station.watch.health.causes().get("amp-02/agent", "amp-02/link") == "amp-02/link"
    station.agents["amp-01"].state.broken.clear()
    await station.until(lambda: "amp-01/agent" not in station.there())


async def test_another_firmware_is_named_and_accepted_by_reset(station):
    station.agents["amp-01"].state.firmware = "1.3"
    station.watch.amplifiers["amp-01"].enrolment_is_due()
    await station.until(lambda: "amp-01/firmware" in station.there())
    fault = station.watch.health.fault("amp-01/firmware")
    assert fault.text == "1.2 became 1.3"
    await station.ask("reset", fault="amp-01/firmware")
    await station.until(lambda: station.watch.amplifiers["amp-01"].known_firmware == "1.3")
    assert "amp-01/firmware" not in station.there()


async def test_another_volume_than_at_commissioning_is_a_fault_until_it_is_set_back(station):
    """SAFETY F3: level is set in our samples only."""
    state = station.agents["amp-01"].state
    await station.until(lambda: station.watch.amplifiers["amp-01"].commissioned == {"": "80 %"})
    state.volume = 35
    await station.until(lambda: "amp-01/volume" in station.there())
    assert station.watch.health.fault("amp-01/volume").text == "80 % became 35 %"
    state.volume = 80
    await station.until(lambda: "amp-01/volume" not in station.there())


async def test_another_volume_is_accepted_by_reset_and_known_after_a_restart(station):
    station.agents["amp-01"].state.volume = 60
    await station.until(lambda: "amp-01/volume" in station.there())
    await station.ask("reset", fault="amp-01/volume")
    await station.until(lambda: station.watch.amplifiers["amp-01"].commissioned == {"": "60 %"})
    assert "amp-01/volume" not in station.there()
    await station.stop()
    station.agents["amp-01"].state.volume = 80
    station.start()
    await station.until(lambda: "amp-01/volume" in station.there())
    assert station.watch.health.fault("amp-01/volume").text == "60 % became 80 %"


async def test_a_restart_is_noticed_and_the_device_looked_at_anew(station):
    agent = station.agents["amp-01"]
    agent.state.restart(station.loop.time())
    watched = station.watch.amplifiers["amp-01"]
    await station.until(lambda: watched.restarts == 1 and watched.enrolment is not None)


async def test_faults_survive_a_restart_of_the_watch(station):
    station.agents["amp-01"].state.broken["config"] = 0
    await station.until(lambda: "amp-01/config" in station.there())
    since = station.watch.health.fault("amp-01/config").since
    await station.stop()
    station.start()
    assert station.watch.health.fault("amp-01/config").since == since
    await station.enrolled()
    assert station.there() == {"amp-01/config"}


async def test_arrival_is_judged_by_the_amplifiers_own_counter(station):
    watched = station.watch.amplifiers["amp-01"]
    state = station.agents["amp-01"].state
    begun = station.loop.time()

    def sent(_):
        passed = station.loop.time() - begun
        state.multicast = int(200 * min(passed, station.cut - begun))
        return 200 * passed

    station.cut = float("inf")
    station.watch.poller._sent_to = sent
    await station.until(lambda: watched.arrival.arrived is True)
    station.cut = station.loop.time()
    await station.until(lambda: "amp-01/multicast" in station.there())
    assert watched.arrival.arrived is False


async def test_an_exchanged_device_is_a_fault_until_somebody_says_so(station):
    before = station.agents["amp-01"]
    before.close()
    await asyncio.sleep(0)
    state = DeviceState("amp-01", before.address, 2, station.loop.time())
    keys = AgentKeys.of(b"secret", "amp-01", 1)
    station.agents["amp-01"] = SnmpAgent(
        state, keys, before.address, station.loop.time, port=before.port
    )
    await station.until(lambda: "amp-01/identity" in station.there())
    await station.ask("replace", amplifier="amp-01")
    await station.until(lambda: "amp-01/identity" not in station.there())
    assert station.watch.memory.engines["amp-01"] == keys.engine_id


async def test_unknown_acts_and_names_are_refused_with_what_there_is(station):
    with pytest.raises(CommandRefusedError, match="it knows report"):
        await station.ask("dance")
    with pytest.raises(CommandRefusedError, match="there are amp-01, amp-02"):
        await station.ask("report", amplifier="amp-99")
    with pytest.raises(CommandRefusedError, match="hours"):
        await station.ask("maintenance", amplifier="amp-01", hours=-1, reason="x")


def test_every_stream_of_an_amplifiers_zone_is_counted_once(tmp_path):
    from broadcaster.watch.sent_counts import legs_to

    site, profiles = read_site(CONFIG), read_profiles(CONFIG.parent)
    amplifier = site.amplifiers[0]
    (leg,) = legs_to(site, amplifier, profiles[amplifier.profile])
    assert leg == ("stream-1", 0)
