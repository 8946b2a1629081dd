"""Part amplifiers: from the device to the screen, and what hostile or busy networks do to it."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.amplifier_agents import (
    OIDS,
    agent_of,
    agents,
    free_port,
    reach_of,
    trap_of,
    until,
)
from benchmarks.amplifier_clock import CONFIG, cut_off, injected, lossy_hour
from benchmarks.amplifier_scale import hundred_found, many, memory, resident_mb
from benchmarks.amplifier_station import deaf_beside_a_warning
from benchmarks.context import Context, Step, take
from benchmarks.measurement import Measurement
from broadcaster.run_directory import RunDirectory
from broadcaster.simulator.device_state import DeviceState
from broadcaster.simulator.snmp_agent import AgentKeys, SnmpAgent
from broadcaster.site_reader import read_profiles, read_site
from broadcaster.watch.access import Access, Credentials
from broadcaster.watch.app import Watch
from broadcaster.watch.fast_client import FastClient
from broadcaster.watch.memory import Memory
from broadcaster.watch.snmp_client import Agent, SnmpClient
from firmware_profiles.fault_kind import FaultKind

_TRAPS: Final = 25
_FLOOD_TRAPS: Final = 5
_FLOOD_PER_S: Final = 10_000
_BURST: Final = 1_000
_NAME: Final = "amp-01"


def measure(context: Context) -> Iterator[Measurement]:
    """All rows of this part."""
    steps = [
        Step(
            ("amplifiers.faults_missed", "amplifiers.poll_fault_s", "amplifiers.dead_device_s"),
            10, injected,
        ),
        Step(("amplifiers.not_arriving_s", "amplifiers.not_arriving_warned_s"), 15, cut_off),
        Step(("amplifiers.false_faults_at_loss",), 10, lossy_hour),
        Step(("amplifiers.trap_fault_p99_s",), 60, by_trap),
        Step(("amplifiers.trap_in_flood_s",), 20, in_a_flood),
        Step(("amplifiers.burst_counted", "amplifiers.burst_polls"), 20, burst),
        Step(("amplifiers.v3_answered", "amplifiers.v3_poll_cpu_ms"), 30, one_user_name),
        Step(("amplifiers.deaf_round_s",), 10, deaf_round),
        Step(("amplifiers.hundred_found_s",), 15, hundred_found),
        Step(("amplifiers.deaf_first_packet_p99_ms",), 60, deaf_beside_a_warning),
        Step(("amplifiers.memory_growth_mb",), 70, memory),
        Step(
            (
                "amplifiers.many_cpu_share", "amplifiers.many_missed",
                "amplifiers.many_fast_cpu_share", "amplifiers.many_cpu_vs_net_snmp",
            ),
            150, many,
        ),
    ]  # fmt: skip
    yield from take(context, steps)


# --- notifications ---


@asynccontextmanager
async def _watching(scratch: Path, access: Access) -> AsyncIterator[Watch]:
    """The whole watch of the amplifiers in `access`, once it has found out about all of them."""
    site, profiles = read_site(CONFIG), read_profiles(CONFIG.parent)
    watch = Watch(site, profiles, access, RunDirectory(scratch), Memory(scratch), None)
    for name in list(watch.amplifiers):
        if name not in access.amplifiers:
            del watch.amplifiers[name]
    running = asyncio.create_task(watch.run())
    try:
        await until(lambda: all(each.readings for each in watch.amplifiers.values()))
        yield watch
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def by_trap(context: Context) -> Iterator[Measurement]:
    """From a device's trap to its fault, through the whole watch, beside idle polling."""
    context.say(f"{_TRAPS} faults by trap")
    took = asyncio.run(_trapped(context.scratch, _TRAPS, 0))
    p99 = float(np.percentile(took, 99))
    detail = {"p50_s": round(float(np.median(took)), 3), "max_s": round(max(took), 3)}
    yield Measurement("amplifiers.trap_fault_p99_s", p99, None, detail)


def in_a_flood(context: Context) -> Iterator[Measurement]:
    """The same while strangers, and a forger of an amplifier's address, send without end."""
    context.say(f"{_FLOOD_TRAPS} faults by trap in a flood of {_FLOOD_PER_S:,} a second")
    before = resident_mb()
    took = asyncio.run(_trapped(context.scratch, _FLOOD_TRAPS, _FLOOD_PER_S))
    detail = {
        "every": [round(each, 3) for each in took],
        "grown_mb": round(resident_mb() - before, 1),
    }
    yield Measurement("amplifiers.trap_in_flood_s", max(took), None, detail)


async def _trapped(scratch: Path, faults: int, flood: int) -> list[float]:
    """Seconds from each trap to its fault."""
    loop = asyncio.get_running_loop()
    place = ("127.0.0.1", free_port())
    state = DeviceState(_NAME, "127.0.0.1", 2, loop.time())
    keys = AgentKeys.of(b"benchmark", _NAME)
    device = SnmpAgent(state, keys, "127.0.0.1", loop.time)
    access = Access(amplifiers={_NAME: reach_of(device)}, traps=place)
    took: list[float] = []
    flooding = asyncio.create_task(_flood(place, flood))
    try:
        async with _watching(scratch, access) as watch:
            for _ in range(faults):
                took.append(await _one_by_trap(watch, device, place))
    finally:
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)
        device.close()
    return took


async def _one_by_trap(watch: Watch, device: SnmpAgent, place: tuple[str, int]) -> float:
    loop = asyncio.get_running_loop()
    device.state.broken["line.short"] = 1
    begun = loop.time()
    await device.trap(place, 1)
    await until(lambda: watch.health.is_raised(_NAME, FaultKind.LINE_SHORT))
    took = loop.time() - begun
    device.state.broken.clear()
    watch.health.forget(_NAME)
    watch.notified.forget()
    # A device is polled at most once a second because of traps.
    await asyncio.sleep(1.1)
    watch.poller.kick(_NAME)
    await until(lambda: FaultKind.LINE_SHORT in watch.health.supervised(_NAME))
    await asyncio.sleep(1.1)
    return took


async def _flood(place: tuple[str, int], per_s: int) -> None:
    """Well-formed notifications of many senders who are no amplifier."""
    if not per_s:
        return
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _FLOODER, str(place[1]), str(per_s), str(os.getpid()),
        trap_of("public").hex(),
    )  # fmt: skip
    try:
        await process.wait()
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


_FLOODER: Final = """\
import os, socket, sys, time
port, rate, parent = map(int, sys.argv[1:4])
octets = bytes.fromhex(sys.argv[4])
senders = []
for number in range(100):
    senders.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    senders[-1].bind((f"127.9.{number}.1", 0))
begun, sent = time.monotonic(), 0
while os.getppid() == parent:
    while sent < (time.monotonic() - begun) * rate:
        senders[sent % 100].sendto(octets, ("127.0.0.1", port))
        sent += 1
    time.sleep(0.005)
"""


def burst(context: Context) -> Iterator[Measurement]:
    """A thousand authentic notifications of 14 amplifiers at once: all counted, few polls."""
    context.say(f"{_BURST:,} notifications in a burst")
    with agents(14) as told:
        counted, polls, detail = asyncio.run(_burst(context.scratch, told))
    yield Measurement("amplifiers.burst_counted", counted, None, detail)
    yield Measurement("amplifiers.burst_polls", polls, None, detail)


async def _burst(scratch: Path, told: list[dict[str, Any]]) -> tuple[int, int, dict[str, Any]]:
    place = ("127.0.0.1", free_port())
    access = Access(
        period=300.0,
        amplifiers={each["name"]: reach_of(each) for each in told},
        traps=place,
        trap_users=(Credentials("v2c", "traps"),),
    )
    async with _watching(scratch, access) as watch:
        # All are found out about; the next poll that nobody asks for is minutes away.
        await asyncio.sleep(2)
        before = watch.poller.tally.answered
        octets = trap_of("traps")
        senders = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in told]
        for sender, each in zip(senders, told, strict=True):
            sender.bind((each["address"], 0))
        for _, sender in zip(range(_BURST), cycle(senders), strict=False):
            sender.sendto(octets, place)
        with suppress(TimeoutError):
            await until(lambda: sum(watch.notified.counts.values()) >= _BURST, 20)
        await asyncio.sleep(2)
        for sender in senders:
            sender.close()
        counts = watch.traps_told()
        polls = watch.poller.tally.answered - before
    return sum(watch.notified.counts.values()), polls, dict(counts)


# --- polls ---


def one_user_name(context: Context) -> Iterator[Measurement]:
    """14 v3 devices, one user name, different keys: how many answer, and the processor time."""
    context.say("14 v3 devices with one user name")
    with agents(14) as told:
        answered, cpu_ms = asyncio.run(_asked(told, SnmpClient))
        detail = {"objects": len(OIDS), "million_additions_ms": round(_million_additions_ms(), 1)}
        with suppress(ImportError):
            detail["gufo_snmp_ms"] = round(asyncio.run(_asked(told, FastClient))[1], 3)
    yield Measurement("amplifiers.v3_answered", answered, None, {"of": 14})
    yield Measurement("amplifiers.v3_poll_cpu_ms", cpu_ms, None, detail)


def _million_additions_ms() -> float:
    """How fast this processor is just now, to read the figure beside it by."""
    begun, total = time.process_time(), 0
    for number in range(1_000_000):
        total += number
    return 1e3 * (time.process_time() - begun)


async def _asked(
    told: list[dict[str, Any]], made: Callable[[], SnmpClient | FastClient]
) -> tuple[int, float]:
    client = made()
    targets = [agent_of(each) for each in told]
    try:
        first = await asyncio.gather(
            *(client.fetch(agent, OIDS) for agent in targets), return_exceptions=True
        )
        begun, rounds = time.process_time(), 20
        for _ in range(rounds):
            await asyncio.gather(
                *(client.fetch(agent, OIDS) for agent in targets), return_exceptions=True
            )
        cpu = (time.process_time() - begun) / rounds / len(targets)
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
            targets = [Agent("127.0.0.1", port, Credentials("v2c", f"c{n}")) for n in range(14)]
            begun = time.perf_counter()
            await asyncio.gather(
                *(client.fetch(each, OIDS) for each in targets), return_exceptions=True
            )
            client.close()
            return time.perf_counter() - begun

    yield Measurement("amplifiers.deaf_round_s", asyncio.run(silence()), None, {})
