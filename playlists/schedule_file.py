"""The schedule as a YAML file: every problem at once with its place, and back to text again.

The file says all that the commands can say; what the commands made is written in the same form.
JSON is YAML too, so what the API is told is read here as well.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import yaml

from playlists.news import NewsError, NewsItem
from playlists.playlist import (
    Choice,
    FixedList,
    Playlist,
    PlaylistError,
    RotatingList,
    Separation,
)
from playlists.recurrence import OnHolidays, Recurrence, RecurrenceError
from playlists.schedule import (
    Entry,
    EntryId,
    Fill,
    LiveSource,
    Schedule,
    ScheduleError,
    Start,
)
from playlists.schedule_shapes import (
    DAY,
    ChoiceKeys,
    EntryKeys,
    NewsKeys,
    PlaylistKeys,
    ScheduleKeys,
    SeparationKeys,
    SourceKeys,
)
from zones.media_time import samples, seconds
from zones.problem import Problem
from zones.yaml_document import Node, Scalar, Table, read_document
from zones.yaml_kind import ID, TEXT, ValueProblem, did_you_mean, whole
from zones.yaml_shape import Field, One, Record, Shape

_T = TypeVar("_T")
_WEIGHT = whole("a weight", 1, 10)


class ScheduleFileError(Exception):
    """A schedule file that cannot be used: every problem, in the order of lines."""

    def __init__(self, problems: Iterable[Problem], text: str) -> None:
        self.problems = tuple(problems)
        self._text = text
        super().__init__("\n".join(map(str, self.problems)))

    def rendered(self) -> str:
        """Every problem with its line and a caret."""
        return "\n".join(each.rendered(self._text) for each in self.problems)


def parse_schedule(text: str, file: str, names: Iterable[str] | None = None) -> Schedule:
    """The schedule that a file's text describes.

    `names` are the zones and groups there are; with None they are not checked.

    Raises:
        ScheduleFileError: with every problem there is.
    """
    reader = _Reader(file, None if names is None else frozenset(names) | {"all"})
    schedule = reader.schedule(text)
    if schedule is None or reader.problems:
        raise ScheduleFileError(sorted(set(reader.problems)), text)
    return schedule


class _Reader:
    """Reads one file and gathers what is wrong with it."""

    def __init__(self, file: str, names: frozenset[str] | None) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._names = names

    def schedule(self, text: str) -> Schedule | None:
        document = read_document(text, self._file, self.problems)
        if document is None:
            return None
        top = ScheduleKeys.SHAPE.read(document, "", self.problems)
        playlists: tuple[Playlist, ...] = self._table(
            top, ScheduleKeys.PLAYLISTS, PlaylistKeys.SHAPE, self._playlist
        )
        sources = self._table(top, ScheduleKeys.SOURCES, SourceKeys.SHAPE, _source)
        lists = {one.id for one in playlists}
        known = (lists, {one.id for one in sources})
        news = self._table(top, ScheduleKeys.NEWS, NewsKeys.SHAPE, self._news)
        entries = self._table(
            top,
            ScheduleKeys.ENTRIES,
            EntryKeys.SHAPE,
            lambda name, one: self._entry(name, one, known),
        )
        holidays = tuple(self._holidays(top.may(ScheduleKeys.HOLIDAYS)))
        if self.problems:
            return None
        try:
            return Schedule(
                *(entries, playlists, news, sources, top.may(ScheduleKeys.COUNTRY) or ""),
                own_holidays=holidays,
                not_holidays=frozenset(top.may(ScheduleKeys.NOT_HOLIDAYS) or ()),
            )
        except ScheduleError as wrong:
            self.problems.append(top.place.problem(str(wrong)))
            return None

    def _table(
        self,
        top: Record,
        which: Field[Node],
        shape: Shape,
        made: Callable[[str, Record], _T | None],
    ) -> tuple[_T, ...]:
        node = top.may(which)
        if node is None:
            return ()
        if not isinstance(node, Table):
            self.problems.append(
                node.place.problem(f"{which.key}: needs a table: a name, then keys")
            )
            return ()
        found: list[_T] = []
        for key, value in node.entries:
            try:
                name = ID.read(key.text)
            except ValueProblem as wrong:
                self.problems.append(
                    key.place.problem(f"{shape.called}: {wrong.message}", wrong.hint)
                )
                continue
            record = shape.read(value, name, self.problems, place=key.place)
            one = made(name, record) if record.is_whole else None
            if one is not None:
                found.append(one)
        return tuple(found)

    def _playlist(self, name: str, record: Record) -> Playlist | None:
        title = record.may(PlaylistKeys.TITLE) or name
        items, choose = record.may(PlaylistKeys.ITEMS), record.may(PlaylistKeys.CHOOSE)
        if (items is None) == (choose is None):
            message = record.said(PlaylistKeys.ITEMS, "needs either items or choose")
            self.problems.append(record.place.problem(message))
            return None
        try:
            if items is not None:
                repeats = record.may(PlaylistKeys.REPEATS)
                return FixedList(name, title, items, repeats is not False)
            return RotatingList(
                *(name, title, _choice(choose), _separation(record.may(PlaylistKeys.SEPARATION))),
                weights=tuple(self._weights(record)),
                marks=record.may(PlaylistKeys.MARKS) or "",
                marks_every=record.may(PlaylistKeys.MARKS_EVERY) or 4,
            )
        except PlaylistError as wrong:
            self.problems.append(record.place.problem(str(wrong)))
            return None

    def _weights(self, record: Record) -> Iterator[tuple[str, int]]:
        node = record.may(PlaylistKeys.WEIGHTS)
        for key, value in node.entries if isinstance(node, Table) else ():
            subject = record.said(PlaylistKeys.WEIGHTS, key.text)
            weight = One(_WEIGHT).read(value, subject, self.problems)
            if weight is not None:
                yield key.text, weight

    def _news(self, name: str, record: Record) -> NewsItem | None:
        hours = record.may(NewsKeys.HOURS) or (dt.time(9), dt.time(18))
        self._check_zones(record, NewsKeys.ZONES)
        try:
            return NewsItem(
                name,
                record.must(NewsKeys.RECORDING),
                record.must(NewsKeys.ZONES),
                record.must(NewsKeys.FROM),
                record.must(NewsKeys.UNTIL),
                record.may(NewsKeys.TIMES) or 4,
                *hours,
            )
        except NewsError as wrong:
            self.problems.append(record.place.problem(str(wrong)))
            return None

    def _entry(self, name: str, record: Record, known: tuple[set[str], set[str]]) -> Entry | None:
        self._check_zones(record, EntryKeys.ZONES)
        filled = self._fill(name, record, known)
        if filled is None:
            return None
        rank, patience = record.may(EntryKeys.RANK), record.may(EntryKeys.PATIENCE)
        try:
            when = Recurrence(
                record.must(EntryKeys.FIRST),
                record.may(EntryKeys.RULE) or "",
                frozenset(record.may(EntryKeys.WITHOUT) or ()),
                frozenset(record.may(EntryKeys.ALSO) or ()),
                record.may(EntryKeys.HOLIDAYS) or OnHolidays.ALSO,
            )
            return Entry(
                *(EntryId(name), record.may(EntryKeys.TITLE) or name),
                *(record.must(EntryKeys.ZONES), when),
                dt.timedelta(seconds=record.must(EntryKeys.LENGTH)),
                *filled,
                rank=50 if rank is None else rank,
                start=record.may(EntryKeys.START) or Start.HARD,
                patience=dt.timedelta(seconds=300 if patience is None else patience),
                is_enabled=record.may(EntryKeys.ENABLED) is not False,
            )
        except RecurrenceError as wrong:
            self.problems.append(record.problem(EntryKeys.RULE, str(wrong)))
        except ScheduleError as wrong:
            self.problems.append(record.place.problem(str(wrong)))
        return None

    def _fill(
        self, name: str, record: Record, known: tuple[set[str], set[str]]
    ) -> tuple[Fill, str] | None:
        """What an entry fills its time with, and its name."""
        choices = (
            (EntryKeys.PLAYLIST, Fill.PLAYLIST, known[0]),
            (EntryKeys.LIVE, Fill.LIVE, known[1]),
        )
        found: list[tuple[Fill, str]] = []
        for field, fill, there in choices:
            named = record.may(field)
            if named is None:
                continue
            found.append((fill, named))
            if named not in there:
                hint = did_you_mean(named, there) if there else "there is none in this schedule"
                message = f'there is no {fill.value} "{named}"'
                self.problems.append(record.problem(field, f"{field.key}: {message}", hint))
        if record.may(EntryKeys.SILENCE):
            found.append((Fill.SILENCE, ""))
        if len(found) != 1:
            message = f'entry "{name}": needs one of playlist, live, silence'
            self.problems.append(record.place.problem(message))
            return None
        return found[0]

    def _check_zones(self, record: Record, field: Field[tuple[str, ...]]) -> None:
        for name in record.must(field):
            if self._names is not None and name not in self._names:
                hint = did_you_mean(name, self._names)
                message = f'zones: there is no zone or group "{name}"'
                self.problems.append(record.problem(field, message, hint))

    def _holidays(self, node: Node | None) -> Iterator[tuple[dt.date, str]]:
        for key, value in node.entries if isinstance(node, Table) else ():
            try:
                day = DAY.read(key.text)
            except ValueProblem as wrong:
                self.problems.append(key.place.problem(f"holidays: {wrong.message}", wrong.hint))
                continue
            name = TEXT.read(value.text) if isinstance(value, Scalar) and value.text else key.text
            yield day, name


def _choice(record: Record | None) -> Choice:
    if record is None:
        return Choice()
    keys = ChoiceKeys.SHAPE.fields
    return Choice(*(tuple(record.may(key) or ()) for key in keys))


def _separation(record: Record | None) -> Separation:
    usual = Separation()
    if record is None:
        return usual
    given = [record.may(key) for key in SeparationKeys.SHAPE.fields]
    kept = (usual.artist, usual.album, usual.title)
    return Separation(
        *(u if value is None else samples(value) for value, u in zip(given, kept, strict=True))
    )


def _source(name: str, record: Record) -> LiveSource:
    return LiveSource(name, record.may(SourceKeys.TITLE) or name, record.must(SourceKeys.ADDRESS))


# --- writing --------------------------------------------------------------------------------------


def schedule_text(schedule: Schedule) -> str:
    """The schedule as YAML; reading it gives the same schedule."""
    text: str = yaml.safe_dump(
        schedule_fields(schedule), allow_unicode=True, sort_keys=False, width=100
    )
    return text


def schedule_fields(schedule: Schedule) -> dict[str, Any]:
    """The schedule as plain tables and lists, in the form of the file."""
    return _without_empty(
        {
            "schema": 1,
            "country": schedule.country,
            "holidays": {day.isoformat(): name for day, name in schedule.own_holidays},
            "not_holidays": _days(schedule.not_holidays),
            "playlists": {one.id: _playlist_fields(one) for one in schedule.playlists},
            "news": {one.id: _news_fields(one) for one in schedule.news},
            "sources": {
                one.id: {"title": one.title, "address": one.address} for one in schedule.sources
            },
            "entries": {str(one.id): _entry_fields(one) for one in schedule.entries},
        }
    )


def _playlist_fields(playlist: Playlist) -> dict[str, Any]:
    if isinstance(playlist, FixedList):
        fields: dict[str, Any] = {"title": playlist.title, "items": list(playlist.items)}
        return fields if playlist.repeats else {**fields, "repeats": False}
    choice, apart = playlist.choice, playlist.separation
    chosen = {key.key: list(getattr(choice, key.key)) for key in ChoiceKeys.SHAPE.fields}
    return {
        "title": playlist.title,
        "choose": _without_empty(chosen),
        "separation": {
            "artist": _span(seconds(apart.artist)),
            "album": _span(seconds(apart.album)),
            "title": _span(seconds(apart.title)),
        },
        **_without_empty({"weights": dict(playlist.weights), "marks": playlist.marks}),
        "marks_every": playlist.marks_every,
    }


def _news_fields(item: NewsItem) -> dict[str, Any]:
    return {
        "recording": item.recording,
        "zones": list(item.zones),
        "from": item.first.isoformat(),
        "until": item.last.isoformat(),
        "times_a_day": item.times_a_day,
        "hours": f"{item.after:%H:%M}-{item.before:%H:%M}",
    }


def _entry_fields(entry: Entry) -> dict[str, Any]:
    fills = {Fill.PLAYLIST: "playlist", Fill.LIVE: "live", Fill.SILENCE: "silence"}
    when = entry.when
    fields: dict[str, Any] = {
        "title": entry.title,
        "zones": list(entry.zones),
        fills[entry.fill]: entry.plays or True,
        "first": when.first.isoformat(" "),
        "length": _span(entry.length.total_seconds()),
        **_without_empty(
            {"rule": when.rule, "without": _days(when.without), "also": _days(when.also)}
        ),
        "holidays": when.holidays.value,
        "rank": entry.rank,
        "start": entry.start.value,
        "patience": _span(entry.patience.total_seconds()),
    }
    return fields if entry.is_enabled else {**fields, "enabled": False}


def _span(length: float) -> str:
    """A length with its unit, the largest that keeps it whole."""
    for factor, unit in ((3600, "h"), (60, "min"), (1, "s")):
        if length % factor == 0:
            return f"{int(length // factor)} {unit}"
    return f"{round(length * 1000)} ms"


def _days(days: Iterable[dt.date]) -> list[str]:
    return [day.isoformat() for day in sorted(days)]


def _without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value not in ("", [], {})}
