"""The ear's process: `python -m broadcaster.ear.main`, started by the supervisor.

It hears the loopback copy of every stream and tells control whether what was planned was *sent*. It
goes on when control is dead, and never says anything about arrival.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from contextlib import closing
from pathlib import Path

from broadcaster.ear.listener import Listener, places
from broadcaster.engine.libc import die_with_parent
from broadcaster.engine.plan import PlanError
from broadcaster.engine.shared_block import SharedBlock, SharedBlockError
from broadcaster.log import set_up
from broadcaster.run_directory import RunDirectory, StateDirectory
from broadcaster.site_reader import read_site
from broadcaster.witness_sender import WitnessSender
from zones.site import with_interface
from zones.sitefile import SiteError

log = logging.getLogger(__name__)

TICK = 0.05
"""Seconds between two looks at the sockets."""
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
        site = read_site(options.config)
        if options.interface is not None:
            site = with_interface(site, options.interface)
        block = SharedBlock(run.engine)
        clock = block.clock
        if clock is None:
            log.error("the run directory has no media clock; start the supervisor")
            return 2
        listener = Listener(list(places(site)), run.path, state.pcm, block, clock)
    except SiteError as error:
        log.error("%s", error.rendered())
        return 2
    except (OSError, SharedBlockError, PlanError) as error:
        log.error("cannot listen: %s", error)
        return 2
    with closing(listener):
        asyncio.run(_until_stopped(listener, run.control_socket))
    return 0


async def _until_stopped(listener: Listener, control: Path) -> None:
    """Listen until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    listening = asyncio.create_task(listen(listener, control), name="ear")
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, listening.cancel)
    try:
        await listening
    except asyncio.CancelledError:
        return


async def listen(listener: Listener, control: Path) -> None:
    """Hear, and report to the socket `control`, until cancelled."""
    sender = WitnessSender(control, "ear", listener.witnesses, INTERVAL)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sender.run(), name="witnesses to control")
        loop = asyncio.get_running_loop()
        start, ticks = loop.time(), 0
        while True:
            if listener.tick():
                sender.tell()
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
