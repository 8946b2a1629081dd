"""The gate: whether an authentic event is fresh, and whether it was here before.

What is authentic but too old or too early is never thrown away: it goes to the operator (SAFETY
C2). When our own clock is the one in doubt, it passes as `CLOCK_SUSPECT` (SAFETY C6).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from alerts.detection.admitted import Admitted
from alerts.detection.event import DetectionEvent, Phase
from alerts.detection.source import Source

EARLY_S: Final = 30.0
"""How far ahead of ours a source's clock may be."""
RETAINED_S: Final = 600.0
"""How old a state may be that a broker or gateway sends again, and still be evidence."""
OPENED_FOR: Final = timedelta(hours=24)
"""How long the events that opened or changed an alert are remembered."""
MOST_SEEN: Final = 100_000
"""The most other events remembered."""
SAME_OFFSET_S: Final = 5.0
"""Clocks that differ from ours by the same, give or take this, are right and ours is wrong."""
OFFSET_MEMORY_S: Final = 600.0
OFFSET_SOURCES: Final = 3

Seen = tuple[str, str, str]


class Standing(Enum):
    """What the gate says of an event."""

    FRESH = "fresh"
    CLOCK_SUSPECT = "clock_suspect"
    REPEATED = "repeated"
    STALE = "stale"
    EARLY = "early"


@dataclass(frozen=True, slots=True)
class Absence:
    """A stretch of time in which nobody here took events."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """When an event opened or changed the alert of an incident."""

    utc: datetime
    incident: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The gate's verdict; `sentence` says why when the event is not fresh."""

    standing: Standing
    sentence: str = ""

    @property
    def passes(self) -> bool:
        """Whether the event is evidence."""
        return self.standing in (Standing.FRESH, Standing.CLOCK_SUSPECT)


def seen_as(event: DetectionEvent) -> Seen:
    """By what an event is known again: source, name and phase.

    Updates and readings may bear the name of what they tell of, so their time counts too.
    """
    mark = event.phase.value
    if event.phase in (Phase.UPDATE, Phase.READING):
        mark += event.time.isoformat()
    return event.source, event.id, mark


class Offsets:
    """Notices that several clocks differ from ours by the same: then ours is wrong."""

    def __init__(self) -> None:
        self._offsets: dict[str, tuple[float, float]] = {}

    def disagrees(self, who: str, offset_s: float, now: float) -> bool:
        """Note by how much the clock of `who` is behind ours; whether enough agree with it."""
        self._offsets[who] = (offset_s, now)
        if len(self._offsets) > MOST_SEEN:
            del self._offsets[next(iter(self._offsets))]
        alike = 0
        for other, at in self._offsets.values():
            is_recent = now - at <= OFFSET_MEMORY_S
            alike += is_recent and abs(other - offset_s) <= SAME_OFFSET_S
        return alike >= OFFSET_SOURCES


class Gate:
    """Judges events one by one; remembers those it saw."""

    def __init__(self, absence: Absence | None = None) -> None:
        """`absence` is when nobody here took events before the gate was made, if that is known."""
        self._absence = absence
        self._seen: OrderedDict[Seen, str] = OrderedDict()
        self._opened: dict[Seen, Opened] = {}
        self._by_age: deque[Seen] = deque()
        self._offsets = Offsets()
        self.is_clock_doubted = False
        """Whether our own clock is unsynchronised or was stepped; whoever watches it sets this."""

    def judge(self, admitted: Admitted, source: Source, now: float) -> Judged:
        """Judge an event of a source; the same event a second time is `REPEATED`."""
        known_as = seen_as(admitted.event)
        if known_as in self._seen or known_as in self._opened:
            return Judged(Standing.REPEATED, "came before")
        self._seen[known_as] = ""
        if len(self._seen) > MOST_SEEN:
            self._seen.popitem(last=False)
        return self._in_time(admitted, source, now)

    def _in_time(self, admitted: Admitted, source: Source, now: float) -> Judged:
        age = admitted.age_s
        if -EARLY_S <= age <= source.fresh_s:
            suspect = admitted.is_clock_suspect
            return Judged(Standing.CLOCK_SUSPECT if suspect else Standing.FRESH)
        event = admitted.event
        if age > 0 and event.phase in (Phase.START, Phase.UPDATE):
            if event.is_retained and age <= RETAINED_S:
                return Judged(Standing.FRESH)
            if self._began_in_absence(event, source):
                return Judged(Standing.FRESH)
        sentence = (
            f"is {age:.0f} s old; from {source.id} {source.fresh_s:.0f} s are fresh"
            if age > 0
            else f"is dated {-age:.0f} s ahead of our clock"
        )
        if self._offsets.disagrees(source.id, age, now):
            return Judged(Standing.CLOCK_SUSPECT, sentence)
        if admitted.is_clock_suspect or self.is_clock_doubted:
            return Judged(Standing.CLOCK_SUSPECT, sentence)
        return Judged(Standing.STALE if age > 0 else Standing.EARLY, sentence)

    def _began_in_absence(self, event: DetectionEvent, source: Source) -> bool:
        """Whether a state began while nobody here listened (SAFETY C1)."""
        if self._absence is None:
            return False
        # What came just before the absence may not have been taken any more.
        since = self._absence.since - timedelta(seconds=source.fresh_s)
        return since <= event.time <= self._absence.until

    def answer(self, event: DetectionEvent) -> str:
        """The incident that an event, seen before, was found to belong to; empty if to none."""
        known_as = seen_as(event)
        opened = self._opened.get(known_as)
        return opened.incident if opened is not None else self._seen.get(known_as, "")

    def belongs(self, event: DetectionEvent, incident: str) -> None:
        """Remember to which incident an event belongs, for the answer when it comes again."""
        known_as = seen_as(event)
        if known_as in self._seen:
            self._seen[known_as] = incident

    def keep(self, event: DetectionEvent, incident: str, utc: datetime) -> None:
        """Remember for 24 h an event that opened or changed an alert."""
        self._keep(seen_as(event), Opened(utc, incident))
        while self._by_age and self._opened[self._by_age[0]].utc + OPENED_FOR < utc:
            del self._opened[self._by_age.popleft()]

    def _keep(self, known_as: Seen, opened: Opened) -> None:
        if known_as not in self._opened:
            self._opened[known_as] = opened
            self._by_age.append(known_as)

    def kept(self) -> Iterator[tuple[Seen, Opened]]:
        """The events to be remembered over a restart."""
        return iter(self._opened.items())

    def recall(self, kept: Iterable[tuple[Seen, Opened]]) -> None:
        """Take over what an earlier gate kept."""
        for known_as, opened in sorted(kept, key=lambda each: each[1].utc):
            self._keep(known_as, opened)
