"""A plan's claims for warnings while they are being composed.

What stands is kept, object by object, unless somebody changes it: added claims get new names,
ended ones stay until nothing depends on them any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from alerts.claim_name import ClaimName, Role, parse_claim_name
from alerts.rounds import Course, Score, Voices, cycles_of, score, written
from alerts.spoken import Spoken
from alerts.voiced import Standing, Voiced
from zones.bus import Claim, ClaimId, ComesBack, Kind, Turn, ZoneId, pruned, turns, withdrawn
from zones.media_time import Sample
from zones.priority import EXERCISE, Priority
from zones.sound import Sequence, Silence, Source

BESIDE: Final = Priority(30)
"""Silence next to warned zones: above programme and quiet hours, below every announcement."""


_LineKey = tuple[tuple[str, ...], Role, str]
"""Alerts, role and message: what claims of one line have in common."""


@dataclass(frozen=True)
class Line:
    """What is heard in several zones on one time: one alert's message, or several in turn.

    `heard` are the messages, in the order of their turns.
    """

    alerts: tuple[str, ...]
    role: Role
    message: str
    kind: Kind
    priority: int
    heard: tuple[Spoken, ...]
    spacing: Sample

    def voices(self, zone: ZoneId) -> Voices:
        """What one zone hears."""
        return tuple(cycles_of(spoken, zone) for spoken in self.heard)

    def score(self, zone: ZoneId) -> Score:
        """Its rounds from the beginning; the same in every zone."""
        return score(self.voices(zone), self.spacing)

    def whole(self, zone: ZoneId) -> Sequence:
        """What a zone plays that hears it from the beginning."""
        return written(self.score(zone), self.voices(zone))


class Draft:
    """The claims in the making. `soon` is the first sample whose sound can still be changed."""

    def __init__(
        self,
        standing: Standing,
        voiced: Mapping[str, Voiced],
        conflict: Spoken | None,
        now: Sample,
        soon: Sample,
    ) -> None:
        self.voiced = voiced
        self.absorbed = frozenset(gone for one in voiced.values() for gone in one.absorbed)
        self.conflict = conflict
        self.now = now
        self.soon = soon
        self.names: dict[ClaimId, ClaimName] = {}
        self._claims: dict[ZoneId, dict[ClaimId, Claim]] = {}
        self._of_line: dict[_LineKey, dict[ZoneId, dict[ClaimId, None]]] = {}
        self._others: dict[ZoneId, list[Claim]] = {}
        for claim in standing.claims:
            name = self.names.get(claim.id) or parse_claim_name(claim.id)
            if name is None:
                self._others.setdefault(claim.zone, []).append(claim)
            else:
                self.names[claim.id] = name
                self._keep(claim)
        self._number = 1 + max((name.number for name in self.names.values()), default=0)
        self._named = {id(source): name for name, source in standing.sources.items()}
        self._heard: dict[ZoneId, dict[Sample, Turn | None]] = {}
        self._made: dict[Source, Source] = {}
        for claim in (claim for bus in self._claims.values() for claim in bus.values()):
            self._made[claim.source] = claim.source
            self._named.setdefault(id(claim.source), f"{claim.id} in {claim.zone}")

    # --- what stands ---

    @property
    def zones(self) -> tuple[ZoneId, ...]:
        """The zones with claims of warnings."""
        return tuple(self._claims)

    def claims(self, zone: ZoneId, *roles: Role) -> Iterator[tuple[ClaimName, Claim]]:
        """The claims of warnings in a zone that have these roles, as they are now."""
        for name, claim in tuple(self._claims.get(zone, {}).items()):
            if self.names[name].role in roles:
                yield self.names[name], claim

    def holding(self, zone: ZoneId, *roles: Role) -> Iterator[tuple[ClaimName, Claim]]:
        """Those of them that last: no end is set."""
        return ((n, claim) for n, claim in self.claims(zone, *roles) if claim.until is None)

    def foreign(self, zone: ZoneId) -> tuple[Claim, ...]:
        """The claims in a zone that are not composed."""
        return tuple(self._others.get(zone, ()))

    def current(self, line: Line) -> dict[ZoneId, Claim]:
        """The claims by which zones hear, or will hear, a line."""
        of_line = self._of_line.get((line.alerts, line.role, line.message), {})
        return {
            zone: claim
            for zone, claims in self._claims.items()
            for claim in map(claims.__getitem__, of_line.get(zone, ()))
            if claim.until is None and claim.priority == line.priority
        }

    def bus(self, zone: ZoneId, lowest: int) -> list[Claim]:
        """All claims of a zone from priority `lowest` on."""
        claims = (*self._claims.get(zone, {}).values(), *self._others.get(zone, ()))
        return [claim for claim in claims if claim.priority >= lowest]

    def on_air(self, zone: ZoneId, at: Sample) -> Turn | None:
        """Who has the zone's bus at `at`, programme and notices aside."""
        heard = self._heard.setdefault(zone, {})
        if at not in heard:
            found = turns(self.bus(zone, EXERCISE), at, at + 1)
            heard[at] = found[0] if found else None
        return heard[at]

    def heard(self, claim: Claim, origin: Sample) -> Course | None:
        """What is heard of a claim whose zero lies at `origin`; None for no recorded message."""
        if not isinstance(claim.source, Sequence):
            return None
        name = self.names.get(claim.id)
        if name is None or name.role in (Role.ENDING, Role.ONLY):
            heard = []
        elif name.role is Role.CONFLICT:
            heard = [self.conflict] if self.conflict else []
        else:
            heard = [self.voiced[alert].spoken for alert in name.alerts if alert in self.voiced]
        voices = tuple(cycles_of(spoken, claim.zone) for spoken in heard)
        return Course(claim.source, origin, voices)

    def course(self, claim: Claim) -> Course | None:
        """How `claim` is heard at its start, or from `soon` on; None when it is not."""
        if claim.start is None:
            return None
        turn = self.on_air(claim.zone, max(self.soon, claim.start))
        if turn is None or turn.claim is not claim:
            return None
        return self.heard(claim, turn.origin)

    def leading(self, line: Line) -> Course | None:
        """The course that other zones of a line fall into: the one on air for longest."""
        courses = (self.course(claim) for claim in self.current(line).values())
        return min((c for c in courses if c), key=lambda course: course.origin, default=None)

    # --- what is changed ---

    def named(self, alerts: tuple[str, ...], role: Role, message: str = "") -> ClaimId:
        """A name that no claim of these alerts ever had."""
        name = ClaimName(alerts, role, self._number, message)
        self._number += 1
        self.names[ClaimId(str(name))] = name
        return ClaimId(str(name))

    def add(
        self,
        name: ClaimId,
        zone: ZoneId,
        kind: Kind,
        priority: int,
        source: Source,
        start: Sample | None,
        until: Sample | None = None,
    ) -> Claim:
        """Claim a zone."""
        source = self._made.setdefault(source, source)
        again = ComesBack.LIVE if isinstance(source, Silence) else ComesBack.AGAIN
        claim = Claim(name, zone, kind, priority, source, start, until, again)
        self._named.setdefault(id(source), f"{name} in {zone}")
        self._put(claim)
        return claim

    def resound(self, claim: Claim, source: Source) -> None:
        """Give a claim that has not begun another sound."""
        source = self._made.setdefault(source, source)
        self._named.setdefault(id(source), f"{claim.id} in {claim.zone}, {self._number}")
        self._number += 1
        self._put(replace(claim, source=source))

    def end(self, claim: Claim, at: Sample) -> None:
        """End a claim at `at`, unless it has ended before."""
        if claim.until is None or claim.until > at:
            self._put(withdrawn(claim, at))

    def _put(self, claim: Claim) -> None:
        self._keep(claim)
        self._heard.pop(claim.zone, None)

    def _keep(self, claim: Claim) -> None:
        name = self.names[claim.id]
        self._claims.setdefault(claim.zone, {})[claim.id] = claim
        of_line = self._of_line.setdefault((name.alerts, name.role, name.message), {})
        of_line.setdefault(claim.zone, {})[claim.id] = None

    # --- what it came to ---

    def result(self, told: frozenset[str]) -> tuple[tuple[Claim, ...], Mapping[str, Source]]:
        """The claims that matter from now on, and their sources by name.

        How the alerts in `told` ended stays as well: it tells what has been spoken.
        """
        needed = {
            id(claim) for zone in self.zones for claim in pruned(self.bus(zone, BESIDE), self.now)
        }
        # The highest number stays, so that no name is ever given twice.
        latest: dict[str, int] = {}
        for name in (self.names[n] for bus in self._claims.values() for n in bus):
            for alert in told.intersection(name.alerts):
                latest[alert] = max(name.number, latest.get(alert, 0))
        claims = []
        for claim in (claim for bus in self._claims.values() for claim in bus.values()):
            name = self.names[claim.id]
            is_told = name.role in (Role.ENDING, Role.ONLY) and not told.isdisjoint(name.alerts)
            if id(claim) in needed or is_told or name.number in latest.values():
                claims.append(claim)
        return tuple(claims), {self._named[id(claim.source)]: claim.source for claim in claims}
