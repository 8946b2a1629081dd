"""What an incident asks of the book of alerts, when, and why it doesn't."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.alert import MOST_EVIDENCE
from alerts.commands import Detected, Person
from alerts.detection.event import UNITS, Kind
from alerts.detection.evidence import Signal
from alerts.detection.incident import Demand, Incident
from alerts.detection.places import Places
from alerts.detection.rules import Confidence, Reaches, Rise, Rule, Rules, Threshold
from alerts.hazard import HazardId, Level
from alerts.life_cycle import OnTimeout
from zones.bus import ZoneId


@dataclass(frozen=True, slots=True)
class Cooling:
    """After an end: these rules raise no more than this level in these zones, for a while.

    `until` is monotonic seconds. An escalation, another rule and other zones break through.
    """

    hazard: HazardId
    rules: frozenset[str]
    zones: frozenset[ZoneId]
    level: Level
    until: float


class Asking:
    """Turns the state of an incident into orders."""

    def __init__(self, rules: Rules, places: Places) -> None:
        self._rules = rules
        self._places = places
        self._of_hazard: dict[HazardId, tuple[Rule, ...]] = {}
        for rule in rules.rules:
            self._of_hazard[rule.hazard] = (*self._of_hazard.get(rule.hazard, ()), rule)
        self.cooling: list[Cooling] = []

    def orders(self, incident: Incident, cause: str, now: float, utc: datetime) -> list[Detected]:
        """What is to be asked now, that was not asked before; `cause` names what brought it."""
        policy = self._rules.policy(incident.hazard)
        demands = incident.demands(self._of_hazard.get(incident.hazard, ()))
        if not demands:
            return []
        zones = incident.warned(self._places, policy)
        demands = [d for d in demands if not self._is_cooling(incident, d, zones, now)]
        new = [d for d in demands if not any(asked.covers(d) for asked in incident.asked)]
        has_grown = len(zones) > len(incident.zones)
        is_back = incident.is_quiet and incident.is_above
        if not new and incident.is_raised and (has_grown or incident.is_new_evidence or is_back):
            new = [max(incident.asked, key=lambda demand: (demand.level, -demand.window_s))]
        if not new:
            return []
        incident.zones, incident.is_quiet, incident.is_new_evidence = zones, False, False
        orders = []
        for demand in sorted(new, key=lambda each: each.level):
            if demand not in incident.asked:
                incident.asked.append(demand)
                incident.tell(utc, asked_for(demand))
            orders.append(self._detected(incident, demand, cause, policy.needs_person_to_clear))
        return orders

    def _detected(
        self, incident: Incident, demand: Demand, cause: str, needs_person: bool
    ) -> Detected:
        met = incident.met(demand.rule)
        source = met[0].source if met else None
        evidence = list(dict.fromkeys(incident.sentences.values()))
        if demand.reason:
            evidence.append(f"a window of {demand.window_s:.0f} s, because {demand.reason}")
        return Detected(
            key=f"{incident.id} {demand.level.name.lower()} {cause}",
            who=Person(f"rule {demand.rule.id}"),
            incident=incident.id,
            rule=demand.rule.id,
            hazard=incident.hazard,
            level=demand.level,
            zones=incident.zones,
            window=demand.window_s,
            on_timeout=demand.on_timeout,
            evidence=tuple(evidence[-MOST_EVIDENCE:]),
            source=str(source.id) if source is not None else "",
            camera=str(source.id) if source is not None and source.range_m else "",
            place=incident.place(),
            needs_person_to_clear=needs_person,
        )

    # --- cool-down ---

    def cool(self, cooling: Cooling, now: float) -> None:
        """Begin a cool-down."""
        self.cooling = [each for each in self.cooling if each.until > now]
        self.cooling.append(cooling)

    @property
    def deadline(self) -> float:
        """When the next cool-down ends; infinity without one."""
        return min((each.until for each in self.cooling), default=float("inf"))

    def cooled_down(self, now: float) -> Iterator[Cooling]:
        """The cool-downs that have ended, each once."""
        ended = [each for each in self.cooling if each.until <= now]
        self.cooling = [each for each in self.cooling if each.until > now]
        return iter(ended)

    def _is_cooling(
        self, incident: Incident, demand: Demand, zones: tuple[ZoneId, ...], now: float
    ) -> bool:
        """Whether a new alert of this strength must wait; an escalation never does."""
        if incident.is_raised:
            return False
        return any(
            each.until > now
            and each.hazard == incident.hazard
            and demand.rule.id in each.rules
            and demand.level <= each.level
            and not each.zones.isdisjoint(zones)
            for each in self.cooling
        )

    # --- what was asked before a restart, and why ---

    def standing_for(self, hazard: HazardId, level: Level) -> Demand:
        """A demand that stands for one made before a restart."""
        rules = self._of_hazard.get(hazard, ())
        rule = next((each for each in rules if each.level is level), None)
        rule = rule or Rule("before-restart", hazard, frozenset(), Confidence(1, 0), level)
        return Demand(rule, level, 0.0, OnTimeout.AIR)

    def asked_again(self, incident: Incident) -> Level:
        """What an incident asks for now, caution at least; more than that is asked anew."""
        demands = incident.demands(self._of_hazard.get(incident.hazard, ()))
        level = max((demand.level for demand in demands), default=Level.CAUTION)
        kept = [demand for demand in incident.asked if demand.level <= level]
        incident.asked = kept or [self.standing_for(incident.hazard, level)]
        return level

    def explanation(self, incident: Incident) -> tuple[str, ...]:
        """Why an incident was raised or not: its story, then each rule and what it lacks."""
        lines = [f"{incident.hazard} in {', '.join(incident.zones) or 'no zone yet'}"]
        lines += incident.story
        for rule in self._of_hazard.get(incident.hazard, ()):
            lines.append(f"rule {rule.id}: {self._standing_of(rule, incident)}")
        return tuple(lines)

    def _standing_of(self, rule: Rule, incident: Incident) -> str:
        looked_at = [
            each
            for each in incident.contributions.values()
            if any(signal.rule is rule for signal in each.signals.values())
        ]
        met = incident.met(rule)
        if not looked_at:
            return "looks at none of these sources"
        names = ", ".join(str(each.source.id) for each in met) or "nobody"
        if any(demand.rule is rule for demand in incident.asked):
            return f"asked for {rule.level.name.lower()}; met by {names}"
        if len(met) < rule.needs:
            return f"needs {rule.needs} sources that meet it; met by {names}"
        return f"met by {names}, and adds nothing to what another rule asked for"


def asked_for(demand: Demand) -> str:
    """What was asked for, and why not at once."""
    what = f"rule {demand.rule.id} asks for {demand.level.name.lower()}"
    if not demand.window_s:
        return f"{what} at once"
    ends = "then it sounds" if demand.on_timeout is OnTimeout.AIR else "then it is dropped"
    why = f", because {demand.reason}" if demand.reason else ""
    return f"{what} after {demand.window_s:.0f} s for people{why}; {ends}"


def sentence_of(signal: Signal, utc: datetime, now: float) -> str:
    """What a source saw that lasted, for the operator."""
    since = utc if signal.since is None else utc - timedelta(seconds=max(0.0, now - signal.since))
    who = f"{signal.source.id} ({signal.source.name.ko})"
    return f"{who}: {_seen(signal)}, since {since:%H:%M:%S} UTC"


def _seen(signal: Signal) -> str:
    unit = next(iter(UNITS.get(signal.kind, {"": 1.0})))
    what = signal.kind.value.replace("_", " ")
    match signal.rule.condition:
        case Threshold(enter, _):
            return f"{what} {signal.strength:g} {unit}, at or over {enter:g} {unit}"
        case Rise(_, within_s):
            return f"{what} rose by {signal.strength:.2f} {unit} within {within_s / 60:g} min"
        case Reaches(value, _):
            left = signal.strength / 60
            return f"{what} will be {value:g} {unit} in {left:.0f} min if it goes on"
        case Confidence():
            if signal.kind is Kind.MANUAL:
                return "seen by a person"
            return f"{what} with confidence {signal.strength:.2f}"
