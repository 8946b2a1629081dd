"""Options that many commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from broadcaster.run_directory import (
    ProcessTable,
    RunDirectory,
    RunDirectoryError,
    StateDirectory,
    this_boot,
)

_RUN = "broadcaster.run"
_Command = TypeVar("_Command", bound=Callable[..., Any])


def run_option(command: _Command) -> _Command:
    """`--run DIR`, handed over as `run: RunDirectory`."""
    return _run_option(command, is_handed_over=True)


def _run_option(command: _Command, *, is_handed_over: bool) -> _Command:
    return click.option(
        "--run",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        is_eager=True,  # the default of --state may depend on it
        expose_value=is_handed_over,
        callback=_run_directory,
        help="Run directory, where the processes meet.  "
        "[default: $XDG_RUNTIME_DIR/sorigil, else /tmp/sorigil-UID]",
    )(command)


def state_option(command: _Command) -> _Command:
    """`--state DIR`, handed over as `state: StateDirectory`."""
    return click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        callback=_state_directory,
        help="State directory, where sound and records are kept.  "
        "[default: $XDG_STATE_HOME/sorigil, else ~/.local/state/sorigil]",
    )(command)


def station_option(command: _Command) -> _Command:
    """`--run` and `--state`; only the latter is handed over, as `state: StateDirectory`."""
    return _run_option(station_state_option(command), is_handed_over=False)


def station_state_option(command: _Command) -> _Command:
    """`--state DIR`, by default that of the station that runs in `--run`, if one does.

    For a command that has `run_option` too.
    """
    return click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        callback=_state_of_station,
        help="State directory, where sound and records are kept.  "
        "[default: that of the station running in --run, else as for `broadcaster run`]",
    )(command)


def _run_directory(
    context: click.Context, option: click.Parameter, given: Path | None
) -> RunDirectory:
    run = RunDirectory.default() if given is None else RunDirectory(given)
    context.meta[_RUN] = run
    return run


def _state_directory(
    context: click.Context, option: click.Parameter, given: Path | None
) -> StateDirectory:
    return StateDirectory.default() if given is None else StateDirectory(given)


def _state_of_station(
    context: click.Context, option: click.Parameter, given: Path | None
) -> StateDirectory:
    if given is not None:
        return StateDirectory(given)
    run: RunDirectory = context.meta[_RUN]
    try:
        table = ProcessTable.read(run.processes)
    except RunDirectoryError:
        table = None
    runs = (
        table is not None
        and table.boot == this_boot()
        and Path(f"/proc/{table.supervisor}").exists()
    )
    return StateDirectory(Path(table.state)) if table and runs else StateDirectory.default()
