"""The one owner of all evidence: events in, orders for the book of alerts out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from alerts.alert import IncidentId
from alerts.commands import Person, Quieted, SensorLost
from alerts.detection.admitted import Admitted
from alerts.detection.asking import Asking, Cooling, sentence_of
from alerts.detection.doubt import Doubts
from alerts.detection.event import DetectionEvent, Kind, Mode, SourceId
from alerts.detection.evidence import Signal
from alerts.detection.gate import Absence, Gate, Judged, Standing
from alerts.detection.incident import Contribution, Incident, incident_id
from alerts.detection.liveness import Liveness, silence
from alerts.detection.memory import Kept, KeptSignal, kept_in, memory_of
from alerts.detection.places import Places, Where
from alerts.detection.rules import Rules
from alerts.detection.signals import Moved, Signals
from alerts.detection.source import Source
from alerts.detection.told import Collected, SourceFault, Suspected, Taken, Told, Verdict
from alerts.detection.troubles import Troubles
from alerts.hazard import HazardId, Level
from zones.bus import ZoneId
from zones.geometry import Point
from zones.site import Evidence, Name, Site

SUSPECTED_EVERY_S: Final = 60.0
"""Between two entries of one sort for the operator."""
SILENT_STATE_S: Final = 3_600.0
"""A state that began and of which nothing was heard for an hour no longer counts as evidence.

Where an alert lives for it that is a lost sensor, and no all-clear (SAFETY C5).
"""
REJECTED_S: Final = 300.0
"""What a person rejected is asked again after five minutes (SAFETY C4)."""
CLOCK_DOUBTED_S: Final = 600.0
"""How long after the last event that did not fit our clock its fault stands."""
MOST_INCIDENTS: Final = 1_000
_NEVER: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Living:
    """An incident whose alert lives, as the book of alerts knows it after a restart."""

    incident: IncidentId
    hazard: HazardId
    level: Level
    zones: tuple[ZoneId, ...]
    place: Point | None = None


class Detections:
    """All evidence of a site. `now` is monotonic seconds, `utc` the wall's time, for people."""

    def __init__(
        self,
        site: Site,
        rules: Rules,
        now: float,
        utc: datetime,
        *,
        absence: Absence | None = None,
        memory: Mapping[str, Any] | None = None,
    ) -> None:
        """`absence` is when nobody took events before; `memory` what an earlier one remembered.

        New rules or a new site take over the same way: with the memory of the one before.
        """
        self._sources = rules.sources
        self._rules = rules
        self._places = Places(site, dict(rules.geocodes))
        self._asking = Asking(rules, self._places)
        self._gate = Gate(absence)
        self._doubts = Doubts(rules.sources)
        self._liveness = Liveness(rules.sources, now)
        self._signals = Signals(rules.rules, self._doubts)
        self._troubles = Troubles()
        self._incidents: dict[IncidentId, Incident] = {}
        self._of_source: dict[tuple[HazardId, SourceId], Incident] = {}
        self._suspected_at: dict[tuple[SourceId, Kind, Taken], float] = {}
        self._clock_wrong_until = -_NEVER
        self._over: list[IncidentId] = []
        self._next = _NEVER
        if memory is not None:
            self._restore(kept_in(memory), now, utc)
        self._plan_next(now)

    # --- the seam ---

    def take(self, events: Iterable[Admitted], now: float, utc: datetime) -> Told:
        """Take authentic events in the order they came; one verdict for each."""
        out = Collected()
        verdicts = [self._take(admitted, now, utc, out) for admitted in events]
        return out.told(verdicts)

    def expire(self, now: float, utc: datetime) -> Told:
        """Do what time alone brings: states that lasted, quiet, silence."""
        out = Collected()
        if now >= self._next or (self._liveness.deadline or _NEVER) <= now:
            self._expire(now, utc, out)
            self._plan_next(now)
        return out.told()

    def deadline(self) -> float | None:
        """When `expire` has something to do, None if never."""
        nearest = min(self._next, self._liveness.deadline or _NEVER)
        return nearest if nearest != _NEVER else None

    def ended(self, incident: IncidentId, now: float, *, is_rejected: bool = False) -> None:
        """The alert of an incident has ended, or a person rejected it.

        What still is above its threshold stays one incident until it is quiet; the book of alerts
        asks about it again. Otherwise it is over, of which the book is told by the next `expire`.
        Its rules raise no more than the same level there for the cool-down, which is at most 5 min
        after a rejection.
        """
        found = self._incidents.get(incident)
        if found is None or not found.is_above:
            self._over.append(incident)
            self._next = now
        if found is None:
            return
        found.is_ended = True
        if found.level is not None:
            cooldown = self._rules.policy(found.hazard).cooldown_s
            until = now + (min(cooldown, REJECTED_S) if is_rejected else cooldown)
            rules = frozenset(demand.rule.id for demand in found.asked)
            zones = frozenset(found.zones)
            self._asking.cool(Cooling(found.hazard, rules, zones, found.level, until), now)
        if not found.is_above:
            self._forget(found, is_spent=True)

    def lives(self, incident: IncidentId) -> None:
        """An alert lives for an incident, perhaps another one than before."""
        if incident in self._incidents:
            self._incidents[incident].is_ended = False

    def asked_again(self, incident: IncidentId) -> Level | None:
        """The level that evidence asks for now, where people are asked about it again.

        What it asked for above that counts anew once it holds again. None where only the book of
        alerts knows of it.
        """
        found = self._incidents.get(incident)
        if found is None or not found.contributions:
            return None
        return self._asking.asked_again(found)

    def doubt_clock(self, why: str) -> tuple[SourceFault, ...]:
        """Say why our own clock can't be trusted; empty once it can be again."""
        self._gate.is_clock_doubted = bool(why)
        return self._troubles.clock(why)

    def adopt(self, living: Iterable[Living], now: float, utc: datetime) -> None:
        """Know the incidents of alerts that live, after a restart.

        Of those remembered whose alert has ended only what is above its threshold stays.
        """
        living = tuple(living)
        names = {each.incident for each in living}
        for incident in tuple(self._incidents.values()):
            if incident.is_raised and incident.id not in names:
                incident.is_ended = True
                if not incident.is_above:
                    self._forget(incident, is_spent=True)
        for each in living:
            self.lives(each.incident)
            if each.incident not in self._incidents:
                incident = Incident(each.incident, each.hazard, utc, now, last_above=now)
                incident.zones = each.zones
                incident.add_place(each.place)
                incident.asked.append(self._asking.standing_for(each.hazard, each.level))
                incident.tell(utc, "taken over from the book of alerts after a restart")
                self._incidents[each.incident] = incident
        self._plan_next(now)

    def memory(self, now: float, utc: datetime) -> dict[str, Any]:
        """What must outlive this process, as JSON; write it down when `Told` says so."""
        return memory_of(self._gate, self._incidents.values(), self._asking.cooling, now, utc)

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Every incident there is, those included of which no alert came yet."""
        return tuple(self._incidents.values())

    def is_above(self, incident: IncidentId) -> bool:
        """Whether evidence of an incident is above its threshold: no all-clear is proposed then."""
        found = self._incidents.get(incident)
        return found is not None and found.is_above

    def explain(self, incident: IncidentId) -> tuple[str, ...]:
        """Why an incident was raised, or not yet; empty for one that is forgotten."""
        found = self._incidents.get(incident)
        return self._asking.explanation(found) if found is not None else ()

    def stories(self, wanted: str = "all") -> dict[str, tuple[str, ...]]:
        """`explain` of one incident, or of all: those raised, then what nearly sounded."""
        raised = [each for each in self._incidents.values() if each.is_raised]
        others = [each for each in self._incidents.values() if not each.is_raised]
        return {
            str(each.id): self.explain(each.id)
            for each in (*raised, *reversed(others))
            if wanted in ("all", each.id)
        }

    # --- one event ---

    def _take(self, admitted: Admitted, now: float, utc: datetime, out: Collected) -> Verdict:
        event = admitted.event
        if event.mode is not Mode.LIVE:
            return Verdict(event.source, event.id, Taken.EXERCISE)
        source = self._source_of(admitted)
        if source is None:
            return self._to_operator(
                admitted, None, Taken.UNKNOWN_SOURCE, "the site has no such source", now, out
            )
        if self._liveness.heard(source.id, now):
            self._found_again(source, now, out)
        if event.kind is Kind.HEALTH:
            out.faults += self._troubles.health(event)
            return Verdict(event.source, event.id, Taken.HEALTH)
        judged = self._gate.judge(admitted, source, now)
        if judged.standing is Standing.REPEATED:
            known = self._gate.answer(event)
            incident = IncidentId(known) if known else None
            return Verdict(event.source, event.id, Taken.REPEATED, incident)
        out.faults += self._judged_clock(judged, now)
        if not judged.passes:
            taken = Taken.STALE if judged.standing is Standing.STALE else Taken.EARLY
            return self._to_operator(admitted, source, taken, judged.sentence, now, out)
        return self._weigh(admitted, source, judged, now, utc, out)

    def _judged_clock(self, judged: Judged, now: float) -> tuple[SourceFault, ...]:
        """Raise the fault of our clock with the first event that it does not fit (SAFETY C6)."""
        if judged.standing is Standing.CLOCK_SUSPECT:
            self._clock_wrong_until = now + CLOCK_DOUBTED_S
            if self._gate.is_clock_doubted:
                return ()
            return self._troubles.clock(
                "events with right signatures do not fit our clock: look at its time service"
            )
        if now < self._clock_wrong_until or self._gate.is_clock_doubted:
            return ()
        return self._troubles.clock("")

    def _source_of(self, admitted: Admitted) -> Source | None:
        event = admitted.event
        known = self._sources.named(event.source)
        if known is None and event.kind is Kind.MANUAL:
            # A person is a source wherever he stands; his key vouches for him.
            name = Name(event.source, event.source)
            return Source(event.source, name, Evidence.STATE, kinds=frozenset({Kind.MANUAL}))
        return known

    def _to_operator(
        self,
        admitted: Admitted,
        source: Source | None,
        taken: Taken,
        sentence: str,
        now: float,
        out: Collected,
    ) -> Verdict:
        """Show an event that does not count, once a minute for those of one sort."""
        event = admitted.event
        sort = (event.source, event.kind, taken)
        if now - self._suspected_at.get(sort, -_NEVER) >= SUSPECTED_EVERY_S:
            self._suspected_at[sort] = now
            if len(self._suspected_at) > MOST_INCIDENTS:
                del self._suspected_at[next(iter(self._suspected_at))]
            where = self._places.meant(event, source) if source is not None else Where((), None)
            out.suspected.append(
                Suspected(
                    event.source,
                    event.kind,
                    where.zones if where.is_known else (),
                    f"{event.kind.value} {event.phase.value} {sentence}",
                    event.time,
                    event.evidence,
                    event.pictures,
                )
            )
        return Verdict(event.source, event.id, taken, None, sentence)

    def _weigh(
        self,
        admitted: Admitted,
        source: Source,
        judged: Judged,
        now: float,
        utc: datetime,
        out: Collected,
    ) -> Verdict:
        event = admitted.event
        rules = self._signals.rules_for(event, source)
        is_newest = self._doubts.add_reading(admitted)
        if not rules:
            if event.kind in (Kind.MANUAL, Kind.CAP):
                sentence = "has no rule"
                return self._to_operator(admitted, source, Taken.NO_RULE, sentence, now, out)
            return Verdict(event.source, event.id, Taken.NO_RULE)
        waited = max(0.0, (utc - admitted.received).total_seconds())
        if self._gate.is_clock_doubted:
            waited = 0.0  # the door's clock does not follow a step at once, ours does
        is_timed = judged.standing is Standing.FRESH
        at = now - waited - (max(0.0, admitted.age_s) if is_timed else 0.0)
        found: Incident | None = None
        for hazard in dict.fromkeys(rule.hazard for rule in rules):
            moved = self._signals.observe(
                rules, hazard, event, source, at, now, is_late=not is_newest
            )
            incident = self._incident(hazard, moved, admitted, source, now, utc)
            if incident is None:
                continue
            out.is_changed |= moved.has_changed and source.evidence is Evidence.STATE
            if moved.has_begun and not incident.is_raised:
                self._doubts.began(source.id, now)
            found = incident
            contribution = incident.contributions[source.id]
            suspicion = self._doubts.about(admitted, source, judged, now)
            has_changed = moved.has_changed or suspicion != contribution.suspicion
            contribution.suspicion = suspicion
            if moved.has_changed or moved.is_above:
                incident.last_above = now
            if has_changed or incident.is_quiet:
                self._decide(incident, f"{event.source} {event.id}", event, now, utc, out)
                self._plan_for(incident, moved.signals)
        raised = found.id if found is not None and found.is_raised else None
        if found is not None:
            self._gate.belongs(event, found.id)
        return Verdict(event.source, event.id, Taken.EVIDENCE, raised)

    def _incident(
        self,
        hazard: HazardId,
        moved: Moved,
        admitted: Admitted,
        source: Source,
        now: float,
        utc: datetime,
    ) -> Incident | None:
        """The incident of an event: its source's, a near one, or a new one if it is above."""
        known = self._of_source.get((hazard, source.id))
        if known is None:
            if not moved.is_above:
                return None
            event = admitted.event
            where = self._limited(self._places.meant(event, source), admitted)
            if not where.zones:
                return None
            policy = self._rules.policy(hazard)
            known = next(
                (
                    each
                    for each in self._incidents.values()
                    if each.hazard == hazard and each.takes(where, source, policy, now)
                ),
                None,
            )
            if known is None:
                known = Incident(incident_id(event, hazard), hazard, utc, now, last_above=now)
                self._incidents[known.id] = known
                self._drop_oldest()
            known.contributions[source.id] = Contribution(source, where)
            known.add_place(where.at)
            known.tell(utc, f"{source.id} ({source.name.ko}) reports {event.kind.value}")
            self._of_source[hazard, source.id] = known
        self._found_in(known, source.id, now)
        contribution = known.contributions[source.id]
        contribution.via, contribution.highest = admitted.via, admitted.highest
        contribution.signals.update((signal.key, signal) for signal in moved.signals)
        return known

    def _limited(self, where: Where, admitted: Admitted) -> Where:
        """The zones, less those that the key may not warn."""
        if not admitted.zones:
            return where
        allowed = self._places.named(admitted.zones)
        return Where(tuple(z for z in where.zones if z in allowed), where.at, where.is_known)

    # --- decisions ---

    def _decide(
        self,
        incident: Incident,
        cause: str,
        event: DetectionEvent | None,
        now: float,
        utc: datetime,
        out: Collected,
    ) -> None:
        for contribution in incident.contributions.values():
            for key, signal in contribution.signals.items():
                if signal.is_met and key not in incident.sentences:
                    sentence = sentence_of(signal, utc, now)
                    incident.is_new_evidence |= sentence not in incident.sentences.values()
                    incident.sentences[key] = sentence
        orders = self._asking.orders(incident, cause, now, utc)
        out.orders += orders
        if orders and event is not None:
            self._gate.keep(event, incident.id, utc)

    def _expire(self, now: float, utc: datetime, out: Collected) -> None:
        for source_id in self._liveness.check(now):
            self._lost(source_id, utc, out)
        for signal in self._signals.lasted(now):
            incident = self._of_source.get((signal.rule.hazard, signal.source.id))
            if incident is not None:
                cause = f"{signal.source.id} held {signal.newest.id if signal.newest else ''}"
                self._decide(incident, cause, signal.newest, now, utc, out)
        for ended in self._asking.cooled_down(now):
            for incident in tuple(self._incidents.values()):
                if incident.hazard == ended.hazard and incident.is_above:
                    self._decide(incident, f"cooled {utc.isoformat()}", None, now, utc, out)
        for incident in tuple(self._incidents.values()):
            self._look_at(incident, now, utc, out)
        for name in self._over:
            key, reason = f"{name} over {utc.isoformat()}", "no evidence of it goes on"
            out.orders.append(Quieted(key=key, who=Person("rules"), incident=name, reason=reason))
        self._over.clear()

    def _look_at(self, incident: Incident, now: float, utc: datetime, out: Collected) -> None:
        """Whether an incident has become quiet, or is old enough to be forgotten."""
        for source_id, each in incident.contributions.items():
            is_silent = each.spend_older(now - SILENT_STATE_S)
            if is_silent and incident.is_raised and not incident.is_ended:
                name, minutes = each.source.name.ko, SILENT_STATE_S / 60
                sentence = f"{source_id} ({name}) said nothing for {minutes:g} min, and no end"
                self._lose(incident, source_id, sentence, utc, out)
        if incident.is_above:
            return
        policy = self._rules.policy(incident.hazard)
        if not incident.is_raised:
            if now - incident.last_above >= policy.merge_s:
                self._forget(incident, is_spent=False)
            return
        is_due = now - incident.last_above >= policy.quiet_s and not incident.is_quiet
        # Of an incident that is only known by its alert no sensor says that it is over.
        if (
            is_due
            and incident.contributions
            and not any(each.is_lost for each in incident.contributions.values())
        ):
            incident.is_quiet = True
            names = ", ".join(str(source) for source in incident.contributions)
            reason = f"{names}: below the threshold for {policy.quiet_s / 60:.0f} min"
            incident.tell(utc, reason)
            key = f"{incident.id} quiet {utc.isoformat()}"
            out.orders.append(
                Quieted(key=key, who=Person("rules"), incident=incident.id, reason=reason)
            )
            if incident.is_ended:
                self._forget(incident, is_spent=True)

    # --- sources ---

    def _lost(self, source_id: SourceId, utc: datetime, out: Collected) -> None:
        source = self._sources.named(source_id)
        if source is None:
            return
        sentence = silence(source)
        was_heard = self._liveness.was_heard(source_id)
        out.faults += self._troubles.lost(source, sentence, was_heard=was_heard)
        for incident in self._incidents.values():
            self._lose(incident, source_id, sentence, utc, out)

    def _lose(
        self, incident: Incident, source_id: SourceId, sentence: str, utc: datetime, out: Collected
    ) -> None:
        """Go on without a source: nobody knows what it would say of the incident."""
        contribution = incident.contributions.get(source_id)
        if contribution is None or contribution.is_lost:
            return
        contribution.is_lost = out.is_changed = True
        incident.tell(utc, sentence)
        if incident.is_raised and incident.has_witness(source_id):
            key = f"{incident.id} lost {source_id} {utc.isoformat()}"
            who = Person("rules")
            out.orders.append(SensorLost(key=key, who=who, incident=incident.id, reason=sentence))

    def _found_again(self, source: Source, now: float, out: Collected) -> None:
        out.faults += self._troubles.found(source.id)
        for incident in self._incidents.values():
            self._found_in(incident, source.id, now)

    def _found_in(self, incident: Incident, source_id: SourceId, now: float) -> None:
        """Take a lost source's word again: what it did not tell of may have lasted until now."""
        contribution = incident.contributions.get(source_id)
        if contribution is not None and contribution.is_lost:
            contribution.is_lost = False
            incident.last_above = now
            self._plan_for(incident, ())

    # --- time and memory ---

    def _plan_for(self, incident: Incident, touched: Iterable[Signal]) -> None:
        for signal in touched:
            self._next = min(self._next, signal.due() or _NEVER)
        self._next = min(self._next, self._asking.deadline, self._due(incident))

    def _plan_next(self, now: float) -> None:
        times = [self._asking.deadline]
        times += self._signals.due()
        times += [self._due(incident) for incident in self._incidents.values()]
        # What is due already was looked at just now: it waits for something else.
        self._next = min((time for time in times if time > now), default=_NEVER)
        if self._over:
            self._next = now

    def _due(self, incident: Incident) -> float:
        """When time alone may change an incident."""
        policy = self._rules.policy(incident.hazard)
        if incident.is_above:
            states = (
                signal.last + SILENT_STATE_S
                for each in incident.contributions.values()
                if each.source.evidence is Evidence.STATE
                for signal in each.signals.values()
                if signal.is_above
            )
            return min(states, default=_NEVER)
        if not incident.is_raised:
            return incident.last_above + policy.merge_s
        return _NEVER if incident.is_quiet else incident.last_above + policy.quiet_s

    def _forget(self, incident: Incident, *, is_spent: bool) -> None:
        self._incidents.pop(incident.id, None)
        for source_id, contribution in incident.contributions.items():
            self._of_source.pop((incident.hazard, source_id), None)
            if is_spent:
                for signal in contribution.signals.values():
                    signal.spend()

    def _drop_oldest(self) -> None:
        """Keep the number of incidents bounded: the oldest that was never raised goes first."""
        if len(self._incidents) <= MOST_INCIDENTS:
            return
        idle = (each for each in self._incidents.values() if not each.is_raised)
        self._forget(next(idle, next(iter(self._incidents.values()))), is_spent=False)

    def _restore(self, kept: Kept, now: float, utc: datetime) -> None:
        self._gate.recall(kept.opened)
        for cooling, ends in kept.cooling:
            left = (ends - utc).total_seconds()
            if left > 0:
                self._asking.cool(replace(cooling, until=now + left), now)
        for known in kept.incidents:
            incident = Incident(known.id, known.hazard, known.opened, now, last_above=now)
            incident.zones = self._places.existing(known.zones)
            incident.places = list(known.places)
            incident.is_ended = known.is_ended
            for level in known.levels:
                incident.asked.append(self._asking.standing_for(known.hazard, level))
            incident.tell(utc, "remembered over a restart")
            self._incidents[incident.id] = incident
            for held in known.signals:
                self._revive(incident, held, now, utc)
            for name in known.lost:
                if (source := self._sources.named(name)) is not None:
                    self._contribution(incident, source).is_lost = True

    def _revive(self, incident: Incident, kept: KeptSignal, now: float, utc: datetime) -> None:
        source = self._sources.named(kept.source)
        if source is None:
            return
        held_since = now - max(timedelta(), utc - kept.since).total_seconds()
        signal = self._signals.revive(kept, source, held_since, now)
        if signal is None:
            return
        self._contribution(incident, source).signals[signal.key] = signal
        incident.add_place(source.at)
        if kept.is_met:
            incident.sentences[signal.key] = sentence_of(signal, utc, now)

    def _contribution(self, incident: Incident, source: Source) -> Contribution:
        """What a source adds to an incident of which it told before a restart."""
        zones = source.zones or incident.zones or self._places.seen_by(source)
        where = Where(zones, source.at)
        self._of_source[incident.hazard, source.id] = incident
        return incident.contributions.setdefault(source.id, Contribution(source, where))
