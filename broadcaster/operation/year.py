"""Days of operation on one seed, from the first to the last, and what they broke. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from alerts.alert import Alert
from alerts.book import Book
from broadcaster.control.core import Core
from broadcaster.engine.plan import Plan
from broadcaster.operation.agenda import Agenda
from broadcaster.operation.fate import DAY_S, Fate, Odds
from broadcaster.operation.judge import Broken, Judge
from broadcaster.operation.people import People
from broadcaster.operation.premises import Premises
from broadcaster.operation.station import Station
from broadcaster.operation.truth import Truth
from broadcaster.simulator.scenario_settings import ScenarioSettings
from zones.media_time import Sample

BEGIN: Final = datetime(2026, 1, 1, 15, tzinfo=UTC)
"""Midnight in Korea."""
_MANY: Final = ("gauges", "reports")
"""What happens so often that the list of events leaves it out."""
MOST_BROKEN: Final = 20
"""After so many broken rules a run is given up."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run; `events` are its last ones, in words."""

    seed: int
    days: float
    busy: float
    aired: int
    restarts: int
    happenings: int
    broken: tuple[Broken, ...]
    events: tuple[str, ...]

    def message(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "seed": self.seed,
            "days": self.days,
            "busy": self.busy,
            "aired": self.aired,
            "restarts": self.restarts,
            "happenings": self.happenings,
            "broken": [
                {"rule": one.rule, "at_s": round(one.now, 3), "what": one.sentence}
                for one in self.broken
            ],
            "events": list(self.events) if self.broken else [],
        }


class _Watched:
    """Tells the judge, and the people, what a station does."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.people: People | None = None

    def played(self, plan: Plan, begin: Sample, end: Sample) -> None:
        self.judge.played(plan, begin, end)

    def recorded(self, facts: Mapping[str, Any], now: float) -> None:
        self.judge.recorded(facts, now)
        if self.people is not None:
            self.people.hear(facts, now)

    def stands(self, alerts: tuple[Alert, ...], is_quiet_beside: bool, now: float) -> None:
        self.judge.stands(alerts, is_quiet_beside, now)

    def came_back(self, before: Mapping[str, Mapping[str, Any]], book: Book, now: float) -> None:
        self.judge.came_back(before, book, now)

    def stepped(self, core: Core, before: tuple[Alert, ...], plan: Plan, now: float) -> None:
        self.judge.stepped(core, before, plan, now)

    def look(self, alerts: tuple[Alert, ...], since: float, now: float) -> None:
        self.judge.look(alerts, since, now)


def operate(
    premises: Premises,
    settings: ScenarioSettings,
    seed: int,
    days: float,
    busy: float = 1.0,
    say: Callable[[int], None] | None = None,
) -> Outcome:
    """Run a station for so many days; the same seed gives the same days to the millisecond.

    Things happen `busy` times as often as in an ordinary year. `say` is told each day's number.
    """
    chance = random.Random(seed)
    truth = Truth(premises.site)
    judge = Judge(premises, truth)
    watched = _Watched(judge)
    agenda = Agenda()
    station = Station(premises, BEGIN, watched)
    people = People(chance, agenda, station)
    watched.people = people
    fate = Fate(chance, agenda, station, people, truth, judge, settings)
    odds = Odds().times(busy)
    happenings, day, end = 0, 0, days * DAY_S
    while day * DAY_S < end and len(judge.broken) < MOST_BROKEN:
        if say is not None:
            say(day)
        fate.fill(day * DAY_S, odds)
        day += 1
        until = min(day * DAY_S, end)
        while len(judge.broken) < MOST_BROKEN:
            if station.step(min(until, agenda.next_at)):
                continue
            if agenda.next_at > until:
                break
            title, happening = agenda.pop()
            if title not in _MANY:
                judge.last.append(f"{station.now:12.3f} {title}")
            happening()
            happenings += 1
    return Outcome(
        seed,
        min(days, day),
        busy,
        judge.aired,
        station.restarts,
        happenings,
        tuple(judge.broken),
        tuple(judge.last[-80:]),
    )
