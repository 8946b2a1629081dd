"""Acts on warnings, and what time and the wire do to them: book, plan and record in agreement.

Beside the core, which owns the plan: this knows what a move means for it, for the journal and for
the answer. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from alerts.alert import Instant, Move
from alerts.book import BookCommand
from alerts.commands import Raise, StartExercise
from alerts.composition import Composed
from alerts.message import AlertError
from alerts.moving import AlertRefusedError, AnyMove
from broadcaster.control import alert_records, records
from broadcaster.control.acts import (
    Alerting,
    Answered,
    CalledUp,
    Command,
    Effect,
    Restarted,
)
from broadcaster.control.alert_path import AlertPaths
from broadcaster.control.answers import ANSWER_LIMIT, Answers, Waiting, beginning
from broadcaster.control.play_order import RefusedError
from broadcaster.control.warnings import Warnings, alerts_of
from broadcaster.engine.plan import Plan
from zones.bus import Claim, ClaimId, ZoneId, turns
from zones.media_time import Sample, WallAnchor

LOOK_EVERY = 1.0
"""Seconds between looks at what the wire makes of a warning that sounds."""
VOICES_AWAITED = 1.0
"""Seconds that a restart waits for the recordings, should a warning have to begin anew."""
_MOST_ROUNDS = 8
"""How often one decision may lead to the next at one moment; more would be a fault of ours."""


class Station(Protocol):
    """What acts on warnings need of the core."""

    @property
    def plan(self) -> Plan:
        """The newest plan."""

    @property
    def composed(self) -> Composed:
        """What composition gave for it."""

    @property
    def at(self) -> Sample:
        """The media time of the decision that is being made."""

    def anchor(self, now: float) -> WallAnchor:
        """Both clocks at `now`."""

    def planned_anew(self) -> list[Effect]:
        """The plan with the warnings as they are now."""

    def faulty(self) -> frozenset[ZoneId]:
        """The zones of which a witness says that something is wrong."""

    def title(self, claim: ClaimId) -> str | None:
        """What somebody called a claim."""

    def has_bus(self, claim: Claim, at: Sample) -> bool:
        """Whether a claim is on air in its zone at `at`."""


class AlertActs:
    """The warnings of a core, moved by people, rules and time."""

    def __init__(self, warnings: Warnings, station: Station, answers: Answers) -> None:
        """`station` is the core they belong to; answers wait in `answers`."""
        self.warnings = warnings
        self.paths = AlertPaths()
        self._look_at: float | None = None
        self._station = station
        self._answers = answers
        self.told: Callable[[tuple[AnyMove, ...], float], None] | None = None
        """Who wants to know of alerts that begin and end: the evidence they came from."""

    def handle(self, command: Alerting, now: float) -> list[Effect]:
        """Have the book do an act on a warning, and the plan hold what comes of it."""
        station = self._station
        try:
            moves = self.warnings.handle(command.order, self._instant(now))
        except AlertRefusedError as refusal:
            refused = records.refused(command, command.name, str(refusal), station.anchor(now))
            answered = Answered(command.key, error=str(refusal), where=refusal.where or None)
            # What fell due before it was made all the same.
            return [*self.moved(refusal.moves, now), refused, answered]
        effects = self.moved(moves, now, command)
        answer = self.warnings.book.answer(command.order.key)
        subject = "" if answer is None else answer.subject
        claims = station.plan.claims
        begins = frozenset(
            c.id
            for c in claims
            if c.start is None and c.until is None and subject in alerts_of(c.id)
        )
        told = partial(self._told, subject, begins, command.at if moves else None)
        waiting = Waiting(station.plan.revision, now + ANSWER_LIMIT, begins, told)
        self._answers.wait(command.key, waiting)
        return effects

    def obey(self, order: BookCommand, now: float) -> tuple[AnyMove, ...]:
        """Do what a rule asks; raises AlertRefusedError."""
        return self.warnings.handle(order, self._instant(now))

    def restarted(self, command: Restarted, now: float) -> list[Effect]:
        """Go on with every alert that lived, those too of which only their claims tell."""
        anchor, at = self._station.anchor(now), self._instant(now)
        missed = alert_records.missed(command.unrecorded, anchor)
        found = self.warnings.found(self._station.plan.claims, at)
        self._look_at = now + VOICES_AWAITED
        moves = (*self.warnings.book.restarted(at.now, at.utc), *found)
        return [*missed, *self.moved(moves, now)]

    def expire(self, now: float) -> list[Effect]:
        """Do what is due."""
        moves = self.warnings.expire(self._instant(now))
        look = self.warnings.next_look
        is_time = look is not None and look <= self._station.at
        if self._look_at is not None and self._look_at <= now:
            is_time, self._look_at = True, None
            # Better a tone than nothing, should the recordings not come.
            self.warnings.has_voices = True
        effects = self.moved(moves, now) if moves or is_time else []
        anchor = self._station.anchor(now)
        ripe = self.paths.ripe(anchor.sample)
        return [*effects, *(alert_records.measured(alert, path, anchor) for alert, path in ripe)]

    def deadline(self) -> float | None:
        """When `expire` has something to do beside what composition waits for."""
        ends = (self.warnings.deadline(), self._look_at)
        return min((end for end in ends if end is not None), default=None)

    def moved(
        self, moves: tuple[AnyMove, ...], now: float, command: Command | None = None
    ) -> list[Effect]:
        """Record moves, and bring the plan and the book into agreement."""
        effects: list[Effect] = []
        station = self._station
        for _ in range(_MOST_ROUNDS):
            effects += self._recorded(moves, now, command)
            if self.told is not None:
                self.told(moves, now)
            effects += station.planned_anew()
            self._note_paths(moves, command)
            at = self._instant(now)
            moves = self.warnings.notice(
                station.composed, station.plan.claims, station.at, at, station.faulty()
            )
            if not moves:
                break
            command = None
        if self._look_at is None and any(one.sounds for one in self.warnings.book.living):
            self._look_at = now + LOOK_EVERY
        return effects

    def _instant(self, now: float) -> Instant:
        return Instant(now, self._station.anchor(now).utc)

    def _recorded(
        self, moves: tuple[AnyMove, ...], now: float, command: Command | None
    ) -> list[Effect]:
        if not moves:
            return []
        book, anchor = self.warnings.book, self._station.anchor(now)
        key = "" if command is None else command.key
        called = (move.called for move in moves if isinstance(move, Move))
        calls = [CalledUp(call) for call in called if call is not None]
        return [alert_records.moved(moves, book.kept_open, now, anchor, key), *calls]

    def _note_paths(self, moves: tuple[AnyMove, ...], command: Command | None) -> None:
        """Begin the measured path of every warning that begins to sound."""
        station = self._station
        given = station.at if command is None or not command.at else command.at
        for move in moves:
            if isinstance(move, Move) and alert_records.begins_to_sound(move):
                utc = station.plan.anchor.utc_at(given)
                self.paths.begin(move.after.id, given, utc, station.at, station.plan.revision)
        for alert in self.warnings.book.living:
            claims = (c for c in station.plan.claims if alert.id in alerts_of(c.id))
            self.paths.started(alert.id, claims)

    # --- answers ---

    def _told(
        self, subject: str, begun: frozenset[ClaimId], given: Sample | None
    ) -> Mapping[str, object]:
        """What the answer to an act says of its alert, as things stand then.

        `begun` are the claims that the act brought; none if it changed nothing that is heard.
        """
        fields = alert_records.answer(subject, self.warnings)
        if begun:
            mine = [claim for claim in self._station.plan.claims if claim.id in begun]
            fields |= beginning(mine, self._station.has_bus, given)
        return fields

    def preview(self, order: BookCommand, at: Sample) -> dict[str, object]:
        """What an act would do, in words, exits and zones; nothing is changed.

        Raises:
            RefusedError: as the act itself would be.
        """
        if not isinstance(order, Raise | StartExercise):
            raise RefusedError("only a warning or an exercise can be looked at before", "name")
        try:
            said = self.warnings.preview(order)
        except AlertError as error:
            raise RefusedError(str(error)) from None
        return {**said.shown(), "interrupts": self._interrupted(said.zones, said.level, at)}

    def _interrupted(
        self, zones: tuple[ZoneId, ...], level: int, at: Sample
    ) -> list[dict[str, object]]:
        """What is on air in these zones, and whether it gives way to a claim at `level`."""
        found: dict[tuple[str, bool], list[str]] = {}
        for zone in zones:
            bus = (claim for claim in self._station.plan.claims if claim.zone == zone)
            for turn in turns(bus, at, at + 1):
                gives_way = turn.claim.priority < level
                found.setdefault((self._titled(turn.claim), gives_way), []).append(zone)
        return [
            {"title": title, "zones": listed, "gives_way": gives_way}
            for (title, gives_way), listed in found.items()
        ]

    def _titled(self, claim: Claim) -> str:
        names = alerts_of(claim.id)
        alert = self.warnings.book.alert(names[0]) if names else None
        if alert is not None:
            return self.warnings.message(alert).title.en
        return self._station.title(claim.id) or claim.kind.value
