"""The keys of a schedule file, the kinds of their values, and a line of manual for each."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from playlists.recurrence import OnHolidays
from playlists.schedule import Start
from zones.sitefile_shapes import table_schema
from zones.yaml_document import Node
from zones.yaml_kind import (
    FLAG,
    HOURS,
    ID,
    SECONDS_UNITS,
    TEXT,
    Kind,
    ValueProblem,
    choice,
    quantity,
    whole,
)
from zones.yaml_shape import Field, Inside, Many, One, Raw, Shape

_UNITS: Final = {**SECONDS_UNITS, "d": 86_400.0}
_ZONES: Final = Field(
    "zones", Many(One(ID), least=1, may_be_one=True), "zones and groups", is_required=True
)
_TITLE: Final = Field("title", One(TEXT), "what people call it; its name without one")


def _read_day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ValueProblem(f'"{text}" is not a day', "write it like 2026-11-23") from None


def _read_wall(text: str) -> dt.datetime:
    try:
        wall = dt.datetime.fromisoformat(text)
    except ValueError:
        wall = None
    if wall is None or wall.tzinfo is not None or len(text) < len("2026-11-23 07:00"):
        raise ValueProblem(f'"{text}" is not a day and time', "write it like 2026-11-23 07:00")
    return wall


def _read_rule(text: str) -> str:
    if len(text) > 500:
        raise ValueProblem(f"the rule has {len(text)} characters; 500 are the most")
    return text.strip().removeprefix("RRULE:")


DAY: Final = Kind("a day", _read_day, {"type": "string", "format": "date"}, "a day")
WALL: Final = Kind("a day and time", _read_wall, {"type": "string"}, "`2026-11-23 07:00`")
RULE: Final = Kind("a rule", _read_rule, {"type": "string"}, "an RRULE of RFC 5545")
_ADDRESS: Final = re.compile(r"(https?|rtp)://[^\s/]+(/\S*)?|line:\S.*")


def _read_address(text: str) -> str:
    if _ADDRESS.fullmatch(text):
        return text
    raise ValueProblem(
        f'"{text}" is no live source', "write http://..., https://..., rtp://... or line:default"
    )


ADDRESS: Final = Kind(
    "a live source",
    _read_address,
    {"type": "string", "pattern": f"^({_ADDRESS.pattern})$"},
    "`http://...`, `rtp://...`, `line:NAME`",
)


def _words(key: str, manual: str) -> Field[tuple[str, ...]]:
    return Field(key, Many(One(TEXT), may_be_one=True), manual)


class ChoiceKeys:
    """`choose`, within a playlist."""

    FOLDERS: Final = _words("folders", "folders of the site file's programme")
    ANY_TAGS: Final = _words("any_tags", "at least one of these tags")
    ALL_TAGS: Final = _words("all_tags", "every one of these tags")
    NO_TAGS: Final = _words("no_tags", "none of these tags")
    ARTISTS: Final = _words("artists", "by one of these")
    GENRES: Final = _words("genres", "of one of these kinds")
    SHAPE: Final = Shape(
        "choose", (FOLDERS, ANY_TAGS, ALL_TAGS, NO_TAGS, ARTISTS, GENRES), "What takes turns."
    )


class SeparationKeys:
    """`separation`, within a playlist."""

    _KIND: Final = quantity("a time", _UNITS, "0 s", "7 d", example="30 min")
    ARTIST: Final = Field("artist", One(_KIND), "until the same artist again; 30 min without")
    ALBUM: Final = Field("album", One(_KIND), "until the same album again; 1 h without")
    SAME_TITLE: Final = Field("title", One(_KIND), "until the same title again; 3 h without")
    SHAPE: Final = Shape("separation", (ARTIST, ALBUM, SAME_TITLE), "Distances.")


class PlaylistKeys:
    """One of `playlists`."""

    TITLE: Final = _TITLE
    ITEMS: Final = Field("items", Many(One(TEXT)), "recordings by id, in order")
    REPEATS: Final = Field("repeats", One(FLAG), "false: the folder plays when the list is over")
    CHOOSE: Final = Field("choose", Inside(ChoiceKeys.SHAPE), "instead of items: take turns")
    SEPARATION: Final = Field("separation", Inside(SeparationKeys.SHAPE), "between equals")
    WEIGHTS: Final = Field(
        "weights", Raw("a table of tags", {"type": "object"}), "turns a round of what has this tag"
    )
    MARKS: Final = Field("marks", One(ID), "a list of jingles or station names to put between")
    MARKS_EVERY: Final = Field("marks_every", One(whole("a number", 1, 1000)), "tracks between two")
    SHAPE: Final = Shape(
        "playlist",
        (TITLE, ITEMS, REPEATS, CHOOSE, SEPARATION, WEIGHTS, MARKS, MARKS_EVERY),
        "Tracks in order, or a rule by which they take turns.",
    )


class NewsKeys:
    """One of `news`."""

    RECORDING: Final = Field("recording", One(TEXT), "recording by id", is_required=True)
    ZONES: Final = _ZONES
    FROM: Final = Field("from", One(DAY), "first day", is_required=True)
    UNTIL: Final = Field("until", One(DAY), "last day", is_required=True)
    TIMES: Final = Field("times_a_day", One(whole("a number", 1, 48)), "4 without")
    HOURS: Final = Field("hours", One(HOURS), "09:00-18:00 without")
    SHAPE: Final = Shape(
        "news item", (RECORDING, ZONES, FROM, UNTIL, TIMES, HOURS), "Spoken between tracks."
    )


class SourceKeys:
    """One of `sources`."""

    TITLE: Final = _TITLE
    ADDRESS: Final = Field("address", One(ADDRESS), "where it comes from", is_required=True)
    SHAPE: Final = Shape("source", (TITLE, ADDRESS), "A studio line or a network stream.")


class EntryKeys:
    """One of `entries`."""

    TITLE: Final = _TITLE
    ZONES: Final = _ZONES
    PLAYLIST: Final = Field("playlist", One(ID), "the playlist it plays")
    LIVE: Final = Field("live", One(ID), "or the source it takes")
    SILENCE: Final = Field("silence", One(FLAG), "or true: nothing plays")
    FIRST: Final = Field("first", One(WALL), "when it begins first", is_required=True)
    LENGTH: Final = Field(
        "length",
        One(quantity("a length", _UNITS, "1 s", "7 d", example="2 h")),
        "how long, as the wall shows it",
        is_required=True,
    )
    RULE: Final = Field("rule", One(RULE), "when again; once without")
    WITHOUT: Final = Field("without", Many(One(DAY)), "days on which it does not come")
    ALSO: Final = Field("also", Many(One(DAY)), "days on which it comes besides")
    HOLIDAYS: Final = Field(
        "holidays",
        One(choice("what holidays do", {one.value: one for one in OnHolidays})),
        "also without",
    )
    RANK: Final = Field("rank", One(whole("a rank", 0, 100)), "the higher one plays; 50 without")
    START: Final = Field(
        "start", One(choice("a start", {one.value: one for one in Start})), "hard without"
    )
    PATIENCE: Final = Field(
        "patience",
        One(quantity("a time", _UNITS, "0 s", "30 min", example="5 min")),
        "how long a soft start waits; 5 min without",
    )
    ENABLED: Final = Field("enabled", One(FLAG), "false keeps it from firing")
    SHAPE: Final = Shape(
        "entry",
        (
            TITLE, ZONES, PLAYLIST, LIVE, SILENCE, FIRST, LENGTH, RULE, WITHOUT, ALSO, HOLIDAYS,
            RANK, START, PATIENCE, ENABLED,
        ),
        "What plays where and when.",
    )  # fmt: skip


def _table(key: str, shape: Shape, manual: str) -> Field[Node]:
    return Field(key, Raw(f"a table of {key} by name", table_schema(shape)), manual)


class ScheduleKeys:
    """The top level of a schedule file."""

    SCHEMA: Final = Field(
        "schema", One(whole("a version", 1, 1)), "version of the file: 1", is_required=True
    )
    COUNTRY: Final = Field("country", One(TEXT), "whose holidays count, such as KR")
    HOLIDAYS: Final = Field(
        "holidays", Raw("days of the station's own", {"type": "object"}), "day: name"
    )
    NOT_HOLIDAYS: Final = Field("not_holidays", Many(One(DAY)), "days that are none here")
    PLAYLISTS: Final = _table("playlists", PlaylistKeys.SHAPE, "lists of tracks")
    NEWS: Final = _table("news", NewsKeys.SHAPE, "items between tracks")
    SOURCES: Final = _table("sources", SourceKeys.SHAPE, "studio lines and streams")
    ENTRIES: Final = _table("entries", EntryKeys.SHAPE, "what plays when")
    SHAPE: Final = Shape(
        "",
        (SCHEMA, COUNTRY, HOLIDAYS, NOT_HOLIDAYS, PLAYLISTS, NEWS, SOURCES, ENTRIES),
        "What the radio staff lay down.",
    )
