"""The routes for the radio staff: library, playlists, schedule, what is on air and was heard."""

from __future__ import annotations

from typing import Final

from broadcaster.console import models
from broadcaster.console import radio_models as radio
from broadcaster.console.acts import Acts
from broadcaster.console.radio_acts import LONGEST_UPLOAD, RadioActs
from broadcaster.console.routes import Route
from broadcaster.console.station import Station

_V1: Final = "/api/v1"
_BODY: Final = radio.LONGEST_TEXT
_RECORDING: Final = {"recording": "Its id, or how it begins if there is only one such."}
_PLAYLIST: Final = {"playlist": "Its name."}


def radio_routes(station: Station, acts: Acts) -> tuple[Route, ...]:
    """Every route of the programme; `acts` steer what is on air."""
    desk = RadioActs(station)
    return (*_library(desk), *_playlists(desk), *_schedule(desk), *_on_air(desk, acts))


def _library(desk: RadioActs) -> tuple[Route, ...]:
    recordings = f"{_V1}/library/recordings"
    one = f"{recordings}/{{recording}}"
    return (
        Route("GET", recordings, "recordings", desk.look("recordings"),
              "Find recordings by words, or parts of words", radio.RecordingList,
              query=radio.RecordingQuery, tag="library"),
        Route("GET", one, "recording", desk.look("recording", "recording"),
              "Everything of a recording, and the playlists that hold it", radio.RecordingShown,
              tag="library", parameters=_RECORDING),
        Route("PATCH", one, "recording-say", desk.act("recording-say", "recording"),
              "Say more of a recording: names, tags, rights, what it is for, cue points",
              radio.RecordingShown, takes=radio.Said, needs_key=True, tag="library",
              parameters=_RECORDING),
        Route("DELETE", one, "recording-remove", desk.act("recording-remove", "recording"),
              "Take a recording off the library, and its file if it was sent in", radio.Removed,
              needs_key=True, tag="library", parameters=_RECORDING),
        Route("POST", f"{one}/edit", "recording-edit", desk.act("recording-edit", "recording"),
              "Make a new recording of it: trimmed, faded, joined, with the chime before it",
              radio.RecordingShown, takes=radio.SoundEdited, needs_key=True, tag="library",
              parameters=_RECORDING),
        Route("GET", f"{_V1}/library/duplicates", "duplicates", desk.look("duplicates"),
              "Recordings of equal sound under different names", radio.Duplicates, tag="library"),
        Route("POST", f"{_V1}/library/uploads", "upload", desk.upload,
              "Send an audio file in: its bytes are the body, `name` says what it is called",
              radio.UploadShown, query=radio.UploadQuery, status=201, tag="library",
              file_type="application/octet-stream", longest=LONGEST_UPLOAD),
        Route("GET", f"{_V1}/library/uploads", "uploads", desk.look("uploads"),
              "What was sent in, and what became of it", radio.UploadList, tag="library"),
    )  # fmt: skip


def _playlists(desk: RadioActs) -> tuple[Route, ...]:
    one = f"{_V1}/playlists/{{playlist}}"
    return (
        Route("GET", f"{_V1}/playlists", "playlists", desk.look("playlists"),
              "Every playlist, with how long it plays", radio.PlaylistList, tag="playlists"),
        Route("GET", one, "playlist", desk.look("playlist", "playlist"),
              "A playlist, how it is defined, and its tracks", radio.PlaylistShown,
              tag="playlists", parameters=_PLAYLIST),
        Route("PUT", one, "schedule-edit", desk.put_playlist,
              "Make a playlist, or another of it: fixed, or rotating by rules",
              radio.VersionShown, takes=radio.PlaylistSaid, needs_key=True, tag="playlists",
              parameters=_PLAYLIST, longest=_BODY),
        Route("DELETE", one, "schedule-edit", desk.remove("playlists", "playlist"),
              "Remove a playlist that nothing plays", radio.VersionShown, needs_key=True,
              tag="playlists", parameters=_PLAYLIST),
        Route("POST", f"{one}/import", "playlist-import",
              desk.act("playlist-import", "playlist"),
              "Make a fixed playlist of an M3U, M3U8, PLS or XSPF file", radio.VersionShown,
              takes=radio.PlaylistFile, needs_key=True, tag="playlists", parameters=_PLAYLIST,
              longest=_BODY),
        Route("GET", f"{one}/export", "playlist-export",
              desk.look("playlist-export", "playlist"),
              "A playlist as a file for other programs", radio.FileText,
              query=radio.PlaylistFormQuery, tag="playlists", parameters=_PLAYLIST),
    )  # fmt: skip


def _schedule(desk: RadioActs) -> tuple[Route, ...]:
    schedule = f"{_V1}/schedule"
    return (
        Route("GET", schedule, "schedule", desk.look("schedule"),
              "The schedule in force: entries, playlists, news, sources", radio.ScheduleShown,
              tag="schedule"),
        Route("PATCH", schedule, "schedule-edit", desk.act("schedule-edit"),
              "Set and remove entries, playlists, news and sources; a new version",
              radio.VersionShown, takes=radio.ScheduleEdit, needs_key=True, tag="schedule",
              longest=_BODY),
        Route("PUT", schedule, "schedule-replace", desk.act("schedule-replace"),
              "Put a YAML file in force, whatever was before", radio.VersionShown,
              takes=radio.ScheduleText, needs_key=True, tag="schedule", longest=_BODY),
        Route("POST", f"{schedule}/check", "schedule-check", desk.look("schedule-check"),
              "Say everything that is wrong in a YAML file, and what of a week would not play",
              radio.PreviewShown, takes=radio.ScheduleText, tag="schedule", longest=_BODY),
        Route("GET", f"{schedule}/versions", "schedule-versions",
              desk.look("schedule-versions"), "Who changed what, newest first",
              radio.VersionList, tag="schedule"),
        Route("POST", f"{schedule}/undo", "schedule-undo", desk.act("schedule-undo"),
              "Go back to a version; itself a version that can be undone", radio.VersionShown,
              takes=radio.ScheduleUndo, needs_key=True, tag="schedule"),
        Route("GET", f"{schedule}/preview", "schedule-preview", desk.look("schedule-preview"),
              "What will really play, and what will not, with the remedy", radio.PreviewShown,
              query=radio.PreviewQuery, tag="schedule"),
        Route("POST", f"{schedule}/week", "schedule-week", desk.look("schedule-week"),
              "What has which zone when in a week, as it is or as a change would make it",
              radio.WeekShown, takes=radio.WeekAsked, tag="schedule", longest=_BODY),
        Route("GET", f"{schedule}/calendar", "calendar", desk.look("calendar"),
              "The entries as an iCalendar file", radio.FileText, tag="schedule"),
        Route("POST", f"{schedule}/calendar", "calendar-import", desk.act("calendar-import"),
              "Add the events of an iCalendar file as entries", radio.VersionShown,
              takes=radio.CalendarText, needs_key=True, tag="schedule", longest=_BODY),
    )  # fmt: skip


def _on_air(desk: RadioActs, acts: Acts) -> tuple[Route, ...]:
    return (
        Route("GET", f"{_V1}/now-playing", "look", desk.look("now-playing"),
              "What each zone hears now and next, for people and displays", radio.NowPlaying,
              tag="on air"),
        Route("POST", f"{_V1}/steer", "steer", acts.steer,
              "Skip a track, play another next, hold, take over live, hand back",
              models.PlayAnswer, takes=radio.Steered, needs_key=True, tag="on air"),
        Route("GET", f"{_V1}/as-run", "as-run", desk.as_run,
              "What was heard, as the ear witnessed it", radio.AsRunShown,
              query=radio.AsRunQuery, tag="on air"),
        Route("GET", f"{_V1}/as-run.csv", "as-run", desk.as_run_table,
              "The same as a table for spreadsheets", models.Answer, query=radio.AsRunQuery,
              tag="on air", media_type="text/csv"),
    )  # fmt: skip
