"""The core of control: commands in, effects out, time as an argument.

It owns the plan. Every change makes a new plan with the next revision; a claim is never moved, and
a claim it does not know, found in the plan it adopts, is never removed (SAFETY I2). An act is
recorded before its plan is handed on, so that both are written at the same time, and answered when
the engine has adopted it, or when its two seconds are over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from alerts.composition import Composed
from alerts.composition import Standing as StandingClaims
from alerts.detection import Detections
from broadcaster.control import audible_tests, programme, records
from broadcaster.control.acts import (
    Alerting,
    Answered,
    Audit,
    Command,
    Detect,
    DoubtClock,
    Effect,
    EngineAdopted,
    Noticed,
    Planned,
    Play,
    Restarted,
    RetakeAnchor,
    SparesKept,
    TakeFaults,
    TakeLibrary,
    TakenOver,
    TakeOutline,
    TakeOver,
    TakeSite,
    TakeWords,
    TakeZone,
    Withdraw,
    Witnessed,
)
from broadcaster.control.alert_acts import AlertActs
from broadcaster.control.alert_path import AlertPaths
from broadcaster.control.answers import ANSWER_LIMIT, Answers, Waiting, beginning
from broadcaster.control.detecting import Detecting
from broadcaster.control.ground import Ground
from broadcaster.control.incident_pictures import IncidentPictures
from broadcaster.control.play_order import (
    RefusedError,
    checked,
    claim_prefix,
    refuse_in_quiet_hours,
    sound_of,
    zones_of,
)
from broadcaster.control.programme import Library, Standing
from broadcaster.control.self_testing import SelfTesting
from broadcaster.control.source_names import kept_ready, title_of, without_composed
from broadcaster.control.spares import Spares
from broadcaster.control.steering import Steer, steered
from broadcaster.control.told import Told, ToldBook
from broadcaster.control.warnings import Warnings, alerts_of, is_composed
from broadcaster.control.witnesses import Witnesses, arrived_since, faulty
from broadcaster.engine.pace import END_LEAD
from broadcaster.engine.plan import MAX_CLAIMS, GainStep, Part, Plan
from broadcaster.engine.site_streams import SELF_TEST_ZONE
from playlists.outline import Outline
from playlists.rotation import Rotation
from zones.bus import Claim, ClaimId, ComesBack, Kind, ZoneId, pruned, stamped, turns, withdrawn
from zones.media_time import RATE, Sample, WallAnchor
from zones.priority import LOWEST_EMERGENCY
from zones.sound import Source

EXTEND_EVERY = 60.0
"""Seconds between extensions of the programme."""
UNSETTLED_EVERY = 5.0
"""The same while music is being brought in."""
STALE_NOTICE: Sample = 30 * RATE
"""A notice that could not begin for so long is withdrawn: nobody expects it any more."""


@dataclass(frozen=True, slots=True)
class Act:
    """A claim somebody asked for, in all its zones."""

    claim: ClaimId
    title: str
    given: Sample | None = None
    """When it was asked for; None when it was found in the plan."""


class Core:
    """All of control's decisions. `handle` and `expire` return the effects, in order."""

    def __init__(
        self,
        ground: Ground,
        anchor: WallAnchor,
        warnings: Warnings,
        detections: Detections,
        adopted: Plan | None = None,
        revision: int = 0,
        *,
        awaits_outline: bool = False,
        spares: Spares | None = None,
        pictures: IncidentPictures | None = None,
    ) -> None:
        """Begin from the plan `adopted`, if there is one, and from the alerts that were recovered.

        If it `awaits_outline`, the programme stays as it stands until somebody brings one.
        `revision` is the newest one known to have been written, should that plan be unreadable.
        """
        self.ground = ground
        self.composed = Composed((), {}, (), {}, None)
        self.at: Sample = anchor.sample
        self.library = Library(is_settled=False)
        self._dealt: Mapping[str, Rotation] = {}
        self._outline: Outline | None = None
        self._awaits_outline = awaits_outline
        self.witnesses = Witnesses()
        self.amplifier_faults: tuple[Mapping[str, Any], ...] = ()
        self.spares = Spares() if spares is None else spares
        self.told = ToldBook()
        self.adopted_revision = 0
        self.acts: dict[ClaimId, Act] = {}
        self._answers = Answers()
        self.alerts = AlertActs(warnings, self, self._answers)
        self.self_testing = SelfTesting(self.alerts, self)
        shown = IncidentPictures() if pictures is None else pictures
        self.detecting = Detecting(detections, self.alerts, self, self._answers, shown)
        self._extend_at: float | None = None
        self._taking: tuple[int, frozenset[ClaimId]] | None = None
        self.plan = adopted or Plan(Part.CONTROL, revision, anchor, ground.sent)
        for claim in self.plan.claims:
            if not programme.is_programme(claim) and not is_composed(claim.id):
                title = title_of(claim, self.plan.sources)
                self.acts.setdefault(claim.id, Act(claim.id, title))

    @property
    def warnings(self) -> Warnings:
        """The alerts and exercises, and their sound."""
        return self.alerts.warnings

    @property
    def paths(self) -> AlertPaths:
        """The measured way of each warning."""
        return self.alerts.paths

    def sample(self, now: float) -> Sample:
        """The media time at `now`, monotonic seconds."""
        return self.ground.clock.sample_at(round(now * 1e9))

    def moment(self, sample: Sample) -> float:
        """When `sample` is on air, in monotonic seconds: `sample(moment(s))` is s.

        Seconds after months are some nanoseconds off; a microsecond in, they name no sample before.
        """
        return (self.ground.clock.monotonic_ns_at(sample) + 1_000) / 1e9

    # --- in ---

    def handle(self, command: Command, now: float) -> tuple[Effect, ...]:
        """Do what `command` says."""
        self.at = self.sample(now)
        known = self._answers.known(command.key)
        if known is not None:
            return known
        try:
            effects = self._done(command, now)
        except RefusedError as refusal:
            effects = [Answered(command.key, error=str(refusal), where=refusal.where)]
        is_news = isinstance(command, Witnessed | Told)
        return tuple(effects if is_news else self._remembered(effects))

    def _remembered(self, effects: list[Effect]) -> list[Effect]:
        """The effects, their answers kept for those who ask again."""
        for effect in effects:
            if isinstance(effect, Answered):
                self._answers.keep(effect)
        return effects

    def _done(self, command: Command, now: float) -> list[Effect]:
        match command:
            case Play():
                return self._play(command, now)
            case Withdraw():
                return self._withdraw(command, now)
            case Alerting():
                audible_tests.refuse_in_quiet_hours(command.order, self.plan.claims, self.at)
                return [*self.alerts.handle(command, now), *self._settled()]
            case TakeFaults():
                self.amplifier_faults = command.faults
                return [Answered(command.key)]
            case Audit():
                return [records.audited(command, self.anchor(now)), Answered(command.key)]
            case Detect():
                return self._detect(command, now)
            case DoubtClock():
                return [*self.detecting.doubt_clock(command.why, now), Answered(command.key)]
            case Restarted():
                self.detecting.adopt(now)
                return self.alerts.restarted(command, now)
            case Told():
                return self.told.take(command, self.anchor(now), now)
            case Witnessed():
                for witness in command.witnesses:
                    self.witnesses.take(witness, self.at)
                    self.paths.take(witness)
                self.paths.look(self._has_arrived, self.at)
                heard = self.self_testing.hear(command.witnesses, now)
                return [Answered(command.key), *heard]
            case TakeLibrary():
                self.library = command.library
                self.warnings.take_voices(command.library.voices.voices)
                self._dealt = programme.rotations(command.library, self.ground.seed)
                return self._extend(now)
            case TakeWords():
                self.warnings.take_words(command.spoken)
                return self._extend(now)
            case TakeOutline():
                self._outline = command.outline
                return self._extend(now, is_changed=command.is_changed)
            case Steer():
                return self._steer(command, now)
            case TakeZone():
                return self._take_zone(command, now)
            case TakeSite():
                return self._take_site(command, now)
            case EngineAdopted():
                return self._adopted(command, now)
            case TakeOver():
                return self._take_over(command, now)
            case RetakeAnchor():
                return self._retake(command, now)
            case _:
                raise RefusedError(f"control does not know {type(command).__name__}")

    def deadline(self) -> float | None:
        """When `expire` has something to do, in monotonic seconds; None when never."""
        look = self.warnings.next_look
        limits = (
            self._answers.deadline(),
            self._extend_at,
            self.alerts.deadline(),
            self.detecting.deadline(),
            None if look is None else self.moment(look),
        )
        return min((limit for limit in limits if limit is not None), default=None)

    def expire(self, now: float) -> tuple[Effect, ...]:
        """Do what is due at `now`: answer what waited too long, extend the programme."""
        self.at = self.sample(now)
        effects: list[Effect] = [*self._answers.overdue(self.adopted_revision, now)]
        effects += self.alerts.expire(now)
        effects += self.detecting.expire(now)
        if self._extend_at is not None and self._extend_at <= now:
            effects += self._extend(now)
        return tuple(self._remembered(effects))

    @property
    def is_waiting(self) -> bool:
        """Whether an answer waits for the engine."""
        return self._answers.is_waiting

    @property
    def unstamped(self) -> frozenset[ClaimId]:
        """The claims the engine has yet to start."""
        return frozenset(claim.id for claim in self.plan.claims if claim.start is None)

    # --- what it does ---

    def _play(self, order: Play, now: float) -> list[Effect]:
        zones = checked(order, self.ground.site, self.library)
        standing = self._standing(order)
        if standing is not None:
            self._wait(order.key, standing, now, needs_start=True)
            # Whether the control that first did it lived to record it is not known.
            return [records.played(order, standing, self.anchor(now)), *self._settled()]
        refuse_in_quiet_hours(order, self.plan.claims, zones, self.sample(now))
        revision = self.plan.revision + 1
        name = ClaimId(f"{claim_prefix(order)}{revision}")
        source = sound_of(order, self.library)
        title = order.title or order.message or (order.pcm or "")[:8]
        claims = tuple(
            Claim(name, zone, order.kind, order.priority, source, comes_back=ComesBack.AGAIN)
            for zone in zones
        )
        if len(self.plan.claims) + len(claims) > MAX_CLAIMS:
            raise RefusedError(f"the plan holds {len(self.plan.claims)} claims; withdraw some")
        self.acts[name] = Act(name, title, order.at)
        sources = {**self.plan.sources, f"{name}|{title}": source}
        planned = self._plan((*self.plan.claims, *claims), sources)
        self._wait(order.key, claims, now, needs_start=True)
        return [records.played(order, claims, self.anchor(now)), *planned]

    def _standing(self, order: Play) -> tuple[Claim, ...] | None:
        """The claims this act already made, should it come again after a restart."""
        prefix = claim_prefix(order)
        return tuple(c for c in self.plan.claims if c.id.startswith(prefix)) or None

    def _withdraw(self, order: Withdraw, now: float) -> list[Effect]:
        mine = tuple(c for c in self.plan.claims if c.id == order.claim)
        if any(programme.is_programme(claim) for claim in mine):
            raise RefusedError(f"{order.claim} is the programme and cannot be withdrawn", "claim")
        if any(is_composed(claim.id) for claim in mine):
            names = ", ".join(alerts_of(order.claim)) or "a warning"
            raise RefusedError(
                f"{order.claim} belongs to {names}: end that with `broadcaster alerts correct`, "
                "`all-clear` or `step-down`",
                "claim",
            )
        if not mine:
            known = ", ".join(sorted(self.acts)) or "none"
            raise RefusedError(f"there is no claim {order.claim!r}; there are: {known}", "claim")
        end = self.sample(now) + END_LEAD
        claims = tuple(
            withdrawn(claim, end) if claim.id == order.claim else claim
            for claim in self.plan.claims
        )
        planned = self._plan(claims, self.plan.sources)
        self._wait(order.key, mine, now, needs_start=False)
        return [records.withdrawn(order, mine, end, self.anchor(now)), *planned]

    def _steer(self, order: Steer, now: float) -> list[Effect]:
        """Let somebody have the programme of some zones otherwise, from now on."""
        zones = zones_of(order.zones, self.ground.site)
        before = Standing(self.plan.claims, self.plan.sources, self.plan.gain_steps)
        planned = self._extend(now, before=steered(before, order, set(zones), self.sample(now)))
        self._wait(order.key, (), now, needs_start=False)
        return [records.steered(order, zones, self.anchor(now)), *planned, *self._settled()]

    def _take_zone(self, order: TakeZone, now: float) -> list[Effect]:
        """Let a spare amplifier play a zone too, or rest again; nothing else changes."""
        at = self.anchor(now)
        spare, zone = self.spares.take(order, self.ground.site, at.utc)
        planned = self.planned_anew()
        self._wait(order.key, (), now, needs_start=False)
        kept = SparesKept(self.spares.memory())
        return [records.spared(order, spare.id, zone, at), kept, *planned, *self._settled()]

    def _take_site(self, order: TakeSite, now: float) -> list[Effect]:
        """Stand on another site; what stays is not touched (zones are never left mid-warning)."""
        there = {zone.id for zone in order.ground.site.zones}
        for claim in pruned(self.plan.claims, self.sample(now)):
            if claim.zone not in there and claim.priority >= LOWEST_EMERGENCY:
                raise RefusedError(
                    f"zone {claim.zone} cannot go while {claim.id} is there: withdraw it first",
                    "config",
                )
        self.ground = order.ground
        rested = self.spares.follow(order.ground.site)
        self.warnings.take_site(order.ground.site)
        if order.ground.rules is not None:
            self.detecting.use(order.ground.site, order.ground.rules, now)
        self._outline = None
        planned = self._extend(now)
        self._wait(order.key, (), now, needs_start=False)
        kept = [SparesKept(self.spares.memory())] if rested else []
        return [records.reloaded(order, self.anchor(now)), *kept, *planned, *self._settled()]

    def _adopted(self, command: EngineAdopted, now: float) -> list[Effect]:
        self.adopted_revision = max(self.adopted_revision, command.revision)
        if command.stamps:
            claims = tuple(
                stamped(c, command.stamps[c.id]) if c.id in command.stamps else c
                for c in self.plan.claims
            )
            # The engine knows: it gave them. A plan of its own is not needed.
            self.plan = replace(self.plan, claims=claims)
        effects = [*(self.alerts.moved((), now) if command.stamps else ()), *self._settled()]
        if self._taking is not None and self._taking[0] <= self.adopted_revision:
            effects.append(TakenOver(self._taking[1]))
            self._taking = None
        return effects

    def _take_over(self, command: TakeOver, now: float) -> list[Effect]:
        """Hold claims of the local part too, ended where they were ended there."""
        theirs = {(claim.zone, claim.id): claim for claim in command.claims}
        mine = tuple(
            withdrawn(claim, other.until)
            if (other := theirs.pop((claim.zone, claim.id), None)) and other.until is not None
            else claim
            for claim in self.plan.claims
        )
        sources = dict(self.plan.sources)
        for claim in theirs.values():
            self.acts.setdefault(claim.id, Act(claim.id, str(claim.id)))
            if all(claim.source is not source for source in sources.values()):
                sources[f"{claim.id}|{claim.id} {len(sources)}"] = claim.source
        planned = self._plan((*mine, *theirs.values()), sources)
        self._taking = (self.plan.revision, frozenset(claim.id for claim in command.claims))
        names = ", ".join(sorted({claim.id for claim in command.claims}))
        noticed = Noticed(f"took over what was put on air by hand: {names}")
        recorded = records.taken_over(theirs.values(), self.anchor(now))
        return [noticed, *([recorded] if theirs else []), *planned]

    def _retake(self, command: RetakeAnchor, now: float) -> list[Effect]:
        step = command.anchor.utc - self.plan.anchor.utc_at(command.anchor.sample)
        said = f"the wall clock stepped by {step.total_seconds():+.1f} s; nothing on air changes"
        return [Noticed(said), *self._extend(now, command.anchor, is_changed=True)]

    def _extend(
        self,
        now: float,
        anchor: WallAnchor | None = None,
        *,
        is_changed: bool = False,
        before: Standing | None = None,
    ) -> list[Effect]:
        """Bring the programme up to date, and drop what is over.

        With another `anchor`, or when the schedule `is_changed`, the future is planned anew. It
        goes on from `before`, if that is given, instead of from the plan.
        """
        wait = EXTEND_EVERY if self.library.is_settled else UNSETTLED_EVERY
        self._extend_at = now + wait
        at = self.sample(now)
        noticed, claims = self._without_stale(now)
        site = self.ground.site
        there = {zone.id for zone in site.zones}
        acts = tuple(
            c
            for c in pruned(claims, at)
            if not (programme.is_programme(c) or is_composed(c.id)) and c.zone in there
        )
        anchor = anchor or self.plan.anchor
        before = before or Standing(self.plan.claims, self.plan.sources, self.plan.gain_steps)
        standing = self._programme(before, anchor, at, is_changed=is_changed)
        names = {id(source): name for name, source in self.plan.sources.items()}
        sources = {names[id(claim.source)]: claim.source for claim in acts}
        sources |= kept_ready(self.plan.sources, self.library, self.warnings.free)
        claims = (*standing.claims, *acts)
        self.acts = {
            name: act for name, act in self.acts.items() if any(c.id == name for c in acts)
        }
        levels = (*programme.warning_levels(site), *standing.gain_steps)
        return [*noticed, *self._plan(claims, {**standing.sources, **sources}, anchor, levels)]

    def _programme(
        self, before: Standing, anchor: WallAnchor, at: Sample, *, is_changed: bool
    ) -> Standing:
        """The programme from `at` on; as it stands while nobody has said what it shall be."""
        site = self.ground.site
        stands = programme.as_it_stands(before, {zone.id for zone in site.zones})
        if self._outline is None and self._awaits_outline and stands.claims:
            return stands
        if self._outline is None or self._outline.end < anchor.utc_at(at) + programme.OUTLINED / 2:
            self._outline = programme.site_outline(site, anchor.utc_at(at))
        return programme.programme(
            self._outline,
            (zone.id for zone in site.zones),
            self.library,
            self._dealt,
            before,
            anchor,
            at,
            is_changed=is_changed,
        )

    def _without_stale(self, now: float) -> tuple[list[Effect], tuple[Claim, ...]]:
        """The claims without notices that could not begin in time."""
        at = self.sample(now)
        stale = {
            claim.id
            for claim in self.plan.claims
            if claim.start is None and claim.kind is not Kind.WARNING and self._age(claim, at)
        }
        noticed: list[Effect] = [
            Noticed(f"{name} was withdrawn: it could not begin within 30 s")
            for name in sorted(stale)
        ]
        if stale:
            noticed.append(records.went_stale(sorted(stale), self.anchor(now)))
        return noticed, tuple(claim for claim in self.plan.claims if claim.id not in stale)

    def _age(self, claim: Claim, at: Sample) -> bool:
        act = self.acts.get(claim.id)
        return act is not None and act.given is not None and act.given + STALE_NOTICE < at

    def _plan(
        self,
        claims: Iterable[Claim],
        sources: Mapping[str, Source],
        anchor: WallAnchor | None = None,
        levels: tuple[GainStep, ...] | None = None,
    ) -> list[Effect]:
        """The next plan, with the warnings; nothing when it would be as the present one.

        The claims of warnings among `claims` are composed anew: what else holds a zone decides
        when and where they are heard.
        """
        before = self.plan
        others = tuple(
            claim for claim in claims if not is_composed(claim.id) and claim.zone != SELF_TEST_ZONE
        )
        hidden = self.self_testing.claims(self.plan.claims, self.warnings.voices)
        sources = {**sources, **{str(claim.id): claim.source for claim in hidden}}
        others = (*others, *hidden)
        composed = self._compose(others, sources)
        plan = replace(
            before,
            revision=before.revision + 1,
            anchor=anchor or before.anchor,
            streams=self.spares.sent(self.ground),
            sources={**without_composed(sources, others), **composed.sources},
            claims=(*others, *composed.claims),
            gain_steps=before.gain_steps if levels is None else levels,
            datagrams=self.ground.datagrams,
            cname=self.ground.cname,
        )
        if before.revision and before == replace(plan, revision=before.revision):
            return []
        self.plan = plan
        return [Planned(plan)]

    def _compose(self, others: tuple[Claim, ...], sources: Mapping[str, Source]) -> Composed:
        mine = tuple(claim for claim in self.plan.claims if is_composed(claim.id))
        standing = StandingClaims((*others, *mine), {**self.plan.sources, **sources})
        self.composed = self.warnings.compose(standing, self.at)
        return self.composed

    def planned_anew(self) -> list[Effect]:
        """The plan with the warnings as they are now."""
        return self._plan(self.plan.claims, self.plan.sources)

    def _detect(self, command: Detect, now: float) -> list[Effect]:
        """Weigh what doors let in; a self-test is no evidence and takes its own way."""
        hidden = self.ground.self_test
        effects: list[Effect] = []
        for event in filter(SelfTesting.is_meant, command.events):
            effects += self.self_testing.run(event, hidden, self.ground.clock, now)
        return [*effects, *self.detecting.take(command, now), *self._settled()]

    def faulty(self) -> frozenset[ZoneId]:
        """The zones of which a witness says that something is wrong."""
        return faulty(self.witnesses, self.ground.site, self.at)

    def _has_arrived(self, zone: ZoneId, since: Sample) -> bool:
        return arrived_since(self.witnesses, self.ground.site, zone, since, self.at)

    @property
    def revision(self) -> int:
        """The newest plan's."""
        return self.plan.revision

    def title(self, claim: ClaimId) -> str | None:
        """What somebody called a claim."""
        act = self.acts.get(claim)
        return None if act is None else act.title

    def anchor(self, now: float) -> WallAnchor:
        """Both clocks at `now`."""
        at = self.sample(now)
        return WallAnchor(at, self.plan.anchor.utc_at(at))

    # --- answers ---

    def _wait(self, key: str, claims: tuple[Claim, ...], now: float, *, needs_start: bool) -> None:
        name = claims[0].id if claims else None
        zones = [claim.zone for claim in claims]

        def told() -> Mapping[str, object]:
            fields: dict[str, object] = {} if name is None else {"claim": name, "zones": zones}
            if name is not None and needs_start:
                act = self.acts.get(name)
                mine = (claim for claim in self.plan.claims if claim.id == name)
                given = None if act is None else act.given
                fields |= beginning(mine, self.has_bus, given)
            return fields

        begins = frozenset([name] if name is not None and needs_start else [])
        waiting = Waiting(self.plan.revision, now + ANSWER_LIMIT, begins, told)
        self._answers.wait(key, waiting)

    def _settled(self) -> list[Effect]:
        """The answers that need not wait any longer."""
        return [*self._answers.settled(self.adopted_revision, self.unstamped)]

    def has_bus(self, claim: Claim, at: Sample) -> bool:
        """Whether a claim is on air in its zone at `at`."""
        bus = [other for other in self.plan.claims if other.zone == claim.zone]
        return any(turn.claim.id == claim.id for turn in turns(bus, at, at + 1))
