"""Options that many commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from broadcaster.run_directory import RunDirectory, StateDirectory

_Command = TypeVar("_Command", bound=Callable[..., Any])


def run_option(command: _Command) -> _Command:
    """`--run DIR`, handed over as `run: RunDirectory`."""
    return click.option(
        "--run",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
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


def _run_directory(
    context: click.Context, option: click.Parameter, given: Path | None
) -> RunDirectory:
    return RunDirectory.default() if given is None else RunDirectory(given)


def _state_directory(
    context: click.Context, option: click.Parameter, given: Path | None
) -> StateDirectory:
    return StateDirectory.default() if given is None else StateDirectory(given)
