"""What detections ask for, done: evidence in, moves of alerts and verdicts out. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Set
from dataclasses import asdict
from typing import Any, Final, Protocol

from alerts.alert import Move
from alerts.detection import Detections, Living, Rules, Suspected, Told, Verdict, told_together
from alerts.life_cycle import ENDED, State
from alerts.moving import AlertRefusedError, AnyMove
from broadcaster.control.acts import Answered, Detect, Effect, Kept, Noticed, Recorded
from broadcaster.control.alert_acts import AlertActs
from broadcaster.control.answers import ANSWER_LIMIT, Answers, Waiting
from broadcaster.control.incident_pictures import IncidentPictures
from broadcaster.journal.entry import Entry, Kind
from zones.media_time import WallAnchor
from zones.site import Site

MOST_SUSPECTED: Final = 50
"""Authentic events that raised nothing and are kept for the operator's eyes."""


class Station(Protocol):
    """What detections need of the core."""

    def anchor(self, now: float) -> WallAnchor:
        """Both clocks at `now`."""

    @property
    def revision(self) -> int:
        """The newest plan's."""


class Detecting:
    """The evidence of a site, and what came of it."""

    def __init__(
        self,
        detections: Detections,
        alerts: AlertActs,
        station: Station,
        answers: Answers,
        pictures: IncidentPictures,
    ) -> None:
        self._detections = detections
        self._alerts = alerts
        self._station = station
        self._answers = answers
        self.suspected: deque[Suspected] = deque(maxlen=MOST_SUSPECTED)
        self.faults: dict[str, str] = {}
        self._pictures = pictures
        self._clock_doubt = ""
        alerts.told = self._note_lives
        alerts.warnings.book.ask_evidence(lambda one: self._detections.asked_again(one))

    def use(self, site: Site, rules: Rules, now: float) -> None:
        """Go by other rules, or for another site, with all that is known so far."""
        utc = self._station.anchor(now).utc
        memory = self._detections.memory(now, utc)
        self._detections = Detections(site, rules, now, utc, memory=memory)
        self.faults.clear()
        self.doubt_clock(self._clock_doubt, now)
        self.adopt(now)

    def adopt(self, now: float) -> None:
        """Know the incidents of alerts that live, after a restart."""
        living = (
            Living(incident, alert.hazard, alert.level, alert.zones, alert.place)
            for alert in self._alerts.warnings.book.living
            for incident in alert.going
        )
        self._detections.adopt(living, now, self._station.anchor(now).utc)

    def stories(self, wanted: str) -> dict[str, list[str]]:
        """Why an alert sounded, or an incident did not; of `all`, or by the name of either."""
        names = [wanted]
        for alert in self._alerts.warnings.book.alerts:
            if alert.id == wanted:
                names += alert.incidents
        found: dict[str, list[str]] = {}
        for name in names:
            for incident, story in self._detections.stories(name).items():
                found[incident] = list(story)
        return found

    def told_faults(self) -> list[str]:
        """What is wrong with sources and with our clock, in sentences; many alike in one."""
        return told_together(self.faults)

    # --- in ---

    def take(self, command: Detect, now: float) -> list[Effect]:
        """Weigh events; the answer to the door has a verdict for each."""
        told = self._detections.take(command.events, now, self._station.anchor(now).utc)
        shown = self._note_pictures(command, told)
        effects = self._obey(told, now, command, shown)
        verdicts = [self._verdict(one) for one in told.verdicts]
        if not told.orders:
            return [*effects, Answered(command.key, {"verdicts": verdicts})]
        limit = now + ANSWER_LIMIT
        fields = {"verdicts": verdicts}
        waiting = Waiting(self._station.revision, limit, told=lambda: fields)
        self._answers.wait(command.key, waiting)
        return effects

    def expire(self, now: float) -> list[Effect]:
        """Do what time alone brings: states that lasted, quiet, silence of a source."""
        due = self._detections.deadline()
        if due is None or due > now:
            return []
        return self._obey(self._detections.expire(now, self._station.anchor(now).utc), now, None)

    def deadline(self) -> float | None:
        """When `expire` has something to do, in monotonic seconds."""
        return self._detections.deadline()

    def doubt_clock(self, why: str, now: float) -> list[Effect]:
        """Say why our own clock cannot be trusted; empty once it can."""
        self._clock_doubt = why
        return self._obey(Told(faults=self._detections.doubt_clock(why)), now, None)

    # --- what comes of it ---

    def _obey(
        self, told: Told, now: float, command: Detect | None, shown: Set[str] = frozenset()
    ) -> list[Effect]:
        """Do what came of evidence; there are new pictures of the incidents `shown`."""
        moves: list[AnyMove] = []
        effects: list[Effect] = []
        for order in told.orders:
            try:
                moves += self._alerts.obey(order, now)
            except AlertRefusedError as refusal:
                moves += refusal.moves
                effects.append(Noticed(f"incident {order.incident}: {refusal}"))
        if moves:
            effects += self._alerts.moved(tuple(moves), now, command)
        anchor = self._station.anchor(now)
        self._note_faults(told)
        entries = tuple(self._note_suspected(told, anchor))
        if entries:
            effects.append(Recorded(entries))
        if told.is_worth_keeping or shown & self._warned:
            effects.append(Kept(self._memory(now, anchor)))
        return effects

    @property
    def _warned(self) -> Set[str]:
        """The incidents of alerts that live."""
        return {one for alert in self._alerts.warnings.book.living for one in alert.incidents}

    def _memory(self, now: float, anchor: WallAnchor) -> dict[str, Any]:
        """What the next control must know: the evidence, and the pictures of living alerts."""
        memory = self._detections.memory(now, anchor.utc)
        return {**memory, "pictures": self._pictures.memory(self._warned)}

    def _note_faults(self, told: Told) -> None:
        for fault in told.faults:
            if fault.is_over:
                self.faults.pop(fault.id, None)
            else:
                self.faults[fault.id] = fault.sentence

    def _note_pictures(self, command: Detect, told: Told) -> Set[str]:
        """Remember which pictures show an incident; the incidents that had too few before."""
        return {
            verdict.incident
            for admitted, verdict in zip(command.events, told.verdicts, strict=False)
            if verdict.incident is not None
            and self._pictures.note(verdict.incident, admitted.event.pictures)
        }

    def pictures(self, incidents: Iterable[str]) -> list[str]:
        """The names of the pictures that show these incidents, the newest last."""
        return self._pictures.of(incidents)

    def _note_suspected(self, told: Told, anchor: WallAnchor) -> Iterable[Entry]:
        for one in told.suspected:
            self.suspected.appendleft(one)
            facts = {"suspected": shown(one)}
            yield Entry(
                kind=Kind.AUDIT,
                subject=str(one.source)[:200],
                utc=anchor.utc,
                at=anchor.sample,
                facts=facts,
            )

    def _verdict(self, verdict: Verdict) -> dict[str, Any]:
        said = verdict.message()
        if verdict.incident is not None:
            for alert in self._alerts.warnings.book.alerts:
                if verdict.incident in alert.incidents and alert.merged_into is None:
                    said |= {"alert": alert.id, "state": alert.state.value}
        return said

    def _note_lives(self, moves: Iterable[AnyMove], now: float) -> None:
        """Tell the evidence which of its incidents are over for the book, and which live."""
        for move in moves:
            if not isinstance(move, Move):
                continue
            incidents, is_merged = move.after.incidents, move.after.merged_into is not None
            if move.after.is_living and (move.before is None or not move.before.is_living):
                for incident in incidents:
                    self._detections.lives(incident)
            if incidents and move.after.state in ENDED and not is_merged:
                is_rejected = move.after.state is State.REJECTED
                for incident in incidents:
                    self._detections.ended(incident, now, is_rejected=is_rejected)


def shown(one: Suspected) -> Mapping[str, Any]:
    """An authentic event that raised nothing, as JSON."""
    return {
        **asdict(one),
        "kind": one.kind.value,
        "zones": list(one.zones),
        "at": one.at.isoformat(),
        "evidence": list(one.evidence),
        "pictures": list(one.pictures),
    }
