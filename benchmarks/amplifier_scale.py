"""What thousands of amplifiers cost, what stays in memory, how soon a hundred are found."""

import asyncio
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from benchmarks.amplifier_agents import PUBLIC, snmpd, until
from benchmarks.amplifier_clock import CONFIG, PERIOD
from benchmarks.context import SOURCES, Context
from benchmarks.measurement import Measurement, MeasurementError, skipped
from broadcaster.site_reader import read_profiles, read_site
from broadcaster.watch.fast_client import FastClient
from broadcaster.watch.health import Health
from broadcaster.watch.mdns_browser import MdnsBrowser
from broadcaster.watch.poller import Poller
from broadcaster.watch.snmp_client import Agent, SnmpClient
from broadcaster.watch.watched import WatchedAmplifier
from firmware_profiles.oid import SYS_UPTIME, Index, Oid, Place, dotted
from firmware_profiles.profile import Profile
from firmware_profiles.supervision import Pace
from zones.site import AmplifierId, ProfileId

_MANY: Final = 2_000
_WINDOW_S: Final = 2 * PERIOD
_POLLS: Final = 100_000
_SETTLED: Final = 10_000
"""Polls after which memory is looked at first: pools and caches are full then."""
_FEW: Final[tuple[Oid, ...]] = (SYS_UPTIME,)
_COMMANDS: Final = 200
_SNMP_GROUP: Final[Oid] = (1, 3, 6, 1, 2, 1, 11)
_COUNTS: Final = (1, 3, 4, 5, 6, 8, 9, 10)
"""Of the group snmp (RFC 3418)."""
_FOUND: Final = 100
_LOOKS: Final = 5


# --- memory ---


def memory(context: Context) -> Iterator[Measurement]:
    """Resident memory before and after many polls of 14 agents."""
    context.say(f"{_POLLS:,} polls")
    with snmpd(context.scratch) as port:
        grown, polls = asyncio.run(_polled(port))
    yield Measurement("amplifiers.memory_growth_mb", grown, None, {"polls": polls})


async def _polled(port: int) -> tuple[float, int]:
    client = SnmpClient()
    agents = [Agent(f"127.0.0.{n}", port, PUBLIC) for n in range(1, 15)]
    before, answered = 0.0, 0
    try:
        while answered < _POLLS:
            found = await asyncio.gather(
                *(client.fetch(agent, _FEW) for agent in agents), return_exceptions=True
            )
            answered += sum(isinstance(each, dict) for each in found)
            if before == 0.0 and answered >= _SETTLED:
                before = resident_mb()
    finally:
        client.close()
    return max(0.0, resident_mb() - before), answered


def resident_mb() -> float:
    """Resident memory of this process, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


# --- thousands ---


def many(context: Context) -> Iterator[Measurement]:
    """2,000 agents at 10 s by the real poller with either client, and by net-snmp's command."""
    with snmpd(context.scratch) as port:
        context.say(f"{_MANY:,} agents every 10 s, asked by pysnmp")
        share, missed, detail = asyncio.run(_many(port, SnmpClient(), context))
        yield Measurement("amplifiers.many_cpu_share", share, None, detail)
        context.say("the same polls by net-snmp's own command")
        command = _command_ms(port, detail["objects"])
        polls_a_second = _MANY / PERIOD
        beside = {
            "snmpget_ms": round(command, 3),
            "pysnmp_ms": round(1e3 * share / polls_a_second, 3),
        }
        context.say(f"{_MANY:,} agents every 10 s, asked by gufo-snmp")
        try:
            client = FastClient()
        except ImportError:
            yield skipped("amplifiers.many_fast_cpu_share", "gufo-snmp is not installed")
        else:
            fast, lost, told = asyncio.run(_many(port, client, context))
            beside |= {"gufo_ms": round(1e3 * fast / polls_a_second, 3)}
            yield Measurement("amplifiers.many_fast_cpu_share", fast, None, told)
            missed += lost
        yield Measurement("amplifiers.many_missed", missed, None, beside)
        ratio = 1e3 * share / polls_a_second / command
        yield Measurement("amplifiers.many_cpu_vs_net_snmp", ratio, None, beside)


async def _many(
    port: int, client: SnmpClient | FastClient, context: Context
) -> tuple[float, int, dict[str, Any]]:
    site, profiles = read_site(CONFIG), read_profiles(CONFIG.parent)
    profile = _with_ten_objects(profiles[ProfileId("generic-mib2")])
    poller = Poller(
        client, Health({}), profiles, period=PERIOD, sent_to=lambda name: None,
        is_warned=lambda name: False, polled=lambda name: None,
    )  # fmt: skip
    watched, tasks = [], []
    begun = time.process_time()
    for number in range(_MANY):
        address = f"127.{1 + number // 250}.0.{1 + number % 250}"
        own = replace(site.amplifiers[0], id=AmplifierId(f"amp-{number:04}"), address=address)
        each = WatchedAmplifier(own, profile, True)
        watched.append(each)
        agent = Agent(address, port, PUBLIC)
        tasks.append(asyncio.create_task(poller.watch(each, address, (80,), agent)))
    try:
        with suppress(TimeoutError):
            limit = context.remaining_s() - _WINDOW_S - 2 * PERIOD
            await until(lambda: all(each.enrolment for each in watched), limit)
        enrolled = sum(each.enrolment is not None for each in watched)
        if enrolled < _MANY:
            raise MeasurementError(f"only {enrolled} of {_MANY} agents were found out in time")
        enrolment = time.process_time() - begun
        # The last ones were found out about late; from now on each is asked once in a period.
        await asyncio.sleep(PERIOD)
        tally = poller.tally
        missed, answered = tally.missed, tally.answered
        begun, at = time.process_time(), time.perf_counter()
        await asyncio.sleep(_WINDOW_S)
        share = (time.process_time() - begun) / (time.perf_counter() - at)
        detail = {
            "answered": tally.answered - answered, "late_s": round(tally.late_s, 3),
            "enrolment_cpu_ms_each": round(1e3 * enrolment / _MANY, 1),
            "objects": len(watched[0].oids(0.0, is_urgent=False)),
        }  # fmt: skip
        return share, tally.missed - missed, detail
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        client.close()


def _with_ten_objects(profile: Profile) -> Profile:
    """Asks for ten objects that every agent of net-snmp has: uptime, boots and its own counts."""
    counter = next(each for each in profile.supervision.items if each.name == "input-errors")
    items = tuple(
        replace(
            counter,
            name=f"count-{number}",
            place=Place((*_SNMP_GROUP, number, 0), Index.NONE),
            pace=Pace.USUAL,
        )
        for number in _COUNTS
    )
    return replace(profile, supervision=replace(profile.supervision, items=items))


def _command_ms(port: int, objects: int) -> float:
    """Processor milliseconds of one poll by `snmpget`, started anew each time as scripts do."""
    program = shutil.which("snmpget")
    if program is None:
        raise MeasurementError("net-snmp's snmpget is not installed (Debian: snmp)")
    oids = [f".{dotted(SYS_UPTIME)}"] * objects
    argv = [program, "-v2c", "-c", "public", "-On", f"127.0.0.1:{port}", *oids]
    environment = {**os.environ, "MIBS": ""}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(_COMMANDS):
        subprocess.run(argv, env=environment, stdout=subprocess.DEVNULL, check=True, timeout=20)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return 1e3 * spent / _COMMANDS


# --- found ---


def hundred_found(context: Context) -> Iterator[Measurement]:
    """A hundred devices announce themselves: until all are known."""
    context.say(f"{_FOUND} devices announce themselves by mDNS")
    listened, took = asyncio.run(_found())
    detail = {"begun_afterwards_s": [round(each, 3) for each in took]}
    yield Measurement("amplifiers.hundred_found_s", listened, None, detail)


async def _found() -> tuple[float, list[float]]:
    """Seconds until one that listened knows all, and until browsers that begin afterwards do."""
    process = None
    try:
        async with _browsing() as listener:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "benchmarks.mdns_devices", str(_FOUND), str(os.getpid()),
                stdout=asyncio.subprocess.PIPE, cwd=SOURCES.parent,
            )  # fmt: skip
            assert process.stdout is not None  # noqa: S101 - asked for above
            async with asyncio.timeout(30):
                announced = float(await process.stdout.readline())
            await until(lambda: len(listener.devices) == _FOUND)
            listened = max(0.0, time.monotonic() - announced)
        took = []
        for _ in range(_LOOKS):
            begun = time.monotonic()
            async with _browsing() as browser:
                await until(lambda browser=browser: len(browser.devices) == _FOUND)  # type: ignore[misc]
                took.append(time.monotonic() - begun)
        return listened, took
    finally:
        if process is not None:
            process.terminate()
            await process.wait()


@asynccontextmanager
async def _browsing() -> AsyncIterator[MdnsBrowser]:
    browser = MdnsBrowser("127.0.0.1")
    task = asyncio.create_task(browser.run())
    try:
        yield browser
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
