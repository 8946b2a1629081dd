"""What control stands on: the site, and all that the plan takes from it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alerts.detection import Rules
from broadcaster.engine.plan import Datagram, Stream
from broadcaster.engine.site_sessions import announcements_of, cname_of
from broadcaster.engine.site_streams import self_test_of, spares_of, streams_of
from broadcaster.interfaces import InterfaceError
from broadcaster.own_addresses import address_by
from zones.media_time import MediaClock
from zones.site import Site
from zones.sitefile import named_files

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ground:
    """The site in force, as streams and announcements; another one comes only with a reload.

    `datagrams` announce the streams, under `cname` they report.
    """

    site: Site
    streams: tuple[Stream, ...]
    clock: MediaClock
    seed: int = 0
    datagrams: tuple[Datagram, ...] = ()
    cname: str = ""
    self_test: Stream | None = None
    """Where hidden warnings are tried; nobody plays it."""
    sent: tuple[Stream, ...] = ()
    """Everything the engine sends; always the same tuple, so that equal plans are quickly told."""
    spares: tuple[Stream, ...] = ()
    """The streams of the spare amplifiers, as they rest."""
    rules: Rules | None = None
    """By which detections become warnings; None: as before."""


def ground_of(
    site: Site,
    secret: bytes,
    clock: MediaClock,
    sources: Mapping[str, tuple[str, int]],
    version: int,
    seed: int = 0,
) -> Ground:
    """The ground a site gives.

    `sources` are what the supervisor's sockets send from, by their names; `version` is that of the
    session descriptions. Without an address on some interface nothing is announced: that a
    stream is sent does not depend on it.
    """
    streams = streams_of(site, secret, clock.boot)
    try:
        told = announcements_of(site, streams, address_by(sources), version)
    except InterfaceError as error:
        log.warning("streams are not announced: %s", error)
        told = ()
    hidden = self_test_of(site, secret, clock.boot)
    spares = spares_of(site, secret, clock.boot)
    sent = (*streams, *spares, *([] if hidden is None else [hidden]))
    return Ground(site, streams, clock, seed, told, cname_of(secret), hidden, sent, spares)


def version_of(config: Path) -> int:
    """A number that rises whenever a site file is changed, or one that it names.

    Raises:
        OSError: the site file is gone.
    """
    name = config.name
    named = named_files(config.read_text(encoding="utf-8"), name)
    files = [config, *(config.parent / other for other in named)]
    return max(int(file.stat().st_mtime) for file in files if file.exists())
