"""Playlists as the radio staff see and exchange them: for commands and API alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from broadcaster.radio.station import RadioStation
from playlists.playlist import FixedList, Playlist, playing_time
from playlists.playlist_file import (
    Form,
    Listed,
    PlaylistFileError,
    path_of,
    read_list,
    written_list,
)
from playlists.recording import Recording
from playlists.schedule_edit import Edit
from playlists.schedule_file import schedule_fields
from zones.media_time import seconds


def playlists_fields(station: RadioStation) -> list[dict[str, Any]]:
    """Every playlist, with how long it plays once through, in seconds."""
    return [_about(station, one) for one in station.schedules.schedule().playlists]


def playlist_fields(station: RadioStation, name: str) -> dict[str, Any]:
    """A playlist, how it is defined, and its tracks; of a rotating one those that take turns.

    Raises:
        LookupError: there is no such playlist.
    """
    schedule = station.schedules.schedule()
    found = schedule.playlist(name)
    defined = schedule_fields(schedule)["playlists"][name]
    return {**_about(station, found), "defined": defined, "tracks": _tracks(station, found)}


def fixed_items(station: RadioStation, name: str) -> list[str]:
    """What a fixed list holds now; nothing when it is new.

    Raises:
        LookupError: it is a rotating list.
    """
    found = next((p for p in station.schedules.schedule().playlists if p.id == name), None)
    if found is not None and not isinstance(found, FixedList):
        raise LookupError(f'"{name}" is a rotating list: change it with broadcaster schedule set')
    return list(found.items) if found is not None else []


def items_edit(station: RadioStation, name: str, items: list[str]) -> Edit:
    """The edit that gives a fixed list these recordings; what else it is stays."""
    fields = schedule_fields(station.schedules.schedule()).get("playlists", {}).get(name, {})
    return Edit({"playlists": {name: {**fields, "items": items}}})


def matched(
    station: RadioStation, text: str, form: Form, folder: Path
) -> tuple[list[str], list[str]]:
    """The recordings that a playlist file in `folder` names, and what of it is not at hand.

    A file that lies elsewhere here than in the list is found by its name, if that is the only one.

    Raises:
        LookupError: the file is no playlist of that form.
    """
    try:
        listed = read_list(text, form)
    except PlaylistFileError as error:
        raise LookupError(str(error)) from None
    known = station.recordings.files()
    by_name: dict[str, set[str]] = {}
    for file, recording in known.items():
        by_name.setdefault(Path(file).name, set()).add(recording)
    found: list[str] = []
    missing: list[str] = []
    for one in listed:
        path = path_of(one.location)
        plain = None if path is None else (folder / path.replace("\\", "/")).absolute()
        name = known.get(str(plain)) or known.get(str(plain and plain.resolve()))
        alike = by_name.get(plain.name, set()) if plain is not None else set()
        if name is None and len(alike) == 1:
            (name,) = alike
        if name is None:
            missing.append(one.location)
        else:
            found.append(name)
    return found, missing


def list_text(station: RadioStation, name: str, form: Form) -> tuple[str, int]:
    """A playlist as a file of that form, and how many tracks are in it.

    Raises:
        LookupError: there is no such playlist, or the form cannot hold it.
    """
    found = station.schedules.schedule().playlist(name)
    files = {one.recording.id: one.file for one in station.recordings.every()}
    tracks = _recordings(station, found)
    try:
        listed = (
            Listed(files.get(one.id) or one.id, one.title, seconds(one.playing_length))
            for one in tracks
        )
        return written_list(listed, form, found.title), len(tracks)
    except PlaylistFileError as error:
        raise LookupError(str(error)) from None


def _about(station: RadioStation, one: Playlist) -> dict[str, Any]:
    return {
        "playlist": one.id,
        "title": one.title,
        "kind": "fixed" if isinstance(one, FixedList) else "rotating",
        "seconds": round(seconds(playing_time(one, station.pool))),
    }


def _recordings(station: RadioStation, found: Playlist) -> list[Recording]:
    if isinstance(found, FixedList):
        known = station.pool.by_id
        return [known[item] for item in found.items if item in known]
    return list(station.pool.chosen(found.choice))


def _tracks(station: RadioStation, found: Playlist) -> list[dict[str, Any]]:
    if isinstance(found, FixedList):
        return [_track(item, station.pool.by_id.get(item)) for item in found.items]
    return [_track(one.id, one) for one in station.pool.chosen(found.choice)]


def _track(item: str, recording: Recording | None) -> dict[str, Any]:
    return {
        "recording": item,
        "at_hand": recording is not None,
        "title": recording.title if recording else None,
        "artist": recording.artist if recording else None,
        "seconds": round(seconds(recording.playing_length), 1) if recording else None,
    }
