"""The book of alerts: everything that lives or ended lately, moved by commands and by time.

Pure: `now` is monotonic seconds and decides; `utc` is what the clock on the wall says and is only
written down. A step of the wall clock moves nothing (SAFETY H2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from alerts import by_people, by_rules, by_time, reported
from alerts.alert import Alert, AlertId, Content, IncidentId, Instant, Move, Origin, alert_id
from alerts.answers import Answer, Answers
from alerts.commands import (
    Cancelled,
    Detected,
    EndExercise,
    HearSelfTest,
    OnAlert,
    Quieted,
    Raise,
    RunSelfTest,
    SensorLost,
    StartExercise,
    Updated,
)
from alerts.exercise import Exercise, ExerciseId, ExerciseMove, SelfTest, SelfTestMove
from alerts.exercises import Exercises
from alerts.hazard import Level
from alerts.life_cycle import ENDED, WARNING, Event, State, Times, Who
from alerts.message import Message
from alerts.message_book import MessageBook
from alerts.moving import ENGINE, AlertRefusedError, AnyMove, Cause, begun, moved
from alerts.sounding import House, aired
from zones.bus import ZoneId

Rule = Detected | Quieted | SensorLost | Updated | Cancelled
Practice = StartExercise | EndExercise | RunSelfTest | HearSelfTest
BookCommand = Raise | by_people.Act | Rule | Practice

MOST_ENDED = 500
"""Ended alerts that are still known, so that an act on one is answered by what happened."""
_JOINABLE = WARNING | {State.PENDING, State.HELD}


class Book:
    """All alerts of a station, real ones, exercises and self-tests."""

    def __init__(self, messages: MessageBook, times: Times | None = None) -> None:
        """`messages` can be changed later by `take_messages`."""
        self.house = House(messages, times or Times())
        self._alerts: dict[AlertId, Alert] = {}
        # Those of them that time can move: few, where the ended are many.
        self._open: dict[AlertId, Alert] = {}
        self._exercises = Exercises()
        self._answers = Answers()
        self._told_at: dict[AlertId, float] = {}
        self._number = 0
        self._newest = Instant(float("-inf"), datetime.min)  # noqa: DTZ901 - before every time
        self._moves: list[AnyMove] = []

    # --- what there is ---

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """All known alerts, the ended ones too, in their order."""
        return tuple(sorted(self._alerts.values(), key=lambda alert: alert.order))

    @property
    def living(self) -> tuple[Alert, ...]:
        """The alerts that sound or may yet sound, in their order."""
        return tuple(alert for alert in self._in_order() if alert.is_living)

    @property
    def kept_open(self) -> tuple[str, ...]:
        """The ids a recovery must find: what lives, what is asked about again, what runs."""
        alerts = (alert.id for alert in self._in_order())
        return (*alerts, *(exercise.id for exercise in self._exercises.running))

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """The exercises, those that ended lately too."""
        return tuple(self._exercises.exercises.values())

    @property
    def self_tests(self) -> tuple[SelfTest, ...]:
        """The self-tests, the newest last."""
        return tuple(self._exercises.self_tests.values())

    def alert(self, name: str) -> Alert | None:
        """The alert of that id."""
        return self._alerts.get(AlertId(name))

    def answer(self, key: str) -> Answer | None:
        """What the command of that key was answered; None when it is not known or was refused."""
        found = self._answers.find(key)
        return found if isinstance(found, Answer) else None

    def take_messages(self, messages: MessageBook) -> None:
        """Speak from another catalogue from now on; what sounds stays what it is."""
        self.house = replace(self.house, messages=messages)

    def ask_evidence(self, asked_again: Callable[[IncidentId], Level | None]) -> None:
        """Ask again for no more than evidence asks for by then; None of what it does not know."""
        self.house = replace(self.house, asked_again=asked_again)

    def adopt(
        self, alerts: Iterable[Alert], exercises: Iterable[Exercise], tests: Iterable[SelfTest]
    ) -> None:
        """Take what a record tells, into an empty book."""
        for alert in alerts:
            self._store(alert)
            self._number = max(self._number, alert.order)
            for step in alert.steps:
                if step.key:
                    answer = Answer(alert.id, step.state.value, step.revision)
                    by_rule = step.who is not Who.OPERATOR
                    self._answers.keep(step.key, answer, by_rule=by_rule)
        for exercise in exercises:
            self._exercises.exercises[exercise.id] = exercise
            self._number = max(self._number, exercise.order)
            for key in exercise.keys:
                answer = Answer(exercise.id, exercise.state.value, exercise.revision)
                self._answers.keep(key, answer, by_rule=False)
        for test in tests:
            self._exercises.self_tests[test.id] = test
        self._forget()

    # --- commands ---

    def handle(self, command: BookCommand, now: float, utc: datetime) -> tuple[AnyMove, ...]:
        """Do what `command` says, after all that fell due before it, and what is due by it.

        A key that was done before changes nothing; `answer` says what it was answered.

        Raises:
            AlertRefusedError: it isn't possible; says what is. Its `moves` are those that fell due
                before and were made. A refused key is refused alike when it comes again.
        """
        at = self._at(now, utc)
        self._expire(at)
        by_rule = isinstance(command, Rule)
        known = self._answers.find(command.key)
        if known is None:
            try:
                self._answers.keep(command.key, self._done(command, at), by_rule=by_rule)
                self._expire(at)
            except AlertRefusedError as refusal:
                self._answers.keep(command.key, refusal, by_rule=by_rule)
                known = refusal
        if isinstance(known, AlertRefusedError):
            error = AlertRefusedError(str(known), known.where, known.alert)
            error.moves = self._taken()
            raise error
        return self._taken()

    def _done(self, command: BookCommand, at: Instant) -> Answer:
        match command:
            case Raise():
                return self._raise(command, at)
            case Detected():
                return self._detect(command, at)
            case Quieted() | SensorLost() | Updated() | Cancelled():
                return self._hear_of(command, at)
            case StartExercise() | EndExercise() | RunSelfTest() | HearSelfTest():
                return self._practise(command, at)
            case OnAlert():
                alert = self._named(command.alert)
                after = by_people.acted(alert, command, at, self.house)
                return self._answered(self._keep(alert, after, at))
            case _:
                assert_never(command)

    def _raise(self, order: Raise, at: Instant) -> Answer:
        standing = self._alerts.get(alert_id(order.key))
        if standing is not None:
            return self._answered(standing)
        alert = by_people.raised(order, at, self.house, self._number + 1)
        equal = self._equal(alert, _JOINABLE)
        if equal is None:
            return self._answered(self._keep(None, alert, at))
        after = by_people.joined(equal, order, at, self.house)
        return self._answered(self._keep(equal, after, at))

    def _detect(self, seen: Detected, at: Instant) -> Answer:
        known = self._of_incident(seen.incident)
        if known is not None and (known.state not in ENDED or self._is_judged(known, seen)):
            return self._strengthen(known, seen, at)
        standing = self._alerts.get(alert_id(seen.key))
        if standing is not None:
            return self._answered(standing)
        follows = known.id if known is not None else None
        alert = by_rules.detected(seen, at, self.house, self._number + 1, follows)
        equal = self._equal(alert, WARNING) if seen.has_lasted else None
        if equal is not None and (seen.window <= 0 or set(alert.zones) <= set(equal.zones)):
            return self._strengthen(equal, seen, at)
        return self._answered(self._keep(None, alert, at))

    def _is_judged(self, alert: Alert, seen: Detected) -> bool:
        """Whether a person ended this, or let it pass, and the evidence is no stronger now."""
        if alert.state is State.REJECTED:
            return True
        if alert.asks_again is None:
            return False
        said = by_rules.content(seen, self.house)
        before = (alert.content.rank, alert.aired_at is not None)
        return (said.rank, seen.window <= 0) <= before or not seen.has_lasted

    def _strengthen(self, alert: Alert, seen: Detected, at: Instant) -> Answer:
        after = by_rules.strengthened(alert, seen, at, self.house)
        if after is None:
            return self._answered(alert)
        if by_rules.is_only_words(alert, after):
            last = self._told_at.get(alert.id)
            if last is not None and at.now < last + self.house.times.evidence_every:
                return self._answered(alert)
            self._told_at[alert.id] = at.now
        return self._answered(self._keep(alert, after, at))

    def _hear_of(self, order: Quieted | SensorLost | Updated | Cancelled, at: Instant) -> Answer:
        alert = self._of_incident(order.incident)
        if alert is None:
            if isinstance(order, Updated):
                raise AlertRefusedError(
                    f"there is no alert of incident {order.incident!r}; give it as a detection",
                    "incident",
                )
            return Answer("")
        match order:
            case Quieted():
                after = by_rules.quieted(alert, order, at, self.house)
            case SensorLost():
                after = by_rules.sensor_lost(alert, order, at, self.house)
            case Updated():
                after = by_rules.updated(alert, order, at, self.house)
            case Cancelled():
                after = by_rules.cancelled(alert, order, at, self.house)
        return self._answered(alert if after is None else self._keep(alert, after, at))

    def _practise(self, order: Practice, at: Instant) -> Answer:
        move: ExerciseMove | SelfTestMove
        match order:
            case StartExercise():
                self._number += 1
                move = self._exercises.start(order, self.living, at, self.house, self._number)
            case EndExercise():
                move = self._exercises.end(order, at)
            case RunSelfTest():
                move = self._exercises.run(order, at, self.house)
            case HearSelfTest():
                move = self._exercises.hear(order, at)
        self._moves.append(move)
        return Answer(move.after.id, move.after.state.value, move.after.revision)

    # --- time ---

    def deadline(self) -> float | None:
        """When `expire` has something to do, in monotonic seconds; None when never."""
        ends = [found[0] for alert in self._open.values() if (found := by_time.due(alert))]
        practice = self._exercises.deadline()
        return min([*ends, practice] if practice is not None else ends, default=None)

    def expire(self, now: float, utc: datetime) -> tuple[AnyMove, ...]:
        """Do what is due at `now`, the earliest first; a second time at the same `now` is none."""
        self._expire(self._at(now, utc))
        return self._taken()

    def _expire(self, at: Instant) -> None:
        while True:
            dues = (
                (found[0], alert.order, found[1], alert.id)
                for alert in self._open.values()
                if (found := by_time.due(alert)) and found[0] <= at.now
            )
            first = min(dues, default=None)
            if first is None:
                break
            _, _, what, name = first
            alert = self._alerts[name]
            if what is by_time.Due.ASK_AGAIN and set(alert.going) <= self._taken_up(alert):
                # Another alert lives for it: that one asks.
                self._keep(alert, moved(alert, Event.QUIET, ENGINE, at, going=()), at)
                continue
            self._keep(alert, by_time.passed(alert, what, at, self.house), at)
            if what is by_time.Due.ASK_AGAIN and alert.state is not State.REJECTED:
                self._follow(alert, at)
        self._moves += self._exercises.expire(at)

    # --- what the station reports ---

    def spoken(self, name: str, now: float, utc: datetime) -> tuple[AnyMove, ...]:
        """The last word of an alert or an exercise has been spoken in all its zones."""
        at = self._at(now, utc)
        alert = self.alert(name)
        if alert is None:
            self._moves += self._exercises.spoken(ExerciseId(name), at)
        elif (after := reported.spoken(alert, at, self.house)) is not None:
            self._keep(alert, after, at)
            if after.state in ENDED and alert.has_open_rise:
                # Stronger evidence waited for its window while the last word was spoken.
                self._keep(after, moved(after, Event.ASK_AGAIN, ENGINE, at, asks_again=None), at)
                self._follow(alert, at)
        return self._taken()

    def timed(self, name: str, cycle: float, now: float, utc: datetime) -> tuple[AnyMove, ...]:
        """One cycle of the alert's message takes `cycle` seconds; its first one begins now."""
        at = self._at(now, utc)
        return self._reported(name, at, lambda alert: reported.timed(alert, cycle, at, self.house))

    def observed(
        self,
        name: str,
        now: float,
        utc: datetime,
        *,
        sounded: Iterable[ZoneId] | None = None,
        overridden: Iterable[ZoneId] | None = None,
        degraded: Iterable[ZoneId] | None = None,
        conflicting: Iterable[ZoneId] | None = None,
    ) -> tuple[AnyMove, ...]:
        """What is seen of the zones of an alert on air; None: as it was.

        `sounded` is where any of it was heard of by now, `overridden` where something higher holds
        the zone, `degraded` where an amplifier or stream has a fault, `conflicting` where an equal
        warning sends people the other way: then people are called.
        """
        at = self._at(now, utc)
        alert = self.alert(name)
        if alert is not None:
            changes = reported.observed(
                alert,
                at,
                self.house,
                sounded=sounded,
                overridden=overridden,
                degraded=degraded,
                conflicting=conflicting,
            )
            for after in changes:
                alert = self._keep(alert, after, at)
        return self._taken()

    def restarted(self, now: float, utc: datetime) -> tuple[AnyMove, ...]:
        """Control is back: every living alert goes on in its state, and says so."""
        at = self._at(now, utc)
        cause = Cause(Who.RECOVERY, "control", reason="control was started again")
        for alert in self.living:
            self._keep(alert, moved(alert, Event.RESTART, cause, at), at)
        return self._taken()

    def found(
        self, name: str, message: Message, zones: tuple[ZoneId, ...], now: float, utc: datetime
    ) -> tuple[AnyMove, ...]:
        """Take on a warning on air of which no record tells, so that it ends by a person's act."""
        at = self._at(now, utc)
        if AlertId(name) not in self._alerts and message.level is not None:
            self._number += 1
            content = Content(message.id, message.level, message.response, message.direction)
            alert = Alert(
                id=AlertId(name),
                order=self._number,
                hazard=message.hazard,
                content=content,
                zones=zones,
                state=State.AIRING,
                origin=Origin("control", is_automatic=False, at=utc, source="found on air"),
                sounded=zones,
            )
            changes = aired(alert, at, self.house.times)
            cause = Cause(Who.ENGINE, "control", reason="found on air without a record")
            self._keep(None, begun(replace(alert, **changes), Event.AIR, cause, at), at)
        return self._taken()

    def _reported(
        self, name: str, at: Instant, change: Callable[[Alert], Alert | None]
    ) -> tuple[AnyMove, ...]:
        alert = self.alert(name)
        after = None if alert is None else change(alert)
        if after is not None:
            self._keep(alert, after, at)
        return self._taken()

    # --- inside ---

    def _at(self, now: float, utc: datetime) -> Instant:
        """The moment, never earlier than one that was."""
        self._newest = Instant(max(now, self._newest.now), utc)
        return self._newest

    def _taken(self) -> tuple[AnyMove, ...]:
        moves, self._moves = tuple(self._moves), []
        return moves

    def _store(self, alert: Alert) -> None:
        self._alerts[alert.id] = alert
        if alert.is_living or alert.is_watched:
            self._open[alert.id] = alert
        else:
            self._open.pop(alert.id, None)

    def _taken_up(self, alert: Alert) -> set[IncidentId]:
        """The incidents that other living alerts are about: one has one."""
        others = (o for o in self._open.values() if o.id != alert.id and o.is_living)
        return {incident for other in others for incident in other.incidents}

    def _in_order(self) -> list[Alert]:
        return sorted(self._open.values(), key=lambda alert: alert.order)

    def _keep(self, before: Alert | None, after: Alert, at: Instant) -> Alert:
        """Store an alert that moved, and do what follows from its sounding."""
        if after.is_living and (before is None or not before.is_living):
            taken = self._taken_up(after)
            after = replace(
                after,
                incidents=tuple(one for one in after.incidents if one not in taken),
                going=tuple(one for one in after.going if one not in taken),
            )
        begins = after.state is State.AIRING and (before is None or not before.sounds)
        if before is None or (begins and before.aired_at is None):
            self._number += 1
            after = replace(after, order=self._number)
        self._store(after)
        self._moves.append(Move(before, after))
        if begins:
            self._moves += self._exercises.stop(after, at)
        after = self._merge(after, at)
        if after.state in ENDED:
            self._told_at.pop(after.id, None)
            self._forget()
        return after

    def _merge(self, alert: Alert, at: Instant) -> Alert:
        """Make one of equal warnings of one hazard (SAFETY B1): the one that sounded goes on."""
        while alert.state in WARNING and alert.parting is None:
            keeper = self._equal(alert, WARNING)
            if keeper is None:
                break
            wider = by_rules.absorbed(keeper, alert, at)
            said = Cause(Who.ENGINE, "engine", reason="an equal warning of its hazard sounds")
            closed = moved(alert, Event.MERGE, said, at, merged_into=keeper.id, going=())
            self._store(wider)
            self._store(closed)
            self._moves += [Move(keeper, wider), Move(alert, closed)]
            alert = wider
        return alert

    def _equal(self, alert: Alert, states: Iterable[State]) -> Alert | None:
        """An equal warning of the same hazard in some of the same zones; the earliest."""
        zones = set(alert.zones)
        return next(
            (
                other
                for other in self._in_order()
                if other.id != alert.id
                and other.state in states
                and other.hazard == alert.hazard
                and other.content.rank == alert.content.rank
                and zones & set(other.zones)
            ),
            None,
        )

    def _follow(self, alert: Alert, at: Instant) -> None:
        follower = by_rules.asked_anew(alert, at, self.house, self._number + 1)
        if follower.id not in self._alerts:
            self._keep(None, follower, at)

    def _of_incident(self, incident: IncidentId) -> Alert | None:
        """The alert of an incident: the living one, else the one that ended last."""
        known = self._alerts.values()
        found = [a for a in known if incident in a.incidents and a.merged_into is None]
        return max(found, key=lambda alert: (alert.is_living, alert.order), default=None)

    def _named(self, name: AlertId) -> Alert:
        alert = self._alerts.get(name)
        if alert is None:
            names = ", ".join(a.id for a in self.living) or "none"
            raise AlertRefusedError(f"there is no alert {name!r}; living: {names}", "alert")
        return alert

    @staticmethod
    def _answered(alert: Alert) -> Answer:
        return Answer(alert.id, alert.state.value, alert.revision)

    def _forget(self) -> None:
        if len(self._alerts) - len(self._open) <= MOST_ENDED:
            return
        ended = [alert for alert in self.alerts if alert.id not in self._open]
        for alert in ended[: len(ended) - MOST_ENDED]:
            del self._alerts[alert.id]
