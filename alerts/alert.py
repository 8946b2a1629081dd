"""An alert: one warning with a life, and what becomes of it, as values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import NewType

from alerts.hazard import Direction, HazardId, Level, Response
from alerts.life_cycle import (
    ENDED,
    LIVING,
    SOUNDING,
    Event,
    OnTimeout,
    State,
    Who,
)
from alerts.message import Phrase
from alerts.spoken import MessageId
from zones.bus import ZoneId
from zones.geometry import Point, distance_m

AlertId = NewType("AlertId", str)
IncidentId = NewType("IncidentId", str)
"""The detections of one hazard in one place, as the rules gathered them."""

ONE_PLACE_M = 200.0
"""Places nearer to each other are one: exits are chosen with that much room (SAFETY F2)."""
MOST_STEPS = 16
"""Moves an alert carries along; the journal has them all."""
LONGEST_WORDS = 500
"""Characters of a reason, of a name, of a sentence of evidence."""
MOST_EVIDENCE = 12
"""Sentences of evidence."""


def alert_id(key: str) -> AlertId:
    """The id of the alert that a command of this key makes: always the same."""
    return AlertId(hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=6).hexdigest())


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment in both clocks: monotonic seconds, which count, and the wall's, which are shown."""

    now: float
    utc: datetime

    def after(self, seconds: float) -> Instant:
        """The moment `seconds` later."""
        return Instant(self.now + seconds, self.utc + timedelta(seconds=seconds))


class Purpose(Enum):
    """What a window is for."""

    CONFIRM = "confirm"
    SECOND_PERSON = "second person"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Window:
    """Time for people to decide; `length` in seconds."""

    purpose: Purpose
    length: float
    ends: Instant


@dataclass(frozen=True, slots=True)
class Content:
    """What a warning says, and how urgent that is."""

    message: MessageId
    level: Level
    response: Response
    direction: Direction | None = None

    @property
    def rank(self) -> tuple[int, int]:
        """Level, then response (SAFETY B1): what is higher is a real escalation."""
        return self.level, self.response


@dataclass(frozen=True, slots=True)
class Rise:
    """An escalation that waits for its window, or one that a person rejected.

    `length` in seconds is the window's. When a rejected one `ends`, it is asked again if its
    evidence goes on.
    """

    content: Content
    length: float
    ends: Instant
    on_timeout: OnTimeout = OnTimeout.AIR
    is_rejected: bool = False


class LastWord(Enum):
    """What is spoken when a warning ends, or sinks to a lower one."""

    CORRECTION = "correction"
    HAZARD_OVER = "hazard over"
    PATH_OPEN = "path open"
    BOTH = "hazard over and path open"
    STEP_DOWN = "step down"


@dataclass(frozen=True, slots=True)
class Parting:
    """A last word being spoken, `times` times, one above the `level` it ends (SAFETY D3)."""

    word: LastWord
    level: Level
    response: Response
    who: Who
    times: int = 1


class Why(Enum):
    """Why people are called."""

    PENDING = "a detection waits for a decision"
    SECOND_PERSON = "a warning waits for a second person"
    ESCALATION_PENDING = "an escalation waits for a decision"
    SOUNDS = "a warning sounds that no person decided"
    ESCALATED = "a warning was escalated by its evidence"
    UNAIRED = "nobody decided, and the warning did not sound"
    CLEAR_PROPOSED = "the all-clear is proposed; only a person gives it"
    LIMIT = "the warning has reached its limit, and its evidence goes on"
    CONFLICT = "two warnings send people opposite ways"
    SENSOR_LOST = "the evidence of a warning was lost; that is no all-clear"
    BREAK_GLASS = "a warning was sent without its second person"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that goes on until it is acknowledged; `step` counts along the duty list from 0."""

    why: Why
    step: int
    again: Instant | None
    """When the next person is called; None: nobody else."""


@dataclass(frozen=True, slots=True)
class Called:
    """Step `step` of the duty list is to be called now; 0 is every duty seat, within 1 s."""

    alert: AlertId
    why: Why
    step: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an alert came from."""

    by: str
    """A person's name, or the rule's."""
    is_automatic: bool
    at: datetime
    source: str = ""
    rule: str = ""
    camera: str = ""
    why: str = ""
    follows: AlertId | None = None
    """The ended alert whose evidence goes on."""


@dataclass(frozen=True, slots=True)
class Step:
    """A move, as the alert remembers it."""

    event: Event
    who: Who
    by: str
    state: State
    utc: datetime
    revision: int
    key: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A real alert. An exercise and a self-test are other types (SAFETY E2)."""

    id: AlertId
    order: int
    """Alerts in the order in which they were made."""
    hazard: HazardId
    content: Content
    zones: tuple[ZoneId, ...]
    state: State
    origin: Origin
    places: tuple[Point, ...] = ()
    words: tuple[Phrase, ...] = ()
    """What an operator added in his own words."""
    incidents: tuple[IncidentId, ...] = ()
    going: tuple[IncidentId, ...] = ()
    """Those whose evidence is still above its threshold."""
    evidence: tuple[str, ...] = ()
    clears_itself: bool = False
    """Its rule needs no person for the all-clear; that holds at caution only."""
    window_length: float = 0.0
    on_timeout: OnTimeout = OnTimeout.AIR
    window: Window | None = None
    was_held: bool = False
    rise: Rise | None = None
    evidenced: Content | None = None
    """What its evidence asks for, where a person escalated beyond that."""
    judged: Content | None = None
    """What a person ended or stepped down from: evidence no stronger sounds only after a window."""
    sounded: tuple[ZoneId, ...] = ()
    """Zones where any of it was on air: the last word goes there (SAFETY D3)."""
    overridden: tuple[ZoneId, ...] = ()
    degraded: tuple[ZoneId, ...] = ()
    conflicting: tuple[ZoneId, ...] = ()
    parting: Parting | None = None
    aired_at: datetime | None = None
    """When it first sounded."""
    settles: Instant | None = None
    """When its first cycles are over; None until their length is told."""
    limit: Instant | None = None
    expires: Instant | None = None
    """When its source said that it ends."""
    asks_again: Instant | None = None
    call: Call | None = None
    restarts: int = 0
    """How often its message began anew: once per real escalation."""
    revision: int = 0
    merged_into: AlertId | None = None
    steps: tuple[Step, ...] = ()

    @property
    def level(self) -> Level:
        """How urgent it is."""
        return self.content.level

    @property
    def message(self) -> MessageId:
        """What its warning says."""
        return self.content.message

    @property
    def is_living(self) -> bool:
        """Whether it sounds or may sound without a further decision or detection."""
        return self.state in LIVING

    @property
    def sounds(self) -> bool:
        """Whether its zones are claimed: its warning or its last word is on air there."""
        return self.state in SOUNDING

    @property
    def is_watched(self) -> bool:
        """Whether it ended while its evidence went on, so that people are asked again."""
        return self.state in ENDED and bool(self.going) and self.asks_again is not None

    @property
    def place(self) -> Point | None:
        """Where it is; None when that is not known, or when it is at several places."""
        return self.places[0] if len(self.places) == 1 else None

    @property
    def ending_zones(self) -> tuple[ZoneId, ...]:
        """Where the last word goes: every zone where any of it sounded, and no other."""
        return self.sounded or self.zones

    @property
    def has_open_rise(self) -> bool:
        """Whether an escalation waits for a decision."""
        return self.rise is not None and not self.rise.is_rejected

    @property
    def last(self) -> Step:
        """The newest move."""
        return self.steps[-1]


@dataclass(frozen=True, slots=True)
class Move:
    """A change that was made; `before` is None when the alert is new."""

    before: Alert | None
    after: Alert

    @property
    def event(self) -> Event:
        """What caused it."""
        return self.after.last.event

    @property
    def who(self) -> Who:
        """Which kind of cause that was."""
        return self.after.last.who

    @property
    def by(self) -> str:
        """The name of the person or rule."""
        return self.after.last.by

    @property
    def reason(self) -> str:
        """In the words of whoever caused it."""
        return self.after.last.reason

    @property
    def called(self) -> Called | None:
        """Who is to be called because of it."""
        call, earlier = self.after.call, self.before and self.before.call
        if call is None or (earlier and (earlier.why, earlier.step) == (call.why, call.step)):
            return None
        return Called(self.after.id, call.why, call.step, self.after.last.utc)


def united(first: Iterable[ZoneId], more: Iterable[ZoneId]) -> tuple[ZoneId, ...]:
    """All of both, once each, in their order."""
    return tuple(dict.fromkeys((*first, *more)))


def with_place(places: tuple[Point, ...], place: Point | None) -> tuple[Point, ...]:
    """The places with one more, unless it is near one of them (200 m)."""
    if place is None or any(distance_m(place, known) < ONE_PLACE_M for known in places):
        return places
    return (*places, place)


def words(text: str) -> str:
    """`text`, no longer than a record has room for."""
    return text if len(text) <= LONGEST_WORDS else text[: LONGEST_WORDS - 1] + "…"
