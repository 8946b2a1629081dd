"""Exercises and self-tests: types of their own, so that neither can be taken for a warning."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from typing import NewType

from alerts.alert import Instant
from alerts.spoken import MessageId
from zones.bus import ZoneId

ExerciseId = NewType("ExerciseId", str)
SelfTestId = NewType("SelfTestId", str)

LONGEST_EXERCISE = 3600.0
"""Seconds."""
LONGEST_ENDING = 120.0
"""Seconds in which the last word of an exercise is spoken; then it has ended in any case."""


class ExerciseState(Enum):
    """Where an exercise stands."""

    RUNNING = "running"
    ENDING = "ending"
    """That it was an exercise is being said."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """A message practised in zones."""

    id: ExerciseId
    order: int
    message: MessageId
    zones: tuple[ZoneId, ...]
    state: ExerciseState
    by: str
    ends: Instant
    revision: int = 1
    reason: str = ""
    """Why it is in this state."""
    is_stopped: bool = False
    """A real warning ended it: that is what its zones are told (SAFETY E2)."""
    keys: tuple[str, ...] = ()
    """Of the acts it came from."""


@dataclass(frozen=True, slots=True)
class ExerciseMove:
    """A change of an exercise; `at` in both clocks."""

    before: Exercise | None
    after: Exercise
    at: Instant


class SelfTestState(Enum):
    """Where a self-test stands."""

    RUNNING = "running"
    HEARD = "heard"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """A hidden test event on its way to a stream nobody plays."""

    id: SelfTestId
    stream: str
    state: SelfTestState
    due: Instant
    """Not heard by then is failed."""
    seconds: float | None = None
    """From its event to the ear."""
    revision: int = 1


@dataclass(frozen=True, slots=True)
class SelfTestMove:
    """A change of a self-test; `at` in both clocks."""

    before: SelfTest | None
    after: SelfTest
    at: Instant


def exercise_id(key: str) -> ExerciseId:
    """The id of the exercise that a command of this key starts."""
    return ExerciseId(f"exercise-{_digest(key)}")


def self_test_id(key: str) -> SelfTestId:
    """The id of the self-test that a command of this key runs."""
    return SelfTestId(f"self-test-{_digest(key)}")


def _digest(key: str) -> str:
    return hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=6).hexdigest()
