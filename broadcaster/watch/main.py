"""The watch's process: `python -m broadcaster.watch.main`, started by the supervisor.

Polling stalls an event loop for up to a tenth of a second, so it has a process of its own; no door
and no engine feels it, and a warning never waits for it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from broadcaster.engine.libc import die_with_parent
from broadcaster.engine.shared_block import SharedBlock, SharedBlockError
from broadcaster.link import LinkError
from broadcaster.log import set_up
from broadcaster.run_directory import RunDirectory, StateDirectory
from broadcaster.site_in_force import site_in_force
from broadcaster.site_reader import read_profiles, read_site
from broadcaster.watch.access import Access, AccessError, parse_access
from broadcaster.watch.app import Watch
from broadcaster.watch.memory import Memory
from firmware_profiles.profile import Profile
from zones.media_time import MediaClock
from zones.site import ProfileId, Site
from zones.sitefile import SiteError

log = logging.getLogger(__name__)

ACCESS_FILE = "watch.yaml"


FOLLOW_EVERY = 1.0
"""Seconds between two looks at the site in force and the file of access."""

_FILE_AWAITED = 0.2


def main(arguments: list[str] | None = None) -> int:
    """Watch until SIGTERM; exit status 0, or 2 when it cannot begin."""
    options = _parser().parse_args(arguments)
    set_up("watch")
    if options.parent:
        die_with_parent(options.parent)
    try:
        while _watched(options):
            log.info("the site or the file of access is another one: beginning anew")
    except SiteError as error:
        log.error("%s", error.rendered())
        return 2
    except (AccessError, LinkError, OSError) as error:
        log.error("%s", error)
        return 2
    return 0


def _watched(options: argparse.Namespace) -> bool:
    """Watch one site; True when another one is to be watched, False at SIGTERM.

    Raises:
        SiteError, AccessError, LinkError, OSError: it cannot be watched.
    """
    run, state = RunDirectory(options.run), StateDirectory(options.state)
    config = site_in_force(run, options.config, options.parent).config
    path = options.access or config.parent / ACCESS_FILE
    while options.access is not None and not path.exists():
        time.sleep(_FILE_AWAITED)  # virtual amplifiers say where they are once they are
    files = (config, path)
    seen = _stamps(files)
    site = read_site(config)
    profiles = read_profiles(config.parent)
    access = read_access(path, site)
    memory = Memory(state.path)
    memory.read()

    def is_other() -> bool:
        now = site_in_force(run, options.config, options.parent).config
        return now != config or _stamps(files) != seen

    return asyncio.run(_until_stopped(site, profiles, access, run, memory, _clock(run), is_other))


def _stamps(files: tuple[Path, ...]) -> list[tuple[int, int] | None]:
    """What tells that a file was written anew."""
    found: list[tuple[int, int] | None] = []
    for path in files:
        try:
            now = path.stat()
            found.append((now.st_mtime_ns, now.st_ino))
        except OSError:
            found.append(None)
    return found


def read_access(path: Path, site: Site) -> Access:
    """The access in a file; without one nothing is asked by SNMP, and reachability is watched.

    Raises:
        AccessError: it is wrong.
        OSError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        log.warning("no %s: amplifiers are not asked by SNMP, only whether they are there", path)
        return Access()
    if path.stat().st_mode & 0o077:
        log.warning("%s holds keys and other users may read it: chmod 600 %s", path, path)
    return parse_access(text, path.name, site)


def _clock(run: RunDirectory) -> MediaClock | None:
    """The media clock of this boot; None while no station runs."""
    if not run.engine.exists():
        return None
    try:
        with closing(SharedBlock(run.engine)) as block:
            return block.clock
    except SharedBlockError:
        return None


async def _until_stopped(
    site: Site,
    profiles: dict[ProfileId, Profile],
    access: Access,
    run: RunDirectory,
    memory: Memory,
    clock: MediaClock | None,
    is_other: Callable[[], bool],
) -> bool:
    """Watch until SIGTERM or SIGINT (False), or until `is_other` (True).

    Raises:
        LinkError: another watch runs in this run directory.
        OSError: the port for traps cannot be had.
    """
    loop = asyncio.get_running_loop()
    watch = Watch(site, profiles, access, run, memory, clock)
    watching = asyncio.create_task(watch.run(), name="watch")
    following = asyncio.create_task(_until_other(is_other), name="files")
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, watching.cancel)
    try:
        await asyncio.wait((watching, following), return_when=asyncio.FIRST_COMPLETED)
        is_over = not watching.done()
        watching.cancel()
        await watching
    except asyncio.CancelledError:
        return is_over
    except ExceptionGroup as group:
        refused, rest = group.split((LinkError, OSError))
        if refused is not None and rest is None:
            raise refused.exceptions[0] from None
        raise
    finally:
        following.cancel()
    return False


async def _until_other(is_other: Callable[[], bool]) -> None:
    while True:
        if await asyncio.to_thread(is_other):
            return
        await asyncio.sleep(FOLLOW_EVERY)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="broadcaster.watch.main", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="run directory")
    parser.add_argument("--state", type=Path, required=True, help="state directory")
    parser.add_argument("--config", type=Path, required=True, help="site file")
    parser.add_argument(
        "--access", type=Path, help=f"instead of {ACCESS_FILE} beside it; waited for"
    )
    parser.add_argument("--parent", type=int, default=0, help="end when this process does")
    return parser


if __name__ == "__main__":
    sys.exit(main())
