"""`broadcaster playlist`: fixed lists of tracks, brought in from and given out to other programs.

Rotating lists are set with `broadcaster schedule set playlists`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from broadcaster.commands.schedule import as_json_option, me, station_options, told, why_option
from broadcaster.radio.lists import (
    fixed_items,
    items_edit,
    list_text,
    matched,
    playlist_fields,
    playlists_fields,
)
from broadcaster.radio.station import RadioStation
from playlists.playlist import lists_holding
from playlists.playlist_file import PlaylistFileError, form_of
from zones.media_time import seconds


@click.group()
def playlist() -> None:
    """Lists of recordings."""


@playlist.command(name="list")
@as_json_option
@station_options
def list_command(station: RadioStation, as_json: bool) -> None:
    """List the playlists, with how long each plays once through."""
    with told(as_json=as_json):
        about = playlists_fields(station)
    if as_json:
        click.echo(json.dumps({"playlists": about}, ensure_ascii=False))
        return
    for one in about:
        click.echo(f"{one['playlist']}  {_clock(one['seconds'])}  {one['kind']}  {one['title']}")
    if not about:
        click.echo("no playlist yet; make one with: broadcaster playlist add NAME RECORDING...")


@playlist.command()
@click.argument("name")
@as_json_option
@station_options
def show(station: RadioStation, name: str, as_json: bool) -> None:
    """List the tracks of a playlist; of a rotating one those that take turns."""
    with told(as_json=as_json):
        listed = playlist_fields(station, name)["tracks"]
    if as_json:
        click.echo(json.dumps({"playlist": name, "tracks": listed}, ensure_ascii=False))
        return
    for one in listed:
        names = " · ".join(n for n in (one["title"], one["artist"]) if n)
        click.echo(f"{one['recording']}  {names if one['at_hand'] else 'not at hand'}")


@playlist.command()
@click.argument("name")
@click.argument("recordings", nargs=-1, required=True)
@click.option("--at", "place", type=int, help="Before this place, from 1.  [default: the end]")
@why_option
@as_json_option
@station_options
def add(
    station: RadioStation,
    name: str,
    recordings: tuple[str, ...],
    place: int | None,
    why: str,
    as_json: bool,
) -> None:
    """Add RECORDINGS to a fixed playlist; make it if it is new."""
    with told(as_json=as_json):
        items = fixed_items(station, name)
        new = [station.recordings.one(each).recording.id for each in recordings]
        at = len(items) if place is None else max(0, place - 1)
        _keep(station, name, [*items[:at], *new, *items[at:]], why, as_json=as_json)


@playlist.command()
@click.argument("name")
@click.argument("recordings", nargs=-1, required=True)
@why_option
@as_json_option
@station_options
def drop(
    station: RadioStation, name: str, recordings: tuple[str, ...], why: str, as_json: bool
) -> None:
    """Take RECORDINGS off a fixed playlist, wherever they stand in it."""
    with told(as_json=as_json):
        items = fixed_items(station, name)
        gone = tuple(recordings)
        _keep(station, name, [i for i in items if not i.startswith(gone)], why, as_json=as_json)


@playlist.command()
@click.argument("recording")
@as_json_option
@station_options
def holding(station: RadioStation, recording: str, as_json: bool) -> None:
    """Say which playlists hold a RECORDING."""
    with told(as_json=as_json):
        one = station.recordings.one(recording).recording
        lists = lists_holding(station.schedules.schedule().playlists, one, station.pool)
    if as_json:
        click.echo(json.dumps({"recording": one.id, "playlists": lists}))
    else:
        click.echo("\n".join(lists) or f"no playlist holds {one.title}")


@playlist.command(name="import")
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@why_option
@as_json_option
@station_options
def import_command(station: RadioStation, name: str, file: Path, why: str, as_json: bool) -> None:
    """Make a fixed playlist of an M3U, M3U8, PLS or XSPF FILE.

    Its files must be in the library: import them first. What is not is told and left out; the
    exit status is 1 then.
    """
    from broadcaster.ingest.tags import repaired_korean

    with told(as_json=as_json):
        # Old Korean players write CP949 where others write UTF-8.
        text = repaired_korean(file.read_bytes().decode("utf-8-sig", "surrogateescape"))
        try:
            form = form_of(file.suffix)
        except PlaylistFileError as error:
            raise LookupError(f"{file}: {error}") from None
        found, missing = matched(station, text, form, file.parent)
        _keep(station, name, found, why or f"from {file.name}", as_json=as_json)
    for location in missing:
        click.echo(f"not in the library, left out: {location}", err=True)
    raise SystemExit(1 if missing else 0)


@playlist.command(name="export")
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@station_options
def export_command(station: RadioStation, name: str, file: Path) -> None:
    """Write a playlist as an M3U, M3U8, PLS or XSPF FILE, by its suffix."""
    with told(as_json=False):
        try:
            form = form_of(file.suffix)
        except PlaylistFileError as error:
            raise LookupError(f"{file}: {error}") from None
        text, count = list_text(station, name, form)
        file.write_text(text, "utf-8")
    click.echo(f"{count} tracks in {file}")


def _keep(station: RadioStation, name: str, items: list[str], why: str, *, as_json: bool) -> None:
    version = station.schedules.change(items_edit(station, name, items), me(), why, station.names)
    length = sum(
        station.pool.by_id[item].playing_length for item in items if item in station.pool.by_id
    )
    about = {"version": version.number, "playlist": name, "tracks": len(items),
             "seconds": round(seconds(length))}  # fmt: skip
    if as_json:
        click.echo(json.dumps(about))
    else:
        click.echo(f"{name}: {len(items)} tracks, {_clock(about['seconds'])}")


def _clock(length: Any) -> str:  # noqa: ANN401 - whole seconds
    hours, rest = divmod(int(length), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
