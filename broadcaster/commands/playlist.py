"""`broadcaster playlist`: fixed lists of tracks, brought in from and given out to other programs.

Rotating lists are set with `broadcaster schedule set playlists`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from broadcaster.commands.schedule import as_json_option, me, station_options, told, why_option
from broadcaster.radio.station import RadioStation
from playlists.playlist import FixedList, lists_holding, playing_time
from playlists.playlist_file import (
    Listed,
    PlaylistFileError,
    form_of,
    path_of,
    read_list,
    written_list,
)
from playlists.recording import Recording
from playlists.schedule_edit import Edit
from playlists.schedule_file import schedule_fields
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
        lists = station.schedules.schedule().playlists
        about = [
            {
                "playlist": one.id,
                "title": one.title,
                "kind": "fixed" if isinstance(one, FixedList) else "rotating",
                "seconds": round(seconds(playing_time(one, station.pool))),
            }
            for one in lists
        ]
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
        found = station.schedules.schedule().playlist(name)
        if isinstance(found, FixedList):
            tracks = [(item, station.pool.by_id.get(item)) for item in found.items]
        else:
            tracks = [(one.id, one) for one in station.pool.chosen(found.choice)]
    listed = [_track(item, recording) for item, recording in tracks]
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
        items = _items(station, name)
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
        items = _items(station, name)
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
        try:
            # Old Korean players write CP949 where others write UTF-8.
            text = repaired_korean(file.read_bytes().decode("utf-8-sig", "surrogateescape"))
            listed = read_list(text, form_of(file.suffix))
        except PlaylistFileError as error:
            raise LookupError(f"{file}: {error}") from None
        known = {one.file: one.recording.id for one in station.recordings.every()}
        found, missing = _matched(listed, file.parent, known)
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
        found = station.schedules.schedule().playlist(name)
        files = {one.recording.id: one.file for one in station.recordings.every()}
        tracks = (
            [station.pool.by_id[item] for item in found.items if item in station.pool.by_id]
            if isinstance(found, FixedList)
            else list(station.pool.chosen(found.choice))
        )
        try:
            listed = (
                Listed(files.get(one.id) or one.id, one.title, seconds(one.playing_length))
                for one in tracks
            )
            file.write_text(written_list(listed, form_of(file.suffix), found.title), "utf-8")
        except PlaylistFileError as error:
            raise LookupError(str(error)) from None
    click.echo(f"{len(tracks)} tracks in {file}")


def _matched(
    listed: tuple[Listed, ...], folder: Path, known: dict[str, str]
) -> tuple[list[str], list[str]]:
    """The recordings that a playlist file names, and what of it is not in the library."""
    found: list[str] = []
    missing: list[str] = []
    for one in listed:
        path = path_of(one.location)
        plain = None if path is None else (folder / path.replace("\\", "/")).absolute()
        name = known.get(str(plain)) or known.get(str(plain and plain.resolve()))
        if name is None:
            missing.append(one.location)
        else:
            found.append(name)
    return found, missing


def _items(station: RadioStation, name: str) -> list[str]:
    """What a fixed list holds now; nothing when it is new."""
    found = next((p for p in station.schedules.schedule().playlists if p.id == name), None)
    if found is not None and not isinstance(found, FixedList):
        raise LookupError(f'"{name}" is a rotating list: change it with broadcaster schedule set')
    return list(found.items) if found is not None else []


def _keep(station: RadioStation, name: str, items: list[str], why: str, *, as_json: bool) -> None:
    fields = schedule_fields(station.schedules.schedule()).get("playlists", {}).get(name, {})
    edit = Edit({"playlists": {name: {**fields, "items": items}}})
    version = station.schedules.change(edit, me(), why, station.names)
    length = sum(
        station.pool.by_id[item].playing_length for item in items if item in station.pool.by_id
    )
    about = {"version": version.number, "playlist": name, "tracks": len(items),
             "seconds": round(seconds(length))}  # fmt: skip
    if as_json:
        click.echo(json.dumps(about))
    else:
        click.echo(f"{name}: {len(items)} tracks, {_clock(about['seconds'])}")


def _track(item: str, recording: Recording | None) -> dict[str, Any]:
    return {
        "recording": item,
        "at_hand": recording is not None,
        "title": recording.title if recording else None,
        "artist": recording.artist if recording else None,
        "seconds": round(seconds(recording.playing_length), 1) if recording else None,
    }


def _clock(length: Any) -> str:  # noqa: ANN401 - whole seconds
    hours, rest = divmod(int(length), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
