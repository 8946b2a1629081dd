"""The command `reload`: put a changed site file in force, without a gap on air."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any, Final

import click

from broadcaster.link import LinkError, NobodyListensError, connect
from broadcaster.options import run_option
from broadcaster.run_directory import RunDirectory

EXIT_NOT_APPLIED: Final = 1
EXIT_WRONG: Final = 2
_LIMIT: Final = 60.0
"""Seconds; a large site on a small board takes some."""


@click.command()
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Another site file from now on.  [default: the one in force]",
)
@click.option("--interrupt", is_flag=True, help="Also start streams anew that must have a gap.")
@run_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def reload(config: Path | None, interrupt: bool, run: RunDirectory, as_json: bool) -> None:
    """Let the running station take over a changed site file.

    A file with mistakes changes nothing; all of them are shown, as `check` does. Streams that stay
    the same do not notice a reload; those that would have a gap are listed, and nothing happens
    without --interrupt. The exit status is 0 when it is in force, 1 when it needs --interrupt, and
    2 when it cannot be.
    """
    path = None if config is None else str(config.absolute())
    answer = asyncio.run(_asked(run, path, interrupt=interrupt))
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        _show(answer)
    if not answer["applied"]:
        sys.exit(EXIT_WRONG if "problems" in answer else EXIT_NOT_APPLIED)


def _show(answer: dict[str, Any]) -> None:
    config = answer["config"]
    if "problems" in answer:
        click.echo(answer["rendered"], err=True)
        count = len(answer["problems"])
        problems = f"{count} problem{'s' * (count != 1)}"
        click.echo(f"{config}: {problems}; nothing was changed, what plays goes on", err=True)
        return
    for change in answer["changes"]:
        click.echo(change)
    count = len(answer["changes"])
    changes = f"{count} change{'s' * (count != 1)}"
    gaps = ", ".join(answer["interrupts"])
    if not answer["applied"]:
        click.echo(f"not taken over: these streams would start anew: {gaps}", err=True)
        click.echo("to do it all the same, say --interrupt", err=True)
    elif not answer["adopted"]:
        click.echo(f"{config}: in force, {changes}, but {answer['reason']}")
    else:
        anew = f"; started anew: {gaps}" if gaps else "; no stream was interrupted"
        click.echo(f"{config}: in force, {changes}{anew}")


async def _asked(run: RunDirectory, path: str | None, *, interrupt: bool) -> dict[str, Any]:
    try:
        async with connect(run.control_socket, "command line") as link:
            return await link.command(
                "reload", who="command line", limit=_LIMIT, config=path, interrupt=interrupt
            )
    except NobodyListensError:
        raise LinkError(
            f"no control runs in {run.path}: start a station with `broadcaster run`, or name its "
            "run directory with --run"
        ) from None
