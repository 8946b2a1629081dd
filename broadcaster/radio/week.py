"""A week of the programme as the radio staff see it, as it is or as a change would make it."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any, Final

from broadcaster.radio.fields import version_fields
from broadcaster.radio.station import RadioStation
from playlists.schedule import Schedule
from playlists.schedule_edit import Edit, EditError, changes, edited
from playlists.schedule_file import ScheduleFileError, parse_schedule, schedule_fields
from playlists.week import WeekBlock, days_from, week_blocks
from zones.problem import Problem, source_lines

MOST_DAYS: Final = 14
MOST_BLOCKS: Final = 3_000
"""Blocks in one answer: a frame has its limits."""
_KEY: Final = re.compile(r'\s*"(\w+)":')


def week_fields(station: RadioStation, first: str, days: int, edit: Edit) -> dict[str, Any]:
    """The days from `first` on, with a change that is not made if it says something.

    What is wrong with the change is among `problems`, each at the field it is about; then the
    week is shown as it is.

    Raises:
        ScheduleStoreError, ScheduleFileError: the schedule cannot be read.
        ValueError: there is no such day.
    """
    newest = station.schedules.newest()
    schedule = station.schedules.schedule()
    changed, problems = _tried(station, schedule, edit)
    now = dt.datetime.now(dt.UTC)
    begin = (
        dt.date.fromisoformat(first) if first else _monday_of(now.astimezone(station.zone).date())
    )
    at = dt.datetime.combine(begin, dt.time(12), station.zone)
    premises = station.premises(changed, at)
    found = days_from(premises, begin, min(max(days, 1), MOST_DAYS))
    blocks = week_blocks(premises, found[0].begin, found[-1].end)
    before, after = schedule_fields(schedule), schedule_fields(changed)
    return {
        "version": None if newest is None else version_fields(newest),
        "days": [
            {
                "date": one.date.isoformat(),
                "begin": one.begin.isoformat(),
                "end": one.end.isoformat(),
                "is_holiday": one.is_holiday,
            }
            for one in found
        ],
        "blocks": [_block(station, one) for one in blocks[:MOST_BLOCKS]],
        "all": len(blocks),
        "changes": list(changes(before, after)),
        "problems": problems,
    }


def _monday_of(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def _tried(
    station: RadioStation, schedule: Schedule, edit: Edit
) -> tuple[Schedule, list[dict[str, str]]]:
    """The schedule with the change, or as it was with what is wrong with the change."""
    if not edit.touched:
        return schedule, []
    try:
        # A key a line, so that a mistake is known by its key. JSON is YAML.
        text = json.dumps(edited(schedule_fields(schedule), edit), ensure_ascii=False, indent=1)
    except EditError as wrong:
        return schedule, [{"field": "", "problem": str(wrong), "hint": ""}]
    try:
        return parse_schedule(text, "the schedule with this change", station.names), []
    except ScheduleFileError as wrong:
        return schedule, [_problem(one, text) for one in wrong.problems]


def _problem(one: Problem, text: str) -> dict[str, str]:
    # A value of a list stands below its key.
    above = reversed(source_lines(text)[: one.line])
    key = next((found[1] for found in map(_KEY.match, above) if found), "")
    return {"field": key, "problem": one.message, "hint": one.hint}


def _block(station: RadioStation, one: WeekBlock) -> dict[str, Any]:
    recording = station.pool.by_id.get(one.plays) if one.source == "news" else None
    return {
        "begin": one.begin.isoformat(),
        "end": one.end.isoformat(),
        "zones": list(one.zones),
        "source": one.source,
        "plays": one.plays,
        "name": one.name,
        "title": one.entry.title if one.entry else recording.title if recording else one.name,
    }
