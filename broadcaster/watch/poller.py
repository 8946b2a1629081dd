"""Asks every amplifier in turn: spread over the period, a few at a time, never for ever."""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import process_time
from typing import Final, Protocol

from broadcaster.watch.enrolment import enrol
from broadcaster.watch.health import Health, Look
from broadcaster.watch.reachability import is_reachable
from broadcaster.watch.snmp_client import Agent, NoAnswerError, RefusedError, SnmpError
from broadcaster.watch.watched import WatchedAmplifier
from firmware_profiles.oid import Oid
from firmware_profiles.profile import Profile
from firmware_profiles.reading import Raw
from zones.site import ProfileId

log = logging.getLogger(__name__)

URGENT_PERIOD: Final = 2.0
AT_ONCE: Final = 100
"""Requests in flight at once."""
LONGEST_BACKOFF: Final = 3
"""Periods between two polls of an amplifier that has been silent for long."""
LEAST_BETWEEN: Final = 0.2
"""Seconds between two polls of one amplifier, whatever traps ask for."""
_TRAP_BETWEEN: Final = 1.0
_OIDS_AT_ONCE: Final = 12
_ENGINE_ASKED: Final = 3
"""Misses after which a silent v3 agent is asked whether it is another one."""


@dataclass(slots=True)
class Tally:
    """What the polling cost and found; only counts up."""

    answered: int = 0
    missed: int = 0
    refused: int = 0
    rediscovered: int = 0
    late_s: float = 0.0
    """How late the last poll began."""
    seconds: dict[str, float] = field(default_factory=dict)
    """How long the last poll of each took."""

    @property
    def cpu_s(self) -> float:
        """Processor seconds of this process."""
        return process_time()


class Client(Protocol):
    """Asks agents; each answers, or raises an SnmpError."""

    async def fetch(self, agent: Agent, oids: Iterable[Oid]) -> dict[Oid, Raw | None]:
        """The values of some objects, None for those that are not there."""

    async def rows(self, agent: Agent, column: Oid) -> dict[int, Raw]:
        """The rows of a column."""

    async def learn_engine_id(self, agent: Agent) -> str:
        """The engine id of a v3 agent."""


class Questioner:
    """The questions of one enrolment, by one client to one agent."""

    def __init__(self, client: Client, agent: Agent, most: int) -> None:
        """`most` objects fit into one request."""
        self._client, self._agent, self._most = client, agent, most

    async def fetch(self, oids: tuple[Oid, ...]) -> Mapping[Oid, Raw | None]:
        """The values of some objects."""
        found: dict[Oid, Raw | None] = {}
        for begin in range(0, len(oids), self._most):
            found |= await self._client.fetch(self._agent, oids[begin : begin + self._most])
        return found

    async def rows(self, column: Oid) -> Mapping[int, Raw]:
        """The rows of a column."""
        return await self._client.rows(self._agent, column)


class Poller:
    """Polls one set of amplifiers into one health model."""

    def __init__(
        self,
        client: Client,
        health: Health,
        profiles: Mapping[ProfileId, Profile],
        *,
        period: float,
        sent_to: Callable[[str], float | None],
        is_warned: Callable[[str], bool],
        polled: Callable[[str], None],
        reachable: Callable[[str, tuple[int, ...]], Awaitable[bool]] = is_reachable,
    ) -> None:
        """`sent_to` counts packets sent to an amplifier; `is_warned` whether one warns there.

        `reachable` looks whether a device is there though its agent is silent.
        """
        self._client, self._health, self._profiles = client, health, profiles
        self._period, self._sent_to, self._is_warned = period, sent_to, is_warned
        self._polled, self._reachable = polled, reachable
        self._room = asyncio.Semaphore(AT_ONCE)
        self._kicks: dict[str, asyncio.Event] = {}
        self._kicked_at: dict[str, float] = {}
        self.tally = Tally()

    def kick(self, amplifier: str) -> bool:
        """Poll one now, because of a trap; at most once a second. False when it was too soon."""
        kick = self._kicks.get(amplifier)
        now = asyncio.get_running_loop().time()
        if kick is None or now - self._kicked_at.get(amplifier, -_TRAP_BETWEEN) < _TRAP_BETWEEN:
            return False
        self._kicked_at[amplifier] = now
        kick.set()
        return True

    def hurry(self) -> None:
        """Another zone is under warning: poll all anew, so that what matters is looked at fast."""
        for name, kick in self._kicks.items():
            if self._is_warned(name):
                kick.set()

    async def watch(
        self, watched: WatchedAmplifier, address: str, ports: tuple[int, ...], agent: Agent | None
    ) -> None:
        """Poll one amplifier until cancelled."""
        loop = asyncio.get_running_loop()
        kick = self._kicks[watched.id] = asyncio.Event()
        # The phase comes from the name: it is the same after a restart, and all differ.
        due = loop.time() + zlib.crc32(watched.id.encode()) % 1000 / 1000 * min(self._period, 10)
        try:
            while True:
                try:
                    async with asyncio.timeout_at(due):
                        await kick.wait()
                    await asyncio.sleep(0)
                except TimeoutError:
                    self.tally.late_s = max(0.0, loop.time() - due)
                kick.clear()
                async with self._room:
                    # Only now: who waited for room is not asked again at once to make up for it.
                    begun = loop.time()
                    await self._poll(watched, address, ports, agent)
                now = loop.time()
                self.tally.seconds[watched.id] = now - begun
                due = self._next(watched, begun, now)
        finally:
            del self._kicks[watched.id]

    def _next(self, watched: WatchedAmplifier, begun: float, now: float) -> float:
        """When to poll next: sooner when something is suspected, later when it is long dead."""
        is_urgent = self._is_warned(watched.id)
        period = URGENT_PERIOD if is_urgent else self._period
        if watched.misses > 3 and not is_urgent:
            period *= min(LONGEST_BACKOFF, 1 + (watched.misses - 3) // 3)
        due = max(begun + period, now + LEAST_BETWEEN)
        wanted = self._health.next_look(watched.id, now)
        if watched.enrolment is None and watched.has_agent and not watched.misses:
            wanted = now + LEAST_BETWEEN
        return due if wanted is None else min(due, max(wanted, now + LEAST_BETWEEN))

    async def _poll(
        self, watched: WatchedAmplifier, address: str, ports: tuple[int, ...], agent: Agent | None
    ) -> None:
        loop = asyncio.get_running_loop()
        if agent is None:
            reachable = await self._reachable(address, ports)
            looks = watched.missed("", is_reachable=reachable)
            self._take(watched, looks, loop.time())
            if reachable:
                watched.answered_at, watched.misses = loop.time(), 0
            return
        try:
            looks = await self._ask(watched, agent)
            self.tally.answered += 1
        except SnmpError as error:
            is_refused = isinstance(error, RefusedError)
            self.tally.refused += is_refused
            self.tally.missed += not is_refused
            looks = await self._missed(watched, (agent.address, ports), agent, error)
        self._take(watched, looks, loop.time())

    async def _ask(self, watched: WatchedAmplifier, agent: Agent) -> list[Look]:
        loop = asyncio.get_running_loop()
        snmp = watched.profile.supervision.snmp
        most = _OIDS_AT_ONCE if snmp is None else min(snmp.most_oids, 24)
        questioner = Questioner(self._client, agent, most)
        looks: list[Look] = []
        if watched.enrolment is None:
            agent.missing.clear()
            enrolment = await enrol(
                questioner, watched.profile, self._profiles,
                address=agent.address, outputs=len(watched.amplifier.outputs),
            )  # fmt: skip
            looks += watched.enrolled(enrolment, self._health)
        is_urgent = self._is_warned(watched.id)
        # A suspicion may be about what is not asked for every 2 s.
        is_calm = self._health.next_look(watched.id, loop.time()) is None
        values = await questioner.fetch(
            watched.oids(loop.time(), is_urgent=is_urgent and is_calm and not watched.was_kicked)
        )
        watched.was_kicked = False
        looks += watched.answered(
            values, loop.time(), self._sent_to(watched.id), self._health, is_urgent=is_urgent
        )
        return looks

    async def _missed(
        self,
        watched: WatchedAmplifier,
        place: tuple[str, tuple[int, ...]],
        agent: Agent,
        error: SnmpError,
    ) -> list[Look]:
        """The agent did not answer, or refused: is it another one, or is the device gone?"""
        why = str(error)
        if isinstance(error, RefusedError):
            # The agent is there; its engine may be another, as after an exchange or a reset.
            if agent.credentials.version == "v3" and watched.misses % 3 == 0:
                why += await self._other_engine(watched, agent)
            return watched.missed(why, is_reachable=True)
        is_there = await self._reachable(*place)
        # Only once the fault is raised: it would be shown seconds later.
        if agent.credentials.version == "v3" and watched.misses % 6 == _ENGINE_ASKED:
            why += await self._other_engine(watched, agent)
        return watched.missed(why, is_reachable=is_there)

    async def _other_engine(self, watched: WatchedAmplifier, agent: Agent) -> str:
        before = agent.engine_id
        try:
            now = await self._client.learn_engine_id(agent)
        except NoAnswerError:
            return ""
        if not before or now == before:
            return ""
        self.tally.rediscovered += 1
        watched.engine_changed = True
        log.warning("%s: another SNMP engine answers: %s instead of %s", watched.id, now, before)
        return f"; another engine answers ({now[-12:]})"

    def _take(self, watched: WatchedAmplifier, looks: list[Look], now: float) -> None:
        self._health.look(looks, now, datetime.now(UTC))
        self._polled(watched.id)
