"""The book of alerts as journal facts, and back.

Each move is one entry: what was done by whom, the alert as it is after it, and the ids of all that
is to be found again after a restart. So recovery needs the newest entry of each of those and
nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.alert import Alert, Called, Instant, Move
from alerts.book import Book
from alerts.exercise import Exercise, ExerciseMove, SelfTest
from alerts.facts import FactsError, read, written
from alerts.life_cycle import Times
from alerts.message_book import MessageBook
from alerts.moving import AnyMove

_REAL, _EXERCISE, _TEST = "real", "exercise", "self-test"
_ZONES = ("sounded", "overridden", "degraded", "conflicting")


@dataclass(frozen=True, slots=True)
class Recovered:
    """A book as its record tells it; `problems` are entries that could not be read."""

    book: Book
    problems: tuple[str, ...]


def subject(move: AnyMove) -> str:
    """What the entry is about: the id of the alert, exercise or self-test."""
    return move.after.id


def facts(move: AnyMove, now: float, utc: datetime, kept_open: tuple[str, ...]) -> dict[str, Any]:
    """The facts of a move, JSON: `now` and `utc` as when it was made, `kept_open` of its book."""
    at = Instant(now, utc)
    if not isinstance(move, Move):
        nature = _EXERCISE if isinstance(move, ExerciseMove) else _TEST
        return {
            "nature": nature,
            "from": None if move.before is None else move.before.state.value,
            "to": move.after.state.value,
            nature: written(move.after, at),
            "open": list(kept_open),
        }
    return {
        "nature": _REAL,
        "event": move.event.value,
        "who": move.who.value,
        "by": move.by,
        "reason": move.reason,
        "from": None if move.before is None else move.before.state.value,
        "to": move.after.state.value,
        "called": _called(move.called, at),
        "alert": alert_facts(move.after, now, utc),
        "open": list(kept_open),
    }


def alert_facts(alert: Alert, now: float, utc: datetime) -> dict[str, Any]:
    """An alert as JSON; its zones are written once and counted from 0 in the other lists."""
    said: dict[str, Any] = written(alert, Instant(now, utc))
    places = {zone: place for place, zone in enumerate(alert.zones)}
    for name in _ZONES:
        said[name] = [places[zone] for zone in getattr(alert, name)]
    return said


def read_alert(said: Mapping[str, Any], now: float, utc: datetime) -> Alert:
    """The alert that was written; raises FactsError."""
    try:
        zones = said["zones"]
        listed = {name: [zones[place] for place in said.get(name, ())] for name in _ZONES}
    except (KeyError, IndexError, TypeError) as error:
        raise FactsError(f"alert: its zones are not what was written: {error!r}") from None
    return read(Alert, {**said, **listed}, Instant(now, utc))


def open_ids(said: Mapping[str, Any]) -> tuple[str, ...]:
    """Whose newest entries a recovery needs, by the newest entry of all."""
    return tuple(str(one) for one in said.get("open", ()))


def recover(
    rows: Iterable[Mapping[str, Any]],
    now: float,
    utc: datetime,
    messages: MessageBook,
    times: Times | None = None,
) -> Recovered:
    """The book as it was after the last of `rows`, facts of moves from old to new.

    Of each alert the newest counts. An entry that cannot be read is left out and told; all others
    are kept.
    """
    at = Instant(now, utc)
    alerts: dict[str, Alert] = {}
    exercises: dict[str, Exercise] = {}
    tests: dict[str, SelfTest] = {}
    problems: list[str] = []
    for row in rows:
        try:
            nature = row.get("nature")
            if nature == _REAL:
                alert = read_alert(row["alert"], now, utc)
                alerts[alert.id] = alert
            elif nature == _EXERCISE:
                exercise = read(Exercise, row[_EXERCISE], at)
                exercises[exercise.id] = exercise
            elif nature == _TEST:
                test = read(SelfTest, row[_TEST], at)
                tests[test.id] = test
        except (FactsError, KeyError) as error:
            problems.append(f"an entry of the record could not be read: {error}")
    book = Book(messages, times)
    book.adopt(alerts.values(), exercises.values(), tests.values())
    return Recovered(book, tuple(problems))


def _called(called: Called | None, at: Instant) -> object:
    return None if called is None else written(called, at)
