"""`broadcaster as-run`: the record of what was heard, for royalty reports."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from broadcaster.commands.schedule import station_options
from broadcaster.radio.fields import heard_tracks
from broadcaster.radio.report import table, wall_text
from broadcaster.radio.station import RadioStation


@click.group(name="as-run")
def as_run() -> None:
    """What was heard of the programme."""


@as_run.command()
@click.option("--from", "since", metavar="TIME", help="First day, or day and time.")
@click.option("--until", metavar="TIME", help="The moment before which to end.")
@click.option("--zone", "only", help="What this zone or group heard.")
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a table for a spreadsheet, in the site's wall time.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@station_options
def export(
    station: RadioStation,
    since: str | None,
    until: str | None,
    only: str | None,
    csv_file: Path | None,
    as_json: bool,
) -> None:
    """Print what was heard, in order: planned and real start, how long, where, why it ended.

    An entry without a witness says that it is not verified.
    """
    zones = None if only is None else {str(zone) for zone in station.site.zones_named([only])}
    first, end = (_moment(text, station.zone) for text in (since, until))
    heard = list(heard_tracks(station.state.path, first, end, zones))
    if csv_file is not None:
        # With a mark, so that Excel reads Korean as UTF-8.
        csv_file.write_text("\ufeff" + table(heard, station.zone), "utf-8", newline="")
        click.echo(f"{len(heard)} entries in {csv_file}")
    elif as_json:
        click.echo(json.dumps({"entries": heard}, ensure_ascii=False))
    else:
        for one in heard:
            click.echo(_line(one, station.zone))
        if not heard:
            click.echo("nothing was heard in that time; the log begins with the running station")


def _moment(text: str | None, zone: ZoneInfo) -> datetime | None:
    """A day or a time, ISO 8601; as the site's wall shows it unless it says otherwise."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f'"{text}" is no time; write 2026-11-01 or 2026-11-01T06:30'
        ) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _line(one: dict[str, Any], zone: ZoneInfo) -> str:
    names = " · ".join(n for n in (one.get("title"), one.get("artist")) if n) or one["claim"]
    where = one["zones"][0] if len(one["zones"]) == 1 else f"{len(one['zones'])} zones"
    by = f" by {', '.join(one['interrupted_by'])}" if one["interrupted_by"] else ""
    seen = "" if one["verified"] else ", not verified"
    return (
        f"{wall_text(one['began'], zone)}  {one['seconds']:.0f} s  {names}  [{where}]  "
        f"{one['ended']}{by}{seen}"
    )
