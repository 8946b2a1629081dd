"""`broadcaster spares`: the spare amplifiers, and which zone each plays for a failed one."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime
from typing import Any, Final

import click

from broadcaster.link import LinkError, NobodyListensError, connect
from broadcaster.options import run_option
from broadcaster.run_directory import RunDirectory
from broadcaster.user import user_name

EXIT_NOT_ADOPTED: Final = 1
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group(invoke_without_command=True)
@run_option
@_json
@click.pass_context
def spares(context: click.Context, run: RunDirectory, as_json: bool) -> None:
    """The spare amplifiers: which rests, and which plays a zone for a failed one.

    A spare listens to a stream of its own. `take-over` lets that stream carry the sound of a zone
    too, from the next packet on; nothing else changes anywhere.
    """
    context.obj = run
    if context.invoked_subcommand is not None:
        return
    found = _asked(run, "status").get("spares", [])
    if as_json:
        click.echo(json.dumps({"spares": found}, ensure_ascii=False))
    elif not found:
        click.echo("The site file names no spare: give a stream `spare: AMPLIFIER`.")
    for one in () if as_json else found:
        _show(one)


@spares.command("take-over")
@click.argument("spare")
@click.argument("zone")
@click.option("--reason", default="", help="Why, such as: amp-05 is dead.")
@_json
@click.pass_obj
def take_over(run: RunDirectory, spare: str, zone: str, reason: str, as_json: bool) -> None:
    """Let SPARE play ZONE, too; in the place of a zone stands its failed amplifier, if you like.

    The exit status is 1 if the engine has not adopted it.
    """
    answer = _asked(run, "spare-take-over", spare=spare, zone=zone, reason=reason)
    _say(answer, f"{spare} plays {zone}", as_json=as_json)


@spares.command("give-back")
@click.argument("spare")
@click.option("--reason", default="", help="Why, such as: amp-05 was repaired.")
@_json
@click.pass_obj
def give_back(run: RunDirectory, spare: str, reason: str, as_json: bool) -> None:
    """Let SPARE rest again; the exit status is 1 if the engine has not adopted it."""
    answer = _asked(run, "spare-give-back", spare=spare, reason=reason)
    _say(answer, f"{spare} rests", as_json=as_json)


def _show(one: dict[str, Any]) -> None:
    arrived = {True: "arrived", False: "NOT ARRIVED", None: "arrival unsupervised"}[one["arrived"]]
    if one["zone"] is None:
        plays = "rests"
    else:
        since = datetime.fromisoformat(one["since"]).astimezone()
        why = f": {one['reason']}" if one["reason"] else ""
        plays = f"plays {one['zone']} since {since:%d %b %H:%M} by {one['who']}{why}"
    where = f"{one['group']}:{one['port']}"
    click.echo(f"{one['id']:12} {one['amplifier']:12} {where:22} {arrived:20} {plays}")


def _say(answer: dict[str, Any], done: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        click.echo(f"{done}." if answer["adopted"] else f"{done}, once the engine adopts it.")
    sys.exit(0 if answer["adopted"] else EXIT_NOT_ADOPTED)


def _asked(run: RunDirectory, name: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    """Control's answer; raises CommandRefusedError or LinkError, each with a sentence."""

    async def asked() -> dict[str, Any]:
        async with connect(run.control_socket, "command line") as link:
            return await link.command(name, who=user_name(), **fields)

    try:
        return asyncio.run(asked())
    except NobodyListensError:
        raise LinkError(
            f"no control runs in {run.path}: start a station with `broadcaster run`, or name its "
            "run directory with --run"
        ) from None
