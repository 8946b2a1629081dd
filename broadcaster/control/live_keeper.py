"""Keeps the live sources that the plan names: a worker each, from a little before until after."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Iterable, Mapping

from broadcaster.background import ONE_THREAD
from broadcaster.engine.ring import STALE, MappedRing, RingError, ring_path
from broadcaster.run_directory import RunDirectory
from zones.bus import Claim
from zones.media_time import RATE, Sample
from zones.sound import Ring

log = logging.getLogger(__name__)

WORKER = "broadcaster.ingest.live_worker"
BEFORE: Sample = 20 * RATE
"""A source is opened so long before it is wanted, so that it plays from its first second."""
ANSWERED_WITHIN: Sample = 3 * RATE
"""A source may be silent for so long on air before that is a fault."""
LOOK_EVERY = 1.0
RETRY_AFTER = 5.0
"""Seconds until a worker that ended is started again."""


def wanted(claims: Iterable[Claim], now: Sample) -> frozenset[str]:
    """The rings that are on air at `now`, or soon will be."""
    return frozenset(
        claim.source.name
        for claim in claims
        if isinstance(claim.source, Ring)
        and (claim.start is None or claim.start - BEFORE <= now)
        and (claim.until is None or claim.until > now)
    )


def on_air(claims: Iterable[Claim], since: Sample) -> frozenset[str]:
    """The rings that have been on air since a time, or longer."""
    return frozenset(
        claim.source.name
        for claim in claims
        if isinstance(claim.source, Ring)
        and (claim.start is None or claim.start <= since)
        and (claim.until is None or claim.until > since)
    )


class LiveKeeper:
    """One worker for each source that is wanted."""

    def __init__(
        self,
        run: RunDirectory,
        claims: Callable[[], Iterable[Claim]],
        addresses: Callable[[], Mapping[str, str]],
        now: Callable[[], Sample],
    ) -> None:
        """`addresses` tells where the schedule's sources come from; other rings are not ours."""
        self._run = run
        self._claims = claims
        self._addresses = addresses
        self._now = now
        self._workers: dict[str, tuple[str, Process]] = {}
        self._not_before: dict[str, float] = {}
        self.faults: tuple[str, ...] = ()
        self.stale: frozenset[str] = frozenset()
        """The live sources that should be heard now and bring no sound."""

    def find(self, name: str) -> None:
        """Whether there is a live source of that name: of the schedule, or one that writes now.

        Raises:
            RingError: there is none; says which there are.
        """
        path = ring_path(self._run.path, name)
        addresses = self._addresses()
        if name not in addresses and not path.exists():
            known = ", ".join(sorted(addresses)) or "none: broadcaster schedule set sources ..."
            raise RingError(f"there is no live source {name!r}; there are {known}")

    async def run(self) -> None:
        """Keep the sources until cancelled; then end the workers."""
        try:
            while True:
                await self._look()
                await asyncio.sleep(LOOK_EVERY)
        finally:
            for _, worker in self._workers.values():
                with contextlib.suppress(ProcessLookupError):
                    worker.kill()

    async def _look(self) -> None:
        names = wanted(self._claims(), self._now())
        addresses = self._addresses()
        loop = asyncio.get_running_loop()
        for name, (address, worker) in list(self._workers.items()):
            if worker.returncode is not None:
                del self._workers[name]
                self._not_before[name] = loop.time() + RETRY_AFTER
            elif name not in names or addresses.get(name) != address:
                with contextlib.suppress(ProcessLookupError):
                    worker.kill()
                await worker.wait()
                del self._workers[name]
        faults = []
        for name in sorted(names & addresses.keys() - self._workers.keys()):
            if loop.time() < self._not_before.get(name, 0.0):
                faults.append(f"the live source {name} cannot be opened: the list below it plays")
                continue
            self._workers[name] = (addresses[name], await self._started(name, addresses[name]))
        now = self._now()
        self.stale = frozenset(
            name for name in on_air(self._claims(), now) if self._is_stale(name, now)
        )
        faults += [
            f"the live source {name} brings no sound: the list below it plays; look at {address}"
            for name, (address, _) in sorted(self._workers.items())
            if name in self.stale & on_air(self._claims(), now - ANSWERED_WITHIN)
        ]
        self.faults = tuple(faults)

    def _is_stale(self, name: str, now: Sample) -> bool:
        """Whether nothing of the source can be heard now."""
        try:
            ring = MappedRing(ring_path(self._run.path, name))
        except (OSError, RingError):
            return True
        written = ring.written_to
        ring.close()
        return now - written > STALE

    async def _started(self, name: str, address: str) -> Process:
        log.info("live source %s is opened: %s", name, address)
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", WORKER, "--run", str(self._run.path), "--name", name),
            *("--address", address, "--parent", str(os.getpid())),
            env={**os.environ, **ONE_THREAD},
            stdin=DEVNULL,
        )
