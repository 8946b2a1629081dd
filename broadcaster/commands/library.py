"""`broadcaster library` as the radio staff use it: search, describe, edit, find doubles."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import click

from broadcaster.commands.schedule import as_json_option, station_options, told
from broadcaster.ingest.commands import library
from broadcaster.radio.fields import IN_SECONDS, recording_fields
from broadcaster.radio.recordings import Kept
from broadcaster.radio.station import RadioStation
from playlists.playlist import lists_holding
from playlists.recording import Recording
from zones.media_time import samples, seconds

__all__ = ["library"]


@library.command()
@click.argument("words", nargs=-1)
@click.option("--most", default=50, show_default=True, help="How many at most.")
@as_json_option
@station_options
def search(station: RadioStation, words: tuple[str, ...], most: int, as_json: bool) -> None:
    """Find recordings by WORDS in title, artist, album, composer, label, genre and tags."""
    with told(as_json=as_json):
        found = station.recordings.search(" ".join(words), most)
    _print(found, as_json=as_json)


@library.command()
@click.argument("recording")
@as_json_option
@station_options
def show(station: RadioStation, recording: str, as_json: bool) -> None:
    """Say everything of a RECORDING, and which playlists hold it."""
    with told(as_json=as_json):
        kept = station.recordings.one(recording)
        lists = lists_holding(station.schedules.schedule().playlists, kept.recording, station.pool)
    fields = {**recording_fields(kept), "playlists": lists}
    if as_json:
        click.echo(json.dumps(fields, ensure_ascii=False))
        return
    for name, value in fields.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        click.echo(f"{name}: {shown}")


@library.command()
@click.argument("recording")
@click.argument("fields", nargs=-1, required=True, metavar="KEY=VALUE...")
@as_json_option
@station_options
def describe(station: RadioStation, recording: str, fields: tuple[str, ...], as_json: bool) -> None:
    """Say more of a RECORDING: names, tags, rights, what it is for, cue points.

    For example: library describe 3fa2 tags="calm, autumn" rights="KOMCA 2026-118"
    valid_until=2027-03-31 role=news cue_in=0.4 segue=181.5. Cue points are in seconds. An empty
    value takes a word back.
    """
    with told(as_json=as_json):
        said = dict(_said(field) for field in fields)
        changed = station.recordings.say(recording, said)
        kept = station.recordings.one(changed.id)
    _print([kept], as_json=as_json)


@library.command()
@click.argument("recording")
@as_json_option
@station_options
def remove(station: RadioStation, recording: str, as_json: bool) -> None:
    """Take a RECORDING off the library; what plays it is told by `schedule preview`."""
    with told(as_json=as_json):
        gone = station.recordings.remove(recording)
    if as_json:
        click.echo(json.dumps({"removed": gone.id}))
    else:
        click.echo(f"{gone.id}  {gone.title}: removed")


@library.command()
@as_json_option
@station_options
def duplicates(station: RadioStation, as_json: bool) -> None:
    """List recordings of equal sound under different names."""
    with told(as_json=as_json):
        together = station.recordings.alike()
    if as_json:
        click.echo(
            json.dumps({"alike": [[recording_fields(one) for one in same] for same in together]},
                       ensure_ascii=False)
        )  # fmt: skip
        return
    for same in together:
        _print(same, as_json=False)
        click.echo("")
    click.echo(f"{len(together)} sounds are there more than once")


@library.command()
@click.argument("recording")
@click.option("--trim", metavar="FROM-TO", help="Keep these seconds, such as 1.5-30 or 12-.")
@click.option("--fade-in", type=click.FloatRange(0), default=0.0, help="Seconds.")
@click.option("--fade-out", type=click.FloatRange(0), default=0.0, help="Seconds.")
@click.option("--gain", "gain_db", type=click.FloatRange(-60, 20), default=0.0, help="dB.")
@click.option("--join", multiple=True, metavar="RECORDING", help="Put this one after it.")
@click.option("--crossfade", type=click.FloatRange(0), default=0.0, help="Seconds over a joint.")
@click.option("--chime", is_flag=True, help="The chime before it, as before an announcement.")
@click.option("--title", default="", help="What the new recording is called.")
@as_json_option
@station_options
def edit(
    station: RadioStation,
    recording: str,
    trim: str | None,
    fade_in: float,
    fade_out: float,
    gain_db: float,
    join: tuple[str, ...],
    crossfade: float,
    chime: bool,
    title: str,
    as_json: bool,
) -> None:
    """Make a new recording of a RECORDING: trimmed, faded, joined, with the chime before it."""
    from broadcaster.ingest.pcm_store import PcmStore
    from broadcaster.ingest.sound_edit import SoundEdit, edited_recording

    with told(as_json=as_json):
        wanted = SoundEdit(
            _span(trim),
            tuple(station.recordings.one(name).recording for name in join),
            *(crossfade, fade_in, fade_out, gain_db, chime, title),
        )
        source = station.recordings.one(recording)
        made = edited_recording(source.recording, wanted, PcmStore(station.state.pcm))
        station.recordings.add([("", made)])
    _print([Kept(made, "", "")], as_json=as_json)


def _span(text: str | None) -> tuple[float, float | None] | None:
    if text is None:
        return None
    begin, dash, end = text.partition("-")
    try:
        if not dash:
            raise ValueError
        return float(begin or 0), float(end) if end else None
    except ValueError:
        raise click.BadParameter(f'--trim "{text}" is none: write it like 1.5-30') from None


def _said(field: str) -> tuple[str, Any]:
    """A word about a recording: `tags=a, b` -> its key and value."""
    key, is_set, value = field.partition("=")
    if not is_set:
        raise click.UsageError(f'"{field}" says nothing: write KEY=VALUE')
    if value == "":
        return key, None
    if key == "tags":
        return key, [tag for tag in (one.strip() for one in value.split(",")) if tag]
    if key in (*IN_SECONDS, "gain_db"):
        try:
            number = float(value)
        except ValueError:
            raise click.BadParameter(f'{key}: "{value}" is no number') from None
        return key, samples(number) if key in IN_SECONDS else number
    return key, value


def _print(found: Iterable[Kept], *, as_json: bool) -> None:
    listed = list(found)
    if as_json:
        click.echo(
            json.dumps({"recordings": [recording_fields(k) for k in listed]}, ensure_ascii=False)
        )
        return
    for kept in listed:
        click.echo(_line(kept.recording))
    if not listed:
        click.echo("nothing found; bring music in with: broadcaster library import FOLDER")


def _line(one: Recording) -> str:
    minutes, rest = divmod(round(seconds(one.playing_length)), 60)
    names = " · ".join(n for n in (one.title, one.artist, one.album) if n)
    more = [f"#{tag}" for tag in one.tags]
    if one.valid_until is not None:
        more.append(f"until {one.valid_until}")
    if one.role.value != "music":
        more.append(one.role.value)
    return "  ".join((one.id, f"{minutes}:{rest:02d}", names, *more))
