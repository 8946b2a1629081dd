"""The process of notices: `python -m broadcaster.notices.main`, started by the supervisor.

It tells boards, beacons, gates and contacts what control decided. It announces nothing itself, and
goes on telling what it knows while control is dead. A site that names nobody costs next to nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from broadcaster.engine.libc import die_with_parent
from broadcaster.kept_site import site_or_kept
from broadcaster.log import set_up
from broadcaster.run_directory import RunDirectory, StateDirectory
from broadcaster.site_in_force import SiteNote, site_in_force
from zones.notices_settings import NoticesSettings
from zones.sitefile import SiteError

log = logging.getLogger(__name__)

_LOOK_EVERY: Final = 0.4
"""Seconds between looks at whether another site was put in force."""
_MOST_THREADS: Final = 64


def main(arguments: list[str] | None = None) -> int:
    """Tell until SIGTERM; exit status 0, or 2 when the site file is wrong."""
    options = _parser().parse_args(arguments)
    set_up("notices")
    if options.parent:
        die_with_parent(options.parent)
    try:
        asyncio.run(_until_stopped(options))
    except SiteError as error:
        log.error("%s", error.rendered())
        return 2
    return 0


async def _until_stopped(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    # What blocks (mail, names, disks) has a thread of its own: one dead server holds up no other.
    loop.set_default_executor(ThreadPoolExecutor(_MOST_THREADS))
    telling = asyncio.create_task(_tell(options), name="notices")
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, telling.cancel)
    try:
        await telling
    except asyncio.CancelledError:
        return


async def _tell(options: argparse.Namespace) -> None:
    """Tell by the site in force, and by the next one when it is loaded."""
    run, state = RunDirectory(options.run), StateDirectory(options.state)
    note = site_in_force(run, options.config, options.parent)
    telling = await _started(note, run, state)
    try:
        while not telling.done():
            await asyncio.sleep(_LOOK_EVERY)
            now = site_in_force(run, options.config, options.parent)
            if now != note:
                note = now
                telling = await _replaced(telling, note, run, state)
        await telling
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


async def _nobody() -> None:
    await asyncio.Event().wait()


async def _replaced(
    before: asyncio.Task[None], note: SiteNote, run: RunDirectory, state: StateDirectory
) -> asyncio.Task[None]:
    before.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await before
    return await _started(note, run, state)


async def _started(note: SiteNote, run: RunDirectory, state: StateDirectory) -> asyncio.Task[None]:
    """Begin to tell; raises SiteError."""
    read = await asyncio.to_thread(site_or_kept, note.config, state)
    settings = read.site.notices
    if settings == NoticesSettings():
        return asyncio.create_task(_nobody(), name="nobody to tell")
    # Brings libraries that a station which tells nobody need not load.
    from broadcaster.notices.notifier import notify

    log.info("telling %s", settings)
    # Secrets lie beside the site file itself, also when its kept copy is in force.
    folder = note.config.absolute().parent
    work = notify(read.site, folder, run.control_socket, state.path)
    return asyncio.create_task(work, name="telling")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="broadcaster.notices.main", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="run directory")
    parser.add_argument("--state", type=Path, required=True, help="state directory")
    parser.add_argument("--config", type=Path, required=True, help="site file")
    parser.add_argument("--parent", type=int, default=0, help="end when this process does")
    return parser


if __name__ == "__main__":
    sys.exit(main())
