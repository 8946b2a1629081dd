"""Part amplifiers: from the device to the screen, what polling costs, and what loss does to it."""

import asyncio
import json
import os
import random
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.context import SOURCES, Context, Step, take
from benchmarks.measurement import Measurement, MeasurementError
from broadcaster.run_directory import RunDirectory
from broadcaster.simulator.device_state import OWN, DeviceState
from broadcaster.simulator.snmp_agent import USER, AgentKeys, SnmpAgent
from broadcaster.site_reader import read_profiles, read_site
from broadcaster.watch.access import Access, Credentials, Reach
from broadcaster.watch.app import Watch
from broadcaster.watch.health import Health, Look
from broadcaster.watch.memory import Memory
from broadcaster.watch.poller import Poller
from broadcaster.watch.snmp_client import Agent, SnmpClient, SnmpError
from broadcaster.watch.trap_listener import TrapListener
from broadcaster.watch.watched import WatchedAmplifier
from firmware_profiles.fault_kind import FaultKind
from firmware_profiles.oid import SYS_DESCR, SYS_UPTIME, Oid
from zones.site import AmplifierId, ProfileId

_UTC: Final = datetime(2026, 7, 1, tzinfo=UTC)
_PERIOD: Final = 10.0
_ANSWER: Final = 2.0
"""Seconds an agent may take, the second try included."""
_INJECTED: Final = 1000
_TRAPS: Final = 40
_MANY: Final = 2000
_POLLS: Final = 10_000
_OIDS: Final[tuple[Oid, ...]] = (SYS_UPTIME, SYS_DESCR, *((*OWN, 1, n, 0) for n in range(1, 9)))


def measure(context: Context) -> Iterator[Measurement]:
    """All rows of this part."""
    steps = [
        Step(
            ("amplifiers.faults_missed", "amplifiers.poll_fault_s", "amplifiers.dead_device_s"),
            5, injected,
        ),
        Step(("amplifiers.false_faults_at_loss",), 5, lossy_hour),
        Step(("amplifiers.trap_fault_p99_s",), 40, by_trap),
        Step(("amplifiers.v3_answered", "amplifiers.v3_poll_cpu_ms"), 30, one_user_name),
        Step(("amplifiers.deaf_round_s",), 30, deaf_round),
        Step(("amplifiers.burst_counted",), 20, burst),
        Step(("amplifiers.memory_growth_mb",), 60, memory),
        Step(("amplifiers.many_cpu_share", "amplifiers.many_missed"), 120, many),
    ]  # fmt: skip
    yield from take(context, steps)


# --- on a simulated clock ---


def injected(context: Context) -> Iterator[Measurement]:
    """A thousand faults at chance moments between two polls, and dead devices among them."""
    context.say(f"injecting {_INJECTED} faults on a simulated clock")
    chance = random.Random(11)
    kinds = [FaultKind.LINE_OPEN, FaultKind.LINE_SHORT, FaultKind.AMPLIFIER, FaultKind.AGENT]
    by_poll: list[float] = []
    dead: list[float] = []
    missed = 0
    for number in range(_INJECTED):
        kind, phase = chance.choice(kinds), chance.uniform(0, _PERIOD)
        took = _until_shown(f"amp-{number}", kind, phase)
        if took is None:
            missed += 1
        else:
            (dead if kind is FaultKind.AGENT else by_poll).append(took)
    detail = {"by_poll": len(by_poll), "dead": len(dead)}
    yield Measurement("amplifiers.faults_missed", missed, None, detail)
    yield Measurement("amplifiers.poll_fault_s", max(by_poll), None, detail)
    yield Measurement("amplifiers.dead_device_s", max(dead), None, detail)


def _until_shown(name: str, kind: FaultKind, phase: float) -> float | None:
    """Seconds from a fault to its being shown, with one answer that needs its second try.

    A dead device needs it every time.
    """
    health = Health({})
    now, suspected = 0.0, False
    while now < phase + 120:
        begun = now
        is_there = begun >= phase
        is_slow = is_there and (kind is FaultKind.AGENT or suspected)
        suspected = is_there
        now += _ANSWER if is_slow else 0.05
        look = Look(name, kind, is_there)
        health.look([look], now, _UTC + timedelta(seconds=now))
        if health.is_raised(name, kind):
            return now - phase
        wanted = health.next_look(name, now)
        now = begun + _PERIOD if wanted is None else max(now, min(begun + _PERIOD, wanted))
    return None


def lossy_hour(context: Context) -> Iterator[Measurement]:
    """An hour of 14 amplifiers with one packet in twenty lost each way."""
    context.say("an hour at 5 % loss, on a simulated clock")
    chance = random.Random(5)
    raised: list[str] = []
    suspicions = 0
    health = Health({}, lambda fault: raised.append(fault.key.id))
    due = {f"amp-{n:02}": _PERIOD * n / 14 for n in range(14)}
    while (name := min(due, key=lambda each: due[each])) and due[name] < 3600:
        now = due[name]
        answered = any(chance.random() > 0.05 and chance.random() > 0.05 for _ in range(2))
        health.look([Look(name, FaultKind.AGENT, not answered)], now, _UTC)
        wanted = health.next_look(name, now)
        suspicions += wanted is not None
        due[name] = now + _PERIOD if wanted is None else min(now + _PERIOD, wanted)
    detail = {"suspicions": suspicions}
    yield Measurement("amplifiers.false_faults_at_loss", len(raised), None, detail)


# --- with real packets ---


def by_trap(context: Context) -> Iterator[Measurement]:
    """From a device's trap to its fault, through the whole watch, beside idle polling."""
    context.say(f"{_TRAPS} faults by trap")
    took = asyncio.run(_trapped(context.scratch))
    p99 = float(np.percentile(took, 99))
    detail = {"p50_s": round(float(np.median(took)), 3), "max_s": round(max(took), 3)}
    yield Measurement("amplifiers.trap_fault_p99_s", p99, None, detail)


async def _trapped(scratch: Path) -> list[float]:
    site, profiles = read_site(_CONFIG), read_profiles(_CONFIG.parent)
    loop = asyncio.get_running_loop()
    place = ("127.0.0.1", _free_port())
    state = DeviceState("amp-01", "127.0.0.1", 2, loop.time())
    keys = AgentKeys.of(b"benchmark", "amp-01")
    agent = SnmpAgent(state, keys, "127.0.0.1", loop.time)
    reach = Reach(_v3(keys.authentication_key, keys.privacy_key), agent.port, "127.0.0.1",
                  keys.engine_id)  # fmt: skip
    access = Access(amplifiers={"amp-01": reach}, traps=place)
    # A socket's path is short; a scratch directory's may not be.
    run = RunDirectory(scratch)
    watch = Watch(site, profiles, access, run, Memory(scratch), None)
    for name in list(watch.amplifiers):
        if name != "amp-01":
            del watch.amplifiers[name]
    running = asyncio.create_task(watch.run())
    took = []
    try:
        await _until(lambda: bool(watch.amplifiers["amp-01"].readings))
        for _ in range(_TRAPS):
            state.broken["line.short"] = 1
            begun = loop.time()
            await agent.trap(place, 1)
            await _until(lambda: watch.health.is_raised("amp-01", FaultKind.LINE_SHORT))
            took.append(loop.time() - begun)
            state.broken.clear()
            watch.health.forget("amp-01")
            watch.forget_traps()
            await asyncio.sleep(1.1)
            watch.poller.kick("amp-01")
            await _until(lambda: FaultKind.LINE_SHORT in watch.health.supervised("amp-01"))
            await asyncio.sleep(1.1)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        agent.close()
    return took


def one_user_name(context: Context) -> Iterator[Measurement]:
    """14 v3 devices, one user name, different keys: how many answer, and the processor time."""
    context.say("14 v3 devices with one user name")
    with _agents(14) as told:
        answered, cpu_ms = asyncio.run(_asked(told))
    yield Measurement("amplifiers.v3_answered", answered, None, {"of": 14})
    yield Measurement("amplifiers.v3_poll_cpu_ms", cpu_ms, None, {"objects": len(_OIDS)})


async def _asked(told: list[dict[str, Any]]) -> tuple[int, float]:
    client = SnmpClient()
    agents = [_agent(each) for each in told]
    try:
        first = await asyncio.gather(
            *(client.fetch(agent, _OIDS) for agent in agents), return_exceptions=True
        )
        begun, rounds = time.process_time(), 20
        for _ in range(rounds):
            await asyncio.gather(
                *(client.fetch(agent, _OIDS) for agent in agents), return_exceptions=True
            )
        cpu = (time.process_time() - begun) / rounds / len(agents)
    finally:
        client.close()
    return sum(isinstance(each, dict) for each in first), cpu * 1000


def deaf_round(context: Context) -> Iterator[Measurement]:
    """One round in which none of 14 answers."""
    context.say("one round with all 14 deaf")

    async def silence() -> float:
        client = SnmpClient()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
            deaf.bind(("127.0.0.1", 0))
            port = deaf.getsockname()[1]
            agents = [Agent("127.0.0.1", port, Credentials("v2c", f"c{n}")) for n in range(14)]
            begun = time.perf_counter()
            await asyncio.gather(
                *(client.fetch(each, _OIDS) for each in agents), return_exceptions=True
            )
            client.close()
            return time.perf_counter() - begun

    yield Measurement("amplifiers.deaf_round_s", asyncio.run(silence()), None, {})


def burst(context: Context) -> Iterator[Measurement]:
    """A thousand notifications at once."""
    context.say("1,000 notifications in a burst")

    async def received() -> int:
        users = [(Credentials("v2c", "public"), "")]
        listener = TrapListener(("127.0.0.1", 0), users, ["127.0.0.1"], lambda said: None)
        running = asyncio.create_task(listener.run())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(1000):
                sender.sendto(bytes(120), ("127.0.0.1", listener.port))
        with suppress(TimeoutError):
            await _until(lambda: listener.gate.received >= 1000, 10)
        counted = listener.gate.received - listener.gate.dropped
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return counted

    yield Measurement("amplifiers.burst_counted", asyncio.run(received()), None, {})


def memory(context: Context) -> Iterator[Measurement]:
    """Resident memory before and after many polls of one agent."""
    context.say(f"{_POLLS:,} polls")
    with _snmpd(context.scratch) as port:
        grown = asyncio.run(_polled(port))
    yield Measurement("amplifiers.memory_growth_mb", grown, None, {"polls": _POLLS})


async def _polled(port: int) -> float:
    client = SnmpClient()
    agents = [Agent(f"127.0.0.{n}", port, Credentials("v2c", "public")) for n in range(1, 15)]
    before = 0.0
    try:
        for number in range(_POLLS // len(agents)):
            await asyncio.gather(
                *(client.fetch(agent, _OIDS) for agent in agents), return_exceptions=True
            )
            if number == 100:
                before = _resident_mb()
    finally:
        client.close()
    return max(0.0, _resident_mb() - before)


def many(context: Context) -> Iterator[Measurement]:
    """2,000 agents at 10 s by the real poller: processor time and misses once all are enrolled."""
    context.say(f"{_MANY:,} agents every 10 s")
    with _snmpd(context.scratch) as port:
        share, missed, detail = asyncio.run(_many(port, context))
    yield Measurement("amplifiers.many_cpu_share", share, None, detail)
    yield Measurement("amplifiers.many_missed", missed, None, detail)


async def _many(port: int, context: Context) -> tuple[float, int, dict[str, Any]]:
    site, profiles = read_site(_CONFIG), read_profiles(_CONFIG.parent)
    profile = profiles[ProfileId("generic-mib2")]
    client, health = SnmpClient(), Health({})
    poller = Poller(
        client, health, profiles, period=_PERIOD, sent_to=lambda name: None,
        is_warned=lambda name: False, polled=lambda name: None,
    )  # fmt: skip
    watched = []
    tasks = []
    for number in range(_MANY):
        address = f"127.{1 + number // 250}.0.{1 + number % 250}"
        own = replace(site.amplifiers[0], id=AmplifierId(f"amp-{number:04}"), address=address)
        each = WatchedAmplifier(own, profile, True)
        watched.append(each)
        agent = Agent(address, port, Credentials("v2c", "public"))
        tasks.append(asyncio.create_task(poller.watch(each, address, (80,), agent)))
    try:
        with suppress(TimeoutError):
            await _until(
                lambda: all(each.polls > 1 for each in watched), context.remaining_s() - 30
            )
        enrolled = sum(each.enrolment is not None for each in watched)
        if enrolled < _MANY:
            raise MeasurementError(f"only {enrolled} of {_MANY} agents were found out in time")
        missed, answered = poller.tally.missed, poller.tally.answered
        begun, at = time.process_time(), time.perf_counter()
        await asyncio.sleep(2 * _PERIOD)
        share = (time.process_time() - begun) / (time.perf_counter() - at)
        detail = {"answered": poller.tally.answered - answered, "late_s": poller.tally.late_s}
        return share, poller.tally.missed - missed, detail
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        client.close()


# --- what they stand on ---

_CONFIG: Final = SOURCES.parent / "config.yaml"


def _v3(authentication_key: str, privacy_key: str) -> Credentials:
    return Credentials("v3", "", USER, "sha256", authentication_key, "aes", privacy_key)


def _agent(told: dict[str, Any]) -> Agent:
    credentials = _v3(told["authentication_key"], told["privacy_key"])
    return Agent(told["address"], told["port"], credentials)


@contextmanager
def _agents(count: int) -> Iterator[list[dict[str, Any]]]:
    """Virtual agents in a process of their own."""
    argv = [sys.executable, "-m", "benchmarks.snmp_agents", str(count), str(os.getpid())]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=SOURCES.parent) as process:
        line = "" if process.stdout is None else process.stdout.readline()
        try:
            if not line:
                raise MeasurementError("the virtual agents did not start")
            yield json.loads(line)
        finally:
            process.terminate()


@contextmanager
def _snmpd(scratch: Path) -> Iterator[int]:
    """net-snmp's agent on every address of 127/8; its port."""
    if shutil.which("snmpd") is None:
        raise MeasurementError("net-snmp's snmpd is not installed (Debian: snmpd)")
    port = _free_port()
    settings = scratch / "snmpd.conf"
    settings.write_text(f"agentaddress udp:0.0.0.0:{port}\nrocommunity public\n")
    argv = ["snmpd", "-f", "-Lf", "/dev/null", "-C", "-c", str(settings), "-I", "-smux"]
    environment = {**os.environ, "SNMP_PERSISTENT_DIR": str(scratch / "snmpd"), "MIBS": ""}
    with subprocess.Popen(argv, env=environment) as process:
        try:
            asyncio.run(_answers(port))
            yield port
        finally:
            process.terminate()


async def _answers(port: int) -> None:
    client = SnmpClient()
    try:
        for _ in range(30):
            with suppress(SnmpError):
                await client.fetch(
                    Agent("127.0.0.1", port, Credentials("v2c", "public")), [SYS_UPTIME]
                )
                return
    finally:
        client.close()
    raise MeasurementError("snmpd does not answer")


async def _until(condition: Any, limit: float = 30.0) -> None:  # noqa: ANN401
    async with asyncio.timeout(limit):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6
