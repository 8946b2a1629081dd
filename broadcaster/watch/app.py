"""The watch: polls, hears traps, judges, keeps faults, and tells control and whoever asks."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from broadcaster.link import LinkServer, Message
from broadcaster.run_directory import RunDirectory
from broadcaster.watch.access import CLIENTS, TCP_PORTS, Access
from broadcaster.watch.acts import Acts
from broadcaster.watch.control_link import ControlLink
from broadcaster.watch.fast_client import FastClient
from broadcaster.watch.fault import Fault
from broadcaster.watch.health import Health
from broadcaster.watch.memory import Memory
from broadcaster.watch.metrics import WatchMetrics
from broadcaster.watch.network_faults import network_looks
from broadcaster.watch.notified import Notification, Notified
from broadcaster.watch.place import zones_of
from broadcaster.watch.poller import Poller
from broadcaster.watch.reading_store import Readings, ReadingStore
from broadcaster.watch.sent_counts import SentCounts
from broadcaster.watch.snmp_client import Agent, SnmpClient
from broadcaster.watch.spare_proposals import heard_by
from broadcaster.watch.told import faults_told
from broadcaster.watch.trap_listener import TrapListener
from broadcaster.watch.watched import WatchedAmplifier
from broadcaster.watch.whereabouts import Whereabouts
from broadcaster.witness import Fact, Witness
from broadcaster.witness_sender import WitnessSender
from firmware_profiles.choice import traps_of
from firmware_profiles.fault_kind import FaultKind
from firmware_profiles.oid import Oid
from firmware_profiles.profile import Profile
from zones.media_time import MediaClock
from zones.site import ProfileId, Site, resting_zone

log = logging.getLogger(__name__)

WITNESS_INTERVAL: Final = 1.0
SAVE_AFTER: Final = 0.5
"""Seconds after a change until it is kept; changes in between are kept with it."""
METRICS_EVERY: Final = 2.0
READINGS_EVERY: Final = 60.0
_LOST: Final = 3
"""Misses after which an amplifier is looked for elsewhere."""


class Watch:
    """One process' worth of watching. Make it in the running event loop."""

    def __init__(
        self,
        site: Site,
        profiles: Mapping[ProfileId, Profile],
        access: Access,
        run: RunDirectory,
        memory: Memory,
        clock: MediaClock | None,
    ) -> None:
        """`memory` was read already; `clock` dates witnesses, None: none are sent."""
        self._site, self._access, self._memory = site, access, memory
        self._profiles, self._clock = profiles, clock
        self._sent_streams = (*site.streams, *(spare.stream for spare in site.spares))
        self._loop = asyncio.get_running_loop()
        self.health = Health(_switches(site, access), self._fault_changed)
        refused = self.health.take_over(memory.health, self._loop.time())
        if refused:
            log.warning("%d kept faults could not be read", refused)
        self._sent = SentCounts(run.engine, site, profiles)
        # Until the poll after the next one, and its answer.
        self._holds_s = 2 * access.period + 3
        self._client = _client(access.client)
        self.where = Whereabouts(site, access, memory, self._moved)
        self.agents = {name: self._agent(name) for name in access.amplifiers}
        self.amplifiers = {
            str(each.id): WatchedAmplifier(
                each, profiles[each.profile], str(each.id) in self.agents,
                memory.firmware.get(str(each.id), ""),
                dict(memory.volumes.get(str(each.id), {})),
            )
            for each in site.amplifiers
        }  # fmt: skip
        self.poller = Poller(
            self._client, self.health, profiles,
            period=access.period, sent_to=self._sent.sent_to, is_warned=self.is_warned,
            polled=self._polled,
        )  # fmt: skip
        self.control = ControlLink(run.control_socket, self.faults, self._zones_changed, self._seen)
        self.acts = Acts(self)
        self.server = LinkServer(run.watch_socket, "watch", self.acts.handle, self.snapshot)
        self._sender = WitnessSender(run.control_socket, "watch", self.witnesses, WITNESS_INTERVAL)
        self.traps: TrapListener | None = None
        self.notified = Notified(self.where.amplifier_at, self._about)
        self._unsaved = asyncio.Event()
        self._readings, self.reading_store = Readings(), ReadingStore(memory.folder)

    async def run(self) -> None:
        """Watch until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                start = partial(tasks.create_task)
                start(self.server.run(), name="link server")
                start(self.control.run(), name="control")
                start(self._save(), name="memory")
                start(self._keep_readings(), name="readings")
                if self._clock is not None:
                    start(self._sender.run(), name="witnesses to control")
                if self._access.traps is not None:
                    self.traps = self._trap_listener(self._access.traps)
                    start(self.traps.run(), name="traps")
                if self._access.metrics is not None:
                    start(self._serve_metrics(self._access.metrics), name="metrics")
                start(self.where.browse(), name="mdns")
                start(self.where.follow(self._is_one_lost, self._answering), name="whereabouts")
                for name, watched in self.amplifiers.items():
                    agent = self.agents.get(name)
                    address = self.where.address_of(name)
                    reach = self._access.amplifiers.get(name)
                    ports = TCP_PORTS if reach is None else reach.tcp_ports
                    start(self.poller.watch(watched, address, ports, agent), name=f"poll {name}")
        finally:
            self._client.close()
            self._sent.close()

    async def _serve_metrics(self, place: tuple[str, int]) -> None:
        metrics = WatchMetrics()
        try:
            metrics.serve(*place)
            while True:
                metrics.take(self.snapshot())
                await asyncio.sleep(METRICS_EVERY)
        except OSError as error:
            log.warning("Prometheus cannot ask at %s:%d: %s", *place, error)
        finally:
            await asyncio.to_thread(metrics.close)

    # --- who and where ---

    @property
    def site(self) -> Site:
        """The site that is watched."""
        return self._site

    @property
    def memory(self) -> Memory:
        """What is kept over a restart."""
        return self._memory

    def is_warned(self, name: str) -> bool:
        """Whether a warning plays in a zone of an amplifier, or behind a switch."""
        zones = self.control.zones
        if not zones:
            return False
        behind = self._access.switches.get(name, (name,))
        return any(
            zones.intersection(heard_by(self._site, each, self.control.taken)) for each in behind
        )

    def _agent(self, name: str) -> Agent:
        reach = self._access.amplifiers[name]
        engine_id = reach.engine_id or self._memory.engines.get(name, "")
        return Agent(self.where.address_of(name), reach.port, reach.credentials, engine_id)

    def _trap_listener(self, place: tuple[str, int]) -> TrapListener:
        users = [
            (reach.credentials, self.agents[name].engine_id)
            for name, reach in self._access.amplifiers.items()
        ]
        users += [(each, "") for each in self._access.trap_users]
        known = [self.where.address_of(name) for name in self.amplifiers]
        return TrapListener(place, users, known, self._heard)

    def _about(self, amplifier: str, trap: Oid) -> tuple[FaultKind, ...] | None:
        """What an amplifier's profile says of a trap; None when it does not know it."""
        known = traps_of(self.amplifiers[amplifier].profile, self._profiles)
        about = [each.about for each in known if each.oid == trap and each.is_verified]
        return about[-1] if about else None

    def _is_one_lost(self) -> bool:
        """Whether an amplifier that could be followed does not answer."""
        return any(
            self.amplifiers[name].misses > _LOST and self._memory.engines.get(name)
            for name in self.agents
            if name in self.amplifiers
        )

    # --- what happens ---

    def _heard(self, said: Notification) -> None:
        """A notification: it starts a look, and never sets a fault by itself."""
        now = self._loop.time()
        news = self.notified.take(said, now)
        if news is None or news[0] not in self.amplifiers:
            return
        name, about = news
        self.health.announce(name, about, now)
        self.amplifiers[name].was_kicked = True
        self.poller.kick(name)

    def _moved(self, name: str, address: str) -> None:
        """An amplifier is asked at another address from now on."""
        self.agents[name].move(address)
        if self.traps is not None:
            self.traps.gate.know(address)
        self.poller.kick(name)
        self.keep()

    def _zones_changed(self) -> None:
        self.poller.hurry()
        self.control.tell()

    def _seen(self, snapshot: Message) -> None:
        """Control has said how things stand: what it and the ear know of the network."""
        self.health.look(network_looks(snapshot), self._loop.time(), datetime.now(UTC))

    def _fault_changed(self, fault: Fault) -> None:
        if fault.is_there and fault.acknowledged is None:
            log.warning("%s: %s", fault.key.id, fault.text or "raised")
        elif not fault.is_there:
            log.info("%s is over", fault.key.id)
        self.control.tell()
        self.server.publish()
        self.keep()

    def _polled(self, name: str) -> None:
        """Keep what a poll has learnt of a device."""
        agent, watched = self.agents.get(name), self.amplifiers[name]
        utc = datetime.now(UTC).timestamp()
        for title, reading in watched.readings.items():
            if reading.number is not None and reading.at == watched.answered_at:
                self._readings.add(name, title, reading.unit, reading.number, utc)
        if agent is not None and agent.engine_id and name not in self._memory.engines:
            self._memory.engines[name] = agent.engine_id
            if self.traps is not None:
                self.traps.know(agent.credentials, agent.engine_id)
            self.keep()
        if watched.known_firmware and name not in self._memory.firmware:
            self._memory.firmware[name] = watched.known_firmware
            self.keep()
        if watched.commissioned != self._memory.volumes.get(name, {}):
            self._memory.volumes[name] = dict(watched.commissioned)
            self.keep()

    def server_time(self) -> float:
        """The time ages are told against: monotonic seconds."""
        return self._loop.time()

    def told(self) -> None:
        """Somebody dealt with something: tell and keep it."""
        self.control.tell()
        self.server.publish()
        self.keep()

    def keep(self) -> None:
        """Something that must outlive this process has changed."""
        self._unsaved.set()

    async def _save(self) -> None:
        try:
            while True:
                await self._unsaved.wait()
                await asyncio.sleep(SAVE_AFTER)
                self._unsaved.clear()
                self._memory.health = self.health.to_json()
                await asyncio.to_thread(self._memory.write, self._memory.octets())
        finally:
            self._memory.health = self.health.to_json()
            self._memory.write(self._memory.octets())

    async def _keep_readings(self) -> None:
        """Write readings down once a minute; a disk that fails is logged once."""
        is_lost = False
        while True:
            await asyncio.sleep(READINGS_EVERY)
            spans, now = self._readings.take(), datetime.now(UTC).timestamp()
            try:
                await asyncio.to_thread(self.reading_store.write, spans, now)
            except (OSError, sqlite3.Error) as error:
                if not is_lost:
                    log.error("readings cannot be kept: %s", error)
                is_lost = True
            else:
                is_lost = False

    async def take_stock(self) -> Message:
        """Look for devices, and follow who moved; raises ValueError for networks that are none."""
        return await self.where.take_stock(self._answering())

    def _answering(self) -> dict[str, str]:
        """The amplifiers that answered their last poll, with the name each gives."""
        return {
            name: "" if watched.enrolment is None else watched.enrolment.name
            for name, watched in self.amplifiers.items()
            if watched.answered_at is not None and not watched.misses
        }

    # --- what is told ---

    def faults(self) -> list[dict[str, Any]]:
        """Every fault, the worst first."""
        taken = self.control.taken
        return faults_told(self.health, self._site, datetime.now(UTC), self.is_warned, taken)

    def snapshot(self) -> Message:
        """All that is known, in one frame: without readings, which `report` gives for each."""
        now = self._loop.time()
        brief = []
        for watched in self.amplifiers.values():
            full = watched.report(self.health, now, self.where.address_of(watched.id))
            brief.append({name: full[name] for name in _BRIEF})
        return {
            "amplifiers": brief,
            "faults": self.faults(),
            "traps": self.traps_told(),
            "polls": {
                "answered": self.poller.tally.answered,
                "missed": self.poller.tally.missed,
                "refused": self.poller.tally.refused,
                "late_s": round(self.poller.tally.late_s, 3),
            },
        }

    def traps_told(self) -> dict[str, int]:
        """How many notifications came in, and what became of them."""
        if self.traps is None:
            return {}
        gate = self.traps.gate
        return {
            **self.notified.counts,
            "received": gate.received,
            "dropped": gate.dropped,
            "refused": self.traps.refused,
        }

    def witnesses(self) -> Iterator[Witness]:
        """What the devices' own counters say has arrived (SAFETY A1)."""
        if self._clock is None:
            return
        now = self._loop.time()
        for watched in self.amplifiers.values():
            arrival, at = watched.arrival, watched.arrival_at
            if at is None or arrival.ratio is None:
                continue
            sample = self._clock.sample_at(int(at * 1e9))
            zones = {*zones_of(self._site, watched.id), resting_zone(watched.id)}
            detail = {
                "ratio": round(arrival.ratio, 3),
                "age_s": round(now - at, 1),
                "witness": "ifHCInMulticastPkts",
                "fault": "" if arrival.arrived is not False else "packets do not arrive",
            }
            for stream in self._sent_streams:
                if stream.zone in zones:
                    yield Witness(
                        *(watched.id, stream.zone, stream.id, Fact.ARRIVED),
                        *(arrival.arrived, min(sample, self._clock.sample_at(int(now * 1e9)))),
                        {**detail, "holds_s": self._holds_s},
                    )


_BRIEF: Final = (
    *("id", "name", "address", "profile", "has_agent", "answered_s", "error", "firmware"),
    *("restarts", "arrived", "arrival_ratio", "unsupervised"),
)


def _client(wanted: str) -> SnmpClient | FastClient:
    """What asks the agents; pysnmp when the other is wished for and not installed."""
    if wanted == CLIENTS[0]:
        return SnmpClient()
    try:
        return FastClient()
    except ImportError:
        log.warning("no %s here: pysnmp asks; pip install 'sorigil[thousands]'", wanted)
        return SnmpClient()


def _switches(site: Site, access: Access) -> dict[str, tuple[str, ...]]:
    """The amplifiers behind each switch; of a network without a known one, all of it."""
    if access.switches:
        return dict(access.switches)
    return {
        f"network {network.id}": tuple(
            str(each.id) for each in site.amplifiers if each.network == network.id
        )
        for network in site.networks
    }
