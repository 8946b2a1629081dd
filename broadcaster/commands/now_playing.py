"""`broadcaster now-playing`: what each zone hears now and next, for people and displays."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import click

from broadcaster.commands.schedule import me
from broadcaster.link import LinkError, NobodyListensError, connect
from broadcaster.options import run_option
from broadcaster.run_directory import RunDirectory


@click.command(name="now-playing")
@click.option("--zone", "only", help="This zone only.")
@run_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def now_playing(only: str | None, run: RunDirectory, as_json: bool) -> None:
    """Say what each zone hears now and what follows, from the plan that is on the wire.

    `sent` in the JSON tells whether our ear decoded it from the network.
    """
    zones = asyncio.run(_asked(run))
    if only is not None:
        zones = [one for one in zones if one["zone"] == only]
        if not zones:
            raise click.BadParameter(f'nothing is sent to a zone "{only}"', param_hint="--zone")
    if as_json:
        click.echo(json.dumps({"zones": zones}, ensure_ascii=False))
        return
    for one in zones:
        names = _names(one)
        following = one.get("next")
        more = f"  then {_names(following)}" if following else ""
        unseen = "" if one["sent"] else "  (not verified)"
        click.echo(f"{one['zone']}  {one['kind']}  {names}{more}{unseen}")


def _names(one: dict[str, Any]) -> str:
    return " · ".join(name for name in (one["title"], one.get("artist")) if name)


async def _asked(run: RunDirectory) -> list[dict[str, Any]]:
    """Control's answer; raises LinkError, with a sentence."""
    try:
        async with connect(run.control_socket, "command line") as link:
            answer = await link.command("now-playing", who=me())
            return list(answer["zones"])
    except NobodyListensError:
        raise LinkError(
            f"no control runs in {run.path}: start a station with `broadcaster run`, or name its "
            "run directory with --run"
        ) from None
