"""The command `run`: a controller, until it is told to stop."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from broadcaster.log import set_up
from broadcaster.options import run_option, state_option
from broadcaster.run_directory import RunDirectory, StateDirectory
from broadcaster.supervisor.ground import Options
from broadcaster.supervisor.supervisor import Supervisor


@click.command()
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("config.yaml"),
    show_default=True,
    metavar="FILE",
    help="The site file.",
)
@run_option
@state_option
@click.option(
    "--interface",
    metavar="NAME",
    help="Send everything by this interface (its name or an own address) instead of the site "
    "file's; 127.0.0.1 keeps the sound on this machine.",
)
@click.option(
    "--keep-engines",
    is_flag=True,
    help="Let the engines speak on when this process dies; the next `run` adopts them. For use "
    "under a service manager that starts it again.",
)
def run(
    config: Path,
    run: RunDirectory,
    state: StateDirectory,
    interface: str | None,
    *,
    keep_engines: bool,
) -> None:
    """Put a site on air and keep it there.

    Reads the site file once, opens the sockets, starts the engine, control and the ear, and starts
    again whatever ends. Ctrl-C or SIGTERM stops everything, the engine last; a second one at once.
    With --keep-engines, SIGHUP stops everything but the engines.
    """
    set_up("supervisor")
    options = Options(config, run, state, interface, keep_engines=keep_engines, is_open=True)
    supervisor = Supervisor(options)
    asyncio.run(supervisor.run())
