"""The console's process: `python -m broadcaster.console.main`, started by the supervisor.

It serves pages and API, and goes on when control is dead: then every page says so.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import json
import logging
import signal
import socket
import ssl
import sys
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Final

from broadcaster.console.app import application, serving
from broadcaster.console.certificates import CertificateError, TlsPlace, load, server_context
from broadcaster.console.pages import Pages
from broadcaster.console.people_database import PeopleError
from broadcaster.console.sign_on import SignOn
from broadcaster.console.station import Reach, Station, new_station
from broadcaster.engine.libc import die_with_parent
from broadcaster.interfaces import interfaces
from broadcaster.kept_site import site_or_kept
from broadcaster.log import set_up
from broadcaster.radio.uploads import remove_drafts
from broadcaster.run_directory import RunDirectory, StateDirectory, write_whole
from zones.console_settings import DEFAULT_CONSOLE_HOST, ConsoleSettings
from zones.sitefile import SiteError

log = logging.getLogger(__name__)

ANNOUNCEMENT: Final = "console.json"
"""The file in the run directory that says where the console is."""
_RENEWAL_LOOK: Final = 30.0
"""Seconds between two looks at the certificate's files."""


class ConsoleError(Exception):
    """Settings the console cannot run with; the text says why and what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM; exit status 0, or 2 when it cannot begin."""
    options = _parser().parse_args(arguments)
    set_up("console")
    if options.parent:
        die_with_parent(options.parent)
    try:
        asyncio.run(_served(options))
    except SiteError as error:
        log.error("%s", error.rendered())
        return 2
    except (ConsoleError, PeopleError, CertificateError, OSError) as error:
        log.error("the console cannot be reached: %s", error)
        return 2
    return 0


async def _served(options: argparse.Namespace) -> None:
    run, state = RunDirectory(options.run), StateDirectory(options.state)
    read = await asyncio.to_thread(site_or_kept, options.config, state)
    settings = read.site.console
    if options.host is not None:
        settings = replace(settings, host=options.host)
    elif options.demo:
        settings = replace(settings, host=DEFAULT_CONSOLE_HOST)
    if options.port is not None:
        settings = replace(settings, port=options.port)
    is_loopback = ipaddress.ip_address(settings.host).is_loopback
    if options.demo and not is_loopback:
        raise ConsoleError("a demo signs everybody in, so it must listen at 127.0.0.1 only")
    if options.demo and _is_taken(settings.host, settings.port):
        settings = replace(settings, port=0)
    files = _certificate(settings, read.config.parent, state, is_loopback=is_loopback)
    tls = None if files is None else server_context(*files)
    station = new_station(
        title=read.site.name.en,
        state=state.path,
        run=run.path,
        control=run.control_socket,
        reach=Reach(
            names_of(settings), tls is not None, options.demo, settings.single_sign_on is not None
        ),
    )
    remove_drafts(state.path)
    app = application(station, Pages())
    if settings.single_sign_on is not None:
        secret = _secret(read.config.parent / settings.single_sign_on.secret_file)
        SignOn(station, settings.single_sign_on, secret).add_to(app)
    async with serving(app, settings.host, settings.port, tls) as (host, port):
        url = f"http{'s' if tls else ''}://{_browsed(host, settings)}:{port}"
        announcement = run.path / ANNOUNCEMENT
        following = _stoppable(_follow(station, tls, files))
        said = {"url": url, "host": host, "port": port, "tls": tls is not None}
        write_whole(announcement, json.dumps(said).encode(), durable=False)
        log.info("the console is at %s", url)
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await following
        finally:
            announcement.unlink(missing_ok=True)
            station.database.close()


def names_of(settings: ConsoleSettings) -> frozenset[str]:
    """Every name and address that browsers may call the console by."""
    names = {*settings.names, settings.host}
    address = ipaddress.ip_address(settings.host)
    if address.is_loopback or address.is_unspecified:
        names |= {"localhost", "127.0.0.1", "::1"}
    if address.is_unspecified:
        names.add(socket.gethostname().lower())
        names.update(address for each in interfaces() for address in each.addresses)
    return frozenset(names)


def _is_taken(host: str, port: int) -> bool:
    """Whether somebody listens at an address already."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError:
            return True
    return False


def _browsed(host: str, settings: ConsoleSettings) -> str:
    """What to type into a browser: a name before an address."""
    if settings.names:
        return settings.names[0]
    return socket.gethostname() if ipaddress.ip_address(host).is_unspecified else host


def _secret(path: Path) -> str:
    """The secret agreed with the provider of single sign-on."""
    try:
        if path.stat().st_mode & 0o077:
            raise ConsoleError(f"{path} can be read by others: chmod 600 {path}")
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise ConsoleError(f"the secret of single sign-on {path}: {error.strerror}") from None


def _certificate(
    settings: ConsoleSettings, site: Path, state: StateDirectory, *, is_loopback: bool
) -> tuple[Path, Path] | None:
    """The files of the certificate; None for plain HTTP, which never leaves this machine."""
    if settings.certificate and settings.key:
        return site / settings.certificate, site / settings.key
    own = TlsPlace(state.path / "tls")
    if is_loopback:
        return None
    if own.certificate.exists():
        return own.certificate, own.key
    raise ConsoleError(
        f"at {settings.host} passwords would go over the network in clear: make a certificate with "
        "`broadcaster tls init`, name one in the site file (console: certificate, key), or listen "
        "at 127.0.0.1"
    )


def _stoppable(work: Coroutine[None, None, None]) -> asyncio.Task[None]:
    """Begin work that SIGTERM or SIGINT ends; from here on neither kills the process."""
    loop = asyncio.get_running_loop()
    following = asyncio.create_task(work, name="console")
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, following.cancel)
    return following


async def _follow(
    station: Station, tls: ssl.SSLContext | None, files: tuple[Path, Path] | None
) -> None:
    """Follow control and keep pages informed."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(station.line.run(), name="line to control")
        tasks.create_task(station.live.run(), name="live state")
        if tls is not None and files is not None:
            tasks.create_task(_renew(tls, files), name="certificate")


async def _renew(tls: ssl.SSLContext, files: tuple[Path, Path]) -> None:
    """Take over a certificate that was renewed, without ending a connection."""
    known = _stamps(files)
    while True:
        await asyncio.sleep(_RENEWAL_LOOK)
        seen = _stamps(files)
        if seen == known or None in seen:
            continue
        try:
            load(tls, *files)
        except CertificateError as error:
            log.warning("the certificate before stays in use: %s", error)
        else:
            log.info("a new certificate is in use")
        known = seen


def _stamps(files: tuple[Path, Path]) -> list[int | None]:
    found: list[int | None] = []
    for path in files:
        try:
            found.append(path.stat().st_mtime_ns)
        except OSError:
            found.append(None)
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="broadcaster.console.main", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="run directory")
    parser.add_argument("--state", type=Path, required=True, help="state directory")
    parser.add_argument("--config", type=Path, required=True, help="site file")
    parser.add_argument("--host", help="listen at this address instead of the site's")
    parser.add_argument("--port", type=int, help="and at this port; 0 takes a free one")
    parser.add_argument(
        "--demo", action="store_true", help="sign in everybody who sits at this machine"
    )
    parser.add_argument("--parent", type=int, default=0, help="end when this process does")
    return parser


if __name__ == "__main__":
    sys.exit(main())
