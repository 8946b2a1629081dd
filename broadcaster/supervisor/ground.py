"""What a controller stands on: its directories, the media clock of this boot, its sockets.

Everything that can be wrong with the place is found here, before the first process is started.
"""

from __future__ import annotations

import logging
import secrets
import socket
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from broadcaster.engine.plan import Part
from broadcaster.engine.plan_file import plan_path
from broadcaster.engine.shared_block import SharedBlock, SharedBlockError
from broadcaster.engine.site_streams import SendingSocket, sockets_of
from broadcaster.kept_site import site_or_kept
from broadcaster.run_directory import (
    ProcessTable,
    RunDirectory,
    RunDirectoryError,
    StateDirectory,
    this_boot,
)
from broadcaster.site_reader import read_site
from broadcaster.supervisor.adoption import Orphan, kept_sockets, orphans
from broadcaster.supervisor.sending_sockets import open_sockets
from broadcaster.supervisor.systemd_notify import forget_descriptor, store_descriptor
from zones.media_time import RATE, MediaClock
from zones.site import Site, with_interface

log = logging.getLogger(__name__)

_WRAP_NS: Final = (1 << 32) * 1_000_000_000 // RATE
"""How long an RTP timestamp at 48 kHz takes to come round: a day."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a controller is asked to run.

    With `interface` (a name or an own address) everything is sent there, whatever the site file
    says. `output` is a directory for what the processes print; None sends it where ours goes.
    With `music`, a folder, its recordings are the programme instead of those the site file names.
    With `keep_engines` the engines go on when this controller dies, and its successor adopts them;
    and an interface that is away is waited for while another is there.
    One that `is_open` also listens to people and to events: console and doors run as well. In a
    demo the console signs in whoever sits at this machine.
    """

    config: Path
    run: RunDirectory
    state: StateDirectory
    interface: str | None = None
    with_standby: bool = True
    with_amplifiers: bool = False
    output: Path | None = None
    music: Path | None = None
    keep_engines: bool = False
    is_open: bool = False
    is_demo: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """A run directory that is held, with its clock begun and its sockets open.

    `adopted` are the engines that were there already.
    """

    site: Site
    block: SharedBlock
    clock: MediaClock
    sockets: Mapping[str, socket.socket]
    adopted: tuple[Orphan, ...] = ()


def prepare(options: Options, resources: ExitStack) -> Ground:
    """Take possession; what has to be released in the end is left in `resources`.

    Raises:
        SiteError: the site file is wrong.
        RunDirectoryError: a directory cannot be used, or another controller uses it.
        InterfaceError: an interface is missing, down or refuses.
    """
    site = _site(options)
    if options.interface is not None:
        site = with_interface(site, options.interface)
    options.run.make()
    options.state.make()
    resources.enter_context(options.run.hold())
    options.state.secret()
    block = resources.enter_context(closing(_block(options.run)))
    table = _table_before(options.run)
    adopted = orphans(options.run, table)
    sockets = _sockets(sockets_of(site), table, adopted, keep=options.keep_engines)
    for one in sockets.values():
        resources.callback(one.close)
    return Ground(site, block, _begin_boot(options.run, block), sockets, adopted)


def _site(options: Options) -> Site:
    """The site to begin with; as a service rather the last right one than none at all."""
    if not options.keep_engines:
        return read_site(options.config)
    found = site_or_kept(options.config, options.state)
    if found.fault:
        log.error("%s", found.fault)
    return found.site


def _sockets(
    wanted: tuple[SendingSocket, ...],
    table: ProcessTable | None,
    adopted: tuple[Orphan, ...],
    *,
    keep: bool,
) -> dict[str, socket.socket]:
    """The sending sockets: those of the controller before this one as far as they still exist."""
    kept, stored = kept_sockets(adopted, frozenset(one.name for one in wanted))
    before = {} if table is None else table.sources
    is_shared = keep or bool(adopted)
    sockets = open_sockets(wanted, before, kept, is_shared=is_shared, is_patient=keep)
    for name, one in kept.items():
        if sockets[name] is not one:
            one.close()
            forget_descriptor(name)
    for name, one in sockets.items():
        if keep and not (name in stored and one is kept.get(name)):
            store_descriptor(name, one.fileno())
    return sockets


def _block(run: RunDirectory) -> SharedBlock:
    try:
        return SharedBlock(run.engine)
    except SharedBlockError as error:
        raise RunDirectoryError(str(error)) from None
    except OSError as error:
        raise RunDirectoryError(f"cannot make {run.engine}: {error.strerror}") from None


def _begin_boot(run: RunDirectory, block: SharedBlock) -> MediaClock:
    """The clock of this boot; plans of an earlier boot lie on another one and are removed."""
    boot = this_boot()
    if block.clock is None or block.clock.boot != boot:
        for part in Part:
            plan_path(run.path, part).unlink(missing_ok=True)
    # RFC 3550 section 5.1: the first timestamp and sequence number are to be random.
    return block.begin_boot(MediaClock(boot, -secrets.randbelow(_WRAP_NS)))


def _table_before(run: RunDirectory) -> ProcessTable | None:
    """What the controller before this one ran, and where it sent from."""
    try:
        return ProcessTable.read(run.processes)
    except RunDirectoryError:
        return None
