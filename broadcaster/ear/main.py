"""The ear's process: `python -m broadcaster.ear.main`, started by the supervisor.

It hears the loopback copy of every stream and tells control whether what was planned was *sent*. It
goes on when control is dead. Of arrival it says nothing itself: it compares what ears on other
hosts report with what it heard, and passes on what comes of it under their names.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from contextlib import closing
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path

from broadcaster.ear.listener import Listener, places, places_of
from broadcaster.ear.remote_count import HeardStream
from broadcaster.ear.remote_verdict import RemoteEars, ReportError
from broadcaster.engine.libc import die_with_parent
from broadcaster.engine.plan import PlanError, Stream
from broadcaster.engine.shared_block import SharedBlock, SharedBlockError
from broadcaster.engine.site_streams import SELF_TEST_ZONE
from broadcaster.kept_site import site_or_kept
from broadcaster.link import CommandRefusedError, LinkServer, Message
from broadcaster.log import set_up
from broadcaster.run_directory import RunDirectory, StateDirectory
from broadcaster.witness import Witness
from broadcaster.witness_sender import WitnessSender
from zones.media_time import MediaClock
from zones.site import Site, with_interface
from zones.sitefile import SiteError

log = logging.getLogger(__name__)

TICK = 0.05
"""Seconds between two looks at the sockets."""
_FOLLOW_TICKS = 10
"""Looks at the sockets for one at the streams of the plan."""
INTERVAL = 0.25
"""Seconds between two reports while nothing changes."""


def main(arguments: list[str] | None = None) -> int:
    """Listen until SIGTERM; exit status 0, or 2 when it cannot begin."""
    options = _parser().parse_args(arguments)
    set_up("ear")
    if options.parent:
        die_with_parent(options.parent)
    run, state = RunDirectory(options.run), StateDirectory(options.state)
    try:
        site = site_or_kept(options.config, state).site
        if options.interface is not None:
            site = with_interface(site, options.interface)
        block = SharedBlock(run.engine)
        clock = block.clock
        if clock is None:
            log.error("the run directory has no media clock; start the supervisor")
            return 2
        ear = Ear(site, run, state, block, clock)
    except SiteError as error:
        log.error("%s", error.rendered())
        return 2
    except (OSError, SharedBlockError, PlanError) as error:
        log.error("cannot listen: %s", error)
        return 2
    with closing(ear):
        asyncio.run(_until_stopped(ear, run))
    return 0


class Ear:
    """A listener to the streams of the plan; to those of the site until there is a plan.

    Raises what a `Listener` does.
    """

    def __init__(
        self,
        site: Site,
        run: RunDirectory,
        state: StateDirectory,
        block: SharedBlock,
        clock: MediaClock,
    ) -> None:
        """`site` gives zones their names."""
        self._site = site
        self._clock = clock
        self.remote = RemoteEars(())
        self._new = partial(
            Listener, run=run.path, pcm=state.pcm, block=block, clock=clock, remote=self.remote
        )
        self._places = list(places(site))
        self._seen: tuple[Stream, ...] = ()
        self.listener = self._new(self._places)

    def close(self) -> None:
        """Leave every group."""
        self.listener.close()

    def witnesses(self) -> list[Witness]:
        """What this ear heard of every stream, then what the remote ones did."""
        return [*self.listener.witnesses(), *self.remote.witnesses(self.listener.now())]

    async def asked(self, command: Message) -> Message:
        """Take the report of a remote ear; raises CommandRefusedError."""
        if command.get("name") != "heard":
            raise CommandRefusedError(f"the ear does not know {command.get('name')!r}", "name")
        try:
            verdicts = self.remote.hear(
                str(command.get("ear")), command.get("streams"), self.listener.now()
            )
        except ReportError as error:
            raise CommandRefusedError(str(error), "streams") from None
        listed = [
            HeardStream(str(stream.id), leg.address, leg.port, stream.ssrc).fields()
            for stream in self.listener.planned
            for leg in stream.legs[:1]
            if stream.zone != SELF_TEST_ZONE and IPv4Address(leg.address).is_multicast
        ]
        return {"streams": listed, "verdicts": verdicts}

    def follow(self) -> Listener | None:
        """Listen to what is planned now; the listener before, to be closed, if that is other."""
        streams = self.listener.planned
        if not streams or streams == self._seen:
            return None
        self._seen = streams
        planned = places_of(streams, self._site)
        if sorted(planned, key=str) == sorted(self._places, key=str):
            return None
        try:
            before, self.listener = self.listener, self._new(planned)
        except OSError as error:
            log.warning("cannot listen to the new streams yet: %s", error)
            self._seen = ()
            return None
        log.info("listening to %d streams of a new site", len(streams))
        self._places = planned
        return before


async def _until_stopped(ear: Ear, run: RunDirectory) -> None:
    """Listen until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    listening = asyncio.create_task(listen(ear, run), name="ear")
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, listening.cancel)
    try:
        await listening
    except asyncio.CancelledError:
        return


async def listen(ear: Ear, run: RunDirectory) -> None:
    """Hear, and report to control, until cancelled."""
    sender = WitnessSender(run.control_socket, "ear", ear.witnesses, INTERVAL)
    server = LinkServer(run.ear_socket, "ear", ear.asked, dict)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.run(), name="link server")
        tasks.create_task(sender.run(), name="witnesses to control")
        loop = asyncio.get_running_loop()
        start, ticks = loop.time(), 0
        while True:
            if ear.listener.tick():
                sender.tell()
            if ticks % _FOLLOW_TICKS == 0 and (before := ear.follow()) is not None:
                # Its threads take a moment to end.
                tasks.create_task(asyncio.to_thread(before.close), name="former listener")
            ticks = max(ticks + 1, int((loop.time() - start) / TICK))
            await asyncio.sleep(start + ticks * TICK - loop.time())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="broadcaster.ear.main", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="run directory")
    parser.add_argument("--state", type=Path, required=True, help="state directory")
    parser.add_argument("--config", type=Path, required=True, help="site file")
    parser.add_argument("--interface", help="listen on this interface instead of the site's")
    parser.add_argument("--parent", type=int, default=0, help="end when this process does")
    return parser


if __name__ == "__main__":
    sys.exit(main())
