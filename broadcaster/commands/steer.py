"""`broadcaster steer`: what the studio does with the running programme."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import click

from broadcaster.commands.schedule import me
from broadcaster.link import LinkError, NobodyListensError, connect
from broadcaster.options import run_option
from broadcaster.run_directory import RunDirectory

EXIT_NOT_ADOPTED = 1


@click.command()
@click.argument("act", type=click.Choice(["skip", "next", "hold", "take-over", "hand-back"]))
@click.option("--zones", required=True, help="Zones and groups, separated by commas, or `all`.")
@click.option("--recording", default="", help="With next: what follows the running track.")
@click.option("--source", default="", help="With take-over: the live source.")
@run_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def steer(
    act: str, zones: str, recording: str, source: str, run: RunDirectory, as_json: bool
) -> None:
    """Skip a track, play another next, hold, take over live, or hand back.

    A hold begins when the track ends, and gives the programme back by itself after ten minutes; a
    take-over lasts four hours at most. Warnings and announcements come through all of them. The
    exit status is 1 if the engine has not adopted it.
    """
    names = [name.strip() for name in zones.split(",") if name.strip()]
    answer = asyncio.run(
        _asked(run, {"act": act, "zones": names, "recording": recording, "source": source})
    )
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        click.echo(f"{act}: done" if answer["adopted"] else f"{act}: {answer['reason']}")
    sys.exit(0 if answer["adopted"] else EXIT_NOT_ADOPTED)


async def _asked(run: RunDirectory, fields: dict[str, Any]) -> dict[str, Any]:
    """Control's answer; raises CommandRefusedError or LinkError, each with a sentence."""
    try:
        async with connect(run.control_socket, "command line") as link:
            return await link.command("steer", who=me(), **fields)
    except NobodyListensError:
        raise LinkError(
            f"no control runs in {run.path}: start a station with `broadcaster run`, or name its "
            "run directory with --run"
        ) from None
