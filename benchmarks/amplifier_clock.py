"""The watch of 14 amplifiers on a simulated clock: real poller, profile and health model."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from benchmarks import virtual_time
from benchmarks.context import SOURCES, Context
from benchmarks.measurement import Measurement
from broadcaster.simulator.device_state import DeviceState, Typed, next_after
from broadcaster.site_reader import read_profiles, read_site
from broadcaster.watch.access import Credentials
from broadcaster.watch.fault import Fault
from broadcaster.watch.health import Health
from broadcaster.watch.poller import URGENT_PERIOD, Poller
from broadcaster.watch.reachability import LIMIT
from broadcaster.watch.snmp_client import RETRIES, TIMEOUT, Agent, NoAnswerError
from broadcaster.watch.watched import WatchedAmplifier
from firmware_profiles.fault_kind import FaultKind
from firmware_profiles.oid import Oid, is_under
from firmware_profiles.reading import Raw
from zones.site import ProfileId, Site

CONFIG: Final = SOURCES.parent / "config.yaml"
PERIOD: Final = 10.0
INJECTED: Final = 1_000
CUTS: Final = 150
_ANSWER: Final = 0.02
"""Seconds an answer takes."""
_SENT_PER_S: Final = 200
_SLOW_SHARE: Final = 0.1
"""Of all requests so many need their second try."""
_LONGEST: Final = 120.0
"""Seconds after which a fault that is not shown counts as missed."""
_BY_POLL: Final = (
    "line.open",
    "line.short",
    "line.ground",
    "amplifier",
    "stream",
    "config",
    "volume",
    "clock",
)
"""Believed as soon as a second look confirms them."""
_HELD_BACK: Final = ("overheat", "fan", "mains", "battery")
"""Believed only when they have lasted, 5 or 30 s."""
_DEAD: Final = ("deaf", "unplugged")


@dataclass
class Bed:
    """Devices, and who asks them. `loss` is the share of packets lost each way."""

    site: Site
    chance: random.Random
    loss: float = 0.0
    slow: float = 0.0
    states: dict[str, DeviceState] = field(default_factory=dict)
    cut: dict[str, float] = field(default_factory=dict)
    """Since when no stream reaches an amplifier."""
    lost: dict[str, int] = field(default_factory=dict)
    flooded: dict[str, float] = field(default_factory=dict)

    # --- what the poller asks with ---

    async def fetch(self, agent: Agent, oids: Iterable[Oid]) -> dict[Oid, Raw | None]:
        """GET, by the device as it is when the request reaches it."""
        state = await self._reached(agent)
        objects = state.objects(self.now)
        return {oid: None if oid not in objects else _raw(objects[oid]) for oid in oids}

    async def rows(self, agent: Agent, column: Oid) -> dict[int, Raw]:
        """GETNEXT, as often as there are rows."""
        objects = (await self._reached(agent)).objects(self.now)
        found: dict[int, Raw] = {}
        at = next_after(objects, column)
        while at is not None and is_under(at, column):
            found[at[-1]] = _raw(objects[at])
            at = next_after(objects, at)
        return found

    async def learn_engine_id(self, agent: Agent) -> str:
        """Ask without a user, twice."""
        await self._reached(agent)
        return agent.engine_id

    async def reachable(self, address: str, ports: tuple[int, ...]) -> bool:
        """Whether the device itself answers, agent or not."""
        if "unplugged" in self.states[address].broken:
            await asyncio.sleep(LIMIT)
            return False
        await asyncio.sleep(_ANSWER)
        return True

    def sent_to(self, name: str) -> float:
        """Packets sent to an amplifier."""
        return _SENT_PER_S * self.now

    # --- the devices ---

    @property
    def now(self) -> float:
        """Seconds since the bed was made."""
        return asyncio.get_running_loop().time()

    def cut_off(self, name: str) -> None:
        """Nothing reaches an amplifier any more."""
        self.cut[name] = self.now

    def joined(self, name: str) -> None:
        """Its stream reaches it again."""
        self.lost[name] = self.lost.get(name, 0) + round(
            _SENT_PER_S * (self.now - self.cut.pop(name))
        )

    async def _reached(self, agent: Agent) -> DeviceState:
        state = self.states[agent.address]
        for _ in range(RETRIES + 1):
            is_lost = any(self.chance.random() < self.loss for _ in range(2))
            if state.broken.keys() & set(_DEAD) or is_lost:
                await asyncio.sleep(TIMEOUT)
                continue
            if self.slow and self.chance.random() < self.slow:
                await asyncio.sleep(TIMEOUT)
            await asyncio.sleep(_ANSWER)
            self._count(state)
            return state
        raise NoAnswerError("no answer")

    def _count(self, state: DeviceState) -> None:
        until = self.cut.get(state.name, self.now)
        received = round(_SENT_PER_S * until) - self.lost.get(state.name, 0)
        flood = self.flooded.get(state.name)
        state.multicast = received + (0 if flood is None else round(3000 * (self.now - flood)))


def _raw(typed: Typed) -> Raw:
    kind, value = typed
    return value.encode() if kind == "text" and isinstance(value, str) else value


class Rig:
    """The bed with a poller on each of its devices; `raised` is when each fault was first shown."""

    def __init__(self, bed: Bed, *, is_warned: bool = False) -> None:
        self.bed, self.is_warned = bed, is_warned
        self.raised: list[tuple[float, str]] = []
        self.health = Health({}, self._changed)
        self._news = asyncio.Event()
        profiles = read_profiles(CONFIG.parent)
        profile = profiles[ProfileId("virtual-amplifier")]
        self.watched = {}
        for each in bed.site.amplifiers:
            name = str(each.id)
            self.watched[name] = WatchedAmplifier(each, profile, True)
            state = DeviceState(name, each.address, len(each.outputs), 0.0)
            bed.states[name] = bed.states[each.address] = state
        self.poller = Poller(
            bed, self.health, profiles, period=PERIOD, sent_to=bed.sent_to,
            is_warned=lambda name: self.is_warned, polled=lambda name: None,
            reachable=bed.reachable,
        )  # fmt: skip

    def _changed(self, fault: Fault) -> None:
        if fault.is_there:
            self.raised.append((self.bed.now, fault.key.id))
        self._news.set()
        self._news = asyncio.Event()

    @asynccontextmanager
    async def polling(self) -> AsyncIterator[None]:
        """Poll all of them while the block runs, from when each has been found out about."""
        polls = []
        for each in self.watched.values():
            address = each.amplifier.address
            agent = Agent(address, 161, Credentials("v3"), "80007ed905")
            polls.append(
                asyncio.create_task(self.poller.watch(each, address, (80,), agent), name=each.id)
            )
        while not all(each.readings for each in self.watched.values()):  # noqa: ASYNC110
            await asyncio.sleep(1)
        try:
            yield
        finally:
            for task in polls:
                task.cancel()
            await asyncio.gather(*polls, return_exceptions=True)

    async def until(self, condition: Callable[[], bool], limit: float) -> bool:
        """Whether something held within so many seconds."""
        try:
            async with asyncio.timeout(limit):
                while not condition():
                    await self._news.wait()
        except TimeoutError:
            return False
        return True

    def faults_of(self, name: str) -> set[FaultKind]:
        """What is wrong with an amplifier."""
        return {f.key.kind for f in self.health.faults if f.is_there and f.key.amplifier == name}

    def reset(self, name: str) -> None:
        """Take what is over from the list."""
        for fault in self.health.faults:
            if fault.key.amplifier == name and not fault.is_there:
                self.health.reset(fault.key.id)


# --- faults ---


@dataclass
class Found:
    """How long faults took to be shown, in seconds, by what was broken; None: never."""

    took: list[tuple[str, float | None]] = field(default_factory=list)
    false: list[str] = field(default_factory=list)

    def of(self, what: tuple[str, ...]) -> list[float]:
        """The times of some."""
        return [took for name, took in self.took if name in what and took is not None]


def injected(context: Context) -> Iterator[Measurement]:
    """A thousand faults at chance moments, some answers as late as they may be."""
    context.say(f"injecting {INJECTED:,} faults on a simulated clock")
    found = virtual_time.run(_injected(random.Random(11)))
    missed = sum(took is None for _, took in found.took)
    held_back = found.of(_HELD_BACK)
    detail = {
        "by_poll": len(found.of(_BY_POLL)), "dead": len(found.of(_DEAD)),
        "held_back": len(held_back), "held_back_longest_s": round(max(held_back), 1),
        "poll_median_s": round(float(np.median(found.of(_BY_POLL))), 1),
        "dead_median_s": round(float(np.median(found.of(_DEAD))), 1),
    }  # fmt: skip
    broken = f"faults that nobody injected: {found.false[:5]}" if found.false else None
    yield Measurement("amplifiers.faults_missed", missed, None, detail, broken)
    yield Measurement("amplifiers.poll_fault_s", max(found.of(_BY_POLL)), None, detail)
    yield Measurement("amplifiers.dead_device_s", max(found.of(_DEAD)), None, detail)


async def _injected(chance: random.Random) -> Found:
    rig = Rig(Bed(read_site(CONFIG), chance, slow=_SLOW_SHARE))
    found = Found()
    left = iter(range(INJECTED))
    async with rig.polling():
        await asyncio.gather(*(_break_again(rig, name, left, found) for name in rig.watched))
    return found


async def _break_again(rig: Rig, name: str, left: Iterator[int], found: Found) -> None:
    """Break and mend one amplifier as long as there are faults left."""
    chance, state = rig.bed.chance, rig.bed.states[name]
    for _ in left:
        await asyncio.sleep(chance.uniform(10, 40))
        found.false += [f"{name}: {kind.value}" for kind in rig.faults_of(name)]
        what = chance.choice((*_BY_POLL, *_HELD_BACK, *_DEAD))
        wanted = {"deaf": FaultKind.AGENT, "unplugged": FaultKind.LINK}.get(what)
        kind = FaultKind(what) if wanted is None else wanted
        begun = rig.bed.now
        state.broken[what] = chance.randint(1, state.outputs) if what.startswith("line.") else 0
        is_shown = await rig.until(lambda kind=kind: kind in rig.faults_of(name), _LONGEST)  # type: ignore[misc]
        found.took.append((what, rig.bed.now - begun if is_shown else None))
        del state.broken[what]
        await rig.until(lambda: not rig.faults_of(name), 10 * _LONGEST)
        rig.reset(name)


# --- loss ---


def lossy_hour(context: Context) -> Iterator[Measurement]:
    """An hour of 14 amplifiers with one packet in twenty lost each way."""
    context.say("an hour at 5 % loss, on a simulated clock")
    raised, tally = virtual_time.run(_lossy(random.Random(5), 0.05))
    yield Measurement("amplifiers.false_faults_at_loss", len(raised), None, tally)


async def _lossy(chance: random.Random, loss: float) -> tuple[list[str], dict[str, Any]]:
    rig = Rig(Bed(read_site(CONFIG), chance, loss=loss))
    async with rig.polling():
        await asyncio.sleep(3600)
    tally = rig.poller.tally
    told = {"answered": tally.answered, "missed": tally.missed, "raised": rig.raised[:5]}
    return [name for _, name in rig.raised], told


# --- arrival ---


def cut_off(context: Context) -> Iterator[Measurement]:
    """The stream of one amplifier is cut: until it is shown, in calm and under a warning."""
    context.say(f"{CUTS} streams cut, and as many in a zone under warning, on a simulated clock")
    for row, is_warned in (
        ("amplifiers.not_arriving_s", False),
        ("amplifiers.not_arriving_warned_s", True),
    ):
        took, flooded = virtual_time.run(_cut(random.Random(7), is_warned=is_warned))
        missed = sum(each is None for each in took)
        shown = [each for each in took if each is not None]
        detail = {
            "cuts": len(took), "missed": missed, "median_s": round(float(np.median(shown)), 1),
            "period_s": URGENT_PERIOD if is_warned else PERIOD,
            "flood_longest_s": round(max(each for each in flooded if each is not None), 1),
        }  # fmt: skip
        is_whole = not missed and None not in flooded
        broken = None if is_whole else f"{missed} of {len(took)} cuts, or a flood, never shown"
        yield Measurement(row, max(shown), None, detail, broken)


async def _cut(
    chance: random.Random, *, is_warned: bool
) -> tuple[list[float | None], list[float | None]]:
    rig = Rig(Bed(read_site(CONFIG), chance, slow=_SLOW_SHARE), is_warned=is_warned)
    bed = rig.bed
    took: list[float | None] = []
    flooded: list[float | None] = []

    async def one(name: str, left: Iterator[int]) -> None:
        for number in left:
            await asyncio.sleep(chance.uniform(40, 70))
            begun = bed.now
            is_flood = number % 10 == 0
            if is_flood:
                bed.flooded[name] = begun
            else:
                bed.cut_off(name)
            kind = FaultKind.FLOODING if is_flood else FaultKind.MULTICAST
            is_shown = await rig.until(lambda kind=kind: kind in rig.faults_of(name), _LONGEST)  # type: ignore[misc]
            (flooded if is_flood else took).append(bed.now - begun if is_shown else None)
            if is_flood:
                # Those packets were counted; the device's counter never goes back.
                bed.lost[name] = bed.lost.get(name, 0) - round(
                    3000 * (bed.now - bed.flooded.pop(name))
                )
            else:
                bed.joined(name)
            await rig.until(lambda: not rig.faults_of(name), _LONGEST)
            rig.reset(name)

    async with rig.polling():
        left = iter(range(CUTS))
        await asyncio.gather(*(one(name, left) for name in rig.watched))
    return took, flooded
