"""Exercises and self-tests as they begin and end; they never touch an alert."""

from __future__ import annotations

from dataclasses import replace

from alerts.alert import Alert, Instant, united, words
from alerts.commands import EndExercise, HearSelfTest, RunSelfTest, StartExercise
from alerts.exercise import (
    LONGEST_ENDING,
    LONGEST_EXERCISE,
    Exercise,
    ExerciseId,
    ExerciseMove,
    ExerciseState,
    SelfTest,
    SelfTestId,
    SelfTestMove,
    SelfTestState,
    exercise_id,
    self_test_id,
)
from alerts.message import Purpose, UnknownMessageError
from alerts.moving import AlertRefusedError, standing
from alerts.sounding import House

MOST_KEPT = 32
"""Exercises and self-tests that are over and still known, each."""


class Exercises:
    """All exercises and self-tests of a station."""

    def __init__(self) -> None:
        self.exercises: dict[ExerciseId, Exercise] = {}
        self.self_tests: dict[SelfTestId, SelfTest] = {}

    @property
    def running(self) -> tuple[Exercise, ...]:
        """Those that are on air, or whose end is being said."""
        return tuple(e for e in self.exercises.values() if e.state is not ExerciseState.ENDED)

    def start(
        self,
        order: StartExercise,
        alerts: tuple[Alert, ...],
        at: Instant,
        house: House,
        number: int,
    ) -> ExerciseMove:
        """Begin an exercise; `alerts` are the real ones that live.

        Raises:
            AlertRefusedError: a real alert lives, or what was asked for is no exercise.
        """
        if alerts:
            raise AlertRefusedError(
                f"no exercise beside a real alert: {standing(alerts[0])}", "exercise"
            )
        if not order.zones:
            raise AlertRefusedError("name at least one zone", "zones")
        if not 0 < order.seconds <= LONGEST_EXERCISE:
            raise AlertRefusedError(
                f"an exercise lasts up to {LONGEST_EXERCISE:g} s, not {order.seconds:g} s",
                "seconds",
            )
        try:
            message = house.messages.named(order.message)
        except UnknownMessageError as error:
            raise AlertRefusedError(str(error), "message") from None
        if message.purpose not in (Purpose.EXERCISE, Purpose.TEST):
            raise AlertRefusedError(
                f"message {message.id} is no exercise: take one that says so", "message"
            )
        # A test is spoken once, like a last word, and is over: it says of itself that it ends.
        is_test = message.purpose is Purpose.TEST
        name = exercise_id(order.key)
        exercise = Exercise(
            id=name,
            order=number,
            message=message.id,
            zones=united((), order.zones),
            state=ExerciseState.ENDING if is_test else ExerciseState.RUNNING,
            by=words(order.who.name),
            ends=at.after(LONGEST_ENDING if is_test else order.seconds),
            reason=words(order.reason),
            keys=(order.key,),
        )
        return self._kept(None, exercise, at)

    def end(self, order: EndExercise, at: Instant) -> ExerciseMove:
        """Let its zones hear that the exercise is over.

        Raises:
            AlertRefusedError: there is no such exercise, or it ended.
        """
        exercise = self.exercises.get(order.exercise)
        if exercise is None:
            names = ", ".join(e.id for e in self.running) or "none"
            raise AlertRefusedError(
                f"there is no exercise {order.exercise!r}; running: {names}", "exercise"
            )
        if exercise.state is not ExerciseState.RUNNING:
            raise AlertRefusedError(
                f"exercise {exercise.id} is {exercise.state.value} already: {exercise.reason}",
                "exercise",
            )
        keys = (*exercise.keys, order.key)
        return self._ending(replace(exercise, keys=keys), f"ended by {order.who.name}", at)

    def stop(self, alert: Alert, at: Instant) -> list[ExerciseMove]:
        """End every exercise, in all zones: something real sounds (SAFETY E2)."""
        return [
            self._ending(replace(e, is_stopped=True), f"alert {alert.id} is real", at)
            for e in self.running
            if not e.is_stopped
        ]

    def spoken(self, name: ExerciseId, at: Instant) -> list[ExerciseMove]:
        """Its last word was spoken."""
        exercise = self.exercises.get(name)
        if exercise is None or exercise.state is not ExerciseState.ENDING:
            return []
        return [self._moved(exercise, at, state=ExerciseState.ENDED)]

    def run(self, order: RunSelfTest, at: Instant, house: House) -> SelfTestMove:
        """Send a self-test on its way."""
        due = at.after(house.times.self_test)
        test = SelfTest(
            id=self_test_id(order.key), stream=order.stream, state=SelfTestState.RUNNING, due=due
        )
        return self._tested(None, test, at)

    def hear(self, order: HearSelfTest, at: Instant) -> SelfTestMove:
        """The ear heard a self-test.

        Raises:
            AlertRefusedError: there is no such test, or it is over.
        """
        test = self.self_tests.get(order.test)
        if test is None or test.state is not SelfTestState.RUNNING:
            stands = "unknown" if test is None else test.state.value
            raise AlertRefusedError(f"self-test {order.test} does not run: it is {stands}", "test")
        heard = replace(test, state=SelfTestState.HEARD, seconds=order.seconds)
        return self._tested(test, heard, at)

    def deadline(self) -> float | None:
        """When `expire` has something to do, in monotonic seconds."""
        ends = [exercise.ends.now for exercise in self.running]
        ends += [t.due.now for t in self.self_tests.values() if t.state is SelfTestState.RUNNING]
        return min(ends, default=None)

    def expire(self, at: Instant) -> list[ExerciseMove | SelfTestMove]:
        """Do what is due."""
        moves: list[ExerciseMove | SelfTestMove] = []
        for exercise in self.running:
            if exercise.ends.now > at.now:
                continue
            if exercise.state is ExerciseState.RUNNING:
                moves.append(self._ending(exercise, "its time is over", at))
            else:
                moves.append(self._moved(exercise, at, state=ExerciseState.ENDED))
        for test in list(self.self_tests.values()):
            if test.state is SelfTestState.RUNNING and test.due.now <= at.now:
                moves.append(self._tested(test, replace(test, state=SelfTestState.FAILED), at))
        return moves

    def _ending(self, exercise: Exercise, reason: str, at: Instant) -> ExerciseMove:
        return self._moved(
            exercise,
            at,
            state=ExerciseState.ENDING,
            reason=words(reason),
            ends=at.after(LONGEST_ENDING),
        )

    def _moved(self, exercise: Exercise, at: Instant, **changes: object) -> ExerciseMove:
        after = replace(exercise, revision=exercise.revision + 1, **changes)  # type: ignore[arg-type]
        return self._kept(self.exercises[exercise.id], after, at)

    def _kept(self, before: Exercise | None, after: Exercise, at: Instant) -> ExerciseMove:
        self.exercises[after.id] = after
        over = [e.id for e in self.exercises.values() if e.state is ExerciseState.ENDED]
        for name in over[:-MOST_KEPT]:
            del self.exercises[name]
        return ExerciseMove(before, after, at)

    def _tested(self, before: SelfTest | None, after: SelfTest, at: Instant) -> SelfTestMove:
        if before is not None:
            after = replace(after, revision=before.revision + 1)
        self.self_tests[after.id] = after
        over = [t.id for t in self.self_tests.values() if t.state is not SelfTestState.RUNNING]
        for name in over[:-MOST_KEPT]:
            del self.self_tests[name]
        return SelfTestMove(before, after, at)
