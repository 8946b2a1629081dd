"""Evidence: whether what one source reports meets one rule, and has lasted."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from alerts.detection.event import DetectionEvent, EventId, Kind, Phase, SourceId
from alerts.detection.gauge import Readings
from alerts.detection.rules import Confidence, Reaches, Rise, Rule, Threshold
from alerts.detection.source import Source
from zones.site import Evidence

_MOST_ACTIVE: Final = 64
"""Things that one source can follow at once."""

SignalKey = tuple[str, SourceId, Kind]


@dataclass(slots=True)
class Signal:
    """One rule's view of one kind of thing from one source; moments are monotonic seconds.

    `is_above` while the condition holds with its hysteresis, `is_met` once it has lasted, until
    it no longer holds. `last` tells when an event spoke of it last.
    """

    rule: Rule
    source: Source
    kind: Kind
    is_above: bool = False
    is_met: bool = False
    since: float | None = None
    last: float = 0.0
    strength: float = 0.0
    """The newest confidence or value."""
    newest: DetectionEvent | None = None
    times: int = 0
    """How often the condition was met since it holds."""
    _hits: deque[float] = field(default_factory=deque)
    _active: dict[EventId, None] = field(default_factory=dict)

    @property
    def key(self) -> SignalKey:
        """What it is kept under."""
        return self.rule.id, self.source.id, self.kind

    def observe(
        self,
        event: DetectionEvent,
        at: float,
        now: float,
        readings: Readings | None,
        *,
        is_late: bool = False,
    ) -> None:
        """Take an event that was true at `at`; `readings` are those of the instrument so far.

        One that `is_late` came after a newer one: it can begin something, and ends nothing.
        """
        if is_late and not self._compare(event, readings)[0]:
            return
        self.last = max(self.last, at)
        self.newest = event
        if event.phase is Phase.END:
            self._end(event)
            return
        meets, keeps = self._compare(event, readings)
        if self.source.evidence is Evidence.STATE and keeps:
            self._active[event.id] = None
            if len(self._active) > _MOST_ACTIVE:
                del self._active[next(iter(self._active))]
        if meets:
            self._hit(at)
        elif not (keeps and self.is_above):
            self._over()
        self.look(now)

    def _compare(self, event: DetectionEvent, readings: Readings | None) -> tuple[bool, bool]:
        """Whether an event begins the condition, and whether it keeps it up."""
        match self.rule.condition:
            case Confidence(enter, leave):
                # Who reports without a number is sure.
                confidence = 1.0 if event.confidence is None else event.confidence
                self.strength = confidence
                return confidence >= enter, confidence >= leave
            case Threshold(enter, leave) if event.value is not None:
                self.strength = event.value
                return event.value >= enter, event.value >= leave
            case Rise(by, within_s) if readings is not None:
                self.strength = readings.rise(within_s)
                is_rising = self.strength >= by
                return is_rising, is_rising
            case Reaches(value, within_s) if readings is not None:
                left = readings.reaches_in(value)
                is_coming = left is not None and left <= within_s
                self.strength = left if left is not None else 0.0
                return is_coming, is_coming
        return False, False

    def _hit(self, at: float) -> None:
        self._hits.append(at)
        newest = max(self._hits)
        while self._hits and self._hits[0] < newest - self.rule.within_s:
            self._hits.popleft()
        while len(self._hits) > self.rule.count:
            self._hits.popleft()
        self.times = self.times + 1 if self.is_above else 1
        self.is_above = True
        self.since = at if self.since is None else min(self.since, at)

    def _end(self, event: DetectionEvent) -> None:
        """One thing is over; all are if it is none we know by name."""
        if event.id in self._active:
            del self._active[event.id]
            if self._active:
                return
        self._over()

    def _over(self) -> None:
        self.is_above = self.is_met = False
        self.since = None
        self._active.clear()
        if not isinstance(self.rule.condition, Confidence):
            # Readings count in a row; detections come and go between two looks at the same smoke.
            self._hits.clear()

    def look(self, now: float) -> bool:
        """Whether it has lasted by now; once it has, it stays so until it is over."""
        if self.is_above and not self.is_met:
            fresh = sum(at >= max(self._hits) - self.rule.within_s for at in self._hits)
            due = self.due()
            self.is_met = fresh >= self.rule.count or (due is not None and now >= due)
        return self.is_met

    def due(self) -> float | None:
        """When a state that goes on will have lasted; None if time alone doesn't count."""
        is_state = self.source.evidence is Evidence.STATE and self.rule.held_s is not None
        if not is_state or self.is_met or not self.is_above or self.since is None:
            return None
        return self.since + (self.rule.held_s or 0.0)

    def spend(self) -> None:
        """Forget what was: an alert came of it and has ended. Only what comes now counts."""
        self._over()
        self._hits.clear()
        self.times = 0

    @property
    def active(self) -> tuple[EventId, ...]:
        """The things it follows by name, of a source that tells when each is over."""
        return tuple(self._active)

    def revive(self, since: float, now: float, *, is_met: bool, active: Iterable[EventId]) -> None:
        """Take over from before a restart that it held, and whether it had lasted."""
        self.is_above, self.is_met = True, is_met
        self._active = dict.fromkeys(active)
        # When it was heard of last is not known; it may have been just now.
        self.since, self.last, self.times = since, now, 1
        self._hits.append(since)
