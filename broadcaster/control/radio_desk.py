"""The radio staff's commands on control's link: schedule, recordings, previews, the as-run log.

Looking and working out is done in a thread; what is changed is kept before it is answered, and
taken up by the schedule's keeper like a change from anywhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from broadcaster.control.play_order import RefusedError
from broadcaster.journal.entry import JournalError
from broadcaster.radio.fields import (
    IN_SECONDS,
    heard_tracks,
    preview_fields,
    recording_fields,
    version_fields,
)
from broadcaster.radio.recordings import RecordingsError
from broadcaster.radio.schedule_store import Refused, said
from broadcaster.radio.station import RadioStation
from playlists.schedule_edit import Edit, Version
from playlists.schedule_file import schedule_fields
from zones.media_time import samples

MOST_DAYS = 31.0
MOST_TRACKS = 2_000
"""Tracks of a preview, or entries of the log, in one answer: a frame has its limits."""
MOST_VERSIONS = 50
_Fields = Mapping[str, Any]


class RadioDesk:
    """Answers what the radio staff ask and say."""

    def __init__(self, station: Callable[[], RadioStation]) -> None:
        """`station` gives the station with the site in force."""
        self._station = station
        self._answers: dict[str, Callable[[RadioStation, _Fields], dict[str, Any]]] = {
            "schedule": _schedule,
            "schedule-edit": _edit,
            "schedule-replace": _replace,
            "schedule-undo": _undo,
            "schedule-versions": _versions,
            "schedule-preview": _preview,
            "recordings": _recordings,
            "recording-say": _say,
            "as-run": _as_run,
        }

    def knows(self, name: object) -> bool:
        """Whether a command is one of these."""
        return name in self._answers

    async def answer(self, fields: _Fields) -> dict[str, Any]:
        """The answer to a command of this desk.

        Raises:
            RefusedError: it cannot be done, with a sentence.
        """
        work = self._answers[str(fields["name"])]
        try:
            return await asyncio.to_thread(lambda: work(self._station(), fields))
        except (*Refused, RecordingsError, JournalError, LookupError) as error:
            raise RefusedError(said(error)) from None
        except (TypeError, ValueError, AttributeError) as error:
            raise RefusedError(f"this makes no sense: {error}") from None


def _schedule(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    newest = station.schedules.newest()
    about = None if newest is None else version_fields(newest)
    return {"version": about, "schedule": schedule_fields(station.schedules.schedule())}


def _edit(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    removed = {name: tuple(names) for name, names in dict(fields.get("remove") or {}).items()}
    edit = Edit(dict(fields.get("put") or {}), removed, fields.get("base"))
    return _made(station, station.schedules.change(edit, *_by(fields), station.names))


def _replace(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    text = str(fields.get("text", ""))
    return _made(station, station.schedules.replace(text, *_by(fields), station.names))


def _undo(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    who, _ = _by(fields)
    return _made(station, station.schedules.undo(fields.get("version"), who, station.names))


def _versions(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    newest = list(reversed(station.schedules.versions()))[:MOST_VERSIONS]
    return {
        "versions": [
            {**version_fields(one), "changes": list(station.schedules.changes_of(one))}
            for one in newest
        ]
    }


def _preview(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    days = min(max(float(fields.get("days", 1.0)), 0.01), MOST_DAYS)
    zone = fields.get("zone")
    found = preview_fields(station, station.preview(days), None if zone is None else str(zone))
    return {**found, "tracks": found["tracks"][:MOST_TRACKS]}


def _recordings(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    found = station.recordings.search(str(fields.get("words", "")), int(fields.get("most", 50)))
    return {"recordings": [recording_fields(one) for one in found], "all": len(station.recordings)}


def _say(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    said_of = {
        key: samples(float(value)) if key in IN_SECONDS and value is not None else value
        for key, value in dict(fields.get("said") or {}).items()
    }
    changed = station.recordings.say(str(fields.get("recording", "")), said_of)
    return {"recording": recording_fields(station.recordings.one(changed.id))}


def _as_run(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    since, until = (_moment(station, fields.get(name)) for name in ("since", "until"))
    heard = list(heard_tracks(station.state.path, since, until))
    return {"entries": heard[-MOST_TRACKS:], "all": len(heard)}


def _moment(station: RadioStation, text: object) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(str(text))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=station.zone)


def _made(station: RadioStation, version: Version) -> dict[str, Any]:
    return {**version_fields(version), "changes": list(station.schedules.changes_of(version))}


def _by(fields: _Fields) -> tuple[str, str]:
    return str(fields.get("who", "")), str(fields.get("why", ""))
