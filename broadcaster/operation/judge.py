"""SAFETY's rules as invariants, judged on every sample that the engine plays and every move. Pure.

What is judged is what is heard: the turns of the plan the engine plays by, for all the time it
plays by it, and not only at moments somebody looked. What ought to be heard follows from the alerts
that control knew when the engine adopted that plan; while control is dead that does not change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from alerts.alert import Alert, LastWord
from alerts.book import Book
from alerts.claim_name import ClaimName, Role, parse_claim_name
from alerts.hazard import HazardId
from alerts.life_cycle import ENDING, LIVING, SOUNDING, WARNING, Event, State, Who
from alerts.message import Message
from broadcaster.control.core import Core
from broadcaster.engine.plan import Plan
from broadcaster.operation.owed import Owed
from broadcaster.operation.premises import Premises
from broadcaster.operation.quiet_hours import QuietHours
from broadcaster.operation.truth import Truth
from zones.bus import Claim, Kind, Turn, ZoneId, turns
from zones.media_time import RATE, Sample, samples
from zones.priority import LOWEST_ANNOUNCEMENT, LOWEST_EMERGENCY
from zones.sound import PcmId, pieces

Facts = Mapping[str, Any]
SLACK: Final[Sample] = samples(0.05)
"""How far ahead of its decision a claim with a fixed start begins, and some more."""
RESTING: Final[Sample] = samples(10)
"""Nothing lower returns for so long after a last word (SAFETY B3)."""
RUNS: Final[Sample] = samples(0.4)
"""What is heard so soon is not planned anew when the wall clock steps."""
SPOKEN: Final[Sample] = samples(2)
"""Less sound than this is no last word."""
_LIVING: Final = frozenset(state.value for state in LIVING)
_SOUNDING: Final = frozenset(state.value for state in SOUNDING)
_ENDING: Final = frozenset(state.value for state in ENDING)
LATEST_ADOPTION_S: Final = 5.0
"""The engine may take so long to begin what control decided."""
_WAITING: Final = frozenset({State.PENDING.value, State.HELD.value})
LONGEST_WAIT_S: Final = 600.0
"""A window, a hold and the second person's wait together, while control is dead for a while too."""
_OF_MESSAGES: Final = frozenset({Role.MESSAGE, Role.TURNS, Role.CONFLICT})
_OF_ENDINGS: Final = frozenset({Role.ENDING, Role.ONLY})
_AIRS: Final = frozenset({Event.AIR, Event.TIME_OUT_AIR, Event.ESCALATE, Event.REOPEN})


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that was broken at `now`, in monotonic seconds."""

    rule: str
    now: float
    sentence: str


@dataclass
class _Heard:
    """What was heard of one alert: where its message was, and how much of its last word."""

    message: set[ZoneId] = field(default_factory=set)
    given: dict[ZoneId, float] = field(default_factory=dict)
    """When each zone became one of the alert's."""
    perhaps: set[ZoneId] = field(default_factory=set)
    """Given so shortly before the last word that the engine may have begun it, or not."""
    ending: dict[tuple[ZoneId, str], Sample] = field(default_factory=dict)
    """How much of each last word was heard where."""
    said: dict[tuple[ZoneId, str], set[PcmId]] = field(default_factory=dict)
    """What was heard of it there."""
    asked: LastWord | None = None
    """The last word that was asked for, and not spoken yet."""


class Judge:
    """Watches a station and notes every rule that is broken."""

    def __init__(self, premises: Premises, truth: Truth) -> None:
        self.broken: list[Broken] = []
        self.aired = 0
        """Warnings that began to sound."""
        self.last: list[str] = []
        """The newest moves, in words."""
        self._is_quiet_beside = True
        self._premises = premises
        self._site = premises.site
        self.owed = Owed(premises.site)
        """The evidence that must have a warning."""
        self._quiet = QuietHours(premises.site)
        self._recorded: set[str] = set()
        self._truth = truth
        self._expected: tuple[Alert, ...] = ()
        self._holds_from: Sample = 0
        self._heard: dict[str, _Heard] = {}
        self._before: dict[ZoneId, tuple[Claim, Sample, Sample]] = {}
        self._playing: dict[ZoneId, Turn] = {}
        self._asked: dict[str, float] = {}
        self._known: set[tuple[str, str]] = set()

    def _break(self, rule: str, sentence: str, now: float) -> None:
        if (rule, sentence) not in self._known:
            self._known.add((rule, sentence))
            self.broken.append(Broken(rule, now, sentence))

    # --- what is heard ---

    def played(self, plan: Plan, begin: Sample, end: Sample) -> None:
        """Judge everything the engine played by `plan`."""
        buses: dict[ZoneId, list[Claim]] = {}
        is_warned = bool(self._sounding()) or bool(self._before)
        for claim in plan.claims:
            is_warned = is_warned or claim.priority >= LOWEST_EMERGENCY
            is_warned = is_warned or claim.kind is Kind.EXERCISE or _is_announced(claim)
            buses.setdefault(claim.zone, []).append(claim)
        if not is_warned and not self._quiet.is_due(plan, begin):
            return
        for zone in (zone.id for zone in self._site.zones):
            at = begin
            for turn in turns(buses.get(zone, ()), begin, end):
                if turn.start > at:
                    self._judge_gap(zone, at, turn.start)
                self._judge(zone, turn, plan)
                at = turn.until
            if at < end:
                self._judge_gap(zone, at, end)

    def _sounding(self) -> list[Alert]:
        return [alert for alert in self._expected if alert.state in SOUNDING]

    def _judge_gap(self, zone: ZoneId, begin: Sample, end: Sample) -> None:
        if end > max(begin, self._holds_from) and self._warned(zone):
            self._break("A3", f"nothing claims {zone}, and a warning lives there", begin / RATE)

    def _warned(self, zone: ZoneId) -> list[Alert]:
        return [a for a in self._expected if a.state in WARNING and zone in a.zones]

    def _judge(self, zone: ZoneId, turn: Turn, plan: Plan) -> None:
        claim = turn.claim
        name = parse_claim_name(claim.id)
        if name is not None and name.role is Role.BESIDE:
            name = None
        self._judge_record(name, turn)
        if not self._quiet.keeps(zone, turn, plan):
            at = turn.start / RATE
            self._break("F4", f"{claim.id} sounds in {zone} in quiet hours", at)
        self._judge_return(zone, turn, name)
        self._judge_course(zone, turn, name)
        if turn.until > max(turn.start, self._holds_from):
            self._judge_rank(zone, turn, name)
        self._remember(zone, turn, name)

    def _judge_record(self, name: ClaimName | None, turn: Turn) -> None:
        """I1: nothing sounds of which no record tells."""
        for alert in () if name is None else name.alerts:
            if alert not in self._recorded:
                self._break("I1", f"{alert} sounds and is not recorded", turn.start / RATE)

    def _judge_rank(self, zone: ZoneId, turn: Turn, name: ClaimName | None) -> None:
        """B1, A3, B2, D3, E2: the highest living warning has its zone."""
        claim, at = turn.claim, turn.start / RATE
        if claim.kind is Kind.EXERCISE and self._sounding():
            real = self._sounding()[0]
            self._break("E2", f"{claim.id} sounds in {zone} beside the real {real.id}", at)
        warned = self._warned(zone)
        if not warned:
            self._judge_beside(zone, turn)
            return
        top = max(warned, key=lambda alert: alert.content.rank)
        if name is None:
            if claim.priority <= top.level:
                rule = "A3" if claim.kind is Kind.PROGRAMME else "B1"
                self._break(rule, f"{claim.id} has {zone}, where {_said(top)} lives", at)
            return
        if name.role in _OF_MESSAGES:
            known = [a for a in self._expected if a.id in name.alerts and a.state in SOUNDING]
            rank = max((a.content.rank for a in known), default=(0, 0))
            if rank < top.content.rank:
                self._break("B1", f"{claim.id} has {zone}, where {_said(top)} lives", at)
        elif name.role is Role.ENDING:
            others = [a for a in warned if a.id not in name.alerts]
            ends = next((a for a in self._expected if a.id in name.alerts), None)
            steps = ends is not None and ends.parting and ends.parting.word is LastWord.STEP_DOWN
            higher = [a for a in others if claim.priority > a.level + 1]
            if others and not steps and not higher:
                self._break("D3", f"{claim.id} ends in {zone} over {_said(others[0])}", at)

    def _judge_course(self, zone: ZoneId, turn: Turn, name: ClaimName | None) -> None:
        """I3 and B4: what is heard goes on where it was, over plans, deaths and new zones."""
        before = self._playing.get(zone)
        self._playing[zone] = turn
        if name is None or before is None or before.claim.id != turn.claim.id:
            return
        if before.until == turn.start and before.origin != turn.origin:
            self._break("I3", f"{turn.claim.id} begins anew in {zone}", turn.start / RATE)

    def _judge_beside(self, zone: ZoneId, turn: Turn) -> None:
        """B3: zones next to a warned one drop their programme."""
        if turn.claim.kind is not Kind.PROGRAMME or not self._is_quiet_beside:
            return
        quiet = turn.claim.priority > 20
        for other in self._site.zones:
            if zone in other.neighbours and not quiet and self._warned(other.id):
                self._break(
                    "B3", f"the programme plays in {zone}, next to {other.id}", turn.start / RATE
                )
                return

    def _judge_return(self, zone: ZoneId, turn: Turn, name: ClaimName | None) -> None:
        """D1 and B3: what follows a warning is its spoken end, then 10 s of quiet."""
        before = self._before.get(zone)
        if before is None or name is not None or turn.claim.priority >= LOWEST_EMERGENCY:
            return
        claim, spoken, _ = before
        role = parse_claim_name(claim.id)
        if claim.kind is Kind.WARNING and role is not None:
            if role.role in _OF_MESSAGES:
                self._break(
                    "D1",
                    f"{claim.id} ended unspoken in {zone}; {turn.claim.id} follows",
                    turn.start / RATE,
                )
            elif turn.start - spoken < RESTING:
                self._break(
                    "B3",
                    f"{turn.claim.id} returns to {zone} {(turn.start - spoken) / RATE:.1f} s after "
                    "the last word",
                    turn.start / RATE,
                )
        del self._before[zone]

    def _remember(self, zone: ZoneId, turn: Turn, name: ClaimName | None) -> None:
        if name is None:
            return
        spoken = self._before[zone][1] if zone in self._before else turn.start
        for alert in name.alerts:
            heard = self._heard.setdefault(alert, _Heard())
            if name.role in _OF_MESSAGES:
                heard.message.add(zone)
        if name.role in _OF_ENDINGS:
            length, said = 0, set()
            for piece in pieces(turn.claim.source, turn.origin, turn.start, turn.until):
                if piece.segment.pcm is not None:
                    length += piece.length
                    spoken = max(spoken, piece.at + piece.length)
                    said.add(piece.segment.pcm)
            for alert in name.alerts:
                heard, key = self._heard[alert], (zone, name.message)
                heard.ending[key] = heard.ending.get(key, 0) + length
                if name.role is Role.ENDING:
                    heard.said.setdefault(key, set()).update(said)
        self._before[zone] = (turn.claim, spoken, turn.until)

    # --- what control says ---

    def stands(self, alerts: tuple[Alert, ...], is_quiet_beside: bool, now: float) -> None:
        """From now on the engine's plan has to be right for these alerts."""
        if (alerts, is_quiet_beside) != (self._expected, self._is_quiet_beside):
            self._expected, self._is_quiet_beside = alerts, is_quiet_beside
            self._holds_from = round(now * RATE) + SLACK

    def recorded(self, facts: Facts, now: float) -> None:
        """Judge a move by its record."""
        self._recorded.add(_id_in(facts))
        if facts["nature"] != "real":
            self.last.append(f"{now:12.3f} {facts['nature']}: {facts['from']} -> {facts['to']}")
            return
        alert, event = facts["alert"], Event(facts["event"])
        self.last.append(
            f"{now:12.3f} {alert['id']} {event.value} by {facts['by']}: {facts['from']} -> "
            f"{facts['to']}"
        )
        del self.last[:-2000]
        self._note_zones(facts, alert, now)
        self.owed.judged(facts, now)
        self._judge_move(facts, alert, event, now)
        self._judge_asked(facts, now)
        if event is Event.MERGE:
            into = self._heard.setdefault(str(alert["merged_into"]), _Heard())
            into.message |= self._heard.pop(alert["id"], _Heard()).message
        if facts["to"] in _SOUNDING and facts["from"] not in _SOUNDING:
            self.aired += 1

    def _judge_move(self, facts: Facts, alert: Facts, event: Event, now: float) -> None:
        who, to, name = Who(facts["who"]), State(facts["to"]), alert["id"]
        level = int(alert["content"]["level"])
        if facts["from"] in _SOUNDING and to.value not in _SOUNDING:
            if event is Event.SPOKEN:
                self._judge_spoken(alert, self._heard.pop(name, _Heard()), now)
            elif event is not Event.MERGE:
                self._break("D1", f"{name} went from {facts['from']} to {to.value} unspoken", now)
        if event is Event.ALL_CLEAR and who is not Who.OPERATOR and level > LOWEST_EMERGENCY:
            self._break("D1", f"nobody gave the all-clear of {name} at level {level}", now)
        if event in (Event.PROPOSE_CLEAR, Event.ALL_CLEAR) and who is Who.ENGINE:
            begun = min(self._heard[name].given.values(), default=now)
            above = self._truth.above(alert["hazard"], alert["zones"], begun)
            if above:
                self._break("C5", f"{name}: {event.value} while {above} is above", now)
        if event is Event.SPOKEN and to.value in _SOUNDING:
            self._judge_stepped_down(alert, now)
        if alert["parting"] is not None:
            self._heard[name].asked = LastWord(alert["parting"]["word"])
        if event in _AIRS and who is Who.ENGINE and to is State.AIRING and level >= 240:
            why = self._truth.against_evacuation(alert["hazard"], now)
            if why and not _has_person(alert):
                self._break("C4", f"{name} evacuates without a person: {why}", now)

    def _note_zones(self, facts: Facts, alert: Facts, now: float) -> None:
        heard = self._heard.setdefault(alert["id"], _Heard())
        for zone in alert["zones"]:
            heard.given.setdefault(zone, now)
        if facts["to"] in _ENDING and facts["from"] not in _ENDING:
            late = {zone for zone, at in heard.given.items() if now - at < LATEST_ADOPTION_S}
            heard.perhaps |= late

    def _judge_asked(self, facts: Facts, now: float) -> None:
        """E1: people are called at once, and no wait for them is longer than its bounds."""
        alert, name = facts["alert"], facts["alert"]["id"]
        if facts["to"] not in _WAITING:
            begun = self._asked.pop(name, now)
            if now - begun > LONGEST_WAIT_S:
                self._break("E1", f"{name} waited {now - begun:.0f} s for people", now)
            return
        if name not in self._asked:
            self._asked[name] = now
            if alert["call"] is None:
                self._break("E1", f"{name} waits for people, and nobody is called", now)

    def _judge_stepped_down(self, alert: Facts, now: float) -> None:
        """D2: a step down has words of its own; they are no end, and another one needs its own."""
        heard = self._heard[alert["id"]]
        zones = heard.message & set(alert["zones"])
        missing = zones - self._zones_that_heard(heard, alert)
        if missing - heard.perhaps:
            self._break("D2", f"{alert['id']}: no step down in {sorted(missing)}", now)
        heard.ending.clear()
        heard.said.clear()
        heard.asked = None

    def _judge_spoken(self, alert: Facts, heard: _Heard, now: float) -> None:
        """D1, D3 and D4: the word asked for was heard where the warning was, and nowhere else."""
        name = alert["id"]
        if heard.asked is None:
            self._break("D4", f"{name} ended, and nobody asked for a last word", now)
            return
        spoken = self._zones_that_heard(heard, alert)
        if heard.message - spoken:
            zones = sorted(heard.message - spoken)
            self._break("D3", f"{name}: no {heard.asked.value} in {zones}", now)
        anything = {zone for (zone, _), length in heard.ending.items() if length >= SPOKEN}
        wrong = anything - heard.message - heard.perhaps
        if wrong:
            self._break("D3", f"{name}: a last word in {sorted(wrong)}", now)

    def _zones_that_heard(self, heard: _Heard, alert: Facts) -> set[ZoneId]:
        """Where the last word that was asked for was heard, with all its words."""
        if heard.asked is None:
            return set()
        first, *others = self._last_words(heard.asked, alert["hazard"])
        needed = {pcm for one in others for pcm in self._premises.words(one)}
        return {
            zone
            for (zone, message), length in heard.ending.items()
            if message == first.id
            and length >= SPOKEN
            and needed <= heard.said.get((zone, message), needed)
        }

    def _last_words(self, word: LastWord, hazard: str) -> list[Message]:
        messages, of = self._premises.messages, HazardId(hazard)
        match word:
            case LastWord.CORRECTION:
                return [messages.correction(of)]
            case LastWord.STEP_DOWN:
                return [messages.step_down(of)]
            case LastWord.HAZARD_OVER:
                return [messages.hazard_over(of)]
            case LastWord.PATH_OPEN:
                return [messages.path_open()]
            case LastWord.BOTH:
                return [messages.hazard_over(of), messages.path_open()]

    def came_back(self, before: Mapping[str, Facts], book: Book, now: float) -> None:
        """I2: nothing that was recorded is lost."""
        for name, facts in before.items():
            if facts["nature"] != "real" or facts["to"] not in _LIVING:
                continue
            known = book.alert(name)
            if known is None or known.state.value != facts["to"]:
                self._break("I2", f"{name} was {facts['to']} and is not known any more", now)

    def fell_silent(self) -> None:
        """The power is cut: nothing sounds, and what sounded before explains nothing after."""
        self._expected = ()
        self._before.clear()
        self._playing.clear()

    def stepped(self, core: Core, before: tuple[Alert, ...], plan: Plan, now: float) -> None:
        """H1 and H2: what runs goes on, and alerts do not notice that the wall clock stepped."""
        for one in before:
            after = core.warnings.book.alert(one.id)
            if after is None or (after.state, after.revision) != (one.state, one.revision):
                self._break("H2", f"{one.id} moved as the wall clock stepped", now)
        at = round(now * RATE)
        self._quiet.stepped(at)
        for zone in (zone.id for zone in self._site.zones):
            running = _runs(plan, zone, at)
            if running and running != _runs(core.plan, zone, at):
                self._break("H1", f"what runs in {zone} changes as the wall clock steps", now)

    def look(self, alerts: tuple[Alert, ...], since: float, now: float) -> None:
        """C1, C3 and C6: evidence that goes on has a warning, or a person who ended it."""
        for sentence in self.owed.missing(alerts, now, since):
            self._break("C1", sentence, now)

    def repeated(self, before: tuple[Alert, ...], after: tuple[Alert, ...], now: float) -> None:
        """Replays raise nothing."""
        known = {one.id: one.state for one in before}
        for one in after:
            if one.id not in known or (one.state in SOUNDING and known[one.id] not in SOUNDING):
                self._break("C2", f"{one.id} came of a replay", now)


def _is_announced(claim: Claim) -> bool:
    return LOWEST_ANNOUNCEMENT <= claim.priority < LOWEST_EMERGENCY


def _id_in(facts: Facts) -> str:
    """The alert, exercise or test that a record is about."""
    found = next(facts[key] for key in ("alert", "exercise", "self_test") if key in facts)
    return str(found["id"])


def _runs(plan: Plan, zone: ZoneId, at: Sample) -> list[tuple[PcmId | None, Sample]]:
    """What sounds in a zone in the next seconds, and where in it that is."""
    bus = [claim for claim in plan.claims if claim.zone == zone]
    return [
        (piece.segment.pcm, piece.at)
        for turn in turns(bus, at, at + RUNS)
        for piece in pieces(turn.claim.source, turn.origin, turn.start, turn.until)
        if piece.segment.pcm is not None
    ]


def _said(alert: Alert) -> str:
    return f"{alert.id} ({alert.content.message}, {alert.state.value})"


def _has_person(alert: Facts) -> bool:
    return any(step["who"] == Who.OPERATOR.value for step in alert["steps"])


def lines(broken: list[Broken]) -> Iterator[str]:
    """Each broken rule in a line."""
    for one in broken:
        yield f"{one.rule} at {one.now:.3f} s: {one.sentence}"
