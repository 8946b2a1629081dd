"""The commands `amplifiers`, `faults`, `sweep`, `replace`: what the watch knows, and acts on it."""

from __future__ import annotations

import asyncio
import getpass
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import click

from broadcaster.link import LinkError, NobodyListensError, connect
from broadcaster.options import run_option
from broadcaster.run_directory import RunDirectory

EXIT_FAULTS: Final = 1
_LIMIT: Final = 30.0
"""Seconds the watch may take; a sweep of a network takes some."""
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group(invoke_without_command=True)
@run_option
@_json
@click.pass_context
def amplifiers(context: click.Context, run: RunDirectory, as_json: bool) -> None:
    """Which amplifier is well, which is ill, and what nobody measures.

    *Arrived* is what the amplifier's own packet counter says of our stream. The exit status is 1
    when there is a fault.
    """
    context.obj = run
    if context.invoked_subcommand is not None:
        return
    said = _ask(run, "report")
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        _show_all(said)
    sys.exit(EXIT_FAULTS if any(fault["there"] for fault in said["faults"]) else 0)


@amplifiers.command()
@click.argument("name")
@click.argument("reading")
@click.option(
    "--days", type=float, default=7.0, show_default=True, help="How far back; 30 at most."
)
@_json
@click.pass_obj
def history(run: RunDirectory, name: str, reading: str, days: float, as_json: bool) -> None:
    """Show one READING of an amplifier over time: least, mean and greatest of every hour."""
    said = _ask(run, "history", amplifier=name, reading=reading, hours=days * 24)
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    for hour in said["hours"]:
        values = (f"{hour[key]:9.2f}" for key in ("least", "mean", "greatest"))
        click.echo(f"{_clock(hour['utc'])}  {' '.join(values)} {hour['unit']}")
    if not said["hours"]:
        click.echo("nothing is kept yet: readings are written once a minute")


@amplifiers.command()
@click.argument("name")
@_json
@click.pass_obj
def show(run: RunDirectory, name: str, as_json: bool) -> None:
    """Show all that is known of one amplifier."""
    said = _ask(run, "report", amplifier=name)
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        _show_one(said["amplifier"], said["faults"])


@amplifiers.command()
@click.argument("name")
@click.option("--hours", type=float, help="How long; 8 at most.")
@click.option("--reason", help="What is done there.")
@click.option("--end", is_flag=True, help="The work is done.")
@click.pass_obj
def maintain(
    run: RunDirectory, name: str, hours: float | None, reason: str | None, end: bool
) -> None:
    """Say that somebody works on an amplifier: its faults are shown and do not ring."""
    _needs_one(hours, reason, end=end)
    said = _ask(run, "maintenance", amplifier=name, hours=hours, reason=reason, end=end)
    if end:
        click.echo(f"{name} is in maintenance no more.")
        return
    click.echo(f"{name} is in maintenance until {_clock(said['until_utc'])}.")


@click.group(invoke_without_command=True)
@run_option
@_json
@click.pass_context
def faults(context: click.Context, run: RunDirectory, as_json: bool) -> None:
    """The faults: list them, say that you have seen one, take one off the list, put one aside.

    Without a command every fault is listed, the worst first; exit status 1 when one is there.
    """
    context.obj = run
    if context.invoked_subcommand is None:
        _list(run, as_json=as_json)


@faults.command(name="list")
@_json
@click.pass_obj
def list_(run: RunDirectory, as_json: bool) -> None:
    """List every fault, the worst first; exit status 1 when one is there."""
    _list(run, as_json=as_json)


def _list(run: RunDirectory, *, as_json: bool) -> None:
    said = _ask(run, "faults")["faults"]
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        _show_faults(said)
    sys.exit(EXIT_FAULTS if any(fault["there"] for fault in said) else 0)


@faults.command()
@click.argument("fault")
@click.pass_obj
def ack(run: RunDirectory, fault: str) -> None:
    """Say that you have seen FAULT (an id, an amplifier, or all): it rings no more."""
    said = _ask(run, "ack", fault=fault)
    click.echo(f"Acknowledged {_count(said)}.")


@faults.command()
@click.argument("fault")
@click.pass_obj
def reset(run: RunDirectory, fault: str) -> None:
    """Take FAULT off the list; possible when it is over."""
    said = _ask(run, "reset", fault=fault)
    click.echo(f"Reset {_count(said)}.")


@faults.command()
@click.argument("fault")
@click.option("--hours", type=float, help="How long; 30 days at most.")
@click.option("--reason", help="Why, such as: spare part ordered.")
@click.option("--end", is_flag=True, help="Put it aside no longer.")
@click.pass_obj
def shelve(
    run: RunDirectory, fault: str, hours: float | None, reason: str | None, end: bool
) -> None:
    """Put FAULT aside for some hours: it stays in the list and does not ring.

    While a warning plays in its zone it rings all the same.
    """
    _needs_one(hours, reason, end=end)
    said = _ask(run, "shelve", fault=fault, hours=hours, reason=reason, end=end)
    if end:
        click.echo(f"{_count(said)}: put aside no longer.")
        return
    click.echo(f"Put aside {_count(said)} until {_clock(said['until_utc'])}.")


@click.command()
@click.argument("name")
@click.option("--address", help="Where the new one is, if not where the files say.")
@run_option
def replace(name: str, address: str | None, run: RunDirectory) -> None:
    """Say that another device stands in the place of amplifier NAME.

    Its keys stay those of watch.yaml; its engine id and its firmware are learnt anew.
    """
    said = _ask(run, "replace", amplifier=name, address=address)
    click.echo(f"{name} at {said['address']} is looked at anew.")


@click.command()
@run_option
@_json
def sweep(run: RunDirectory, as_json: bool) -> None:
    """Look for devices: by mDNS and by asking every address of the networks in watch.yaml.

    Says which amplifiers were found, which are missing, which have moved, and what else is there.
    Exit status 1 when one is missing.
    """
    said = _ask(run, "sweep")
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        _show_sweep(said)
    sys.exit(EXIT_FAULTS if said["missing"] else 0)


def _needs_one(hours: float | None, reason: str | None, *, end: bool) -> None:
    """Either both of hours and reason, or an end."""
    if not end and (hours is None or not reason):
        raise click.UsageError("--hours and --reason are needed, or --end")
    if end and (hours is not None or reason):
        raise click.UsageError("--end goes without --hours and --reason")


def _ask(run: RunDirectory, name: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    """The watch's answer; raises LinkError when none runs, CommandRefusedError when it refuses."""

    async def asked() -> dict[str, Any]:
        async with connect(run.watch_socket, "command") as link:
            return await link.command(name, who=getpass.getuser(), limit=_LIMIT, **fields)

    try:
        return asyncio.run(asked())
    except NobodyListensError:
        raise LinkError(
            f"no watch runs in {run.path}; `broadcaster run` and `broadcaster demo` start one"
        ) from None


def _show_all(said: Mapping[str, Any]) -> None:
    ill: dict[str, list[str]] = {}
    for fault in said["faults"]:
        if fault["there"] and fault["cause"] is None:
            ill.setdefault(fault["subject"], []).append(fault["kind"])
    for one in said["amplifiers"]:
        arrived = {True: "arrived", False: "NOT ARRIVED", None: "arrival unsupervised"}
        wrong = ", ".join(ill.pop(one["id"], ())) or (
            "no fault" if one["answered_s"] is not None else "nothing known yet"
        )
        age = one["answered_s"]
        heard = "never answered" if age is None else f"{age:.0f} s ago"
        dark = f", {len(one['unsupervised'])} unsupervised" if one["unsupervised"] else ""
        where = f"{one['id']:12} {one['address']:15}"
        click.echo(f"{where} {arrived[one['arrived']]:20} {heard:15} {wrong}{dark}")
    for subject, kinds in ill.items():
        click.echo(f"{subject:12} {', '.join(kinds)}")
    polls = said["polls"]
    click.echo(
        f"{polls['answered']} polls answered, {polls['missed']} not, {polls['refused']} refused"
    )


def _show_one(one: Mapping[str, Any], found: list[dict[str, Any]]) -> None:
    click.echo(f"{one['id']} ({one['name']['en']}) at {one['address']}, profile {one['profile']}")
    about = [one[key] for key in ("model", "description", "serial") if one[key]]
    click.echo(f"  is         {', '.join(about) or 'not known'}")
    click.echo(f"  firmware   {one['firmware'] or 'not told'}, restarted {one['restarts']} times")
    age = one["answered_s"]
    click.echo(f"  answered   {'never' if age is None else f'{age:g} s ago'}  {one['error']}")
    ratio = one["arrival_ratio"]
    share = "its packet counter says nothing" if ratio is None else f"{ratio:.1%} of what is sent"
    click.echo(f"  stream     {share}")
    for reading in one["readings"]:
        doubt = "" if reading["verified"] else "  (unverified: never alarms)"
        click.echo(
            f"  {reading['title']['en']:26} {reading['value'] or 'no value':16} "
            f"{reading['age_s']:5.0f} s old{doubt}"
        )
    if one["unsupervised"]:
        click.echo(f"  unsupervised: {', '.join(one['unsupervised'])}")
    for quirk in one["quirks"]:
        click.echo(f"  quirk: {quirk}")
    if found:
        _show_faults(found)


def _show_faults(found: list[dict[str, Any]]) -> None:
    if not found:
        click.echo("No faults. What is unsupervised is in `broadcaster amplifiers`.")
    for fault in found:
        if fault["cause"] is not None:
            continue
        state = fault["standing"] if fault["there"] else f"over since {_clock(fault['over_utc'])}"
        if fault["shelved"]:
            state += f", put aside until {_clock(fault['shelved']['until_utc'])}"
        if fault["maintenance"]:
            state += ", in maintenance"
        if fault["flapping"]:
            state += ", comes and goes"
        click.echo(f"{fault['severity'].upper():9} {fault['id']}  {state}")
        click.echo(f"          {fault['sentence']['en']}")
        click.echo(f"          since {_clock(fault['since_utc'])}; {fault['what_to_do']['en']}")
        if fault["children"]:
            click.echo(f"          explains {', '.join(fault['children'])}")
        if fault.get("spares") and fault["zones"]:
            click.echo(
                f"          a spare is free: broadcaster spares take-over {fault['spares'][0]} "
                f"{fault['zones'][0]}"
            )
        if fault["neighbours"]:
            click.echo(
                f"          a warning plays there; beside it: {', '.join(fault['neighbours'])}"
            )


def _show_sweep(said: Mapping[str, Any]) -> None:
    for one in said["found"]:
        moved = f", moved from {one['expected']}" if one["expected"] != one["address"] else ""
        click.echo(f"found    {one['amplifier']:12} {one['address']:15} {one['by']}{moved}")
    for name in said["missing"]:
        click.echo(f"missing  {name}")
    for one in said["unknown"]:
        click.echo(
            f"unknown  {one['address']:15} {one['description'] or one['name']} ({one['by']})"
        )
    counts = (f"{len(said[name])} {name}" for name in ("found", "missing", "unknown"))
    click.echo(", ".join(counts))


def _count(said: Mapping[str, Any]) -> str:
    names = said["faults"]
    return names[0] if len(names) == 1 else f"{len(names)} faults"


def _clock(utc: str) -> str:
    """A time on this machine's own clock."""
    return datetime.fromisoformat(utc).astimezone(UTC).astimezone().strftime("%d %b %H:%M:%S")
