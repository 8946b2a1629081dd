"""How an alert ends in its zones: spoken, once and for all, and never above another (SAFETY D3).

Where no other warning lives, the ending takes the place of the message and is followed by quiet.
Where one does, that one goes on, and "... only; the other warning continues" is spoken after its
current cycle.
"""

from __future__ import annotations

from typing import Final

from alerts.claim_name import Role
from alerts.draft import Draft
from alerts.one_message import line_of
from alerts.rounds import cycles_of, spoken_times
from alerts.voiced import Ending, Voiced
from zones.bus import Claim, ClaimId, Kind, ZoneId, turns
from zones.media_time import RATE, Sample
from zones.priority import EXERCISE, HIGHEST, is_emergency
from zones.sound import Sequence

SEARCHED: Sample = 3600 * RATE
"""How far ahead the end of an ending is looked for; what overrides it may take that long."""

_OF_ENDINGS: Final = frozenset({Role.ENDING, Role.ONLY})
_OF_ALERTS: Final = (Role.MESSAGE, Role.TURNS, Role.CONFLICT, Role.ENDING, Role.ONLY)


def end(draft: Draft, voiced: Voiced, ending: Ending) -> Sample | None:
    """Have an alert's ending spoken.

    Returns when it has been, in all its zones; None as long as that is not known.
    """
    return _End(draft, voiced, ending).spoken()


def clear_away(draft: Draft, voiced: Voiced) -> None:
    """End what an alert that lives on still has of an ending.

    A message that ranks higher replaces it as it begins; a lower one waits until it was spoken.
    """
    for zone, message in draft.current(line_of(voiced)).items():
        for name, claim in draft.claims(zone, Role.ENDING, Role.ONLY):
            if name.alerts != (voiced.alert,) or message.start is None:
                continue
            if message.priority > claim.priority:
                draft.end(claim, message.start)
            else:
                spoken = spoken_in(draft, zone, [claim])
                draft.end(claim, draft.soon if spoken is None else max(draft.soon, spoken))


def spoken_in(
    draft: Draft, zone: ZoneId, claims: list[Claim], resting: Sample = 0
) -> Sample | None:
    """When the first of these claims of a zone has been spoken, up to the `resting` at its end."""
    starts = [claim.start for claim in claims if claim.start is not None]
    if not starts:
        return None
    bus = draft.bus(zone, min(claim.priority for claim in claims))
    for turn in turns(bus, min(starts), draft.now + SEARCHED):
        if any(turn.claim is claim for claim in claims) and isinstance(turn.claim.source, Sequence):
            spoken = turn.origin + turn.claim.source.once_length - resting
            if turn.until >= spoken:
                return spoken
    return None


class _End:
    """The work of `end`."""

    def __init__(self, draft: Draft, voiced: Voiced, ending: Ending) -> None:
        self.draft = draft
        self.voiced = voiced
        self.ending = ending
        self.message = line_of(voiced)
        self.priority = self._priority()
        self.name: ClaimId | None = None

    def spoken(self) -> Sample | None:
        """Do it in every zone that heard the alert; elsewhere it ends without a word."""
        owed = self._owed()
        for zone in owed:
            self._end_in(zone)
        for zone in self.draft.zones:
            if zone not in owed and not self.ending.goes_on:
                self._withdraw(zone, Role.MESSAGE, self.draft.soon)
        found = [self._spoken_in(zone) for zone in owed]
        spoken = [sample for sample in found if sample is not None]
        return max(spoken, default=self.draft.now) if len(spoken) == len(found) else None

    def _owed(self) -> tuple[ZoneId, ...]:
        """Where it is spoken: wherever anything of the alert sounded, or may before this does."""
        zones = self.voiced.zones
        if self.ending.goes_on:
            return zones
        return (*zones, *(z for z in self.draft.zones if z not in zones and self._is_heard(z)))

    def _is_heard(self, zone: ZoneId) -> bool:
        """Whether a zone, by its claims, has heard something of the alert, or will before `soon`.

        What the engine has yet to begin may begin at any moment.
        """
        mine = [
            (name, claim)
            for name, claim in self.draft.claims(zone, *_OF_ALERTS)
            if self.voiced.alert in name.alerts
        ]
        if any(claim.start is None or name.role in _OF_ENDINGS for name, claim in mine):
            return True
        starts = [claim.start for _, claim in mine if claim.start is not None]
        if not starts:
            return False
        found = turns(self.draft.bus(zone, EXERCISE), min(starts), self.draft.soon)
        return any(turn.claim is claim for turn in found for _, claim in mine)

    def _priority(self) -> int:
        """One above what it ends."""
        found = [self.voiced.priority + 1]
        for zone in self.voiced.zones:
            for name, claim in self.draft.holding(zone, Role.MESSAGE, Role.ENDING):
                if name.alerts == (self.voiced.alert,):
                    found.append(claim.priority + (name.role is Role.MESSAGE))
        return max(found)

    def _end_in(self, zone: ZoneId) -> None:
        others = self._others(zone)
        spoken = self._spoken_in(zone)
        is_spoken = spoken is not None and spoken <= self.draft.soon
        if others or is_spoken:
            self._withdraw(zone, Role.MESSAGE, self.draft.soon)
        if others:
            self._withdraw(zone, Role.ENDING, self.draft.soon)
            if not is_spoken:
                self._speak_only(zone, 1 + max(others))
        elif not is_spoken:
            self._withdraw(zone, Role.ONLY, self.draft.soon)
            begun = self._speak(zone).start
            if begun is not None:
                self._withdraw(zone, Role.MESSAGE, begun)

    def _withdraw(self, zone: ZoneId, role: Role, at: Sample) -> None:
        """End the alert's claims of this role, but for the message with which it goes on."""
        for name, claim in self.draft.claims(zone, role):
            goes_on = (
                self.ending.goes_on
                and role is Role.MESSAGE
                and (name.message, claim.priority) == (self.message.message, self.message.priority)
            )
            if name.alerts == (self.voiced.alert,) and not goes_on:
                self.draft.end(claim, at)

    def _mine(self, zone: ZoneId, role: Role) -> list[Claim]:
        """The claims that speak this ending, ended or not."""
        key = ((self.voiced.alert,), self.ending.spoken.message)
        return [c for n, c in self.draft.claims(zone, role) if (n.alerts, n.message) == key]

    def _spoken_in(self, zone: ZoneId) -> Sample | None:
        whole, only = self._mine(zone, Role.ENDING), self._mine(zone, Role.ONLY)
        found = (
            spoken_in(self.draft, zone, whole, self.ending.resting),
            spoken_in(self.draft, zone, only),
        )
        return min((sample for sample in found if sample is not None), default=None)

    def _speak(self, zone: ZoneId) -> Claim:
        """Speak it in the message's place: at once, in all zones at the same sample."""
        standing = [c for c in self._mine(zone, Role.ENDING) if c.until is None]
        if standing:
            for name, claim in self.draft.claims(zone, Role.ENDING):
                is_other = name.alerts == (self.voiced.alert,) and claim not in standing
                if is_other and standing[0].start is not None:
                    self.draft.end(claim, max(self.draft.soon, standing[0].start))
            return standing[0]
        if self.name is None:
            message = self.ending.spoken.message
            self.name = self.draft.named((self.voiced.alert,), Role.ENDING, message)
        cycles = cycles_of(self.ending.spoken, zone)
        source = spoken_times(cycles, self.ending.times, self.ending.resting)
        return self.draft.add(self.name, zone, self.voiced.kind, self.priority, source, None)

    def _speak_only(self, zone: ZoneId, priority: int) -> None:
        """Speak it after the current cycle of the warning that lives on.

        As long as something else is above that one, a live voice say, it has to wait.
        """
        for claim in self._mine(zone, Role.ONLY):
            is_heard = spoken_in(self.draft, zone, [claim]) is not None
            if claim.until is None and claim.priority == priority and is_heard:
                return
        self._withdraw(zone, Role.ONLY, self.draft.soon)
        turn = self.draft.on_air(zone, self.draft.soon)
        if turn is None or turn.claim.priority > priority or priority > HIGHEST:
            return
        course = self.draft.heard(turn.claim, turn.origin)
        if course is None:
            return
        at = course.current_cycle_end(self.draft.soon)
        at = at if turn.claim.until is None else min(at, turn.claim.until)
        then = self.draft.on_air(zone, at)
        if then is not None and then.claim is not turn.claim and then.claim.priority <= priority:
            at = min(at, then.origin)  # another warning enters before that
        self._interrupt(turn.claim, at)
        message = self.ending.spoken.message
        name = self.draft.named((self.voiced.alert,), Role.ONLY, message)
        source = spoken_times(cycles_of(self.ending.only, zone), self.ending.times, 0)
        self.draft.add(name, zone, self.voiced.kind, priority, source, at)

    def _interrupt(self, claim: Claim, at: Sample) -> None:
        """Let warnings that take turns begin again behind what is put in at `at`."""
        name = self.draft.names.get(claim.id)
        if name is None or name.role not in (Role.TURNS, Role.CONFLICT) or claim.until is not None:
            return
        again = self.draft.named(name.alerts, name.role)
        self.draft.end(claim, at)
        self.draft.add(again, claim.zone, claim.kind, claim.priority, claim.source, at)

    def _others(self, zone: ZoneId) -> list[int]:
        """The priorities at which other warnings claim a zone; none if there are no others.

        With them comes the message with which the alert itself goes on.
        """
        found, own = [], []
        for name, claim in self.draft.holding(zone, Role.MESSAGE):
            if claim.start is None or claim.kind is not self.voiced.kind:
                continue
            if name.alerts != (self.voiced.alert,):
                other = self.draft.voiced.get(name.alerts[0])
                if other is None or other.lives:
                    found.append(claim.priority)
            elif self.ending.goes_on and claim.priority == self.message.priority:
                own.append(claim.priority)
        if self.voiced.kind is Kind.WARNING:
            found += [c.priority for c in self.draft.foreign(zone) if self._is_warning(c)]
        return [*found, *own] if found else []

    def _is_warning(self, claim: Claim) -> bool:
        """Whether a claim made elsewhere is a recorded warning that goes on."""
        return (
            claim.kind is Kind.WARNING
            and is_emergency(claim.priority)
            and isinstance(claim.source, Sequence)
            and claim.start is not None
            and claim.until is None
        )
