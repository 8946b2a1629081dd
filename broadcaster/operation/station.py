"""A station in virtual time: the production core, an engine, a record, and what befalls them.

Time jumps from one thing that is due to the next. Nothing here decides anything: commands go to
the core, its effects are done one by one, and a death may come between any two of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from alerts.alert import Alert
from alerts.book import Book, BookCommand
from alerts.detection import Absence, Admitted, Detections
from alerts.exercise import ExerciseState
from alerts.life_cycle import Event
from alerts.record import open_ids, recover
from broadcaster.control.acts import (
    Alerting,
    Answered,
    Command,
    Detect,
    DoubtClock,
    Effect,
    EngineAdopted,
    Kept,
    Planned,
    Recorded,
    Restarted,
    RetakeAnchor,
    TakeLibrary,
)
from broadcaster.control.core import Core
from broadcaster.control.incident_pictures import IncidentPictures
from broadcaster.control.warnings import Warnings
from broadcaster.engine.plan import Plan
from broadcaster.journal.entry import Entry, Kind
from broadcaster.operation.doors import Doors
from broadcaster.operation.engine import SimulatedEngine
from broadcaster.operation.premises import CLOCK, Premises
from zones.media_time import Sample, WallAnchor

Facts = Mapping[str, Any]
_CALM_S: Final = 3000.0
"""How late control may look after its programme while no alert lives; it reaches an hour ahead."""
_DRY_M: Final = 0.3
"""Gauges that read no more tell of nothing."""
_SETTLED_S: Final = 180.0
"""After so long without a move an alert is looked at less often than in life."""
_LOOK_S: Final = 60.0
_CALLS: Final = frozenset({Event.CALL.value, Event.BLOCK_PROPOSAL.value, Event.LOSE_SENSOR.value})
"""Moves that change nothing that is heard."""


class Witness(Protocol):
    """Who watches a station, and judges."""

    def played(self, plan: Plan, begin: Sample, end: Sample) -> None:
        """The engine played by `plan` from `begin` to `end`."""

    def recorded(self, facts: Facts, now: float) -> None:
        """A move of an alert, an exercise or a self-test went into the record."""

    def stands(self, alerts: tuple[Alert, ...], is_quiet_beside: bool, now: float) -> None:
        """Engine and control agree; these are the alerts that control knows."""

    def came_back(self, before: Mapping[str, Facts], book: Book, now: float) -> None:
        """A new control began from a record that held these alerts."""

    def stepped(self, core: Core, before: tuple[Alert, ...], plan: Plan, now: float) -> None:
        """The wall clock stepped; `before` it the alerts and the plan were these."""

    def look(self, alerts: tuple[Alert, ...], since: float, now: float) -> None:
        """Control, which is there since a moment, knows these alerts."""


@dataclass
class Faults:
    """What is wrong at present, set by whoever plays fate."""

    adoption_s: float = 0.003
    """How long the engine takes to adopt a plan."""
    journal_refuses: bool = False
    dies_after: int | None = None
    """Control dies when it has done so many more effects."""
    away_s: float = 1.0
    """How long nobody is there after a death."""


@dataclass
class Record:
    """What is known of alerts: noted in the run directory, and in the journal."""

    noted: dict[str, Facts] = field(default_factory=dict)
    journalled: dict[str, Facts] = field(default_factory=dict)
    waiting: list[tuple[str, Facts]] = field(default_factory=list)
    """What the journal refused and gets again later."""

    def take(self, entries: Iterable[Entry], *, refuses: bool) -> list[Facts]:
        """Keep the moves of alerts among entries, as JSON keeps them; returned as read again."""
        moves = [
            (entry.subject, json.loads(json.dumps(dict(entry.facts), ensure_ascii=False)))
            for entry in entries
            if entry.kind is Kind.ALERT
        ]
        if not moves:
            return []
        self.noted |= dict(moves)
        self.noted = _still_open(self.noted, moves[-1][1])
        self.waiting += moves
        if not refuses:
            self.catch_up()
        return [facts for _, facts in moves]

    def catch_up(self) -> None:
        """The journal takes what it refused."""
        if self.waiting:
            self.journalled |= dict(self.waiting)
            self.journalled = _still_open(self.journalled, self.waiting[-1][1])
            self.waiting.clear()


def _still_open(known: Mapping[str, Facts], newest: Facts) -> dict[str, Facts]:
    wanted = {*open_ids(newest)}
    return {name: facts for name, facts in known.items() if name in wanted}


def _practising(book: Book) -> bool:
    return any(one.state is not ExerciseState.ENDED for one in book.exercises)


class Station:
    """Control, engine and record, moved along by `step`."""

    def __init__(self, premises: Premises, begin: datetime, witness: Witness) -> None:
        """On air at `begin`, whose monotonic time is 0."""
        self.now = 0.0
        self.premises = premises
        self.faults = Faults()
        self.record = Record()
        self.engine = SimulatedEngine()
        self.doors = Doors()
        self.answers: dict[str, Answered] = {}
        self.restarts = 0
        self.quiet_neighbours = True
        self.tracks = 4
        self.wall_offset_s = 0.0
        self.here_since = 0.0
        """When the control that is there, or was last, began."""
        self._begin = begin
        self._witness = witness
        self._memory: Facts | None = None
        self._returns_at: float | None = None
        self._gone_since: datetime | None = None
        self._waiting: list[Command] = []
        self._expired_at = 0.0
        self._moved_at = 0.0
        self._evidence_at = 0.0
        self._played_to: Sample = CLOCK.sample_at(0)
        book = Book(premises.messages)
        self.core: Core | None = self._new_core(book, None, None)
        self._command(TakeLibrary(library=premises.library(self.tracks)))

    # --- clocks ---

    @property
    def true_utc(self) -> datetime:
        """What every other clock says."""
        return self._begin + timedelta(seconds=self.now)

    @property
    def utc(self) -> datetime:
        """What our wall clock says."""
        return self.true_utc + timedelta(seconds=self.wall_offset_s)

    @property
    def _at(self) -> Sample:
        return CLOCK.sample_at(round(self.now * 1e9))

    @property
    def _anchor(self) -> WallAnchor:
        return WallAnchor(self._at, self.utc)

    # --- what comes in ---

    @property
    def book(self) -> Book | None:
        """The book of alerts; None while control is dead."""
        return None if self.core is None else self.core.warnings.book

    def detect(self, events: Iterable[Admitted]) -> None:
        """Doors hand over events; those that come while control is away wait for it."""
        events = tuple(events)
        if any(one.event.value is None or one.event.value > _DRY_M for one in events):
            self._evidence_at = self.now
        if self.core is None:
            self.doors.keep(events)
            return
        self.doors.took(events, self.now)
        self.command(Detect(events=events))

    def look(self) -> None:
        """Show the witness what is known, if control is there."""
        if self.core is not None:
            self._witness.look(self.core.warnings.book.alerts, self.here_since, self.now)

    def order(self, name: str, order: BookCommand) -> None:
        """A person asks for something; while control is away the same act is sent again."""
        self.command(Alerting(key=order.key, who=order.who.name, name=name, order=order))

    def command(self, command: Command) -> None:
        """Tell control; what is due by now is done first."""
        if self.core is None:
            self._waiting.append(command)
            return
        self._command(command)

    def step_clock(self, seconds: float) -> None:
        """The wall clock steps; control finds out and goes by it."""
        core = self.core
        self.wall_offset_s += seconds
        self.doors.step(self.wall_offset_s, self.now)
        if core is not None:
            self._command(DoubtClock(why=self.doors.doubt))
        if core is not None and self.core is core:
            before, plan = core.warnings.book.alerts, core.plan
            self._command(RetakeAnchor(anchor=self._anchor))
            if self.core is core:
                self._witness.stepped(core, before, plan, self.now)

    def die(self, *, power_cut: bool = False) -> None:
        """Control ends without a word; in a power cut the run directory goes too, and the sound."""
        if self.core is None:
            return
        self._play()
        self.core = None
        self._gone_since = self.utc
        self.doors.lost(self.now)
        self._returns_at = self.now + self.faults.away_s
        self.faults.dies_after = None
        if power_cut:
            self.record.noted = dict(self.record.journalled)
            self.record.waiting.clear()
            self.engine = SimulatedEngine()

    # --- time ---

    def step(self, end: float) -> bool:
        """Do what is due first, at its time; false if nothing is until `end`, which it is then."""
        due = self._due()
        if due is None or due > end:
            self._go_to(end)
            return False
        self._go_to(max(due, self.now))
        self._act()
        return True

    def _due(self) -> float | None:
        dues = (
            self.engine.adopts_at,
            self._returns_at,
            self.doors.settles_at,
            self._deadline(),
        )
        return min((due for due in dues if due is not None), default=None)

    def _deadline(self) -> float | None:
        core = self.core
        if core is None:
            return None
        deadline = core.deadline()
        if deadline is None or core.is_waiting:
            return deadline
        warnings = core.warnings
        is_calm = not warnings.book.living and not _practising(warnings.book)
        if not is_calm and self.now < self._moved_at + _SETTLED_S:
            return deadline
        later = max(deadline, self._expired_at + (_CALM_S if is_calm else _LOOK_S))
        look = None if is_calm or warnings.next_look is None else warnings.next_look
        # What is looked for in dry, clear weather is only which source fell silent.
        is_clear = is_calm and self.now > self._evidence_at + _CALM_S
        strict = (
            warnings.deadline(),
            None if is_clear else core.detecting.deadline(),
            None if look is None else core.moment(look),
        )
        return min([later, *(one for one in strict if one is not None)])

    def _go_to(self, now: float) -> None:
        self.now = now
        if self.engine.plan is not None:
            self._play()

    def _play(self) -> None:
        at = self._at
        if self.engine.plan is not None and at > self._played_to:
            self._witness.played(self.engine.plan, self._played_to, at)
        self._played_to = max(self._played_to, at)

    def _act(self) -> None:
        if self._returns_at is not None and self._returns_at <= self.now:
            self._return()
        elif self.engine.adopts_at is not None and self.engine.adopts_at <= self.now:
            adopted = self.engine.adopt(self._at)
            if self.core is not None:
                self._perform(self.core.handle(adopted, self.now))
        elif self.doors.settles_at is not None and self.doors.settles_at <= self.now:
            self.doors.settle()
            if self.core is not None:
                self._command(DoubtClock(why=self.doors.doubt))
        elif self.core is not None:
            self._expired_at = self.now
            self._perform(self.core.expire(self.now))
        self._settle()

    def _command(self, command: Command) -> None:
        core = self.core
        if core is None:
            return
        self._play()
        deadline = self._deadline()
        if deadline is not None and deadline <= self.now:
            self._expired_at = self.now
            self._perform(core.expire(self.now))
        if self.core is core:
            self._perform(core.handle(command, self.now))
        self._settle()

    def _perform(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if self.faults.dies_after is not None:
                self.faults.dies_after -= 1
                if self.faults.dies_after < 0:
                    self.die()
                    return
            self._do(effect)

    def _do(self, effect: Effect) -> None:
        match effect:
            case Recorded(entries):
                moves = self.record.take(entries, refuses=self.faults.journal_refuses)
                for facts in moves:
                    if facts["from"] != facts["to"] or facts.get("event") not in _CALLS:
                        self._moved_at = self.now
                    self._witness.recorded(facts, self.now)
            case Planned(plan):
                self.engine.hand(plan, self.now, self.faults.adoption_s)
            case Kept(memory):
                self._memory = json.loads(json.dumps(memory))
            case Answered() as answered:
                self.answers[answered.key] = answered
            case _:
                pass

    def _settle(self) -> None:
        """Tell the witness what control knows, once the engine plays by it."""
        core = self.core
        if core is None or self.engine.adopts_at is not None or core.unstamped:
            return
        if self.engine.plan is not None and self.engine.plan.revision == core.plan.revision:
            is_quiet = core.ground.site.quiet_neighbours
            self._witness.stands(core.warnings.book.alerts, is_quiet, self.now)

    # --- deaths ---

    def _new_core(self, book: Book, adopted: Plan | None, absence: Absence | None) -> Core:
        ground = self.premises.ground(quiet_neighbours=self.quiet_neighbours)
        detections = Detections(
            ground.site,
            self.premises.rules,
            self.now,
            self.utc,
            absence=absence,
            memory=self._memory,
        )
        warnings = Warnings(book, ground.site)
        pictures = IncidentPictures(self._memory)
        return Core(ground, self._anchor, warnings, detections, adopted, pictures=pictures)

    def _return(self) -> None:
        """Another control begins, as it would from the directories of the one before."""
        self._returns_at = None
        self.here_since = self.now
        self.restarts += 1
        noted = dict(self.record.noted)
        found = recover(noted.values(), self.now, self.utc, self.premises.messages)
        if found.problems:
            raise ValueError(f"the record cannot be read: {found.problems}")
        since = self._gone_since or self.utc
        absence = Absence(since, self.utc) if since < self.utc else None
        self.core = self._new_core(found.book, self.engine.written, absence)
        self._witness.came_back(noted, found.book, self.now)
        self._perform(self.core.handle(Restarted(), self.now))
        engine = self.engine.adopted if self.engine.plan is not None else EngineAdopted(revision=0)
        waiting, self._waiting = self._waiting, []
        library = TakeLibrary(library=self.premises.library(self.tracks))
        doubt = DoubtClock(why=self.doors.doubt)
        events = self.doors.hand_over(self.now)
        for command in (engine, library, doubt, Detect(events=events)):
            self._hear(command)
        for order in waiting:
            self.command(order)

    def _hear(self, command: Command) -> None:
        if self.core is not None:
            self._perform(self.core.handle(command, self.now))
