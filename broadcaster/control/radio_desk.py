"""The radio staff's commands on control's link: schedule, playlists, recordings, the as-run log.

Looking and working out is done in a thread; what is changed is kept before it is answered, and
taken up by the schedule's keeper like a change from anywhere else. A command that comes again under
the same key is answered alike and not done again.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from broadcaster.background import ONE_THREAD, SOON
from broadcaster.control.library_index import Entry
from broadcaster.control.play_order import RefusedError
from broadcaster.journal.entry import JournalError
from broadcaster.radio.calendars import calendar_edit, week_text
from broadcaster.radio.fields import (
    IN_SECONDS,
    heard_tracks,
    preview_fields,
    recording_fields,
    version_fields,
)
from broadcaster.radio.lists import list_text, matched, playlist_fields, playlists_fields
from broadcaster.radio.recordings import RecordingsError
from broadcaster.radio.schedule_store import Refused, said
from broadcaster.radio.station import RadioStation
from broadcaster.radio.uploads import place_of
from broadcaster.radio.week import week_fields
from playlists.playlist import lists_holding
from playlists.playlist_file import Form
from playlists.schedule_edit import Edit, Version
from playlists.schedule_file import parse_schedule, schedule_fields
from zones.media_time import samples

MOST_DAYS = 31.0
MOST_TRACKS = 2_000
"""Tracks in one answer: a frame has its limits."""
MOST_HEARD = 500
"""Entries of the log in one answer."""
MOST_VERSIONS = 50
MOST_UPLOADS = 1_000
MOST_REMEMBERED = 256
"""Acts whose answers are remembered, for whoever asks again."""
EDIT_LIMIT = 300.0
"""Seconds that editing a recording may take."""
_Fields = Mapping[str, Any]
Fate = Callable[[Path], Entry | None]
_ACTS = frozenset(
    {
        *("schedule-edit", "schedule-replace", "schedule-undo", "playlist-import"),
        *("calendar-import", "recording-say", "recording-remove", "recording-edit"),
    }
)


class RadioDesk:
    """Answers what the radio staff ask and say."""

    def __init__(self, station: Callable[[], RadioStation], fate: Fate) -> None:
        """`station` gives the station with the site in force, `fate` what became of a file."""
        self._station = station
        self._fate = fate
        self._done: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._answers: dict[str, Callable[[RadioStation, _Fields], dict[str, Any]]] = {
            "schedule": _schedule,
            "schedule-edit": _edit,
            "schedule-replace": _replace,
            "schedule-undo": _undo,
            "schedule-versions": _versions,
            "schedule-check": _check,
            "schedule-preview": _preview,
            "schedule-week": _week,
            "calendar": _calendar,
            "calendar-import": _calendar_import,
            "playlists": _playlists,
            "playlist": _playlist,
            "playlist-import": _playlist_import,
            "playlist-export": _playlist_export,
            "recordings": _recordings,
            "recording": _recording,
            "recording-say": _say,
            "recording-remove": _remove,
            "recording-edit": _edit_sound,
            "duplicates": _duplicates,
            "uploads": self._uploads,
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
        name, key = str(fields["name"]), str(fields.get("key", ""))
        if key and key in self._done:
            return self._done[key]
        work = self._answers[name]
        try:
            answer = await asyncio.to_thread(lambda: work(self._station(), fields))
        except (*Refused, RecordingsError, JournalError, LookupError) as error:
            text = str(error.args[0]) if isinstance(error, KeyError) else said(error)
            raise RefusedError(text) from None
        except (TypeError, ValueError, AttributeError) as error:
            raise RefusedError(f"this makes no sense: {error}") from None
        if key and name in _ACTS:
            self._done[key] = answer
            if len(self._done) > MOST_REMEMBERED:
                self._done.popitem(last=False)
        return answer

    def _uploads(self, station: RadioStation, fields: _Fields) -> dict[str, Any]:
        """What was sent in, newest first, and what became of it."""
        files = [
            (one.stat(), one)
            for one in place_of(station.state.path).glob("*")
            if not one.name.startswith(".")
        ]
        files.sort(key=lambda found: found[0].st_mtime_ns, reverse=True)
        return {
            "uploads": [
                _upload(one, status.st_size, self._fate(one))
                for status, one in files[:MOST_UPLOADS]
            ],
            "all": len(files),
        }


# --- the schedule ---------------------------------------------------------------------------------


def _schedule(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    newest = station.schedules.newest()
    about = None if newest is None else version_fields(newest)
    return {"version": about, "schedule": schedule_fields(station.schedules.schedule())}


def _edit(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    made = station.schedules.change(_said_edit(fields), *_by(fields), station.names)
    return _made(station, made)


def _said_edit(fields: _Fields) -> Edit:
    removed = {name: tuple(names) for name, names in dict(fields.get("remove") or {}).items()}
    return Edit(dict(fields.get("put") or {}), removed, fields.get("base"))


def _week(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    first, days = str(fields.get("first") or ""), int(fields.get("days", 7))
    return week_fields(station, first, days, _said_edit(fields))


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


def _check(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    found = parse_schedule(str(fields.get("text", "")), "schedule.yaml", station.names)
    seen = preview_fields(station, station.preview(7, found))
    return {**seen, "tracks": []}


def _preview(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    days = min(max(float(fields.get("days", 1.0)), 0.01), MOST_DAYS)
    zone = fields.get("zone")
    found = preview_fields(station, station.preview(days), None if zone is None else str(zone))
    tracks = found["tracks"]
    return {**found, "tracks": tracks[:MOST_TRACKS], "all": len(tracks)}


def _calendar(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    text, count = week_text(station)
    return {"text": text, "entries": count}


def _calendar_import(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    plays = fields.get("playlist")
    zones = [str(zone) for zone in fields.get("zones") or ("all",)]
    edit = calendar_edit(
        station, str(fields.get("text", "")), zones, None if plays is None else str(plays)
    )
    return _made(station, station.schedules.change(edit, *_by(fields), station.names))


# --- playlists ------------------------------------------------------------------------------------


def _playlists(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    return {"playlists": playlists_fields(station)}


def _playlist(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    found = playlist_fields(station, str(fields.get("playlist", "")))
    tracks = found["tracks"]
    return {**found, "tracks": tracks[:MOST_TRACKS], "all": len(tracks)}


def _playlist_import(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    name, form = str(fields.get("playlist", "")), Form(f".{fields.get('form', 'm3u8')}")
    found, missing = matched(station, str(fields.get("text", "")), form, station.config.parent)
    who, why = _by(fields)
    edit = Edit({"playlists": {name: {"items": found}}})
    made = station.schedules.change(edit, who, why or "from a playlist file", station.names)
    return {**_made(station, made), "tracks": len(found), "missing": missing}


def _playlist_export(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    form = Form(f".{fields.get('form', 'm3u8')}")
    text, count = list_text(station, str(fields.get("playlist", "")), form)
    return {"text": text, "tracks": count}


# --- recordings -----------------------------------------------------------------------------------


def _recordings(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    found = station.recordings.search(str(fields.get("words", "")), int(fields.get("most", 50)))
    return {"recordings": [recording_fields(one) for one in found], "all": len(station.recordings)}


def _recording(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    kept = station.recordings.one(str(fields.get("recording", "")))
    lists = lists_holding(station.schedules.schedule().playlists, kept.recording, station.pool)
    return {"recording": recording_fields(kept), "playlists": lists}


def _say(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    said_of = {
        key: samples(float(value)) if key in IN_SECONDS and value is not None else value
        for key, value in dict(fields.get("said") or {}).items()
    }
    changed = station.recordings.say(str(fields.get("recording", "")), said_of)
    return {"recording": recording_fields(station.recordings.one(changed.id))}


def _remove(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    kept = station.recordings.one(str(fields.get("recording", "")))
    sent_in = place_of(station.state.path).absolute()
    files = [
        Path(path) for path, name in station.recordings.files().items() if name == kept.recording.id
    ]
    gone = station.recordings.remove(kept.recording.id)
    for file in files:
        if file.parent == sent_in:
            file.unlink(missing_ok=True)
    return {"removed": gone.id}


def _edit_sound(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    """A new recording out of others, made by a process of its own: control decodes nothing."""
    options = [
        *("--run", str(station.run.path), "--state", str(station.state.path)),
        *("--config", str(station.config), "--json"),
    ]
    for name in ("fade_in", "fade_out", "gain_db", "crossfade", "title"):
        if fields.get(name) is not None:
            option = name.removesuffix("_db").replace("_", "-")
            options.append(f"--{option}={fields[name]}")
    if fields.get("trim") is not None:
        begin, end = fields["trim"]
        options.append(f"--trim={begin}-{'' if end is None else end}")
    options += [f"--join={name}" for name in fields.get("join") or ()]
    options += ["--chime"] if fields.get("chime") else []
    command = [sys.executable, "-m", "broadcaster", "library", "edit", *options]
    try:
        done = subprocess.run(
            [*_stood_back(), *command, "--", str(fields.get("recording", ""))],
            env={**os.environ, **ONE_THREAD},
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=EDIT_LIMIT,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise LookupError(f"the recording could not be edited: {error}") from None
    if "error" in answer:
        raise LookupError(str(answer["error"]))
    return {"recording": answer["recordings"][0]}


def _stood_back() -> list[str]:
    """What goes before a command so that it lets everybody else go first."""
    program = shutil.which("nice")
    return [] if program is None else [program, "-n", str(SOON)]


def _duplicates(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    together = station.recordings.alike()
    shown = together[: MOST_TRACKS // 4]
    return {
        "alike": [[recording_fields(one) for one in same] for same in shown],
        "all": len(together),
    }


def _upload(file: Path, size: int, fate: Entry | None) -> dict[str, Any]:
    is_done = fate is not None and fate.stamp.size == size
    recording = fate.recording if is_done and fate is not None else None
    return {
        "upload": file.name,
        "bytes": size,
        "state": "waiting" if not is_done else "refused" if recording is None else "imported",
        "recording": None if recording is None else recording.id,
        # The person who sent it knows it by its name, not by where it is kept.
        "reason": fate.error.replace(str(file.absolute()), file.name)
        if is_done and fate is not None and fate.error
        else None,
    }


# --- what was heard -------------------------------------------------------------------------------


def _as_run(station: RadioStation, fields: _Fields) -> dict[str, Any]:
    """The newest entries, and what was asked for in full: moments in UTC, zones by name."""
    since, until = (_moment(station, fields.get(name)) for name in ("since", "until"))
    only = fields.get("zone")
    zones = None if only is None else [str(z) for z in station.site.zones_named([str(only)])]
    most = min(int(fields.get("most", MOST_HEARD)), MOST_HEARD)
    heard = list(heard_tracks(station.state.path, since, until, zones)) if most > 0 else []
    return {
        "entries": heard[-most:] if most > 0 else [],
        "all": len(heard),
        "since": since and since.isoformat(),
        "until": until and until.isoformat(),
        "zones": zones,
        "time_zone": station.site.time_zone,
    }


def _moment(station: RadioStation, text: object) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(str(text))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=station.zone)


def _made(station: RadioStation, version: Version) -> dict[str, Any]:
    return {**version_fields(version), "changes": list(station.schedules.changes_of(version))}


def _by(fields: _Fields) -> tuple[str, str]:
    return str(fields.get("who", "")), str(fields.get("why", ""))
