"""The virtual amplifiers' process: `python -m broadcaster.simulator.amplifiers`.

It plays every amplifier of a site: joins the groups of the zones its outputs serve, keeps a jitter
buffer, and tells control what has arrived. It knows nothing of the plan.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from broadcaster.engine.libc import die_with_parent
from broadcaster.engine.shared_block import SharedBlock, SharedBlockError
from broadcaster.link import CommandRefusedError, LinkError, LinkServer, Message
from broadcaster.log import set_up
from broadcaster.run_directory import RunDirectory
from broadcaster.simulator.agents import Agents
from broadcaster.simulator.amplifier_rack import Rack, RackedAmplifier, Recorder
from broadcaster.site_in_force import site_in_force
from broadcaster.site_reader import read_profiles, read_site
from broadcaster.witness_sender import WitnessSender
from firmware_profiles.profile import Profile
from zones.media_time import RATE
from zones.site import AmplifierId, ProfileId, Site, with_interface
from zones.sitefile import SiteError

log = logging.getLogger(__name__)

TICK = 0.04
"""Seconds between two looks at the sockets; less than the shortest buffer of a shipped profile."""
INTERVAL = 0.5
"""Seconds between two reports, to control and to who follows the link, while nothing changes."""
_LONGEST_RECORDING = 600.0
_FOLLOW_EVERY = 0.5
_PATIENCE = 3.0
"""Seconds a recording may take longer than what it records."""


Found = tuple[Site, Mapping[ProfileId, Profile]]
"""A site and the profiles of its amplifiers."""


class Amplifiers:
    """The process: a rack that is ticked, a link for commands, witnesses for control."""

    def __init__(
        self,
        rack: Rack,
        run: RunDirectory,
        site_now: Callable[[], Found | None] | None = None,
        *,
        with_agents: bool = False,
    ) -> None:
        """`rack` is plugged in already; `site_now` gives another site when one was loaded.

        `with_agents` lets every amplifier answer by SNMP too.
        """
        self._site_now = site_now
        self._rack = rack
        self._server = LinkServer(run.amplifiers_socket, "amplifiers", self._handle, self._snapshot)
        self._sender = WitnessSender(run.control_socket, "amplifiers", rack.witnesses, INTERVAL)
        self._values: list[bool] = []
        self._run = run
        self._with_agents = with_agents
        self._agents: Agents | None = None

    async def run(self) -> None:
        """Play until cancelled."""
        try:
            await self._tasks()
        finally:
            if self._agents is not None:
                await self._agents.close()

    async def _tasks(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            if self._with_agents:
                tasks.create_task(self._start_agents(), name="agents")
            tasks.create_task(self._server.run(), name="link server")
            tasks.create_task(self._sender.run(), name="witnesses to control")
            tasks.create_task(self._play(), name="amplifiers")
            if self._site_now is not None:
                tasks.create_task(self._follow_site(self._site_now), name="site")

    async def _start_agents(self) -> None:
        self._agents = Agents(self._run.path)
        await self._agents.start(self._rack.amplifiers.values())

    async def _follow_site(self, site_now: Callable[[], Found | None]) -> None:
        """Connect the amplifiers anew as often as another site is put in force."""
        while True:
            await asyncio.sleep(_FOLLOW_EVERY)
            found = await asyncio.to_thread(site_now)
            if found is not None:
                self._rack.follow(*found)
                log.info("playing %d amplifiers of a new site", len(self._rack.amplifiers))

    async def _play(self) -> None:
        loop = asyncio.get_running_loop()
        start, ticks = loop.time(), 0
        published = start
        while True:
            self._rack.tick()
            if self._agents is not None:
                self._agents.follow()
            values = self._rack.values()
            if values != self._values:
                self._values = values
                self._sender.tell()
                self._server.publish()
            if loop.time() >= published + INTERVAL:
                published = loop.time()
                self._server.publish()
            ticks = max(ticks + 1, int((loop.time() - start) / TICK))
            await asyncio.sleep(start + ticks * TICK - loop.time())

    def _snapshot(self) -> Message:
        return {"amplifiers": self._rack.report()}

    # --- commands ---

    async def _handle(self, command: Message) -> Message:
        match command.get("name"):
            case "report":
                return self._snapshot()
            case "unplug":
                amplifier = self._named(command)
                amplifier.unplug()
                return {"amplifier": amplifier.id, "plugged": False}
            case "plug":
                amplifier = self._named(command)
                _plug(amplifier)
                return {"amplifier": amplifier.id, "plugged": True}
            case "break" | "mend" as act:
                return await self._spoil(act, self._named(command), command)
            case "record":
                return await self._record(self._named(command), command)
        raise CommandRefusedError(
            f"there is no command {command.get('name')!r} here; there are report, unplug, plug, "
            "record, break and mend",
            "name",
        )

    def _named(self, command: Message) -> RackedAmplifier:
        name = command.get("amplifier")
        found = self._rack.amplifiers.get(AmplifierId(str(name)))
        if found is None:
            known = ", ".join(self._rack.amplifiers)
            raise CommandRefusedError(f"no amplifier {name!r} here; there are {known}", "amplifier")
        return found

    async def _spoil(self, act: str, amplifier: RackedAmplifier, command: Message) -> Message:
        """Break something in an amplifier, or mend it; without agents nobody would tell."""
        if self._agents is None:
            raise CommandRefusedError("these amplifiers have no SNMP agents; start with --agents")
        fault, output = str(command.get("fault") or ""), command.get("output", 1)
        if not isinstance(output, int) or not 1 <= output <= len(amplifier.amplifier.outputs):
            raise CommandRefusedError(f"output: {amplifier.id} has no output {output!r}", "output")
        try:
            if act == "break":
                await self._agents.break_(str(amplifier.id), fault, output)
            else:
                self._agents.mend(str(amplifier.id), fault)
        except KeyError as error:
            raise CommandRefusedError(f"there is no {error.args[0]}", "fault") from None
        return {"amplifier": amplifier.id, "broken": self._agents.broken(str(amplifier.id))}

    async def _record(self, amplifier: RackedAmplifier, command: Message) -> Message:
        """Record, and answer when the file is whole."""
        seconds, path = _span(command), Path(str(command.get("path")))
        if not path.is_absolute():
            raise CommandRefusedError(f"the path {path} must be absolute", "path")
        is_done = asyncio.Event()
        try:
            recorder = Recorder(path, round(seconds * RATE), is_done.set)
        except OSError as error:
            raise CommandRefusedError(f"cannot write {path}: {error.strerror}", "path") from None
        amplifier.recorders.append(recorder)
        try:
            async with asyncio.timeout(seconds + _PATIENCE):
                await is_done.wait()
        except TimeoutError:
            recorder.fail("it was not playing all the time")
        finally:
            amplifier.recorders[:] = [r for r in amplifier.recorders if r is not recorder]
            recorder.close()
        if recorder.fault:
            raise CommandRefusedError(f"{path} is not whole: {recorder.fault}", "path")
        return {"amplifier": amplifier.id, "path": str(path), "seconds": seconds}


def _plug(amplifier: RackedAmplifier) -> None:
    try:
        amplifier.plug()
    except OSError as error:
        raise CommandRefusedError(f"{amplifier.id} cannot join its groups: {error}") from None


def _span(command: Message) -> float:
    seconds: Any = command.get("seconds")
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or not 0 < seconds <= _LONGEST_RECORDING:
        raise CommandRefusedError(
            f"seconds: {seconds!r} is no length between 0 and {_LONGEST_RECORDING:g} s", "seconds"
        )
    return float(seconds)


def main(arguments: list[str] | None = None) -> int:
    """Play until SIGTERM; exit status 0, or 2 when it cannot begin."""
    options = _parser().parse_args(arguments)
    set_up("amplifiers")
    if options.parent:
        die_with_parent(options.parent)
    run = RunDirectory(options.run)
    try:
        sites = _Sites(run, options.config, options.interface, options.parent)
        site, profiles = sites.read()
        clock = SharedBlock(run.engine).clock
    except SiteError as error:
        log.error("%s", error.rendered())
        return 2
    except (OSError, SharedBlockError) as error:
        log.error("%s", error)
        return 2
    if clock is None:
        log.error("the run directory has no media clock; start the supervisor")
        return 2
    rack = Rack(site, profiles, clock)
    try:
        rack.plug()
    except OSError as error:
        log.error("cannot join the groups of this site: %s", error)
        rack.unplug()
        return 2
    try:
        asyncio.run(_until_stopped(rack, run, sites, with_agents=options.agents))
    except LinkError as error:
        log.error("%s", error)
        return 2
    finally:
        rack.unplug()
    return 0


class _Sites:
    """The site in force."""

    def __init__(
        self, run: RunDirectory, config: Path, interface: str | None, supervisor: int
    ) -> None:
        self._note = partial(site_in_force, run, config, supervisor)
        self._interface = interface
        self._read = self._note()

    def read(self) -> Found:
        """The site as its file is now; raises SiteError."""
        config = self._read.config
        site = read_site(config)
        if self._interface is not None:
            site = with_interface(site, self._interface)
        return site, read_profiles(config.parent)

    def changed(self) -> Found | None:
        """The site, if one was put in force since it was read last."""
        note = self._note()
        if note == self._read:
            return None
        self._read = note
        try:
            return self.read()
        except SiteError as error:
            log.warning("the site in force cannot be read any more: %s", error)
            return None


async def _until_stopped(
    rack: Rack, run: RunDirectory, sites: _Sites, *, with_agents: bool
) -> None:
    """Play until SIGTERM or SIGINT.

    Raises:
        LinkError: another process plays the amplifiers of this run directory.
    """
    loop = asyncio.get_running_loop()
    playing = asyncio.create_task(
        Amplifiers(rack, run, sites.changed, with_agents=with_agents).run(), name="amplifiers"
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, playing.cancel)
    try:
        await playing
    except asyncio.CancelledError:
        return
    except ExceptionGroup as group:
        refused, rest = group.split(LinkError)
        if refused is not None and rest is None:
            raise LinkError(str(refused.exceptions[0])) from None
        raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="broadcaster.simulator.amplifiers", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="run directory")
    parser.add_argument("--config", type=Path, required=True, help="site file")
    parser.add_argument("--interface", help="join on this interface instead of the site's")
    parser.add_argument("--agents", action="store_true", help="answer by SNMP too")
    parser.add_argument("--parent", type=int, default=0, help="end when this process does")
    return parser


if __name__ == "__main__":
    sys.exit(main())
