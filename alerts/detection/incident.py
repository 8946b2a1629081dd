"""An incident: the detections of one hazard in one place, and what its rules ask for."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from alerts.alert import IncidentId
from alerts.detection.event import DetectionEvent, Kind, SourceId
from alerts.detection.evidence import Signal, SignalKey
from alerts.detection.places import Places, Where
from alerts.detection.rules import Extend, Policy, Rule
from alerts.detection.source import Source, are_independent
from alerts.hazard import HazardId, Level
from alerts.life_cycle import OnTimeout
from zones.bus import ZoneId
from zones.geometry import Point, distance_m
from zones.site import Evidence

MOST_STEPS: Final = 100
"""Sentences of an incident's story; the journal has the acts that came of it."""
ASK_WINDOW_S: Final = 120.0
"""How long people have when nobody knows where it is; then it is dropped, in red."""


def incident_id(event: DetectionEvent, hazard: HazardId) -> IncidentId:
    """The name of the incident that an event opens: always the same for the same event."""
    text = f"{hazard}|{event.source}|{event.id}|{event.time.isoformat()}"
    return IncidentId(hashlib.blake2b(text.encode(), digest_size=6).hexdigest())


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Why a source is not believed at once: `window_s` for people to look, then it counts."""

    reason: str
    window_s: float


@dataclass(slots=True)
class Contribution:
    """What one source adds to an incident."""

    source: Source
    where: Where
    via: str = ""
    highest: Level = Level.EVACUATE
    suspicion: Suspicion | None = None
    signals: dict[SignalKey, Signal] = field(default_factory=dict)
    is_lost: bool = False

    @property
    def is_above(self) -> bool:
        """Whether any of its signals holds."""
        return any(signal.is_above for signal in self.signals.values())

    def spend_older(self, than: float) -> bool:
        """No longer count what last held before a moment; whether nothing holds since.

        States only: of an instrument that falls silent its liveness tells.
        """
        if self.source.evidence is not Evidence.STATE:
            return False
        silent = [one for one in self.signals.values() if one.is_above and one.last <= than]
        for signal in silent:
            signal.spend()
        return bool(silent) and not self.is_above

    @property
    def has_met_any(self) -> bool:
        """Whether it meets any rule."""
        return any(signal.is_met for signal in self.signals.values())


@dataclass(frozen=True, slots=True)
class Demand:
    """What a rule asks for now."""

    rule: Rule
    level: Level
    window_s: float
    on_timeout: OnTimeout
    reason: str = ""
    """Why there is a window that the rule itself does not give."""

    def covers(self, other: Demand) -> bool:
        """Whether nothing is added by the other: no higher level, and no sooner."""
        is_as_firm = self.on_timeout is OnTimeout.AIR or other.on_timeout is OnTimeout.DROP
        return self.level >= other.level and self.window_s <= other.window_s and is_as_firm


@dataclass(slots=True)
class Incident:
    """One incident, from its first sign. `now` and moments are monotonic seconds."""

    id: IncidentId
    hazard: HazardId
    opened: datetime
    first: float
    contributions: dict[SourceId, Contribution] = field(default_factory=dict)
    asked: list[Demand] = field(default_factory=list)
    """The demands that were handed over; none is asked twice."""
    zones: tuple[ZoneId, ...] = ()
    """The zones that were handed over."""
    sentences: dict[SignalKey, str] = field(default_factory=dict)
    places: list[Point] = field(default_factory=list)
    last_above: float = 0.0
    is_quiet: bool = False
    """Whether the all-clear was proposed for it."""
    is_ended: bool = False
    """Whether the alert that came of it has ended; its evidence may go on."""
    is_new_evidence: bool = False
    story: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_STEPS))

    @property
    def is_raised(self) -> bool:
        """Whether an alert came of it."""
        return bool(self.asked)

    @property
    def level(self) -> Level | None:
        """The highest level asked for, None if none was."""
        return max((demand.level for demand in self.asked), default=None)

    @property
    def is_above(self) -> bool:
        """Whether any evidence is above its threshold."""
        return any(each.is_above for each in self.contributions.values())

    def has_witness(self, source: SourceId) -> bool:
        """Whether a source is one of those that something lasting was seen by."""
        return any(key[1] == source for key in self.sentences)

    def tell(self, utc: datetime, sentence: str) -> None:
        """Add to the story."""
        self.story.append(f"{utc:%H:%M:%S} {sentence}")

    def takes(self, where: Where, source: Source, policy: Policy, now: float) -> bool:
        """Whether a detection there belongs to it."""
        if source.id in self.contributions:
            return True
        if now - max(self.last_above, self.first) > policy.merge_s and not self.is_above:
            return False
        zones = self.zones or tuple(
            zone for each in self.contributions.values() for zone in each.where.zones
        )
        if where.is_known and not set(zones).isdisjoint(where.zones):
            return True
        place = where.at
        return place is not None and any(
            distance_m(place, other) <= policy.merge_m for other in self.places
        )

    def add_place(self, at: Point | None) -> None:
        """Note where something was seen; a handful of places is enough to merge by."""
        if at is not None and at not in self.places and len(self.places) < 32:
            self.places.append(at)

    def met(self, rule: Rule) -> list[Contribution]:
        """The contributions that meet a rule, believed ones first."""
        return self._met().get(rule.id, [])

    def _met(self) -> dict[str, list[Contribution]]:
        """The contributions that meet each rule, by the rule's name; believed ones first."""
        found: dict[str, dict[SourceId, Contribution]] = {}
        for source, each in self.contributions.items():
            for signal in each.signals.values():
                if signal.is_met:
                    found.setdefault(signal.rule.id, {})[source] = each
        return {
            rule: sorted(those.values(), key=lambda one: (one.suspicion is not None, -one.highest))
            for rule, those in found.items()
        }

    def demands(self, rules: Iterable[Rule]) -> list[Demand]:
        """What the rules ask for now, those left out that another one covers."""
        met = self._met()
        demands = (self._demand(rule, met[rule.id]) for rule in rules if rule.id in met)
        found = [demand for demand in demands if demand is not None]
        return [
            demand
            for n, demand in enumerate(found)
            if not any(
                other.covers(demand) and (m < n or not demand.covers(other))
                for m, other in enumerate(found)
                if m != n
            )
        ]

    def _demand(self, rule: Rule, met: list[Contribution]) -> Demand | None:
        if len(met) < rule.needs:
            return None
        believed = [each for each in met if each.suspicion is None]
        quorum = _quorum(believed, rule) or _quorum(met, rule)
        if quorum is None:
            return None
        level = min(rule.level, min(each.highest for each in quorum))
        if level is Level.EVACUATE and not _may_evacuate(rule, quorum):
            level = Level.WARNING
        window, on_timeout, reason = rule.window_s, rule.on_timeout, ""
        for each in quorum:
            if each.suspicion is not None and each.suspicion.window_s > window:
                window, reason = each.suspicion.window_s, each.suspicion.reason
        if not any(each.where.is_known for each in quorum):
            window, on_timeout = max(window, ASK_WINDOW_S), OnTimeout.DROP
            reason = "nobody knows where it is, so all zones are meant"
        return Demand(rule, level, window, on_timeout, reason)

    def warned(self, places: Places, policy: Policy) -> tuple[ZoneId, ...]:
        """The zones that its lasting evidence concerns, with those the policy adds."""
        zones: set[ZoneId] = set(self.zones)
        met = [each for each in self.contributions.values() if each.has_met_any]
        located = [each for each in met if each.where.is_known] or met
        for each in located:
            if policy.extend is Extend.DOWNSTREAM and each.where.is_known:
                zones.update(places.with_downstream(each.where.zones, each.source))
            elif policy.extend is Extend.NEIGHBOURS and each.where.is_known:
                zones.update(places.with_neighbours(each.where.zones))
            else:
                zones.update(each.where.zones)
        return places.in_order(zones)

    def place(self) -> Point | None:
        """Where it is, if its lasting evidence says so."""
        met = [each for each in self.contributions.values() if each.has_met_any]
        return next((each.where.at for each in met if each.where.at is not None), None)


def _quorum(met: list[Contribution], rule: Rule) -> list[Contribution] | None:
    """As many independent contributions as a rule needs, the best ones; None if there aren't."""
    if rule.needs == 1:
        return met[:1] or None
    for n, first in enumerate(met):
        chosen = [first]
        for other in met[n + 1 :]:
            if all(
                are_independent(other.source, each.source, rule.apart_m, other.via, each.via)
                for each in chosen
            ):
                chosen.append(other)
            if len(chosen) == rule.needs:
                return chosen
    return None


def _may_evacuate(rule: Rule, quorum: list[Contribution]) -> bool:
    """Whether evacuation may be asked for without a person (SAFETY C4)."""
    if len(quorum) >= 2 or rule.is_measured or Kind.MANUAL in rule.kinds:
        return True
    return all(each.source.may_evacuate for each in quorum)
