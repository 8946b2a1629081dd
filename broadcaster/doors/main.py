"""The process of the doors: `python -m broadcaster.doors.main`, started by the supervisor.

Outside bytes end here. What is authentic goes to control over the link; while control is away it
waits. Where the doors listen is written to `doors.json` in the run directory.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import resource
import signal
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path

from aiohttp import web

from broadcaster.background import go_first
from broadcaster.doors.admission import Admission
from broadcaster.doors.clock import DoorClock
from broadcaster.doors.ears import EarsDoor
from broadcaster.doors.hand_over import HandOver
from broadcaster.doors.keys import NoKeyError
from broadcaster.doors.keys_file import KeyRing, keys_path
from broadcaster.doors.nonces import Nonces
from broadcaster.doors.pictures import Pictures
from broadcaster.doors.self_tester import SelfTester, own_key
from broadcaster.doors.server import EVENTS_PATH, EventsDoor, tls
from broadcaster.engine.libc import die_with_parent
from broadcaster.kept_site import site_or_kept
from broadcaster.log import set_up
from broadcaster.picture_store import PictureError, PictureStore
from broadcaster.run_directory import RunDirectory, StateDirectory, write_whole
from zones.doors_settings import DoorsSettings
from zones.sitefile import SiteError

log = logging.getLogger(__name__)

_CLOCK_EVERY_S = 0.5


def main(arguments: list[str] | None = None) -> int:
    """Take events until SIGTERM; exit status 0, or 2 when it cannot begin."""
    options = _parser().parse_args(arguments)
    set_up("doors")
    if options.parent:
        die_with_parent(options.parent)
    _allow_many_connections()
    go_first()
    run, state = RunDirectory(options.run), StateDirectory(options.state)
    try:
        read = site_or_kept(options.config, state)
        settings = read.site.doors
        if options.port is not None:
            settings = DoorsSettings(settings.host, options.port, *_tls_files(settings))
        is_tested = read.site.self_test is not None
        # What reports to a demo goes by this machine's clock, whoever keeps it.
        clock = DoorClock(synchronised=lambda: True) if options.demo else DoorClock()
        serving = partial(serve, clock=clock, tests_itself=is_tested)
        asyncio.run(_until_stopped(serving(settings, read.config.parent, run, state)))
    except SiteError as error:
        log.error("%s", error.rendered())
        return 2
    except (OSError, NoKeyError, PictureError) as error:
        log.error("the doors cannot open: %s", error)
        return 2
    return 0


def _allow_many_connections() -> None:
    """Take as many open files as the system grants: who only connects must keep nobody out."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _tls_files(settings: DoorsSettings) -> tuple[str | None, str | None, str | None]:
    return settings.certificate, settings.key, settings.clients


async def _until_stopped(doors: Coroutine[None, None, None]) -> None:
    loop = asyncio.get_running_loop()
    serving = asyncio.create_task(doors, name="doors")
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, serving.cancel)
    try:
        await serving
    except asyncio.CancelledError:
        return


async def serve(
    settings: DoorsSettings,
    folder: Path,
    run: RunDirectory,
    state: StateDirectory,
    *,
    clock: DoorClock | None = None,
    tests_itself: bool = False,
) -> None:
    """Keep the doors open until cancelled; files of the settings are relative to `folder`.

    One that `tests_itself` sends a hidden test event to itself every hour.

    Raises:
        OSError, NoKeyError, PictureError: they cannot open.
    """
    clock = clock or DoorClock()
    key = own_key()
    ring = KeyRing(keys_path(state), key)
    hand_over = HandOver(run.control_socket, doubt=clock.doubt)
    pictures = Pictures(PictureStore(state))
    nonces = Nonces(state.path / "nonces", clock.now())
    admission = Admission(ring, nonces, clock)
    ears = EarsDoor(admission, run.ear_socket)
    door = EventsDoor(admission, clock, hand_over, pictures, ears=ears)
    runner = web.AppRunner(door.application(), access_log=None, handle_signals=False)
    await runner.setup()
    try:
        url = await _listen(runner, settings, folder)
        where = run.path / "doors.json"
        fields = {"url": url + EVENTS_PATH, "pid": os.getpid()}
        write_whole(where, json.dumps(fields).encode(), durable=False)
        log.info("events are taken at %s", url + EVENTS_PATH)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hand_over.run(), name="hand-over")
            tasks.create_task(pictures.run(), name="pictures")
            if tests_itself:
                tester = SelfTester(url + EVENTS_PATH, key)
                tasks.create_task(tester.run(), name="self-test")
            tasks.create_task(_watch(clock.doubt, "clock"), name="clock")
            tasks.create_task(_watch(lambda: ring.fault, "keys"), name="keys")
    finally:
        await runner.cleanup()
        nonces.close()


async def _listen(runner: web.AppRunner, settings: DoorsSettings, folder: Path) -> str:
    """Listen as the settings say; the URL."""
    context = None
    if settings.certificate is not None and settings.key is not None:
        clients = str(folder / settings.clients) if settings.clients is not None else None
        certificate, key = folder / settings.certificate, folder / settings.key
        context = tls(str(certificate), str(key), clients)
    site = web.TCPSite(runner, settings.host, settings.port, ssl_context=context)
    await site.start()
    port = runner.addresses[0][1]
    return f"{'https' if context else 'http'}://{settings.host}:{port}"


async def _watch(trouble: Callable[[], str], what: str) -> None:
    """Log when something goes wrong and when it is right again."""
    before = ""
    while True:
        now = trouble()
        if bool(now) != bool(before):
            log.warning("%s: %s", what, now or "right again")
        before = now
        await asyncio.sleep(_CLOCK_EVERY_S)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="broadcaster.doors.main", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="run directory")
    parser.add_argument("--state", type=Path, required=True, help="state directory")
    parser.add_argument("--config", type=Path, required=True, help="site file")
    parser.add_argument("--port", type=int, help="listen on this port instead of the site's")
    parser.add_argument("--demo", action="store_true", help="nobody relies on this station")
    parser.add_argument("--parent", type=int, default=0, help="end when this process does")
    return parser


if __name__ == "__main__":
    sys.exit(main())
