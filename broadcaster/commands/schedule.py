"""`broadcaster schedule`: what plays when, what will really play, and who changed what.

These commands work on the state directory, whether the station runs or not; one that runs takes a
change up within a second.
"""

from __future__ import annotations

import datetime as dt
import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
import yaml

from broadcaster.ingest.errors import IngestError
from broadcaster.options import run_option, station_state_option
from broadcaster.radio.calendars import calendar_edit, week_text
from broadcaster.radio.fields import preview_fields, version_fields
from broadcaster.radio.recordings import RecordingsError
from broadcaster.radio.schedule_store import Refused, said
from broadcaster.radio.station import RadioStation, radio_station
from broadcaster.run_directory import RunDirectory, StateDirectory
from playlists.preview import Preview
from playlists.schedule_edit import SECTIONS, Edit
from playlists.schedule_file import parse_schedule, schedule_fields, schedule_text

EXIT_PROBLEMS = 1
EXIT_REFUSED = 2
_Command = TypeVar("_Command", bound=Callable[..., Any])
_section = click.argument("section", type=click.Choice(SECTIONS))
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
why_option = click.option("--why", default="", help="Why; kept with the version.")


def station_options(command: _Command) -> _Command:
    """`--run`, `--state` and `--config`, handed over as one `station: RadioStation`."""

    def opened(
        run: RunDirectory,
        state: StateDirectory,
        config: Path | None,
        **more: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401 - whatever the command returns
        return command(station=radio_station(run, state, config), **more)

    opened.__name__, opened.__doc__ = command.__name__, command.__doc__
    if hasattr(command, "__click_params__"):
        opened.__click_params__ = command.__click_params__  # type: ignore[attr-defined]
    config_option = click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Site file.  [default: the running station's, else config.yaml here]",
    )
    return run_option(station_state_option(config_option(opened)))  # type: ignore[return-value]


def me() -> str:
    """Who gives the command, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        return f"user {os.getuid()}"


@contextmanager
def told(*, as_json: bool) -> Iterator[None]:
    """Say why something is refused, and end with status 2."""
    try:
        yield
    except (*Refused, RecordingsError, IngestError, LookupError) as error:
        text = str(error.args[0]) if isinstance(error, KeyError) else said(error)
        if as_json:
            click.echo(json.dumps({"error": text}, ensure_ascii=False))
        else:
            click.echo(text, err=True)
        sys.exit(EXIT_REFUSED)


@click.group()
def schedule() -> None:
    """What plays when, in which zones."""


@schedule.command()
@as_json_option
@station_options
def show(station: RadioStation, as_json: bool) -> None:
    """Print the schedule in force, as the file that would say the same."""
    with told(as_json=as_json):
        newest = station.schedules.newest()
        now = station.schedules.schedule()
    if as_json:
        about = None if newest is None else version_fields(newest)
        click.echo(json.dumps({"version": about, **schedule_fields(now)}, ensure_ascii=False))
        return
    if newest is None:
        click.echo("# nothing was scheduled yet: the site file's programme plays")
    else:
        click.echo(f"# version {newest.number}, {newest.at:%Y-%m-%d %H:%M} UTC, by {newest.who}")
    click.echo(schedule_text(now), nl=False)


@schedule.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json_option
@station_options
def check(station: RadioStation, file: Path, as_json: bool) -> None:
    """Say everything that is wrong in a schedule FILE, and what of a week would not play."""
    with told(as_json=as_json):
        found = parse_schedule(file.read_text(encoding="utf-8"), file.name, station.names)
        seen = station.preview(7, found)
    _print_preview(station, seen, as_json=as_json, with_tracks=False)


@schedule.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@why_option
@as_json_option
@station_options
def use(station: RadioStation, file: Path, why: str, as_json: bool) -> None:
    """Put the schedule in FILE in force, whatever was before."""
    with told(as_json=as_json):
        text = file.read_text(encoding="utf-8")
        version = station.schedules.replace(text, me(), why, station.names, file.name)
        _print_version(station, version.number, as_json=as_json)


@schedule.command(name="set")
@_section
@click.argument("name")
@click.argument("fields", nargs=-1, required=True, metavar="KEY=VALUE...")
@click.option("--base", type=int, help="The version you looked at; refused if it was changed.")
@why_option
@as_json_option
@station_options
def set_command(
    station: RadioStation,
    section: str,
    name: str,
    fields: tuple[str, ...],
    base: int | None,
    why: str,
    as_json: bool,
) -> None:
    """Set fields of an entry, a playlist, a news item or a source; make it if it is new.

    For example: schedule set entries morning zones=all playlist=calm first="2026-11-23 07:00"
    length="2 h" rule="FREQ=WEEKLY;BYDAY=MO,TU". Values are written as in the schedule file; an
    empty one takes a field away.
    """
    with told(as_json=as_json):
        present = schedule_fields(station.schedules.schedule()).get(section, {}).get(name, {})
        wanted = dict(present)
        for field in fields:
            key, is_set, value = field.partition("=")
            if not is_set:
                raise click.UsageError(f'"{field}" sets nothing: write KEY=VALUE')
            wanted[key] = _value(value)
            if value == "":
                del wanted[key]
        edit = Edit({section: {name: wanted}}, base=base)
        version = station.schedules.change(edit, me(), why, station.names)
        _print_version(station, version.number, as_json=as_json)


@schedule.command()
@_section
@click.argument("name")
@why_option
@as_json_option
@station_options
def remove(station: RadioStation, section: str, name: str, why: str, as_json: bool) -> None:
    """Take an entry, a playlist, a news item or a source off the schedule."""
    with told(as_json=as_json):
        edit = Edit(remove={section: (name,)})
        version = station.schedules.change(edit, me(), why, station.names)
        _print_version(station, version.number, as_json=as_json)


@schedule.command()
@click.option("--most", default=20, show_default=True, help="How many of the newest.")
@as_json_option
@station_options
def versions(station: RadioStation, most: int, as_json: bool) -> None:
    """List who changed what, newest first."""
    with told(as_json=as_json):
        newest = list(reversed(station.schedules.versions()))[:most]
        listed = [
            {**version_fields(one), "changes": station.schedules.changes_of(one)} for one in newest
        ]
    if as_json:
        click.echo(json.dumps({"versions": listed}, ensure_ascii=False))
        return
    for one in listed:
        why = f": {one['why']}" if one["why"] else ""
        click.echo(f"{one['version']}  {one['at']}  {one['who']}{why}")
        for change in one["changes"]:
            click.echo(f"    {change}")
    if not listed:
        click.echo("the schedule was never changed")


@schedule.command()
@click.argument("version", type=int, required=False)
@as_json_option
@station_options
def undo(station: RadioStation, version: int | None, as_json: bool) -> None:
    """Go back to VERSION, or by one; itself a new version, so that it can be undone too."""
    with told(as_json=as_json):
        made = station.schedules.undo(version, me(), station.names)
        _print_version(station, made.number, as_json=as_json)


@schedule.command(name="preview")
@click.option("--days", type=click.FloatRange(0.01, 370), default=7.0, show_default=True)
@click.option("--zone", "only", help="The tracks of this zone only.")
@as_json_option
@station_options
def preview_command(station: RadioStation, days: float, only: str | None, as_json: bool) -> None:
    """Say what will really play, and today everything that will not, with its remedy.

    It is laid out by what lays out the station's plan. The exit status is 1 if something planned
    cannot be played.
    """
    with told(as_json=as_json):
        if only is not None and only not in station.names:
            raise LookupError(f'there is no zone or group "{only}"')
        seen = station.preview(days)
    _print_preview(station, seen, as_json=as_json, only=only)


@schedule.command(name="export-calendar")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@station_options
def export_calendar(station: RadioStation, file: Path) -> None:
    """Write the entries as an iCalendar FILE for other calendars."""
    with told(as_json=False):
        text, count = week_text(station)
        file.write_text(text, "utf-8", newline="")
    click.echo(f"{count} entries in {file}")


@schedule.command(name="import-calendar")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--zones", "zones", default="all", help="Where events of other calendars play.")
@click.option("--playlist", "plays", help="What events of other calendars play.")
@why_option
@as_json_option
@station_options
def import_calendar(
    station: RadioStation, file: Path, zones: str, plays: str | None, why: str, as_json: bool
) -> None:
    """Add the events of an iCalendar FILE as entries; those of the same name are replaced."""
    with told(as_json=as_json):
        named = tuple(name.strip() for name in zones.split(","))
        try:
            edit = calendar_edit(station, file.read_text("utf-8"), named, plays)
        except (UnicodeDecodeError, LookupError) as error:
            raise LookupError(f"{file}: {error}") from None
        version = station.schedules.change(edit, me(), why or f"from {file.name}", station.names)
        _print_version(station, version.number, as_json=as_json)


def _print_preview(
    station: RadioStation,
    seen: Preview,
    *,
    as_json: bool,
    only: str | None = None,
    with_tracks: bool = True,
) -> None:
    fields = preview_fields(station, seen, only)
    if as_json:
        click.echo(json.dumps(fields, ensure_ascii=False))
    else:
        if with_tracks:
            _print_tracks(station, fields["tracks"])
        for one in fields["conflicts"]:
            click.echo(
                f"{_wall(station, one['begin'])}  {one['plays']} plays, {one['gives_way']} gives "
                f"way: {one['because']} decides"
            )
        for one in fields["findings"]:
            what = f"{one['entry']}: " if one["entry"] else ""
            click.echo(f"{_wall(station, one['begin'])}  {what}{one['reason']}; {one['remedy']}")
        minutes = fields["unplayable_zone_minutes"]
        click.echo(f"{len(fields['findings'])} findings, {minutes:g} zone-minutes not as meant")
    sys.exit(EXIT_PROBLEMS if fields["findings"] else 0)


def _print_tracks(station: RadioStation, tracks: list[dict[str, Any]]) -> None:
    day = ""
    for one in tracks:
        at = dt.datetime.fromisoformat(one["at"]).astimezone(station.zone)
        if f"{at:%Y-%m-%d %a}" != day:
            day = f"{at:%Y-%m-%d %a}"
            click.echo(day)
        names = " · ".join(name for name in (one["title"], one["artist"]) if name)
        where = f"{len(one['zones'])} zones" if len(one["zones"]) > 1 else one["zones"][0]
        click.echo(f"  {at:%H:%M:%S}  {names or '-'}  [{one['entry'] or 'folder'}, {where}]")


def _wall(station: RadioStation, utc: str) -> str:
    return f"{dt.datetime.fromisoformat(utc).astimezone(station.zone):%Y-%m-%d %H:%M}"


def _print_version(station: RadioStation, number: int, *, as_json: bool) -> None:
    version = next(one for one in station.schedules.versions() if one.number == number)
    changed = station.schedules.changes_of(version)
    if as_json:
        click.echo(json.dumps({**version_fields(version), "changes": changed}, ensure_ascii=False))
        return
    click.echo(f"version {number}")
    for change in changed:
        click.echo(f"    {change}")


def _value(text: str) -> Any:  # noqa: ANN401 - a text, a list or a table
    """A value as the schedule file has it: texts stay texts."""
    try:
        return yaml.load(text, Loader=yaml.BaseLoader) if text[:1] in "[{" else text  # noqa: S506
    except yaml.YAMLError as error:
        raise click.UsageError(f'"{text}" is neither a list nor a table: {error}') from None
