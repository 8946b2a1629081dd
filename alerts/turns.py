"""Equal warnings in one zone: whole cycles in turn, or the message for a conflict (SAFETY B1)."""

from __future__ import annotations

from alerts.claim_name import ClaimName, Role
from alerts.draft import Draft, Line
from alerts.hazard import Direction
from alerts.one_message import change, fall_into_step
from alerts.rounds import joined
from alerts.voiced import Voiced
from zones.bus import Claim, ClaimId, ZoneId
from zones.media_time import Sample

_SHARED = (Role.TURNS, Role.CONFLICT)


def priority_in(draft: Draft, zone: ZoneId, alert: str) -> int | None:
    """At which priority an alert's message claims a zone; None while it has not begun."""
    found = (
        claim.priority
        for name, claim in draft.holding(zone, Role.MESSAGE)
        if name.alerts == (alert,) and claim.start is not None
    )
    return max(found, default=None)


def take_turns(draft: Draft) -> list[ZoneId]:
    """Let equal warnings share their zones.

    Returns the zones where those in front send people up and down.
    """
    return _Turns(draft).taken()


class _Turns:
    """The work of `take_turns`."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.voiced = draft.voiced
        newest_first = sorted(self.voiced.values(), key=lambda one: one.order, reverse=True)
        self.living = [one for one in newest_first if one.lives]
        self.names: dict[tuple[object, ...], ClaimId] = {}

    def taken(self) -> list[ZoneId]:
        """Do it in every zone; returns those in conflict."""
        conflicts = []
        lines: dict[tuple[object, ...], Line] = {}
        for zone in self.draft.zones:
            groups = self._groups(zone)
            if groups and _contradict(groups[max(groups)]):
                conflicts.append(zone)
            here = [self._line(zone, p, group) for p, group in groups.items() if len(group) > 1]
            lines.update({_key(line): line for line in here})
            self._go_over(zone, here)
        for line in lines.values():
            change(self.draft, line)
            fall_into_step(self.draft, line)
        return conflicts

    def _groups(self, zone: ZoneId) -> dict[int, list[Voiced]]:
        """The warnings that have begun in a zone, newest first, by their priority there."""
        groups: dict[int, list[Voiced]] = {}
        for one in self.living:
            priority = priority_in(self.draft, zone, one.alert)
            if priority is not None:
                groups.setdefault(priority, []).append(one)
        return groups

    def _line(self, zone: ZoneId, priority: int, group: list[Voiced]) -> Line:
        """What a group says together; without a recorded message for a conflict, turn by turn."""
        role, heard = Role.TURNS, tuple(one.spoken for one in group)
        if self.draft.conflict is not None and _contradict(group):
            role, heard = Role.CONFLICT, (self.draft.conflict,)
        return Line(
            alerts=tuple(one.alert for one in group),
            role=role,
            message="",
            kind=group[0].kind,
            priority=priority + 1,
            heard=heard,
            spacing=min(one.spacing for one in group),
        )

    def _go_over(self, zone: ZoneId, lines: list[Line]) -> None:
        """Begin what a zone's groups say together, and end what they said together before."""
        wanted = {_key(line): line for line in lines}
        begun: set[tuple[object, ...]] = set()
        moments: dict[int, Sample] = {}
        for name, claim in self.draft.claims(zone, *_SHARED):
            key: tuple[object, ...] = (name.alerts, name.role, claim.priority)
            if key in wanted and claim.until is None:
                begun.add(key)
            elif key not in wanted and self._may_end(name, claim):
                next_line = next((one for one in lines if one.priority == claim.priority), None)
                at = self._leaving(name, claim, next_line)
                self.draft.end(claim, at)
                moments[claim.priority] = min(at, moments.get(claim.priority, at))
        for line in lines:
            if _key(line) not in begun:
                left = moments.get(line.priority)
                self._begin(line, zone, self._entering(line, zone) if left is None else left)

    def _may_end(self, name: ClaimName, claim: Claim) -> bool:
        """Whether a claim is still to be heard, and all it speaks for is known."""
        is_over = claim.until is not None and claim.until <= self.draft.soon
        return not is_over and {*self.voiced, *self.draft.absorbed} >= set(name.alerts)

    def _begin(self, line: Line, zone: ZoneId, at: Sample) -> None:
        voices, leading = line.voices(zone), self.draft.leading(line)
        source = line.whole(zone) if leading is None else joined(leading, at, voices)
        if _key(line) not in self.names:
            self.names[_key(line)] = self.draft.named(line.alerts, line.role)
        name = self.names[_key(line)]
        self.draft.add(name, zone, line.kind, line.priority, source, at)

    def _entering(self, line: Line, zone: ZoneId) -> Sample:
        """When a zone that has heard one of the group hears them in turn."""
        soon = self.draft.soon
        turn = self.draft.on_air(zone, soon)
        if turn is None or not line.priority - 1 <= turn.claim.priority <= line.priority:
            return soon
        course = self.draft.heard(turn.claim, turn.origin)
        return soon if course is None else course.part_end(soon)

    def _leaving(self, name: ClaimName, claim: Claim, next_line: Line | None) -> Sample:
        """When a zone stops hearing a group that is no longer as it was.

        A new warning waits for the end of a language part; what is no longer true stops at once;
        the cycle of one that lives on is finished.
        """
        at = max(self.draft.soon, claim.start or 0)
        turn = self.draft.on_air(claim.zone, at)
        course = None if turn is None else self.draft.heard(claim, turn.origin)
        if turn is None or turn.claim is not claim or course is None or turn.origin == at:
            return at
        if next_line is not None and set(next_line.alerts) >= set(name.alerts):
            return course.part_end(at)
        placed = course.round_at(at)
        is_known = self.voiced.keys() >= set(name.alerts)
        if placed is None or name.role is Role.CONFLICT or not is_known:
            return at
        sounding = self.voiced[name.alerts[placed.round.voice]]
        return course.cycle_end(at) if sounding.lives else at


def _key(line: Line) -> tuple[object, ...]:
    return line.alerts, line.role, line.priority


def _contradict(group: list[Voiced]) -> bool:
    return {one.direction for one in group} >= set(Direction)
