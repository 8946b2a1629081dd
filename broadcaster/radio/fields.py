"""What the radio staff are shown, as values that JSON has: for commands and API alike."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from broadcaster.journal.entry import Kind, utc_text
from broadcaster.journal.reader import JournalReader
from broadcaster.radio.recordings import Kept
from broadcaster.radio.station import RadioStation
from playlists.preview import Preview
from playlists.recording import plain_fields
from playlists.schedule_edit import Version
from zones.media_time import RATE, seconds

IN_SECONDS = ("cue_in", "cue_out", "segue")
"""Kept in samples, shown and said in seconds."""


def preview_fields(station: RadioStation, seen: Preview, only: str | None = None) -> dict[str, Any]:
    """A preview as values that JSON has; with `only` the tracks of one zone or group."""
    zones = None if only is None else set(station.site.zones_named([only]))
    return {
        "begin": seen.begin.isoformat(),
        "end": seen.end.isoformat(),
        "unplayable_zone_minutes": round(seen.unplayable_minutes, 1),
        "findings": [
            {
                "begin": one.begin.isoformat(),
                "end": one.end.isoformat(),
                "zones": list(one.zones),
                "entry": one.entry,
                "reason": one.reason,
                "remedy": one.remedy,
                "only_chime": one.is_silent,
            }
            for one in seen.findings
        ],
        "conflicts": [
            {
                "begin": one.begin.isoformat(),
                "end": one.end.isoformat(),
                "plays": str(one.winner.entry.id),
                "gives_way": str(one.loser.entry.id),
                "because": one.by.value,
            }
            for one in seen.conflicts
        ],
        "silences": [
            {"begin": a.isoformat(), "end": b.isoformat(), "zones": list(z), "why": why.split()[0]}
            for a, b, z, why in seen.silences
        ],
        "tracks": [
            {
                "at": _to_ms(one.at),
                "seconds": round(seconds(one.length), 3),
                "zones": list(one.zones),
                "entry": one.entry,
                "recording": one.recording.id if one.recording else None,
                "title": one.recording.title if one.recording else None,
                "artist": one.recording.artist if one.recording else None,
            }
            for one in seen.planned
            if zones is None or zones.intersection(one.zones)
        ],
    }


def _to_ms(at: datetime) -> str:
    """A moment to the nearest millisecond: samples lie on another grid than seconds."""
    return (at + timedelta(microseconds=500)).isoformat(timespec="milliseconds")


def version_fields(version: Version) -> dict[str, Any]:
    """Who made a version of the schedule, when and why."""
    at = version.at.isoformat(timespec="minutes")
    return {"version": version.number, "at": at, "who": version.who, "why": version.why}


def recording_fields(kept: Kept) -> dict[str, Any]:
    """Everything of a recording; times in seconds."""
    fields = plain_fields(kept.recording)
    for name in ("length", *IN_SECONDS):
        if fields.get(name) is not None:
            fields[name] = round(fields[name] / RATE, 3)
    return {**fields, "file": kept.file, "added": kept.added}


def heard_tracks(
    state: Path,
    since: datetime | None = None,
    until: datetime | None = None,
    zones: Collection[str] | None = None,
) -> Iterator[dict[str, Any]]:
    """The as-run entries of the programme in a state directory's journal, in order.

    With `zones` only what one of them heard.

    Raises:
        JournalError: there is no journal, or it cannot be read.
    """
    first = utc_text(since) if since is not None else ""
    end = utc_text(until) if until is not None else "~"
    for row in JournalReader(state).rows(kind=Kind.AS_RUN):
        if first <= row.utc < end:
            facts: dict[str, Any] = json.loads(row.facts)
            is_wanted = zones is None or not set(zones).isdisjoint(facts.get("zones", ()))
            if facts.get("what") == "track" and is_wanted:
                yield facts
