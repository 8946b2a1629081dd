"""The control process: `python -m broadcaster.control.main`, started by the supervisor.

It reads the site, finds the alerts again, adopts what the engine plays, and controls from there.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from pathlib import Path

from broadcaster.background import go_first
from broadcaster.catalogue_reader import messages_in_force
from broadcaster.control.alert_recovery import AlertNotes, found_again
from broadcaster.control.app import Control, wall_anchor
from broadcaster.control.core import Core
from broadcaster.control.detection_memory import detections_found_again
from broadcaster.control.plan_reader import adopted_plan
from broadcaster.control.site_keeper import SiteKeeper
from broadcaster.control.spares_file import read_spares
from broadcaster.control.warnings import Warnings
from broadcaster.engine.libc import die_with_parent
from broadcaster.engine.plan import Part
from broadcaster.engine.plan_file import PlanFile, plan_path
from broadcaster.engine.shared_block import SharedBlock, SharedBlockError
from broadcaster.link import LinkError
from broadcaster.log import set_up
from broadcaster.run_directory import RunDirectory, RunDirectoryError, StateDirectory
from zones.sitefile import SiteError

log = logging.getLogger(__name__)

_SWITCH_INTERVAL = 0.0002
"""Seconds the journal's thread may keep the interpreter when a decision wants it."""


def main(arguments: list[str] | None = None) -> int:
    """Control until SIGTERM; exit status 0, or 2 when it cannot begin."""
    options = _parser().parse_args(arguments)
    set_up("control")
    if options.parent:
        die_with_parent(options.parent)
    run, state = RunDirectory(options.run), StateDirectory(options.state)
    status = 0
    try:
        asyncio.run(_controlled(options, run, state))
    except* (SiteError, RunDirectoryError, SharedBlockError, LinkError, OSError) as group:
        for error in _leaves(group):
            said = error.rendered() if isinstance(error, SiteError) else error
            log.error("control cannot go on: %s", said)
        status = 2
    return status


async def _controlled(
    options: argparse.Namespace, run: RunDirectory, state: StateDirectory
) -> None:
    """Set up on what the supervisor prepared, and control until a signal."""
    messages, fault = messages_in_force(state.path)
    if fault:
        log.error("%s", fault)
    sites = SiteKeeper(
        *(run, state, options.config),
        interface=options.interface,
        music=options.music,
        supervisor=options.parent,
        seed=options.seed,
        hazards=messages.hazards,
    )
    site = sites.read()
    with contextlib.ExitStack() as resources:
        block = resources.enter_context(contextlib.closing(SharedBlock(run.engine)))
        clock = block.clock
        if clock is None:
            raise RunDirectoryError(f"{run.path} has no media clock; start the supervisor")
        files = {
            part: resources.enter_context(PlanFile(plan_path(run.path, part))) for part in Part
        }
        ground = sites.ground(site, clock)
        own = files[Part.CONTROL]
        adopted = adopted_plan(own)
        notes = AlertNotes(run)
        found = found_again(notes, state, messages)
        warnings = Warnings(found.book, site)
        anchor = wall_anchor(clock)
        detections, pictures = detections_found_again(ground, state, anchor.utc)
        spares = read_spares(state, adopted, site, anchor.utc)
        core = Core(
            *(ground, anchor, warnings, detections, adopted, own.revision),
            awaits_outline=True,
            spares=spares,
            pictures=pictures,
        )
        if adopted is not None:
            log.info("adopted plan %d with %d claims", adopted.revision, len(adopted.claims))
        there = (core, block, files, run, state, sites, notes, found.unrecorded)
        control = Control(*there, is_demo=options.demo)
        go_first()
        sys.setswitchinterval(_SWITCH_INTERVAL)
        await _until_stopped(control)


async def _until_stopped(control: Control) -> None:
    loop = asyncio.get_running_loop()
    controlling = asyncio.create_task(control.run(), name="control")
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, controlling.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await controlling


def _leaves(group: BaseExceptionGroup[Exception]) -> list[BaseException]:
    """The errors in a group, however deep."""
    found: list[BaseException] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="broadcaster.control.main", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="run directory")
    parser.add_argument("--state", type=Path, required=True, help="state directory")
    parser.add_argument("--config", type=Path, required=True, help="site file")
    parser.add_argument("--interface", help="send on this interface instead of the site's")
    parser.add_argument("--music", type=Path, help="recordings, instead of the site file's")
    parser.add_argument("--seed", type=int, default=0, help="deals the order of recordings")
    parser.add_argument("--parent", type=int, default=0, help="end when this process does")
    parser.add_argument("--demo", action="store_true", help="nobody relies on this station")
    return parser


if __name__ == "__main__":
    sys.exit(main())
